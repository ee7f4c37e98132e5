"""What the report reads of the warehouse: all of it at once, so that the warehouse is held for a moment only.

Belongs here: which queries there are (``dbt_like_sql/queries/report``), the columns that pages rely on, and the day.
Does not belong here: what the pages are given (``overview`` and its neighbours).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.confidence import LOW_CONFIDENCE
from painpoint_platform.warehouse.queries import fetch, query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAYS_BACK = 30
# Bounds of memory and time; what the folder has room for is decided by size (``sizes``).
MOST_ISSUES = 3_000
MOST_POSTS_OF_AN_ISSUE = 40
MOST_MAP_ITEMS = 20_000

_MOST = {"details": MOST_ISSUES, "evidence": MOST_POSTS_OF_AN_ISSUE, "map_items": MOST_MAP_ITEMS}
_SHOWN = ("issue_key", "cluster_date", "key")
# By these columns rows are joined and compared, also rows of a table that was never made.
_KEYS = {
    "issue_key": pl.String(), "key": pl.String(), "cluster_date": pl.Date(), "cluster_id": pl.Int32(),
    "cluster_ids": pl.List(pl.Int32()), "day": pl.String(), "transcript": pl.String(), "corpus": pl.String(),
    "id": pl.String(),
}  # fmt: skip

# Queries whose title is null where no model could label the issue -> what names it then.
_NAMED_BY = {"issues": "key", "details": "key", "map_clusters": "key", "painpoints": "id"}
UNLABELLED = "unlabelled"  # as gold.category_daily calls the category of such issues

_TABLE = re.compile(r"\b(?:bronze|silver|gold|ops)\.[a-z_]+")
_COMMENT = re.compile(r"--.*")

# Query -> its columns. They stand here too because a table that no run has made yet is read as one without rows.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "days": ("day",),
    "facts": ("items", "clustered_items", "issues", "new", "growing", "emerging", "sources"),
    "issues": (
        "key", "title", "category", "impact", "state", "emerging", "items", "authors", "negativity", "would_pay",
        "publishable", "first_seen", "growth", "sources", "recent",
    ),
    "category_daily": ("day", "category", "issues", "new", "growing", "items", "impact", "negativity"),
    "sources": ("source", "items", "issues", "noise_share", "is_partial", "partial_reason"),
    "painpoints": (
        "kind", "id", "title", "item_count", "first_seen", "last_seen", "negativity", "evidence_url",
    ),
    "details": (
        "issue_key", "cluster_date", "key", "title", "title_by", "model_title", "category", "description", "level",
        "impact", "would_pay", "muted", "publishable", "model", "prompt_version", "state", "growth", "growth_low",
        "growth_high", "surprise", "first_seen", "last_seen", "negativity", "negativity_width", "intensity",
        "intensity_width", "willingness", "willingness_width", "sources", "items", "authors",
        "cluster_authors", "engagement",
    ),
    "evidence": (
        "key", "url", "source", "title", "snippet", "quote", "created_at", "votes", "comments", "representative",
        "negativity", "place",
    ),
    "history": ("key", "day", "items", "authors", "impact", "growth", "state", "place"),
    "lineage": ("key", "day", "relation", "similarity", "previous"),
    "decisions": ("key", "at", "by", "kind", "title", "target", "posts", "reason"),
    "map_clusters": ("cluster_ids", "key", "title", "category", "items", "impact", "state", "x", "y"),
    "map_items": ("x", "y", "cluster_id", "title", "place"),
    "courses": ("corpus", "code", "title", "colleges"),
    "themes": ("corpus", "id", "theme", "label", "description", "posts"),
    "course_clusters": ("corpus", "id", "course", "theme", "summary", "posts"),
    "course_snippets": ("corpus", "id", "post_id", "text", "place"),
    "calls": (
        "transcript", "ticker", "call_date", "exchanges", "analysts", "questions", "executives", "lowest_confidence",
        "low_confidence_exchanges", "analyst_names",
    ),
    "exchanges": (
        "transcript", "id", "analyst", "firm", "executives", "question", "answer", "question_count", "confidence",
        "low_confidence", "method",
    ),
    "costs": (
        "day", "task", "model", "calls", "cached", "failed", "prompt_tokens", "completion_tokens", "cost_usd",
        "unpriced",
    ),
}  # fmt: skip

_OF_ANY_DAY = (
    "painpoints", "courses", "themes", "course_clusters", "course_snippets", "calls", "exchanges", "costs",
)  # fmt: skip
_OF_THE_DAY = ("facts", "issues", "category_daily", "sources", "details", "map_clusters", "map_items")
_OF_THE_ISSUES = ("evidence", "history", "lineage", "decisions")


@dataclass(frozen=True)
class Contents:
    """Everything that a report tells.

    Attributes:
        day: the day that it is about; None when no day has issues yet.
        days: all days that have issues, the oldest first.
        rows: the rows of each query of ``COLUMNS``, by its name.
    """

    day: date | None
    days: tuple[date, ...]
    rows: Mapping[str, pl.DataFrame]


def read_contents(connection: "DuckDBPyConnection", day: date | None = None) -> Contents:
    """Read what a report tells, in one go.

    Args:
        connection: the warehouse, open for reading.
        day: the day that the report is about; None = the latest that has issues.

    Raises:
        UserError: the day has no issues; says which days have.
    """
    present = _tables(connection)
    days = days_with_issues(connection)
    if day is not None and day not in days:
        span = f"those from {days[0]} to {days[-1]} do" if days else "no day has any yet"
        raise UserError(f"{day} has no issues, {span}; run that day with `painpoint run --date {day}`")
    chosen = day or max(days, default=None)
    up_to = [one for one in days if chosen is not None and one <= chosen][-DAYS_BACK:]
    values = {"day": chosen, "first": up_to[0] if up_to else None, "low_confidence": LOW_CONFIDENCE}
    rows = {name: _rows(connection, name, present, values) for name in (*_OF_ANY_DAY, *_OF_THE_DAY)}
    connection.register("report_issues", rows["details"].select(*_SHOWN).with_row_index("position"))
    rows |= {name: _rows(connection, name, present, values) for name in _OF_THE_ISSUES}
    connection.unregister("report_issues")
    return Contents(chosen, days, rows)


def days_with_issues(connection: "DuckDBPyConnection") -> tuple[date, ...]:
    """Return the days that a report can be about, the oldest first."""
    return tuple(_rows(connection, "days", _tables(connection), {})["day"])


def columnar(rows: pl.DataFrame) -> dict[str, list[Any]]:
    """Return rows as the pages take them: an object of equally long arrays."""
    return rows.to_dict(as_series=False)


def _rows(
    connection: "DuckDBPyConnection", name: str, present: frozenset[str], values: Mapping[str, Any]
) -> pl.DataFrame:
    columns = COLUMNS[name]
    text = _statement(name)
    if not present.issuperset(_TABLE.findall(text)):
        return pl.DataFrame(schema={column: _KEYS.get(column, pl.Null()) for column in columns})
    bound = {**values, "most": _MOST.get(name)}
    used = {key: value for key, value in bound.items() if re.search(rf"\${key}\b", text)}
    rows = fetch(connection, f"report/{name}", **used).select(columns)
    return _named(rows, _NAMED_BY[name]) if name in _NAMED_BY else rows


def _named(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows whose title or category is unknown can still be told apart, searched and opened."""
    name = pl.format("Unlabelled {}", pl.col(key).str.slice(0, 16))
    unknown = {"title": name, "category": pl.lit(UNLABELLED)}
    return rows.with_columns(
        pl.coalesce(column, value).alias(column) for column, value in unknown.items() if column in rows.columns
    )


@cache
def _statement(name: str) -> str:
    return _COMMENT.sub("", query_text(f"report/{name}"))


def _tables(connection: "DuckDBPyConnection") -> frozenset[str]:
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database()"
    ).fetchall()
    return frozenset(name for (name,) in found)
