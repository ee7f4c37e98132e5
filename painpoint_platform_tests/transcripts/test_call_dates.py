"""The day of a call, as its names say it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.transcripts.call_dates import call_date


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
