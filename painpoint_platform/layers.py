"""The layers of the warehouse as Dagster sees them: asset keys, table names and what every asset carries.

Belongs here: the one spelling of each layer, of owners and of the metadata that a table shows in the UI.
Does not belong here: partitions (``partitions``), what an asset does (each domain's ``assets``).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

OWNERS = ("team:data-platform",)
ANALYST_OWNERS = ("team:analytics",)

# A gold table of a daily pipeline that runs in the small hours is late when it is older than a day and a half.
GOLD_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=28))


def bronze(table: str) -> dg.AssetKey:
    """Key of a table of what was collected or loaded, as it came."""
    return dg.AssetKey(["bronze", table])


def silver(table: str) -> dg.AssetKey:
    """Key of a table of cleaned, grouped data."""
    return dg.AssetKey(["silver", table])


def gold(table: str) -> dg.AssetKey:
    """Key of a table that analysts query."""
    return dg.AssetKey(["gold", table])


def table_name(key: dg.AssetKey) -> str:
    """Name of the asset's table in the warehouse, ``schema.table``."""
    return ".".join(key.path)


def table_spec(
    key: dg.AssetKey,
    *,
    description: str,
    group: str,
    columns: Mapping[str, tuple[str, str]],
    kinds: set[str] | None = None,
    owners: Sequence[str] = OWNERS,
    **spec: Any,
) -> dg.AssetSpec:
    """Describe an asset that is one table of the warehouse.

    Args:
        key: asset key, equal to schema and table.
        description: what one row is and why the table exists.
        group: the domain.
        columns: name -> (DuckDB type, meaning), in the table's order.
        kinds: shown as icons in the UI besides duckdb.
        owners: teams.
        spec: further fields of ``dagster.AssetSpec``.
    """
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name, type=kind, description=meaning) for name, (kind, meaning) in columns.items()]
    )
    layer = key.path[0]
    return dg.AssetSpec(
        key,
        description=description,
        group_name=group,
        kinds={"duckdb"} | (kinds or set()),
        owners=list(owners),
        tags={"layer": layer, "domain": group},
        metadata={"dagster/column_schema": schema, "dagster/table_name": table_name(key)},
        freshness_policy=GOLD_FRESHNESS if layer == "gold" else None,
        **spec,
    )
