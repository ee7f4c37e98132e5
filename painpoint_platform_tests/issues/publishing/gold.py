"""Gold tables to publish from, filled with few words."""

from datetime import date, datetime, time
from typing import Any

import duckdb

from painpoint_platform.issues.publishing.outcome import SyncReport
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.issues.publishing.sync import sync_day
from painpoint_platform.issues.publishing.tables import (
    TrackingChanges,
    read_publishing_input,
    write_tracking,
)
from painpoint_platform.warehouse.migrations import load_migrations, migrate

DAY = date(2025, 1, 6)
MIN_AUTHORS = 3


class Gold:
    """An in-memory warehouse with the real schema."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        migrate(self.con, load_migrations())
        self.recorded: list[TrackingChanges] = []

    def close(self) -> None:
        self.con.close()

    def issue(self, key: str, day: date = DAY, *, items: int = 3, authors: int | None = None, **columns: Any) -> None:
        """Add one cluster of ``items`` evidence items by as many authors (or ``authors``); its id follows."""
        next_id = self.con.execute("select count(*) from gold.issues where cluster_date = ?", [day]).fetchone()[0]
        row = {
            "cluster_date": day,
            "cluster_id": next_id,
            "issue_key": key,
            "cluster_fingerprint": key,
            "cluster_size": items,
            "canonical_title": f"Problem {key}",
            "category": "devtools",
            "description": f"People cannot do {key}.",
            "would_pay_signal": True,
            "impact_level": "high",
            "label_failed": False,
            "model": "embedded/v1",
            "prompt_version": "v1",
            "impact_score": 0.5,
            "created_at": datetime.combine(day, time(23)),
        } | columns
        self.insert("gold.issues", row)
        if items:
            url_hash = f"'{key}-{row['cluster_id']}-' || i"
            author = f"i % {authors or items}"
            self._evidence(day, row["cluster_id"], key, url_hash=url_hash, author=author, count=items)

    def anonymous_evidence(self, key: str, url_hash: str, day: date = DAY) -> None:
        """Add one item whose author is unknown."""
        self._evidence(day, 0, key, url_hash=f"'{url_hash}'")

    def _evidence(
        self, day: date, cluster_id: int, key: str, *, url_hash: str, author: str | None = None, count: int = 1
    ) -> None:
        """Add items numbered ``i``; ``url_hash`` and ``author`` are SQL expressions of it."""
        self.con.execute(
            f"""
            insert into gold.issue_evidence by name
            select
                $day as cluster_date, $cluster_id as cluster_id, $key as issue_key, {url_hash} as url_hash,
                'github' as source, 'https://github.com/acme/tool/issues/' || {url_hash} as url,
                'It fails ' || {url_hash} as title, 'Since the update it fails.' as snippet,
                $day::timestamp + interval 3 hour as created_at, 2 as vote_count, 1 as comment_count,
                {f"'author-' || ({author})" if author else "null"} as author_hash, 'core' as membership,
                false as is_representative
            from range($count) numbers(i)
            """,
            {"day": day, "cluster_id": cluster_id, "key": key, "count": count},
        )

    def insert(self, table: str, row: dict[str, Any]) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self.con.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(statement, list(values)).fetchall()

    def tracked(self) -> dict[str, tuple[Any, ...]]:
        """issue_key -> (has a payload hash, attempts, last_error)."""
        rows = self.run("select issue_key, payload_hash is not null, attempts, last_error from gold.live_issues")
        return {key: tuple(rest) for key, *rest in rows}

    def record(self, changes: TrackingChanges) -> None:
        """As the asset does: one transaction."""
        self.recorded.append(changes)
        self.con.execute("begin")
        write_tracking(self.con, changes)
        self.con.execute("commit")

    def sync(self, client: PocketBaseClient, day: date = DAY, **options: Any) -> SyncReport:
        """Read, sync, record; all days where the server is verified."""
        options = {"min_authors": MIN_AUTHORS, "record": self.record} | options
        stored = read_publishing_input(self.con, None if options.get("verify") else day)
        return sync_day(stored, client, **options)
