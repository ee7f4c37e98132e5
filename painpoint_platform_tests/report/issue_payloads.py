"""Payloads of the overview and of issues, as the report writes them."""

from typing import Any

from painpoint_platform_tests.report.browser import DAY

CATEGORIES = ("finance", "ai", "devtools")
STATES = ("new", "growing", "steady", "fading")
COLUMNS = (
    "key", "title", "category", "impact", "state", "emerging", "items", "authors", "negativity", "would_pay",
    "publishable", "first_seen", "growth", "sources", "recent",
)  # fmt: skip


def issue_key(number: int) -> str:
    """16 hexadecimal digits, of which the first two spread the issues over files as real keys do."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def overview(count: int = 4, **changed: Any) -> dict[str, Any]:
    """An overview of ``count`` issues, the weightiest first; ``changed`` replaces columns of theirs."""
    numbers = range(count)
    rows = {
        "key": [issue_key(number) for number in numbers],
        "title": [f"Problem {number} of the export" for number in numbers],
        "category": [CATEGORIES[number % 3] for number in numbers],
        "impact": [round(90 - 60 * number / max(1, count), 1) for number in numbers],
        "state": [STATES[number % 4] for number in numbers],
        "emerging": [number == 1 for number in numbers],
        "items": [5 + number * 7 % 40 for number in numbers],
        "authors": [4 + number * 7 % 40 for number in numbers],
        "negativity": [None if number == 2 else 0.6 for number in numbers],
        "would_pay": [number % 2 == 0 for number in numbers],
        "publishable": [number != 3 for number in numbers],
        "first_seen": [DAY] * count,
        "growth": [None if number % 4 == 0 else 2.4 for number in numbers],
        "sources": [{"github": 3, "reddit": 2} if number % 2 else {"github": 5} for number in numbers],
        "recent": [[0, 2, 5] for _ in numbers],
    }
    return {
        "day": DAY,
        "days": ["2025-01-03", "2025-01-06", "2025-01-07", DAY, "2025-01-09"],
        "facts": {
            "items": 120, "clustered_items": 90, "issues": count, "new": 1, "growing": 1, "emerging": 1, "sources": 2,
        },
        "issues": {name: changed.get(name, rows[name]) for name in COLUMNS},
        "categories": {
            "category": ["finance"], "issues": [2], "new": [1], "growing": [0], "items": [31], "impact": [70.5],
            "negativity": [0.6],
        },
        "category_daily": {"day": ["2025-01-07", DAY], "category": ["ai", "ai"], "items": [4, 9], "issues": [1, 2]},
        "sources": {
            "source": ["github", "reddit"], "items": [80, 40], "issues": [4, 2], "noise_share": [0.25, None],
            "is_partial": [False, True], "partial_reason": [None, "HTTP 429 after page 3"],
        },
        "painpoints": {
            "kind": ["issue", "course_theme", "call_question", *["issue"] * 3],
            "id": [issue_key(0) + "0" * 48, "corpus/G001", "ACME/3", *(issue_key(number) for number in (1, 2, 3))],
            "title": ["Problem 0 of the export", "Exams do not match", "Why did margins fall?", "One", "Two", "Three"],
            "item_count": [40, 20, 1, 30, 20, 10],
            "first_seen": [DAY, None, "2025-01-02", *[DAY] * 3], "last_seen": [DAY, None, "2025-01-02", *[DAY] * 3],
            "negativity": [0.6, None, 0.4, *[None] * 3],
            "evidence_url": [
                "https://github.com/a/b/issues/1", "courses.html#corpus/G001", "javascript:alert(1)", *[None] * 3,
            ],
        },
    }  # fmt: skip


def issue(**changed: Any) -> dict[str, Any]:
    """The detail of one issue."""
    return {
        "title": "Exports lose the last row", "title_by": "ada", "model_title": "CSV is cut", "category": "finance",
        "description": "Exports stop one row early.", "level": "high", "impact": 80.0, "would_pay": True,
        "muted": False, "publishable": True, "model": "embedded/v1", "prompt_version": "v1", "state": "growing",
        "growth": 2.4, "growth_low": 1.2, "growth_high": 4.1, "surprise": 3.5, "first_seen": "2025-01-06",
        "last_seen": DAY,
        "perception": {
            "negativity": 0.7, "negativity_width": 0.2, "intensity": 0.5, "intensity_width": 0.4,
            "willingness": 0.3, "willingness_width": 0.9,
        },
        "impact_parts": {
            "severity": 35.0, "reach": 20.0, "engagement": 11.0, "feeling": 6.5, "would_pay": 5.0, "willingness": 2.5,
        },
        "sources": {"github": 2, "reddit": 1},
        "items": 133, "authors": 120, "evidence_total": 133,
        "evidence": [post(number) for number in range(11)],
        "history": {
            "day": ["2025-01-06", "2025-01-07", DAY], "items": [3, 8, 133], "authors": [3, 8, 120],
            "impact": [40.0, 50.0, 80.0], "growth": [None, 1.0, 2.4], "state": ["new", "new", "growing"],
        },
        "lineage": [
            {"day": "2025-01-06", "relation": "new", "similarity": None, "previous": []},
            {"day": DAY, "relation": "merges", "similarity": 0.83,
             "previous": [{"key": issue_key(7), "title": "Exports are cut"}]},
        ],
        "decisions": [
            {"at": DAY, "by": "ada", "kind": "rename", "title": "Exports lose the last row", "target": None,
             "posts": None, "reason": "says what is lost"},
            {"at": DAY, "by": None, "kind": "merge", "title": None, "target": issue_key(7), "posts": None,
             "reason": None},
        ],
        **changed,
    }  # fmt: skip


def post(number: int, **changed: Any) -> dict[str, Any]:
    """A post behind an issue."""
    return {
        "url": f"https://github.com/a/b/issues/{number}", "source": "github", "title": f"Post {number}",
        "snippet": "Since today the last row is gone. It worked before.", "quote": "the last row is gone",
        "created_at": DAY, "votes": number, "comments": 1, "representative": number < 2, "negativity": 0.71,
        **changed,
    }  # fmt: skip


def issue_files(issues: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The payloads of details by the names of their files, with the index of these."""
    files: dict[str, Any] = {}
    for key, detail in issues.items():
        files.setdefault(f"issues/{key[:2]}", {})[key] = detail
    return {**files, "issues/index": {"day": DAY, "files": [name.removeprefix("issues/") for name in files]}}
