"""Earnings calls that nobody held: for the demo and for tests.

Belongs here: generating classified transcripts. Does not belong here: reading and pairing them
(``painpoint_platform.transcripts``).
"""

import json
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = "classified_transcript_sections.json"
# The first is held on the first day of the sample corpus.
CALLS = ("2025-Jan-06-STKB", "2025-Jan-28-ACME", "2025-Apr-29-ACME", "2025-Jan-30-ORBT")
EXCHANGES = 6


@dataclass(frozen=True)
class _Block:
    section: str
    speaker: str
    flag: str | None
    paragraphs: tuple[str, ...]


def write_sample_calls(folder: Path, seed: int = 11) -> Path:
    """Write a file of classified transcripts into ``folder`` and return its path; a seed gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    records = [record for call in CALLS for record in call_records(call, seed)]
    path.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def call_records(call: str, seed: int = 11) -> list[dict[str, Any]]:
    """Return the Stage-4 records of one call: prepared remarks, then exchanges that an operator introduces."""
    choices = random.Random(f"{call}-{seed}")
    records: list[dict[str, Any]] = []
    for number, block in enumerate(_blocks(choices, call), start=1):
        for text in block.paragraphs:
            records.append({
                "filename": call, "ticker": call.rsplit("-", 1)[1], "event_id": call,
                "section_id": 1 if block.section == "Prepared Remarks" else 2, "section_name": block.section,
                "section_type": block.section, "section_type_confidence": 0.95, "section_type_method": "sample",
                "speaker_block_id": number, "paragraph_id": len(records) + 1, "speaker": block.speaker,
                "question_answer_flag": block.flag, "paragraph_content": text,
            })  # fmt: skip
    return records


def problems_asked_about() -> dict[str, str]:
    """Return which problem of the sample corpus an exchange is about, by ``transcript/number``, where it is."""
    return {
        f"{call}/{number}": raised["problem"]
        for call, raised in _words()["raised"].items()
        for number in range(1, len(raised["questions"]) + 1)
    }


def _blocks(choices: random.Random, call: str) -> Iterator[_Block]:
    words = _words()
    company = words["companies"][call.rsplit("-", 1)[1]]
    officers = [f"{name}, {company['name']} - {title}" for name, title in company["officers"]]
    for speaker, remark in zip(officers, choices.sample(words["remarks"], len(officers)), strict=True):
        yield _Block("Prepared Remarks", speaker, None, (remark,))
    for position, analyst in enumerate(choices.sample(words["analysts"], EXCHANGES)):
        name, firm = analyst.split(", ")
        place = "first" if position == 0 else "next"
        yield _Block("Investor Q&A", "Operator", None, (f"Our {place} question comes from {name} with {firm}.",))
        yield from _exchange(choices, f"{name}, {firm} - Analyst", officers, _raised(call, position))
    yield _Block("Investor Q&A", "Operator", None, ("This concludes our question-and-answer session. Goodbye.",))


def _raised(call: str, position: int) -> dict[str, Any] | None:
    """Return the topic of an exchange in which a problem of the sample corpus is raised, with what is asked first."""
    raised = _words()["raised"].get(call)
    return (
        raised | {"question": raised["questions"][position]} if raised and position < len(raised["questions"]) else None
    )


def _exchange(
    choices: random.Random, analyst: str, officers: list[str], raised: dict[str, Any] | None
) -> Iterator[_Block]:
    """A question, one or two answers, perhaps a follow-up with its answer, perhaps thanks."""
    words = _words()
    topic = raised or choices.choice(words["topics"])
    said = {"topic": topic["name"], "reason": choices.choice(topic["reasons"])}

    def speak(speaker: str, flag: str, template: str) -> _Block:
        return _Block("Investor Q&A", speaker, flag, tuple(template.format(**said).split("\n")))

    yield speak(analyst, "question", raised["question"] if raised else choices.choice(words["questions"]))
    answering = choices.sample(officers, choices.choice([1, 1, 2]))
    for officer, template in zip(answering, choices.sample(words["answers"], len(answering)), strict=True):
        yield speak(officer, "answer", template)
    if choices.random() < 0.5:
        yield speak(analyst, "question", choices.choice(words["follow_ups"]))
        yield speak(answering[0], "answer", choices.choice(words["short_answers"]))
    if choices.random() < 0.5:
        yield speak(analyst, "question", choices.choice(words["thanks"]))


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
