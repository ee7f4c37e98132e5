"""Small earnings calls as Stage-4 records: what a file of classified transcripts holds."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

OPERATOR = ("Operator", None, "Our next question comes from the line of the next caller.")


def records_of(name: str, turns: Iterable[tuple[str, str | None, str]], **fields: Any) -> list[dict[str, Any]]:
    """Return a call's records: a paragraph of management's talk, then a block a turn (speaker, flag, text)."""
    talk = ("Jane Doe, Acme Corp - CEO", None, "We had a good quarter.")
    return [
        {
            "filename": name,
            "ticker": "ACME",
            "event_id": name,
            "section_id": 1 if block == 0 else 2,
            "section_name": "Remarks" if block == 0 else "Questions and Answers",
            "section_type": "Management Discussion" if block == 0 else "Investor Q&A",
            "section_type_confidence": 0.95,
            "section_type_method": "section_uniform",
            "speaker_block_id": block,
            "paragraph_id": block,
            "speaker": speaker,
            "question_answer_flag": flag,
            "paragraph_content": text,
        }
        | fields
        for block, (speaker, flag, text) in enumerate([talk, *turns])
    ]


def exchange(analyst: str, *, follow_ups: int = 0, flags: bool = True) -> list[tuple[str, str | None, str]]:
    """Return an exchange after the operator's introduction: question and answer, and as many again as asked for."""
    question, answer = ("question", "answer") if flags else (None, None)
    turns: list[tuple[str, str | None, str]] = [("Operator", None, f"Our next question comes from {analyst}.")]
    for number in range(follow_ups + 1):
        turns.append((f"{analyst}, Big Bank - Analyst", question, f"What about the margins of product {number}?"))
        turns.append(("Jane Doe, Acme Corp - CEO", answer, f"They are fine for product {number}, as they ever were."))
    return turns


def call(name: str, analysts: Sequence[str] = ("Ann Lee", "Bob Ray"), **options: Any) -> list[dict[str, Any]]:
    """Return a call in which these analysts ask, one after the other."""
    return records_of(name, [turn for analyst in analysts for turn in exchange(analyst, **options)])


def write_calls(path: Path, *calls: list[dict[str, Any]]) -> Path:
    """Write calls one after the other as a plain list."""
    path.write_text(json.dumps([record for records in calls for record in records]), encoding="utf-8")
    return path
