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
from painpoint_platform.transcripts.paired_calls import PairedCall
from painpoint_platform.transcripts.properties import incomplete_groups
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
        where=f"record [{problem.record_index}] of the file{more}",
        what_happened=f"{problem.field} is {problem.found}; no record of this transcript was put into a group",
        what_to_do=f"{problem.advice}; then run again",
    )


def errors_of_call(call: PairedCall) -> list[RunError]:
    """Say what went wrong while a call was paired, and which of its groups a person should look at."""
    pairing, when = call.pairing, call.finished_at
    errors = [_no_access(pairing.transcript, call.no_access, when)] if call.no_access else []
    # Without access every block that was to be asked failed for the one reason.
    decisions = () if call.no_access else pairing.problems
    errors += [_failed_decision(pairing.transcript, problem, when) for problem in decisions]
    if not pairing.decisions:
        errors.append(_nothing_to_pair(pairing.transcript, when))
    errors += [_incomplete(pairing.transcript, block, missing, when) for block, missing in incomplete_groups(pairing)]
    return errors


def broken_pairing(transcript: str, broken: Sequence[str], when: datetime) -> RunError:
    """Say that a pairing broke a fact that must hold, and was thrown away."""
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return RunError(
        kind="validation",
        when=when,
        transcript=transcript,
        where="the whole transcript",
        what_happened=f"{broken[0]}{more}; no record of this transcript was put into a group",
        what_to_do="This is a defect of the program: report it with the transcript's records.",
    )


def _failed_decision(transcript: str, problem: DecisionProblem, when: datetime) -> RunError:
    return RunError(
        kind=problem.kind,
        when=when,
        transcript=transcript,
        where=f"block {problem.speaker_block_id}",
        what_happened=problem.reason,
        what_to_do=_ADVICE_ON_DECISIONS[problem.kind],
        speaker_block_id=problem.speaker_block_id,
    )


def _no_access(transcript: str, reason: str, when: datetime) -> RunError:
    return RunError(
        kind="authentication",
        when=when,
        transcript=transcript,
        where="the whole transcript",
        what_happened=f"{reason}; no model was asked, the rules decided",
        what_to_do="Check LLM_CLIENT_ID, LLM_CLIENT_SECRET, LLM_TOKEN_ENDPOINT and LLM_CA_BUNDLE, then run again: only "
        "transcripts that failed are paired again.",
    )


def _nothing_to_pair(transcript: str, when: datetime) -> RunError:
    return RunError(
        kind="validation",
        when=when,
        transcript=transcript,
        where="the whole transcript",
        what_happened="no record is of section_type 'Investor Q&A', so there is nothing to pair",
        what_to_do="If the call had questions, look at its section classification; else nothing.",
    )


def _incomplete(transcript: str, block: int, missing: str, when: datetime) -> RunError:
    return RunError(
        kind="validation",
        when=when,
        transcript=transcript,
        where=f"block {block}",
        what_happened=missing,
        what_to_do="Look at the group on the review page; perhaps a line dropped, or a question was passed over.",
        speaker_block_id=block,
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
