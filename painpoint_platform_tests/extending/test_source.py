"""The walk to a new source: its stories arrive and are clustered."""

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from painpoint_platform.sample.servers.serving import status
from painpoint_platform_tests.extending.conftest import Extended
from painpoint_platform_tests.extending.lobsters import DAY, STORIES_A_PAGE, Lobsters

pytestmark = pytest.mark.xdist_group("extending")


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "painpoint.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_its_stories_arrive_in_bronze_and_are_clustered(
    extended: Extended, home: Path, definitions: dg.Definitions, lobsters: Lobsters
) -> None:
    run = extended.module("jobs").run_in_process
    layers = extended.module("layers")
    lobsters.faults.add("lobsters", status(503, Retry_After="0"))
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(definitions, "collect", instance=instance, first=f"{DAY}|lobsters").failure is None
        silver = [layers.silver("clusters"), layers.silver("cluster_assignments")]
        assert run(definitions, "issues", instance=instance, first=str(DAY), assets=silver).failure is None
    of_day = [item for item in lobsters.stories if item.created_at.date() == DAY]
    assert rows(
        home, "select source, count(*), count(distinct author_hash) > 9 from bronze.raw_items group by all"
    ) == [("lobsters", len(of_day), True)]
    asked = 1 + len(of_day) // STORIES_A_PAGE + 1  # the refused request again, and no page after the first older story
    assert rows(home, "select partial_reason, rejected_count, request_count from bronze.collections") == [
        (None, 0, asked)
    ]
    [(clustered,)] = rows(home, "select count(*) from silver.cluster_assignments where cluster_id >= 0")
    assert clustered > len(of_day) / 2


def test_everything_that_knows_all_sources_knows_it(extended: Extended, definitions: dg.Definitions) -> None:
    assert f"{DAY}|lobsters" in extended.module("partitions").source_day_partitions.get_partition_keys()
    assert definitions.resolve_schedule_def("collect_lobsters_daily").cron_schedule == "15 0 * * *"
    graph = extended.module("issues.assets").raw_items
    pools = {node.name: node.pool for node in graph.node_def.iterate_node_defs() if hasattr(node, "pool")}
    assert pools["collect_lobsters"] == "lobsters_api"
    settings = extended.module("settings").load_settings(None)
    found = list(extended.module("doctor.services").sources(settings, True))
    assert [(one.what, one.state) for one in found] == [("queries", "ok"), ("lobsters", "ok")]
    queries = extended.module("issues.query_file").load_queries(extended.root / "sources.yaml")
    assert "lobsters" in queries.enabled


def test_the_example_of_settings_shows_its_setting(extended: Extended) -> None:
    lines = (extended.root / ".env.example").read_text().splitlines()
    assert lines[lines.index("# Lobsters") + 1] == "# LOBSTERS_API_URL=https://lobste.rs"
    assert "LOBSTERS_API_URL" in extended.module("settings").setting_names()
