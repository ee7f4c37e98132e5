"""What a person wants to see of a partition that was just committed: facts, the first rows, pictures.

Belongs here: reading a committed partition back and choosing what to show. Does not belong here: how Dagster renders it
(``assets``), drawing (``plots``).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    import polars as pl

    from painpoint_platform.issues.days import Labelled, Warehouse
    from painpoint_platform.issues.publishing_outcome import SyncReport

PREVIEW_ROWS = 10

Fact = int | float | str


@dataclass(frozen=True)
class View:
    """What is shown of one table's partition.

    Attributes:
        row_count: rows of the partition.
        facts: name -> number or short text.
        preview: the first rows, each {column: value}; values are text, numbers, booleans or None.
        preview_types: column -> type, in the order of display.
        pictures: name -> Markdown with an inline image.
    """

    row_count: int
    facts: Mapping[str, Fact] = field(default_factory=dict)
    preview: Sequence[Mapping[str, Any]] = ()
    preview_types: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClustersView:
    """A day of silver."""

    clusters: View
    assignments: View


@dataclass(frozen=True)
class IssuesView:
    """A day of gold."""

    issues: View
    evidence: View


def raw_items(warehouse: "Warehouse", source: str, day: date) -> View:
    """Show what was collected of one source's day."""
    with warehouse.read() as connection:
        summary = fetch(connection, "views/collection", source=source, day=day).row(0, named=True)
        preview = fetch(connection, "views/raw_items", source=source, day=day, rows=PREVIEW_ROWS)
    facts = {name: value for name, value in summary.items() if name != "item_count" and value is not None}
    return View(summary["item_count"], facts, *_preview(preview))


def partial_collections(warehouse: "Warehouse", partitions: Sequence[tuple[str, date]]) -> list[str]:
    """Return a sentence for each (source, day) that could not be read to its end."""
    with warehouse.read() as connection:
        found = fetch(connection, "views/partial_collections").iter_rows(named=True)
    wanted = set(partitions)
    return [
        f"{row['collection_date']}|{row['source']}: {row['partial_reason']}"
        for row in found
        if (row["source"], row["collection_date"]) in wanted
    ]


def clusters(warehouse: "Warehouse", day: date) -> ClustersView:
    """Show a day's clusters: sizes and the map of its items as pictures, the largest clusters as a table."""
    from painpoint_platform.issues.plots import plot_cluster_map, plot_cluster_sizes

    with warehouse.read() as connection:
        overview = fetch(connection, "views/clusters", day=day)
        points = fetch(connection, "views/cluster_map", day=day)
    noise = int((points["cluster_id"] == -1).sum())
    sizes = overview["items"].to_list()
    facts: dict[str, Fact] = {
        "items": points.height,
        "clusters": overview.height,
        "noise_items": noise,
        "coverage": round(1 - noise / points.height, 4) if points.height else 0.0,
        "attached_items": int((points["membership"] == "attached").sum()),
    }
    pictures = {}
    if overview.height:
        pictures = {
            "cluster_sizes": _picture(plot_cluster_sizes(sizes, noise), f"Cluster sizes of {day}"),
            "cluster_map": _picture(plot_cluster_map(points, titles=_titles(overview)), f"Map of {day}"),
        }
    preview = _preview(overview.head(PREVIEW_ROWS))
    return ClustersView(
        View(overview.height, facts, *preview, pictures),
        View(points.height, {"noise_items": noise}, *_preview(points.head(PREVIEW_ROWS))),
    )


def issues(warehouse: "Warehouse", day: date, labelled: "Labelled") -> IssuesView:
    """Show a day's issues by impact, and what labelling them cost."""
    with warehouse.read() as connection:
        top = fetch(connection, "views/issues", day=day)
        evidence = fetch(connection, "views/evidence", day=day)
    facts: dict[str, Fact] = {
        "labels_reused": labelled.reused,
        "labels_asked": labelled.asked,
        "labels_failed": labelled.failed,
        **({} if labelled.totals is None else labelled.totals.facts()),
    }
    return IssuesView(
        View(top.height, facts, *_preview(top.head(PREVIEW_ROWS))),
        View(evidence.height, {}, *_preview(evidence.head(PREVIEW_ROWS))),
    )


def live_issues(warehouse: "Warehouse", report: "SyncReport") -> View:
    """Show what a sync did and what PocketBase has now."""
    with warehouse.read() as connection:
        tracked = fetch(connection, "views/live_issues")
    facts: dict[str, Fact] = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "failed": report.failed,
        "withheld_for_few_authors": report.withheld,
        "evidence_sent": report.evidence_sent,
        "requests": report.requests,
        **({"outage": report.outage} if report.outage else {}),
        **({"notes": "; ".join(report.notes)} if report.notes else {}),
    }
    return View(tracked.height, facts, *_preview(tracked.head(PREVIEW_ROWS)))


def shortfall(report: "SyncReport") -> str:
    """Return in one sentence what a sync left undone."""
    reason = report.outage or "; ".join(report.notes) or "see gold.live_issues.last_error"
    return f"{report.failed} issues and {report.evidence_failed} evidence items are not in PocketBase yet: {reason}"


def _titles(overview: "pl.DataFrame") -> dict[int, str]:
    return dict(zip(overview["cluster_id"], overview["most_central_title"], strict=True))


def _preview(frame: "pl.DataFrame") -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the rows as plain values, with dates as text: Dagster's tables hold nothing else."""
    import polars as pl
    import polars.selectors as cs

    plain = frame.with_columns((cs.temporal() | cs.nested()).cast(pl.String), cs.float().round(4))
    types = {
        name: "int" if kind.is_integer() else "float" if kind.is_float() else "bool" if kind == pl.Boolean else "string"
        for name, kind in plain.schema.items()
    }
    return plain.to_dicts(), types


def _picture(png: bytes, title: str) -> str:
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"
