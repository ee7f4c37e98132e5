"""Finding the one JSON object of a reply."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.llm.replies import NoJsonObjectError, extract_object

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
prose = st.text(alphabet=st.characters(blacklist_characters="{"), max_size=40)


@given(objects, prose, prose)
def test_an_object_is_found_whatever_prose_stands_around_it(value, before, after):
    assert extract_object(before + json.dumps(value) + after) == value


@given(st.dictionaries(st.text(max_size=8), json_values, min_size=1, max_size=4), st.data())
def test_a_cut_off_object_is_never_read(value, data):
    text = json.dumps(value)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(NoJsonObjectError):
        extract_object(text[:cut])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON object"),
        ("I cannot help with that.", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        ('{"a": 1} and {"a": 2}', "more than one"),
        ('{"a": {"b": 1}, "c": ', "cut off"),
        ('{"a": ' + "9" * 5000 + "}", "cannot be read"),
        ("{'a': 1}", "malformed"),
        ('{"a": NaN}', "NaN"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(NoJsonObjectError, match=says):
        extract_object(text)


def test_thoughts_before_the_answer_are_not_the_answer():
    assert extract_object('<think>maybe {"a": 0}?</think>\n{"a": 1}') == {"a": 1}
