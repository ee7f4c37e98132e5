"""The similarity of texts to six emotions."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from painpoint_platform.perception.features import anchors
from painpoint_platform.perception.features.anchors import ANCHOR_NAMES, ANCHOR_SENTENCES, anchor_similarities
from painpoint_platform.text.embeddings import Embedder, Progress


class CountingEmbedder:
    """The real embedder under another version, counting the texts that it is given."""

    version = "counted"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts = 0

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        self.texts += len(texts)
        return self._embedder.embed(texts, progress=progress)


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("My heart is full of happiness, what a joyful birthday.", "joy"),
        ("I wept all night after the funeral.", "sadness"),
        ("You lied to my face and I am livid.", "anger"),
        ("I dread the results and I am shaking with fright.", "fear"),
        ("A slow and tranquil morning by the pond.", "calm"),
        ("I cannot wait for the concert, I am so hyped!", "excited"),
    ],
)
def test_a_text_is_nearest_to_the_emotion_that_it_expresses(text: str, emotion: str, embedder: Embedder) -> None:
    similarities = anchor_similarities(embedder.embed([text]), embedder)
    assert similarities.shape == (1, 6)
    assert ANCHOR_NAMES[similarities[0].argmax()] == f"anchor_{emotion}"


def test_the_similarity_is_the_mean_cosine_to_an_emotions_sentences(embedder: Embedder) -> None:
    vectors = embedder.embed(["What a day.", ""])
    by_hand = [vectors @ embedder.embed(sentences).T for sentences in ANCHOR_SENTENCES.values()]
    expected = np.column_stack([cosines.mean(axis=1) for cosines in by_hand])
    np.testing.assert_allclose(anchor_similarities(vectors, embedder), expected, atol=1e-5)


def test_anchors_are_embedded_once_a_process(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "_embedded", {})
    counted = CountingEmbedder(embedder)
    vectors = embedder.embed(["What a day."])
    for _ in range(3):
        anchor_similarities(vectors, counted)
    assert counted.texts == sum(map(len, ANCHOR_SENTENCES.values()))
