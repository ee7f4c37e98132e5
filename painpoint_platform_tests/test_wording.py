"""Messages name the first few of many and count the rest."""

import pytest

from painpoint_platform.wording import counted, first_few, listed, shown


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d", "e"], "a, b, c and 2 more")],
)
def test_the_first_few_are_named_and_the_others_counted(names: list[str], words: str) -> None:
    assert first_few(names, most=3) == words


def test_one_of_a_thing_is_named_otherwise_than_many() -> None:
    assert [counted(count, "day") for count in (0, 1, 1103)] == ["0 days", "1 day", "1,103 days"]
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]


def test_findings_are_listed_with_their_places() -> None:
    found = [(row, "odd") for row in range(1, 13)]
    told = list(listed("f.csv", found, "odd rows", place="line"))
    assert told[:2] == ["f.csv: line 1: odd", "f.csv: line 2: odd"]
    assert told[10:] == ["f.csv: odd rows: 2 more, 12 in all"]
    assert len(list(listed("f.csv", found[:10], "odd rows"))) == 10


def test_a_value_is_quoted_on_one_line_and_cut() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert shown(None) == "nothing"
    assert shown("x" * 70) == f"'{'x' * 60}…'"
