"""The lists and the table of terms that is made of them."""

import tomllib
from collections import Counter
from importlib.resources import files

import polars as pl
import pytest

from painpoint_platform.perception.features.lexicon import EMOTIONS, inflections, lexicon

LISTS = ("arousal", "emoji", "emotions", "modifiers", "profanity", "valence")


def sections(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(
        (files("painpoint_platform.perception.features") / "lexicons" / f"{name}.toml").read_text("utf-8")
    )


def known(term: str) -> dict[str, object]:
    return lexicon().terms.row(by_predicate=pl.col("term") == term, named=True)


@pytest.mark.parametrize("name", LISTS)
def test_no_section_of_a_list_grades_a_term_twice(name: str) -> None:
    for section in sections(name).values():
        counts = Counter(term for words in section.values() for term in words.split())
        assert [term for term, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_term_has_at_most_two_words_and_is_written_as_texts_are_keyed(name: str) -> None:
    terms = [term for section in sections(name).values() for words in section.values() for term in words.split()]
    assert [term for term in terms if term.count("-") > 1 or term != term.lower()] == []


def test_grades_lie_on_their_scales() -> None:
    terms = lexicon().terms
    assert terms.select(pl.col("valence").abs().max()).item() <= 4
    assert terms.select(pl.col("arousal").is_between(0, 1).all()).item()
    assert terms["term"].is_unique().all()


def test_each_emotion_has_hundreds_of_words_of_graded_arousal() -> None:
    for emotion in EMOTIONS:
        words = lexicon().terms.filter(pl.col(emotion))
        assert words.height >= 200
        assert words["arousal"].null_count() == 0
        assert words["arousal"].n_unique() >= 4


def test_valence_is_vadersentiments_where_it_has_one() -> None:
    assert known("good")["valence"] == 1.9
    assert known("broken")["valence"] == -2.1


def test_the_supplement_knows_complaints_about_software_and_hinglish() -> None:
    for term in ("bug", "laggy", "unusable", "regression", "bakwas", "panic attack"):
        assert float(str(known(term)["valence"])) < -0.5
    for term in ("seamless", "badhiya", "looking forward"):
        assert float(str(known(term)["valence"])) > 0.5


@pytest.mark.parametrize("word", ["hand", "numbers", "kinds", "matters"])
def test_a_word_that_only_looks_like_a_feeling_has_no_valence(word: str) -> None:
    assert lexicon().terms.filter(pl.col("term") == word, pl.col("valence").is_not_null()).is_empty()


def test_a_strong_word_without_an_arousal_of_its_own_stirs_by_its_valence() -> None:
    assert known("abhorrent")["arousal"] == pytest.approx(0.5 + 0.05 * 3.1)


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("worry", ["worries", "worried", "worrying"]),
        ("enjoy", ["enjoys", "enjoyed", "enjoying"]),
        ("rage", ["rages", "raged", "raging"]),
        ("crash", ["crashes", "crashed", "crashing"]),
        ("stop", ["stops", "stoped", "stoping", "stopped", "stopping"]),
        ("panic attack", []),
        ("😂", []),
    ],
)
def test_regular_forms_follow_from_a_word(word: str, forms: list[str]) -> None:
    assert list(inflections(word)) == forms


def test_a_form_with_a_grade_of_its_own_keeps_it() -> None:
    assert known("fired")["arousal"] == 0.7  # not that of "fire"
    assert known("tired")["arousal"] == pytest.approx((0.28 + 0.1) / 2)


def test_intensifiers_add_and_diminishers_take() -> None:
    assert known("very")["boost"] == 0.3
    assert known("kind of")["boost"] == -0.3
    assert known("table")["boost"] == 0.0
