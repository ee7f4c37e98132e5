"""A takedown from beginning to end, and again after it was killed.

Belongs here: the order of the steps, and what is told of them. Does not belong here: the steps.

The order is what makes it safe to be killed: first the texts that are looked for are kept (``Journal``); then one
transaction takes the rows out of the warehouse, leaves tombstones and marks what is published; then the other stores
follow; then the files are rewritten and reports made anew; then the proof. Every step finds what an earlier attempt
left, and the journal goes last, when nothing was found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from painpoint_platform import locking
from painpoint_platform.errors import PainpointError, TransientError, UserError
from painpoint_platform.issues.publishing.outcome import SyncReport
from painpoint_platform.locking import Deadline
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.takedown.answers import forget_answers
from painpoint_platform.takedown.event_logs import Shown, clean_event_log
from painpoint_platform.takedown.places import Places, kind_of
from painpoint_platform.takedown.proof import Proof, holds, search
from painpoint_platform.takedown.removal import bury, remove_rows
from painpoint_platform.takedown.reports import renew_reports
from painpoint_platform.takedown.rewriting import rewrite_sqlite, rewrite_warehouse
from painpoint_platform.takedown.target import Journal, Target, find_target, page_hash
from painpoint_platform.takedown.traces import Traces
from painpoint_platform.takedown.wording import own_wordings
from painpoint_platform.takedown.written_files import clean_files
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.queries import fetch, query_text
from painpoint_platform.warehouse.snapshot import write_snapshot
from painpoint_platform.wording import counted

Publish = Callable[[date], SyncReport]


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed from one place: rows, records, events or files."""

    place: str
    what: str
    count: int


@dataclass(frozen=True)
class Takedown:
    """What a takedown did.

    Attributes:
        target: what was to be forgotten.
        removed: place by place; an attempt that finishes an earlier one names only its own.
        tombstones: how many keep it away from later collections.
        proof: the search through everything.
        problems: what could not be done, in sentences; the command is to be run again.
    """

    target: Target
    removed: tuple[Removed, ...]
    tombstones: int
    proof: Proof
    problems: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether nothing of the target is left anywhere."""
        return not self.problems and not self.proof.remainders


@dataclass
class _Log:
    """What was done so far, and what could not be."""

    removed: list[Removed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, place: Path | str, counts: Mapping[str, int]) -> None:
        self.removed += [Removed(str(place), what, count) for what, count in counts.items() if count]

    def changed(self, place: Path) -> bool:
        return any(one.place == str(place) for one in self.removed)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let one step fail without costing the others: what it left is told, and the proof finds it."""
        try:
            yield
        except (UserError, TransientError) as error:
            self.problems.append(str(error))


def forget(
    urls: Sequence[str],
    *,
    places: Places,
    publish: Publish | None,
    author: bool = False,
    anyway: bool = False,
    reason: str = "asked for",
    models: Sequence[SqlModel] = (),
    variables: Mapping[str, Any] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Takedown:
    """Take posts down: out of every place, with tombstones and a proof. What an earlier takedown left is finished, too.

    Args:
        urls: addresses of the posts, in any of their forms.
        places: where the platform writes.
        publish: syncs a day with PocketBase (``issues.days.publish_day``); None where none is configured.
        author: everything of their authors at that source instead of the posts alone.
        anyway: a post that was never collected is kept from being collected.
        reason: kept with the tombstones.
        models: SQL models (``sql_models.model.load_models``); those of the days are brought up to date.
        variables: settings that SQL models read.
        tell: called with each step, in words.
        now: the clock.

    Raises:
        UserError: no URL, an unknown post or author, or a warehouse that cannot be read or written.
        WarehouseLockedError: the warehouse stayed locked, or another takedown did not end in time.
    """
    with locking.exclusive(places.journal, Deadline(places.lock_timeout_s)):
        journal = Journal(places.journal)
        unfinished = journal.read()
        with _reading(places) as connection:
            target = find_target(connection, urls, author=author, unfinished=unfinished)
            known = {*unfinished.url_hashes, *fetch(connection, "takedown/tombstones")["url_hash"]}
        if not anyway:
            _refuse_unknown(urls, target, known)
        journal.write(target)
        log = _Log()
        tell("removing it from the warehouse")
        with open_write(places.warehouse, lock_timeout_s=places.lock_timeout_s) as connection:
            tombstones = bury(connection, target, reason=reason, now=_naive(now()))
            removed = remove_rows(connection, target, models=models, variables=variables)
        log.add(places.warehouse, removed)
        tell("taking down what is published of it")
        _unpublish(places, target, publish, log)
        traces = Traces(target.wordings, shared=lambda stretch, whole: _is_shared(places, stretch, whole))
        tell("cleaning answers, event logs and reports")
        _clean_stores(places, target, traces, log)
        tell("rewriting the databases")
        _rewrite(places, traces, log, certain=bool(removed or unfinished.items))
        tell("searching every file for what is left")
        with locking.shared(places.warehouse, Deadline(places.lock_timeout_s)):
            proof = search(places.files(), traces)
        takedown = Takedown(target, tuple(log.removed), tombstones, proof, tuple(log.problems))
        if takedown.proven:
            _note_proof(places, target, _naive(now()))
        if not proof.remainders:
            journal.remove()
        return takedown


def _refuse_unknown(urls: Sequence[str], target: Target, known: Set[str]) -> None:
    sources = dict(target.items)
    for url in urls:
        if sources[page_hash(url)] is None and page_hash(url) not in known:
            raise UserError(
                f"{url} was never collected: there is nothing to remove. To keep it from ever being collected, "
                "add --anyway"
            )


def _unpublish(places: Places, target: Target, publish: Publish | None, log: _Log) -> None:
    """Sync, which takes up whatever was marked, of any day; what stays marked is a problem that the next sync mends."""
    if publish is not None:
        try:
            report = publish(max(target.days, default=date.min))
        except PainpointError as error:
            log.problems.append(f"PocketBase: {error}")
        else:
            if reason := report.outage or "; ".join(report.notes if report.failed else ()):
                log.problems.append(f"PocketBase: {reason}")
    with _reading(places) as connection:
        left = fetch(connection, "takedown/published", url_hashes=target.url_hashes).height
    if left:
        remedy = (
            "the next sync that reaches it removes them"
            if publish
            else "set POCKETBASE_URL, POCKETBASE_EMAIL and POCKETBASE_PASSWORD of that server, let it run, and run the "
            "command again"
        )
        log.problems.append(f"PocketBase still has {counted(left, 'record')} of it; {remedy}")
    log.add("PocketBase", {"issue_evidence": len(target.published) - left})


def _clean_stores(places: Places, target: Target, traces: Traces, log: _Log) -> None:
    def judge(sentences: Sequence[str]) -> list[bool]:
        with _reading(places) as connection:
            return own_wordings(connection, target.prose, target.url_hashes, sentences)

    with log.going_on():
        log.add(places.llm_state, forget_answers(places.llm_state, judge))
    shown = Shown(target.partitions, traces)
    for path in places.files():
        if path.is_relative_to(places.dagster_home) and kind_of(path) == "sqlite":
            with log.going_on():
                log.add(path, {"events": clean_event_log(path, shown)})
    if _keeps_events_elsewhere(places.dagster_home):
        log.problems.append(
            "Dagster keeps its event log in Postgres, which this command does not clean: delete the runs of "
            f"{', '.join(map(str, target.days)) or 'the post'} in Dagster's UI"
        )
    addresses = Traces([text for text in target.texts if text not in target.prose], shared=traces.is_shared)
    with log.going_on():
        log.add(places.data_dir, clean_files(places, traces, addresses))


def _rewrite(places: Places, traces: Traces, log: _Log, *, certain: bool) -> None:
    """Rewrite what held something; a file that never did is left as it is."""
    with log.going_on():
        if certain or holds(places.warehouse, traces):
            rewrite_warehouse(places.warehouse, lock_timeout_s=places.lock_timeout_s)
    for path in places.files():
        if kind_of(path) == "sqlite" and (log.changed(path) or any(holds(part, traces) for part in _parts(path))):
            with log.going_on():
                rewrite_sqlite(path)
    if places.analytics.exists():
        with log.going_on(), _reading(places) as connection:
            write_snapshot(connection, places.analytics, lock_timeout_s=places.lock_timeout_s)
    with log.going_on():
        log.add("reports", {"made anew": renew_reports(places)})


def _parts(path: Path) -> list[Path]:
    """A SQLite file and the log beside it."""
    log = path.with_name(path.name + "-wal")
    return [path, log] if log.exists() else [path]


def _keeps_events_elsewhere(dagster_home: Path) -> bool:
    settings = dagster_home / "dagster.yaml"
    return settings.exists() and "postgres:" in settings.read_text(encoding="utf-8")


def _reading(places: Places) -> AbstractContextManager[DuckDBPyConnection]:
    return open_read(places.warehouse, lock_timeout_s=places.lock_timeout_s)


def _is_shared(places: Places, stretch: str, whole: bool) -> bool:
    with _reading(places) as connection:
        return bool(fetch(connection, "takedown/shared", stretch=stretch, whole=whole)["shared"][0])


def _note_proof(places: Places, target: Target, proven_at: datetime) -> None:
    values = {"proven_at": proven_at, "url_hashes": target.url_hashes, "authors": [who for who, _ in target.authors]}
    with open_write(places.warehouse, lock_timeout_s=places.lock_timeout_s) as connection:
        connection.execute(query_text("takedown/note_proof"), values)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
