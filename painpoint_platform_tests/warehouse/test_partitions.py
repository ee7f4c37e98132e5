import shutil
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.errors import DataContractError
from painpoint_platform.warehouse.checks import Check
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform_tests.warehouse.conftest import reasons

TABLE = "bronze.rejected_items"
DAY = date(2025, 1, 1)
NEXT = date(2025, 1, 2)


def frame(*reasons: str, day: date = DAY) -> pl.DataFrame:
    """Rows for ``TABLE``, with columns in another order than the table's."""
    return pl.DataFrame(
        [
            {
                "payload": "{}",
                "reason": reason,
                "source": "github",
                "rejected_at": datetime(2025, 1, 1),  # noqa: DTZ001
                "source_item_id": None,
                "collection_date": day,
            }
            for reason in reasons
        ],
        schema_overrides={"source_item_id": pl.String},
    )


def replace(path, rows, day=DAY, **options):
    with open_write(path) as connection:
        return replace_partition(connection, TABLE, where={"collection_date": day}, rows=rows, **options)


def test_a_partition_is_replaced_and_the_others_stay(warehouse):
    assert replace(warehouse, frame("a", "b")) == 2
    assert replace(warehouse, frame("other day", day=NEXT), NEXT) == 1
    assert replace(warehouse, frame("c")) == 1
    assert reasons(warehouse) == ["c", "other day"]


def test_a_partition_becomes_empty(warehouse):
    replace(warehouse, frame("a"))
    assert replace(warehouse, frame("a").clear()) == 0
    assert reasons(warehouse) == []


def test_the_same_key_can_be_deleted_and_inserted_again_in_one_transaction(warehouse):
    """DuckDB's index may check a unique key too eagerly; the upserted tables that keep one must not suffer."""
    row = pl.DataFrame({"issue_key": ["k"], "cluster_date": [DAY], "remote_id": ["r"], "payload_hash": ["h"], "synced_at": [None], "attempts": [1], "last_error": [None]})  # fmt: skip  # noqa: E501
    for _ in range(2):
        with open_write(warehouse) as connection:
            for _ in range(2):
                replace_partition(connection, "gold.live_issues", where={"issue_key": "k"}, rows=row)


@settings(max_examples=10)
@given(days=st.lists(st.tuples(st.sampled_from([DAY, NEXT]), st.lists(st.text(max_size=5), max_size=4)), max_size=5))
def test_after_any_sequence_of_replacements_each_partition_has_its_last_rows(tmp_path_factory, empty_warehouse, days):
    path = shutil.copy(empty_warehouse, tmp_path_factory.mktemp("w"))
    expected = {}
    with open_write(Path(path)) as connection:
        for day, texts in days:
            storable = [text.replace("\0", "") for text in texts]
            rows = frame(*storable, day=day) if storable else frame("x").clear()
            replace_partition(connection, TABLE, where={"collection_date": day}, rows=rows)
            expected[day] = storable
    assert sorted(reasons(Path(path))) == sorted(text for texts in expected.values() for text in texts)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (frame("a").drop("reason"), r"missing \['reason'\], unknown none"),
        (frame("a").with_columns(extra=1), r"missing none, unknown \['extra'\]"),
        (frame("a").with_columns(reason=None), "NOT NULL constraint failed: rejected_items.reason"),
        (frame("a").with_columns(rejected_at=pl.lit("never")), "rejected_at"),
        (frame("a", day=NEXT), r"rows_lie_in_the_partition does not hold for 1 rows, such as\n.*2025, 1, 2"),
    ],
    ids=["missing column", "unknown column", "null", "wrong type", "row of another partition"],
)
def test_rows_that_do_not_fit_are_named_and_the_old_partition_stays(warehouse, rows, words):
    replace(warehouse, frame("old"))
    with pytest.raises(DataContractError, match=words) as caught:
        replace(warehouse, rows)
    assert str(caught.value).startswith(TABLE)
    assert reasons(warehouse) == ["old"]


def test_a_key_that_is_not_unique_is_named_with_its_rows_and_the_old_partition_stays(warehouse):
    replace(warehouse, frame("old"))
    with pytest.raises(
        DataContractError, match=r"(?s)unique_source_reason .* for 1 rows.*'twice'.*'row_count': 2"
    ) as caught:
        replace(warehouse, frame("twice", "twice", "once"), key=("source", "reason"))
    assert caught.value.check_name == "unique_source_reason"
    assert reasons(warehouse) == ["old"]


def test_the_same_key_in_another_partition_is_no_duplicate(warehouse):
    replace(warehouse, frame("a", day=NEXT), NEXT, key=("source", "reason"))
    assert replace(warehouse, frame("a"), key=("source", "reason")) == 1


def test_a_check_that_fails_rolls_back_and_shows_some_of_the_rows(warehouse):
    check = Check(
        "reasons_are_short",
        f"select reason from {TABLE} where collection_date = $day and length(reason) > $longest",
        {"day": DAY, "longest": 3},
    )
    assert replace(warehouse, frame("abc"), checks=[check]) == 1
    with pytest.raises(DataContractError) as caught:
        replace(warehouse, frame(*[f"too long {number}" for number in range(9)], "abc"), checks=[check])
    assert "reasons_are_short does not hold for 9 rows" in str(caught.value)
    assert str(caught.value).count("too long") == 5
    assert reasons(warehouse) == ["abc"]


def test_rows_can_come_as_an_arrow_table(warehouse):
    assert replace(warehouse, frame("a").to_arrow()) == 1


def test_frames_can_be_read_back(warehouse):
    replace(warehouse, frame("a"))
    with open_read(warehouse) as connection:
        rows = connection.sql(f"select * from {TABLE} where collection_date = $day", params={"day": DAY}).pl()
    assert rows["reason"].to_list() == ["a"]
