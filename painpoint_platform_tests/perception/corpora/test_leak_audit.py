"""Each leak is planted in a clean split and has to be found; a clean split has none."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from painpoint_platform.errors import DataContractError
from painpoint_platform.perception.corpora.corpus import Corpus
from painpoint_platform.perception.corpora.leak_audit import FittedOn, audit, require_no_leaks
from painpoint_platform.perception.corpora.splits import Splits, split_corpus
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform_tests.perception.labelled import corpus_by


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(items=1_000, users=150)


def ids(splits: Splits, part: str, fold: int | None = None) -> list[str]:
    rows = splits.frame.filter(split=part)
    return (rows if fold is None else rows.filter(fold=fold))["item_id"].to_list()


def with_values(splits: Splits, item_ids: list[str], **values: object) -> Splits:
    chosen = pl.col("item_id").is_in(item_ids)
    changed = {name: pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(name)) for name, value in values.items()}
    return replace(splits, frame=splits.frame.with_columns(**changed))


def with_text(corpus: Corpus, item_id: str, text: str) -> Corpus:
    chosen = pl.col("item_id") == item_id
    changed = pl.when(chosen).then(pl.lit(text)).otherwise(pl.col("text"))
    return replace(corpus, frame=corpus.frame.with_columns(text=changed))


def text_of(corpus: Corpus, item_id: str) -> str:
    return corpus.frame.filter(item_id=item_id)["text"][0]


def productive(corpus: Corpus, splits: Splits, part: str) -> list[str]:
    """Return the rows of an author with several rows in a part."""
    rows = splits.rows(corpus, part)
    author = rows["user_id"].value_counts(sort=True)["user_id"][0]
    return rows.filter(user_id=author)["item_id"].to_list()


def test_a_clean_split_has_no_leak(corpus, by_user, by_time):
    honest = [
        FittedOn("scaler", ids(by_user, "train")),
        FittedOn("ridge, fold 2", [name for fold in (0, 1, 3, 4) for name in ids(by_user, "train", fold)], fold=2),
        FittedOn("calibrator", ids(by_user, "tune"), judged_on=frozenset({"test"})),
    ]
    assert audit(corpus, by_user, fitted=honest) == []
    assert audit(corpus, by_time) == []
    require_no_leaks([])


def test_an_author_in_two_parts_is_found(corpus, by_user):
    moved = productive(corpus, by_user, "train")[0]
    leaks = audit(corpus, with_values(by_user, [moved], split="test", fold=None))
    assert [(leak.kind, leak.place, leak.count) for leak in leaks] == [("shared_users", "test and train", 1)]
    author = corpus.frame.filter(item_id=moved)["user_id"][0]
    assert leaks[0].examples == (author,)


def test_an_author_in_two_folds_is_found(corpus, by_user):
    moved = productive(corpus, by_user, "train")[0]
    fold = by_user.frame.filter(item_id=moved)["fold"][0]
    leaks = audit(corpus, with_values(by_user, [moved], fold=(fold + 1) % 5))
    assert [leak.kind for leak in leaks] == ["shared_users_of_folds"]


def test_a_text_in_two_parts_is_found_whatever_its_case_and_punctuation(corpus, by_user):
    copied = text_of(corpus, ids(by_user, "test")[0])
    leaks = audit(with_text(corpus, ids(by_user, "train")[0], f"  {copied.upper()} ???"), by_user)
    assert [(leak.kind, leak.place) for leak in leaks] == [("duplicate_texts", "test and train")]


def test_a_text_in_two_folds_is_found(corpus, by_user):
    copied = text_of(corpus, ids(by_user, "train", 0)[0])
    leaks = audit(with_text(corpus, ids(by_user, "train", 1)[0], copied), by_user)
    assert [(leak.kind, leak.place) for leak in leaks] == [("duplicate_texts_of_folds", "fold 0 and fold 1")]


def test_a_row_within_the_embargo_is_found(corpus, by_time):
    near = corpus.frame.join(by_time.frame, on="item_id").filter(
        (pl.col("purged_because") == "embargo") & (pl.col("timestamp") < by_time.boundaries[0])
    )
    kept = by_time.rows(corpus, "train")["user_id"]
    theirs = near.filter(pl.col("user_id").is_in(kept.implode())).row(0, named=True)
    fold = by_time.rows(corpus, "train").filter(user_id=theirs["user_id"])["fold"][0]
    leaks = audit(corpus, with_values(by_time, [theirs["item_id"]], split="train", fold=fold))
    assert [leak.kind for leak in leaks] == ["embargo", "embargo"]
    assert leaks[0].examples == (theirs["item_id"],)


def test_an_embargo_that_was_only_claimed_is_found(corpus):
    leaks = audit(
        corpus, replace(split_corpus(corpus, ordered_by_time=True, embargo_days=2), embargo=timedelta(days=7))
    )
    assert {leak.kind for leak in leaks} == {"embargo"}


def test_a_row_on_the_wrong_side_of_a_boundary_is_found(corpus, by_time):
    late = by_time.rows(corpus, "test")
    author = late["user_id"].value_counts(sort=True)["user_id"][0]
    whole = late.filter(user_id=author)["item_id"].to_list()
    kinds = {leak.kind for leak in audit(corpus, with_values(by_time, whole, split="train", fold=0))}
    assert kinds == {"outside_period", "embargo"}


@pytest.mark.parametrize("part", ["tune", "test"])
def test_something_fitted_on_rows_it_is_judged_on_is_found(corpus, by_user, part):
    record = FittedOn("tf-idf", [*ids(by_user, "train"), *ids(by_user, part)[:3]])
    leaks = audit(corpus, by_user, fitted=[record])
    assert [(leak.kind, leak.place, leak.count) for leak in leaks] == [("fitted_on_held_out", f"tf-idf saw {part}", 3)]


def test_a_model_of_a_fold_that_saw_its_own_fold_is_found(corpus, by_user):
    leaks = audit(corpus, by_user, fitted=[FittedOn("ridge", ids(by_user, "train"), fold=2)])
    assert [(leak.kind, leak.place) for leak in leaks] == [("fitted_on_held_out", "ridge saw fold 2")]
    assert leaks[0].count == len(ids(by_user, "train", 2))


def test_a_calibrator_judged_on_what_it_was_fitted_on_is_found(corpus, by_user):
    leaks = audit(corpus, by_user, fitted=[FittedOn("isotonic", ids(by_user, "tune"))])
    assert [leak.place for leak in leaks] == ["isotonic saw tune"]


def test_something_fitted_on_purged_rows_is_found(corpus, by_time):
    leaks = audit(corpus, by_time, fitted=[FittedOn("scaler", ids(by_time, "purged"))])
    assert [leak.kind for leak in leaks] == ["fitted_on_purged"]


def test_a_row_that_waits_for_review_in_a_part_is_found(corpus, by_user):
    waiting = corpus.frame.filter("needs_review")["item_id"][0]
    leaks = audit(corpus, with_values(by_user, [waiting], split="tune"))
    assert "unreviewed_rows" in {leak.kind for leak in leaks}


def test_rows_that_were_lost_doubled_or_left_without_a_fold_are_found(corpus, by_user):
    unfolded, lost, doubled = ids(by_user, "train")[:3]
    frame = with_values(by_user, [unfolded], fold=None).frame.filter(pl.col("item_id") != lost)
    frame = pl.concat([frame, frame.filter(item_id=doubled)])
    (leak,) = (leak for leak in audit(corpus, replace(by_user, frame=frame)) if leak.kind == "unassigned_rows")
    assert set(leak.examples) == {unfolded, lost, doubled}


def test_authors_that_a_published_split_shares_are_told_but_do_not_block():
    corpus = corpus_by([f"u{number % 30}" for number in range(90)], official_split=["train"] * 60 + ["tune"] * 30)
    leaks = audit(corpus, split_corpus(corpus))
    assert [(leak.kind, leak.count, leak.blocking) for leak in leaks] == [("shared_users", 30, False)]
    require_no_leaks(leaks)


def test_a_leak_that_blocks_stops_everything_and_says_what_leaked(corpus, by_user):
    leaks = audit(corpus, by_user, fitted=[FittedOn("tf-idf", ids(by_user, "test"))])
    with pytest.raises(DataContractError, match="fitted on held out \\(tf-idf saw test\\)") as raised:
        require_no_leaks(leaks)
    assert raised.value.check_name == "no_leaks"
