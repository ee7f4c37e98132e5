"""Orders to a machine are told from reports, however they are disguised, in linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.text.directives import directive
from painpoint_platform.text.disguises import legible, readings

REPORTS = [
    "The agent ignores its system prompt and the instructions of the user",
    "ESLint cannot ignore rules in generated files",
    "How do I override the default category page title?",
    "Expected output: a list. Actual output: nothing.",
    "System: Windows 11, Docker 27.1",
    "Unexpected end of input when parsing JSON",
    "The category should be optional in the expense form",
    "Set the log level to high and reproduce",
    "Wrong title is shown after renaming the playlist",
    "Model training fails: CUDA out of memory",
    "Please add an option to skip the previous step",
    "The correct answer is not accepted by the quiz",
    "Forgot password mail never arrives",
    "Hi, since the update the message list is empty",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "Ошибка: команда не найдена после обновления",
    "Die Anweisung in Zeile 3 wird ignoriert",
]


@pytest.mark.parametrize("text", REPORTS)
def test_a_report_is_no_order(text):
    assert directive(text) is None


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text_is_read(text):
    directive(text)
    assert legible(legible(text)) == legible(text)
    assert len(list(readings(text))) >= 1


def test_emoji_and_scripts_keep_their_joiners():
    for text in ("👩‍👩‍👧 at home", "می‌خواهم", "naïve café", "plain"):
        assert legible(text) == text


UNITS = [
    "a", "a ", "1", "ab12", "ignore ", "ignore all ", "please ", "set ", "title ", "category is ", "{", "]}", "<!--",
    "<|", "#", "you are ", "i g n o r e ", "%20", "&#", "\\u0061", "\u200b", "\u202e", "忽略", "ignoriere ",
    "the title ",
    "if you ", "begin ", "\n", "YWJj", "6162", "vtaber ", '"', "system: ",
]  # fmt: skip


def seconds(text):
    start = time.process_time()
    directive(text)
    return time.process_time() - start


@pytest.mark.parametrize("unit", UNITS)
def test_the_time_grows_no_faster_than_the_text(unit):
    small, large = unit * (2_000 // len(unit)), unit * (20_000 // len(unit))
    # A collection of garbage in one of three tries is not the search's.
    assert any(seconds(large) < 30 * seconds(small) + 0.2 for _ in range(3))
