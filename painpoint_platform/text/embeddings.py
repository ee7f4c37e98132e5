"""Texts to vectors: the one ``Embedder`` that the platform uses, whatever runs the model.

Belongs here: choosing a backend, duplicates, batches, progress. Does not belong here: the model's files and tokenizer
(``minilm``), running the model (``encoder_*``), cleaning a text (``cleaning``).

A pass through the encoder has two outputs: the unit vector, for comparing texts by what they are about, and the middle
states, the mean of the tokens' states after layer 4 of 6. Training for similarity taught the last layers to forget the
mood of a sentence; models of mood read the middle (Tenney et al. 2019 on what layers know).

A text's vector depends on the text alone: not on the texts beside it, their order or the number of threads (with
openvino bit for bit). See ``batches``.
"""

import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.progress import Progress
from painpoint_platform.text.batches import token_batches
from painpoint_platform.text.minilm import DIMENSIONS, MODEL_NAME, MODEL_SHA256, count_tokens, token_ids

__all__ = [
    "Embedder",
    "Encoded",
    "ModelEmbedder",
    "compute_embeddings_for_items",
    "count_tokens",
    "installed_backend",
    "load_embedder",
]

# (token ids, attention mask), each (texts, tokens) int64 -> unit rows and middle states, each (texts, 384) float32.
Forward = Callable[[NDArray[np.int64], NDArray[np.int64]], tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What one pass of the encoder says of texts.

    Attributes:
        vectors: (texts, 384) float32, rows of length 1.
        middle: (texts, 384) float32, mean state of the tokens after layer 4; of no particular length.
    """

    vectors: NDArray[np.float32]
    middle: NDArray[np.float32]


class Embedder(Protocol):
    """Something that turns texts into vectors."""

    version: str
    """Names model, backend and precision: vectors of different versions do not belong in one comparison."""

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one unit vector a text, shape (len(texts), 384).

        Args:
            texts: anything: empty, a megabyte, NUL bytes, lone surrogates.
            progress: called with (texts done, texts in all) after every batch.
        """
        ...

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Encoded:
        """Return the same vectors and the middle states beside them, at no further pass; arguments as of ``embed``."""
        ...


class ModelEmbedder:
    """An ``Embedder`` around one backend's forward pass."""

    def __init__(self, version: str, forward: Forward) -> None:
        self.version = version
        self._forward = forward

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one unit vector a text; see ``Embedder.embed``."""
        return self.encode(texts, progress=progress).vectors

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Encoded:
        """Return vectors and middle states; see ``Embedder.encode``. Identical texts are run once."""
        if not len(texts):
            return Encoded(np.empty((0, DIMENSIONS), np.float32), np.empty((0, DIMENSIONS), np.float32))
        places: dict[str, int] = {}
        inverse = np.fromiter((places.setdefault(text, len(places)) for text in texts), np.int64, len(texts))
        copies = np.bincount(inverse)
        vectors, middle = (np.empty((len(places), DIMENSIONS), np.float32) for _ in range(2))
        done = 0
        for rows, ids, mask in token_batches(token_ids(list(places))):
            vectors[rows], middle[rows] = self._forward(ids, mask)
            done += int(copies[rows].sum())
            if progress:
                progress(done, len(texts))
        return Encoded(vectors[inverse], middle[inverse])


def load_embedder(
    *, backend: str = "auto", precision: str = "int8", threads: int = 0, cache_dir: Path | None = None
) -> Embedder:
    """Return the embedder of these settings, loaded once a process.

    Args:
        backend: ``openvino``, ``torch``, ``onnx``, or ``auto``: openvino where it is installed, else torch.
        precision: ``int8`` or ``fp32``; openvino heeds it, the other backends always run in fp32.
        threads: threads of the forward pass; 0 = all cores.
        cache_dir: where converted models are kept; default ``data``.

    Raises:
        UserError: an unknown or uninstalled backend, an unknown precision, or weights that are not the model's.
    """
    backend = installed_backend(backend)
    if precision not in ("int8", "fp32"):
        raise UserError(f"embedding precision {precision!r} is unknown; choose int8 or fp32")
    folder = (cache_dir or Path("data")).absolute()
    key = (backend, precision if backend == "openvino" else "fp32", threads or os.cpu_count() or 1, folder)
    with _loading:
        if key not in _loaded:
            _loaded[key] = _load(*key)
        return _loaded[key]


_loading = threading.Lock()
_loaded: dict[tuple[str, str, int, Path], Embedder] = {}
_PACKAGES = {"openvino": "openvino", "torch": "sentence_transformers", "onnx": "onnxruntime"}
_EXTRAS = {"openvino": "fast", "torch": "", "onnx": "onnx"}


def compute_embeddings_for_items(
    embedder: Embedder, texts: Sequence[str], *, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Embed a day's items, each given as its title and cleaned body (``f"{title}\\n{clean_body}".strip()``).

    The vectors are for the caller's use at once; they are stored nowhere.
    """
    return embedder.embed(texts, progress=progress)


def installed_backend(backend: str) -> str:
    """Return the backend that a setting means: the same name, for ``auto`` the fastest that is installed.

    Raises:
        UserError: it is unknown or not installed; says what to install.
    """
    installed = [name for name, package in _PACKAGES.items() if importlib.util.find_spec(package)]
    if backend == "auto":
        chosen = next((name for name in ("openvino", "torch") if name in installed), None)
        if chosen is None:
            raise UserError(
                "no encoder backend is installed; `pip install openvino` or `pip install sentence-transformers`"
            )
        return chosen
    if backend not in _PACKAGES:
        raise UserError(f"embedding backend {backend!r} is unknown; choose auto, {', '.join(_PACKAGES)}")
    if backend not in installed:
        raise UserError(
            f"embedding backend {backend!r} needs the package {_PACKAGES[backend]}, which is not installed; "
            f"`pip install 'painpoint-platform[{_EXTRAS[backend]}]'` or choose EMBEDDING_BACKEND=auto"
        )
    return backend


def _load(backend: str, precision: str, threads: int, folder: Path) -> Embedder:
    version = f"{MODEL_NAME}@{MODEL_SHA256[:8]}/{backend}-{precision}"
    if backend == "openvino":
        from painpoint_platform.text import encoder_openvino

        return ModelEmbedder(
            f"{version}-v{encoder_openvino.CONVERSION}", encoder_openvino.load(precision, threads, folder)
        )
    if backend == "onnx":
        from painpoint_platform.text import encoder_onnx

        return ModelEmbedder(f"{version}-v{encoder_onnx.CONVERSION}", encoder_onnx.load(threads, folder))
    from painpoint_platform.text import encoder_torch

    return ModelEmbedder(version, encoder_torch.load(threads))
