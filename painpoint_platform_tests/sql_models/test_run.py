from datetime import date

import duckdb
import pytest

from painpoint_platform.errors import DataContractError, UserError
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_read, open_write

DAYS = [date(2025, 1, number) for number in (1, 2, 3)]
SCHEMA = ["create schema bronze", "create schema silver", "create table bronze.rejected_items (collection_date date, reason varchar)"]  # fmt: skip  # noqa: E501


@pytest.fixture
def filled(warehouse):
    """A warehouse with two rows on the first day and one on the second."""
    with open_write(warehouse) as connection:
        connection.execute(
            "insert into bronze.rejected_items values ('a', '2025-01-01', '1', 'x', '', '2025-01-01'),"
            " ('a', '2025-01-01', '2', 'y', '', '2025-01-01'), ('a', '2025-01-02', '3', 'x', '', '2025-01-01')"
        )
    return warehouse


@pytest.fixture
def model(tmp_path):
    """Write one model and load it."""

    def model(materialized, query="select collection_date as day, reason from bronze.rejected_items", *lines):
        file = tmp_path / "models" / "silver" / "reasons.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = ("description: d", f"materialized: {materialized}", "depends_on: bronze.rejected_items", *lines)
        file.write_text("\n".join(f"-- {line}" for line in lines) + f"\n\n{query}; \n")
        return load_models(tmp_path / "models", schema=SCHEMA)[0]

    return model


def run(path, model, *days, **options):
    windows = [Window(day, date.fromordinal(day.toordinal() + 1)) for day in days] or [None]
    for window in windows:
        with open_write(path) as connection:
            count = materialize(connection, model, window=window, **options)
    return count


def rows(path, query="from silver.reasons order by all"):
    with open_read(path) as connection:
        return connection.execute(query).fetchall()


def change(path, statement):
    with open_write(path) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("materialized", ["table", "view"])
def test_a_table_and_a_view_have_all_rows_and_can_be_made_again(filled, model, materialized):
    made = model(materialized, "select reason, count(*) as n from bronze.rejected_items group by all")
    assert run(filled, made) == 2
    assert run(filled, made) == 2
    assert rows(filled) == [("x", 2), ("y", 1)]


def test_a_model_can_become_a_view_and_a_table_again(filled, model):
    for materialized in ("table", "view", "table"):
        run(filled, model(materialized))
    run(filled, model("view"))
    run(filled, model("incremental day"), DAYS[0])
    assert len(rows(filled)) == 2


def test_a_window_is_replaced_and_the_others_stay(filled, model):
    made = model("incremental day")
    assert run(filled, made, DAYS[0], DAYS[1]) == 1
    change(filled, "delete from bronze.rejected_items where collection_date = '2025-01-02'")
    change(filled, "update bronze.rejected_items set reason = 'z' where reason = 'y'")
    assert len(rows(filled)) == 3
    assert run(filled, made, DAYS[0]) == 2
    assert rows(filled) == [(DAYS[0], "x"), (DAYS[0], "z"), (DAYS[1], "x")]
    assert run(filled, made, DAYS[1]) == 0
    assert rows(filled) == [(DAYS[0], "x"), (DAYS[0], "z")]


def test_a_window_ends_before_its_end(filled, model):
    with open_write(filled) as connection:
        assert materialize(connection, model("incremental day"), window=Window(DAYS[0], DAYS[2])) == 3
    with open_write(filled) as connection:
        assert materialize(connection, model("incremental day"), window=Window(DAYS[0], DAYS[1])) == 2
    assert len(rows(filled)) == 3


def test_days_in_any_order_give_the_same_table_as_all_at_once(filled, model):
    made = model("incremental day")
    run(filled, made, DAYS[2], DAYS[0], DAYS[1], DAYS[0])
    assert rows(filled) == rows(filled, "select collection_date, reason from bronze.rejected_items order by all")


def test_a_column_that_the_query_gained_is_added_and_filled_for_days_that_run_again(filled, model):
    run(filled, model("incremental day"), DAYS[0], DAYS[1])
    gained = model(
        "incremental day", "select length(reason) as n, reason, collection_date as day from bronze.rejected_items"
    )
    run(filled, gained, DAYS[1])
    assert rows(filled) == [(DAYS[0], "x", None), (DAYS[0], "y", None), (DAYS[1], "x", 1)]


def test_a_column_that_changed_its_type_is_a_clear_error_and_nothing_is_lost(filled, model):
    run(filled, model("incremental day"), DAYS[0])
    changed = model("incremental day", "select collection_date as day, 1 as reason from bronze.rejected_items")
    with pytest.raises(UserError, match=r"reason is now INTEGER, the table silver.reasons has it as VARCHAR"):
        run(filled, changed, DAYS[0])
    assert len(rows(filled)) == 2


@pytest.mark.parametrize("materialized", ["table", "view", "incremental day"])
def test_documentation_reaches_the_catalogue_and_follows_its_changes(filled, model, materialized):
    days = DAYS[:1] if "incremental" in materialized else []
    for meaning in ("Day, UTC; it's", "The day"):
        run(
            filled,
            model(materialized, "select collection_date as day from bronze.rejected_items", f"column: day | {meaning}"),
            *days,
        )
        comments = "select comment from duckdb_columns() where schema_name = 'silver' and table_name = 'reasons'"
        assert rows(filled, comments) == [(meaning,)]
    table = "select comment from duckdb_tables() where table_name = 'reasons'"
    view = "select comment from duckdb_views() where view_name = 'reasons'"
    assert rows(filled, f"{table} union all {view}") == [("d",)]


@pytest.mark.parametrize("materialized", ["table", "view", "incremental day"])
@pytest.mark.parametrize(
    ("check", "name", "words"),
    [
        ("unique day", "unique_day", "for 1 rows.*'row_count': 2"),
        ("not_null reason", "not_null_reason", "for 1 rows"),
        ("assert reason = 'x'", "assert_reason_is_x", "for 1 rows"),
        ("assert length(reason) < 2", "assert_length_reason_below_2", "for 1 rows"),
    ],
)
def test_a_check_that_fails_rolls_back_and_shows_the_rows(filled, model, *, materialized, check, name, words):
    days = DAYS[:1] if "incremental" in materialized else []
    change(filled, "update bronze.rejected_items set collection_date = '2025-01-03' where source_item_id = '3'")
    run(filled, model(materialized), *days)
    before = rows(filled)
    query = "select collection_date as day, nullif(reason, 'y') as reason from bronze.rejected_items"
    with pytest.raises(DataContractError, match=f"(?s)silver.reasons: {name} does not hold {words}") as caught:
        run(filled, model(materialized, query, f"check: {check}"), *days)
    assert caught.value.check_name == name
    assert rows(filled) == before


def test_a_check_looks_at_the_window_only(filled, model):
    made = model(
        "incremental day", "select collection_date as day, reason from bronze.rejected_items", "check: unique day"
    )
    with pytest.raises(DataContractError):
        run(filled, made, DAYS[0])
    assert run(filled, made, DAYS[1]) == 1


def test_a_table_that_is_not_there_yet_is_named(filled, model):
    made = model("table")
    change(filled, "drop table bronze.rejected_items")
    with pytest.raises(
        UserError, match=r"(?s)reasons.sql: .*rejected_items does not exist.*materialise what it depends on"
    ):
        run(filled, made)


def test_settings_reach_the_query_and_have_a_default_without_them(filled, model):
    made = model("table", "select max(reason) || coalesce(getvariable('suffix'), '?') as a from bronze.rejected_items")
    run(filled, made)
    assert rows(filled) == [("y?",)]
    run(filled, made, variables={"suffix": "!"})
    assert rows(filled) == [("y!",)]


@pytest.mark.parametrize(("materialized", "days"), [("table", DAYS[:1]), ("incremental day", [])])
def test_a_window_is_for_incremental_models_only(filled, model, materialized, days):
    with pytest.raises(ValueError, match="window is needed"):
        run(filled, model(materialized), *days)


def test_a_reader_sees_the_old_table_until_the_new_one_is_committed(filled, model):
    run(filled, model("table"))
    with pytest.raises(duckdb.BinderException), open_write(filled) as connection:  # noqa: PT012
        materialize(connection, model("table", "select 1 as reason from bronze.rejected_items"))
        connection.execute("select no_such_column from silver.reasons")
    assert len(rows(filled)) == 3
