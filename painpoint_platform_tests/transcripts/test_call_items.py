"""Analysts' questions as items, and the day of a call."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.text.urls import normalize_url
from painpoint_platform.transcripts.call_items import LONGEST_TITLE, call_date, questions_as_items


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2016-Apr-21-AMD", date(2016, 4, 21)),
        ("2016-04-21", date(2016, 4, 21)),
        ("AMD_20160421", date(2016, 4, 21)),
        ("AMD_20160421_final.xml", date(2016, 4, 21)),
        ("2016_4_5", date(2016, 4, 5)),
        ("call of 21 April 2016", date(2016, 4, 21)),
        ("AMD Sept. 1, 2016 Q2", date(2016, 9, 1)),
        ("1-sep-2016", date(2016, 9, 1)),
        ("Q1 2016", None),
        ("AMD_Q1_2016_12", None),
        ("2016", None),
        ("20161301", None),
        ("2016-02-30", None),
        ("event 1201604210", None),
        ("04-21-2016", None),
        ("2016-Apr", None),
        ("", None),
        (None, None),
    ],
)
def test_the_day_of_a_call_is_read_where_a_name_says_it(name, day):
    assert call_date(name) == day


def test_the_first_name_that_says_a_day_counts():
    assert call_date("AMD", None, "2016-Apr-21-AMD", "2017-Apr-21-AMD") == date(2016, 4, 21)
    assert call_date("2016-13-45 but held 2016-04-21") == date(2016, 4, 21)


@given(st.text())
def test_any_name_is_read_without_an_error(name):
    assert call_date(name) is None or call_date(name).year >= 1900


def exchange(question: str, **other: object) -> dict[str, object]:
    return {
        "transcript": "2016-Apr-21-AMD", "call_date": date(2016, 4, 21), "qa_group_id": 3, "analyst": "Mark Lipacis",
        "firm": "Jefferies", "question_text": question, "block_count": 5,
    } | other  # fmt: skip


def items(*exchanges: dict[str, object]) -> list[dict[str, object]]:
    return questions_as_items(pl.DataFrame(exchanges)).to_dicts()


def test_an_exchange_is_an_item_with_its_question():
    text = "Thanks for taking my question. How long will the licence of 3.5 percent last? And who pays?"
    assert items(exchange(text)) == [
        {
            "source": "earnings_calls",
            "source_item_id": "2016-Apr-21-AMD/3",
            "url": "https://earnings-calls.invalid/2016-Apr-21-AMD/exchanges/3",
            "title": "How long will the licence of 3.5 percent last?",
            "body": text,
            "author": "Mark Lipacis, Jefferies",
            "created_at": datetime(2016, 4, 21, tzinfo=UTC),
            "comment_count": 4,
            "vote_count": 0,
        }
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hi, can you hear me? What do your margins look like?", "What do your margins look like?"),
        ("Right?", "Right?"),
        ("I wonder about margins. Thank you.", "I wonder about margins."),
        ("Good morning\n\nWhat is your view\non the next year?", "on the next year?"),
        ("谢谢。明年的利润率是多少？", "明年的利润率是多少？"),
        ("   \n What about   prices in the   south?", "What about prices in the south?"),
    ],
)
def test_the_title_is_the_first_real_question(text, title):
    assert items(exchange(text))[0]["title"] == title


def test_a_long_question_is_cut_at_a_word():
    title = items(exchange("What about " + "margins " * 40 + "?"))[0]["title"]
    assert len(title) <= LONGEST_TITLE
    assert title.endswith("margins…")
    assert len(items(exchange("w" * 500 + "?"))[0]["title"]) == LONGEST_TITLE


def test_an_exchange_without_a_question_is_no_item():
    assert items(exchange(" \n"), exchange("Why?", qa_group_id=4))[0]["source_item_id"] == "2016-Apr-21-AMD/4"


def test_what_is_not_known_is_null():
    found = items(exchange("Why?", analyst="", firm=None, call_date=None), exchange("Why?", firm=None))
    assert (found[0]["author"], found[0]["created_at"]) == (None, None)
    assert found[1]["author"] == "Mark Lipacis"


def test_urls_are_canonical_and_tell_calls_apart():
    names = ["AMD 2016/Q1", "AMD 2016", "Société #1?", "amd 2016", "a%20b", "a b"]
    urls = [item["url"] for item in items(*(exchange("Why?", transcript=name) for name in names))]
    canonical = [normalize_url(url) for url in urls]
    assert len(set(canonical)) == len(names)
    assert [normalize_url(url) for url in canonical] == canonical


def test_no_exchange_gives_no_item_and_the_same_columns():
    whole = pl.DataFrame([exchange("Why?")])
    assert questions_as_items(whole.clear()).schema == questions_as_items(whole).schema


@given(st.text(min_size=1))
def test_any_question_has_a_title_of_bounded_length(text):
    for item in items(exchange(text)):
        assert 0 < len(item["title"]) <= LONGEST_TITLE
