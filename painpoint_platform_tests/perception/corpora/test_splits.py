"""Splits: authors stay on one side, the embargo purges, published parts are kept, hard corpora are refused or noted."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus, length_bucket, read_corpus
from painpoint_platform.perception.corpora.leak_audit import audit
from painpoint_platform.perception.corpora.splits import PARTS, Splits, split_corpus
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform_tests.perception.labelled import START, corpus_by

REAL = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(items=2_600, users=400)


def joined(corpus: Corpus, splits: Splits) -> pl.DataFrame:
    return corpus.frame.join(splits.frame, on="item_id", maintain_order="left")


def test_parts_hold_70_15_and_15_percent_and_no_author_is_in_two(corpus, by_user):
    kept = joined(corpus, by_user).filter(pl.col("split").is_in(PARTS))
    shares = dict(kept["split"].value_counts(normalize=True).iter_rows())
    assert [shares[part] for part in PARTS] == pytest.approx([0.70, 0.15, 0.15], abs=0.02)
    assert kept.group_by("user_id").agg(pl.col("split").n_unique())["split"].max() == 1
    assert (by_user.kind, by_user.boundaries, by_user.notes) == ("by_user", (), ())


def test_parts_are_alike_in_label_length_and_language(corpus, by_user):
    kept = joined(corpus, by_user).filter(pl.col("split").is_in(PARTS))
    kinds = {
        "valence": pl.col("valence"),
        "short": length_bucket(pl.col("text")) == "SHORT",
        "hinglish": pl.col("language") == "hi-Latn",
        "masked": pl.col("tier") == "masked",
    }
    means = kept.group_by("split").agg(**{name: kind.mean() for name, kind in kinds.items()})
    for name in kinds:
        assert means[name].max() - means[name].min() < 0.06


def test_five_folds_of_train_share_no_author_and_are_of_one_size(corpus, by_user):
    train = joined(corpus, by_user).filter(split="train")
    assert train["fold"].unique().sort().to_list() == [0, 1, 2, 3, 4]
    assert train.group_by("user_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    sizes = train["fold"].value_counts()["count"]
    assert sizes.max() < 1.15 * sizes.min()


def test_only_rows_of_train_have_a_fold(by_user):
    frame = by_user.frame
    assert ((frame["split"] == "train") == frame["fold"].is_not_null()).all()


def test_the_same_seed_gives_the_same_split_and_another_seed_another(corpus, by_user):
    assert split_corpus(corpus).frame.equals(by_user.frame)
    assert not split_corpus(corpus, seed=1).frame.equals(by_user.frame)


def test_rows_that_wait_for_review_are_in_no_part(corpus, by_user):
    waiting = joined(corpus, by_user).filter("needs_review")
    assert waiting.height == by_user.counts["purged_awaiting_review"] > 0
    assert set(waiting["split"]) == {"purged"}


def test_a_corpus_that_waits_for_review_as_a_whole_is_refused():
    with pytest.raises(UserError, match="all 8 rows wait for review"):
        split_corpus(corpus_by([f"u{number}" for number in range(8)], needs_review=[True] * 8))


def test_by_time_nothing_is_left_within_seven_days_of_a_boundary_whoever_wrote_it(corpus, by_time):
    splits = by_time
    rows = joined(corpus, splits)
    kept = rows.filter(pl.col("split").is_in(PARTS))
    for boundary in splits.boundaries:
        nearest = (kept["timestamp"] - boundary).abs().min()
        assert timedelta(days=7) < nearest < timedelta(days=8)
    spans = kept.group_by("split").agg(pl.col("timestamp").min().alias("a"), pl.col("timestamp").max().alias("b"))
    (_, train_end), (tune_start, tune_end), (test_start, _) = (spans.filter(split=part).row(0)[1:] for part in PARTS)
    assert tune_start - train_end > timedelta(days=14)
    assert test_start - tune_end > timedelta(days=14)
    assert kept.group_by("user_id").agg(pl.col("split").n_unique())["split"].max() == 1


def test_what_the_embargo_purges_is_counted_and_nothing_else_is(corpus, by_time):
    splits = by_time
    rows = joined(corpus, splits).filter(~pl.col("needs_review"))
    near = pl.any_horizontal(
        (pl.col("timestamp") - boundary).abs() <= timedelta(days=7) for boundary in splits.boundaries
    )
    assert rows.filter(near).height == splits.counts["purged_embargo"] > 100
    assert rows.filter(near)["split"].unique().to_list() == ["purged"]
    assert sum(splits.counts[part] for part in (*PARTS, "purged")) == corpus.frame.height


def test_without_an_embargo_only_rows_outside_their_authors_period_are_purged(corpus):
    counts = split_corpus(corpus, ordered_by_time=True, embargo_days=0).counts
    assert counts["purged_embargo"] == 0
    assert counts["purged_outside_period"] > 0


def test_an_embargo_that_leaves_a_part_empty_is_refused_with_what_it_purged():
    corpus = corpus_by([f"u{number // 2}" for number in range(40)])
    with pytest.raises(UserError, match=r"nothing is left for .*purged: .*embargo \d+.*shorten the embargo of 30 days"):
        split_corpus(corpus, ordered_by_time=True, embargo_days=30)


def test_one_author_alone_cannot_be_split():
    with pytest.raises(UserError, match="all 50 rows are by one author, expected at least 4"):
        split_corpus(corpus_by(["ann"] * 50))
    with pytest.raises(UserError, match="found 3 authors, expected at least 4"):
        split_corpus(corpus_by(["ann", "bob", "cid"] * 20))


def test_an_author_with_nine_tenths_of_the_rows_is_trained_on_and_the_split_says_so():
    corpus = corpus_by(["ann"] * 360 + [f"u{number % 20}" for number in range(40)])
    splits = split_corpus(corpus)
    rows = joined(corpus, splits)
    assert rows.filter(user_id="ann")["split"].unique().to_list() == ["train"]
    assert splits.counts["tune"] >= 10
    assert splits.counts["test"] >= 10
    assert any("Author ann has 90% of the rows" in note for note in splits.notes)
    assert any("not 70%/15%/15%" in note for note in splits.notes)
    assert rows.filter(split="train")["fold"].n_unique() == splits.folds == 5


def test_four_authors_are_the_fewest_and_make_two_folds():
    splits = split_corpus(corpus_by([f"u{number % 4}" for number in range(40)]))
    assert [splits.counts[part] for part in PARTS] == [20, 10, 10]
    assert splits.folds == 2
    assert "Train has 2 authors, so there are 2 folds instead of 5." in splits.notes


def test_twenty_rows_are_split_and_every_small_part_is_noted():
    splits = split_corpus(corpus_by([f"u{number}" for number in range(20)]))
    assert [splits.counts[part] for part in PARTS] == [14, 3, 3]
    assert [note for note in splits.notes if "says little" in note] == [
        f"{part} has {count} rows: a figure from so few says little."
        for part, count in zip(PARTS, (14, 3, 3), strict=True)
    ]


def test_times_that_are_all_equal_order_nothing_but_hinder_no_split_by_author():
    corpus = corpus_by([f"u{number % 30}" for number in range(90)], times=[START] * 90)
    assert split_corpus(corpus).counts["train"] > 0
    with pytest.raises(UserError, match="all 90 times are 2025-01-01 00:00:00 UTC, so nothing orders them"):
        split_corpus(corpus, ordered_by_time=True)


def test_rows_without_a_time_cannot_be_ordered():
    times: list[datetime | None] = [START + timedelta(days=number) for number in range(89)]
    corpus = corpus_by([f"u{number % 30}" for number in range(90)], times=[*times, None])
    with pytest.raises(UserError, match="1 of 90 rows have no time"):
        split_corpus(corpus, ordered_by_time=True)


def test_a_text_of_several_authors_stays_in_one_part_and_what_is_judged_stays_whole():
    authors = [f"u{number % 100}" for number in range(400)]
    texts = [f"text {number}" if number % 10 else "  SAME text!" for number in range(400)]
    corpus = corpus_by(authors, text=texts)
    splits = split_corpus(corpus)
    copies = joined(corpus, splits).filter(pl.col("text") == "  SAME text!")
    assert set(copies["split"]) == {"test", "purged"}
    assert splits.counts["purged_duplicate_text"] == copies.filter(split="purged").height > 20
    assert audit(corpus, splits) == []


def test_the_parts_of_a_published_corpus_are_kept():
    official = ["train"] * 60 + ["tune"] * 20 + ["test"] * 20
    corpus = corpus_by([f"u{number % 30}" for number in range(100)], official_split=official)
    splits = split_corpus(corpus)
    assert (splits.kind, splits.frame["split"].to_list()) == ("official", official)
    assert "it may have put one author into several" in splits.notes[-1]


def test_a_corpus_published_without_test_is_tuned_and_reported_on_its_dev_part_and_says_so():
    official = ["train"] * 60 + ["tune"] * 40
    splits = split_corpus(corpus_by([f"u{number}" for number in range(100)], official_split=official))
    assert [splits.counts[part] for part in PARTS] == [60, 40, 0]
    assert "The corpus was published without its test rows: tune is both tuned on and reported." in splits.notes


def test_where_a_published_corpus_has_no_dev_part_it_is_taken_from_train_by_author():
    official = ["train"] * 160 + ["test"] * 40
    corpus = corpus_by([f"u{number % 80}" for number in range(160)] + [f"v{number}" for number in range(40)],
                       official_split=official)  # fmt: skip
    splits = split_corpus(corpus)
    assert splits.counts["test"] == 40
    assert 16 <= splits.counts["tune"] <= 32
    assert audit(corpus, splits) == []


def test_a_published_corpus_without_train_is_refused():
    corpus = corpus_by([f"u{number}" for number in range(40)], official_split=["test"] * 40)
    with pytest.raises(UserError, match="its split column has test but no train"):
        split_corpus(corpus)


@pytest.mark.parametrize("wrong", [{"fractions": (0.7, 0.2, 0.2)}, {"folds": 1}, {"embargo_days": -1}])
def test_arguments_that_make_no_split_are_refused(wrong):
    with pytest.raises(UserError, match="expected three positive fractions"):
        split_corpus(corpus_by(["ann"] * 4), **wrong)


def test_a_corpus_of_paths_alone_is_stratified_by_their_top_level():
    paths = [["positive", "joy", "joy"] if number % 4 else ["negative", "fear", "fear"] for number in range(400)]
    made = corpus_by([f"u{number}" for number in range(400)], expressed=paths)
    corpus = replace(made, frame=made.frame.drop("valence"), variables=("expressed",))
    kept = joined(corpus, split_corpus(corpus))
    shares = kept.group_by("split").agg(pl.col("expressed").list.first().eq("positive").mean())
    assert shares["expressed"].to_list() == pytest.approx([0.75] * 3, abs=0.02)


def test_very_many_authors_are_dealt_in_bundles():
    authors = [f"u{number}" for number in range(2_000)]
    corpus = corpus_by(authors, valence=np.random.default_rng(1).random(2_000))
    assert [split_corpus(corpus).counts[part] / 2_000 for part in PARTS] == pytest.approx([0.7, 0.15, 0.15], abs=0.02)


@settings(max_examples=25)
@given(
    authors=st.lists(st.integers(0, 60), min_size=12, max_size=150),
    days=st.integers(1, 400),
    seed=st.integers(0, 1_000),
    by_time=st.booleans(),
)
def test_whatever_the_corpus_a_split_leaks_nothing_or_is_refused(authors, days, seed, by_time):
    draw = np.random.default_rng(seed)
    corpus = corpus_by(
        [f"u{author}" for author in authors],
        times=[START + timedelta(days=float(day)) for day in draw.uniform(0, days, len(authors))],
        text=[f"text {number}" for number in draw.integers(0, 200, len(authors))],
    )
    try:
        splits = split_corpus(corpus, seed=seed, ordered_by_time=by_time)
    except UserError:
        return
    assert audit(corpus, splits) == []
    assert splits.frame["item_id"].to_list() == corpus.frame["item_id"].to_list()


@pytest.mark.skipif(
    not (REAL / "semeval2026_affect").exists(), reason="the data to measure with is not part of the project"
)
@pytest.mark.parametrize("by_time", [False, True])
def test_real_authors_are_split_without_leaks(by_time):
    corpus = read_corpus(REAL / "semeval2026_affect" / "train_subtask1.csv")
    splits = split_corpus(corpus, ordered_by_time=by_time)
    assert audit(corpus, splits) == []
    assert splits.counts["test"] > 300
