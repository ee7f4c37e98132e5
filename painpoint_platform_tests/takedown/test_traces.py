"""Whatever holds a longer stretch of a text is found, whatever lies around it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.takedown.traces import LONGEST_MISSED, Traces

BODY = "The nightly export of invoices hangs at 99 % since the update to 4.2, and support says that nobody else has it."


@settings(max_examples=200)
@given(
    before=st.binary(max_size=80),
    after=st.binary(max_size=80),
    start=st.integers(0, len(BODY) - LONGEST_MISSED - 1),
    data=st.data(),
)
def test_a_stretch_that_is_long_enough_is_found_wherever_it_stands(before, after, start, data):
    end = data.draw(st.integers(start + LONGEST_MISSED + 1, len(BODY)))
    stretch = BODY[start:end].encode()
    found = Traces([BODY]).first(before + stretch + after)
    assert found
    assert found.stretch in before + stretch + after
    assert len(found.stretch) >= len(stretch)


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_what_holds_nothing_of_it_is_clean(data):
    assert Traces([BODY]).first(data) is None


@settings(max_examples=100)
@given(st.text(min_size=40, max_size=200, alphabet=st.characters(exclude_categories=("Cs", "Zs", "Cc"))))
def test_it_is_found_as_json_writes_it_too(text):
    if len(set(text)) < 20:
        return
    for escapes in (True, False):
        assert Traces([text]).first(json.dumps({"title": text}, ensure_ascii=escapes).encode())


def test_texts_too_short_for_a_window_are_found_whole_and_shorter_ones_not_at_all():
    traces = Traces(["Export hangs at 99 %", "Help"])
    assert [found.text for found in traces.find(b"Help: Export hangs at 99 % !")] == ["Export hangs at 99 %"]
    assert not Traces(["Help", ""])


def test_every_place_is_found_and_said():
    data = b"x" * 5 + BODY.encode() + b"---" + BODY.encode()
    assert [(found.start, found.end) for found in Traces([BODY]).find(data)] == [
        (5, 5 + len(BODY)), (8 + len(BODY), 8 + 2 * len(BODY)),
    ]  # fmt: skip


def test_what_others_wrote_as_well_is_no_trace():
    form = "### Steps to reproduce the problem\n\n1. "
    traces = Traces([form + BODY], shared=lambda stretch, _: stretch in form)
    assert traces.first(f"another post: {form}do this".encode()) is None
    assert traces.first(f"another post: {form}{BODY[:20]}".encode())


def test_rules_and_padding_are_nobodys_words():
    assert Traces(["=" * 50 + "\n" + " " * 60]).first(b"=" * 4000 + b" " * 4000) is None


def test_an_address_that_differs_in_its_last_figure_is_still_found():
    address, other = "https://github.com/acme/shop/issues/12", "https://github.com/acme/shop/issues/17"
    traces = Traces([address], shared=lambda stretch, _: stretch in other)
    assert traces.first(f"<a href='{address}'>".encode())
    assert traces.first(f"<a href='{other}'>".encode()) is None
