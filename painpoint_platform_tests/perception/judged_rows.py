"""Rows that a model was judged on, without a model."""

import numpy as np

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.numbers.evaluation import JudgedRows


def judged_rows(count: int, *, seed: int = 0, error: float = 0.08, users: int = 25) -> JudgedRows:
    """Return rows whose score before calibration is too low by a tenth, and whose intervals hold 90 % of the labels.

    Authors, three lengths and two languages take turns.
    """
    choices = np.random.default_rng(seed)
    labels = choices.uniform(0.1, 0.9, count)
    score = np.clip(labels + choices.normal(0, error, count), 0, 1)
    turns = np.arange(count)
    half = 1.645 * error
    return JudgedRows(
        labels=labels,
        before=np.clip(score - 0.1, 0, 1),
        score=score,
        low=np.clip(score - half, 0, 1),
        high=np.clip(score + half, 0, 1),
        users=np.char.add("user", (turns % users).astype(np.str_)),
        lengths=np.array(LENGTH_BUCKETS)[turns % 3],
        languages=np.where(turns % 4, "en", "hi"),
        constant=0.5,
        limits=(0.0, 1.0),
    )
