"""Which writes bring PocketBase from what is tracked to what gold says. Pure: frames in, plan out.

Belongs here: which issues may be published, which row of which day speaks for an issue, what changed since the last
sync. Does not belong here: reading and writing the warehouse (``tables``), sending (``pocketbase_writes``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from painpoint_platform.issues.publishing.payload import (
    EVIDENCE,
    ISSUES,
    evidence_fields,
    evidence_record_id,
    issue_fields,
    issue_record_id,
    payload_hash,
    redact_fields,
)
from painpoint_platform.issues.publishing.pocketbase_writes import Delete, Upsert, Write
from painpoint_platform.issues.publishing.tables import (
    LIVE_EVIDENCE,
    LIVE_ISSUES,
    PublishingInput,
    TrackingChanges,
)

UNFINISHED = "a sync was started and did not end"


@dataclass(frozen=True, slots=True)
class EvidenceWork:
    """One evidence item to send: the write, and what is tracked once it succeeded."""

    url_hash: str
    payload_hash: str
    write: Upsert


@dataclass(frozen=True, slots=True)
class IssueWork:
    """Everything that is to be done about one issue.

    Attributes:
        issue_key: the issue.
        cluster_date: day of the row that speaks for it.
        payload_hash: of the desired record; None when the record is to be removed.
        write: the record's upsert or removal, None when the record itself is as desired.
        evidence: items to send.
        stale: items that shall no longer be there, by ``url_hash``; those of a removed issue go with it, in cascade.
        published_before: an earlier sync had sent the record.
        synced_at: the last success, UTC without a zone.
        attempts: syncs since the last success, this one not counted.
    """

    issue_key: str
    cluster_date: date
    payload_hash: str | None
    write: Upsert | Delete | None
    evidence: tuple[EvidenceWork, ...]
    stale: Mapping[str, Delete]
    published_before: bool
    synced_at: datetime | None
    attempts: int

    @property
    def is_removal(self) -> bool:
        """The issue shall no longer be there."""
        return self.payload_hash is None

    def evidence_writes(self) -> Iterator[tuple[str, Write]]:
        """Yield every evidence item that the work touches, by ``url_hash``."""
        yield from ((item.url_hash, item.write) for item in self.evidence)
        yield from self.stale.items()


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """The work of a sync; empty ``works`` means that nothing at all is to be done.

    Attributes:
        works: one an issue that needs something.
        unchanged: published issues that need nothing.
        unchanged_evidence: published evidence items that need nothing.
        withheld: labelled issues that too few distinct authors reported.
        foreign: removals of records that are there and that gold does not know.
        masked: what redaction masked in the payloads to send, by kind.
    """

    works: tuple[IssueWork, ...]
    unchanged: int
    unchanged_evidence: int
    withheld: int
    foreign: tuple[Delete, ...] = ()
    masked: Mapping[str, int] = field(default_factory=dict)

    def intent(self) -> TrackingChanges:
        """Return the tracking rows to write *before* anything is sent.

        They mark what the plan touches as unknown on the server. Should the process die while sending, the next sync
        sends it again, to the same ids, and removes what is no longer wanted: nothing published is ever untracked.
        """
        issues = [
            {
                "issue_key": work.issue_key,
                "cluster_date": work.cluster_date,
                "remote_id": issue_record_id(work.issue_key),
                "synced_at": work.synced_at,
                "attempts": work.attempts + 1,
                "last_error": UNFINISHED,
            }
            for work in self.works
        ]
        evidence = [
            {"issue_key": work.issue_key, "url_hash": url_hash, "remote_id": write.record_id}
            for work in self.works
            for url_hash, write in work.evidence_writes()
        ]
        return TrackingChanges(
            issues=pl.DataFrame(issues, schema=LIVE_ISSUES), evidence=pl.DataFrame(evidence, schema=LIVE_EVIDENCE)
        )


def plan_sync(stored: PublishingInput, *, min_authors: int) -> SyncPlan:
    """Compare what gold says with what is tracked.

    An issue's latest day with a label speaks for it, so that a backfill of an old day never overwrites a newer one and
    a day that could not be labelled takes nothing down. It is published when there is such a day, nobody muted it, and
    its evidence has at least ``min_authors`` distinct authors over all its days; an issue that is tracked and may no
    longer be published is removed.
    """
    latest = _latest_rows(stored.issues, stored.evidence)
    labelled = latest.filter(~pl.col("label_failed") & ~pl.col("muted").fill_null(value=False))
    wanted = labelled.filter(pl.col("author_count") >= min_authors)
    evidence = _by_issue(stored.evidence.join(wanted, on="issue_key", how="semi"))
    tracked = {row["issue_key"]: row for row in stored.live_issues.iter_rows(named=True)}
    tracked_evidence = _by_issue(stored.live_evidence)

    masked: Counter[str] = Counter()
    works: list[IssueWork] = []
    unchanged_evidence = 0
    for row in wanted.iter_rows(named=True):
        key = row["issue_key"]
        items, known_items = evidence.get(key, []), tracked_evidence.get(key, [])
        work = _publish(row, items, tracked.get(key), known_items, masked)
        unchanged_evidence += len(items) - len(work.evidence)
        if _is_needed(work, tracked.get(key)):
            works.append(work)
    unchanged = wanted.height - len(works)
    gone = stored.live_issues.join(wanted, on="issue_key", how="anti")
    works.extend(_remove(row, tracked_evidence.get(row["issue_key"], [])) for row in gone.iter_rows(named=True))
    return SyncPlan(tuple(works), unchanged, unchanged_evidence, labelled.height - wanted.height, masked=masked)


def _latest_rows(issues: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """One row an issue, of its latest day with a label, with what its evidence and its other days add.

    Two clusters of a day can be one issue: the larger one speaks then, and the evidence of both counts.
    """
    days = issues.group_by("issue_key").agg(
        first_seen=pl.col("cluster_date").min(), last_seen=pl.col("cluster_date").max()
    )
    support = evidence.group_by("issue_key").agg(
        evidence_count=pl.len(),
        author_count=pl.col("author_hash").drop_nulls().n_unique(),
        sources=pl.col("source").sort().value_counts(sort=False),
    )
    return (
        issues.join(days, on="issue_key")
        .sort(
            "issue_key",
            "label_failed",
            "cluster_date",
            "cluster_size",
            "cluster_id",
            descending=[False, False, True, True, False],
        )
        .unique("issue_key", keep="first", maintain_order=True)
        .join(support, on="issue_key", maintain_order="left")
    )


def _by_issue(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    return frame.rows_by_key("issue_key", named=True, include_key=True)


def _publish(
    row: Mapping[str, Any],
    items: list[dict[str, Any]],
    known: Mapping[str, Any] | None,
    known_items: list[dict[str, Any]],
    masked: Counter[str],
) -> IssueWork:
    key = row["issue_key"]
    fields = issue_fields(row)
    wanted_hash = payload_hash(fields)
    same = known is not None and known["payload_hash"] == wanted_hash
    known_hashes = {item["url_hash"]: item["payload_hash"] for item in known_items}
    wanted_urls = {item["url_hash"] for item in items}
    return IssueWork(
        issue_key=key,
        cluster_date=row["cluster_date"],
        payload_hash=wanted_hash,
        write=None if same else Upsert(ISSUES, issue_record_id(key), redact_fields(fields, masked)),
        evidence=tuple(_changed_evidence(items, known_hashes, masked)),
        stale=_deletions(key, known_hashes.keys() - wanted_urls),
        published_before=known is not None and known["synced_at"] is not None,
        synced_at=known["synced_at"] if known else None,
        attempts=known["attempts"] if known else 0,
    )


def _changed_evidence(
    items: list[dict[str, Any]], known_hashes: Mapping[str, str | None], masked: Counter[str]
) -> Iterator[EvidenceWork]:
    for item in items:
        fields = evidence_fields(item)
        wanted_hash = payload_hash(fields)
        if known_hashes.get(item["url_hash"]) != wanted_hash:
            record_id = evidence_record_id(item["issue_key"], item["url_hash"])
            yield EvidenceWork(
                item["url_hash"], wanted_hash, Upsert(EVIDENCE, record_id, redact_fields(fields, masked))
            )


def _deletions(issue_key: str, url_hashes: Iterable[str]) -> dict[str, Delete]:
    return {url_hash: Delete(EVIDENCE, evidence_record_id(issue_key, url_hash)) for url_hash in sorted(url_hashes)}


def _remove(known: Mapping[str, Any], known_items: list[dict[str, Any]]) -> IssueWork:
    return IssueWork(
        issue_key=known["issue_key"],
        cluster_date=known["cluster_date"],
        payload_hash=None,
        write=Delete(ISSUES, issue_record_id(known["issue_key"])),
        evidence=(),
        stale=_deletions(known["issue_key"], (item["url_hash"] for item in known_items)),
        published_before=known["synced_at"] is not None,
        synced_at=known["synced_at"],
        attempts=known["attempts"],
    )


def _is_needed(work: IssueWork, known: Mapping[str, Any] | None) -> bool:
    left_over_error = known is not None and known["last_error"] is not None
    return bool(work.write or work.evidence or work.stale or left_over_error)
