"""Grouping by flags."""

from painpoint_platform.transcripts.flag_grouping import has_flags, statuses_by_flags
from painpoint_platform.transcripts.records import Block, Flag
from painpoint_platform.transcripts.voices import Voice, read_voices

ANN, BOB, JANE = "Ann Lee", "Bob Ray", "Jane Doe"


def voices(*turns: tuple[str, Flag | None]) -> list[Voice]:
    blocks = [Block(place, place, speaker, ("text",), (flag,), 1) for place, (speaker, flag) in enumerate(turns)]
    return [voice for voice in read_voices(blocks) if voice.turn is None]


def test_a_follow_up_of_the_same_analyst_goes_on() -> None:
    found = voices((ANN, "question"), (JANE, "answer"), (ANN, "question"), (JANE, "answer"))
    assert statuses_by_flags(found) == ["group_start", "group_continue", "group_continue", "group_end"]


def test_another_analyst_starts_a_group() -> None:
    found = voices((ANN, "question"), (JANE, "answer"), (BOB, "question"), (JANE, "answer"))
    assert statuses_by_flags(found) == ["group_start", "group_end"] * 2


def test_an_operator_between_starts_a_group() -> None:
    found = voices((ANN, "question"), (JANE, "answer"), ("Operator", None), (ANN, "question"))
    assert statuses_by_flags(found) == ["group_start", "group_end", "group_start"]


def test_an_answer_without_a_question_stands_alone_and_a_block_without_a_flag_goes_on() -> None:
    found = voices((JANE, "answer"), (ANN, "question"), (JANE, None))
    assert statuses_by_flags(found) == ["standalone", "group_start", "group_end"]


def test_where_nothing_is_flagged_there_is_nothing_to_go_by() -> None:
    assert not has_flags(voices((ANN, None), (JANE, None)))
    assert has_flags(voices((ANN, None), (JANE, "answer")))
