"""Stage-4 records of earnings calls: one paragraph a record, read from a file and cut into speaker blocks.

Belongs here: the shape of the input, and what is said about a record that has not that shape. Does not belong here:
who a speaker is (``speakers``, ``roles``), what was paired (``pairing``).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.json_files import read_json

Record = Mapping[str, Any]
Flag = Literal["question", "answer"]

QA_SECTION = "Investor Q&A"
RECORDS_KEY = "records"
FLAGS: Mapping[str, Flag] = {"question": "question", "q": "question", "answer": "answer", "a": "answer"}
# The fields that pairing reads. ``question_answer_flag`` may be absent, and a speaker may be null: both happen.
REQUIRED: Mapping[str, tuple[type, ...]] = {
    "section_type": (str,),
    "speaker_block_id": (int,),
    "paragraph_id": (int,),
    "speaker": (str, type(None)),
    "paragraph_content": (str,),
}
# Fields of the contract that pairing does not read; they only have to be storable where they are text.
OTHER_TEXTS = ("filename", "ticker", "event_id", "section_name", "section_type_method", "question_answer_flag")
KINDS: Mapping[type, str] = {str: "text", int: "a whole number", type(None): "null"}
LONGEST_FOUND = 60
# What tables hold: a whole number of 64 bits.
LARGEST_ID = 2**63 - 1
# A half of a surrogate pair can be written in JSON, but not in UTF-8: nothing could store the text.
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive paragraphs of one speaker in the question-and-answer section.

    ``index`` counts the blocks of that section from 0. ``flags`` has one entry a paragraph: what the source says of it,
    None where it says nothing that is known.
    """

    speaker_block_id: int
    index: int
    speaker: str
    paragraphs: tuple[str, ...]
    flags: tuple[Flag | None, ...]
    word_count: int

    @property
    def text(self) -> str:
        """The paragraphs that say something, an empty line between them."""
        return "\n\n".join(paragraph for paragraph in self.paragraphs if paragraph.strip())

    @property
    def flag(self) -> Flag | None:
        """The first flag that is set."""
        return next((flag for flag in self.flags if flag), None)


@dataclass(frozen=True, slots=True)
class Transcript:
    """One call.

    ``records`` are its records as read, in the file's order; ``positions`` are their places in ``Reading.records``
    (records of several transcripts may alternate in a file); ``blocks`` are those of the "Investor Q&A" section only.
    """

    key: str
    records: tuple[Record, ...]
    blocks: tuple[Block, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """Why a transcript is not paired. ``record_index`` is the place in the file's list, from 0.

    ``others`` counts further records of the transcript with the same fault. ``transcript`` is None where the record
    does not say which one it belongs to.
    """

    transcript: str | None
    record_index: int
    field: str
    found: str
    advice: str
    others: int = 0

    @property
    def message(self) -> str:
        """One sentence for a person."""
        more = f" (and {self.others} more)" if self.others else ""
        whose = f"transcript {self.transcript}, " if self.transcript else ""
        return f"{whose}record [{self.record_index}]{more}, {self.field}: found {self.found}; {self.advice}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read: every record in its order, the transcripts that can be paired, and what is wrong with others.

    ``envelope`` holds the other fields of a file that is an object; it is empty for a plain list.
    """

    records: tuple[Record, ...]
    transcripts: tuple[Transcript, ...]
    problems: tuple[RecordProblem, ...]
    envelope: Mapping[str, Any] = field(default_factory=dict)


def read_transcripts(path: Path) -> Reading:
    """Read a file of records: a list of objects, or an object that carries that list.

    A transcript with a faulty record is left out of ``transcripts`` and explained in ``problems``; the others go on.

    Raises:
        UserError: the file cannot be read, is not JSON (with line and byte), or holds no list of records.
    """
    found = read_json(path)
    entries, envelope = _records_of(path, found)
    transcripts, problems = build_transcripts(entries)
    records = tuple(entry for entry in entries if isinstance(entry, dict))
    return Reading(records, transcripts, problems, envelope)


def build_transcripts(entries: Sequence[Any]) -> tuple[tuple[Transcript, ...], tuple[RecordProblem, ...]]:
    """Gather records by transcript, in the order of their first records, and cut each into blocks.

    Args:
        entries: what stands in a file's list, of whatever kind.

    Returns:
        The transcripts without a fault, and the first fault of each kind of the others.
    """
    problems = _Problems()
    members: dict[str, list[_Placed]] = {}
    names = {_event(entry): entry["filename"] for entry in entries if _is_named(entry)}
    position = 0
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            problems.add(None, index, "record", entry, "every record must be a JSON object")
            continue
        key = _key(entry, index, names, problems)
        if key is not None:
            members.setdefault(key, []).append(_Placed(entry, index, position))
        position += 1
    for key, placed in members.items():
        _check(key, placed, problems)
    faulty = problems.transcripts
    transcripts = tuple(_transcript(key, placed) for key, placed in members.items() if key not in faulty)
    return transcripts, problems.found()


@dataclass(frozen=True, slots=True)
class _Placed:
    """A record, its place in the file's list, and its place among the records."""

    record: Record
    index: int
    position: int


class _Problems:
    """The first fault of each kind a transcript, and how many more there are of it."""

    def __init__(self) -> None:
        self._first: dict[tuple[str | None, str, str], RecordProblem] = {}
        self._count: dict[tuple[str | None, str, str], int] = {}

    def add(self, transcript: str | None, index: int, field: str, found: object, advice: str) -> None:
        key = (transcript, field, advice)
        self._count[key] = self._count.get(key, -1) + 1
        if key not in self._first:
            self._first[key] = RecordProblem(transcript, index, field, _shown(found), advice)

    @property
    def transcripts(self) -> set[str | None]:
        return {transcript for transcript, _, _ in self._first}

    def found(self) -> tuple[RecordProblem, ...]:
        return tuple(
            RecordProblem(one.transcript, one.record_index, one.field, one.found, one.advice, self._count[key])
            for key, one in self._first.items()
        )


# Stands for a field that is not there; null is something that is.
MISSING = object()


def _shown(found: object) -> str:
    if found is MISSING:
        return "nothing"
    shown = json.dumps(found)
    return shown if len(shown) <= LONGEST_FOUND else f"{shown[:LONGEST_FOUND]}…"


def _records_of(path: Path, found: Any) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Find the list of records: the whole file, its field ``records``, or the only field that is a list of objects."""
    if isinstance(found, list):
        return found, {}
    if not isinstance(found, dict):
        raise UserError(f"{path}: holds {_shown(found)}; expected a list of records, or an object that carries it")
    if "paragraph_content" in found:
        raise UserError(f"{path}: holds one bare record; put it into a list: [ … ]")
    lists = [key for key, value in found.items() if isinstance(value, list) and all(isinstance(x, dict) for x in value)]
    key = RECORDS_KEY if isinstance(found.get(RECORDS_KEY), list) else lists[0] if len(lists) == 1 else None
    if key is None:
        raise UserError(
            f"{path}: the object has {len(lists)} fields that are a list of objects (its fields: "
            f"{', '.join(list(found)[:10]) or 'none'}); expected the records under {RECORDS_KEY!r}"
        )
    return found[key], {name: value for name, value in found.items() if name != key}


def transcript_key(record: Record) -> str:
    """Return whose record it is: ``filename``, else ``ticker_event_id``; empty where it says neither."""
    if _is_named(record):
        return str(record["filename"])
    if record.get("ticker") and record.get("event_id"):
        return f"{record['ticker']}_{record['event_id']}"
    return ""


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("filename"), str) and bool(entry["filename"])


def _event(entry: Record) -> tuple[str, str]:
    return str(entry.get("ticker")), str(entry.get("event_id"))


def _key(record: Record, index: int, names: Mapping[tuple[str, str], str], problems: _Problems) -> str | None:
    """Return the transcript's key; note a record that should have had another one, or has none."""
    key = transcript_key(record)
    if not key:
        advice = "every record needs a filename, or both ticker and event_id"
        problems.add(None, index, "filename", record.get("filename", MISSING), advice)
    elif not _is_named(record) and (name := names.get(_event(record))):
        advice = "other records of this call have a filename; give this one the same"
        problems.add(name, index, "filename", record.get("filename", MISSING), advice)
        return name
    return key or None


def _check(key: str, placed: Sequence[_Placed], problems: _Problems) -> None:
    """Note what is wrong with the records of one transcript: fields first, then, if those are right, the order."""
    whole = True
    for one in placed:
        for name, kinds in REQUIRED.items():
            value = one.record.get(name, MISSING)
            if type(value) not in kinds:
                expected = " or ".join(KINDS[kind] for kind in kinds)
                problems.add(key, one.index, name, value, f"expected {expected}")
                whole = False
            elif isinstance(value, int) and abs(value) > LARGEST_ID:
                problems.add(key, one.index, name, value, f"too large for an id; number them from 1 to {LARGEST_ID}")
                whole = False
        for name in (*REQUIRED, *OTHER_TEXTS):
            value = one.record.get(name)
            if isinstance(value, str) and not value.isascii() and SURROGATE.search(value):
                problems.add(key, one.index, name, value, "half of a surrogate pair is not text; remove it")
                whole = False
    if whole:
        _check_order(key, placed, problems)


def _check_order(key: str, placed: Sequence[_Placed], problems: _Problems) -> None:
    paragraphs: set[int] = set()
    blocks: set[int] = set()
    last_paragraph = last_block = None
    for one in placed:
        paragraph, block = one.record["paragraph_id"], one.record["speaker_block_id"]
        if paragraph in paragraphs:
            problems.add(key, one.index, "paragraph_id", paragraph, "it stands twice; ids must be unique in a call")
        elif last_paragraph is not None and paragraph < last_paragraph:
            problems.add(key, one.index, "paragraph_id", paragraph, "smaller than the one before; sort the paragraphs")
        if block != last_block and block in blocks:
            advice = "this block was over already; its paragraphs must stand together"
            problems.add(key, one.index, "speaker_block_id", block, advice)
        elif last_block is not None and block < last_block:
            problems.add(key, one.index, "speaker_block_id", block, "smaller than the one before; sort the blocks")
        paragraphs.add(paragraph)
        blocks.add(block)
        last_paragraph, last_block = paragraph, block


def is_qa(record: Record) -> bool:
    """Return whether a record belongs to the question-and-answer section."""
    return bool(record["section_type"] == QA_SECTION)


def _transcript(key: str, placed: Sequence[_Placed]) -> Transcript:
    by_block: dict[int, list[Record]] = {}
    for one in placed:
        if is_qa(one.record):
            by_block.setdefault(one.record["speaker_block_id"], []).append(one.record)
    blocks = tuple(_block(number, index, records) for index, (number, records) in enumerate(by_block.items()))
    return Transcript(key, tuple(one.record for one in placed), blocks, tuple(one.position for one in placed))


def _block(number: int, index: int, records: Sequence[Record]) -> Block:
    paragraphs = tuple(record["paragraph_content"] for record in records)
    return Block(
        speaker_block_id=number,
        index=index,
        speaker=(records[0]["speaker"] or "").strip(),
        paragraphs=paragraphs,
        flags=tuple(_flag(record.get("question_answer_flag")) for record in records),
        word_count=sum(len(paragraph.split()) for paragraph in paragraphs),
    )


def _flag(value: object) -> Flag | None:
    return FLAGS.get(value.strip().lower()) if isinstance(value, str) else None
