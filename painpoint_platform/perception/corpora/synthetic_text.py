"""A text for given labels: the words of the synthetic corpus.

Belongs here: choosing and joining templates so that a text says what its labels say. Does not belong here: which labels
and authors there are (``synthetic``).

Every label is heard. Valence chooses among fifteen levels of words for how things and the author are; arousal chooses
words of degree, the number of exclamation marks, capitals and a sentence on how much it stirs; willingness chooses what
the author will do; the invoked path chooses what has happened, the expressed path the feeling that is named.
"""

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from painpoint_platform.perception.corpora.corpus_values import HINGLISH

TEMPLATES = Path(__file__).with_name("synthetic_templates.toml")
Length = Literal["SHORT", "MEDIUM", "LONG"]

# Levels of a label overlap: the next word up or down is as likely as a rater's next choice.
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Labels:
    """What a text has to say. Emotions are the lowest levels of their paths."""

    valence: float
    arousal: float
    willingness: float
    invoked: str
    expressed: str


@cache
def templates() -> Mapping[str, Any]:
    """Return the templates, read once."""
    return tomllib.loads(TEMPLATES.read_text(encoding="utf-8"))


def voice_of(category: str, language: str) -> Mapping[str, Any]:
    """Return the templates of a category in a language."""
    name = f"{category}_hinglish" if language == HINGLISH else category
    voice: Mapping[str, Any] = templates()["categories"][name]
    return voice


def emotions_of(language: str) -> Mapping[str, Sequence[str]]:
    """Return the ways to name a feeling, by emotion."""
    bank: Mapping[str, Sequence[str]] = templates()["emotions_hinglish" if language == HINGLISH else "emotions"]
    return bank


def write_text(choices: random.Random, category: str, language: str, length: Length, labels: Labels) -> str:
    """Return a text of this category that says what the labels say.

    Args:
        choices: the source of chance; the same state gives the same text.
        category: one of the templates' categories.
        language: ``en`` or ``hi-Latn`` (profanity only).
        length: how much is told; the number of words follows and is mostly in the bucket of that name.
        labels: valence, arousal and willingness from 0 to 1, and the two emotions.
    """
    bank, voice = templates(), voice_of(category, language)
    arousal = _step(choices, labels.arousal, 0.3, 0.9, 6)
    valence = _valence_step(choices, labels.valence)
    slots = {
        "thing": choices.choice(bank["things"][valence]),
        "state": choices.choice(bank["states"][valence]),
        "praise": choices.choice(bank["praise"][_step(choices, labels.valence, 0.2, 0.4, 4)]),
        "very": choices.choice(bank["intensities"][arousal]),
        "topic": choices.choice(voice["topics"]),
    }
    if arousal >= 4 and choices.random() < 0.5:
        slots["very"] = slots["very"].upper()
    happened = choices.choice(bank["situations"][labels.invoked])
    felt = choices.choice(emotions_of(language)[labels.expressed])
    end = "!" * max(0, arousal - 2) or "."
    if length == "SHORT":
        return _short(choices, voice, slots, happened=happened, felt=felt, end=end, willingness=labels.willingness)
    core = choices.choice(voice["cores"]).format_map(slots)
    will = _willing(choices, labels.willingness, language)
    told = [_sentence(f"{happened}, {core}", end), _sentence(felt, end)]
    if length == "LONG":
        other = slots | {"thing": choices.choice(bank["things"][valence]), "topic": choices.choice(voice["topics"])}
        again = choices.choice(voice["cores"]).format_map(other)
        first, second = choices.sample(voice["details"], 2)
        told = [told[0], first, told[1], second, _sentence(again, end)]
    if length == "LONG" or choices.random() < 0.5:
        told.append(choices.choice(bank["stirrings"][arousal]))
    return " ".join([*told, will])


def _short(
    choices: random.Random,
    voice: Mapping[str, Any],
    slots: Mapping[str, str],
    *,
    happened: str,
    felt: str,
    end: str,
    willingness: float,
) -> str:
    core = choices.choice(voice["shorts"]).format_map(slots)
    will = choices.choice(templates()["willing_short"][_step(choices, willingness, 0.1, 0.6, 6)])
    first = happened if choices.random() < 0.4 else core
    second = felt if choices.random() < 0.6 else core if first is happened else happened
    told = _sentence(f"{first}, {second}", end)
    return f"{told} {will}" if choices.random() < 0.6 else told


def _willing(choices: random.Random, willingness: float, language: str) -> str:
    bank = templates()["willing_hinglish" if language == HINGLISH else "willing"]
    sentence: str = choices.choice(bank[_step(choices, willingness, 0.1, 0.6, 6)])
    return sentence


def _valence_step(choices: random.Random, valence: float) -> int:
    """Ten levels below 0.5, five above: what people complain about is told apart more finely."""
    return _step(choices, valence, 0.025, 0.475, 10) if valence < 0.5 else 10 + _step(choices, valence, 0.55, 0.95, 5)


def _step(choices: random.Random, label: float, low: float, high: float, levels: int) -> int:
    """Return the level whose label is nearest, of levels that spread evenly from ``low`` to ``high``."""
    place = (label - low) / (high - low) * (levels - 1) + JITTER * (2 * choices.random() - 1)
    return min(levels - 1, max(0, round(place)))


def _sentence(text: str, end: str) -> str:
    return text[0].upper() + text[1:] + end
