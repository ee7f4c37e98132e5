"""The Dagster UI as a product: what stands on every page is there, and it is true."""

from datetime import timedelta

import dagster as dg
import pytest

from painpoint_platform.definitions import build_defs, build_resources
from painpoint_platform.jobs import JOBS
from painpoint_platform.layers import FRESHNESS, table_name
from painpoint_platform.settings import load_settings

TABLE_LAYERS = {"bronze", "silver", "gold", "ops"}
# Asset -> why no fact of its rows is checked.
WITHOUT_CHECKS = {
    "ops/evidence_checks": "it writes down what a source answered",
    "bronze/perception_corpus": "reading the corpus checks its rows; here stands one row a corpus",
    "perception_features": "files; the audit of perception_splits comes before them",
    "perception_oof": "files; what they lead to is checked in gold.perception_evaluation",
    "operations/analytics_snapshot": "a copy, row by row, of tables that were checked",
    "operations/report": "a reading of tables that were checked",
}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def assets(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def is_sentence(text: str | None) -> bool:
    """Whether this reads as prose and not as a docstring's markup, which Dagster's lists show as it is."""
    return bool(text) and str(text)[0].isupper() and str(text).rstrip().endswith(".") and "``" not in str(text)


def test_descriptions_are_prose_whose_first_sentence_fits_the_catalog(assets: dict[str, dg.AssetSpec]) -> None:
    for name, spec in assets.items():
        assert is_sentence(spec.description), name
        assert len(str(spec.description).split("\n\n")[0].split(". ")[0]) <= 240, name


def test_a_table_says_its_name_and_columns(assets: dict[str, dg.AssetSpec]) -> None:
    for name, spec in assets.items():
        if spec.tags["layer"] in TABLE_LAYERS:
            assert spec.metadata["dagster/table_name"] == table_name(spec.key), name
            columns = spec.metadata["dagster/column_schema"].columns
            assert columns, name
            assert all(column.type and column.description for column in columns), name
            assert "duckdb" in spec.kinds, name


def test_what_starts_an_asset_is_a_condition_or_said(assets: dict[str, dg.AssetSpec]) -> None:
    """A page without automation leaves open whether that is meant."""
    for name, spec in assets.items():
        if spec.automation_condition:
            assert (spec.automation_condition.get_label() or "").startswith("when "), name
        assert bool(spec.automation_condition) != is_sentence(spec.metadata.get("starts")), name


def test_gold_is_fresh_by_the_rhythm_of_its_domain(assets: dict[str, dg.AssetSpec]) -> None:
    """What comes by the term or quarter must not be late the next morning, what comes daily not only next month."""
    daily = {"issues", "painpoints", "operations"}
    for name, spec in assets.items():
        if spec.tags["layer"] == "gold" or (spec.group_name == "operations" and spec.automation_condition):
            assert spec.freshness_policy == FRESHNESS[str(spec.group_name)], name
            window = spec.freshness_policy.fail_window.to_timedelta()  # type: ignore[union-attr]
            assert (window < timedelta(days=2)) == (spec.group_name in daily), name


def test_partitions_are_backfilled_in_one_run(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert (node.backfill_policy == dg.BackfillPolicy.single_run()) == bool(node.partitions_def), key


def test_every_asset_is_checked_or_says_why_not(definitions: dg.Definitions, assets: dict[str, dg.AssetSpec]) -> None:
    checked = {key.asset_key.to_user_string() for key in definitions.resolve_asset_graph().asset_check_keys}
    assert set(assets) - checked == set(WITHOUT_CHECKS) & set(assets)


def test_a_check_says_in_a_sentence_what_holds_and_whether_it_blocks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        assert spec.description, key
        assert spec.description.endswith("."), key
        assert spec.blocking != spec.description.endswith("It only warns."), key


def test_jobs_schedules_and_sensors_say_what_they_do(definitions: dg.Definitions) -> None:
    for named in [*JOBS, *(definitions.schedules or []), *(definitions.sensors or [])]:
        assert is_sentence(named.description), named.name


def test_resources_and_their_fields_are_described() -> None:
    for name, resource in build_resources(load_settings(None)).items():
        assert is_sentence((type(resource).__doc__ or "").split("\n\n")[0]), name
        for field, info in type(resource).model_fields.items():
            assert info.description, f"{name}.{field}"
