"""The walk to a new SQL model: it materialises, its checks can fail, and it is where the page says."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from painpoint_platform_tests.extending.conftest import Extended

pytestmark = pytest.mark.xdist_group("extending")

DAY = "2025-01-06"
KEY = dg.AssetKey(["gold", "category_sources"])
ISSUES = f"""
insert into gold.issues by name select * from (values
    (date '{DAY}', 1, 'k1', 'devtools', false), (date '{DAY}', 2, 'k2', 'finance', false),
    (date '{DAY}', 3, 'k3', null, true))
    as issue(cluster_date, cluster_id, issue_key, category, label_failed)
"""
EVIDENCE = f"""
insert into gold.issue_evidence by name
select date '{DAY}' as cluster_date, cluster_id, source, 'h' || n as url_hash
from (values (1, 'github', 1), (1, 'github', 2), (1, 'reddit', 3), (2, 'reddit', 4), (3, 'github', 5))
    as evidence(cluster_id, source, n)
"""


@pytest.fixture
def filled(extended: Extended, home: Path) -> Any:
    """A warehouse with three issues, one of them without a label."""
    warehouse = extended.module("resources.warehouse").WarehouseResource(database=str(home / "painpoint.duckdb"))
    with warehouse.write() as connection:
        _without_constraints(connection)
        connection.execute(ISSUES)
        connection.execute(EVIDENCE)
    return warehouse


def _without_constraints(connection: Any) -> None:
    """Let rows be written with the columns that matter here alone."""
    for table in ("issues", "issue_evidence"):
        columns = connection.execute(
            "select column_name from duckdb_columns() "
            "where schema_name = 'gold' and table_name = ? and not is_nullable",
            [table],
        ).fetchall()
        for (column,) in columns:
            connection.execute(f'alter table gold.{table} alter column "{column}" drop not null')


def run(definitions: dg.Definitions) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def("issues").execute_in_process(
        partition_key=DAY, asset_selection=[KEY], raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )  # fmt: skip


def shares(warehouse: Any) -> list[tuple[Any, ...]]:
    with warehouse.read() as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "select category, source, item_count, round(share, 2) from gold.category_sources order by all"
        ).fetchall()
    return rows


def test_it_materialises_and_a_check_that_fails_keeps_the_rows_of_before(
    filled: Any, definitions: dg.Definitions
) -> None:
    assert run(definitions).success
    before = [("devtools", "github", 2, 0.67), ("devtools", "reddit", 1, 0.33), ("finance", "reddit", 1, 1.0)]
    assert shares(filled) == before

    with filled.write() as connection:
        connection.execute("update gold.issue_evidence set source = null where url_hash = 'h3'")
    broken = run(definitions)
    assert not broken.success
    [failed] = [check.check_name for check in broken.get_asset_check_evaluations() if not check.passed]
    assert failed == "not_null_cluster_date_category_source"
    assert shares(filled) == before


def test_it_shows_up_where_the_page_says(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    node = graph.get(KEY)
    assert node.parent_keys == {dg.AssetKey(["gold", "issues"]), dg.AssetKey(["gold", "issue_evidence"])}
    assert dg.AssetKey(["operations", "analytics_snapshot"]) in node.child_keys
    assert node.group_name == "issues"
    assert node.automation_condition is not None
    described = {column.name: column.description for column in node.metadata["dagster/column_schema"].columns}
    assert described["share"] == "Their share of all posts of the category that day, 0 to 1"
