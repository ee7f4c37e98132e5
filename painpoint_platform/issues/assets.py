"""The assets of the issues domain: collect, cluster, label, publish.

Belongs here: keys, partitions, pools, checks and metadata. Does not belong here: what a day's work is (``days``), what
a person sees of a committed partition (``views``).
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import dagster as dg

from painpoint_platform.automation import after_new_rows, when_all_sources_are_in
from painpoint_platform.issues import views
from painpoint_platform.issues.items import Collection, Source
from painpoint_platform.issues.sources import APIS, EARNINGS_CALLS
from painpoint_platform.layers import bronze, fact, gold, silver, table_attributes, table_spec, view_metadata, warning
from painpoint_platform.partitions import (
    SOURCES,
    Committed,
    by_day,
    daily_partitions,
    failure,
    materialize_each,
    one_run_a_range,
    partition_keys,
    record_committed,
    source_and_day,
    source_day_partitions,
)
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.pocketbase import PocketBaseResource
from painpoint_platform.resources.warehouse import WarehouseResource

GROUP = "issues"
RAW_ITEMS = bronze("raw_items")
CLUSTERS, ASSIGNMENTS = silver("clusters"), silver("cluster_assignments")
EXCHANGES = gold("qa_groups")  # of calls, of the transcripts domain
ITEM_PERCEPTION = silver("item_perception")  # how each item feels, of the perception domain
ISSUES, EVIDENCE, LIVE_ISSUES = gold("issues"), gold("issue_evidence"), gold("live_issues")
LINEAGE, QUOTES = gold("issue_lineage"), gold("issue_quotes")


@dg.op(ins={"exchanges": dg.In(dg.Nothing)}, out={source: dg.Out(list[str], is_required=False) for source in SOURCES})
def partitions_by_source(context: dg.OpExecutionContext) -> Iterator[dg.Output[list[str]]]:
    """Hand each source its own partitions of the run; a source without any is skipped and takes no slot of its pool."""
    keys = [(source_and_day(key)[0], key) for key in partition_keys(context)]
    for source in SOURCES:
        of_source = [key for owner, key in keys if owner == source]
        if of_source:
            yield dg.Output(of_source, source)


def collect_from(source: Source) -> dg.OpDefinition:
    """Return the op that collects one source's days, in the pool of its API, if it has one: limits hold across runs."""

    @dg.op(
        name=f"collect_{source}",
        description=f"Collect days of {source}, one by one.",
        pool=APIS[source].pool if source in APIS else None,
    )
    def collect(
        context: dg.OpExecutionContext, keys: list[str], collectors: CollectorsResource, warehouse: WarehouseResource
    ) -> list[str]:
        from painpoint_platform.issues import call_questions, days  # Polars and the numerics come with them

        def read(source: Source, day: date, progress: Callable[[int], None]) -> Collection:
            if source == EARNINGS_CALLS:
                return call_questions.collect_call_questions(warehouse, day)
            return collectors.collect(source, day, progress)

        salt = collectors.salt()
        failed: dict[str, Exception] = {}
        for key in keys:
            try:
                day = source_and_day(key)[1]
                collection = days.collect_day(warehouse, source, day, collect=read, salt=salt)
                context.log.info("; ".join([f"{key} committed: {len(collection.items)} items", *collection.notes]))
            except Exception as error:
                failed[key] = error
                context.log.error(f"{key}: {error}")
        if failed:
            committed = [key for key in keys if key not in failed]
            record_committed(context, {key: {RAW_ITEMS: _raw_items_metadata(warehouse, key)} for key in committed})
            raise failure(failed, len(keys)) from next(iter(failed.values()))
        return keys

    return collect


COLLECT_OPS = {source: collect_from(source) for source in SOURCES}


@dg.op(out=dg.Out(dg.Nothing))
def describe_raw_items(
    context: dg.AssetExecutionContext, collected: list[list[str]], warehouse: WarehouseResource
) -> None:
    """Say what was collected, partition by partition."""
    for key in (key for keys in collected for key in keys):
        context.add_asset_metadata(_raw_items_metadata(warehouse, key), asset_key=RAW_ITEMS, partition_key=key)


def _collected(by_source: Any) -> Any:
    """Collect the run's (source, day) partitions: one op a source, because pools belong to ops."""
    return describe_raw_items([COLLECT_OPS[source](getattr(by_source, source)) for source in SOURCES])


COLLECTION = table_attributes(
    RAW_ITEMS,
    group=GROUP,
    description=f"Posts of {', '.join(api.title for api in APIS.values())}, by source and UTC day of creation"
    f"{', and what analysts asked in calls' if EARNINGS_CALLS in SOURCES else ''}.",
    kinds={"python"},
    starts="A schedule a source collects yesterday; other days by hand, or `painpoint backfill`.",
)

if EARNINGS_CALLS in SOURCES:

    @dg.graph_asset(
        **COLLECTION,
        partitions_def=source_day_partitions,
        backfill_policy=one_run_a_range,
        # Any call may have been held on the day.
        ins={"exchanges": dg.AssetIn(EXCHANGES, partition_mapping=dg.AllPartitionMapping(), dagster_type=dg.Nothing)},
    )
    def raw_items(exchanges: Any) -> Any:
        """Collect from the APIs, and from the exchanges of calls."""
        return _collected(partitions_by_source(exchanges=exchanges))

else:

    @dg.graph_asset(**COLLECTION, partitions_def=source_day_partitions, backfill_policy=one_run_a_range)
    def raw_items() -> Any:
        """Collect from the APIs."""
        return _collected(partitions_by_source())


@dg.asset_check(asset=RAW_ITEMS, description="Every source could be read to the end of its day. It only warns.")
def collection_complete(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warn of days that a source no longer gave whole; they are kept as partial, never passed off as complete."""
    partial = views.partial_collections(warehouse, [source_and_day(key) for key in context.partition_keys])
    return dg.AssetCheckResult(
        passed=not partial, severity=dg.AssetCheckSeverity.WARN, description="; ".join(partial) or "all complete"
    )


SILVER_CHECKS = (
    fact("unique_cluster_id", CLUSTERS, "A cluster occurs once a day."),
    fact("sizes_match_assignments", CLUSTERS, "Sizes are the counts of assigned items."),
    fact("unique_url_hash", ASSIGNMENTS, "An item is assigned once a day."),
)


@dg.multi_asset(
    name="cluster_items",
    specs=[
        table_spec(
            CLUSTERS,
            group=GROUP,
            description="The day's items of all sources, embedded on the fly (all-MiniLM-L6-v2), clustered by HDBSCAN.",
            kinds={"python"},
            deps=[dg.AssetDep(RAW_ITEMS, partition_mapping=by_day)],
            automation_condition=when_all_sources_are_in,
        ),
        table_spec(
            ASSIGNMENTS,
            group=GROUP,
            description="Which cluster each item went to, and how central it is there.",
            kinds={"python"},
            deps=[dg.AssetDep(RAW_ITEMS, partition_mapping=by_day)],
            automation_condition=when_all_sources_are_in,
        ),
    ],
    check_specs=SILVER_CHECKS,
    partitions_def=daily_partitions,
    backfill_policy=one_run_a_range,
    pool="embedding",
)
def clusters(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, embedding: EmbeddingResource
) -> Iterator[Any]:
    """Cluster each day of the run."""
    from painpoint_platform.issues import days

    def one_day(key: str) -> Committed:
        day = date.fromisoformat(key)
        changed = days.cluster_day(warehouse, day, embedder=embedding.embedder(), reducer=embedding.reducer)
        view = views.clusters(warehouse, day)
        return Committed(
            {CLUSTERS: view_metadata(view.clusters, changed), ASSIGNMENTS: view_metadata(view.assignments, changed)}
        )

    yield from materialize_each(context, one_day, checks=SILVER_CHECKS)


GOLD_CHECKS = (
    fact("unique_cluster_id", ISSUES, "A cluster has one issue."),
    fact("every_cluster_has_an_issue", ISSUES, "No cluster is lost, labelled or not."),
    fact("no_orphan_evidence", EVIDENCE, "Evidence has its issue and its item."),
    warning("labels_given", ISSUES, "Every cluster got a label."),
    fact("every_issue_has_a_lineage", LINEAGE, "No issue is left untraced."),
    fact("quotes_are_verbatim", QUOTES, "A quote stands in the post as it was stored."),
)


@dg.multi_asset(
    name="label_clusters",
    specs=[
        table_spec(
            ISSUES,
            group=GROUP,
            description="Clusters labelled by a model; a label known for the same representatives is reused.",
            kinds={"python", "llm"},
            deps=[CLUSTERS, ASSIGNMENTS, ITEM_PERCEPTION],
            automation_condition=after_new_rows,
        ),
        table_spec(
            EVIDENCE,
            group=GROUP,
            description="The posts behind each issue, denormalised for analysts.",
            kinds={"python"},
            deps=[CLUSTERS, ASSIGNMENTS],
            automation_condition=after_new_rows,
        ),
        table_spec(
            LINEAGE,
            group=GROUP,
            description="Which issue of other days each cluster is: by optimal assignment over LINEAGE_DAYS.",
            kinds={"python"},
            deps=[CLUSTERS, ASSIGNMENTS],
            automation_condition=after_new_rows,
        ),
        table_spec(
            QUOTES,
            group=GROUP,
            description="What the representatives say in their own words, with its place in the stored text.",
            kinds={"python"},
            deps=[CLUSTERS, ASSIGNMENTS],
            automation_condition=after_new_rows,
        ),
    ],
    check_specs=GOLD_CHECKS,
    partitions_def=daily_partitions,
    backfill_policy=one_run_a_range,
    pool="llm",
)
def issues(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    llm: LLMResource,
    embedding: EmbeddingResource,
) -> Iterator[Any]:
    """Label each day of the run."""
    from painpoint_platform.issues import days

    client = llm.client(run_id=context.run.run_id, embedder_factory=embedding.embedder)

    def one_day(key: str) -> Committed:
        day = date.fromisoformat(key)
        labelled = days.label_day(
            warehouse, day, client=client, embedder_factory=embedding.embedder, lineage_days=embedding.lineage_days
        )
        view = views.issues(warehouse, day, labelled)
        warnings = {"labels_given": f"{labelled.failed} labels failed"} if labelled.failed else {}
        changed = not labelled.unchanged
        shown = {ISSUES: view.issues, EVIDENCE: view.evidence, LINEAGE: view.lineage, QUOTES: view.quotes}
        return Committed({key: view_metadata(one, changed) for key, one in shown.items()}, warnings)

    yield from materialize_each(context, one_day, checks=GOLD_CHECKS)


PUBLISH_CHECKS = (warning("everything_published", LIVE_ISSUES, "PocketBase has what gold has."),)


@dg.multi_asset(
    name="publish_issues",
    specs=[
        table_spec(
            LIVE_ISSUES,
            group=GROUP,
            description="The day's issues in PocketBase, one record an issue; only what changed is sent.",
            kinds={"python", "pocketbase"},
            deps=[ISSUES, EVIDENCE],
            automation_condition=after_new_rows,
        )
    ],
    check_specs=PUBLISH_CHECKS,
    partitions_def=daily_partitions,
    backfill_policy=one_run_a_range,
    pool="pocketbase",
)
def live_issues(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, pocketbase: PocketBaseResource
) -> Iterator[Any]:
    """Publish each day of the run; without POCKETBASE_URL nothing is published and the metadata says so."""
    from painpoint_platform.issues import days

    def one_day(key: str) -> Committed:
        if not pocketbase.configured:
            return Committed({LIVE_ISSUES: view_metadata(views.nothing_published(warehouse))})
        with pocketbase.client() as client:
            report = days.publish_day(
                warehouse, date.fromisoformat(key), client=client, min_authors=pocketbase.min_authors
            )
        warnings = {"everything_published": views.shortfall(report)} if report.failed or report.outage else {}
        return Committed({LIVE_ISSUES: view_metadata(views.live_issues(warehouse, report))}, warnings)

    yield from materialize_each(context, one_day, checks=PUBLISH_CHECKS)


def _raw_items_metadata(warehouse: WarehouseResource, key: str) -> dict[str, Any]:
    return view_metadata(views.raw_items(warehouse, *source_and_day(key)))


ASSETS = [raw_items, clusters, issues, live_issues]
CHECKS = [collection_complete]
