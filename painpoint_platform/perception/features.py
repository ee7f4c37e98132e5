"""The 405 features of a text, by name: 15 of its words, 384 of its embedding, 6 similarities to emotions.

Belongs here: putting the blocks together. Does not belong here: computing them (``lexical_features``, ``anchors``,
``painpoint_platform.text.embeddings``), the author's past (``temporal_features``, 13 features beside these).

No feature is fitted on data, so none can leak from one split into another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.anchors import ANCHOR_NAMES, anchor_similarities
from painpoint_platform.perception.lexical_features import LEXICAL_NAMES, lexical_features
from painpoint_platform.perception.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.text.minilm import DIMENSIONS

__all__ = [
    "ANCHOR_NAMES",
    "EMBEDDING_NAMES",
    "FEATURE_NAMES",
    "LEXICAL_NAMES",
    "TEMPORAL_NAMES",
    "Features",
    "anchor_similarities",
    "lexical_features",
    "temporal_features",
    "text_features",
]

EMBEDDING_NAMES = tuple(f"embedding_{dimension:03d}" for dimension in range(DIMENSIONS))
FEATURE_NAMES = (*LEXICAL_NAMES, *EMBEDDING_NAMES, *ANCHOR_NAMES)


@dataclass(frozen=True)
class Features:
    """A matrix whose columns have names."""

    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    """Shape (texts, len(names)); every number is finite."""

    def block(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return some of the columns, in the order of the names.

        Raises:
            KeyError: a name that is no column.
        """
        place = {name: column for column, name in enumerate(self.names)}
        return self.matrix[:, [place[name] for name in names]]


def text_features(texts: Sequence[str], *, embedder: Embedder, vectors: NDArray[np.float32] | None = None) -> Features:
    """Return the features of texts, columns as in ``FEATURE_NAMES``.

    Args:
        texts: any strings, empty ones too.
        embedder: embeds the texts, and the anchor sentences once a process.
        vectors: what this embedder made of these texts, shape (len(texts), 384), where a caller has them already.

    Raises:
        ValueError: the vectors are not one row a text.
        UserError: vaderSentiment is not installed.
    """
    if vectors is None:
        vectors = embedder.embed(texts)
    if vectors.shape != (len(texts), DIMENSIONS):
        raise ValueError(
            f"vectors of shape {vectors.shape} for {len(texts)} texts; expected ({len(texts)}, {DIMENSIONS})"
        )
    blocks = (lexical_features(texts), vectors, anchor_similarities(vectors, embedder))
    return Features(names=FEATURE_NAMES, matrix=np.hstack(blocks).astype(np.float32, copy=False))
