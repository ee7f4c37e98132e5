"""Tables of anyone's: files of rows and columns that a person names on the command line, read and written by suffix.

Belongs here: the kinds of file, and the columns that must be there. Does not belong here: files of which a domain knows
the columns (``courses.csv_table``, ``perception.corpora.corpus_files``), what is done with the rows.
"""

import io
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

import polars as pl

from painpoint_platform.csv_files import csv_columns, csv_records
from painpoint_platform.errors import UserError
from painpoint_platform.files import BYTE_ORDER_MARK, decoded, replacing

# Of a file with thousands of columns, or of one whose delimiter is another, not everything is told.
MOST_NAMED = 20
SHOWN_CHARS = 60


def _read_delimited(path: Path, raw: bytes, *, separator: str) -> pl.DataFrame:
    try:
        return pl.read_csv(raw, infer_schema=False, separator=separator, empty_string_is_null=False)
    except pl.exceptions.NoDataError:
        raise UserError(f"{path}: the file is empty; a header and at least one row are expected") from None
    except pl.exceptions.PolarsError:
        # Polars does not say where; reading it once more does.
        header, *rows = [values for _, values in csv_records(path, decoded(path, raw), delimiter=separator)]
        csv_columns(path, header, rows)
        raise


def _read_json_lines(path: Path, raw: bytes) -> pl.DataFrame:
    if not raw.strip():
        raise UserError(f"{path}: the file is empty; one JSON object a line is expected")
    try:
        # All lines say which columns there are and of which type: a field may come up late, or be null for long.
        return pl.read_ndjson(io.BytesIO(raw), infer_schema_length=None)
    except pl.exceptions.PolarsError:
        for number, line in enumerate(decoded(path, raw).split("\n"), 1):
            if line.strip() and (problem := _no_object(line)):
                shown = line if len(line) <= SHOWN_CHARS else f"{line[:SHOWN_CHARS]}…"
                raise UserError(
                    f"{path}: line {number}: {problem} in {shown!r}; one JSON object a line is expected"
                ) from None
        raise


def _no_object(line: str) -> str | None:
    """Say why a line is no JSON object; None where it is one."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON")

    try:
        value = json.loads(line, parse_constant=refuse)
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.colno}"
    except ValueError as error:
        return str(error)
    return None if isinstance(value, dict) else f"found a {type(value).__name__}"


# Those that are text are read from their bytes, in UTF-8 and without a byte order mark.
TEXT_READERS: dict[str, Callable[[Path, bytes], pl.DataFrame]] = {
    ".csv": partial(_read_delimited, separator=","),
    ".tsv": partial(_read_delimited, separator="\t"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}
READABLE = (*TEXT_READERS, ".parquet")
WRITERS: dict[str, Callable[[pl.DataFrame, IO[bytes]], None]] = {
    ".csv": lambda rows, file: rows.write_csv(file),
    ".jsonl": lambda rows, file: rows.write_ndjson(file),
    ".ndjson": lambda rows, file: rows.write_ndjson(file),
    ".parquet": lambda rows, file: rows.write_parquet(file),
}


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV, TSV, JSONL or Parquet file by its suffix. Columns of CSV and TSV are text.

    Raises:
        UserError: the file is missing, empty or of another kind, or cannot be read; says where in it.
    """
    if not path.is_file():
        raise UserError(f"{path}: {'a folder, no file' if path.is_dir() else 'no such file'}")
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        raise UserError(f"{path}: cannot read a {path.suffix or 'file without suffix'}; use {', '.join(READABLE)}")
    try:
        table = pl.read_parquet(path) if suffix == ".parquet" else TEXT_READERS[suffix](path, _text_bytes(path))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{path}: not a readable {suffix[1:].upper()} file: {reason}") from None
    if table.is_empty():
        raise UserError(f"{path}: the file has no rows, only the columns {_named(table.columns)}")
    return table


def _text_bytes(path: Path) -> bytes:
    raw = path.read_bytes()
    decoded(path, raw)
    return raw.removeprefix(BYTE_ORDER_MARK)


def require_column(table: pl.DataFrame, path: Path, option: str, column: str) -> None:
    """Refuse a column that the file does not have, or whose values cannot be taken as text.

    Raises:
        UserError: names the option, the column, and the columns there are or what it holds.
    """
    if column not in table.columns:
        raise UserError(f"{path}: {option} names column {column!r}, but the file has {_named(table.columns)}")
    kind = table.schema[column]
    if kind.is_nested() or kind == pl.Object or (kind == pl.Binary and not _is_text(table[column])):
        raise UserError(f"{path}: {option} names column {column!r}, which holds {kind}; one text a row is expected")


def _is_text(values: pl.Series) -> bool:
    try:
        values.cast(pl.String)
    except pl.exceptions.ComputeError:  # Polars' word for bytes that are not UTF-8
        return False
    return True


def require_writable(path: Path, option: str, rows: pl.DataFrame | None = None) -> None:
    """Refuse a place or a kind of file that a table cannot be written to, before anything was computed for it.

    Args:
        path: where it shall be.
        option: names it on the command line.
        rows: what shall be in it, where that is known.

    Raises:
        UserError: names the option, what is in the way, and what to do.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise UserError(
            f"{option} {path}: cannot write {path.suffix or 'a file without suffix'}; use {', '.join(WRITERS)}"
        )
    folder = next(place for place in path.absolute().parents if place.exists())
    if path.is_dir():
        raise UserError(f"{option} {path}: is a folder; name a file")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        problem = "cannot be written to" if folder.is_dir() else "is a file, no folder"
        raise UserError(f"{option} {path}: {folder} {problem}; choose another folder")
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()] if rows is not None else []
    if nested and suffix == ".csv":
        raise UserError(
            f"{option} {path}: a CSV file has no place for the lists and objects of {_named(nested)}; "
            "use .jsonl or .parquet"
        )


def write_table(rows: pl.DataFrame, path: Path) -> None:
    """Write a table by the file's suffix, which ``require_writable`` has let pass, whole or not at all.

    Raises:
        UserError: the file cannot be written; an older one is unchanged.
    """
    try:
        with replacing(path) as file:
            WRITERS[path.suffix.lower()](rows, file)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{path}: cannot be written ({reason}); an older file is unchanged") from None


def _named(columns: list[str]) -> str:
    shown = [column if len(column) <= SHOWN_CHARS else f"{column[:SHOWN_CHARS]}…" for column in columns[:MOST_NAMED]]
    more = f" and {len(columns) - MOST_NAMED} more" if len(columns) > MOST_NAMED else ""
    return ", ".join(shown) + more
