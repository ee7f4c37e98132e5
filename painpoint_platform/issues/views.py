"""What a person wants to see of a partition that was just committed: facts, the first rows, pictures.

Belongs here: reading a committed partition back and choosing what to show. Does not belong here: how Dagster renders it
(``layers``), drawing (``plots``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from painpoint_platform.views import PREVIEW_ROWS, Fact, View, first_rows, picture
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    import polars as pl

    from painpoint_platform.issues.days import Labelled
    from painpoint_platform.issues.publishing.outcome import SyncReport
    from painpoint_platform.warehouse.access import Warehouse


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
    lineage: View
    quotes: View


def raw_items(warehouse: "Warehouse", source: str, day: date) -> View:
    """Show what was collected of one source's day."""
    with warehouse.read() as connection:
        summary = fetch(connection, "views/collection", source=source, day=day).row(0, named=True)
        preview = fetch(connection, "views/raw_items", source=source, day=day, rows=PREVIEW_ROWS)
    facts = {name: value for name, value in summary.items() if name != "item_count" and value is not None}
    return View(summary["item_count"], facts, *first_rows(preview))


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
            "cluster_sizes": picture(plot_cluster_sizes(sizes, noise), f"Cluster sizes of {day}"),
            "cluster_map": picture(plot_cluster_map(points, titles=_titles(overview)), f"Map of {day}"),
        }
    preview = first_rows(overview)
    return ClustersView(
        View(overview.height, facts, *preview, pictures),
        View(points.height, {"noise_items": noise}, *first_rows(points)),
    )


def issues(warehouse: "Warehouse", day: date, labelled: "Labelled") -> IssuesView:
    """Show a day's issues by impact, and what labelling them cost."""
    with warehouse.read() as connection:
        top = fetch(connection, "views/issues", day=day)
        evidence = fetch(connection, "views/evidence", day=day)
        lineage = fetch(connection, "views/lineage", day=day)
        quotes = fetch(connection, "views/quotes", day=day)
    facts: dict[str, Fact] = {
        "labels_reused": labelled.reused,
        "labels_asked": labelled.asked,
        "labels_failed": labelled.failed,
        **({} if labelled.totals is None else labelled.totals.facts()),
    }
    return IssuesView(
        View(top.height, facts, *first_rows(top)),
        View(evidence.height, {}, *first_rows(evidence)),
        View(
            lineage.height, dict(lineage["relation"].value_counts().sort("relation").iter_rows()), *first_rows(lineage)
        ),
        View(quotes.height, {}, *first_rows(quotes)),
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
    return View(tracked.height, facts, *first_rows(tracked))


def nothing_published(warehouse: "Warehouse") -> View:
    """Show that no store of live issues is set, and what one has from before."""
    with warehouse.read() as connection:
        tracked = fetch(connection, "views/live_issues")
    return View(tracked.height, {"published": "no: POCKETBASE_URL is not set"}, *first_rows(tracked))


def shortfall(report: "SyncReport") -> str:
    """Return in one sentence what a sync left undone."""
    reason = report.outage or "; ".join(report.notes) or "see gold.live_issues.last_error"
    return f"{report.failed} issues and {report.evidence_failed} evidence items are not in PocketBase yet: {reason}"


def _titles(overview: "pl.DataFrame") -> dict[int, str]:
    return dict(zip(overview["cluster_id"], overview["most_central_title"], strict=True))
