"""Removing a target from the warehouse in one transaction, after which everything that stays is consistent.

Belongs here: rows, counts, labels, SQL models, tombstones, and the marks that make the next run and the next sync take
the rest up. Does not belong here: what the file keeps of deleted rows (``rewriting``), other stores.

Rows about an item are found by the schema itself: every table with a column ``url_hash`` has them. A table that is
added later is thus not forgotten here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from painpoint_platform.sql_models.later_days import remake_later_days
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.takedown.target import Target, set_aside
from painpoint_platform.warehouse.checks import Check, named_check, require, run_check
from painpoint_platform.warehouse.names import quoted
from painpoint_platform.warehouse.queries import fetch, query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Tombstones are what remains; what is published is removed there first, by the sync, which then forgets it here.
KEPT = frozenset({"ops.tombstones", "gold.live_issue_evidence"})
# Rows of a cluster go with the cluster itself, these two by rows of their own.
CLUSTERS, ASSIGNMENTS = "silver.clusters", "silver.cluster_assignments"
FACTS = ("sizes_match_assignments", "every_cluster_has_an_issue", "no_orphan_evidence")

TOMBSTONES = pl.Schema(
    {
        "kind": pl.String(),
        "url_hash": pl.String(),
        "author_hash": pl.String(),
        "source": pl.String(),
        "reason": pl.String(),
        "forgotten_at": pl.Datetime("us"),
    }
)


def bury(connection: "DuckDBPyConnection", target: Target, *, reason: str, now: datetime) -> int:
    """Write the target's tombstones; the caller commits. Returns how many there are.

    Args:
        connection: the warehouse, inside a transaction.
        target: what is forgotten.
        reason: why, in words.
        now: UTC without a zone.
    """
    rest = {"reason": reason, "forgotten_at": now}
    rows: list[dict[str, Any]] = [
        *({"kind": "item", "url_hash": page, "source": source, **rest} for page, source in target.items),
        *({"kind": "author", "author_hash": who, "source": source, **rest} for who, source in target.authors),
    ]
    with _views(connection, new_tombstones=pl.DataFrame(rows, schema=TOMBSTONES)):
        connection.execute(query_text("takedown/write_tombstones"))
    return len(rows)


def remove_rows(
    connection: "DuckDBPyConnection",
    target: Target,
    *,
    models: Sequence[SqlModel] = (),
    variables: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Remove a target from every table; the caller commits.

    Args:
        connection: the warehouse, inside a transaction.
        target: what is forgotten.
        models: SQL models; those that were ever made and read a changed table are brought up to date.
        variables: settings that SQL models read by ``getvariable``.

    Returns:
        Rows removed (or, of ``gold.issues``, also changed) by table; tables without any are left out.

    Raises:
        DataContractError: a fact about a day held before and would not afterwards.
        UserError: a SQL model cannot be brought up to date.
    """
    with _views(
        connection,
        forgotten_items=pl.DataFrame({"url_hash": target.url_hashes}, schema={"url_hash": pl.String}),
        forgotten_days=pl.DataFrame({"day": target.days}, schema={"day": pl.Date}),
        forgotten_labels=pl.DataFrame(
            target.labels, schema={"canonical_title": pl.String, "description": pl.String}, orient="row"
        ),
        forgotten_errors=pl.DataFrame({"error": target.errors}, schema={"error": pl.String}),
    ):
        held = [fact for fact in _facts(target.stale_days) if run_check(connection, fact).passed]
        with _views(
            connection,
            touched_clusters=fetch(connection, "takedown/touched_clusters"),
            touched_issues=fetch(connection, "takedown/touched_issues"),
            stale_days=pl.DataFrame({"day": target.stale_days}, schema={"day": pl.Date}),
        ):
            removed = _delete(connection, target)
            removed["gold.issues (labels)"] = _count(connection, query_text("takedown/take_labels"))
            connection.execute(query_text("takedown/correct_counts"))
            connection.execute(query_text("takedown/mark_stale"))
        _refresh_models(connection, target.stale_days, models, variables or {})
        require(connection, "takedown", held)
    return {table: count for table, count in removed.items() if count}


def _delete(connection: "DuckDBPyConnection", target: Target) -> dict[str, int]:
    removed = {}
    for table in _tables(connection, "url_hash"):
        condition = "url_hash in (select url_hash from forgotten_items)"
        removed[table] = _count(connection, f"delete from {quoted(table)} where {condition}")
    removed["bronze.rejected_items"] = sum(
        _delete_aside(connection, row) for row in set_aside(connection, target.url_hashes)
    )
    with _views(connection, emptied_clusters=fetch(connection, "takedown/empty_clusters")):
        for table in _tables(connection, "cluster_date", "cluster_id"):
            if table != ASSIGNMENTS:
                condition = "(cluster_date, cluster_id) in (select (cluster_date, cluster_id) from emptied_clusters)"
                removed[table] = removed.get(table, 0) + _count(
                    connection, f"delete from {quoted(table)} where {condition}"
                )
    return removed


def _tables(connection: "DuckDBPyConnection", *columns: str) -> list[str]:
    found = fetch(connection, "takedown/tables_with_columns", columns=list(columns))["table_name"].to_list()
    return [table for table in found if table not in KEPT]


def _delete_aside(connection: "DuckDBPyConnection", row: Mapping[str, Any]) -> int:
    where = " and ".join(f"{column} is not distinct from ${column}" for column in row)
    return _count(connection, f"delete from bronze.rejected_items where {where}", row)


def _count(connection: "DuckDBPyConnection", statement: str, values: Mapping[str, Any] | None = None) -> int:
    """Run a statement that changes rows and return how many."""
    row = connection.execute(statement, dict(values or {})).fetchone()
    return int(row[0]) if row else 0


def _facts(days: Sequence[date]) -> Iterator[Check]:
    for day in days:
        for name in FACTS:
            yield named_check(name, day=day)


def _refresh_models(
    connection: "DuckDBPyConnection", days: Sequence[date], models: Sequence[SqlModel], variables: Mapping[str, Any]
) -> None:
    made = set(_relations(connection))
    changed = {"bronze.raw_items", "bronze.collections", CLUSTERS, ASSIGNMENTS, "gold.issues", "gold.issue_evidence"}
    for model in models if days else ():
        sources = {dependency.table for dependency in model.header.depends_on}
        if sources.isdisjoint(changed) or model.table not in made:
            continue
        changed.add(model.table)
        for window in _windows(model, days):
            materialize(connection, model, window=window, variables=variables)
        remake_later_days(connection, model, min(days) + timedelta(days=1), variables=variables)


def _windows(model: SqlModel, days: Sequence[date]) -> list[Window | None]:
    if model.header.materialized != "incremental":
        return [None]
    return [Window(day, day + timedelta(days=1)) for day in days]


def _relations(connection: "DuckDBPyConnection") -> list[str]:
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database()"
    ).fetchall()
    return [name for (name,) in rows]


@contextmanager
def _views(connection: "DuckDBPyConnection", **frames: pl.DataFrame) -> Iterator[None]:
    """Let queries read frames by name while the block runs. After an error the rollback ends them."""
    for name, frame in frames.items():
        connection.register(name, frame)
    yield
    for name in frames:
        connection.unregister(name)
