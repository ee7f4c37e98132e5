"""What became of a plan: the tracking rows it leaves and the report of the sync. Pure.

Belongs here: judging each issue's work by the answers to its writes. Does not belong here: planning
(``plan``), sending (``pocketbase_writes``), the tables' SQL (``tables``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from painpoint_platform.errors import PainpointError
from painpoint_platform.issues.publishing.payload import issue_record_id
from painpoint_platform.issues.publishing.plan import IssueWork, SyncPlan
from painpoint_platform.issues.publishing.pocketbase_client import RefusedError
from painpoint_platform.issues.publishing.pocketbase_writes import Write, Written
from painpoint_platform.issues.publishing.tables import (
    LIVE_EVIDENCE,
    LIVE_ISSUES,
    REMOVED_EVIDENCE,
    REMOVED_ISSUES,
    TrackingChanges,
)

_SHOWN_FAILURES = 5
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. Counts are of issues, and of evidence items where the name says so.

    Attributes:
        created: published for the first time.
        updated: published before and now brought up to date, the record or only its evidence.
        unchanged: published and left alone.
        deleted: removed there, because gold no longer has them or they may no longer be published.
        failed: not, or not wholly, as gold wants them; the next sync tries again.
        withheld: labelled, but reported by too few distinct authors.
        evidence_sent: items created or updated.
        evidence_unchanged: items left alone.
        evidence_deleted: items removed from issues that stay.
        evidence_failed: items that could not be sent or removed.
        foreign: records removed that were there, but that gold does not know.
        requests: HTTP requests, repeated ones and signing in included.
        masked: what redaction masked, by kind.
        outage: why the sync ended early, None when it went through.
        notes: what a person should know, in sentences.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    withheld: int = 0
    evidence_sent: int = 0
    evidence_unchanged: int = 0
    evidence_deleted: int = 0
    evidence_failed: int = 0
    foreign: int = 0
    requests: int = 0
    masked: Mapping[str, int] = field(default_factory=dict)
    outage: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def writes(self) -> int:
        """Records written or removed on the server; 0 for a repeat."""
        return self.created + self.updated + self.deleted + self.evidence_sent + self.evidence_deleted + self.foreign


@dataclass(slots=True)
class Outcome:
    """The server's answers, collected while the writes of a plan are sent.

    Attributes:
        answers: what became of each write that was answered, by record id.
        stopped: why sending ended early, None when it did not.
        notes: what a person should know besides.
    """

    answers: dict[str, Written] = field(default_factory=dict)
    stopped: PainpointError | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, answers: Iterable[Written]) -> None:
        """Keep the answers, as they come."""
        for answer in answers:
            self.answers[answer.write.record_id] = answer

    def problem(self, write: Write | None) -> str | None:
        """Return why the server is not as the write wants it, None when it is or there was nothing to write."""
        if write is None:
            return None
        if answer := self.answers.get(write.record_id):
            return str(answer.refusal) if answer.refusal else None
        return f"not sent: {self.stopped}" if self.stopped else "not sent: its issue was refused"


def tracking_after(plan: SyncPlan, outcome: Outcome, live_evidence: pl.DataFrame, now: datetime) -> TrackingChanges:
    """Return the tracking rows after a sync.

    Args:
        plan: what was to be done.
        outcome: what came of it.
        live_evidence: rows of ``gold.live_issue_evidence`` before the sync.
        now: UTC without a zone.
    """
    removed = [work.issue_key for work in plan.works if work.is_removal and not outcome.problem(work.write)]
    kept = [work for work in plan.works if work.issue_key not in set(removed)]
    vanished = _vanished(kept, outcome)
    evidence = pl.DataFrame(
        [
            {
                "issue_key": work.issue_key,
                "url_hash": item.url_hash,
                "remote_id": item.write.record_id,
                **_state(item.payload_hash, outcome.problem(item.write), now),
            }
            for work in kept
            for item in work.evidence
        ],
        schema=LIVE_EVIDENCE,
    )
    lost = live_evidence.filter(pl.col("issue_key").is_in(vanished)).with_columns(payload_hash=pl.lit(None, pl.String))
    return TrackingChanges(
        issues=pl.DataFrame([_issue_row(work, outcome, vanished, now) for work in kept], schema=LIVE_ISSUES),
        evidence=pl.concat([evidence, lost.join(evidence, on=["issue_key", "url_hash"], how="anti")]),
        removed_issues=pl.DataFrame({"issue_key": removed}, schema=REMOVED_ISSUES),
        removed_evidence=pl.DataFrame(
            [
                {"issue_key": work.issue_key, "url_hash": url_hash}
                for work in kept
                if not work.is_removal
                for url_hash, write in work.stale.items()
                if not outcome.problem(write)
            ],
            schema=REMOVED_EVIDENCE,
        ),
    )


def report_of(plan: SyncPlan, outcome: Outcome, *, requests: int) -> SyncReport:
    """Count what a sync did."""
    done = [work for work in plan.works if not outcome.problem(work.write)]
    published = [work for work in done if not work.is_removal]
    sent = [item.write for work in plan.works for item in work.evidence]
    stale = [write for work in plan.works if not work.is_removal for write in work.stale.values()]
    sent_count = sum(not outcome.problem(write) for write in sent)
    deleted_count = sum(not outcome.problem(write) for write in stale)
    problems = {work.issue_key: problem for work in plan.works if (problem := _problem(work, outcome))}
    return SyncReport(
        created=sum(work.write is not None and not work.published_before for work in published),
        updated=sum(work.published_before and _has_written(work, outcome) for work in published),
        unchanged=plan.unchanged,
        deleted=len(done) - len(published),
        failed=len(problems),
        withheld=plan.withheld,
        evidence_sent=sent_count,
        evidence_unchanged=plan.unchanged_evidence,
        evidence_deleted=deleted_count,
        evidence_failed=len(sent) + len(stale) - sent_count - deleted_count,
        foreign=sum(not outcome.problem(write) for write in plan.foreign),
        requests=requests,
        masked=dict(plan.masked),
        outage=str(outcome.stopped) if outcome.stopped else None,
        notes=(*outcome.notes, *_notes(problems, outcome)),
    )


def _state(payload_hash: str | None, problem: str | None, now: datetime) -> dict[str, Any]:
    return {"payload_hash": None, "synced_at": None} if problem else {"payload_hash": payload_hash, "synced_at": now}


def _issue_row(work: IssueWork, outcome: Outcome, vanished: frozenset[str], now: datetime) -> dict[str, Any]:
    problem = _problem(work, outcome)
    is_there = not work.is_removal and not outcome.problem(work.write) and work.issue_key not in vanished
    return {
        "issue_key": work.issue_key,
        "cluster_date": work.cluster_date,
        "remote_id": issue_record_id(work.issue_key),
        "payload_hash": work.payload_hash if is_there else None,
        "synced_at": now if is_there else work.synced_at,
        "attempts": work.attempts + 1 if problem else 0,
        "last_error": problem,
    }


def _problem(work: IssueWork, outcome: Outcome) -> str | None:
    """The one sentence that is kept about an issue that is not as it should be."""
    problem = outcome.problem(work.write)
    if not problem and not work.is_removal:
        writes = [write for _, write in work.evidence_writes()]
        failures = [failure for write in writes if (failure := outcome.problem(write))]
        if failures:
            problem = f"{len(failures)} of {len(writes)} evidence items: {failures[0]}"
    return problem[:_LONGEST_ERROR] if problem else None


def _has_written(work: IssueWork, outcome: Outcome) -> bool:
    return work.write is not None or any(not outcome.problem(write) for _, write in work.evidence_writes())


def _vanished(works: Iterable[IssueWork], outcome: Outcome) -> frozenset[str]:
    """Issues whose record someone removed on the server: it refused evidence for want of the issue."""
    return frozenset(
        work.issue_key
        for work in works
        for item in work.evidence
        if (answer := outcome.answers.get(item.write.record_id)) and _misses_issue(answer.refusal)
    )


def _misses_issue(refusal: RefusedError | None) -> bool:
    problem = refusal.problems.get("issue") if refusal else None
    return isinstance(problem, dict) and problem.get("code") == "validation_missing_rel_records"


def _notes(problems: Mapping[str, str], outcome: Outcome) -> list[str]:
    if outcome.stopped:
        return [f"the sync ended early: {outcome.stopped}; {len(problems)} issues are sent by the next one"]
    shown = [f"issue {key[:12]}: {problem}" for key, problem in list(problems.items())[:_SHOWN_FAILURES]]
    rest = len(problems) - len(shown)
    return [*shown, f"and {rest} more issues that were refused"] if rest > 0 else shown
