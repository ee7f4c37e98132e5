"""The one place where everything meets: assets, checks, resources, jobs, schedules, sensors.

Belongs here: putting the parts together. Does not belong here: the parts.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dotenv import load_dotenv

from painpoint_platform import automation, jobs
from painpoint_platform.courses import assets as courses
from painpoint_platform.issues import assets as issues
from painpoint_platform.layers import FRESHNESS
from painpoint_platform.partitions import by_day, daily_partitions
from painpoint_platform.perception import assets as perception
from painpoint_platform.report.assets import build_report_asset
from painpoint_platform.resources.analytics import AnalyticsResource
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.resources.courses import CoursesResource
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.perception import PerceptionResource
from painpoint_platform.resources.pocketbase import PocketBaseResource
from painpoint_platform.resources.report import ReportResource
from painpoint_platform.resources.transcripts import TranscriptsResource
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform.sql_models.assets import build_sql_model_assets
from painpoint_platform.sql_models.model import SqlModel, load_models
from painpoint_platform.takedown import assets as takedown
from painpoint_platform.transcripts import assets as transcripts
from painpoint_platform.warehouse.assets import build_snapshot_asset


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Build the definitions of the whole platform.

    Args:
        resource_overrides: resources to use instead of those made from the settings, by resource key; the seam that
            tests use.

    Raises:
        UserError: a setting or the header of a SQL model is wrong.
    """
    settings = load_settings()
    sql_models = build_sql_model_assets(
        _sql_models(),
        partitions_def=daily_partitions,
        partition_mappings={issues.RAW_ITEMS: by_day},
        written_by={
            "bronze.collections": [issues.RAW_ITEMS],
            "bronze.course_catalogue": [courses.PREDICTIONS],
            "ops.llm_calls": [issues.ISSUES, courses.CLUSTERS, courses.THEMES, transcripts.BLOCKS],
        },
        variables={"publish_min_authors": settings.publish_min_authors},
        automation_condition=automation.after_new_rows,
        automation_of_whole=automation.after_any_new_rows,
        freshness=FRESHNESS,
    )
    tables = [*issues.ASSETS, *courses.ASSETS, *transcripts.ASSETS, *perception.ASSETS, *sql_models]
    gold_tables = {key for asset in tables for key in asset.keys if key.path[0] == "gold"}
    return dg.Definitions(
        assets=[*tables, *takedown.ASSETS, build_snapshot_asset(gold_tables), build_report_asset(gold_tables)],
        asset_checks=issues.CHECKS,
        resources=build_resources(settings) | dict(resource_overrides or {}),
        jobs=jobs.JOBS,
        schedules=automation.SCHEDULES,
        sensors=automation.SENSORS,
        # A process a step would cost more seconds than most steps take; each run is a process of its own already.
        executor=dg.in_process_executor,
    )


@cache
def _sql_models() -> tuple[SqlModel, ...]:
    """Return the project's SQL models: read and proven once a process, though commands build definitions twice."""
    return tuple(load_models())


def build_resources(settings: Settings) -> dict[str, Any]:
    """Make the resources from the settings, by resource key."""
    return {
        "warehouse": WarehouseResource.of(settings),
        "analytics": AnalyticsResource.of(settings),
        "report_folder": ReportResource.of(settings),
        "collectors": CollectorsResource.of(settings),
        "embedding": EmbeddingResource.of(settings),
        "courses": CoursesResource.of(settings),
        "transcript_files": TranscriptsResource.of(settings),
        "perception": PerceptionResource.of(settings),
        "llm": LLMResource.of(settings),
        "pocketbase": PocketBaseResource.of(settings),
    }


load_dotenv(Path(".env"))  # the providers' own key variables, which LiteLLM reads from the environment
defs = build_defs()
