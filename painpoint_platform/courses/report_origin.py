"""Where a report's figures come from: runs, models, prompts, cost, and what was left out on the way.

Belongs here: reading that from the two manifests, of which other programs may have written one. Does not belong here:
judging a manifest (``validation.stage2``, ``validation.stage3``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from painpoint_platform.courses.validation.manifest_fields import first_of, is_amount, is_count
from painpoint_platform.pages.page import UNKNOWN, duration, money, number

COST = ("total_cost_usd", "llm_total_cost_usd", "cost_usd")
TIME = ("wallclock_s", "wallclock_sec", "wall_clock_s")
SHOWN_DIGITS = 12  # of a hash: enough to compare two by eye

# What a row did not become a pain point for, in the words of a reader.
REASONS_IN_WORDS = {
    "duplicate": "the same post and course once more",
    "unknown_course": "course not in the list of courses",
    "not_a_painpoint": "no pain point (n)",
    "undecided": "undecided (u)",
    "llm_failure": "the Stage-1 model gave no answer",
    "parse_error": "the Stage-1 answer could not be read",
    "schema_error": "the Stage-1 answer broke its schema",
    "empty_summary": "no root cause summary",
    "empty_snippet": "no snippet",
}


@dataclass(frozen=True)
class Mishap:
    """A course or batch that did not go smoothly: what, how it ended, and why."""

    what: str
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """The provenance that a report shows.

    Attributes:
        facts: (name, values of Stage 1, 2 and 3), ready to be shown.
        rows_read: data rows of the predictions; None where not recorded.
        drops: (reason in words, rows), the most frequent first.
        mishaps: courses that were repaired or failed, batches that failed.
        new_labels: labels of themes outside of the taxonomy.
        cost: both stages, ready to be shown.
    """

    facts: tuple[tuple[str, tuple[str, ...]], ...]
    rows_read: int | None
    drops: tuple[tuple[str, int], ...]
    mishaps: tuple[Mishap, ...]
    new_labels: tuple[str, ...]
    cost: str


def origin_of(stage2: Mapping[str, Any], stage3: Mapping[str, Any]) -> Origin:
    """Read the provenance from the manifests of a Stage-2 and a Stage-3 run; ``–`` stands for what they lack."""
    stage1 = stage2.get("source_stage1_run")
    return Origin(
        facts=_facts(stage1 if isinstance(stage1, Mapping) else {}, stage2, stage3),
        rows_read=_count(stage2, "rows_read"),
        drops=_drops(stage2.get("drop_reasons")),
        mishaps=(*_courses(_objects(stage2.get("courses"))), *_batches(_objects(stage3.get("batches")))),
        new_labels=tuple(str(label) for label in _list(stage3.get("new_labels"))),
        cost=_total_cost(_amount(stage2, *COST), _amount(stage3, *COST)),
    )


def _facts(*stages: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    def row(name: str, read: Callable[[Mapping[str, Any]], str]) -> tuple[str, tuple[str, ...]]:
        return name, tuple(read(stage) or UNKNOWN for stage in stages)

    return (
        row("Run id", lambda stage: _text(stage, "run_id")),
        row("Folder", lambda stage: _text(stage, "run_slug", "stage3_run_slug", "stage2_run_slug")),
        row("Model", lambda stage: _text(stage, "model_name", "model")),
        row("Prompt", _prompt),
        row("SHA-256 of the prompt", lambda stage: _hash(stage, "prompt_sha256")),
        row("SHA-256 of the input", lambda stage: _hash(stage, "input_sha256")),
        row("Made", lambda stage: _text(stage, "created_at")),
        row("Calls to the model", lambda stage: number(_count(stage, "total_calls"))),
        row("Tokens, in and out", _tokens),
        row("Cost", lambda stage: money(_amount(stage, *COST))),
        row("Time", lambda stage: duration(_amount(stage, *TIME))),
        row("Commit", lambda stage: _hash(stage, "git_commit")),
    )


def _text(values: Mapping[str, Any], *names: str) -> str:
    return str(first_of(values, names) or "")


def _hash(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")[:SHOWN_DIGITS]


def _prompt(stage: Mapping[str, Any]) -> str:
    name = _text(stage, "prompt_name", "prompt")
    return f"{name} {_text(stage, 'prompt_version')}".strip() or _text(stage, "prompt_template_path")


def _tokens(stage: Mapping[str, Any]) -> str:
    sent = _count(stage, "total_prompt_tokens", "prompt_tokens")
    received = _count(stage, "total_completion_tokens", "completion_tokens")
    return "" if sent is None and received is None else f"{number(sent)} and {number(received)}"


def _amount(values: Mapping[str, Any], *names: str) -> float | None:
    value = first_of(values, names)
    return value if is_amount(value) else None


def _count(values: Mapping[str, Any], *names: str) -> int | None:
    value = first_of(values, names)
    return value if is_count(value) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in _list(value) if isinstance(entry, Mapping)]


def _drops(reasons: Any) -> tuple[tuple[str, int], ...]:
    counts = reasons.items() if isinstance(reasons, Mapping) else ()
    found = [(REASONS_IN_WORDS.get(reason, str(reason)), rows) for reason, rows in counts if is_count(rows) and rows]
    return tuple(sorted(found, key=lambda drop: (-drop[1], drop[0])))


def _total_cost(*costs: float | None) -> str:
    """The sum; at least what is known where a price is not."""
    known = [cost for cost in costs if cost is not None]
    if not known:
        return money(None)
    return money(sum(known)) if len(known) == len(costs) else f"≥ {money(sum(known))}"


def _courses(courses: Sequence[Mapping[str, Any]]) -> tuple[Mishap, ...]:
    return tuple(
        Mishap(
            str(course.get("course_code")),
            str(course["status"]),
            tuple(str(finding) for finding in _list(course.get("findings"))),
        )
        for course in courses
        if course.get("status") in ("repaired", "failed")
    )


def _batches(batches: Sequence[Mapping[str, Any]]) -> tuple[Mishap, ...]:
    return tuple(
        Mishap(
            f"batch {batch.get('batch', place)}",
            str(batch["status"]),
            (str(batch.get("reason") or "no reason was recorded"),),
        )
        for place, batch in enumerate(batches, start=1)
        if batch.get("status") == "failed"
    )
