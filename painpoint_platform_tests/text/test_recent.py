"""Texts that were embedded a moment ago."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.embeddings import Encoded, Progress
from painpoint_platform.text.recent import RememberingEmbedder, remembering


class Counting:
    """Says of a text how long it is, and counts what it was asked."""

    version = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        return self.encode(texts, progress=progress).vectors

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Encoded:
        self.asked.extend(texts)
        rows = np.array([[len(text)] * 384 for text in texts], np.float32)
        return Encoded(rows, -rows)


def test_a_text_is_embedded_once_and_comes_back_in_its_place() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    embedder.embed(["a", "bb"])
    encoded = embedder.encode(["ccc", "a", "bb", "a"])
    assert inner.asked == ["a", "bb", "ccc"]
    assert encoded.vectors[:, 0].tolist() == [3, 1, 2, 1]
    assert encoded.middle[:, 0].tolist() == [-3, -1, -2, -1]


def test_the_memory_has_a_bound_and_forgets_what_was_not_asked_for_longest() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner, most=2)
    for text in ("a", "bb", "a", "ccc", "a", "bb"):
        embedder.embed([text])
    assert inner.asked == ["a", "bb", "ccc", "bb"]


def test_nothing_gives_nothing() -> None:
    assert RememberingEmbedder(Counting()).encode([]).vectors.shape == (0, 384)


def test_every_asset_of_a_process_has_the_same_memory() -> None:
    inner = Counting()
    assert remembering(inner) is remembering(inner)
    assert remembering(inner) is not remembering(Counting())
