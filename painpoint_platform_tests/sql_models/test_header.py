from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.sql_models.header import parse_header

PATH = Path("dbt_like_sql/gold/facts.sql")
WHOLE = """\
-- description: One row a day,
--     on two lines.
-- depends_on: bronze.raw_items, silver.clusters
-- depends_on: gold.issues
-- materialized: incremental day
-- looks_back: to the first day
-- group: courses
-- column: day | Day, UTC
-- column: size | How many | how much
-- check: unique day, size
-- check: not_null day
-- check: assert size >= 1 and size <> 7

-- column: no | header any more
select 1
"""
MINIMAL = "-- description: A fact.\n-- materialized: table\n"


def test_everything_that_a_header_can_say_is_read():
    header = parse_header(WHOLE, PATH)
    assert header.description == "One row a day, on two lines."
    assert [dependency.table for dependency in header.depends_on] == [
        "bronze.raw_items",
        "silver.clusters",
        "gold.issues",
    ]
    assert (header.materialized, header.incremental_column, header.group) == ("incremental", "day", "courses")
    assert header.looks_back == "to the first day"
    assert [(column.name, column.meaning) for column in header.columns] == [
        ("day", "Day, UTC"),
        ("size", "How many | how much"),
    ]
    assert [check.name for check in header.checks] == [
        "unique_day_size",
        "not_null_day",
        "assert_size_at_least_1_and_size_is_not_7",
    ]
    assert header.columns[1].place.line == 9


def test_the_smallest_header_belongs_to_the_issues():
    header = parse_header(MINIMAL + "select 1", PATH)
    assert (header.materialized, header.group, header.columns, header.checks) == ("table", "issues", (), ())
    assert header.looks_back is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("select 1", 1, "lacks `-- materialized: …`"),
        ("-- materialized: table\nselect 1", 1, "lacks `-- description: …`"),
        (MINIMAL + "-- colum: a | b", 3, r"unknown header key 'colum'; did you mean column\?"),
        (MINIMAL + "-- tags: me", 3, "unknown header key 'tags'; the keys are description, depends_on"),
        (MINIMAL + "-- Description: again", 3, r"unknown header key 'Description'; did you mean description\?"),
        (MINIMAL + "-- just a remark", 3, "expected `-- key: value`"),
        (MINIMAL + "--", 3, "expected `-- key: value`"),
        (MINIMAL + "-- group:", 3, "group has no value"),
        (MINIMAL + "-- description: another", 3, "description is declared twice, first in line 1"),
        (MINIMAL + "-- column: a | b\n-- column: a | c", 4, "a is declared twice, first in line 3"),
        (MINIMAL + "-- check: unique a\n-- check: unique a", 4, "unique_a is declared twice"),
        (MINIMAL + "-- depends_on: gold.a, gold.a", 3, "gold.a is declared twice"),
        (MINIMAL + "-- column: a", 3, "expected `name | meaning`"),
        (MINIMAL + "-- column: a b | c", 3, "expected `name | meaning`"),
        (MINIMAL + "-- depends_on: issues", 3, "names 'issues'; expected schema.table"),
        (MINIMAL + "-- depends_on: gold.a,", 3, "names ''; expected schema.table"),
        (MINIMAL + "-- check: unike a", 3, "expected unique <columns>, not_null <columns> or assert <condition>"),
        (MINIMAL + "-- check: assert", 3, "expected unique <columns>"),
        (MINIMAL + "-- check: unique a b", 3, "names 'a b'; expected columns separated by commas"),
        (MINIMAL + "-- order: a descending", 3, "names 'a descending'; expected columns, each with desc or not"),
        (MINIMAL + "-- order: a,", 3, "names ''; expected columns"),
        (MINIMAL + "-- looks_back: 30 days", 3, "looks_back is for incremental models; a table or view is made of all"),
        ("-- description: d\n-- materialized: incremental", 2, "expected table, view or incremental <column>"),
        ("-- description: d\n-- materialized: tabel", 2, "materialized is 'tabel'"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text, line, words):
    with pytest.raises(UserError, match=words) as caught:
        parse_header(text, PATH)
    assert str(caught.value).startswith(f"{PATH}:{line}: ")


@given(st.text())
def test_any_text_is_a_header_or_a_clear_error(text):
    try:
        parse_header(text, PATH)
    except UserError as error:
        assert str(error).startswith(f"{PATH}:")  # noqa: PT017
