"""What is written as CSV reads back equal, here and in any other program."""

import csv
import io
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.csv_table import csv_bytes, read_csv_table
from painpoint_platform.courses.painpoints import PAINPOINT_SCHEMA, read_llm_friendly, write_llm_friendly
from painpoint_platform.errors import UserError

odd_texts = st.text() | st.text(alphabet="\"',;=+-@\t\r\n \\ab\x00\u2028é")


@settings(max_examples=200)
@example(rows=[('="x"', "\r"), ("\n", '"')])
@given(rows=st.lists(st.tuples(odd_texts, odd_texts), max_size=5))
def test_any_text_comes_back_from_a_plain_dict_reader(rows: list[tuple[str, str]]) -> None:
    written = csv_bytes(pl.DataFrame(rows, schema={"one": pl.String, "two": pl.String}, orient="row")).decode()
    assert [tuple(row.values()) for row in csv.DictReader(io.StringIO(written, newline=""))] == rows


@settings(max_examples=100)
@given(rows=st.lists(st.tuples(odd_texts, odd_texts, st.none() | st.floats(0, 1)), max_size=5))
def test_pain_points_come_back_as_they_were(rows: list[tuple[str, str, float | None]]) -> None:
    painpoints = pl.DataFrame(
        [(f"p{at}", "D1", "Law", summary, snippet, score) for at, (summary, snippet, score) in enumerate(rows)],
        schema=PAINPOINT_SCHEMA,
        orient="row",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "friendly.csv"
        write_llm_friendly(painpoints, path)
        assert read_llm_friendly(path).equals(painpoints.drop("course_title"))
        assert [found.name for found in Path(folder).iterdir()] == ["friendly.csv"]


def test_an_optional_column_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    table = read_csv_table(path, {"a": ("a",), "b": ("b",)}, optional={"b"})
    assert table.rows() == [(1, "1", None)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_named(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(separator.join(["post_id", "course_code"]))
    with pytest.raises(UserError, match="save the file with commas") as told:
        read_csv_table(path, {"post_id": ("post_id",), "course_code": ("course_code",)})
    assert repr(separator) in str(told.value)


def test_no_column_that_is_needed_is_to_be_renamed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("schema_error,post-id")
    with pytest.raises(UserError, match="column post_id is missing; rename 'post-id'") as told:
        read_csv_table(path, {name: (name,) for name in ("schema_error", "parse_error", "post_id")})
    assert "column parse_error is missing\n" in str(told.value)
