"""Analysts' questions as a source: the items of a day's calls, from a real warehouse."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.issues.call_questions import collect_call_questions
from painpoint_platform.issues.days import collect_day
from painpoint_platform.issues.items import RawItem
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.text.urls import normalize_url
from painpoint_platform.warehouse.migrations import load_migrations, migrate
from painpoint_platform.warehouse.queries import fetch
from painpoint_platform_tests.warehouse.conftest import empty_warehouse, path, warehouse

__all__ = ["empty_warehouse", "path", "warehouse"]

DAY = date(2016, 4, 21)
SALT = "0123456789abcdef"
LONGEST_TITLE = 120


def exchange(question: str, **other: Any) -> dict[str, Any]:
    return {
        "transcript": "2016-Apr-21-AMD", "call_date": DAY, "qa_group_id": 3, "analyst": "Mark Lipacis",
        "firm": "Jefferies", "executives": ["Ann Lee"], "question_text": question, "answer_text": "So.",
        "question_count": 1, "confidence": 0.9, "method": "rule_detection", "first_block_id": 2, "last_block_id": 6,
        "block_count": 5,
    } | other  # fmt: skip


@pytest.fixture
def calls(warehouse: Path) -> WarehouseResource:
    return WarehouseResource(database=str(warehouse))


def fill(calls: WarehouseResource, *exchanges: dict[str, Any]) -> None:
    rows = pl.DataFrame(exchanges, schema_overrides={"analyst": pl.String, "call_date": pl.Date})
    with calls.write() as connection:
        connection.register("new_rows", rows)
        connection.execute("delete from gold.qa_groups; insert into gold.qa_groups by name from new_rows")


def items(calls: WarehouseResource, *exchanges: dict[str, Any]) -> tuple[RawItem, ...]:
    fill(calls, *exchanges)
    return collect_call_questions(calls, DAY).items


def test_an_exchange_is_an_item_with_its_question(calls: WarehouseResource) -> None:
    text = "Thanks for taking my question. How long will the licence of 3.5 percent last? And who pays?"
    assert items(calls, exchange(text)) == (
        RawItem(
            source="earnings_calls",
            source_item_id="2016-Apr-21-AMD/3",
            url="https://earnings-calls.invalid/2016-Apr-21-AMD/exchanges/3",
            title="How long will the licence of 3.5 percent last?",
            body=text,
            author="Mark Lipacis",
            created_at=datetime(2016, 4, 21, tzinfo=UTC),
            comment_count=4,
            vote_count=0,
        ),
    )


def test_the_title_is_the_first_real_question_cut_at_a_word(calls: WarehouseResource) -> None:
    title_of = {
        "Hi, can you hear me? What do your margins look like?": "What do your margins look like?",
        "Right?": "Right?",
        "I wonder about margins. Thank you.": "I wonder about margins.",
        "Good morning\n\nWhat is your view\non the next year?": "on the next year?",
        "谢谢。明年的利润率是多少？": "明年的利润率是多少？",
        "   \n What about   prices in the   south?\u3000": "What about prices in the south?",
        "What about " + "margins " * 40 + "?": "What about " + " ".join(["margins"] * 13) + "…",
        "w" * 119 + "?": "w" * 119 + "?",
        "w" * 120 + "?": "w" * 119 + "…",
    }
    found = items(calls, *(exchange(text, qa_group_id=number) for number, text in enumerate(title_of)))
    assert [item.title for item in found] == list(title_of.values())


def test_only_calls_of_the_day_with_something_asked_are_items(calls: WarehouseResource) -> None:
    found = items(
        calls,
        exchange("Why?", qa_group_id=4),
        exchange(" \n\u00a0", qa_group_id=5),
        exchange("Why?", transcript="of another day", call_date=date(2016, 4, 22)),
        exchange("Why?", transcript="of a day unknown", call_date=None),
    )
    assert [item.source_item_id for item in found] == ["2016-Apr-21-AMD/4"]


def test_an_analyst_without_a_name_is_no_author(calls: WarehouseResource) -> None:
    nameless = (exchange("Why?", qa_group_id=number, analyst=name) for number, name in enumerate((None, "", " ")))
    assert [item.author for item in items(calls, *nameless)] == [None] * 3


def test_urls_are_canonical_and_tell_calls_apart(calls: WarehouseResource) -> None:
    names = ["AMD 2016/Q1", "AMD 2016", "Société #1?", "amd 2016", "a%20b", "a b", "a+b", "a&utm_source=b"]
    urls = [item.url for item in items(calls, *(exchange("Why?", transcript=name) for name in names))]
    canonical = [normalize_url(url) for url in urls]
    assert len(set(canonical)) == len(names)
    assert [normalize_url(url) for url in canonical] == canonical


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        migrate(connection, load_migrations())
        yield connection


@settings(max_examples=40)
@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=20))
def test_any_question_has_a_title_of_bounded_length(tables: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    frame = pl.DataFrame([exchange(text, qa_group_id=number) for number, text in enumerate(texts)])
    tables.register("new_rows", frame)
    tables.execute("delete from gold.qa_groups; insert into gold.qa_groups by name from new_rows")
    found = fetch(tables, "issues/call_questions_of_day", day=DAY)
    assert found["title"].str.len_chars().is_between(1, LONGEST_TITLE).all()
    said = frame.filter(pl.col("question_text").str.contains(r"\p{L}"))["qa_group_id"]
    assert {f"2016-Apr-21-AMD/{number}" for number in said} <= set(found["source_item_id"])


def rows(calls: WarehouseResource, table: str) -> list[dict[str, Any]]:
    with calls.read() as connection:
        return connection.sql(f"from {table} order by all").pl().to_dicts()


def collect(calls: WarehouseResource) -> None:
    collect_day(
        calls, "earnings_calls", DAY, collect=lambda source, day, progress: collect_call_questions(calls, day),
        salt=SALT,
    )  # fmt: skip


def test_a_repeat_leaves_the_same_rows_and_no_name(calls: WarehouseResource) -> None:
    one_analyst = [exchange(f"What about point {number}?", qa_group_id=number) for number in range(3)]
    fill(calls, *one_analyst, exchange("And then?", qa_group_id=7, analyst="Ann Lee", firm=None))
    collect(calls)
    first = rows(calls, "bronze.raw_items")
    collect(calls)
    assert rows(calls, "bronze.raw_items") == first
    assert len(first) == 4
    assert len({row["author_hash"] for row in first}) == 2
    assert "Lipacis" not in str(first)


def test_an_exchange_that_is_gone_is_gone_from_its_day(calls: WarehouseResource) -> None:
    fill(calls, exchange("Why?", qa_group_id=1), exchange("Why not?", qa_group_id=2))
    collect(calls)
    fill(calls, exchange("Why?", qa_group_id=1))
    collect(calls)
    assert [row["source_item_id"] for row in rows(calls, "bronze.raw_items")] == ["2016-Apr-21-AMD/1"]


def test_a_day_without_calls_is_complete_and_empty(calls: WarehouseResource) -> None:
    collect(calls)
    (day,) = rows(calls, "bronze.collections")
    assert (day["source"], day["item_count"], day["request_count"]) == ("earnings_calls", 0, 0)
    assert day["partial_reason"] is None
