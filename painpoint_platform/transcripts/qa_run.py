"""A run over a file of classified transcripts, from the file to the output folder.

Belongs here: the order of things: read, pair every call (several at once where a model is asked), prove, write. Does
not belong here: pairing one call (``paired_calls``), what the files say (``outputs``, ``error_files``, ``summary``).
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from painpoint_platform.errors import UserError
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.progress import Progress
from painpoint_platform.transcripts.error_files import (
    RunError,
    broken_pairing,
    error_counts,
    errors_of_call,
    faulty_records,
    write_error_files,
)
from painpoint_platform.transcripts.finished import FinishedCalls
from painpoint_platform.transcripts.outputs import claimed, without_groups, write_output, write_pairings
from painpoint_platform.transcripts.paired_calls import PairedCall, Pairer
from painpoint_platform.transcripts.pairing import Mode, annotate
from painpoint_platform.transcripts.properties import broken_properties
from painpoint_platform.transcripts.records import Reading, Record, Transcript, read_transcripts
from painpoint_platform.transcripts.summary import RunSummary, summarize, write_summary

FINISHED_FOLDER: Final = ".finished"
# Calls paired at once where a model is asked; within one, a block waits for the decision on the block before it.
CONCURRENT_CALLS: Final = 8


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run made.

    Attributes:
        output: path of ``qa_paired_transcript_sections.json``.
        summary: as in ``execution_summary.json``.
        errors: as in the four error files.
        calls: each transcript that was paired, in the input's order.
    """

    output: Path
    summary: RunSummary
    errors: tuple[RunError, ...]
    calls: tuple[PairedCall, ...]

    @property
    def has_findings(self) -> bool:
        """Whether a transcript was not paired, or a model gave no answer. Groups worth a look are no such finding."""
        return self.summary.unpaired > 0 or any(error.kind != "validation" for error in self.errors)


@dataclass(frozen=True, slots=True)
class _Result:
    """One transcript of a run: paired now or taken over, with its records as they are written."""

    transcript: Transcript
    call: PairedCall
    reused: bool
    records: Sequence[Record]
    broken: tuple[str, ...] = ()


def run_file(
    path: Path,
    out_dir: Path,
    *,
    client: ModelClient | None,
    mode: Mode,
    margin: float,
    dev_max_transcripts: int | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Pair every transcript of a file and write the output folder.

    A transcript with faulty records gets no groups and an entry among the processing errors; where a model cannot be
    asked the rules decide, and that is an entry too. Calls that an earlier run finished with the same records and
    settings are taken over. Each file appears whole; the output comes last.

    Args:
        path: ``classified_transcript_sections.json``.
        out_dir: made if it is not there.
        client: None only in mode ``never``.
        mode: whether the rules decide alone (``never``), ask where they are unsure (``auto``), or the model decides
            every block but operators' (``always``).
        margin: in ``auto``, blocks that the rules decide by less are asked.
        dev_max_transcripts: take only the first so many transcripts of the file; nothing of others is written.
        progress: called in this thread with (transcripts done, transcripts).

    Raises:
        UserError: the file cannot be read or holds no record, the folder cannot be used, or a mode that asks a model
            comes without one.
    """
    pairer = Pairer(client, mode, margin)
    reading = read_transcripts(path)
    if not reading.records:
        raise UserError(f"{path}: holds no record; expected paragraphs of classified transcripts")
    return run_reading(
        reading, str(path), out_dir, pairer=pairer, dev_max_transcripts=dev_max_transcripts, progress=progress
    )


def run_reading(
    reading: Reading,
    input_file: str,
    out_dir: Path,
    *,
    pairer: Pairer,
    dev_max_transcripts: int | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """As ``run_file``, for records that were read already; ``input_file`` is where they come from, for the summary.

    Raises:
        UserError: the folder cannot be used.
    """
    started_at, began = datetime.now(UTC), time.monotonic()
    paid_before = pairer.paid
    chosen = reading.transcripts[:dev_max_transcripts]
    with claimed(out_dir):
        finished = FinishedCalls(out_dir / FINISHED_FOLDER, *pairer.identity)
        results = _pair_all(chosen, pairer, finished, progress)
        sound = [result for result in results if not result.broken]
        errors = _errors(reading, results)
        summary = summarize(
            started_at=started_at,
            seconds=time.monotonic() - began,
            input_file=input_file,
            mode=pairer.mode,
            margin=pairer.margin,
            models=pairer.models,
            prompt_version=pairer.prompt_version,
            calls=[(result.call, result.reused) for result in sound],
            paid_now=pairer.paid.since(paid_before),
            unpaired=len({problem.transcript for problem in reading.problems}) + len(results) - len(sound),
            left_out=len(reading.transcripts) - len(chosen),
            errors=error_counts(errors),
        )
        write_error_files(out_dir, errors)
        write_summary(out_dir, summary)
        write_pairings(out_dir, [result.call.pairing for result in sound])
        output = write_output(out_dir, _records(reading, results, is_limited=dev_max_transcripts is not None), summary)
        finished.forget_others(transcript.key for transcript in reading.transcripts)
    return RunReport(output, summary, errors, tuple(result.call for result in sound))


def _pair_all(
    transcripts: Sequence[Transcript], pairer: Pairer, finished: FinishedCalls, progress: Progress | None
) -> list[_Result]:
    """Pair transcripts, several at once where a model is asked, and return them in their order."""
    if progress:
        progress(0, len(transcripts))
    results: dict[int, _Result] = {}
    with ThreadPoolExecutor(CONCURRENT_CALLS if pairer.asks else 1) as pool:
        futures = {
            pool.submit(_pair_one, transcript, pairer, finished): index for index, transcript in enumerate(transcripts)
        }
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                if progress:
                    progress(len(results), len(transcripts))
        except BaseException:
            # Else the pool would first pair, and pay for, all that was handed to it.
            pairer.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return [results[index] for index in range(len(transcripts))]


def _pair_one(transcript: Transcript, pairer: Pairer, finished: FinishedCalls) -> _Result:
    """Take a call over from an earlier run, or pair it, prove it and keep it."""
    if kept := finished.get(transcript):
        return _Result(transcript, kept, True, annotate(transcript.records, kept.pairing))
    call = pairer.pair(transcript)
    records = annotate(transcript.records, call.pairing)
    broken = tuple(broken_properties(transcript, call.pairing, records))
    if broken:
        return _Result(transcript, call, False, annotate(transcript.records, None), broken)
    if call.is_complete:
        finished.put(transcript, call)
    return _Result(transcript, call, False, records)


def _errors(reading: Reading, results: Sequence[_Result]) -> tuple[RunError, ...]:
    now = datetime.now(UTC)
    errors = [faulty_records(problem, now) for problem in reading.problems]
    for result in results:
        if result.broken:
            errors.append(broken_pairing(result.transcript.key, result.broken, result.call.finished_at))
        else:
            errors += errors_of_call(result.call)
    return tuple(errors)


def _records(reading: Reading, results: Sequence[_Result], *, is_limited: bool) -> list[Record]:
    """Return the records to be written, in the input's order; those of calls that were not paired have no group."""
    written: dict[int, Record] = {} if is_limited else dict(enumerate(map(without_groups, reading.records)))
    for result in results:
        written.update(zip(result.transcript.positions, result.records, strict=True))
    return [written[position] for position in sorted(written)]
