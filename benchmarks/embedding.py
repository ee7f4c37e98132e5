"""How fast each encoder backend is beside sentence-transformers, and how much of its vectors the fast ones keep.

Run ``python -m benchmarks.embedding [--data FOLDER] [--json]``. Rates are the best of three rounds in which every
backend takes its turn, so that a busy neighbour slows all of them alike.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measured_texts import add_options, posts, posts_of_120_tokens, questions
from benchmarks.table import Row, machine, print_rows
from painpoint_platform.text.embeddings import Embedder, load_embedder
from painpoint_platform.text.minilm import model_folder

BACKENDS = (("openvino", "int8"), ("openvino", "fp32"), ("onnx", "fp32"), ("torch", "fp32"))
RATE_TEXTS, ROUNDS = 256, 3

LOAD = """
import sys, time
from pathlib import Path
started = time.monotonic()
from painpoint_platform.text.embeddings import load_embedder
embedder = load_embedder(backend=sys.argv[1], precision=sys.argv[2], cache_dir=Path(sys.argv[3]))
embedder.embed(["a text of more than eight tokens, which is run in eight bits where that is asked for"])
print(time.monotonic() - started)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for backend, precision in BACKENDS[:3] for row in load_rows(backend, precision, Path(folder))]
        embedders = {
            f"{backend} {precision}": load_embedder(backend=backend, precision=precision, cache_dir=Path(folder))
            for backend, precision in BACKENDS
        }
        rows += rate_rows(embedders, posts_of_120_tokens(options.data, RATE_TEXTS))
        rows += agreement_rows(embedders, "whole posts", posts(options.data, 400))
        rows += agreement_rows(embedders, "questions", questions(options.data, 1_500))
    print_rows("Embedding", rows, as_json=options.json, note=machine())


def load_rows(backend: str, precision: str, folder: Path) -> list[Row]:
    """Time a process that converts and loads, and one that finds the model converted."""
    command = [sys.executable, "-c", LOAD, backend, precision, str(folder)]
    first, second = (float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(2))
    return [
        Row(f"{backend} {precision}: convert, load, first texts", first, "s"),
        Row(f"{backend} {precision}: load, first texts", second, "s"),
    ]


def rate_rows(embedders: dict[str, Embedder], texts: list[str]) -> list[Row]:
    """Return texts a second of sentence-transformers and of each backend, and the ratio."""
    from sentence_transformers import SentenceTransformer

    peer = SentenceTransformer(str(model_folder()), device="cpu", local_files_only=True)
    runs = {"sentence-transformers": lambda: peer.encode(texts, normalize_embeddings=True)}
    runs |= {name: lambda embedder=embedder: embedder.embed(texts) for name, embedder in embedders.items()}
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.monotonic()
            run()
            best[name] = min(best[name], time.monotonic() - started)
    rows = [Row(f"{name}: texts of 120 tokens", len(texts) / seconds, "/s") for name, seconds in best.items()]
    ratios = {name: best["sentence-transformers"] / best[name] for name in embedders}
    fastest = max(ratios, key=ratios.__getitem__)
    return rows + [
        Row(f"{name} / sentence-transformers", ratio, "x", limit=4.0 if name == fastest else None, better="more")
        for name, ratio in ratios.items()
    ]


def agreement_rows(embedders: dict[str, Embedder], kind: str, texts: list[str]) -> list[Row]:
    """Return the least cosine to torch over all texts, and how many of each text's ten nearest stay."""
    vectors = {name: embedder.embed(texts) for name, embedder in embedders.items()}
    reference = vectors.pop("torch fp32")
    rows = []
    for name, found in vectors.items():
        cosine = (found * reference).sum(axis=1)
        rows.append(Row(f"{name}: least cosine of {len(texts):,} {kind}", float(cosine.min()), "", 0.99, "more"))
        rows.append(Row(f"{name}: 10-NN overlap, {kind}", overlap(found, reference), "", 0.94, "more"))
    return rows


def overlap(one: NDArray[np.float32], other: NDArray[np.float32], count: int = 10) -> float:
    """Return the mean share of common rows among each row's ``count`` nearest other rows."""
    pairs = zip(_nearest(one, count), _nearest(other, count), strict=True)
    return float(np.mean([len(np.intersect1d(left, right)) / count for left, right in pairs]))


def _nearest(vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return np.argpartition(-products, count, axis=1)[:, :count]


if __name__ == "__main__":
    main()
