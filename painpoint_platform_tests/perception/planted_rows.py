"""Rows whose labels follow from their features in a known way, quick to learn from."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import TEXT_NAMES, Features
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.settings_file import Interval, PerceptionSettings, load_settings

FOLDS = 3


def planted_rows(
    count: int, *, seed: int = 0, users: int = 60, noise: float = 0.02, level: float = 0.0, temporal: bool = False
) -> LabelledRows:
    """Return rows whose label is a bent function of two features, plus a level of their author.

    Every third author is in the same fold; lengths take turns.
    """
    choices = np.random.default_rng(seed)
    matrix = choices.normal(0, 1, (count, len(TEXT_NAMES))).astype(np.float32)
    matrix[:, 2:11] = np.abs(matrix[:, 2:11]) * 3
    author = choices.integers(0, users, count)
    levels = np.random.default_rng(seed + 1).normal(0, level, users) if level else np.zeros(users)
    known = 0.5 + 0.12 * matrix[:, 0] + 0.10 * np.tanh(matrix[:, 15])
    labels = np.clip(known + levels[author] + choices.normal(0, noise, count), 0, 1)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    items = pl.DataFrame(
        {
            "item_id": [f"{seed}-{row}" for row in range(count)],
            "user_id": [f"{seed}-user{number}" for number in author.tolist()],
            "timestamp": pl.Series([start + timedelta(hours=6 * row) for row in range(count)]).cast(
                pl.Datetime("us", "UTC")
            ),
            "language": ["en" if row % 4 else "hi" for row in range(count)],
            "length_bucket": [LENGTH_BUCKETS[row % 3] for row in range(count)],
        }
    )
    names = TEXT_NAMES
    if temporal:
        past = temporal_features(items.select("user_id", "timestamp"), labels)
        names, matrix = (*names, *TEMPORAL_NAMES), np.hstack([matrix, past]).astype(np.float32)
    return LabelledRows(items, Features(names, matrix), labels, (author % FOLDS).astype(np.int64))


def quick_settings() -> PerceptionSettings:
    """Return the defaults with budgets that a test can wait for."""
    settings = load_settings()
    quick = {"rounds": 25, "num_leaves": 6, "learning_rate": 0.2}
    trees = settings.trees.model_copy(
        update={
            "default": {**settings.trees.default, **quick},
            **{name: Interval(low=value, high=value, whole=value > 1) for name, value in quick.items()},
        }
    )
    return settings.model_copy(
        update={
            "bootstrap_rounds": 100,
            "search": settings.search.model_copy(update={"landmarks": 50, "patience": 3}),
            "kernel": settings.kernel.model_copy(update={"landmarks": 100, "directions": 8}),
            "trees": trees,
        }
    )
