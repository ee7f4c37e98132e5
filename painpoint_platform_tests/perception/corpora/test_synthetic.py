"""The synthetic corpus: counts and ranges as promised, texts that say their labels, histories that hang together."""

from datetime import timedelta

import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus, comparator, length_bucket, normalised_text, trainable
from painpoint_platform.perception.corpora.synthetic import CATEGORIES, EVERYDAY, generate
from painpoint_platform.perception.emotions import agreement


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate()


def test_there_are_5200_items_of_800_authors_in_the_promised_numbers(corpus):
    counts = dict(corpus.frame["category"].value_counts().iter_rows())
    assert counts == {
        "sarcasm": 1_200, "suicidal_ideation": 600, "self_harm": 400, "abuse": 800, "profanity": 1_200,
        "sociopathic_cues": 400, "financial_coercion": 600,
    }  # fmt: skip
    assert corpus.frame["user_id"].n_unique() == 800
    assert corpus.frame["timestamp"].max() - corpus.frame["timestamp"].min() < timedelta(days=90)


def test_labels_lie_in_the_range_of_their_category(corpus):
    for category in CATEGORIES:
        rows = corpus.frame.filter(category=category.name, language=category.language)
        for variable in ("valence", "arousal", "willingness"):
            low, high = getattr(category, variable)
            assert rows[variable].is_between(low, high).all()
            assert rows[variable].max() - rows[variable].min() > 0.7 * (high - low)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(corpus):
    assert generate().sha256 == corpus.sha256
    assert generate(items=40, users=9).sha256 != generate(items=40, users=9, seed=138).sha256


def test_no_two_texts_are_the_same(corpus):
    assert corpus.frame.select(normalised_text(pl.col("text"))).to_series().n_unique() == corpus.frame.height


def test_every_length_bucket_is_well_filled(corpus):
    shares = corpus.frame.select(length_bucket(pl.col("text"))).to_series().value_counts(normalize=True)
    assert shares["proportion"].min() > 0.15
    assert shares.height == 3


def test_the_text_says_valence_arousal_and_willingness(corpus):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge

    late = corpus.frame["user_id"].str.tail(1).is_in(["8", "9"])
    train, test = corpus.frame.filter(~late), corpus.frame.filter(late)
    words = TfidfVectorizer(token_pattern=r"\w+|!+")
    seen, unseen = words.fit_transform(train["text"]), words.transform(test["text"])
    # Within: the words for more and less inside of a category, not only which category it is.
    for variable, overall, within in (("valence", 0.85, 0.65), ("arousal", 0.9, 0.65), ("willingness", 0.85, 0.35)):
        predicted = Ridge().fit(seen, train[variable].to_numpy()).predict(unseen)
        judged = test.select("category", label=variable).with_columns(predicted=pl.Series(predicted))
        assert judged.select(pl.corr("predicted", "label")).item() > overall
        own = judged.select(pl.col(name) - pl.col(name).mean().over("category") for name in ("predicted", "label"))
        assert own.select(pl.corr("predicted", "label")).item() > within


def test_congruence_and_comparator_follow_from_the_other_labels(corpus):
    frame = corpus.frame
    expected = [agreement(*pair) for pair in frame.select("invoked", "expressed").iter_rows()]
    assert frame["congruence"].to_list() == pytest.approx(expected)
    assert frame["comparator"].equals(comparator(frame))
    assert frame["comparator"].null_count() == 800
    assert ((frame["tier"] == "plain") == (frame["congruence"] == 1)).all()


def test_an_authors_past_tells_something_of_what_follows(corpus):
    past = corpus.frame.sort("user_id", "timestamp").with_columns(
        number=pl.int_range(pl.len()).over("user_id"),
        before=((pl.col("congruence").cum_sum() - pl.col("congruence")).over("user_id")),
    )
    later = past.filter(pl.col("number") >= 3).with_columns(usual=pl.col("before") / pl.col("number"))
    assert later.select(pl.corr("usual", "congruence")).item() > 0.5


def test_authors_change_in_what_they_show_and_their_past_tells_how(corpus):
    past = corpus.frame.sort("user_id", "timestamp").with_columns(
        recent=pl.col("congruence").ewm_mean(alpha=0.3, adjust=False).shift(1).over("user_id")
    )
    later = past.drop_nulls("recent")
    around = [(pl.col(name) - pl.col(name).mean().over("user_id")).alias(name) for name in ("recent", "congruence")]
    assert later.select(around).select(pl.corr("recent", "congruence")).item() > 0.1


def test_texts_of_high_risk_wait_for_review_and_are_not_trained_on(corpus):
    risky = corpus.frame.filter(pl.col("category").is_in(["suicidal_ideation", "self_harm"]))
    assert risky["needs_review"].all()
    assert corpus.frame.filter(pl.col("risk_tags").list.contains("threat"))["needs_review"].all()
    left = trainable(corpus).frame
    assert not left["category"].is_in(["suicidal_ideation", "self_harm"]).any()
    assert set(left["category"]) == {"sarcasm", "abuse", "profanity", "sociopathic_cues", "financial_coercion"}


def test_half_of_the_profanity_is_hinglish(corpus):
    profanity = corpus.frame.filter(category="profanity")
    assert dict(profanity["language"].value_counts().iter_rows()) == {"en": 600, "hi-Latn": 600}
    assert corpus.frame.filter(pl.col("category") != "profanity")["language"].unique().to_list() == ["en"]


def test_everyday_texts_reach_the_pleasant_end():
    made = generate(items=200, users=50, everyday_items=100).frame
    everyday = made.filter(category=EVERYDAY.name)
    assert (made.height, everyday.height) == (300, 100)
    assert everyday["valence"].max() > 0.85


def test_other_sizes_keep_the_proportions_and_every_author_writes():
    made = generate(items=52, users=52).frame
    assert (made.height, made["user_id"].n_unique()) == (52, 52)
    assert made.filter(category="sarcasm").height == 12


def test_numbers_that_make_no_corpus_are_refused():
    with pytest.raises(UserError, match="items 0"):
        generate(items=0)
