"""A Stage-1 run and a list of courses that nobody wrote: for the demo, benchmarks and tests.

Belongs here: generating both files. Does not belong here: reading them (``painpoint_platform.courses``).
"""

import csv
import json
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CORPUS = "sample-feedback"
PREDICTIONS_FILE = "predictions_FULL.csv"
COURSE_LIST_FILE = "course_list_with_college.csv"
PREDICTION_COLUMNS = (
    "post_id", "course_code", "pred_contains_painpoint", "root_cause_summary_pred", "pain_point_snippet_pred",
    "confidence_pred", "parse_error", "schema_error", "used_fallback", "llm_failure",
)  # fmt: skip
# Shares of the rows, about those of a real run: most posts hold no pain point, a few were not understood.
WITHOUT_PAINPOINT, UNDECIDED, BROKEN = 0.6, 0.03, 0.02


@dataclass(frozen=True)
class FeedbackPost:
    """One row of predictions, and the label of its cause (None: no pain point)."""

    row: Mapping[str, str]
    label: str | None


def write_sample(folder: Path, *, posts: int = 300, courses: int = 40, seed: int = 7) -> tuple[Path, Path]:
    """Write a Stage-1 run and a list of courses; the same arguments give the same bytes.

    Args:
        folder: where both go; the run gets a folder of its own, named by its slug.
        posts: rows of the predictions.
        courses: courses that students write about.
        seed: of the random choices.

    Returns:
        The predictions and the list of courses.
    """
    run = folder / CORPUS
    run.mkdir(parents=True, exist_ok=True)
    catalogue = _catalogue(courses, seed)
    listed = folder / COURSE_LIST_FILE
    _write(listed, ("CourseCode", "Title", "Colleges"), catalogue)
    predictions = run / PREDICTIONS_FILE
    rows = [post.row for post in generate_feedback([course["CourseCode"] for course in catalogue], posts, seed)]
    _write(predictions, PREDICTION_COLUMNS, rows)
    manifest = {"run_slug": CORPUS, "model_name": "sample", "prompt_name": "sample"}
    (run / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return predictions, listed


def generate_feedback(course_codes: Sequence[str], posts: int, seed: int) -> Iterator[FeedbackPost]:
    """Make posts; some courses are written about far more often than others, as in life."""
    choices = random.Random(seed)
    weights = [1 / (place + 3) for place in range(len(course_codes))]
    for number in range(posts):
        course = choices.choices(course_codes, weights)[0]
        yield _post(choices, f"s{number:05d}", course)


def _post(choices: random.Random, post_id: str, course: str) -> FeedbackPost:
    kind = choices.random()
    row = {
        "post_id": post_id, "course_code": course, "pred_contains_painpoint": "n", "root_cause_summary_pred": "",
        "pain_point_snippet_pred": "", "confidence_pred": f"{choices.uniform(0.6, 0.98):.2f}", "parse_error": "False",
        "schema_error": "False", "used_fallback": "False", "llm_failure": "False",
    }  # fmt: skip
    if kind < WITHOUT_PAINPOINT:
        return FeedbackPost(row, None)
    if kind < WITHOUT_PAINPOINT + UNDECIDED:
        return FeedbackPost(row | {"pred_contains_painpoint": "u"}, None)
    if kind < WITHOUT_PAINPOINT + UNDECIDED + BROKEN:
        failed = {
            "pred_contains_painpoint": "y",
            "parse_error": "True",
            "schema_error": "True",
            "used_fallback": "True",
        }
        return FeedbackPost(row | failed, None)
    words = _words()
    cause = choices.choice(words["causes"])
    slots = {slot: choices.choice(words[f"{slot}s"]) for slot in ("task", "topic", "tool")}
    said = {
        "pred_contains_painpoint": "y",
        "root_cause_summary_pred": _sentence(choices.choice(cause["summaries"]), slots),
        "pain_point_snippet_pred": _sentence(choices.choice(cause["snippets"]), slots),
    }
    return FeedbackPost(row | said, cause["label"])


def _sentence(template: str, slots: Mapping[str, str]) -> str:
    text = template.format(**slots)
    return text[0].upper() + text[1:]


def _catalogue(courses: int, seed: int) -> list[dict[str, str]]:
    words, choices = _words(), random.Random(seed)
    titles = [f"{level} {subject}" for level in words["levels"] for subject in words["subjects"]]
    return [
        {
            "CourseCode": f"S{100 + number}",
            "Title": titles[number % len(titles)] + (f" {number // len(titles) + 1}" if number >= len(titles) else ""),
            "Colleges": "; ".join(sorted(choices.sample(words["colleges"], choices.choice([1, 1, 1, 2])))),
        }
        for number in range(courses)
    ]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
