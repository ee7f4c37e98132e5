"""The words that the lexical features know, as one table.

Belongs here: reading the lists and joining them into a table of terms. Does not belong here: finding the terms in a
text and scoring it (``lexical_features``).

Valence comes from the lexicon of vaderSentiment (C. J. Hutto, MIT licence), read from the installed package, and from
the project's own supplement to it. Arousal, emotions, modifiers, profanity and emoji are the project's own lists in
``lexicons/``; no published word norms (NRC-VAD and its like, whose licences forbid shipping) went into them.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from painpoint_platform.errors import UserError

EMOTIONS = ("joy", "sadness", "anger", "fear")
EMOJI_MODIFIERS = "[\u20e3\ufe0f\U0001f3fb-\U0001f3ff]"
"""Skin tones and presentation marks: an emoji means the same with and without."""

_AROUSAL_PER_VALENCE = 0.05
"""Strong words stir: a term of valence v that no list gives an arousal has 0.5 + 0.05 |v|, at most 0.7."""

_PROFANE_VALENCE = -1.8
"""Of swearing that no list grades."""


@dataclass(frozen=True)
class Lexicon:
    """What is known of terms; a term is a lower-case word, two words with a space between, an emoticon or an emoji."""

    terms: pl.DataFrame
    """One row a term: term, valence (-4 to 4 or null), arousal (0 to 1 or null), boost (above 0 intensifies, below 0
    diminishes), negates, profane, and one Boolean column for each of ``EMOTIONS``."""
    emoticons: tuple[str, ...]
    """Those made of punctuation, the longest first."""
    places: Mapping[str, int]
    """Term -> row of ``terms``: a look-up costs what the texts hold, not what the lexicon holds."""
    phrase_heads: tuple[str, ...]
    """The first words of terms of two words."""
    profanity: tuple[str, ...]


@cache
def lexicon() -> Lexicon:
    """Return the lexicon, read once a process.

    Raises:
        UserError: vaderSentiment is not installed.
    """
    vader, emoji_descriptions = _vader()
    emotions = {emotion: _graded(words) for emotion, words in _list("emotions").items()}
    modifiers = _list("modifiers")
    profanity = {term for words in _list("profanity").values() for term in _terms(words["words"])}
    emoji_valence, emoji_arousal = _emoji(vader, emoji_descriptions)

    boost = _graded(modifiers["intensifiers"]) | {
        term: -grade for term, grade in _graded(modifiers["diminishers"]).items()
    }
    valence = {
        term: value for term, value in _valence(vader, profanity - boost.keys()).items() if value
    } | emoji_valence
    arousal = _arousal([*emotions.values(), _graded(_list("arousal")["arousal"])], valence) | emoji_arousal
    negations = frozenset(_terms(modifiers["negations"]["words"]))
    feelings = {emotion: frozenset(_with_inflections(grades)) for emotion, grades in emotions.items()}

    known = sorted({*valence, *arousal, *boost, *negations, *profanity}.union(*feelings.values()))
    terms = pl.DataFrame(
        {
            "term": known,
            "valence": [valence.get(term) for term in known],
            "arousal": [arousal.get(term) for term in known],
            "boost": [boost.get(term, 0.0) for term in known],
            "negates": [term in negations for term in known],
            "profane": [term in profanity for term in known],
            **{emotion: [term in words for term in known] for emotion, words in feelings.items()},
        },
        schema_overrides={"valence": pl.Float64, "arousal": pl.Float64, "boost": pl.Float64},
    )
    return Lexicon(
        terms=terms,
        emoticons=tuple(sorted(filter(_is_emoticon, vader), key=len, reverse=True)),
        places={term: place for place, term in enumerate(known)},
        phrase_heads=tuple(sorted({term.split(" ")[0] for term in known if " " in term})),
        profanity=tuple(sorted(word for word in profanity if " " not in word)),
    )


def inflections(word: str) -> Iterator[str]:
    """Yield the regular -s, -ed and -ing forms of an English word; forms that do not exist do no harm as keys.

    ``worry`` gives worries, worried, worrying; ``rage`` rages, raged, raging; ``stop`` stops, stopped, stopping.
    """
    if not re.fullmatch(r"[a-z]{3,}", word):
        return
    if word.endswith("e"):
        yield from (word + "s", word + "d", word[:-1] + "ing")
    elif re.search(r"[^aeiou]y$", word):
        yield from (word[:-1] + "ies", word[:-1] + "ied", word + "ing")
    else:
        yield word + ("es" if re.search(r"(?:s|x|z|ch|sh)$", word) else "s")
        yield from (word + "ed", word + "ing")
        if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", word):
            yield from (word + word[-1] + "ed", word + word[-1] + "ing")


def _list(name: str) -> dict[str, dict[str, str]]:
    """Return one file of ``lexicons/``: its sections, each from a grade (or ``words``) to terms parted by blanks."""
    text = (files("painpoint_platform.perception.features") / "lexicons" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _terms(words: str) -> list[str]:
    """Part a list; a hyphen stands for the blank of a term of two words."""
    return [word.replace("-", " ") for word in words.split()]


def _graded(section: Mapping[str, str]) -> dict[str, float]:
    return {term: float(grade) for grade, words in section.items() for term in _terms(words)}


def _with_inflections(grades: Mapping[str, float]) -> dict[str, float]:
    derived = {form: grade for term, grade in grades.items() for form in inflections(term)}
    return derived | dict(grades)  # a form with a line of its own keeps its own grade


def _valence(vader: Mapping[str, float], swearing: Iterable[str]) -> dict[str, float]:
    """Return the valence of words: vaderSentiment's, else the supplement's, else derived; what says nothing is 0."""
    own = _graded(_list("valence")["valence"])
    silent = {term: value for term, value in own.items() if not value}
    return (
        dict.fromkeys(swearing, _PROFANE_VALENCE)
        | _with_inflections(own)
        | _with_inflections(vader)
        | own
        | dict(vader)
        | silent
    )


def _arousal(lists: Iterable[Mapping[str, float]], valence: Mapping[str, float]) -> dict[str, float]:
    """Return the mean grade of a term over the lists that name it, else what its valence lets expect."""
    named: dict[str, list[float]] = {}
    for grades in lists:
        for term, grade in grades.items():
            named.setdefault(term, []).append(grade)
    expected = {term: 0.5 + _AROUSAL_PER_VALENCE * abs(value) for term, value in valence.items()}
    return expected | _with_inflections({term: sum(grades) / len(grades) for term, grades in named.items()})


def _emoji(vader: Mapping[str, float], descriptions: Mapping[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return valence and arousal of emoji: graded ones by their grades, the others by the words that describe them."""
    valence: dict[str, float] = {}
    arousal: dict[str, float] = {}
    for emoji, description in descriptions.items():
        if hits := [vader[word] for word in description.split() if word in vader]:
            valence[re.sub(EMOJI_MODIFIERS, "", emoji)] = max(-4.0, min(4.0, sum(hits)))
    for grades, emoji_list in _list("emoji")["emoji"].items():
        pleasant, stirring = map(float, grades.split())
        for emoji in re.sub(EMOJI_MODIFIERS, "", emoji_list).split():
            valence[emoji], arousal[emoji] = pleasant, stirring
    return valence, arousal


def _vader() -> tuple[dict[str, float], dict[str, str]]:
    """Return vaderSentiment's terms with their mean valence, and its descriptions of emoji."""
    try:
        package = files("vaderSentiment")
    except ModuleNotFoundError:
        raise UserError("the lexical features need vaderSentiment; `pip install vaderSentiment`") from None
    rows = (line.split("\t") for line in (package / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines())
    terms = {row[0].lower(): float(row[1]) for row in rows if len(row) > 1}
    lines = (package / "emoji_utf8_lexicon.txt").read_text(encoding="utf-8").splitlines()
    return terms, dict(line.split("\t")[:2] for line in lines if "\t" in line)


def _is_emoticon(term: str) -> bool:
    """Say whether a term is a face or heart that prose and code do not contain by chance."""
    return bool(re.fullmatch(r">?[:;]['^o-]?[^\s.,?:-]{1,2}|=[()]|\([:;]|</?3", term))
