"""SQL models as Dagster assets: one asset a file.

Belongs here: wiring. Does not belong here: what a model is (``model``), how it is carried out (``run``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import dagster as dg

from painpoint_platform.errors import DataContractError
from painpoint_platform.layers import OWNERS, fact, view_metadata
from painpoint_platform.partitions import Committed, failure, materialize_each, one_run_a_range
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.sql_models.header import DeclaredCheck
from painpoint_platform.sql_models.lineage import TableColumn, column_lineage
from painpoint_platform.sql_models.lineage_table import Lineage, lineage_table
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.sql_models.run import Window, materialize, preview_query
from painpoint_platform.views import View, first_rows

Result = dg.MaterializeResult[None] | dg.AssetCheckResult


@dataclass(frozen=True)
class _Surroundings:
    """What the files cannot know of the asset graph around them; see ``build_sql_model_assets``."""

    partitions_def: dg.TimeWindowPartitionsDefinition
    partition_mappings: Mapping[dg.AssetKey, dg.PartitionMapping]
    written_by: Mapping[str, Sequence[dg.AssetKey]]
    automation_condition: dg.AutomationCondition[Any] | None
    automation_of_whole: dg.AutomationCondition[Any] | None
    freshness: Mapping[str, dg.FreshnessPolicy]
    variables: Mapping[str, Any]
    models: Sequence[SqlModel]


def build_sql_model_assets(
    models: Sequence[SqlModel],
    *,
    partitions_def: dg.TimeWindowPartitionsDefinition,
    partition_mappings: Mapping[dg.AssetKey, dg.PartitionMapping] | None = None,
    written_by: Mapping[str, Sequence[dg.AssetKey]] | None = None,
    automation_condition: dg.AutomationCondition[Any] | None = None,
    automation_of_whole: dg.AutomationCondition[Any] | None = None,
    freshness: Mapping[str, dg.FreshnessPolicy] | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[dg.AssetsDefinition]:
    """Make one asset of each model; they ask for the resource ``warehouse``.

    Incremental models are partitioned and replace one window a partition, each in a transaction of its own; a range is
    one run. Tables and views have no partitions. Every declared check is an asset check that runs inside the
    transaction: one that fails rolls it back.

    Args:
        models: as ``load_models`` gives them.
        partitions_def: partitions of the incremental models; a window is a partition's days.
        partition_mappings: for upstream assets with other partitions, how theirs map to ``partitions_def``.
        written_by: table -> assets, for tables that assets of another name write.
        automation_condition: when to materialise a partition of an incremental model by itself.
        automation_of_whole: when to materialise a table or view, which is made of all partitions, by itself.
        freshness: group -> policy that its models of gold carry.
        variables: settings that models read by ``getvariable``.
    """
    around = _Surroundings(
        partitions_def=partitions_def,
        partition_mappings=partition_mappings or {},
        written_by=written_by or {},
        automation_condition=automation_condition,
        automation_of_whole=automation_of_whole,
        freshness=freshness or {},
        variables=variables or {},
        models=models,
    )
    return [_asset(model, around) for model in models]


def _spec(model: SqlModel, around: _Surroundings) -> dg.AssetSpec:
    header = model.header
    incremental = header.materialized == "incremental"
    return dg.AssetSpec(
        _key(model),
        description=header.description,
        deps=_deps(model, around),
        group_name=header.group,
        kinds={"duckdb", "sql"},
        owners=list(OWNERS),
        tags={"layer": model.schema, "domain": header.group, "materialized": header.materialized},
        metadata={
            "dagster/column_schema": _column_schema(model),
            "dagster/table_name": model.table,
            "query": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
        },
        code_version=model.code_version,
        automation_condition=around.automation_condition if incremental else around.automation_of_whole,
        freshness_policy=around.freshness.get(header.group) if model.schema == "gold" else None,
    )


def _deps(model: SqlModel, around: _Surroundings) -> list[dg.AssetDep]:
    tables = [dependency.table for dependency in model.header.depends_on]
    keys = {key for table in tables for key in around.written_by.get(table, [dg.AssetKey(table.split("."))])}
    # A table or view is made of all partitions, whatever they are.
    mappings = around.partition_mappings if model.header.materialized == "incremental" else {}
    return [dg.AssetDep(key, partition_mapping=mappings.get(key)) for key in sorted(keys)]


def _column_schema(model: SqlModel) -> dg.TableSchema:
    meanings = {column.name: column.meaning for column in model.header.columns}
    return dg.TableSchema(
        [dg.TableColumn(name, type=kind.lower(), description=meanings.get(name)) for name, kind in model.column_types]
    )


def _asset(model: SqlModel, around: _Surroundings) -> dg.AssetsDefinition:
    spec = _spec(model, around)
    checks = [_check_spec(model, check) for check in model.header.checks]
    incremental = model.header.materialized == "incremental"

    @dg.multi_asset(
        name=f"{model.schema}__{model.name}",
        specs=[spec],
        check_specs=checks,
        partitions_def=around.partitions_def if incremental else None,
        backfill_policy=one_run_a_range if incremental else None,
    )
    def sql_model(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Result]:
        lineage = _lineage_metadata(model, {one.table: _lineage(one) for one in around.models})

        def whole() -> dict[str, Any]:
            return lineage | _materialize(model, warehouse, None, around.variables)

        def one_partition(key: str) -> Committed:
            start, end = around.partitions_def.time_window_for_partition_key(key)
            window = Window(start.date(), end.date())
            return Committed({spec.key: lineage | _materialize(model, warehouse, window, around.variables)})

        if incremental:
            yield from materialize_each(context, one_partition, checks=checks)
        else:
            yield from _materialize_whole(spec.key, checks, whole)

    return sql_model


def _materialize(
    model: SqlModel, warehouse: WarehouseResource, window: Window | None, variables: Mapping[str, Any]
) -> dict[str, Any]:
    with warehouse.write() as connection:
        row_count = materialize(connection, model, window=window, variables=variables)
        rows = connection.sql(preview_query(model), params=window.parameters() if window else None).pl()
    return view_metadata(View(row_count, {}, *first_rows(rows)))


def _materialize_whole(
    key: dg.AssetKey, checks: Sequence[dg.AssetCheckSpec], whole: Callable[[], dict[str, Any]]
) -> Iterator[Result]:
    """Materialise a table or view; of its checks the one that failed is reported, the others were not looked at."""
    try:
        metadata = whole()
    except Exception as error:
        if isinstance(error, DataContractError):
            yield dg.AssetCheckResult(asset_key=key, check_name=error.check_name, passed=False, description=str(error))
        raise failure({key.to_user_string(): error}, 1) from error
    yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    yield from (dg.AssetCheckResult(asset_key=key, check_name=check.name, passed=True) for check in checks)


def _key(model: SqlModel) -> dg.AssetKey:
    return dg.AssetKey([model.schema, model.name])


def _check_spec(model: SqlModel, check: DeclaredCheck) -> dg.AssetCheckSpec:
    stated = check.condition or f"{check.kind} {', '.join(check.columns)}"
    return fact(check.name, _key(model), f"{stated}; checked before the rows are committed.")


@cache
def _lineage(model: SqlModel) -> Mapping[str, tuple[TableColumn, ...]]:
    """Return what each column is made of. Parsing is dear: it is done by runs, once a process, and not on loading."""
    return column_lineage(model.sql, {table: dict(types) for table, types in model.input_types})


def _lineage_metadata(model: SqlModel, lineage: Lineage) -> dict[str, Any]:
    """Return the lineage as Dagster keeps it, and as a table of our own: its UI draws the former in Dagster+ only."""
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey(table.split(".")), name) for table, name in sources]
        for column, sources in lineage[model.table].items()
    }
    rows = [dg.TableRecord(row) for row in lineage_table(model.table, lineage)]
    return {"dagster/column_lineage": dg.TableColumnLineage(deps), "column lineage": dg.MetadataValue.table(rows)}
