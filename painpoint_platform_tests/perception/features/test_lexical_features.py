"""What the words of a text say, from its marks to its feelings."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES, NEUTRAL, lexical_features

DATA = Path(__file__).parents[3] / "shared" / "data"


def features(text: str) -> dict[str, float]:
    return dict(zip(LEXICAL_NAMES, map(float, lexical_features([text])[0]), strict=True))


def valence(text: str) -> float:
    return features(text)["lexical_valence"]


def arousal(text: str) -> float:
    return features(text)["lexical_arousal"]


def test_fifteen_features_have_names() -> None:
    assert len(set(LEXICAL_NAMES)) == 15
    assert lexical_features(["a", "b"]).shape == (2, 15)
    assert lexical_features([]).shape == (0, 15)


@pytest.mark.parametrize("text", ["", "   ", "zzgrf", "12345", "\u0939\u093f\u0902\u0926\u0940", "...", "\x00"])
def test_a_text_without_a_known_term_is_neutral_not_zero(text: str) -> None:
    assert (valence(text), arousal(text)) == (NEUTRAL, NEUTRAL)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("this is good", "this is bad"),
        ("this is extremely good", "this is good"),
        ("this is good", "this is slightly good"),
        ("this is slightly bad", "this is bad"),
        ("this is good", "this is not good"),
        ("this is not bad", "this is bad"),
        ("this is good", "this isn’t good"),
        ("this is good", "this isn ' t good"),
        ("this is GOOD", "this is good"),
        ("this is goooood", "this is"),
        ("seen it :)", "seen it :("),
        ("seen it 😂", "seen it 😢"),
        ("not bad, good", "not bad good"),  # the end of a clause ends the reach of a negation
        ("he is terribly good", "he is terribly bad"),
        ("it works", "it crashes"),
        ("one bad day among so many that I hardly remember when or where it was", "bad day"),
    ],
)
def test_the_better_text_scores_higher(better: str, worse: str) -> None:
    assert valence(better) > valence(worse)


@pytest.mark.parametrize(
    ("louder", "calmer"),
    [
        ("I am furious", "I am tired"),
        ("I am ecstatic", "I am content"),
        ("a violent explosion", "a quiet afternoon"),
        ("I am extremely excited", "I am excited"),
        ("I am excited", "I am not excited"),
        ("urgent production outage", "the appendix of the report"),
    ],
)
def test_the_more_stirring_text_has_more_arousal(louder: str, calmer: str) -> None:
    assert arousal(louder) > arousal(calmer)


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("one two three", "word_count", 3),
        ("don't split 3.5 in two", "word_count", 5),
        ("very, really extremely so", "intensifier_count", 4),
        ("kind of slow, slightly late", "diminisher_count", 2),
        ("I can't and won't, never", "negation_count", 3),
        ("do n't", "negation_count", 1),
        ("what the fuck is this shit", "profanity_count", 2),
        ("what the f*ck is this sh*t, a$$hole", "profanity_count", 3),
        ("abe chutiye, kya bakchodi hai", "profanity_count", 2),
        ("a classic assessment of Scunthorpe", "profanity_count", 0),
        ("fine **f**luid a*b", "profanity_count", 0),
        ("😂👍🏽 ❤️ 👨\u200d👩\u200d👧 🇮🇳 :)", "emoji_count", 6),
        ("see http://a.org/:) © 2024™", "emoji_count", 0),
        ("wow!! really?!", "exclamation_count", 3),
        ("wow!! really?!", "question_count", 1),
        ("happy, not happy, joyful", "joy_count", 2),
        ("sad and lonely tears", "sadness_count", 3),
        ("angry and annoyed", "anger_count", 2),
        ("afraid, worried: a panic attack", "fear_count", 3),
    ],
)
def test_terms_are_counted(text: str, name: str, count: int) -> None:
    assert features(text)[name] == count


def test_the_share_of_capitals_is_of_the_letters() -> None:
    assert features("AB cd 12 !!")["capitals_ratio"] == 0.5
    assert features("12 !!")["capitals_ratio"] == 0.0


def test_a_negation_turns_a_word_over() -> None:
    assert valence("not good") < NEUTRAL < valence("not bad")


def test_swearing_is_not_turned_into_praise_by_a_negation() -> None:
    assert valence("don't fuck it up") < NEUTRAL


def test_a_pair_of_words_counts_once() -> None:
    alone = features("I had a panic attack")
    assert alone["fear_count"] == 1
    assert alone["anger_count"] == 0  # "attack" on its own is anger


def test_a_pair_does_not_reach_into_the_next_text() -> None:
    assert lexical_features(["we had panic", "attack plans"])[:, LEXICAL_NAMES.index("fear_count")].tolist() == [1, 1]


def test_a_negation_does_not_reach_into_the_next_text() -> None:
    assert lexical_features(["I will not", "good"])[1, 0] == lexical_features(["good"])[0, 0]


def test_a_lone_surrogate_does_not_stop_the_others() -> None:
    found = lexical_features(["\ud800 sad", "sad"])
    np.testing.assert_array_equal(found[0], found[1])


def test_a_megabyte_is_read_in_part() -> None:
    assert features("bad " * 250_000)["word_count"] == 5_000


@settings(max_examples=40)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_text_has_features_that_are_its_own(texts: list[str]) -> None:
    together = lexical_features(texts)
    assert np.isfinite(together).all()
    assert (together >= 0).all()
    assert (together[:, [0, 1, LEXICAL_NAMES.index("capitals_ratio")]] <= 1).all()
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(lexical_features([text])[0], row, atol=1e-6)


@pytest.mark.skipif(not (DATA / "emobank").is_dir(), reason="the data to measure with is not part of the project")
def test_on_real_sentences_the_valence_is_nearer_to_readers_than_vaders() -> None:
    import polars as pl
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    sentences = pl.read_csv(DATA / "emobank" / "emobank_train_dev.csv").filter(pl.col("split") == "dev")
    texts = sentences["text"].fill_null("").to_list()
    own = lexical_features(texts)[:, 0]
    analyzer = SentimentIntensityAnalyzer()
    vader = [analyzer.polarity_scores(text)["compound"] for text in texts]
    readers = sentences["V"].to_numpy()
    assert np.corrcoef(own, readers)[0, 1] > np.corrcoef(vader, readers)[0, 1] + 0.03
