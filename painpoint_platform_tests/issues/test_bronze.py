"""From collected items to rows that the bronze tables take."""

from datetime import UTC, date, datetime, timedelta, timezone

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from painpoint_platform.issues.bronze import NO_TITLE, bronze_frames
from painpoint_platform.issues.items import Collection, RawItem, RejectedItem
from painpoint_platform.paths import bundled
from painpoint_platform.text.urls import url_hash

DAY = date(2025, 3, 10)
NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
SALT = "0123456789abcdef"


def item(number=1, **fields):
    plain = {
        "source": "github",
        "source_item_id": f"a/b#{number}",
        "url": f"https://github.com/a/b/issues/{number}",
        "title": "The build fails on every push",
        "body": "It has failed since the last release and nobody knows why.",
        "author": "Ada",
        "created_at": NOON,
        "comment_count": 1,
        "vote_count": 2,
    }
    return RawItem(**(plain | fields))


def frames(*items, **fields):
    return bronze_frames(Collection("github", tuple(items), **fields), DAY, salt=SALT, collected_at=NOON)


@pytest.fixture
def tables():
    with duckdb.connect() as connection:
        for name in ("0001_operations.sql", "0002_issues.sql"):
            connection.execute((bundled("dbt_like_sql") / "migrations" / name).read_text())
        yield connection


def test_a_row_has_every_column_of_the_tables_and_is_taken_by_them(tables):
    rejected = (RejectedItem("github", None, "title: found int", '{"title": 7}'),)
    made = frames(item(1), item(2, author=None), rejected=rejected, partial_reason="cut", request_count=3)
    for name, frame in vars(made).items():
        tables.register("frame", frame)
        tables.execute(f"insert into bronze.{name} by name select * from frame")
        columns = tables.execute(f"select * from bronze.{name}").description
        assert [column[0] for column in columns] == frame.columns
    row = made.raw_items.row(0, named=True)
    assert row["url_hash"] == url_hash("https://github.com/a/b/issues/1")
    assert (row["collection_date"], row["created_at"]) == (DAY, NOON.replace(tzinfo=None))
    assert row["language"] == "en"
    assert made.collections.row(0)[2:6] == (2, 1, 3, "cut")


def test_an_empty_collection_makes_empty_frames_and_one_row_that_says_so(tables):
    made = frames()
    assert (made.raw_items.height, made.rejected_items.height, made.collections.height) == (0, 0, 1)
    assert made.raw_items.schema == frames(item()).raw_items.schema
    tables.register("frame", made.raw_items)
    tables.execute("insert into bronze.raw_items by name select * from frame")


def test_a_repeated_url_is_stored_once():
    made = frames(
        item(1, title="first"), item(1, title="again", url="https://www.github.com/a/b/issues/1?utm_source=x#c")
    )
    assert made.raw_items["title"].to_list() == ["first"]


def test_an_item_whose_url_has_no_key_is_set_aside_with_its_text():
    made = frames(item(1), item(2, url="mailto:ada@example.org", body="precious"))
    assert made.raw_items.height == 1
    (rejected,) = made.rejected_items.to_dicts()
    assert rejected["source_item_id"] == "a/b#2"
    assert "mailto:" in rejected["reason"]
    assert "precious" in rejected["payload"]
    assert made.collections["rejected_count"].to_list() == [1]


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("", "The **export** hangs.\n\n```\ncode\n```", "The export hangs."),
        (" \n\t", "word " * 40, " ".join(["word"] * 12)),
        ("", "", NO_TITLE),
        ("", "x" * 1_000_000, "x" * 120),
        ("  two\n lines ", "body", "two lines"),
        ("😀😀", "", "😀😀"),
    ],
)
def test_an_item_without_a_title_is_named_by_its_first_words(title, body, expected):
    assert frames(item(title=title, body=body)).raw_items["title"].to_list() == [expected]


def test_hostile_texts_are_stored_whole_but_for_what_cannot_be_stored(tables):
    texts = ["x" * 1_000_000, "a\x00b", "مرحبا \u202e", "😀", "half \ud83d"]
    made = frames(*(item(number, body=text) for number, text in enumerate(texts)))
    tables.register("frame", made.raw_items)
    tables.execute("insert into bronze.raw_items by name select * from frame")
    stored = tables.execute("select body from bronze.raw_items order by source_item_id").fetchall()
    assert [body for (body,) in stored] == [texts[0], "ab", texts[2], texts[3], "half \ufffd"]


def test_the_author_is_nowhere_in_the_rows():
    made = frames(item(author="Augusta-Ada-King"))
    assert "Augusta" not in str(made.raw_items.to_dicts())
    assert made.raw_items["author_hash"].str.len_chars().to_list() == [64]


def test_times_of_other_zones_are_stored_in_utc():
    there = datetime(2025, 3, 10, 22, tzinfo=timezone(timedelta(hours=10)))
    assert frames(item(created_at=there)).raw_items["created_at"].to_list() == [NOON.replace(tzinfo=None)]


@settings(max_examples=60)
@example("\0", "")
@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_no_text_is_lost_whatever_it_holds(title, body):
    made = frames(item(title=title, body=body, author=body, source_item_id=title))
    assert made.raw_items.height == 1
    assert isinstance(made.raw_items, pl.DataFrame)
    assert made.raw_items["title"].to_list()[0]


def test_a_stored_text_keeps_its_language_and_a_changed_one_is_looked_at_again():
    first = bronze_frames(Collection("github", (item(),)), DAY, salt=SALT, collected_at=NOON).raw_items
    stored = first.with_columns(language=pl.lit("xx"))
    same = bronze_frames(Collection("github", (item(),)), DAY, salt=SALT, collected_at=NOON, stored=stored).raw_items
    assert same["language"].to_list() == ["xx"]
    changed = stored.with_columns(body=pl.lit("another text"))
    again = bronze_frames(Collection("github", (item(),)), DAY, salt=SALT, collected_at=NOON, stored=changed).raw_items
    assert again["language"].to_list() == first["language"].to_list()
