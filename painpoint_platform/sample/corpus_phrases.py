"""Sentences with alternatives, of which the sample corpus is written.

Belongs here: the tiny notation ``{one|other}`` and its expansion.
Does not belong here: what the sentences say (``corpus_data``), which of them make up a post (``corpus_posts``).
"""

from collections.abc import Iterable
from random import Random
from typing import TypeAlias

PRODUCT_SLOT = "{p}"

Phrase: TypeAlias = tuple[str | tuple[str, ...], ...]


def parse_phrase(text: str) -> Phrase:
    """Split ``text`` into literal parts and tuples of alternatives: ``"it {fails|dies} in {p}"``.

    Alternatives do not nest. ``{p}`` is the product's name and stays as it is until the phrase is spoken.

    Raises:
        ValueError: a brace is opened and not closed, or a group has no ``|`` and is not ``{p}``.
    """
    parts: list[str | tuple[str, ...]] = []
    for number, piece in enumerate(text.replace(PRODUCT_SLOT, "\0").split("{")):
        group, closing, literal = piece.partition("}")
        if number == 0:
            parts.append(piece)
        elif not closing or "|" not in group:
            raise ValueError(f"a group of alternatives is not closed or has only one, in {text!r}")
        else:
            parts.extend((tuple(group.split("|")), literal))
    return tuple(part for part in parts if part)


def parse_phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    """Parse several phrases; see `parse_phrase`."""
    return tuple(parse_phrase(text) for text in texts)


def speak(phrase: Phrase, rng: Random, product: str = "") -> str:
    """Choose one alternative of every group and put the product's name in."""
    spoken = "".join(part if isinstance(part, str) else part[int(rng.random() * len(part))] for part in phrase)
    return spoken.replace("\0", product)
