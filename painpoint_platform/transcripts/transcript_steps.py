"""One transcript, from table to table.

Belongs here: for each asset, what is read under the lock, what is computed outside it, and what is written in one
transaction with which facts checked. Does not belong here: the computations (``pairing``, ``qa_run``), pages
(``review_pages``), Dagster (``assets``).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import polars as pl

from painpoint_platform.errors import DataContractError, UserError
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.transcripts.call_dates import call_date
from painpoint_platform.transcripts.file_names import file_name
from painpoint_platform.transcripts.groups import BlockDecision, Pairing, QaGroup
from painpoint_platform.transcripts.inbox_files import InboxFiles
from painpoint_platform.transcripts.paired_calls import PairedCall, Pairer
from painpoint_platform.transcripts.pairing import Mode, annotate, exchanges_of
from painpoint_platform.transcripts.qa_run import run_reading
from painpoint_platform.transcripts.records import SURROGATE, Reading, Record, Transcript, build_transcripts
from painpoint_platform.transcripts.review import block_roles
from painpoint_platform.transcripts.review_pages import write_review_page
from painpoint_platform.transcripts.speakers import parse_speaker
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.checks import named_check
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch

Columns: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]

# Fields of a record that have a column of their own; the whole record is kept beside them.
RECORD_COLUMNS: Columns = {
    "filename": pl.String, "ticker": pl.String, "event_id": pl.String, "section_id": pl.Int64,
    "section_name": pl.String, "section_type": pl.String, "section_type_confidence": pl.Float64,
    "section_type_method": pl.String, "speaker_block_id": pl.Int64, "paragraph_id": pl.Int64, "speaker": pl.String,
    "question_answer_flag": pl.String, "paragraph_content": pl.String,
}  # fmt: skip
GROUP_COLUMNS: Columns = {
    "qa_group_id": pl.Int32, "qa_group_confidence": pl.Float64, "qa_group_method": pl.String,
}  # fmt: skip
BLOCK_COLUMNS: Columns = {
    "speaker_block_id": pl.Int64, "block_index": pl.Int32, "speaker": pl.String, "speaker_name": pl.String,
    "firm": pl.String, "role": pl.String, "status": pl.String, "qa_group_id": pl.Int32, "decided_by": pl.String,
    "confidence": pl.Float64, "margin": pl.Float64, "reasons": pl.List(pl.String), "reasoning": pl.String,
    "paragraph_count": pl.Int32, "word_count": pl.Int32,
}  # fmt: skip
EXCHANGE_COLUMNS: Columns = {
    "qa_group_id": pl.Int32, "analyst": pl.String, "firm": pl.String, "executives": pl.List(pl.String),
    "question_text": pl.String, "answer_text": pl.String, "question_count": pl.Int32, "confidence": pl.Float64,
    "method": pl.String, "first_block_id": pl.Int64, "last_block_id": pl.Int64, "block_count": pl.Int32,
}  # fmt: skip


def load_transcript(warehouse: Warehouse, key: str, *, files: InboxFiles) -> None:
    """Load a transcript of the inbox into ``bronze``.

    Raises:
        UserError: it is not there, or its records are faulty.
    """
    found = files.find(key)
    records = found.transcript.records
    rows = _typed(records, RECORD_COLUMNS).with_columns(
        position=pl.int_range(len(records), dtype=pl.Int32),
        record=pl.Series(map(_as_json, records), dtype=pl.String),
        input_path=pl.lit(str(found.path)),
        input_sha256=pl.lit(found.records_sha256),
    )
    with warehouse.write() as connection:
        _replace(connection, "bronze.transcript_paragraphs", key, rows, unique=["position"])


def pair_transcript(
    warehouse: Warehouse, key: str, *, client: ModelClient, mode: Mode, margin: float, artifacts: Path
) -> PairedCall:
    """Pair the questions and answers of a transcript, as the files of ``qa run`` and in ``silver``.

    Raises:
        UserError: the transcript is not loaded, or its folder cannot be used.
        DataContractError: the pairing breaks a rule that holds for every one of them.
    """
    with warehouse.read() as connection:
        transcript, source = _transcript(connection, key)
    reading = Reading(transcript.records, (transcript,), ())
    report = run_reading(reading, source, artifacts / file_name(key), pairer=Pairer(client, mode, margin))
    if not report.calls:
        broken = report.errors[-1].what_happened
        raise DataContractError(f"transcript {key!r}: {broken}", check_name="every_block_has_one_state")
    (call,) = report.calls
    rows = _typed(annotate(transcript.records, call.pairing), {**RECORD_COLUMNS, **GROUP_COLUMNS}).with_columns(
        position=pl.int_range(len(transcript.records), dtype=pl.Int32)
    )
    with warehouse.write() as connection:
        _replace(connection, "silver.transcript_qa", key, rows, unique=["position"], checks=["records_are_unchanged"])
        _replace(
            connection, "silver.transcript_blocks", key, _block_rows(transcript, call.pairing),
            unique=["speaker_block_id"],
            checks=["every_block_has_one_state", "ids_are_contiguous_from_1", "one_exchange_at_a_time",
                    "no_operator_in_an_exchange"],
        )  # fmt: skip
        client.drain(connection)
    client.forget_drained()
    return call


def publish_groups(warehouse: Warehouse, key: str, *, artifacts: Path) -> Path:
    """Publish the exchanges of a transcript in ``gold``, with a page to read and review them; return the page's path.

    Raises:
        UserError: the transcript is not paired yet, or the page cannot be written.
    """
    with warehouse.read() as connection:
        transcript, _ = _transcript(connection, key)
        decisions = _decisions(connection, key)
    if len(decisions) != len(transcript.blocks):
        raise UserError(
            f"transcript {key!r} was not paired as it is loaded now; materialise silver/transcript_qa first"
        )
    groups = exchanges_of(transcript, decisions)
    first = transcript.records[0]
    ticker, event_id = (_text(first.get(name)) for name in ("ticker", "event_id"))
    rows = pl.DataFrame([_group_row(group) for group in groups], schema=EXCHANGE_COLUMNS, orient="row").with_columns(
        ticker=pl.lit(ticker, pl.String),
        event_id=pl.lit(event_id, pl.String),
        call_date=pl.lit(call_date(event_id, _text(first.get("filename")), key), pl.Date),
    )
    pairing = Pairing(key, tuple(decisions), groups, (), asked=0)
    folder = artifacts / file_name(key)
    entry = write_review_page(folder, transcript, pairing)
    with warehouse.write() as connection:
        _replace(
            connection, "gold.qa_groups", key, rows, unique=["qa_group_id"], checks=["every_exchange_is_published"]
        )
    return folder / entry.page


def _transcript(connection: duckdb.DuckDBPyConnection, key: str) -> tuple[Transcript, str]:
    """Return a loaded transcript and the file that it came from."""
    found = fetch(connection, "transcripts/records", transcript=key)
    if found.is_empty():
        raise UserError(f"transcript {key!r} is not loaded; materialise bronze/transcript_paragraphs first")
    transcripts, _ = build_transcripts([json.loads(record) for record in found["record"]])
    return transcripts[0], str(found["input_path"][0])


def _decisions(connection: duckdb.DuckDBPyConnection, key: str) -> list[BlockDecision]:
    return [
        BlockDecision(**{**row, "reasons": tuple(row["reasons"])})
        for row in fetch(connection, "transcripts/decisions", transcript=key).iter_rows(named=True)
    ]


def _block_rows(transcript: Transcript, pairing: Pairing) -> pl.DataFrame:
    roles = block_roles(pairing.decisions, pairing.groups)
    rows = []
    for block, decision in zip(transcript.blocks, pairing.decisions, strict=True):
        speaker = parse_speaker(block.speaker)
        rows.append((
            block.speaker_block_id, block.index, block.speaker, speaker.name or None, speaker.firm,
            roles[block.speaker_block_id], decision.status, decision.qa_group_id, decision.decided_by,
            decision.confidence, decision.margin, list(decision.reasons), decision.reasoning, len(block.paragraphs),
            block.word_count,
        ))  # fmt: skip
    return pl.DataFrame(rows, schema=BLOCK_COLUMNS, orient="row")


def _group_row(group: QaGroup) -> tuple[Any, ...]:
    return (
        group.qa_group_id, group.analyst or None, group.firm, list(group.executives), group.question_text,
        group.answer_text, max(group.question_text.count("?"), 1), group.confidence, group.method,
        group.first_block_id, group.last_block_id, len(group.block_ids),
    )  # fmt: skip


def _typed(records: Sequence[Record], columns: Columns) -> pl.DataFrame:
    """Return the fields as columns; what does not fit its column is null there, and stands in ``record``."""
    return pl.DataFrame(
        {
            name: pl.Series(name, [record.get(name) for record in records], dtype=kind, strict=False)
            for name, kind in columns.items()
        }
    )


def _as_json(record: Record) -> str:
    """Return a record as JSON; half a surrogate pair, which no table can hold, stays the escape it was read from."""
    written = json.dumps(record, ensure_ascii=False)
    return json.dumps(record) if SURROGATE.search(written) else written


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _replace(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    rows: pl.DataFrame,
    *,
    unique: Sequence[str],
    checks: Sequence[str] = (),
) -> None:
    replace_partition(
        connection, table, where={"transcript": key}, rows=rows.with_columns(transcript=pl.lit(key)), key=unique,
        checks=[named_check(name, transcript=key) for name in checks],
    )  # fmt: skip
