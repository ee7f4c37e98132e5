"""Tables of anyone's: files of rows and columns that a person names on the command line, read and written by suffix.

Belongs here: the kinds of file, and the columns that must be there. Does not belong here: files of which a domain knows
the columns (``courses.csv_table``, ``perception.corpora.corpus_files``), what is done with the rows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": lambda path: pl.read_csv(path, infer_schema=False, encoding="utf8", empty_string_is_null=False),
    ".tsv": lambda path: pl.read_csv(path, infer_schema=False, separator="\t", empty_string_is_null=False),
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
    ".parquet": pl.read_parquet,
}
WRITERS: dict[str, Callable[[pl.DataFrame, IO[bytes]], None]] = {
    ".csv": lambda rows, file: rows.write_csv(file),
    ".jsonl": lambda rows, file: rows.write_ndjson(file),
    ".ndjson": lambda rows, file: rows.write_ndjson(file),
    ".parquet": lambda rows, file: rows.write_parquet(file),
}


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV, TSV, JSONL or Parquet file by its suffix. Columns of CSV and TSV are text.

    Raises:
        UserError: the file is missing, empty or of another kind, or cannot be read; says where where that is known.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path}: cannot read a {path.suffix or 'file without suffix'}; use {', '.join(READERS)}")
    try:
        table = reader(path)
    except pl.exceptions.NoDataError:
        raise UserError(f"{path}: the file is empty; a header and at least one row are expected") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{path}: not a readable {path.suffix[1:].upper()} file in UTF-8: {reason}") from None
    if table.is_empty():
        raise UserError(f"{path}: the file has columns {table.columns} but no rows")
    return table


def require_column(table: pl.DataFrame, path: Path, option: str, column: str) -> None:
    """Refuse a column that the file does not have.

    Raises:
        UserError: names the option, the column and those there are.
    """
    if column not in table.columns:
        raise UserError(f"{path}: {option} names column {column!r}, but the file has {', '.join(table.columns)}")


def require_writable(path: Path, option: str) -> None:
    """Refuse a file of a kind that no table is written as, before anything was computed for it.

    Raises:
        UserError: names the option and the kinds there are.
    """
    if path.suffix.lower() not in WRITERS:
        raise UserError(
            f"{option} {path}: cannot write {path.suffix or 'a file without suffix'}; use {', '.join(WRITERS)}"
        )


def write_table(rows: pl.DataFrame, path: Path) -> None:
    """Write a table by the file's suffix, which ``require_writable`` has let pass, whole or not at all.

    Raises:
        UserError: the file cannot be written; an older one is unchanged.
    """
    with replacing(path) as file:
        WRITERS[path.suffix.lower()](rows, file)
