"""The one place where everything meets: assets, checks, resources, jobs, schedules, sensors.

Belongs here: putting the parts together. Does not belong here: the parts.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from painpoint_platform import automation, jobs
from painpoint_platform.issues import assets as issues
from painpoint_platform.layers import GOLD_FRESHNESS, OWNERS
from painpoint_platform.partitions import by_day, daily_partitions
from painpoint_platform.paths import bundled
from painpoint_platform.resources.analytics import AnalyticsResource
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.pocketbase import PocketBaseResource
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform.sql_models.assets import build_sql_model_assets
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.warehouse.assets import build_snapshot_asset


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Build the definitions of the whole platform.

    Args:
        resource_overrides: resources to use instead of those made from the settings, by resource key; the seam that
            tests use.

    Raises:
        UserError: a setting or the header of a SQL model is wrong.
    """
    sql_models = build_sql_model_assets(
        load_models(bundled("dbt_like_sql")),
        partitions_def=daily_partitions,
        partition_mappings={issues.RAW_ITEMS: by_day},
        automation_condition=automation.after_new_rows,
        freshness_policy=GOLD_FRESHNESS,
        owners=list(OWNERS),
    )
    tables = [*issues.ASSETS, *sql_models]
    gold_tables = {key for asset in tables for key in asset.keys if key.path[0] == "gold"}
    return dg.Definitions(
        assets=[*tables, build_snapshot_asset(gold_tables)],
        asset_checks=issues.CHECKS,
        resources=build_resources(load_settings()) | dict(resource_overrides or {}),
        jobs=jobs.JOBS,
        schedules=automation.SCHEDULES,
        sensors=automation.SENSORS,
        # A process a step would cost more seconds than most steps take; each run is a process of its own already.
        executor=dg.in_process_executor,
    )


def build_resources(settings: Settings) -> dict[str, Any]:
    """Make the resources from the settings, by resource key."""
    return {
        "warehouse": WarehouseResource(
            database=str(settings.warehouse), lock_timeout_s=settings.warehouse_lock_timeout_s
        ),
        "analytics": AnalyticsResource(path=str(settings.analytics)),
        "collectors": CollectorsResource.from_settings(settings),
        "embedding": EmbeddingResource.from_settings(settings),
        "llm": LLMResource.from_settings(settings),
        "pocketbase": PocketBaseResource.from_settings(settings),
    }


defs = build_defs()
