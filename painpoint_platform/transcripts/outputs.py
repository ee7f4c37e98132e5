"""The output of a run: every record as it was read, with the group of its block.

Belongs here: the folder that one run at a time may write to, and ``qa_paired_transcript_sections.json``. Does not
belong here: what went wrong (``error_files``), what it cost (``summary``), calls of an unfinished run (``finished``).
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.json_files import write_json_list
from painpoint_platform.transcripts.properties import ADDED_FIELDS
from painpoint_platform.transcripts.records import RECORDS_KEY, Record
from painpoint_platform.transcripts.summary import RunSummary

OUTPUT_FILE: Final = "qa_paired_transcript_sections.json"
SCHEMA_VERSION: Final = "1.0"
LOCK_FILE: Final = ".lock"


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
