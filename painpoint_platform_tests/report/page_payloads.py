"""Payloads of the map, the courses, the calls and the costs, as the report writes them."""

from collections.abc import Sequence
from typing import Any

from painpoint_platform_tests.report.browser import DAY

NAMES = ("Invoice export fails", "Tests break", "Refund is slow")
KEYS = tuple(f"{prefix}{'0' * 14}" for prefix in ("aa", "bb", "cc"))


def day_map(titles: Sequence[str] = NAMES) -> dict[str, Any]:
    """Three issues of 20, 10 and 5 posts, the first in the middle, with two posts each, and one post of noise."""
    count = len(titles)
    return {
        "day": DAY,
        "clusters": {
            "key": list(KEYS[:count]),
            "title": list(titles),
            "category": ["finance", "devtools", "finance"][:count],
            "items": [20, 10, 5][:count],
            "impact": [80.0, 60.5, 20.25][:count],
            "state": ["new", "growing", "steady"][:count],
            "x": [0.0, -5.0, 5.0][:count],
            "y": [0.0, 5.0, -5.0][:count],
        },
        "items": {
            "x": [0.4, -0.4, -5.3, -4.7, 5.3, 4.7, 2.0],
            "y": [0.4, -0.4, 5.3, 4.7, -5.3, -4.7, 2.0],
            "cluster": [0, 0, 1, 1, 2, 2, -1],
            "title": ["The ledger is empty", *["A post"] * 6],
        },
    }


def issue_posts(key: str = KEYS[0], text: str = "The ledger is empty.") -> dict[str, Any]:
    """The file of one issue with the posts that the map's panel shows."""
    post = {"url": "https://example.org/1", "source": "github", "title": text, "snippet": None, "quote": text}
    hostile = post | {"url": "javascript:document.body.dataset.hurt=1"}
    return {
        "issues/index": {"day": DAY, "files": [key[:2]]},
        f"issues/{key[:2]}": {key: {"evidence": [post, hostile]}},
    }


def corpus(name: str = "corpus", text: str = "the exam was nothing like the practice test") -> dict[str, Any]:
    """Two themes and the rest in three courses; a code with white space and a slash, and a cluster of two posts."""
    return {
        "corpus": name,
        "courses": {
            "code": ["C 1/2", "D200", "E300"],
            "title": ["Calculus", "Data", "Ethics"],
            "colleges": [["Business", "Technology"], ["Technology"], []],
        },
        "themes": {
            "id": ["G001", "G002"],
            "theme": ["exams do not match", "materials are broken"],
            "label": ["assessment", "materials"],
            "description": ["The exam asks for something else.", "Links lead nowhere."],
            "posts": [4, 1],
        },
        "clusters": {
            "c1": _cluster("C 1/2", "G001", "Practice test differs", 2, text),
            "c2": _cluster("C 1/2", "G002", "Dead links", 1, "link is dead"),
            "d1": _cluster("D200", "G001", "Exam is harder", 2, "so hard"),
            "e1": _cluster("E300", "UNASSIGNED", "Unclear", 1, None),
        },
    }


def _cluster(course: str, theme: str, summary: str, posts: int, text: str | None) -> dict[str, Any]:
    snippets = [{"post_id": f"p-{summary}", "text": text}]
    return {"course": course, "theme": theme, "summary": summary, "posts": posts, "snippets": snippets}


def calls(question: str = "How much of it is in the guidance?") -> dict[str, Any]:
    """Three calls: one with two exchanges of which one is unsure, one with one, and one too old to be told."""
    first = [_exchange(1, "Dana Whitfield", question, 0.99), _exchange(2, "Ari Levin", "And margins?", 0.41)]
    return {
        "calls": {
            "transcript": ["2025-Apr-29-ACME", "2025-Jan-30-ORBT", "2019-Jan-30-OLD"],
            "ticker": ["ACME", "ORBT", None],
            "call_date": ["2025-04-29", "2025-01-30", None],
            "exchanges": [2, 1, 1],
            "analysts": [2, 1, 1],
            "questions": [2, 1, 1],
            "executives": [1, 1, 1],
            "lowest_confidence": [0.41, 0.97, None],
            "low_confidence_exchanges": [1, 0, 0],
            "analyst_names": [["Ari Levin", "Dana Whitfield"], ["Dana Whitfield"], []],
            "file": [0, 1, None],
        },
        "calls/0": {"transcript": "2025-Apr-29-ACME", "groups": first},
        "calls/1": {"transcript": "2025-Jan-30-ORBT", "groups": [_exchange(1, "Dana Whitfield", "Why?", 0.97)]},
    }


def _exchange(number: int, analyst: str, question: str, confidence: float) -> dict[str, Any]:
    return {
        "id": number, "analyst": analyst, "firm": None, "executives": ["Robert Finn"], "question": question,
        "answer": "It is in the guidance.", "question_count": 1, "confidence": confidence,
        "low_confidence": confidence < 0.6, "method": "rule_detection",
    }  # fmt: skip


def costs(*rows: tuple[str, str, str, int, int, float | None, int]) -> dict[str, Any]:
    """Days of costs from rows of day, task, model, calls, cached, cost in dollars, calls without a price."""
    names = ("day", "task", "model", "calls", "cached", "cost_usd", "unpriced")
    columns: dict[str, Any] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    columns |= {"failed": [0] * len(rows), "prompt_tokens": [100] * len(rows), "completion_tokens": [10] * len(rows)}
    return columns
