"""The asset that writes the report.

Belongs here: when it is written and what the UI shows of it. Does not belong here: how (``reading``, ``writing``).
"""

from collections.abc import Iterable

import dagster as dg

from painpoint_platform.automation import after_any_new_rows
from painpoint_platform.layers import GOLD_FRESHNESS, OWNERS
from painpoint_platform.resources.report import ReportResource
from painpoint_platform.resources.warehouse import WarehouseResource

REPORT = dg.AssetKey(["operations", "report"])


def build_report_asset(gold_tables: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that writes the report once any of ``gold_tables`` has new rows."""

    @dg.asset(
        key=REPORT,
        group_name="operations",
        deps=sorted(gold_tables),
        description="The report (REPORT_DIR): one folder of pages that open from disk without server or network: the "
        "latest day's issues with their posts, the map, course themes, earnings calls, model costs. Replaced whole.",
        kinds={"html", "python"},
        owners=list(OWNERS),
        tags={"layer": "operations", "domain": "operations"},
        automation_condition=after_any_new_rows,
        freshness_policy=GOLD_FRESHNESS,
    )
    def report(warehouse: WarehouseResource, report_folder: ReportResource) -> dg.MaterializeResult[None]:
        written = report_folder.publish(warehouse)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(written.index),
                "day": str(written.day),
                "size_mb": round(written.size_bytes / 1e6, 3),
                "files": written.file_count,
                "preview": dg.MetadataValue.table(
                    [dg.TableRecord({"what": name, "count": count}) for name, count in written.counts.items()]
                ),
            }
        )

    return report
