"""Earnings calls as a fifth source. The partitions are fixed when a process starts, so each test starts one."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from painpoint_platform.cli.runs import parse_sources
from painpoint_platform.errors import UserError
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.settings import load_settings
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pipeline.conftest import DAYS

pytestmark = pytest.mark.xdist_group("pipeline")

FIVE = ["github", "hackernews", "reddit", "stackoverflow", "earnings_calls"]
DAY, DAY_WITHOUT_CALLS = DAYS
GRAPH = """
import json
from datetime import UTC, datetime
import dagster as dg
from painpoint_platform.automation import late_calls, late_calls_collected
from painpoint_platform.definitions import build_resources, defs
from painpoint_platform.layers import bronze, gold, silver
from painpoint_platform.settings import load_settings

graph = defs.resolve_asset_graph()
raw_items, clusters = graph.get(bronze("raw_items")), graph.get(silver("clusters"))
upstream = clusters.partition_mappings[raw_items.key].get_upstream_mapped_partitions_result_for_partitions(
    clusters.partitions_def.subset_with_partition_keys(["2025-01-06"]), clusters.partitions_def,
    raw_items.partitions_def, current_time=datetime.now(UTC),
).partitions_subset
schedules = {schedule.name: schedule for schedule in defs.schedules}
context = dg.build_schedule_context(scheduled_execution_time=datetime(2025, 3, 2, 5, 30, tzinfo=UTC))

warehouse = build_resources(load_settings())["warehouse"]
call = (
    "insert into gold.qa_groups by name select $call as transcript, $day::date as call_date, 1 as qa_group_id, "
    "['Ann Lee'] as executives, 'Why?' as question_text, 'So.' as answer_text, 1 as question_count, 1 as confidence, "
    "'rule_detection' as method, 1 as first_block_id, 2 as last_block_id, 2 as block_count"
)
with warehouse.write() as connection:
    connection.execute(
        "insert into bronze.collections by name select 'earnings_calls' as source, unnest([date '2025-01-06', "
        "date '2025-01-07']) as collection_date, 0 as item_count, 0 as rejected_count, 0 as request_count, "
        "now() as collected_at"
    )
    connection.execute(
        "insert into silver.cluster_assignments by name select date '2025-01-06' as cluster_date, 'u' as url_hash, "
        "-1 as cluster_id, 'noise' as membership, 0 as probability"
    )
    for name, day in (("late", "2025-01-06"), ("later", "2025-01-07"), ("early", "2025-01-08"), ("undated", None)):
        connection.execute(call, {"call": name, "day": day})
with dg.DagsterInstance.ephemeral() as instance:
    def look(cursor=None):
        return late_calls(dg.build_sensor_context(instance=instance, cursor=cursor), warehouse=warehouse)

    def follow(request):
        run = defs.resolve_job_def("collect").execute_in_process(
            instance=instance, partition_key=request.partition_key, tags=request.tags
        )
        (ended,) = (event for event in run.all_events if event.event_type_value == "PIPELINE_SUCCESS")
        context = dg.build_run_status_sensor_context("late_calls_collected", ended, instance, run.dagster_run)
        return late_calls_collected(context, warehouse=warehouse)

    nothing = look()
    for name in ("late", "later", "early", "undated"):
        instance.report_runless_asset_event(dg.AssetMaterialization(gold("qa_groups"), partition=name))
    found = look()
    again = look(found.cursor)
    followed = [follow(request) for request in found.run_requests]
print(json.dumps({
    "parents": [key.to_user_string() for key in raw_items.parent_keys],
    "late": [str(request.partition_key) for request in found.run_requests],
    "clustered_again": [getattr(one, "partition_key", None) for one in followed],
    "quiet": [bool(one.skip_reason) for one in (nothing, again)],
    "upstream": [str(key) for key in upstream.get_partition_keys()],
    "pools": sorted(raw_items.pools),
    "asked_for": schedules["collect_earnings_calls_daily"](context).partition_key,
}))
"""


class Calls:
    """A platform that reads earnings calls besides the sample APIs; each command is a process of its own."""

    def __init__(self, folder: Path, world: dict[str, str]) -> None:
        self.warehouse = folder / "painpoint.duckdb"
        self._folder = folder
        self._environment = os.environ | world | {
            "DATA_DIR": str(folder), "EARNINGS_CALLS_AS_SOURCE": "true", "POCKETBASE_URL": "",
        }  # fmt: skip
        (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)

    def python(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def painpoint(self, *arguments: str) -> list[tuple[str, str | None, str | None]]:
        outcome = self.python("-m", "painpoint_platform.cli.app", *arguments, "--json")
        return [(run["job"], run["first"], run["last"]) for run in outcome["runs"]]

    def query(self, sql: str, **values: Any) -> pl.DataFrame:
        with open_read(self.warehouse) as connection:
            return connection.sql(sql, params=values).pl()

    def publish(self, day: date, questions: list[str]) -> None:
        """Put exchanges where the transcripts graph puts them, each with an analyst of its own."""
        with open_write(self.warehouse) as connection:
            connection.execute(
                "insert into gold.qa_groups by name select 'a call' as transcript, $day as call_date, number as "
                "qa_group_id, 'Analyst ' || number as analyst, ['Ann Lee'] as executives, question as question_text, "
                "'So.' as answer_text, 1 as question_count, 0.9 as confidence, 'rule_detection' as method, "
                "1 as first_block_id, 2 as last_block_id, 2 as block_count "
                "from (select unnest($questions) as question, unnest(range(1, len($questions) + 1)) as number)",
                {"day": day, "questions": questions},
            )


@pytest.fixture
def calls(tmp_path: Path, world: dict[str, str]) -> Calls:
    return Calls(tmp_path, world)


@pytest.fixture(scope="module")
def graph(world: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the asset graph and its sensors say, of a process of its own."""
    return Calls(tmp_path_factory.mktemp("graph"), world).python("-c", GRAPH)


def test_the_graph_has_a_fifth_source_and_waits_for_it(graph: dict[str, Any]) -> None:
    assert sorted(graph["upstream"]) == sorted(f"2025-01-06|{source}" for source in FIVE)
    assert graph["pools"] == [f"{source}_api" for source in FIVE[:4]]
    assert graph["asked_for"] == "2025-03-01|earnings_calls"
    assert graph["parents"] == ["gold/qa_groups"]


def test_a_call_that_is_paired_late_has_its_day_read_and_clustered_again(graph: dict[str, Any]) -> None:
    # A day that was not read yet is left to its schedule, one that was not clustered yet to its automation.
    assert graph["late"] == ["2025-01-06|earnings_calls", "2025-01-07|earnings_calls"]
    assert graph["clustered_again"] == ["2025-01-06", None]
    assert graph["quiet"] == [True, True]


def test_questions_are_clustered_with_the_posts_of_their_day(calls: Calls, sample_items: list[SampleItem]) -> None:
    of_day = [item for item in sample_items if item.created_at.date() == DAY and item.source == "github"]
    calls.publish(DAY, [f"{item.title}?" for item in of_day[:40]])
    days = (str(DAY), str(DAY_WITHOUT_CALLS))
    done = calls.painpoint(
        "backfill", "--from", days[0], "--to", days[1], "--source", "github", "--source", "earnings_calls"
    )
    assert done[:2] == [("collect", *(f"{day}|{source}" for day in days)) for source in ("github", "earnings_calls")]

    collections = calls.query(
        "select collection_date, item_count, partial_reason from bronze.collections where source = 'earnings_calls' "
        "order by collection_date"
    )
    assert collections.rows() == [(DAY, 40, None), (DAY_WITHOUT_CALLS, 0, None)]
    asked = calls.query("select * from bronze.raw_items where source = 'earnings_calls'")
    assert set(asked["collection_date"]) == {DAY}
    assert asked["author_hash"].n_unique() == 40
    clusters_of_both = calls.query(
        "select cluster_id from gold.issue_evidence where cluster_date = $day group by cluster_id "
        "having count(distinct source) = 2",
        day=DAY,
    )
    assert clusters_of_both.height > 0


def test_a_source_that_is_switched_off_is_not_collected_and_cannot_be_asked_for() -> None:
    settings = load_settings(None)
    assert set(parse_sources(None, settings)) == set(FIVE[:4])
    with pytest.raises(UserError, match="earnings_calls is switched off; set EARNINGS_CALLS_AS_SOURCE=true"):
        parse_sources(["earnings_calls"], settings)
    assert set(parse_sources(None, load_settings(None, earnings_calls_as_source=True))) == set(FIVE)
