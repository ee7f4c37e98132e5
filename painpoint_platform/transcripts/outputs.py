"""The output of a run: every record as it was read, with the group of its block, and how the groups came about.

Belongs here: the folder that one run at a time may write to, ``qa_paired_transcript_sections.json`` and
``qa_pairings.json``.
Does not belong here: what went wrong (``error_files``), what it cost (``summary``), calls of an unfinished run
(``finished``).
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.transcripts.groups import Pairing
from painpoint_platform.transcripts.json_files import write_json_list
from painpoint_platform.transcripts.properties import ADDED_FIELDS
from painpoint_platform.transcripts.records import RECORDS_KEY, Record
from painpoint_platform.transcripts.summary import SCHEMA_VERSION, RunSummary

OUTPUT_FILE: Final = "qa_paired_transcript_sections.json"
PAIRINGS_FILE: Final = "qa_pairings.json"
LOCK_FILE: Final = ".lock"

_PAIRINGS: Final = TypeAdapter(list[Pairing])


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make the folder, and keep other runs out of it while the block lasts; the claim ends with the process.

    Raises:
        UserError: the folder cannot be made, or another run writes to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK_FILE).open("wb")
    except OSError as error:
        raise UserError(f"{folder}: cannot be used for output ({error.strerror}); choose another folder") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder}: another run writes to it; wait for it, or choose another folder") from None
        yield


def without_groups(record: Record) -> dict[str, Any]:
    """Return the record as it is written when its transcript was not paired."""
    return {**record, **dict.fromkeys(ADDED_FIELDS)}


def write_output(folder: Path, records: Sequence[Record], summary: RunSummary) -> Path:
    """Write ``qa_paired_transcript_sections.json`` and return its path; it appears whole.

    Args:
        folder: of the run.
        records: in the input's order, with the three fields.
        summary: of the run.

    Raises:
        UserError: the file cannot be written; an older one is unchanged.
    """
    path = folder / OUTPUT_FILE
    write_json_list(path, _head(records, summary), RECORDS_KEY, records)
    return path


def write_pairings(folder: Path, pairings: Sequence[Pairing]) -> None:
    """Write ``qa_pairings.json``: what was decided about every block and why, for the pages of ``qa review``.

    Raises:
        UserError: the file cannot be written.
    """
    with replacing(folder / PAIRINGS_FILE) as file:
        file.write(_PAIRINGS.dump_json(list(pairings), indent=1))


def read_pairings(folder: Path) -> list[Pairing]:
    """Read ``qa_pairings.json``.

    Raises:
        UserError: the folder has none, or it is not what ``write_pairings`` writes.
    """
    path = folder / PAIRINGS_FILE
    try:
        return _PAIRINGS.validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give the output folder of `painpoint qa run`") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise UserError(f"{path}: {place}: {problem['msg']}; run `painpoint qa run` again") from None


def _head(records: Sequence[Record], summary: RunSummary) -> dict[str, Any]:
    total = summary.total
    return {
        "schema_version": SCHEMA_VERSION,
        "created_at": summary.finished_at.isoformat(timespec="seconds"),
        "totals": {
            "records": len(records),
            "records_in_groups": sum(record["qa_group_id"] is not None for record in records),
            "transcripts": len(summary.transcripts),
            "transcripts_unpaired": summary.unpaired,
            "transcripts_left_out": summary.left_out,
            "blocks": total.blocks,
            "groups": total.groups,
        },
        "summary": {
            "input_file": summary.input_file,
            "mode": summary.mode,
            "margin": summary.margin,
            "models": list(summary.models),
            "prompt_version": summary.prompt_version,
            "groups_by_method": dict(total.groups_by_method),
            "low_confidence_groups": total.low_confidence_groups,
            "blocks_asked": total.blocks_asked,
            "model_calls": total.model_calls,
            "prompt_tokens": total.prompt_tokens,
            "completion_tokens": total.completion_tokens,
            "cost_usd": total.cost_usd,
            "seconds": summary.seconds,
        },
    }
