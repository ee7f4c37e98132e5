"""The sync of a day's gold issues to PocketBase.

Belongs here: the order of a sync: plan, record the intent, send, record the outcome. Does not belong here: what is
published (``plan``), what came of it (``outcome``), the tables (``tables``), HTTP
(``pocketbase_*``).

Why nothing is lost or doubled: record ids are derived from keys, so sending twice is sending once; the intent is
tracked before the first request, so whatever may have reached the server is known; every sync also takes up what
earlier ones, of any day, left unfinished. A server that lost its collections gets everything again.

Gold wins over what somebody does on the server by hand: a record is sent whole whenever something of it changed, and
``verify`` compares every record. A sync of a day does not, so that a repeat sends no request at all.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.outcome import Outcome, SyncReport, report_of, tracking_after
from painpoint_platform.issues.publishing.payload import EVIDENCE, ISSUES
from painpoint_platform.issues.publishing.plan import SyncPlan, plan_sync
from painpoint_platform.issues.publishing.pocketbase_client import OutageError, PocketBaseClient, RefusedError
from painpoint_platform.issues.publishing.pocketbase_collections import (
    COLLECTIONS,
    ensure_batches,
    ensure_collections,
    existing_records,
    find_collections,
)
from painpoint_platform.issues.publishing.pocketbase_writes import Delete, Upsert, Write, send_writes
from painpoint_platform.issues.publishing.tables import PublishingInput, TrackingChanges
from painpoint_platform.wording import counted


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
        stored: the day, from ``read_publishing_input``; no lock has to be held any more. All days for ``verify``.
        client: opened by its first request; closing it is the caller's.
        min_authors: an issue needs this many distinct authors to be published.
        record: writes tracking changes in one transaction (``write_tracking``). Called before the first write is sent
            and after the last, never in between.
        verify: first compare what is there with what should be, record by record; what differs or is missing is sent
            again, and what gold does not know is removed.
        now: the clock.

    Returns:
        The report. A server that is down or dies is no error but the report's ``outage``: what is missing follows with
        the next sync.

    Raises:
        UserError: a person must mend something (password, address, a field's type); the attempt is tracked.
    """
    before = client.request_count
    outcome = Outcome()
    foreign: tuple[Delete, ...] = ()
    if verify:
        with _until_stopped(outcome):
            stored, foreign = _as_found(client, stored, min_authors)
    plan = replace(plan_sync(stored, min_authors=min_authors), foreign=foreign)
    if plan.works or plan.foreign:
        record(plan.intent())
        with _until_stopped(outcome):
            found = find_collections(client)
            if len(found) < len(COLLECTIONS):
                # A new server, or one that was emptied: what is tracked, of this and all other days, is not there.
                record(TrackingChanges(forget_hashes=True))
                if stored.live_issues.height:
                    stored = _forgotten(stored)
                    plan = replace(plan_sync(stored, min_authors=min_authors), foreign=foreign)
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
    removals: list[Write] = [*plan.foreign]
    for work in plan.works:
        if work.is_removal and work.write:
            removals.append(work.write)
        else:
            removals.extend(work.stale.values())
    outcome.add(send_writes(client, removals, limits))
    outcome.add(send_writes(client, [work.write for work in plan.works if isinstance(work.write, Upsert)], limits))
    evidence = [item.write for work in plan.works if not outcome.problem(work.write) for item in work.evidence]
    outcome.add(send_writes(client, evidence, limits))


def _as_found(
    client: PocketBaseClient, stored: PublishingInput, min_authors: int
) -> tuple[PublishingInput, tuple[Delete, ...]]:
    """Return what is tracked as it is on the server, and the removals of what is there without reason.

    A record that is not what it should be counts as unknown, like one that is missing, and so is sent again.

    Raises:
        UserError: the warehouse knows of no issue at all, so everything there would go: it is rather the wrong one.
    """
    everything = plan_sync(_forgotten(stored), min_authors=min_authors).works
    wanted = [write for work in everything for write in (work.write, *(item.write for item in work.evidence))]
    upserts = {write.record_id: write for write in wanted if isinstance(write, Upsert)}
    foreign: list[Delete] = []

    def checked(frame: pl.DataFrame, collection: str) -> pl.DataFrame:
        found = existing_records(client, collection)
        known = {*upserts, *frame["remote_id"]}
        foreign.extend(Delete(collection, record_id) for record_id in found if record_id not in known)
        right = [key for key, record in found.items() if key not in upserts or _is_as_sent(upserts[key], record)]
        return frame.with_columns(payload_hash=pl.when(pl.col("remote_id").is_in(right)).then("payload_hash"))

    as_found = replace(
        stored,
        live_issues=checked(stored.live_issues, ISSUES),
        live_evidence=checked(stored.live_evidence, EVIDENCE),
    )
    if foreign and stored.issues.is_empty() and stored.live_issues.is_empty():
        raise UserError(
            f"this warehouse has no issues and has never published one, but {client.shown_url} has "
            f"{counted(len(foreign), 'record')}: nothing was removed. Check DATA_DIR, WAREHOUSE_PATH and POCKETBASE_URL"
        )
    return as_found, tuple(foreign)


def _is_as_sent(sent: Upsert, record: Mapping[str, Any]) -> bool:
    # PocketBase keeps a null as the empty value of the field's type.
    return all(
        record.get(name) == value or (value is None and not record.get(name)) for name, value in sent.fields.items()
    )


def _forgotten(stored: PublishingInput) -> PublishingInput:
    unknown = pl.lit(None, pl.String).alias("payload_hash")
    return replace(
        stored,
        live_issues=stored.live_issues.with_columns(unknown),
        live_evidence=stored.live_evidence.with_columns(unknown),
    )
