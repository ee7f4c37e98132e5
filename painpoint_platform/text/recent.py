"""Texts that this process embedded a moment ago are not embedded again.

Belongs here: remembering what an embedder said, within a bound. Does not belong here: embedding (``embeddings``).

Clustering and perception read the same day. Where both run in one process, the second one finds its vectors here; they
are in no table and no file.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from painpoint_platform.progress import Progress
from painpoint_platform.text.embeddings import Embedder, Encoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A text takes some 3.2 KB: two vectors of 384 single-precision numbers and its digest.
MOST_TEXTS = 40_000


class RememberingEmbedder:
    """An embedder that keeps what it said of the ``most`` texts asked for last."""

    def __init__(self, embedder: Embedder, most: int = MOST_TEXTS) -> None:
        self.version = embedder.version
        self._embedder = embedder
        self._most = most
        self._known: OrderedDict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]] = OrderedDict()
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> "NDArray[np.float32]":
        """Return one unit vector a text; see ``Embedder.embed``."""
        return self.encode(texts, progress=progress).vectors

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Encoded:
        """Return the vectors and middle states of the texts, shape (len(texts), 384) each."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            encoded = self._embedder.encode(list(new.values()), progress=progress)
            found.update(zip(new, zip(encoded.vectors, encoded.middle, strict=True), strict=True))
        self._remember(found)
        return Encoded(_rows([found[key][0] for key in keys]), _rows([found[key][1] for key in keys]))

    def _remember(self, found: "dict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]]") -> None:
        with self._lock:
            for key, (vector, middle) in found.items():
                if key not in self._known:
                    # Copies: a row of the encoder's matrix would keep the whole matrix alive.
                    self._known[key] = (vector.copy(), middle.copy())
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _rows(rows: "list[NDArray[np.float32]]") -> "NDArray[np.float32]":
    from painpoint_platform.text.minilm import DIMENSIONS

    return np.stack(rows) if rows else np.empty((0, DIMENSIONS), np.float32)


_remembering: dict[int, RememberingEmbedder] = {}
_starting = threading.Lock()


def remembering(embedder: Embedder) -> RememberingEmbedder:
    """Return the embedder with a memory, the same one for the same embedder as long as the process lives."""
    with _starting:
        return _remembering.setdefault(id(embedder), RememberingEmbedder(embedder))
