"""Files of labelled texts as tables of text: JSON Lines, CSV, tab-separated, Parquet.

Belongs here: encodings, malformed lines, nested labels, and the number of the row that a value stands in. Does not
belong here: what the columns are called and mean (``adapters``), whether values are right (``corpus_values``).
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.csv_files import csv_columns, csv_records
from painpoint_platform.errors import UserError
from painpoint_platform.files import decoded
from painpoint_platform.wording import listed, shown

ROW = "row"
LIST_SEPARATOR = ";"

_GOEMOTIONS_HEADER = ("text", "labels", "id")
_LABEL_NUMBERS = re.compile(r"\d+(,\d+)*")


def read_rows(path: Path) -> tuple[pl.DataFrame, str]:
    """Read a file as text, whatever its columns are.

    JSON Lines (``.jsonl``, ``.ndjson``): one object a line; the members of ``labels`` become columns of their own. CSV
    (``.csv``) and tab-separated text (``.tsv``; without a header it is read as GoEmotions: text, labels, id). Parquet
    (``.parquet``); the fields of a struct ``labels`` become columns of their own. UTF-8, with or without byte-order
    mark.

    Returns:
        ``row`` (UInt32: the line of JSON Lines, else the data row counted from 1) and the file's columns (String; the
        values of a list joined with ``;``, null where a value is missing or blank); and the file's sha256.

    Raises:
        UserError: the file cannot be read, or is malformed; names every line or row that is, with what was found.
    """
    readers: dict[str, Callable[[Path, bytes], pl.DataFrame]] = {
        ".jsonl": _read_json_lines,
        ".ndjson": _read_json_lines,
        ".csv": _read_csv,
        ".tsv": _read_tsv,
        ".parquet": _read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path}: found the ending {path.suffix!r}, expected {', '.join(readers)}; name a labelled corpus"
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name a labelled corpus") from None
    rows = reader(path, raw)
    if rows.is_empty():
        raise UserError(f"{path}: there are no rows; a corpus has one labelled text a row")
    text = pl.col(pl.String).str.strip_chars()
    rows = rows.with_columns(pl.when(text != "").then(pl.col(pl.String)))
    return rows, hashlib.sha256(raw).hexdigest()


def place_word(path: Path) -> str:
    """Return what a row of this file is called in messages: JSON Lines count lines."""
    return "line" if path.suffix.lower() in (".jsonl", ".ndjson") else "row"


def _read_json_lines(path: Path, raw: bytes) -> pl.DataFrame:
    wrong: list[tuple[int, str]] = []
    numbers: list[int] = []
    records: list[dict[str, str | None]] = []
    for number, line in enumerate(decoded(path, raw).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            wrong.append((number, f"found malformed JSON ({error}), expected one object"))
            continue
        if not isinstance(value, dict):
            wrong.append((number, f"found {shown(line)}, expected an object with text and labels"))
            continue
        numbers.append(number)
        records.append(_flat(value))
    if wrong:
        raise UserError("\n".join(listed(path, wrong, "malformed lines", place="line")))
    columns = dict.fromkeys(name for record in records for name in record if name != ROW)
    return pl.DataFrame(
        {ROW: numbers, **{name: [record.get(name) for record in records] for name in columns}},
        schema={ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)},
    )


def _flat(record: dict[str, Any]) -> dict[str, str | None]:
    labels = record.get("labels")
    members = {**record, **labels} if isinstance(labels, dict) else record
    return {name: _as_text(value) for name, value in members.items() if not isinstance(value, dict)}


def _as_text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case list():
            return LIST_SEPARATOR.join(_as_text(member) or "" for member in value)
        case _:
            return repr(value)


def _read_csv(path: Path, raw: bytes) -> pl.DataFrame:
    return _table(path, [values for _, values in csv_records(path, decoded(path, raw))])


def _read_tsv(path: Path, raw: bytes) -> pl.DataFrame:
    read = csv_records(path, decoded(path, raw), delimiter="\t", quoting=csv.QUOTE_NONE)
    records = [values for _, values in read]
    first = records[0]
    if len(first) == len(_GOEMOTIONS_HEADER) and _LABEL_NUMBERS.fullmatch(first[1].strip()):
        records = [list(_GOEMOTIONS_HEADER), *records]
    return _table(path, records)


def _table(path: Path, records: Sequence[Sequence[str]]) -> pl.DataFrame:
    header = [name.strip() for name in records[0]]
    rows = records[1:]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise UserError(f"{path}: header: {', '.join(doubled)} stands there more than once; keep one")
    values = csv_columns(path, header, rows)
    columns = {name: column for name, column in zip(header, values, strict=True) if name != ROW}
    return pl.DataFrame(
        {ROW: range(1, len(rows) + 1), **columns}, schema={ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)}
    )


def _read_parquet(path: Path, raw: bytes) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{path}: is no readable Parquet file ({error}); write it again") from None
    if isinstance(frame.schema.get("labels"), pl.Struct):
        labels = frame["labels"].struct.unnest()
        frame = frame.drop("labels", *(set(labels.columns) & set(frame.columns))).hstack(labels)
    frame = frame.drop(ROW, strict=False)
    return frame.select(_column_as_text(name, dtype) for name, dtype in frame.schema.items()).with_row_index(ROW, 1)


def _column_as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List | pl.Array):
        members = column.arr.to_list() if isinstance(dtype, pl.Array) else column
        return members.list.eval(pl.element().cast(pl.String)).list.join(LIST_SEPARATOR)
    if isinstance(dtype, pl.Datetime):
        # Without a zone the time is UTC, like everywhere on this platform.
        utc = column.dt.convert_time_zone("UTC") if dtype.time_zone else column.dt.replace_time_zone("UTC")
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    return column.cast(pl.String)
