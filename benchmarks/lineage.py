"""Issues over 30 days of a scripted stream: events, keys, label calls, time, and replays in mixed order.

Run ``python -m benchmarks.lineage``. The posts go through the platform's own clustering and labelling into a warehouse;
the models are the embedded one. ``--seed`` gives another script.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.issue_stream import Stream, issue_stream
from benchmarks.lineage_truth import score_events
from benchmarks.table import Row, machine, print_rows
from painpoint_platform.issues import days
from painpoint_platform.issues.identity import known_issues
from painpoint_platform.issues.identity.file_lineage import continuity
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.text.embeddings import Embedder, load_embedder
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.snapshot import export_hash

REPLAYS = 14
GOLD = ("gold.issues", "gold.issue_evidence", "gold.issue_quotes", "gold.issue_lineage", "ops.issue_anchors")


class TimedEmbedder:
    """An encoder that counts its seconds."""

    def __init__(self, embedder: Embedder) -> None:
        self.version = embedder.version
        self.seconds = 0.0
        self._embedder = embedder

    def embed(self, texts: Sequence[str], *, progress: Any = None) -> NDArray[np.float32]:
        """Embed, and count."""
        started = time.monotonic()
        vectors = self._embedder.embed(texts, progress=progress)
        self.seconds += time.monotonic() - started
        return vectors


class StreamWarehouse:
    """A warehouse that holds a stream; fulfils ``Warehouse``."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self.path = path
        posts = stream.posts.with_row_index("post").with_columns(pl.col("post").cast(pl.String))
        with self.write() as connection:
            connection.register("posts", posts)
            connection.execute(FILL)
            connection.unregister("posts")

    def read(self) -> Any:
        """Open for reading."""
        return open_read(self.path)

    def write(self) -> Any:
        """Open for writing, in one transaction."""
        return open_write(self.path)

    def rows(self, query: str) -> pl.DataFrame:
        """Return the rows of a query."""
        with self.read() as connection:
            found: duckdb.DuckDBPyRelation = connection.sql(query)
            return found.pl()

    def forget_inputs(self, day: date) -> None:
        """Let a day be labelled again, as after a change of settings."""
        with self.write() as connection:
            values = {"day": day.isoformat()}
            connection.execute(
                "delete from ops.partition_inputs where partition_key = $day and table_name = 'gold.issues'", values
            )


FILL = """
insert into bronze.raw_items by name
select 'reddit' as source, post as source_item_id, post as url_hash, 'https://x/' || post as url,
    day as collection_date, title, body, day + interval 12 hour as created_at, 0 as comment_count, 1 as vote_count,
    'author ' || post as author_hash, now()::timestamp as collected_at
from posts;
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--topics", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    stream = issue_stream(days=options.days, topics=options.topics, seed=options.seed)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(stream, Path(folder))
    title = f"Issues over {options.days} days, {stream.posts.height:,} posts, {len(stream.events)} scripted events"
    print_rows(title, rows, as_json=options.json, note=machine())


def measure(stream: Stream, folder: Path) -> list[Row]:
    """Run the stream day by day, then replay it."""
    embedder = TimedEmbedder(load_embedder())
    embedder.embed(["warm"])
    warehouse = StreamWarehouse(folder / "painpoint.duckdb", stream)
    timed = _TimedLineage()
    client = LLMResource(state_path=str(folder / "llm.sqlite")).client("benchmark", lambda: embedder)
    of_day = sorted(stream.posts["day"].unique())
    embedding, clusters, asked = 0.0, 0, 0
    for day in of_day:
        before = embedder.seconds
        days.cluster_day(warehouse, day, embedder=embedder, reducer="smooth_spectral")
        embedding += embedder.seconds - before
        labelled = days.label_day(warehouse, day, client=client, embedder_factory=lambda: embedder)
        clusters, asked = clusters + labelled.clusters, asked + labelled.asked
    lineage, keys = traced(warehouse, stream)
    lineage_seconds, by_step = timed.seconds, dict(timed.by_step)
    gold = gold_hash(warehouse)
    rng, changed = Random(5), 0
    for _ in range(REPLAYS):
        for day in rng.sample(of_day, len(of_day)):
            warehouse.forget_inputs(day)
            days.label_day(warehouse, day, client=client, embedder_factory=lambda: embedder)
        changed += gold_hash(warehouse) != gold
    held = continuity(keys["day"].cast(pl.String), keys["topic"], keys["issue_key"])
    return [
        *(Row(f"F1 of events: {kind} ({score.right} right, {score.told} told, {score.true} true)", score.f1, "",
              limit=0.9 if kind == "all" else None, better="more")
          for kind, score in score_events(stream, lineage).items()),
        Row("continuing topics that keep one key", held or 0.0, "", limit=0.95, better="more"),
        Row("label calls / clusters", asked / max(clusters, 1), "", limit=0.5),
        Row("lineage / embedding, seconds", lineage_seconds / embedding, "", limit=0.1),
        *(Row(f"of that {step}", seconds / embedding, "") for step, seconds in by_step.items()),
        Row(f"replays of {REPLAYS} in mixed order that changed a byte of gold", changed, "", limit=0),
    ]  # fmt: skip


class _TimedLineage:
    """Counts the seconds that ``label_day`` spends on lineage."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.by_step: dict[str, float] = {}
        for name in ("surroundings", "trace_day", "labels_of_issues", "kept_labels", "replace_lineage"):
            setattr(days, name, self._timed(getattr(known_issues, name)))

    def _timed(self, function: Any) -> Any:
        def timed(*values: Any, **options: Any) -> Any:
            started = time.monotonic()
            try:
                return function(*values, **options)
            finally:
                spent = time.monotonic() - started
                self.seconds += spent
                self.by_step[function.__name__] = self.by_step.get(function.__name__, 0.0) + spent

        return timed


def gold_hash(warehouse: StreamWarehouse) -> str:
    """Return the hash of every row of the gold tables that labelling writes."""
    with warehouse.read() as connection:
        return export_hash(connection, GOLD)


def traced(warehouse: StreamWarehouse, stream: Stream) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lineage with the topic of most posts of each cluster, and the key of each post."""
    truth = stream.posts.with_row_index("url_hash").select(pl.col("url_hash").cast(pl.String), "day", "topic")
    evidence = warehouse.rows("select url_hash, cluster_date, cluster_id, issue_key from gold.issue_evidence")
    posts = truth.join(evidence, on="url_hash", how="left")
    topics = (
        posts.drop_nulls("issue_key")
        .group_by("cluster_date", "cluster_id", "topic")
        .len()
        .sort("len", "topic", descending=[True, False])
        .unique(["cluster_date", "cluster_id"], keep="first")
    )
    lineage = warehouse.rows("from gold.issue_lineage").join(
        topics.drop("len"), on=["cluster_date", "cluster_id"], how="left"
    )
    return lineage, posts


if __name__ == "__main__":
    main()
