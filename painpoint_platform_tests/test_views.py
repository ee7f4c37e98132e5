"""What of a table is shown: few rows, cells that can be read."""

from datetime import date, datetime

import duckdb
import polars as pl

from painpoint_platform.views import LONGEST_CELL, PREVIEW_COLUMNS, PREVIEW_ROWS, first_rows


def shown(**columns: object) -> dict[str, object]:
    rows, _ = first_rows(pl.DataFrame({name: [value] for name, value in columns.items()}))
    return dict(rows[0])


def test_only_the_first_rows_and_columns_are_shown() -> None:
    rows, types = first_rows(pl.DataFrame({f"c{number}": range(50) for number in range(20)}))
    assert len(rows) == PREVIEW_ROWS
    assert list(rows[0]) == list(types) == [f"c{number}" for number in range(PREVIEW_COLUMNS)]


def test_text_keeps_its_width_before_further_text_and_columns() -> None:
    """Ten columns beside a title leave it one word a line."""
    long = {"description": "a b " * 15, "title": "c d " * 9, "remark": "e f " * 20}
    row = shown(key="k", **long, **{f"number_{number}": number for number in range(9)})
    assert list(row) == ["key", "description", *(f"number_{number}" for number in range(6))]
    assert list(shown(key="k", **long)) == ["key", "description", "title", "remark"]


def test_single_precision_is_shown_without_its_noise() -> None:
    (row,), _ = first_rows(pl.DataFrame({"map_x": [0.1234]}, schema={"map_x": pl.Float32}))
    assert row == {"map_x": 0.1234}


def test_long_text_is_cut_and_a_hash_shows_its_beginning() -> None:
    assert shown(text="y" * 200) == {"text": "y" * (LONGEST_CELL - 1) + "…"}
    assert shown(text="y" * LONGEST_CELL) == {"text": "y" * LONGEST_CELL}
    assert shown(issue_key="0123456789abcdef" * 4) == {"issue_key": "0123456789ab…"}


def test_numbers_stay_numbers_and_dates_become_text() -> None:
    row = shown(n=7, share=0.123456789, yes=True, nothing=None, day=date(2025, 1, 6), at=datetime(2025, 1, 6, 7, 8, 9))  # noqa: DTZ001
    assert row == {
        "n": 7, "share": 0.1235, "yes": True, "nothing": None, "day": "2025-01-06", "at": "2025-01-06 07:08",
    }  # fmt: skip


def test_lists_and_maps_of_duckdb_become_text() -> None:
    query = "select map {'github': 3, 'reddit': 2} as by_source, ['a', 'b'] as names, []::int[] as none"
    (row,), types = first_rows(duckdb.sql(query).pl())
    assert row == {"by_source": '{"github":3,"reddit":2}', "names": "a, b", "none": ""}
    assert set(types.values()) == {"string"}
