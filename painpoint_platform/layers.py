"""The layers of the warehouse as Dagster sees them: asset keys, table names and what every asset carries.

Belongs here: the one spelling of each layer, of owners and of the metadata that a table shows in the UI.
Does not belong here: partitions (``partitions``), what an asset does (each domain's ``assets``).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from painpoint_platform.views import View
from painpoint_platform.warehouse.schema import described_tables

OWNERS = ("team:data-platform",)

# A gold table of a daily pipeline that runs in the small hours is late when it is older than a day and a half.
GOLD_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=28))
FRESHNESS: Mapping[str, dg.FreshnessPolicy] = {
    "issues": GOLD_FRESHNESS,
    "painpoints": GOLD_FRESHNESS,
    # Feedback comes by the term of six months, earnings calls by the quarter.
    "courses": dg.FreshnessPolicy.time_window(fail_window=timedelta(days=200), warn_window=timedelta(days=185)),
    # Models are trained when somebody has new labels. The UI rounds: two windows of a year would look the same.
    "perception": dg.FreshnessPolicy.time_window(fail_window=timedelta(days=365), warn_window=timedelta(days=270)),
    "transcripts": dg.FreshnessPolicy.time_window(fail_window=timedelta(days=130), warn_window=timedelta(days=100)),
    "operations": GOLD_FRESHNESS,
}


def bronze(table: str) -> dg.AssetKey:
    """Key of a table of what was collected or loaded, as it came."""
    return dg.AssetKey(["bronze", table])


def silver(table: str) -> dg.AssetKey:
    """Key of a table of cleaned, grouped data."""
    return dg.AssetKey(["silver", table])


def gold(table: str) -> dg.AssetKey:
    """Key of a table that analysts query."""
    return dg.AssetKey(["gold", table])


def ops(table: str) -> dg.AssetKey:
    """Key of a table of what the platform remembers of its own work."""
    return dg.AssetKey(["ops", table])


def table_name(key: dg.AssetKey) -> str:
    """Name of the asset's table in the warehouse, ``schema.table``."""
    return ".".join(key.path)


def table_attributes(
    key: dg.AssetKey, *, description: str, group: str, kinds: set[str] | None = None, starts: str | None = None
) -> dict[str, Any]:
    """Return what an asset that is one table of the warehouse carries, as arguments of an asset decorator or spec.

    Columns with types and meanings come from the migrations, so that Dagster shows what the DuckDB shell shows.

    Args:
        key: asset key, equal to schema and table.
        description: what the asset does and why; the table's own comment says what a row is.
        group: the domain.
        kinds: shown as icons in the UI besides duckdb.
        starts: what materialises it, where that is no automation condition; shown in the UI.

    Raises:
        KeyError: no migration makes the table.
    """
    table = described_tables()[table_name(key)]
    schema = dg.TableSchema(
        columns=[dg.TableColumn(column.name, type=column.type, description=column.meaning) for column in table.columns]
    )
    return {
        "key": key,
        "description": f"{description}\n\n{table.meaning}",
        "group_name": group,
        "kinds": {"duckdb"} | (kinds or set()),
        "owners": list(OWNERS),
        "tags": {"layer": key.path[0], "domain": group},
        "metadata": {"dagster/column_schema": schema, "dagster/table_name": table.name} | _told(starts),
    }


def _told(starts: str | None) -> dict[str, str]:
    return {} if starts is None else {"starts": starts}


def table_spec(
    key: dg.AssetKey,
    *,
    description: str,
    group: str,
    kinds: set[str] | None = None,
    starts: str | None = None,
    **spec: Any,
) -> dg.AssetSpec:
    """Describe one table of a multi-asset; see ``table_attributes``. A table of gold carries its group's freshness."""
    attributes = table_attributes(key, description=description, group=group, kinds=kinds, starts=starts)
    return dg.AssetSpec(**attributes, freshness_policy=FRESHNESS[group] if key.path[0] == "gold" else None, **spec)


def file_spec(
    key: dg.AssetKey, description: str, *, group: str, starts: str | None = None, **spec: Any
) -> dg.AssetSpec:
    """Describe an asset whose result is files below ARTIFACTS_DIR; see ``table_attributes``."""
    return dg.AssetSpec(
        key,
        description=description,
        group_name=group,
        kinds={"python", "file"},
        owners=list(OWNERS),
        tags={"layer": "files", "domain": group},
        metadata=_told(starts),
        **spec,
    )


def fact(name: str, asset: dg.AssetKey, description: str) -> dg.AssetCheckSpec:
    """Name a fact that is checked before rows are committed: where it does not hold, nothing goes on."""
    return dg.AssetCheckSpec(name, asset=asset, description=description, blocking=True)


def warning(name: str, asset: dg.AssetKey, description: str) -> dg.AssetCheckSpec:
    """Name a fact that is looked at when rows are committed: where it does not hold, people are told."""
    return dg.AssetCheckSpec(name, asset=asset, description=f"{description} It only warns.", blocking=False)


def view_metadata(view: View, changed: bool = True) -> dict[str, Any]:
    """Turn a view into Dagster's metadata: facts, pictures behind a link, then the first rows as a table."""
    table = dg.MetadataValue.table(
        [dg.TableRecord(row) for row in view.preview], schema=dg.TableSchema.from_name_type_dict(view.preview_types)
    )
    return {
        "dagster/row_count": view.row_count,
        **view.facts,
        **({} if changed else {"not_computed": "made from the same input before"}),
        **{name: dg.MetadataValue.md(picture) for name, picture in view.pictures.items()},
        **({"preview": table} if view.preview else {}),
    }
