"""The 405 features of a text, by name: 15 of its words, 384 of its embedding, 6 similarities to emotions.

After them come the 384 middle states of the encoder (``text.embeddings.Encoded``), which the same pass yields. They are
no part of the 405, which trees and base models on the embedding read, but an input of their own of kernel machines and
ridge: moods are plainer in the middle of the encoder than in its output.

Belongs here: putting the blocks together. Does not belong here: computing them (``lexical_features``, ``anchors``,
``painpoint_platform.text.embeddings``), the author's past (``temporal_features``, 13 features beside these).

No feature is fitted on data, so none can leak from one split into another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.features.anchors import ANCHOR_NAMES, anchor_similarities
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES, lexical_features
from painpoint_platform.text.embeddings import Embedder, Encoded
from painpoint_platform.text.minilm import DIMENSIONS

EMBEDDING_NAMES = tuple(f"embedding_{dimension:03d}" for dimension in range(DIMENSIONS))
FEATURE_NAMES = (*LEXICAL_NAMES, *EMBEDDING_NAMES, *ANCHOR_NAMES)
MIDDLE_NAMES = tuple(f"middle_{dimension:03d}" for dimension in range(DIMENSIONS))
TEXT_NAMES = (*FEATURE_NAMES, *MIDDLE_NAMES)
"""What ``text_features`` returns."""


@dataclass(frozen=True)
class Features:
    """A matrix whose columns have names."""

    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    """Shape (texts, len(names)); every number is finite."""

    def block(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return some of the columns, in the order of the names, (texts, len(names)).

        Raises:
            KeyError: a name that is no column.
        """
        place = {name: column for column, name in enumerate(self.names)}
        return self.matrix[:, [place[name] for name in names]]


def text_features(texts: Sequence[str], *, embedder: Embedder, encoded: Encoded | None = None) -> Features:
    """Return the features of texts, columns as in ``TEXT_NAMES``.

    Args:
        texts: any strings, empty ones too.
        embedder: encodes the texts, and the anchor sentences once a process.
        encoded: what this embedder made of these texts, where a caller has it already.

    Raises:
        ValueError: vectors or middle states are not one row of 384 a text.
        UserError: vaderSentiment is not installed.
    """
    if encoded is None:
        encoded = embedder.encode(texts)
    for name, found in (("vectors", encoded.vectors), ("middle states", encoded.middle)):
        if found.shape != (len(texts), DIMENSIONS):
            raise ValueError(
                f"{name} of shape {found.shape} for {len(texts)} texts; expected ({len(texts)}, {DIMENSIONS})"
            )
    similarities = anchor_similarities(encoded.vectors, embedder)
    blocks = (lexical_features(texts), encoded.vectors, similarities, encoded.middle)
    return Features(names=TEXT_NAMES, matrix=np.hstack(blocks).astype(np.float32, copy=False))
