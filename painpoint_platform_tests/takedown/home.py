"""Everything that a platform writes, in small: tables, answers, logs, reports, the analysts' copy, a PocketBase."""

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from painpoint_platform.issues.days import publish_day
from painpoint_platform.issues.labelling.issue_label import ISSUE_LABEL
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.llm.cache import AnswerCache, KeptAnswer
from painpoint_platform.llm.ledger import Call, Ledger
from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Usage
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.takedown.forgetting import Publish, Takedown, forget
from painpoint_platform.takedown.places import Places
from painpoint_platform.text.urls import url_hash
from painpoint_platform.warehouse.snapshot import write_snapshot
from painpoint_platform_tests.conftest import MODEL_CACHE

DAY, NEXT_DAY = date(2025, 1, 6), date(2025, 1, 7)
NOW = datetime(2025, 2, 1, tzinfo=UTC)
MIN_AUTHORS = 3
LABEL = "Exports of invoices hang"
WORDS = "The export of all invoices hangs at the very end and nobody in our office knows what to do about it."


@dataclass
class Home:
    """A folder with a platform's files in it."""

    root: Path
    models: list[SqlModel]

    @property
    def places(self) -> Places:
        data = self.root / "data"
        return Places(
            warehouse=data / "painpoint.duckdb", analytics=data / "analytics.duckdb", llm_state=data / "llm.sqlite",
            dagster_home=data / "dagster", data_dir=data, artifacts_dir=self.root / "artifacts",
            report=data / "report", model_cache=MODEL_CACHE, lock_timeout_s=5,
        )  # fmt: skip

    @property
    def warehouse(self) -> WarehouseResource:
        return WarehouseResource(database=str(self.places.warehouse), lock_timeout_s=5)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.read() as connection:
            return connection.execute(query, values).fetchall()

    def run(self, statement: str, **values: Any) -> None:
        with self.warehouse.write() as connection:
            connection.execute(statement, values)

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        with self.warehouse.write() as connection:
            connection.register("made", pl.DataFrame(rows, infer_schema_length=None))
            connection.execute(f"insert into {table} by name select * from made")
            connection.unregister("made")

    def post(
        self, number: int, *, cluster: int = 0, day: date = DAY, title: str | None = None, body: str = "",
        author: str | None = None, source: str = "reddit",
    ) -> str:  # fmt: skip
        """Put a post into every table that a day's run writes it to, and return its address."""
        address = f"https://www.reddit.com/r/invoices/comments/p{number}/an_export_that_hangs/"
        page = url_hash(address)
        title = title or f"The export hangs, case {number} of many"
        body, moment = body or WORDS, datetime.combine(day, time(number % 24))
        about = {"url_hash": page, "source": source, "url": address, "title": title, "vote_count": 2}
        about |= {"comment_count": 1, "author_hash": author or f"author-{number}", "created_at": moment}
        self.insert(
            "bronze.raw_items",
            about
            | {
                "source_item_id": f"p{number}",
                "collection_date": day,
                "body": body,
                "language": "en",
                "collected_at": moment,
            },
        )
        placed = {"cluster_date": day, "cluster_id": cluster, "url_hash": page, "membership": "core"}
        self.insert(
            "silver.cluster_assignments",
            placed | {"centroid_distance": 0.25, "probability": 1.0, "snippet": body[:200]},
        )
        if cluster >= 0:
            self.insert(
                "gold.issue_evidence",
                placed | about | {"issue_key": f"issue-{cluster}", "snippet": body[:200], "is_representative": True},
            )
        return address

    def issue(self, cluster: int = 0, *, day: date = DAY, title: str = LABEL) -> None:
        """Make the cluster's own rows from its posts."""
        placed = {"cluster_date": day, "cluster_id": cluster}
        ((size,),) = self.rows(
            "select count(*) from gold.issue_evidence where cluster_date = $day and cluster_id = $cluster",
            day=day, cluster=cluster,
        )  # fmt: skip
        self.insert(
            "silver.clusters",
            placed
            | {"cluster_size": size, "outlier_ratio": 0.0, "mean_distance": 0.25, "persistence": 0.5}
            | {"n_sources": 1, "votes": 2 * size, "comments": size},
        )
        self.insert(
            "gold.issues",
            placed
            | {"issue_key": f"issue-{cluster}", "cluster_fingerprint": f"print-{cluster}", "cluster_size": size}
            | {"canonical_title": title, "category": "finance", "description": "People cannot finish their books."}
            | {"would_pay_signal": False, "impact_level": "high", "label_failed": False, "model": "embedded/v1"}
            | {"prompt_version": "v1", "impact_score": 50.0, "created_at": datetime.combine(day, time(1))},
        )

    def finish(self) -> None:
        """Count what was collected, bring the SQL models up to date, remember inputs."""
        self.run(
            "insert into bronze.collections by name select source, collection_date, count(*) as item_count, "
            "0 as rejected_count, 1 as request_count, null as partial_reason, now()::timestamp as collected_at "
            "from bronze.raw_items group by all"
        )
        self.run(
            "insert into ops.partition_inputs values ('silver.clusters', $day, 'hash', now()::timestamp)", day=str(DAY)
        )
        with self.warehouse.write() as connection:
            for model in self.models:
                materialize(connection, model, window=Window(DAY, date(2025, 1, 8)))

    def snapshot(self) -> None:
        with self.warehouse.read() as connection:
            write_snapshot(connection, self.places.analytics)

    def answer(self, title: str) -> None:
        """Keep a model's answer, and the ledger row of a failed call, as a run leaves them."""
        with closing(StateFile(self.places.llm_state)) as state:
            reply = {"canonical_title": title, "description": "Said by a model."}
            key = hashlib.sha256(title.encode()).hexdigest()
            AnswerCache(state).put(key, ISSUE_LABEL, "embedded/v1", KeptAnswer(reply, Usage()))
            Ledger(state).write(
                Call(key, NOW, "run", "issue_label", "m", "v1", "hash", error=f"canonical_title: repeats {title!r}")
            )

    def answers(self) -> list[str]:
        with closing(StateFile(self.places.llm_state)) as state, state.read() as connection:
            replies = [json.loads(reply) for (reply,) in connection.execute("select reply from answers")]
        return sorted(reply["canonical_title"] for reply in replies)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def publisher(self, client: PocketBaseClient) -> Publish:
        return lambda day: publish_day(self.warehouse, day, client=client, min_authors=MIN_AUTHORS)

    def forget(self, *urls: str, publish: Publish | None = None, **options: Any) -> Takedown:
        return forget(urls, places=self.places, publish=publish, models=self.models, now=lambda: NOW, **options)

    def grep(self, needle: str) -> list[str]:
        """Files whose bytes and columns whose values hold the text, looked for without the code under test."""
        found = [str(path) for path in self.root.rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]
        for path in (self.places.warehouse, self.places.analytics):
            if path.exists():
                with closing(duckdb.connect(path, read_only=True)) as connection:
                    found += _columns_with(connection, needle)
        return found


def _columns_with(connection: duckdb.DuckDBPyConnection, needle: str) -> list[str]:
    columns = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where not internal and data_type like '%VARCHAR%'"
    ).fetchall()
    found = []
    for schema, table, column in columns:
        query = f'select count(*) from "{schema}"."{table}" where contains("{column}"::varchar, $needle)'
        if connection.execute(query, {"needle": needle}).fetchone() != (0,):
            found.append(f"{schema}.{table}.{column}")
    return found
