"""How far an export is from its models, and how long it takes.

Belongs here: measuring. Does not belong here: what is done about it (``export``).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl

from painpoint_platform.perception.measuring.metrics import rmse
from painpoint_platform.perception.serving.export_runtime import Exported
from painpoint_platform.perception.variables import ENDS

BATCH = 64
_MOST_TEXTS, _MOST_BATCHES = 200, 8


@dataclass(frozen=True, slots=True)
class Latency:
    """From text to scores on one thread, in milliseconds, with warm caches: median and 95th percentile.

    Attributes:
        one_text_p50, one_text_p95: of single texts, each another one.
        batch_p50, batch_p95: of whole batches of ``BATCH`` texts.
        texts, batches: how many were timed.
    """

    one_text_p50: float
    one_text_p95: float
    batch_p50: float
    batch_p95: float
    texts: int
    batches: int


def parity(found: pl.DataFrame, expected: pl.DataFrame, variables: Iterable[str]) -> dict[str, float]:
    """Return by variable the largest RMSE between two frames of scores: of the score and the ends of its interval.

    Args:
        found: as of ``text_scores.score_texts``.
        expected: of the same texts.
        variables: to compare.
    """
    return {
        name: max(rmse(expected[name + end].to_numpy(), found[name + end].to_numpy()) for end in ENDS)
        for name in variables
    }


def latency(exported: Exported, texts: Sequence[str]) -> Latency:
    """Time an export that was opened with one thread.

    Args:
        exported: to be timed.
        texts: real ones; the last batch is filled up by repeating them.
    """
    singles = [[text] for text in texts[:_MOST_TEXTS]]
    count = min(_MOST_BATCHES, -(-len(texts) // BATCH))
    batches = [
        [texts[(start + place) % len(texts)] for place in range(BATCH)] for start in range(0, count * BATCH, BATCH)
    ]
    one, many = (_milliseconds(exported.score, inputs) for inputs in (singles, batches))
    one_p50, one_p95 = np.percentile(one, (50, 95)).tolist()
    many_p50, many_p95 = np.percentile(many, (50, 95)).tolist()
    return Latency(one_p50, one_p95, many_p50, many_p95, len(singles), len(batches))


def _milliseconds(score: Callable[[Sequence[str]], pl.DataFrame], inputs: Sequence[Sequence[str]]) -> list[float]:
    times = []
    for given in inputs:
        score(given)  # once for the kernels that OpenVINO makes for a new shape
        started = perf_counter()
        score(given)
        times.append((perf_counter() - started) * 1000)
    return times
