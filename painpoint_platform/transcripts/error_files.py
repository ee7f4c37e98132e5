"""The four files that say what went wrong in a run: boundary, authentication, validation, processing.

Belongs here: their names, what an entry says, and the advice that goes with each kind of failure. Does not belong here:
noticing a failure (``records``, ``pairing``, ``properties``, ``qa_run``).

Entries name places and rules. They carry no secret and no paragraph: they are sent around when people ask for help.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from painpoint_platform.text.redaction import redact
from painpoint_platform.transcripts.groups import DecisionProblem
from painpoint_platform.transcripts.json_files import write_json
from painpoint_platform.transcripts.records import RecordProblem

ErrorKind = Literal["boundary", "authentication", "validation", "processing"]
ERROR_KINDS: Final[tuple[ErrorKind, ...]] = get_args(ErrorKind)
ERROR_FILES: Final[Mapping[ErrorKind, str]] = {kind: f"stage_5_{kind}_errors.json" for kind in ERROR_KINDS}

LONGEST_TEXT: Final = 500

_ADVICE_ON_DECISIONS: Final[Mapping[str, str]] = {
    "boundary": "The rules decided this block. Check that the model's server is up, LLM_TIMEOUT_S and LLM_BUDGET_USD, "
    "then run again: only what failed is asked again.",
    "authentication": "The rules decided this block. Check the model's API key, or LLM_CLIENT_ID, LLM_CLIENT_SECRET "
    "and LLM_TOKEN_ENDPOINT, then run again.",
    "validation": "The rules decided this block. Look at its group on the review page; where this happens often, use a "
    "model that follows tool definitions better.",
}


@dataclass(frozen=True, slots=True)
class RunError:
    """One entry of an error file.

    Attributes:
        kind: which file it goes into.
        when: aware, in UTC.
        transcript: key of the call; None where a record does not say whose it is.
        where: the place in it, such as ``block 17``.
        speaker_block_id: that block's id, where one block is meant.
        what_happened: one sentence.
        what_to_do: the next step for a person.
    """

    kind: ErrorKind
    when: datetime
    transcript: str | None
    where: str
    what_happened: str
    what_to_do: str
    speaker_block_id: int | None = None

    def entry(self) -> dict[str, Any]:
        """Return what is written: masked, and short enough to read."""
        return {
            "when": self.when.isoformat(timespec="seconds"),
            "transcript": self.transcript,
            "where": self.where,
            "speaker_block_id": self.speaker_block_id,
            "what_happened": _safe(self.what_happened),
            "what_to_do": _safe(self.what_to_do),
        }


def faulty_records(problem: RecordProblem, when: datetime) -> RunError:
    """Say that a transcript was not paired because of its records."""
    more = f", and {problem.others:,} more records" if problem.others else ""
    return RunError(
        kind="processing",
        when=when,
        transcript=problem.transcript,
        where=f"record {problem.record_index} of the file{more}",
        what_happened=f"{problem.field} is {problem.found}; no record of this transcript was put into a group",
        what_to_do=f"{problem.advice}; then run again",
    )


def failed_decision(transcript: str, problem: DecisionProblem, when: datetime) -> RunError:
    """Say that a model was asked about a block in vain."""
    return RunError(
        kind=problem.kind,
        when=when,
        transcript=transcript,
        where=f"block {problem.speaker_block_id}",
        what_happened=problem.reason,
        what_to_do=_ADVICE_ON_DECISIONS[problem.kind],
        speaker_block_id=problem.speaker_block_id,
    )


def no_access(transcript: str, reason: str, when: datetime) -> RunError:
    """Say that no model could be asked about a transcript, because there are no valid credentials."""
    return RunError(
        kind="authentication",
        when=when,
        transcript=transcript,
        where="before its first block",
        what_happened=f"{reason}; the rules decided all of its blocks",
        what_to_do="Check LLM_CLIENT_ID, LLM_CLIENT_SECRET, LLM_TOKEN_ENDPOINT and LLM_CA_BUNDLE, then run again: only "
        "transcripts that failed are paired again.",
    )


def write_error_files(folder: Path, errors: Sequence[RunError]) -> None:
    """Write all four files, an empty list where nothing went wrong.

    Raises:
        UserError: a file cannot be written.
    """
    for kind, name in ERROR_FILES.items():
        write_json(folder / name, [error.entry() for error in errors if error.kind == kind])


def error_counts(errors: Iterable[RunError]) -> dict[ErrorKind, int]:
    """Count errors by kind, kinds without one included."""
    counts = Counter(error.kind for error in errors)
    return {kind: counts[kind] for kind in ERROR_KINDS}


def _safe(text: str) -> str:
    # Masked before the cut, or half a key could remain.
    masked = " ".join(redact(text).text.split())
    return masked if len(masked) <= LONGEST_TEXT else f"{masked[: LONGEST_TEXT - 1]}…"
