"""Pairing made calls: who decides, what becomes of it, and what is written."""

from collections.abc import Mapping
from typing import Any

import pytest

from painpoint_platform.llm.tasks import Usage
from painpoint_platform.transcripts.groups import Decide, Decision, Pairing, Undecided
from painpoint_platform.transcripts.pairing import Mode, annotate, pair
from painpoint_platform.transcripts.records import Transcript, build_transcripts
from painpoint_platform.transcripts.states import Status
from painpoint_platform_tests.transcripts.made_calls import call, exchange, records_of

UNSURE = ("Jane Doe, Acme Corp - CEO", "answer", "Bob?")
PAID = Usage(calls=1, prompt_tokens=10)


def transcript(records: list[dict[str, Any]]) -> Transcript:
    (found,) = build_transcripts(records)[0]
    return found


def scripted(*statuses: Status, confidence: float = 0.9) -> Decide:
    """Decide these statuses one after the other."""
    rest = iter(statuses)
    return lambda _payload, _active: Decision(next(rest), confidence, "because", PAID)


def groups(pairing: Pairing) -> list[tuple[int, ...]]:
    return [group.block_ids for group in pairing.groups]


def test_the_rules_decide_where_no_model_is_asked() -> None:
    pairing = pair(transcript(call("one")), mode="never", decide=scripted())
    assert groups(pairing) == [(2, 3), (5, 6)]
    assert {group.method for group in pairing.groups} == {"rule_detection"}
    assert {decision.decided_by for decision in pairing.decisions} == {"operator", "rule"}
    assert [decision.status for decision in pairing.decisions] == ["standalone", "group_start", "group_end"] * 2
    assert (pairing.asked, pairing.usage) == (0, Usage())


def test_a_group_says_who_asked_what_and_who_answered() -> None:
    turns = [*exchange("Ann Lee"), ("Carl Gauss, Acme Corp - CFO", "answer", "Indeed.")]
    (group,) = pair(transcript(records_of("one", turns)), mode="never").groups
    assert (group.qa_group_id, group.first_block_id, group.last_block_id) == (1, 2, 4)
    assert (group.analyst, group.firm, group.executives) == ("Ann Lee", "Big Bank", ("Jane Doe", "Carl Gauss"))
    assert group.question_text == "What about the margins of product 0?"
    assert group.answer_text == "They are fine for product 0, as they ever were.\n\nIndeed."
    assert 0.9 < group.confidence <= 1


def test_blocks_without_a_name_are_question_and_answer_by_what_is_said() -> None:
    turns: list[tuple[str, str | None, str]] = [
        (speaker if speaker == "Operator" else "", flag, text) for speaker, flag, text in exchange("Ann Lee")
    ]
    (group,) = pair(transcript(records_of("one", turns)), mode="never").groups
    assert group.question_text == "What about the margins of product 0?"
    assert group.answer_text == "They are fine for product 0, as they ever were."


@pytest.mark.parametrize("nothing", ["", " \n "])
def test_blocks_in_which_nothing_is_said_leave_no_text(nothing: str) -> None:
    turns = [(speaker, flag, nothing) for speaker, flag, _ in exchange("Ann Lee", follow_ups=1)[1:]]
    (group,) = pair(transcript(records_of("one", turns)), mode="never").groups
    assert (group.question_text, group.answer_text) == ("", "")


def test_always_asks_about_every_block_but_operators() -> None:
    asked: list[int] = []

    def decide(payload: Mapping[str, Any], active: bool) -> Decision:
        assert payload["state"]["group_active"] is active
        asked.append(payload["current_block"]["speaker_block_id"])
        return Decision("group_continue" if active else "group_start", 0.9, "because", PAID)

    pairing = pair(transcript(call("one")), mode="always", decide=decide)
    assert asked == [2, 3, 5, 6]
    assert groups(pairing) == [(2, 3), (5, 6)]
    assert [group.method for group in pairing.groups] == ["llm_detection"] * 2
    assert [group.confidence for group in pairing.groups] == [0.9] * 2
    assert pairing.asked == 4
    assert pairing.usage == Usage(calls=4, prompt_tokens=40)
    assert pairing.decisions[1].reasoning == "because"


def test_auto_asks_only_where_the_rules_are_unsure() -> None:
    records = records_of("one", [*exchange("Ann Lee"), exchange("Bob Ray")[0], UNSURE, *exchange("Cid Moe")])
    pairing = pair(transcript(records), mode="auto", margin=0.8, decide=scripted("group_start"))
    assert pairing.asked == 1
    assert [decision.decided_by for decision in pairing.decisions].count("model") == 1
    assert groups(pairing) == [(2, 3), (5,), (7, 8)]
    assert [group.method for group in pairing.groups] == ["rule_detection", "llm_detection", "rule_detection"]
    assert groups(pair(transcript(records), mode="auto", margin=0.0, decide=scripted())) == [(2, 3), (7, 8)]


def test_an_operator_and_another_analyst_close_what_a_model_left_open() -> None:
    turns = [*exchange("Ann Lee"), *exchange("Bob Ray"), *exchange("Cid Moe")[1:]]
    pairing = pair(
        transcript(records_of("one", turns)), mode="always",
        decide=lambda _payload, active: Decision("group_continue" if active else "group_start", 0.9),
    )  # fmt: skip
    assert groups(pairing) == [(2, 3), (5, 6), (7, 8)]


def test_after_a_conclusion_nothing_is_open_for_a_model_to_go_on_with() -> None:
    conclusion = ("Operator", None, "That concludes our question-and-answer session.")
    goodbye = ("Jane Doe, Acme Corp - CEO", "answer", "Thank you all for joining us today.")
    states: list[bool] = []

    def decide(_payload: Mapping[str, Any], active: bool) -> Decision:
        states.append(active)
        return Decision("group_continue" if active else "group_start" if not states[:-1] else "standalone", 0.9)

    pairing = pair(
        transcript(records_of("one", [*exchange("Ann Lee"), conclusion, goodbye])), mode="always", decide=decide
    )
    assert states == [False, True, False]
    assert groups(pairing) == [(2, 3)]


def test_what_a_model_ends_too_early_goes_on_as_the_next_group() -> None:
    records = records_of("one", exchange("Ann Lee", follow_ups=1))
    pairing = pair(
        transcript(records), mode="always", decide=scripted("group_start", "group_end", "group_start", "group_end")
    )
    assert groups(pairing) == [(2, 3), (4, 5)]


@pytest.mark.parametrize(
    "answer",
    [
        Decision("group_end", 0.9),
        Decision("group_start", 1.5),
        Decision("group_start", float("nan")),
        Undecided("boundary", "the model did not answer"),
        Undecided("authentication", "401"),
        None,
    ],
)
def test_one_block_without_a_valid_decision_is_left_to_the_rules(answer: Decision | Undecided | None) -> None:
    rest = iter([answer, *(Decision(status, 0.9) for status in ("group_end", "group_start", "group_end"))])  # type: ignore[arg-type]
    pairing = pair(transcript(call("one")), mode="always", decide=lambda _payload, _active: next(rest))
    assert groups(pairing) == [(2, 3), (5, 6)]
    assert [decision.decided_by for decision in pairing.decisions][:3] == ["operator", "rule", "model"]
    (problem,) = pairing.problems
    expected = answer.kind if isinstance(answer, Undecided) else "boundary" if answer is None else "validation"
    assert (problem.kind, problem.speaker_block_id) == (expected, 2)


def unsure_of_all(flags: bool) -> Pairing:
    records = call("one", follow_ups=1, flags=flags)
    return pair(
        transcript(records), mode="always",
        decide=lambda _payload, active: Decision("group_continue" if active else "group_start", 0.5),
    )  # fmt: skip


def test_what_a_model_is_unsure_of_is_grouped_by_flags_where_there_are_any() -> None:
    pairing = unsure_of_all(flags=True)
    assert groups(pairing) == [(2, 3, 4, 5), (7, 8, 9, 10)]
    assert {(group.method, group.confidence) for group in pairing.groups} == {("xml_fallback", 0.5)}
    assert {decision.decided_by for decision in pairing.decisions} == {"operator", "flags"}


def test_what_a_model_is_unsure_of_stays_without_group_where_there_are_no_flags() -> None:
    pairing = unsure_of_all(flags=False)
    assert not pairing.groups
    assert {decision.status for decision in pairing.decisions} == {"standalone"}
    assert "below 0.6, and there are no flags" in pairing.decisions[1].reasons[0]


def test_numbers_are_without_gaps_when_a_group_falls_away() -> None:
    decisions = iter([0.5, 0.5, 0.9, 0.9])
    pairing = pair(
        transcript(call("one", flags=False)), mode="always",
        decide=lambda _payload, active: Decision("group_end" if active else "group_start", next(decisions)),
    )  # fmt: skip
    assert [(group.qa_group_id, group.block_ids) for group in pairing.groups] == [(1, (5, 6))]
    assert [decision.qa_group_id for decision in pairing.decisions] == [None, None, None, None, 1, 1]


def test_every_record_is_written_with_three_more_fields() -> None:
    records = call("one")
    found = annotate(records, pair(transcript(records), mode="never"))
    assert [list(record)[:-3] for record in found] == [list(record) for record in records]
    assert [record["qa_group_id"] for record in found] == [None, None, 1, 1, None, 2, 2]
    assert [record["qa_group_method"] for record in found][1:3] == [None, "rule_detection"]
    assert found[2]["qa_group_confidence"] == found[3]["qa_group_confidence"]


def test_records_of_a_call_without_pairing_get_nulls() -> None:
    found = annotate([{"filename": "one"}], None)
    assert found == [{"filename": "one", "qa_group_id": None, "qa_group_confidence": None, "qa_group_method": None}]


def test_records_outside_the_section_get_nulls_even_in_a_block_that_reaches_into_it() -> None:
    records = call("one")
    prelude = {**records[2], "section_type": "Management Discussion"}
    records = [{**one, "paragraph_id": place} for place, one in enumerate([*records[:2], prelude, *records[2:]])]
    found = annotate(records, pair(transcript(records), mode="never"))
    assert [record["qa_group_id"] for record in found[:5]] == [None, None, None, 1, 1]


@pytest.mark.parametrize("mode", ["never", "auto", "always"])
def test_a_call_without_a_section_has_no_decisions(mode: Mode) -> None:
    pairing = pair(transcript(call("one")[:1]), mode=mode, decide=scripted())
    assert (pairing.decisions, pairing.groups, pairing.asked) == ((), (), 0)
