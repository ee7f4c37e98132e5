"""Which blocks are the operator's, and what they do."""

import time

import pytest

from painpoint_platform.transcripts.operators import Utterance, find_operators
from painpoint_platform.transcripts.records import Block, Flag
from painpoint_platform.transcripts.voices import read_voices


def blocks_of(*turns: tuple[str, str], flag: Flag | None = None) -> list[Block]:
    return [
        Block(index + 1, index, speaker, (text,), (flag,), len(text.split()))
        for index, (speaker, text) in enumerate(turns)
    ]


def operators(*turns: tuple[str, str], flag: Flag | None = None) -> list[bool]:
    """Say of each block whether it is the operator's."""
    return [
        turn is not None for turn in find_operators([Utterance.of(block) for block in blocks_of(*turns, flag=flag)])
    ]


def kind(text: str) -> str:
    (turn,) = find_operators([Utterance.of(block) for block in blocks_of(("Operator", text))])
    assert turn is not None
    return turn.kind


@pytest.mark.parametrize(
    "text",
    ["Thank you. Next question, please.", "The question comes from Ann Lee.", "Our question is from Ann Lee.",
     "Please hold for the next speaker.", "That concludes our question period.", "This is the end of Q&A."],
)  # fmt: skip
def test_where_nobody_is_called_operator_what_is_said_decides(text: str) -> None:
    assert operators(("Sam", text)) == [True]


@pytest.mark.parametrize("text", ["Thank you.", "Thank you very much for the question.", "Great quarter."])
def test_thanks_alone_are_no_operators(text: str) -> None:
    assert operators(("Sam", text)) == [False]


def test_a_long_block_that_mentions_the_next_question_is_no_operators() -> None:
    assert operators(("Sam", "On your next question: " + "margins are fine " * 20)) == [False]


def test_an_executive_who_says_next_question_is_no_operator() -> None:
    request = "Thanks, Carl. Next question, please."
    assert operators(("Jane Doe, Acme - Head of IR", request)) == [False]
    assert operators(("Jane Doe", request), flag="answer") == [False]
    assert operators(("Operator", "Go ahead."), ("Jane Doe", request)) == [True, False]
    assert operators(("Operator", "Go ahead."), ("", request)) == [True, True]


def test_a_second_operator_under_their_own_name_is_one() -> None:
    turns = [
        ("Operator", "Our first question comes from Ann Lee."),
        ("Brandy", "The next question is from the line of Bob Ray."),
        ("Jane Doe", "As I said to the question from Bob, no."),
    ]
    assert operators(*turns) == [True, True, False]


def test_who_mostly_introduces_callers_is_the_operator_whatever_their_name() -> None:
    turns = [
        ("Brandy", "Ann Lee, Big Bank."),
        ("Ann Lee", "Why?"),
        ("Jane Doe", "Next question, please."),
        ("Brandy", "Bob Ray with Other Bank & Co."),
        ("Bob Ray", "How?"),
        ("Brandy", "Sorry, one moment."),
    ]
    assert operators(*turns) == [True, False, False, True, False, True]


@pytest.mark.parametrize(
    "text",
    ["Ann Lee, Big Bank.", "Our first question today is coming from Ann Lee.", "Your line is now open.",
     "This concludes today's conference call. You may now disconnect.", "(Operator Instructions)"],
)  # fmt: skip
def test_an_operator_without_a_name_is_known_by_what_only_operators_say(text: str) -> None:
    for nobody in ("", "Unidentified Speaker"):
        assert operators((nobody, text)) == [True]
        assert operators((nobody, text), flag="answer") == [False]


@pytest.mark.parametrize("text", ["Thank you.", "I have a question on margins.", "Ann, go on.", ""])
def test_others_without_a_name_are_no_operators(text: str) -> None:
    assert operators(("", text)) == [False]


def test_one_introduction_makes_nobody_the_operator() -> None:
    assert operators(("Jane Doe", "Ann Lee, Big Bank."), ("Ann Lee", "Why?")) == [False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thank you. Our next question comes from the line of Ann Lee with Big Bank. Your line is open.", "introduces"),
        ("(Operator Instructions) Joe Moore, Morgan Stanley.", "introduces"),
        ("Our final question today is coming from Ann Lee.", "introduces"),
        ("We'll go to Ann Lee with Big Bank.", "introduces"),
        ("Your line is now open.", "invites"),
        ("Sir, please go ahead.", "invites"),
        ("That concludes his question. Our next question comes from Ann Lee.", "introduces"),
        (
            "Our last question comes from Ann Lee. Then I turn the call back to management for closing remarks.",
            "introduces",
        ),
        ("That concludes our question-and-answer session. I'd like to turn the call back to Jane Doe.", "concludes"),
        ("There are no further questions at this time.", "concludes"),
        ("One moment, please.", "other"),
        ("Unsere nächste Frage kommt von Ann Lee.", "other"),
    ],
)
def test_a_turn_introduces_concludes_or_does_neither(text: str, expected: str) -> None:
    assert kind(text) == expected


def test_a_turn_in_another_language_introduces_whom_it_names() -> None:
    voices = read_voices(blocks_of(("Operator", "Die nächste Frage: Ann Lee, bitte."), ("Ann Lee", "Warum?")))
    assert voices[0].turn is not None
    assert voices[0].turn.kind == "introduces"


def test_an_invitation_that_names_who_speaks_next_introduces_them() -> None:
    voices = read_voices(blocks_of(("Operator", "Ann Lee, please go ahead."), ("Ann Lee", "Why?")))
    assert voices[0].turn is not None
    assert voices[0].turn.kind == "introduces"


def test_turns_in_a_row_open_one_session() -> None:
    turns = [("Operator", "a"), ("Ann", "b"), ("Operator", "c"), ("Moderator", "d"), ("Bob", "e"), ("Jane", "f")]
    assert [voice.session for voice in read_voices(blocks_of(*turns))] == [1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    "text", ["A" * 1_000_000, "A " * 500_000, "Aa Bb, " * 150_000, "question " * 120_000, "(" * 10**6]
)
@pytest.mark.parametrize("speaker", ["Operator", "Sam Jones"])
def test_a_paragraph_of_a_megabyte_takes_no_time(text: str, speaker: str) -> None:
    blocks = blocks_of((speaker, text))
    began = time.process_time()
    read_voices(blocks)
    assert time.process_time() - began < 0.2


def test_the_shortest_text_that_almost_reads_like_a_caller_takes_no_time() -> None:
    began = time.process_time()
    operators(("Operator", "Aa Bb, " + "A.A&A-" * 70 + "!"), ("Operator", "A " * 230 + ", !"))
    assert time.process_time() - began < 0.2
