"""SQL models as Dagster assets: one asset a file.

Belongs here: wiring. Does not belong here: what a model is (``model``), how it is carried out (``run``,
``later_days``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from painpoint_platform.errors import DataContractError
from painpoint_platform.layers import OWNERS, fact, view_metadata
from painpoint_platform.partitions import Committed, failure, materialize_each, one_run_a_range, partition_keys
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.sql_models.header import DeclaredCheck
from painpoint_platform.sql_models.later_days import LaterDays, remake_later_days
from painpoint_platform.sql_models.lineage import TableColumn, column_lineage
from painpoint_platform.sql_models.lineage_table import Lineage, lineage_table
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.sql_models.run import Window, materialize, preview_query, row_count
from painpoint_platform.views import View, first_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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
    transaction: one that fails rolls it back. Of a model that looks back the days after the last of a run are remade in
    that one's transaction, and those that changed are logged as materialised, too, so that whatever reads them follows.

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
        description=_description(model),
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


def _description(model: SqlModel) -> str:
    header = model.header
    if header.materialized != "incremental" or not model.looks_back:
        return header.description
    how_far = header.looks_back or "through what it reads"
    return (
        f"{header.description}\n\nLooks back: {how_far}. When a day is filled in or made again, later days that change "
        "with it are remade in the same transaction."
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
            with warehouse.write() as connection:
                materialize(connection, model, variables=around.variables)
                return _shown(connection, model, None) | lineage

        if incremental:
            days = _Days(model, around, context, warehouse, lineage, last=partition_keys(context)[-1])
            yield from materialize_each(context, days.materialize, checks=checks)
        else:
            yield from _materialize_whole(spec.key, checks, whole)

    return sql_model


@dataclass
class _Days:
    """The partitions of a run of an incremental model, made one by one, and those after them where it looks back."""

    model: SqlModel
    around: _Surroundings
    context: dg.AssetExecutionContext
    warehouse: WarehouseResource
    lineage: Mapping[str, Any]
    last: str
    made_some: bool = False

    def materialize(self, key: str) -> Committed:
        """Commit a partition; with the last one, also the days after it that are others for what the run made."""
        is_last = key == self.last
        window = self._window(key)
        try:
            with self.warehouse.write() as connection:
                materialize(connection, self.model, window=window, variables=self.around.variables)
                later = self._remake(connection, window.end) if is_last else LaterDays()
                shown = self._shown(connection, [key, *self._keys(later.remade)])
        except Exception:
            # The run fails all the same; but its other partitions are committed, and later days must agree with them.
            if is_last and self.made_some:
                self._remake_after_the_others(window.end)
            raise
        self.made_some = True
        metadata = shown.pop(key)
        self._log(shown)
        return Committed({_key(self.model): metadata}, _warnings(later))

    def _remake_after_the_others(self, end: date) -> None:
        """Remake the days after a run whose last partition failed and took its transaction with it."""
        with self.warehouse.write() as connection:
            later = self._remake(connection, end)
            shown = self._shown(connection, self._keys(later.remade))
        self._log(shown)
        for check, found in _warnings(later).items():
            self.context.log.warning(f"{check}: {found}")

    def _remake(self, connection: "DuckDBPyConnection", end: date) -> LaterDays:
        return remake_later_days(connection, self.model, end, variables=self.around.variables)

    def _window(self, key: str) -> Window:
        start, end = self.around.partitions_def.time_window_for_partition_key(key)
        return Window(start.date(), end.date())

    def _keys(self, days: Sequence[date]) -> list[str]:
        moments = [datetime.combine(day, time(), UTC).timestamp() for day in days]
        return list(dict.fromkeys(map(self.around.partitions_def.get_partition_key_for_timestamp, moments)))

    def _shown(self, connection: "DuckDBPyConnection", keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {key: {**_shown(connection, self.model, self._window(key)), **self.lineage} for key in keys}

    def _log(self, later: Mapping[str, Mapping[str, Any]]) -> None:
        for key, metadata in later.items():
            remade = {"remade": f"because {self.last} or a day before it was made again"}
            self.context.log_event(
                dg.AssetMaterialization(_key(self.model), partition=key, metadata={**metadata, **remade})
            )


def _warnings(later: LaterDays) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for day, error in later.refused.items():
        told.setdefault(str(error.check_name), []).append(f"the later day {day} stands as it was: {error}")
    return {check: "; ".join(texts) for check, texts in told.items()}


def _shown(connection: "DuckDBPyConnection", model: SqlModel, window: Window | None) -> dict[str, Any]:
    """Return what people see of a window, or of all: how many rows, and the first of them."""
    parameters = window.parameters() if window else None
    count = row_count(connection, model, window)
    rows = connection.sql(preview_query(model), params=parameters).pl()
    return view_metadata(View(count, {}, *first_rows(rows)))


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
