"""Small corpora for the tests of this package."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from painpoint_platform.perception.corpora.corpus import CORPUS_SCHEMA, Corpus, corpus_of

START = datetime(2025, 1, 1, tzinfo=UTC)


def corpus_by(authors: Sequence[str], *, times: Sequence[datetime | None] | None = None, **columns: Any) -> Corpus:
    """Return a corpus with a text for each author named, valence rising from 0 to 1, a day apart unless times say."""
    count = len(authors)
    frame = pl.DataFrame(
        {
            "item_id": [f"i{number}" for number in range(count)],
            "user_id": list(authors),
            "timestamp": times or [START + timedelta(days=number) for number in range(count)],
            "text": [f"text number {number}" for number in range(count)],
            "language": ["en"] * count,
            "needs_review": [False] * count,
            "valence": [number / max(1, count - 1) for number in range(count)],
            **columns,
        }
    )
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in CORPUS_SCHEMA.items() if name not in frame.columns]
    frame = frame.with_columns(missing).with_columns(pl.col("risk_tags").fill_null([]))
    labels = [name for name in frame.columns if name not in CORPUS_SCHEMA]
    return corpus_of(frame.select(*CORPUS_SCHEMA, *labels).cast(CORPUS_SCHEMA), "made for a test")
