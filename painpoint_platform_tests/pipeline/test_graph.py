"""The asset graph as Dagster sees it: what is there, what depends on what, what runs when."""

import subprocess
import sys
from datetime import UTC, datetime

import dagster as dg
import pytest

from painpoint_platform.definitions import build_defs
from painpoint_platform.issues.sources import APIS
from painpoint_platform.jobs import JOBS
from painpoint_platform.layers import bronze, gold, silver

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "litellm",
    "openvino",
    "hdbscan",
    "sklearn",
    "matplotlib",
    "polars",
)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def test_the_definitions_can_be_loaded_by_dagster(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_loading_the_definitions_loads_no_heavy_package() -> None:
    code = f"import sys, painpoint_platform.definitions; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip().splitlines()[-1] == "[]"


def test_every_asset_tells_what_it_is(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name in {"issues", "courses", "transcripts", "perception", "painpoints", "operations"}, key
        assert {"layer", "domain"} <= set(node.tags), key
        if key.path[0] == "gold":
            assert node.freshness_policy_or_from_metadata, key


def test_every_column_of_every_table_has_a_meaning(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        if graph.get(key).tags["layer"] not in {"bronze", "silver", "gold"}:
            continue
        columns = graph.get(key).metadata["dagster/column_schema"].columns
        assert columns, key
        assert all(column.description for column in columns), key


def test_the_layers_follow_each_other(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    parents = {key: graph.get(key).parent_keys for key in graph.get_all_asset_keys()}
    assert parents[bronze("raw_items")] == set()
    assert parents[silver("clusters")] == {bronze("raw_items")}
    assert parents[gold("issues")] == {
        silver("clusters"), silver("cluster_assignments"), silver("item_perception"),
    }  # fmt: skip
    assert parents[silver("item_perception")] == {bronze("raw_items"), dg.AssetKey("perception_models")}
    assert parents[silver("course_perception")] == {silver("course_painpoints"), dg.AssetKey("perception_models")}
    assert parents[silver("call_perception")] == {gold("qa_groups"), dg.AssetKey("perception_models")}
    assert parents[gold("painpoints")] == {
        gold("issues"), gold("issue_evidence"), gold("global_themes"), gold("post_global_index"), gold("qa_groups"),
        silver("course_perception"), silver("call_perception"),
    }  # fmt: skip
    assert parents[gold("perception_evaluation")] == {dg.AssetKey("perception_features")}
    assert parents[gold("live_issues")] == {gold("issues"), gold("issue_evidence")}
    assert parents[silver("course_painpoints")] == {bronze("course_predictions")}
    assert parents[gold("course_clusters")] == {silver("course_painpoints")}
    assert parents[gold("global_themes")] == {gold("course_clusters"), gold("course_cluster_posts")}
    assert parents[gold("cluster_issue_coverage")] == {gold("post_global_index")}
    assert parents[silver("transcript_qa")] == {bronze("transcript_paragraphs")}
    assert parents[gold("qa_groups")] == {silver("transcript_qa"), silver("transcript_blocks")}
    assert parents[dg.AssetKey(["operations", "analytics_snapshot"])] == {
        key for key in parents if key.path[0] == "gold"
    }
    files = {dg.AssetKey(f"perception_{name}") for name in ("splits", "features", "oof", "models", "export")}
    assert all(key.path[0] in {"bronze", "silver", "gold"} or key in files for keys in parents.values() for key in keys)
    assert all(parent in parents for keys in parents.values() for parent in keys), (
        "an asset depends on one that is not there"
    )


def test_each_source_has_a_pool_of_its_own(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert graph.get(bronze("raw_items")).pools == {f"{name}_api" for name in APIS}
    assert graph.get(silver("clusters")).pools == {"embedding"}
    assert graph.get(gold("issues")).pools == {"llm"}
    assert graph.get(gold("live_issues")).pools == {"pocketbase"}
    assert graph.get(gold("course_clusters")).pools == graph.get(gold("global_themes")).pools == {"llm"}
    assert graph.get(silver("transcript_qa")).pools == {"llm"}


def test_silver_reads_all_sources_of_its_day(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    mapping = graph.get(silver("clusters")).partition_mappings[bronze("raw_items")]
    downstream, upstream = graph.get(silver("clusters")).partitions_def, graph.get(bronze("raw_items")).partitions_def
    assert downstream
    assert upstream
    wanted = mapping.get_upstream_mapped_partitions_result_for_partitions(
        downstream.subset_with_partition_keys(["2025-01-06"]), downstream, upstream, current_time=datetime.now(UTC)
    ).partitions_subset.get_partition_keys()
    assert {str(key) for key in wanted} == {f"2025-01-06|{name}" for name in APIS}


def test_secrets_are_shown_as_names_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "POCKETBASE_PASSWORD", "LLM_REMOTE_API_KEY", "REDDIT_CLIENT_SECRET", "AUTHOR_SALT"):
        monkeypatch.setenv(name, f"value-of-{name.lower()}")
    definitions = build_defs()
    assert definitions.resources
    shown = str([dict(resource) for resource in definitions.resources.values()])
    assert "GITHUB_TOKEN" in shown
    assert "value-of" not in shown


def test_each_source_is_collected_daily(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or []}
    assert set(schedules) == {f"collect_{name}_daily" for name in APIS}
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2025, 3, 2, 1, 0, tzinfo=UTC))
    request = schedules["collect_github_daily"](context)
    assert request.partition_key == "2025-03-01|github"


def test_the_jobs_cover_the_graph_once(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    selected = [job.selection.resolve(graph) for job in JOBS]
    assert set.union(*map(set, selected)) == graph.get_all_asset_keys()
    assert sum(map(len, selected)) == len(graph.get_all_asset_keys())
