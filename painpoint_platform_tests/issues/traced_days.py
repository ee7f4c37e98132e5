"""A warehouse with days of clustered posts, as lineage finds them: clusters are given, not searched for."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.issues.days import Labelled, label_day
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.sample.corpus_posts import compose
from painpoint_platform.sample.corpus_problems import load_problems
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.connection import open_read, open_write

FIRST = date(2025, 3, 1)
TOPICS = tuple(load_problems())


def on(number: int) -> date:
    """Return the day of a number."""
    return FIRST + timedelta(days=number)


def posts(topic: str, day: date, count: int = 8) -> list[tuple[str, str]]:
    """Return (title, body) of posts about a problem of the sample: the same for the same day."""
    problem, rng = load_problems()[topic], Random(f"{topic}/{day}")
    drafts = [compose(problem, problem.products[0], rng) for _ in range(count)]
    return [(draft.title, " ".join(draft.sentences())) for draft in drafts]


def both(one: str, other: str, day: date) -> list[tuple[str, str]]:
    """Return posts that each speak of both problems."""
    pairs = zip(posts(one, day), posts(other, day), strict=True)
    return [(f"{a[0]}, and {b[0]}", f"{a[1][:90]} {b[1][:90]}") for a, b in pairs]


class CountingEmbedder:
    """An encoder that counts the texts it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self.version = embedder.version
        self.count = 0
        self._embedder = embedder

    def embed(self, texts: Sequence[str], *, progress: Any = None) -> NDArray[np.float32]:
        self.count += len(texts)
        return self._embedder.embed(texts, progress=progress)


class RememberingEmbedder:
    """An encoder that embeds a text once, however often it is asked: the days of these tests repeat their posts."""

    def __init__(self, embedder: Embedder) -> None:
        self.version = embedder.version
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str], *, progress: Any = None) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.embed(new, progress=progress), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass
class TracedDays:
    """A warehouse and the client that labels its days; fulfils ``Warehouse``."""

    path: Path
    embedder: Embedder
    lineage_days: int = 30
    clients: int = 0
    labelled: list[Labelled] = field(default_factory=list)

    def read(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return open_read(self.path)

    def write(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return open_write(self.path)

    def client(self) -> ModelClient:
        """Return a client that has no answers kept: every label that is asked for is a call."""
        self.clients += 1
        state = self.path.with_name(f"llm{self.clients}.sqlite")
        return LLMResource(state_path=str(state)).client("test", lambda: self.embedder)

    def cluster(self, day: date, clusters: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Put a day into bronze and silver: each cluster given by its posts."""
        # An item is what it says: it stays the same item in whichever cluster it is.
        rows = [
            (day, number, hashlib.sha256(f"{day} {title} {body} {members[:place].count((title, body))}".encode())
             .hexdigest(), title, body)
            for number, members in enumerate(clusters)
            for place, (title, body) in enumerate(members)
        ]  # fmt: skip
        frame = pl.DataFrame(
            rows, schema=["day", "cluster_id", "url_hash", "title", "body"], orient="row",
            schema_overrides={"cluster_id": pl.Int32},
        ).with_columns(created_at=pl.lit(datetime.combine(day, time(12))))  # fmt: skip
        with self.write() as connection:
            connection.register("posts", frame)
            for table, column in (
                ("bronze.raw_items", "collection_date"),
                ("silver.cluster_assignments", "cluster_date"),
                ("silver.clusters", "cluster_date"),
            ):
                connection.execute(f"delete from {table} where {column} = ?", [day])
            connection.execute(_FILL)
            connection.unregister("posts")

    def label(self, day: date) -> Labelled:
        """Label a day with a client of its own."""
        found = label_day(
            self, day, client=self.client(), embedder_factory=lambda: self.embedder, lineage_days=self.lineage_days
        )
        self.labelled.append(found)
        return found

    def run(self, day: date, *clusters: Sequence[tuple[str, str]]) -> Labelled:
        """Cluster and label a day."""
        self.cluster(day, clusters)
        return self.label(day)

    def ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.read() as connection:
            return connection.execute(sql, values).fetchall()

    def keys(self, day: date) -> list[str]:
        """Return the issue key of each cluster of a day."""
        sql = "select issue_key from gold.issues where cluster_date = $day order by cluster_id"
        return [key for (key,) in self.ask(sql, day=day)]

    def relations(self, day: date) -> list[str]:
        """Return the relation of each cluster of a day."""
        sql = "select relation from gold.issue_lineage where cluster_date = $day order by cluster_id"
        return [relation for (relation,) in self.ask(sql, day=day)]

    def delete(self, day: date, *tables: str) -> None:
        """Delete a day from tables, and what it was made from, so that it is made again."""
        with self.write() as connection:
            for table in tables:
                connection.execute(f"delete from {table} where cluster_date = $day", {"day": day})
            connection.execute("delete from ops.partition_inputs where partition_key = $day", {"day": day.isoformat()})


GOLD = ("gold.issues", "gold.issue_evidence", "gold.issue_quotes", "gold.issue_lineage")

_FILL = """
insert into bronze.raw_items by name
select 'reddit' as source, url_hash as source_item_id, url_hash, 'https://x/' || url_hash as url,
    day as collection_date, title, body, created_at, 0 as comment_count, 1 as vote_count,
    'author ' || url_hash as author_hash, now()::timestamp as collected_at
from posts;
insert into silver.cluster_assignments by name
select day as cluster_date, url_hash, cluster_id, 'core' as membership,
    0.1 + row_number() over (partition by cluster_id order by url_hash) / 1000 as centroid_distance,
    1 as probability, left(body, 200) as snippet, 0 as map_x, 0 as map_y
from posts;
insert into silver.clusters by name
select day as cluster_date, cluster_id, count(*)::int as cluster_size, 0 as outlier_ratio, 0.1 as mean_distance,
    0.5 as persistence, 1 as n_sources, 0 as votes, 0 as comments
from posts group by day, cluster_id;
"""

DaysFactory = Callable[[], TracedDays]


def shuffled(values: Sequence[Any], seed: int) -> Iterator[Any]:
    """Yield values in another order."""
    yield from Random(seed).sample(list(values), len(values))
