"""Histories whose next step follows from the earlier ones in a known way, quick to learn from."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.corpus import CORPUS_SCHEMA
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.text_features import Features

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
TEXT_NAMES = LEXICAL_NAMES[:2]


def part_of_corpus(authors: int, texts: int, *, seed: int = 0, noise: float = 0.03, folds: int = 5) -> pl.DataFrame:
    """Return rows as of ``Splits.rows``: every author's congruence and valence swing around a level of their own.

    Times are a day and some hours apart; every author is in one fold.
    """
    choices = np.random.default_rng(seed)
    author, place = np.repeat(np.arange(authors), texts), np.tile(np.arange(texts), authors)
    level, swing = choices.uniform(0.3, 0.7, authors)[author], choices.uniform(0.05, 0.25, authors)[author]
    valence = np.clip(level + swing * (-1.0) ** place + choices.normal(0, noise, len(author)), 0, 1)
    congruence = np.clip(1 - level + swing * (-1.0) ** place + choices.normal(0, noise, len(author)), 0, 1)
    hours = 30 * place + choices.integers(0, 6, len(author))
    frame = pl.DataFrame(
        {
            "item_id": [f"{seed}-{row}" for row in range(len(author))],
            "user_id": [f"{seed}-user{number}" for number in author.tolist()],
            "timestamp": [BEGIN + timedelta(hours=int(hour)) for hour in hours],
            "text": [f"text {row} " + "word " * (row % 3 * 20) for row in range(len(author))],
            "language": ["en"] * len(author),
            "valence": valence,
            "arousal": choices.uniform(0, 1, len(author)),
            "congruence": congruence,
            "fold": (author % folds).astype(np.int32),
        }
    )
    return frame.with_columns(pl.col("timestamp").cast(CORPUS_SCHEMA["timestamp"]))


def features_of(rows: pl.DataFrame) -> Features:
    """Return two features of the texts, one of which follows the valence."""
    values = np.stack([rows["valence"].to_numpy(), rows["text"].str.len_chars().to_numpy()], axis=1)
    return Features(TEXT_NAMES, values.astype(np.float32))
