"""The asset that publishes gold to analysts.

Belongs here: when the copy is written and what the UI shows of it. Does not belong here: how (``snapshot``).
"""

from collections.abc import Iterable

import dagster as dg

from painpoint_platform.automation import after_any_new_rows
from painpoint_platform.layers import GOLD_FRESHNESS, OWNERS
from painpoint_platform.resources.analytics import AnalyticsResource
from painpoint_platform.resources.warehouse import WarehouseResource

SNAPSHOT = dg.AssetKey(["operations", "analytics_snapshot"])


def build_snapshot_asset(gold_tables: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that copies all of gold once any of ``gold_tables`` has new rows."""

    @dg.asset(
        key=SNAPSHOT,
        group_name="operations",
        deps=sorted(gold_tables),
        description="The analysts' compact copy of gold (ANALYTICS_PATH), replaced by an atomic rename: they never "
        "touch the warehouse, and whoever has the old copy open keeps it.",
        kinds={"duckdb", "python"},
        owners=list(OWNERS),
        tags={"layer": "operations", "domain": "operations"},
        automation_condition=after_any_new_rows,
        freshness_policy=GOLD_FRESHNESS,
    )
    def analytics_snapshot(warehouse: WarehouseResource, analytics: AnalyticsResource) -> dg.MaterializeResult[None]:
        snapshot = analytics.publish(warehouse)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(snapshot.path),
                "size_mb": round(snapshot.size_bytes / 1e6, 3),
                "dagster/row_count": sum(snapshot.row_counts.values()),
                "tables": dg.MetadataValue.table(
                    [dg.TableRecord({"table": name, "rows": rows}) for name, rows in snapshot.row_counts.items()]
                ),
            }
        )

    return analytics_snapshot
