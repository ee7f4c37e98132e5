from datetime import date, timedelta

import dagster as dg
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.layers import OWNERS
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.sql_models.assets import build_sql_model_assets
from painpoint_platform.sql_models.later_days import remake_later_days
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.warehouse.connection import open_read, open_write

DAYS = dg.DailyPartitionsDefinition("2025-01-01", end_date="2025-02-01")
SOURCE_DAYS = dg.MultiPartitionsDefinition({"date": DAYS, "source": dg.StaticPartitionsDefinition(["a", "b"])})
BY_DAY = dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name="date")
ITEMS = dg.AssetKey(["bronze", "raw_items"])
REASONS = dg.AssetKey(["gold", "reasons"])

INCREMENTAL = """\
-- description: Reasons by day.
-- depends_on: bronze.rejected_items, bronze.collections
-- materialized: incremental day
-- column: day | Day, UTC
-- column: reason | Why
-- check: unique day, reason
-- check: not_null reason

select collection_date as day, reason
from bronze.rejected_items
where not exists (from bronze.collections)
"""
TABLE = """\
-- description: Reasons.
-- depends_on: gold.reasons
-- materialized: table
-- group: courses
-- check: assert day > '2025-01-01'
-- check: not_null day

select day from gold.reasons
"""
LOOKS_BACK = """\
-- description: How many reasons there were up to a day.
-- depends_on: bronze.rejected_items
-- materialized: incremental day
-- looks_back: to the first day
-- check: assert total <> 7

select collection_date as day, (sum(count(*)) over (order by collection_date))::int as total
from bronze.rejected_items
group by collection_date
"""


@pytest.fixture
def filled(warehouse):
    with open_write(warehouse) as connection:
        connection.execute(
            "insert into bronze.rejected_items "
            "select 'a', date '2025-01-01' + (n - 1)::int, '1', 'r' || n, '', '2025-01-01' from range(1, 5) as r(n)"
        )
    return warehouse


@pytest.fixture
def assets(tmp_path):
    for table, text in {"gold/reasons": INCREMENTAL, "silver/days": TABLE, "silver/so_far": LOOKS_BACK}.items():
        file = tmp_path / "models" / f"{table}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return build_sql_model_assets(
        load_models(tmp_path / "models"),
        partitions_def=DAYS,
        partition_mappings={ITEMS: BY_DAY},
        written_by={"bronze.rejected_items": [ITEMS], "bronze.collections": [ITEMS]},
        automation_condition=dg.AutomationCondition.eager(),
        freshness={"issues": dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36))},
    )


@dg.asset(key=ITEMS, partitions_def=SOURCE_DAYS)
def raw_items() -> None:
    """Stands for what collects."""


def run(assets, path, selected, **options):
    return dg.materialize(
        [raw_items, *assets],
        selection=[dg.AssetKey(selected)],
        resources={"warehouse": WarehouseResource(database=str(path))},
        raise_on_error=False,
        **options,
    )


def backfill(assets, path, first, last, selected=("gold", "reasons"), **options):
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return run(assets, path, selected, tags=tags, **options)


def happen(path, day, times=1):
    with open_write(path) as connection:
        connection.execute(
            "insert into bronze.rejected_items select 'a', $day, 'n', 'new', '', '2025-01-01' from range($times)",
            {"day": day, "times": times},
        )


def rows(path, query="select day, reason from gold.reasons order by all"):
    with open_read(path) as connection:
        return connection.execute(query).fetchall()


def materialized(result):
    return {event.partition: event.materialization.metadata for event in materialization_events(result)}


def materialization_events(result):
    return [event for event in result.all_events if event.is_step_materialization]


def checks(result):
    return {(check.check_name, check.passed) for check in result.get_asset_check_evaluations()}


def test_an_asset_carries_what_its_file_says(assets):
    spec = next(iter(assets[0].specs))
    assert spec.key == REASONS
    assert spec.description == "Reasons by day."
    assert spec.group_name == "issues"
    assert spec.kinds == {"duckdb", "sql"}
    assert spec.owners == list(OWNERS)
    assert spec.code_version
    assert spec.freshness_policy is not None
    assert spec.automation_condition is not None
    assert spec.metadata["dagster/table_name"] == "gold.reasons"
    columns = spec.metadata["dagster/column_schema"].columns
    assert [(column.name, column.type, column.description) for column in columns] == [
        ("day", "date", "Day, UTC"),
        ("reason", "varchar", "Why"),
    ]
    assert "from bronze.rejected_items" in spec.metadata["query"].value
    assert {check.name for check in assets[0].check_specs} == {"unique_day_reason", "not_null_reason"}
    others = {asset.key.path[-1]: asset for asset in assets[1:]}
    table = next(iter(others["days"].specs))
    assert (table.group_name, table.freshness_policy, others["days"].partitions_def) == ("courses", None, None)
    assert "\n\nLooks back: to the first day. When a day" in next(iter(others["so_far"].specs)).description


def test_tables_that_one_asset_writes_are_one_dependency_and_map_by_day(assets):
    (dependency,) = next(iter(assets[0].specs)).deps
    assert dependency.asset_key == ITEMS
    assert dependency.partition_mapping == BY_DAY


def test_a_partition_is_committed_with_its_metadata_and_checks(assets, filled):
    result = run(assets, filled, ["gold", "reasons"], partition_key="2025-01-02")
    assert result.success
    assert rows(filled) == [(date(2025, 1, 2), "r2")]
    metadata = materialized(result)["2025-01-02"]
    assert metadata["dagster/row_count"].value == 1
    assert [record.data for record in metadata["preview"].records] == [{"reason": "r2"}]
    assert list(metadata)[:2] == ["dagster/row_count", "preview"]  # not below a row a column
    lineage = metadata["dagster/column_lineage"].value.deps_by_column
    assert lineage["day"] == [dg.TableColumnDep(dg.AssetKey(["bronze", "rejected_items"]), "collection_date")]
    assert [record.data for record in metadata["column lineage"].records] == [
        {"column": "day", "made of": "bronze.rejected_items: collection_date"},
        {"column": "reason", "made of": "bronze.rejected_items: reason"},
    ]
    assert checks(result) == {("unique_day_reason", True), ("not_null_reason", True)}


def test_a_range_is_one_run_that_loses_no_day(assets, filled):
    result = backfill(assets, filled, "2025-01-01", "2025-01-04")
    assert result.success
    assert [reason for _, reason in rows(filled)] == ["r1", "r2", "r3", "r4"]
    assert set(materialized(result)) == {f"2025-01-0{number}" for number in (1, 2, 3, 4)}


def test_a_range_goes_on_after_a_day_that_failed_and_names_it_at_the_end(assets, filled):
    with open_write(filled) as connection:
        connection.execute("insert into bronze.rejected_items select * from bronze.rejected_items where reason = 'r2'")
    instance = dg.DagsterInstance.ephemeral()
    result = backfill(assets, filled, "2025-01-01", "2025-01-04", instance=instance)
    assert not result.success
    (failure,) = result.get_step_failure_events()
    message = failure.step_failure_data.error.to_string() + str(failure.step_failure_data.user_failure_data)
    assert "1 of 4 partitions failed" in message
    assert "2025-01-02" in message
    assert [reason for _, reason in rows(filled)] == ["r1", "r3", "r4"]
    assert instance.get_materialized_partitions(REASONS) == {"2025-01-01", "2025-01-03", "2025-01-04"}
    assert ("unique_day_reason", False) in checks(result)


SO_FAR = ("silver", "so_far")
TOTALS = "select day(day), total from silver.so_far order by all"


def test_a_day_that_changes_later_ones_remakes_and_announces_those_that_differ(assets, filled):
    backfill(assets, filled, "2025-01-01", "2025-01-04", SO_FAR)
    happen(filled, "2025-01-02")
    result = run(assets, filled, SO_FAR, partition_key="2025-01-02")
    assert rows(filled, TOTALS) == [(1, 1), (2, 3), (3, 4), (4, 5)]
    counts = {day: metadata["dagster/row_count"].value for day, metadata in materialized(result).items()}
    assert counts == {"2025-01-02": 1, "2025-01-03": 1, "2025-01-04": 1}
    told = materialized(result)["2025-01-04"]
    assert [record.data for record in told["preview"].records] == [{"total": 5}]
    assert told["remade"].value == "because 2025-01-02 or a day before it was made again"
    assert "remade" not in materialized(result)["2025-01-02"]
    assert [event.partition for event in materialization_events(result)][-1] == "2025-01-02", "the page shows the last"
    again = run(assets, filled, SO_FAR, partition_key="2025-01-02")
    assert list(materialized(again)) == ["2025-01-02"], "what is the same is not announced"


def test_a_range_remakes_the_days_after_it_once(assets, filled, monkeypatch):
    backfill(assets, filled, "2025-01-01", "2025-01-04", SO_FAR)
    looked = []
    monkeypatch.setattr(
        "painpoint_platform.sql_models.assets.remake_later_days",
        lambda *given, **named: looked.append(given[2]) or remake_later_days(*given, **named),
    )
    happen(filled, "2025-01-01")
    assert backfill(assets, filled, "2025-01-01", "2025-01-03", SO_FAR).success
    assert rows(filled, TOTALS) == [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert looked == [date(2025, 1, 4)]


def test_a_range_whose_last_day_fails_remakes_the_days_after_it_all_the_same(assets, filled):
    backfill(assets, filled, "2025-01-01", "2025-01-04", SO_FAR)
    happen(filled, "2025-01-01", times=4)
    result = backfill(assets, filled, "2025-01-01", "2025-01-03", SO_FAR)
    assert not result.success
    assert rows(filled, TOTALS) == [(1, 5), (2, 6), (3, 3), (4, 8)], "the third would be 7"
    assert [event.partition for event in materialization_events(result)] == ["2025-01-04", "2025-01-01", "2025-01-02"]


def test_a_later_day_that_would_break_a_check_stands_and_the_run_says_so(assets, filled):
    backfill(assets, filled, "2025-01-01", "2025-01-04", SO_FAR)
    happen(filled, "2025-01-01", times=4)
    result = run(assets, filled, SO_FAR, partition_key="2025-01-01")
    assert result.success, "the day itself is as it should be"
    assert rows(filled, TOTALS) == [(1, 5), (2, 6), (3, 3), (4, 8)]
    assert set(materialized(result)) == {"2025-01-01", "2025-01-02", "2025-01-04"}
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "2025-01-01: the later day 2025-01-03 stands as it was: silver.so_far: assert_total" in check.description


def test_a_table_is_made_whole_and_a_check_that_fails_keeps_the_old_one(assets, filled):
    backfill(assets, filled, "2025-01-02", "2025-01-04")
    made = run(assets, filled, ["silver", "days"])
    assert made.success
    assert checks(made) == {("assert_day_above_2025_01_01", True), ("not_null_day", True)}
    assert [event.materialization.metadata["dagster/row_count"].value for event in materialization_events(made)] == [3]
    backfill(assets, filled, "2025-01-01", "2025-01-01")
    refused = run(assets, filled, ["silver", "days"])
    assert not refused.success
    assert checks(refused) == {("assert_day_above_2025_01_01", False)}
    assert len(rows(filled, "from silver.days")) == 3


def test_a_header_that_lies_stops_the_code_location_from_loading(tmp_path):
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "facts.sql").write_text(
        "-- description: d\n-- materialized: table\n-- depends_on: gold.no\nselect 1 as a"
    )
    with pytest.raises(UserError, match=r"facts.sql:3: depends_on declares gold.no"):
        load_models(tmp_path)
