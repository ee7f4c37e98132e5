"""The sync of a day's gold issues to PocketBase.

Belongs here: the order of a sync: plan, record the intent, send, record the outcome. Does not belong here: what is
published (``publishing_plan``), what came of it (``publishing_outcome``), the tables (``publishing_tables``), HTTP
(``pocketbase_*``).

Why nothing is lost or doubled: record ids are derived from keys, so sending twice is sending once; the intent is
tracked before the first request, so whatever may have reached the server is known; every sync also takes up what
earlier ones, of any day, left unfinished. A record deleted by hand on the server is noticed with ``verify``, or as soon
as new evidence of it is sent; a server that lost its collections gets everything again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.issues.pocketbase_client import OutageError, PocketBaseClient, RefusedError
from painpoint_platform.issues.pocketbase_collections import (
    COLLECTIONS,
    ensure_batches,
    ensure_collections,
    existing_ids,
    find_collections,
)
from painpoint_platform.issues.pocketbase_writes import Upsert, Write, send_writes
from painpoint_platform.issues.publishing_outcome import Outcome, SyncReport, report_of, tracking_after
from painpoint_platform.issues.publishing_payload import EVIDENCE, ISSUES
from painpoint_platform.issues.publishing_plan import SyncPlan, plan_sync
from painpoint_platform.issues.publishing_tables import PublishingInput, TrackingChanges


def sync_day(
    stored: PublishingInput,
    client: PocketBaseClient,
    *,
    min_authors: int,
    record: Callable[[TrackingChanges], None],
    verify: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SyncReport:
    """Bring PocketBase to what gold says about a day. Nothing is requested and recorded when nothing changed.

    Args:
        stored: the day, from ``read_publishing_input``; no lock has to be held any more.
        client: opened by its first request; closing it is the caller's.
        min_authors: an issue needs this many distinct authors to be published.
        record: writes tracking changes in one transaction (``write_tracking``). Called before the first write is sent
            and after the last, never in between.
        verify: first look which of the tracked records are really there, and send the missing ones again.
        now: the clock.

    Returns:
        The report. A server that is down or dies is no error but the report's ``outage``: what is missing follows with
        the next sync.

    Raises:
        UserError: a person must mend something (password, address, a field's type); the attempt is tracked.
    """
    before = client.request_count
    outcome = Outcome()
    if verify:
        with _until_stopped(outcome):
            stored = _as_found(client, stored)
    plan = plan_sync(stored, min_authors=min_authors)
    if plan.works:
        record(plan.intent())
        with _until_stopped(outcome):
            found = find_collections(client)
            if len(found) < len(COLLECTIONS):
                # A new server, or one that was emptied: what is tracked, of this and all other days, is not there.
                record(TrackingChanges(forget_hashes=True))
                if stored.live_issues.height:
                    stored = _forgotten(stored)
                    plan = plan_sync(stored, min_authors=min_authors)
            ensure_collections(client, found)
            _send(client, plan, outcome)
        record(tracking_after(plan, outcome, stored.live_evidence, now().astimezone(UTC).replace(tzinfo=None)))
    if isinstance(outcome.stopped, UserError):
        raise outcome.stopped
    return report_of(plan, outcome, requests=client.request_count - before)


@contextmanager
def _until_stopped(outcome: Outcome) -> Iterator[None]:
    """Keep the error that ends this step early, so that what was achieved is recorded first."""
    try:
        yield
    except (OutageError, RefusedError, UserError) as error:
        outcome.stopped = error


def _send(client: PocketBaseClient, plan: SyncPlan, outcome: Outcome) -> None:
    """Removals first, so that a takedown never waits; then issues; then the evidence of those that the server took."""
    limits = ensure_batches(client)
    if not limits.requests:
        outcome.notes.append(f"{client.shown_url} takes no batches: records are sent one by one")
    removals: list[Write] = []
    for work in plan.works:
        if work.is_removal and work.write:
            removals.append(work.write)
        else:
            removals.extend(work.stale.values())
    outcome.add(send_writes(client, removals, limits))
    outcome.add(send_writes(client, [work.write for work in plan.works if isinstance(work.write, Upsert)], limits))
    evidence = [item.write for work in plan.works if not outcome.problem(work.write) for item in work.evidence]
    outcome.add(send_writes(client, evidence, limits))


def _as_found(client: PocketBaseClient, stored: PublishingInput) -> PublishingInput:
    """What is tracked, with the records marked as unknown that the server does not have."""

    def checked(frame: pl.DataFrame, collection: str) -> pl.DataFrame:
        is_there = pl.col("remote_id").is_in(existing_ids(client, collection))
        return frame.with_columns(payload_hash=pl.when(is_there).then("payload_hash"))

    return replace(
        stored,
        live_issues=checked(stored.live_issues, ISSUES),
        live_evidence=checked(stored.live_evidence, EVIDENCE),
    )


def _forgotten(stored: PublishingInput) -> PublishingInput:
    unknown = pl.lit(None, pl.String).alias("payload_hash")
    return replace(
        stored,
        live_issues=stored.live_issues.with_columns(unknown),
        live_evidence=stored.live_evidence.with_columns(unknown),
    )
