"""Pairings put together by hand, for tests of what is done with one."""

from typing import Any

from painpoint_platform.transcripts.groups import BlockDecision, QaGroup


def decision(block: int, status: Any, group_id: int | None, **fields: Any) -> BlockDecision:
    """Return the decision on a block; blocks count from 1."""
    values = {"confidence": 0.9, "decided_by": "rule", "margin": 0.8, "reasons": ("flag question +1.0",)} | fields
    return BlockDecision(block, block - 1, "Ann Lee", status, group_id, **values)


def group(number: int, first: int, last: int, **fields: Any) -> QaGroup:
    """Return a group of all blocks from ``first`` to ``last``."""
    values = {
        "analyst": "Ann Lee",
        "firm": "Big Bank",
        "executives": ("Jane Doe",),
        "question_text": "Why?",
        "answer_text": "Because.",
        "confidence": 0.9,
        "method": "rule_detection",
    } | fields
    return QaGroup(number, first, last, tuple(range(first, last + 1)), (first,), **values)
