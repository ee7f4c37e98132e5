"""The problems that courses are known to have, and how much a text speaks of each.

Belongs here: reading ``course_themes.toml``, fitting it to the taxonomy of a request, and the scores.
Does not belong here: who joins whom (``course_clusters``, ``global_themes``).
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.llm.embedded.words import is_content, stem, tokens

CATALOGUE = Path(__file__).with_suffix(".toml")
OTHER = "other_or_uncategorized"

# Of a theme's score: what all its telling words add, and its label's meaning as the taxonomy words it. The similarity
# to the nearest of its sentences counts in full. Words help where feedback is worded as usual, meanings elsewhere.
# Half of its words add a quarter: "exam" and "outdated" tell of a theme together, each alone of many.
WORDS_WEIGHT = 0.5
WORDS_EXPONENT = 2
MEANING_WEIGHT = 0.4
LONGEST_READ = 400  # characters searched for words


@dataclass(frozen=True, slots=True)
class Theme:
    """One mechanism by which courses fail students.

    Attributes:
        label: its label in the taxonomy.
        name: the fixable cause as a lower-case phrase.
        mechanism: the same as a sentence.
        examples: other ways to say it.
        words: patterns; the more of them a text matches, the more it speaks of the theme.
    """

    label: str
    name: str
    mechanism: str
    examples: tuple[str, ...]
    words: tuple[re.Pattern[str], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What texts are compared with."""
        return (self.name, self.mechanism, *self.examples)


@cache
def known_themes() -> tuple[Theme, ...]:
    """The catalogue, in the order of its file."""
    with CATALOGUE.open("rb") as file:
        entries = tomllib.load(file)["theme"]
    return tuple(
        Theme(
            entry["label"],
            entry["name"],
            entry["mechanism"],
            tuple(entry["examples"]),
            tuple(re.compile(rf"(?i)(?<!\w)(?:{words})(?!\w)") for words in entry["words"]),
        )
        for entry in entries
    )


def themes_of(taxonomy: Sequence[Mapping[str, Any]]) -> tuple[Theme, ...]:
    """The themes of a taxonomy's labels. A label that the catalogue does not know is one theme, made of its meaning."""
    known = known_themes()
    labels = [str(entry["label"]) for entry in taxonomy]
    catalogued = {theme.label for theme in known}
    added = [entry for entry in taxonomy if str(entry["label"]) not in catalogued | {OTHER}]
    return (*(theme for theme in known if theme.label in labels), *map(_from_meaning, added))


def _from_meaning(entry: Mapping[str, Any]) -> Theme:
    name = " ".join(str(entry["label"]).replace("_", " ").lower().split())
    meaning = str(entry["meaning"])
    stems = dict.fromkeys(stem(word) for word in tokens(f"{name} {meaning}") if is_content(word))
    words = tuple(re.compile(rf"(?i)(?<!\w){re.escape(found)}\w*") for found in stems)
    return Theme(str(entry["label"]), name, meaning, (), words)


def theme_scores(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    themes: Sequence[Theme],
    sentences: NDArray[np.float32],
    meanings: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """How much each text speaks of each theme: (texts, themes), about 0.2 for nothing at all and 1 for its very words.

    Args:
        texts: n texts.
        vectors: (n, d) unit rows of the texts.
        themes: the themes.
        sentences: (s, d) unit rows of the themes' sentences, one theme after the other.
        meanings: (themes, d) unit rows of the meanings of their labels, where there is a taxonomy.
    """
    starts = np.cumsum([0, *(len(theme.sentences) for theme in themes)])[:-1]
    similarity = np.maximum.reduceat((vectors @ sentences.T).astype(np.float64), starts, axis=1)
    if meanings is not None:
        similarity += MEANING_WEIGHT * (vectors @ meanings.T)
    return similarity + WORDS_WEIGHT * word_shares(texts, themes) ** WORDS_EXPONENT


def word_shares(texts: Sequence[str], themes: Sequence[Theme]) -> NDArray[np.float64]:
    """How much of each theme's telling words each text has: (texts, themes), 0 to 1."""
    telling = _telling(tuple(themes))
    found = [
        [
            sum(weight for pattern, weight in zip(theme.words, weights, strict=True) if pattern.search(text))
            for theme, weights in zip(themes, telling, strict=True)
        ]
        for text in (text[:LONGEST_READ] for text in texts)
    ]
    return np.array(found, dtype=np.float64).reshape(len(texts), len(themes))


@lru_cache(maxsize=8)
def _telling(themes: tuple[Theme, ...]) -> tuple[tuple[float, ...], ...]:
    """How much each pattern of each theme says, 1 in all: less the more other themes' sentences have it, too.

    After inverse document frequency (Sparck Jones, 1972), with themes for documents: "exam" is the scene of many
    themes, "memorise" the matter of few. Its root, as what is rare in sentences of ours need not be so in feedback.
    """

    def rarity(own: Theme, pattern: re.Pattern[str]) -> float:
        others = sum(any(map(pattern.search, theme.sentences)) for theme in themes if theme is not own)
        return math.sqrt(math.log((len(themes) + 1) / (others + 1)))

    weights = [[rarity(theme, pattern) for pattern in theme.words] for theme in themes]
    return tuple(tuple(weight / sum(own) for weight in own) for own in weights)
