"""What a run did and what it cost, per transcript and in total: ``execution_summary.json``, and what a person is shown.

Belongs here: the sums. Does not belong here: drawing tables (``cli``), what went wrong in detail (``error_files``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Final

from painpoint_platform.llm.tasks import Usage
from painpoint_platform.llm.totals import Totals
from painpoint_platform.transcripts.confidence import LOW_CONFIDENCE
from painpoint_platform.transcripts.error_files import ErrorKind
from painpoint_platform.transcripts.json_files import write_json
from painpoint_platform.transcripts.paired_calls import PairedCall

SUMMARY_FILE: Final = "execution_summary.json"
# Of the files of a run that say how it went.
SCHEMA_VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class Work:
    """What pairing one call, or several, took and gave.

    Attributes:
        seconds: time of the calls one by one; several run at once where a model is asked.
        blocks: speaker blocks of the question-and-answer section.
        blocks_asked: of those, the ones that a model was asked about.
        groups: exchanges.
        groups_by_method: how they were found; methods that did not occur are left out.
        low_confidence_groups: exchanges below ``LOW_CONFIDENCE``.
        model_calls: calls to models, retries and failed ones included.
        cost_usd: US dollars of the calls whose price is known; 0 without calls, None where no price is known.
    """

    seconds: float
    blocks: int
    blocks_asked: int
    groups: int
    groups_by_method: Mapping[str, int]
    low_confidence_groups: int
    model_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class TranscriptSummary:
    """One call of a run. ``reused``: it had been finished by an earlier run, and its figures are of then."""

    transcript: str
    reused: bool
    work: Work


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A whole run.

    Attributes:
        started_at: aware, in UTC.
        finished_at: likewise.
        seconds: the run by the clock.
        input_file: as it was given.
        mode: never, auto or always.
        margin: below which the rules ask a model in ``auto``.
        models: those that could be asked.
        prompt_version: of the question put to them; None where none could be asked.
        transcripts: calls that were paired, in the input's order.
        total: their sum, whenever they were paid.
        average: of one call; counts of methods are left out.
        paid_now: calls to models that this run made, as in the ledger; answers kept from before cost nothing now.
        reused: transcripts taken over from an earlier run.
        unpaired: transcripts with faulty records.
        left_out: transcripts that the development limit kept out.
        errors: entries in each error file.
    """

    started_at: datetime
    finished_at: datetime
    seconds: float
    input_file: str
    mode: str
    margin: float
    models: tuple[str, ...]
    prompt_version: str | None
    transcripts: tuple[TranscriptSummary, ...]
    total: Work
    average: Mapping[str, float | None]
    paid_now: Mapping[str, int | float]
    unpaired: int
    left_out: int
    errors: Mapping[ErrorKind, int]

    @property
    def reused(self) -> int:
        """Transcripts taken over from an earlier run."""
        return sum(summary.reused for summary in self.transcripts)

    def to_dict(self) -> dict[str, Any]:
        """Return what is written to ``execution_summary.json``."""
        found = asdict(self)
        transcripts = found.pop("transcripts")
        return {
            "schema_version": SCHEMA_VERSION,
            **found,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": self.finished_at.isoformat(timespec="seconds"),
            "transcript_count": len(transcripts),
            "reused": self.reused,
            "transcripts": [
                {"transcript": one["transcript"], "reused": one["reused"], **one["work"]} for one in transcripts
            ],
        }


def summarize(
    *,
    started_at: datetime,
    seconds: float,
    input_file: str,
    mode: str,
    margin: float,
    models: tuple[str, ...],
    prompt_version: str | None,
    calls: Sequence[tuple[PairedCall, bool]],
    paid_now: Totals,
    unpaired: int,
    left_out: int,
    errors: Mapping[ErrorKind, int],
) -> RunSummary:
    """Sum up a run. ``calls`` are those that were paired, each with whether it was taken over; the rest as there."""
    total = _total_of([call for call, _ in calls])
    return RunSummary(
        started_at=started_at,
        finished_at=datetime.now(UTC),
        seconds=round(seconds, 3),
        input_file=input_file,
        mode=mode,
        margin=margin,
        models=models,
        prompt_version=prompt_version,
        transcripts=tuple(TranscriptSummary(call.pairing.transcript, reused, work_of(call)) for call, reused in calls),
        total=total,
        average=_average_of(total, len(calls)),
        paid_now=_paid(paid_now),
        unpaired=unpaired,
        left_out=left_out,
        errors=errors,
    )


def work_of(call: PairedCall) -> Work:
    """Return what one call took and gave."""
    groups = call.pairing.groups
    return Work(
        seconds=round(call.seconds, 3),
        blocks=len(call.pairing.decisions),
        blocks_asked=call.pairing.asked,
        groups=len(groups),
        groups_by_method=dict(sorted(Counter(group.method for group in groups).items())),
        low_confidence_groups=sum(group.confidence < LOW_CONFIDENCE for group in groups),
        model_calls=call.pairing.usage.calls,
        prompt_tokens=call.pairing.usage.prompt_tokens,
        completion_tokens=call.pairing.usage.completion_tokens,
        cost_usd=call.pairing.usage.cost_usd if call.pairing.usage.calls else 0.0,
    )


def _total_of(calls: Sequence[PairedCall]) -> Work:
    """Return the sum over several calls."""
    works = [work_of(call) for call in calls]
    usage = reduce(add, (call.pairing.usage for call in calls), Usage())
    methods = Counter(group.method for call in calls for group in call.pairing.groups)
    return Work(
        seconds=round(sum(call.seconds for call in calls), 3),
        groups_by_method=dict(sorted(methods.items())),
        model_calls=usage.calls,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=usage.cost_usd if usage.calls else 0.0,
        **{
            name: sum(getattr(work, name) for work in works)
            for name in ("blocks", "blocks_asked", "groups", "low_confidence_groups")
        },
    )


def _average_of(total: Work, count: int) -> dict[str, float | None]:
    """Return what one of ``count`` calls took and gave on average; None where nothing is known or there is no call."""
    names = [field.name for field in fields(Work) if field.name != "groups_by_method"]
    sums = {name: getattr(total, name) for name in names}
    return {name: None if value is None or not count else round(value / count, 6) for name, value in sums.items()}


def _paid(totals: Totals) -> dict[str, int | float]:
    """Return the ledger's sums of a run."""
    return {
        "model_calls": totals.calls,
        "failed_calls": totals.failed_calls,
        "answers_kept_from_before": totals.cached,
        "prompt_tokens": totals.prompt_tokens,
        "completion_tokens": totals.completion_tokens,
        "cost_usd": round(totals.cost_usd, 6),
        "calls_without_price": totals.calls_without_price,
        "refused_by_budget": totals.refused_by_budget,
    }


def write_summary(folder: Path, summary: RunSummary) -> None:
    """Write ``execution_summary.json``.

    Raises:
        UserError: the file cannot be written.
    """
    write_json(folder / SUMMARY_FILE, summary.to_dict())
