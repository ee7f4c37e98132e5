"""Any text becomes storable, and only what cannot be stored changes."""

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.issues.storable import storable

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_every_text_becomes_storable_and_stays_so(text):
    once = storable(text)
    assert once.encode().decode() == once
    assert "\x00" not in once
    assert storable(once) == once


@given(st.text())
def test_a_text_without_odd_characters_stays_as_it_is(text):
    assert storable(text) == text.replace("\x00", "")


def test_two_halves_that_meet_become_their_character():
    assert storable("\ud83d\ude00 and \ud83d") == "😀 and \ufffd"


def test_duckdb_takes_what_is_storable():
    text = storable("a\x00b \udfff \u202e مرحبا 😀")
    assert duckdb.execute("select ?::varchar", [text]).fetchone() == (text,)
