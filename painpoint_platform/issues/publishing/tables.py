"""The warehouse's side of publishing: what a sync reads and the tracking rows it leaves.

Belongs here: reading a day's input under a read lock, the shape of the tracking tables, writing them in the caller's
transaction. Does not belong here: what follows from the rows (``plan``), PocketBase.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from painpoint_platform.warehouse.queries import fetch, query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIVE_ISSUES = pl.Schema(
    {
        "issue_key": pl.String(),
        "cluster_date": pl.Date(),
        "remote_id": pl.String(),
        "payload_hash": pl.String(),
        "synced_at": pl.Datetime("us"),
        "attempts": pl.Int32(),
        "last_error": pl.String(),
    }
)
LIVE_EVIDENCE = pl.Schema(
    {
        "issue_key": pl.String(),
        "url_hash": pl.String(),
        "remote_id": pl.String(),
        "payload_hash": pl.String(),
        "synced_at": pl.Datetime("us"),
    }
)
REMOVED_ISSUES = pl.Schema({"issue_key": pl.String()})
REMOVED_EVIDENCE = pl.Schema({"issue_key": pl.String(), "url_hash": pl.String()})


@dataclass(frozen=True, slots=True)
class PublishingInput:
    """What a sync needs to know of the warehouse, for the issues it has to look at.

    Attributes:
        issues: their rows of ``gold.issues`` on all days.
        evidence: their rows of ``gold.issue_evidence`` on all days with a label, each item once.
        live_issues: their rows of ``gold.live_issues``. ``payload_hash`` is null where it is unknown what the server
            holds.
        live_evidence: their rows of ``gold.live_issue_evidence``, likewise.
    """

    issues: pl.DataFrame
    evidence: pl.DataFrame
    live_issues: pl.DataFrame
    live_evidence: pl.DataFrame


@dataclass(frozen=True, slots=True)
class TrackingChanges:
    """Changes to the tracking tables, to be written in one transaction.

    Attributes:
        issues: rows of ``gold.live_issues`` to insert or replace.
        evidence: rows of ``gold.live_issue_evidence`` to insert or replace.
        removed_issues: column ``issue_key``: no longer published, and with them their evidence.
        removed_evidence: columns ``issue_key``, ``url_hash``: no longer published.
        forget_hashes: first mark every tracked row as unknown on the server.
    """

    issues: pl.DataFrame = field(default_factory=LIVE_ISSUES.to_frame)
    evidence: pl.DataFrame = field(default_factory=LIVE_EVIDENCE.to_frame)
    removed_issues: pl.DataFrame = field(default_factory=REMOVED_ISSUES.to_frame)
    removed_evidence: pl.DataFrame = field(default_factory=REMOVED_EVIDENCE.to_frame)
    forget_hashes: bool = False


def read_publishing_input(connection: "DuckDBPyConnection", day: date | None) -> PublishingInput:
    """Read what the sync of ``day`` needs, None for all days; five short queries, nothing stays open."""
    found = fetch(connection, "publishing/keys", day=day) if day else fetch(connection, "publishing/all_keys")
    keys = found["issue_key"].to_list()
    return PublishingInput(
        issues=fetch(connection, "publishing/issues", keys=keys),
        evidence=fetch(connection, "publishing/evidence", keys=keys),
        live_issues=fetch(connection, "publishing/live_issues", keys=keys).cast(LIVE_ISSUES),
        live_evidence=fetch(connection, "publishing/live_evidence", keys=keys).cast(LIVE_EVIDENCE),
    )


def write_tracking(connection: "DuckDBPyConnection", changes: TrackingChanges) -> None:
    """Apply the changes; the transaction is the caller's."""
    if changes.forget_hashes:
        connection.execute(query_text("publishing/forget_hashes"))
    frames = {
        "changed_issues": changes.issues,
        "changed_evidence": changes.evidence,
        "removed_issues": changes.removed_issues,
        "removed_evidence": changes.removed_evidence,
    }
    for name, frame in frames.items():
        connection.register(name, frame)
    try:
        connection.execute(query_text("publishing/write"))
    finally:
        for name in frames:
            connection.unregister(name)
