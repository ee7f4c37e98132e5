"""Confidence and method of an exchange."""

import pytest

from painpoint_platform.transcripts.confidence import group_confidence, group_method
from painpoint_platform.transcripts.groups import BlockDecision, DecidedBy
from painpoint_platform.transcripts.states import Status
from painpoint_platform_tests.transcripts.made_pairings import decision


def members(*given: tuple[Status, float], by: DecidedBy = "model") -> list[BlockDecision]:
    return [
        decision(block, status, 1, confidence=confidence, decided_by=by)
        for block, (status, confidence) in enumerate(given, 1)
    ]


def test_start_and_end_weigh_two_fifths_each_and_what_lies_between_shares_a_fifth() -> None:
    found = members(("group_start", 0.9), ("group_continue", 0.8), ("group_continue", 0.8), ("group_end", 0.9))
    assert group_confidence(found) == 0.88


def test_weights_are_those_that_are_present() -> None:
    assert group_confidence(members(("group_start", 0.9), ("group_end", 0.9))) == 0.9
    assert group_confidence(members(("group_start", 0.7))) == 0.7
    assert group_confidence(members(("group_start", 0.9), ("group_continue", 0.6))) == 0.8


@pytest.mark.parametrize(
    ("confidence", "method"),
    [
        (0.8, "llm_detection"),
        (0.79, "llm_detection_medium_confidence"),
        (0.6, "llm_detection_medium_confidence"),
        (0.59, None),
    ],
)
def test_a_models_exchange_is_named_by_its_confidence(confidence: float, method: str | None) -> None:
    assert group_method(members(("group_start", confidence)), confidence) == method


def test_an_exchange_of_the_rules_is_named_so_however_unsure() -> None:
    assert group_method(members(("group_start", 0.5), by="rule"), 0.5) == "rule_detection"


def test_an_exchange_that_both_decided_goes_by_who_decided_the_greater_part() -> None:
    start, _, end = members(("group_start", 0.9), ("group_continue", 0.9), ("group_end", 0.9), by="rule")
    asked_start, asked_middle, _ = members(("group_start", 0.9), ("group_continue", 0.9), ("group_end", 0.9))
    assert group_method([start, asked_middle, end], 0.9) == "rule_detection"
    assert group_method([asked_start, asked_middle, end], 0.9) == "llm_detection"
