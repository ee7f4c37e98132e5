"""One day of the issues domain, from table to table.

Belongs here: for each layer, what is read under the lock, what is computed outside it, and what is written in one
transaction with which facts checked. Does not belong here: the computations (``silver``, ``gold``, ``publishing``),
Dagster (``assets``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

import duckdb
import polars as pl

from painpoint_platform import progress
from painpoint_platform.issues import bronze, gold, silver
from painpoint_platform.issues.identity.edit_log import read_edits
from painpoint_platform.issues.identity.edits import Decided, decided, split_off
from painpoint_platform.issues.identity.known_issues import (
    LINEAGE_DAYS,
    Surroundings,
    kept_labels,
    keys_before,
    labels_of_issues,
    replace_lineage,
    surroundings,
    trace_day,
    unchanged_since,
)
from painpoint_platform.issues.items import Collection, Source
from painpoint_platform.issues.labelling.issue_label import ISSUE_LABEL, IssueLabel, ask_for_labels
from painpoint_platform.issues.publishing.outcome import SyncReport
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.issues.publishing.sync import sync_day
from painpoint_platform.issues.publishing.tables import (
    TrackingChanges,
    read_publishing_input,
    write_tracking,
)
from painpoint_platform.issues.quotes import quote_rows
from painpoint_platform.issues.tombstones import without_forgotten
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.tasks import Answer
from painpoint_platform.llm.totals import Totals
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.access import Warehouse, made_from, remember_input
from painpoint_platform.warehouse.checks import named_check
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch


@dataclass(frozen=True)
class Labelled:
    """What labelling a day did.

    Attributes:
        unchanged: the partition was made from the same clusters already, and nothing was done.
        clusters: of the day.
        reused: labels that were not asked for.
        asked: labels that were.
        failed: those of them that no model gave.
        totals: calls, tokens and cost; None when nothing was done.
    """

    unchanged: bool
    clusters: int = 0
    reused: int = 0
    asked: int = 0
    failed: int = 0
    totals: Totals | None = None


@dataclass(frozen=True)
class _GoldOfDay:
    """A day's rows of gold, the answers that went into them, and what was known when they were made."""

    known: Surroundings
    lineage: pl.DataFrame
    issues: pl.DataFrame
    evidence: pl.DataFrame
    quoted: pl.DataFrame
    answers: Sequence[Answer[IssueLabel]]


def collect_day(
    warehouse: Warehouse,
    source: Source,
    day: date,
    *,
    collect: Callable[[Source, date, Callable[[int], None]], Collection],
    salt: str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Collection:
    """Collect one source's day and replace its partition of ``bronze``.

    The source is read to the end before anything is written. An item that comes again unchanged keeps the time at
    which it was first collected, so that a repeat leaves the same rows.

    Raises:
        UserError: what a person must mend at the source, such as a missing token.
        TransientError: the source did not answer in time; the old partition stands.
    """
    collection = collect(source, day, lambda count: progress.report(f"collecting {source} {day}", count, None))
    with warehouse.read() as connection:
        stored = fetch(connection, "issues/stored_items_of_partition", source=source, day=day)
    frames = bronze.bronze_frames(collection, day, salt=salt, collected_at=now(), stored=stored)
    items = bronze.keep_first_seen(frames.raw_items, stored)
    partition = {"source": source, "collection_date": day}
    with warehouse.write() as connection:
        frames = without_forgotten(replace(frames, raw_items=items), fetch(connection, "takedown/tombstones"))
        replace_partition(connection, "bronze.raw_items", where=partition, rows=frames.raw_items, key=["url_hash"])
        replace_partition(connection, "bronze.rejected_items", where=partition, rows=frames.rejected_items)
        replace_partition(connection, "bronze.collections", where=partition, rows=frames.collections)
    return collection


def cluster_day(warehouse: Warehouse, day: date, *, embedder: Embedder, reducer: str) -> bool:
    """Cluster a day's items and replace its partition of ``silver``.

    Args:
        warehouse: read, and written in one transaction.
        day: the partition.
        embedder: the encoder.
        reducer: see ``clustering.clusters.cluster``.

    Returns:
        False when the partition was already made from the same items and settings, and nothing was done.

    Raises:
        DataContractError: a fact does not hold; the old partition stands.
    """
    with warehouse.read() as connection:
        items = fetch(connection, "issues/items_of_day", day=day)
        found = made_from(connection, "silver.clusters", day.isoformat())
        is_there = _has_rows(connection, "silver.cluster_assignments", day)
    wanted = silver.input_hash(items, embedder.version, reducer)
    if found == wanted and (is_there or items.is_empty()):
        return False
    result = silver.cluster_day(
        day, items, embedder=embedder, reducer=reducer, progress=progress.reporter(f"embedding {day}")
    )
    with warehouse.write() as connection:
        partition = {"cluster_date": day}
        replace_partition(
            connection, "silver.cluster_assignments", where=partition, rows=result.assignments, key=["url_hash"],
        )  # fmt: skip
        replace_partition(
            connection, "silver.clusters", where=partition, rows=result.clusters, key=["cluster_id"],
            checks=[named_check("sizes_match_assignments", day=day), named_check("no_forgotten_items", day=day)],
        )  # fmt: skip
        remember_input(connection, "silver.clusters", day.isoformat(), wanted)
    return True


def label_day(
    warehouse: Warehouse,
    day: date,
    *,
    client: ModelClient,
    embedder_factory: Callable[[], Embedder],
    lineage_days: int = LINEAGE_DAYS,
) -> Labelled:
    """Label a day's clusters and replace its partition of ``gold.issues``, its evidence, quotes and lineage.

    Each cluster is traced to the issues of ``lineage_days`` around the day. A label that is known for the same
    representatives is reused, and so is the issue's own while its content has not moved. A failed label is tried again
    by the next run. Nothing is done where neither the clusters, the prompt, the models, people's decisions nor the
    issues of the days before have changed.

    Args:
        warehouse: read, and written in one transaction.
        day: the partition.
        client: asks for labels.
        embedder_factory: gives the encoder that lineage may need.
        lineage_days: how far a problem may be away to be the same issue.

    Raises:
        DataContractError: a fact does not hold; the old partition stands.
    """
    with warehouse.read() as connection:
        members = fetch(connection, "issues/clustered_items_of_day", day=day)
        found = made_from(connection, "gold.issues", day.isoformat())
        edits = read_edits(connection)
        before = keys_before(connection, day, lineage_days)
        is_there = all(_has_rows(connection, table, day) for table in ("gold.issues", "gold.issue_evidence"))
    inputs = partial(gold.input_hash, members, ISSUE_LABEL.version, *client.models, *map(repr, edits))
    if found == inputs(str(before)) and (is_there or members.is_empty()):
        return Labelled(unchanged=True)
    parts = split_off(members, edits)
    people, prepared = decided(edits), gold.prepare(parts.members)
    paid_before = client.totals
    while True:
        gold_of_day = _gold_of_day(
            warehouse, day, prepared, client=client, embedder_factory=embedder_factory, lineage_days=lineage_days,
            people=people, split=parts.keys,
        )  # fmt: skip
        with warehouse.write() as connection:
            # A run beside this one may have given keys to the days around meanwhile: one problem must not have two.
            # It has come further then, so this ends; the answers that were paid for are kept.
            if not unchanged_since(connection, day, gold_of_day.known, lineage_days):
                continue
            _replace_gold(connection, day, prepared, gold_of_day)
            # A day with labels that may come yet is not finished: the next run takes it up again.
            may_come = any(answer.failure_kind for answer in gold_of_day.answers)
            made_of = inputs(str(gold_of_day.known.keys_before))
            remember_input(connection, "gold.issues", day.isoformat(), "labels failed" if may_come else made_of)
            client.drain(connection)
            break
    client.forget_drained()
    total, asked = prepared.clusters.height, len(gold_of_day.answers)
    failed = sum(answer.reply is None for answer in gold_of_day.answers)
    return Labelled(False, total, total - asked, asked, failed, client.totals.since(paid_before))


def publish_day(
    warehouse: Warehouse, day: date | None, *, client: PocketBaseClient, min_authors: int, verify: bool = False
) -> SyncReport:
    """Bring PocketBase to what gold says about a day, outside the lock but for reading the plan and tracking.

    Args:
        warehouse: read, and written with what is tracked.
        day: the partition; None for all days.
        client: of the server.
        min_authors: an issue needs this many distinct authors.
        verify: compare with every record that is there; it makes sense for all days only.

    Raises:
        UserError: a person must mend something at the server; see ``publishing.sync.sync_day``.
    """
    with warehouse.read() as connection:
        stored = read_publishing_input(connection, day)

    def record(changes: TrackingChanges) -> None:
        with warehouse.write() as connection:
            write_tracking(connection, changes)

    return sync_day(stored, client, min_authors=min_authors, record=record, verify=verify)


def _gold_of_day(
    warehouse: Warehouse,
    day: date,
    prepared: gold.DayOfClusters,
    *,
    client: ModelClient,
    embedder_factory: Callable[[], Embedder],
    lineage_days: int,
    people: Decided,
    split: Mapping[int, str],
) -> _GoldOfDay:
    prompt_version = ISSUE_LABEL.version
    with warehouse.read() as connection:
        known = surroundings(connection, day, lineage_days)
    lineage = trace_day(
        day, prepared.clusters, prepared.members, known, embedder_factory=embedder_factory, decided=split
    )
    # What lineage remembers is what it traced; gold has what people made of it.
    keys = lineage.with_columns(
        pl.Series("issue_key", [people.key_now(key) for key in lineage["issue_key"]], pl.String)
    )
    fingerprints = prepared.clusters["cluster_fingerprint"].to_list()
    with warehouse.read() as connection:
        same = fetch(
            connection, "issues/known_labels", day=day, fingerprints=fingerprints, prompt_version=prompt_version
        )  # fmt: skip
        labels = labels_of_issues(connection, day, lineage, prompt_version=prompt_version, days=lineage_days)
        texts = fetch(connection, "issues/texts_to_quote", day=day, url_hashes=gold.representative_hashes(prepared))
    reused = gold.reused_labels(prepared, same, kept_labels(lineage, prepared.members, labels))
    unlabelled = gold.without_label(prepared, reused)
    answers = ask_for_labels(client, gold.label_requests(unlabelled), progress=progress.reporter(f"labelling {day}"))
    asked = gold.labels_from(unlabelled, answers)
    evidence = gold.evidence_rows(day, prepared, keys)
    return _GoldOfDay(
        known=known,
        lineage=lineage,
        issues=gold.issue_rows(
            day, prepared, keys=keys, reused=reused, asked=asked, prompt_version=prompt_version, people=people
        ),
        evidence=evidence,
        quoted=quote_rows(day, evidence, texts),
        answers=answers,
    )  # fmt: skip


def _replace_gold(
    connection: duckdb.DuckDBPyConnection, day: date, prepared: gold.DayOfClusters, rows: _GoldOfDay
) -> None:
    partition = {"cluster_date": day}
    replace_partition(
        connection, "gold.issue_evidence", where=partition, rows=rows.evidence, key=["url_hash"],
    )  # fmt: skip
    replace_partition(
        connection, "gold.issues", where=partition, rows=rows.issues, key=["cluster_id"],
        checks=[named_check("every_cluster_has_an_issue", day=day), named_check("no_orphan_evidence", day=day)],
    )  # fmt: skip
    replace_partition(
        connection, "gold.issue_quotes", where=partition, rows=rows.quoted, key=["url_hash"],
        checks=[named_check("quotes_are_verbatim", day=day)],
    )  # fmt: skip
    replace_lineage(connection, day, rows.lineage, prepared.members)


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str, day: date) -> bool:
    """Return whether a day is in a table: somebody may have emptied it and kept what it was made from."""
    return (
        connection.execute(f"select 1 from {table} where cluster_date = $day limit 1", {"day": day}).fetchone()
        is not None
    )
