"""CSV files that other programs wrote, read strictly, and ours, written so that any program reads them back.

Belongs here: finding columns by their names, in the header of a file and in a frame. Does not belong here: quotes and
ragged rows (``csv_files``), what the values mean (``predictions``, ``painpoints``).

A row's number counts data rows from 1, as ``row_number`` does in the tables; the header and blank lines have none.
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from painpoint_platform.csv_files import csv_columns, csv_records
from painpoint_platform.errors import UserError
from painpoint_platform.files import read_text
from painpoint_platform.wording import shown

ROW_NUMBER = "row_number"
# What programs write between values where a comma is the decimal point.
OTHER_SEPARATORS = re.compile(r"[;\t|]")


def read_csv_table(path: Path, columns: Mapping[str, Sequence[str]], *, optional: Collection[str] = ()) -> pl.DataFrame:
    """Read columns of a CSV file as text.

    Takes UTF-8 with or without byte-order mark, any line ends, quoted line breaks. Other columns are left out.

    Args:
        path: the file; its first line that is not blank is the header.
        columns: the names under which a column may stand in the file, by the name that it gets.
        optional: those that may be missing; they are null then.

    Returns:
        ``row_number`` (Int32) and ``columns`` (String), one row a data row, in the order of the file.

    Raises:
        UserError: no such file, not UTF-8 (with the byte's offset), malformed quotes, no header, a column that is
            missing or stands there twice, rows with too few or too many values.
    """
    first, *rows = (values for _, values in csv_records(path, read_text(path)))
    header = [name.strip() for name in first]
    places = _places(path, header, columns, optional)
    values = csv_columns(path, header, rows)
    nothing = [None] * len(rows)
    read = {name: values[places[name]] if name in places else nothing for name in columns}
    schema = {ROW_NUMBER: pl.Int32, **dict.fromkeys(columns, pl.String)}
    return pl.DataFrame({ROW_NUMBER: range(1, len(rows) + 1), **read}, schema=schema)


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """Return a frame as CSV in UTF-8: lines end with a line feed, values stand in quotes where they need them."""
    return frame.write_csv(line_terminator="\n", quote_style="necessary").encode()


def _places(
    path: Path, header: Sequence[str], columns: Mapping[str, Sequence[str]], optional: Collection[str]
) -> dict[str, int]:
    problems, places = [], {}
    spare = [name for name in header if not any(name in spellings for spellings in columns.values())]
    for name, spellings in columns.items():
        found = next((spelling for spelling in spellings if spelling in header), None)
        if found is None and name in optional:
            continue
        if found is None:
            near = difflib.get_close_matches(spellings[0], spare, n=1)
            hint = f"; rename {near[0]!r}" if near else ""
            problems.append(f"{path}: header: column {' or '.join(spellings)} is missing{hint}")
        elif header.count(found) > 1:
            problems.append(f"{path}: header: column {found} stands there {header.count(found)} times; keep one")
        else:
            places[name] = header.index(found)
    if len(header) == 1 and (separator := OTHER_SEPARATORS.search(header[0])):
        raise UserError(
            f"{path}: header: found {shown(header[0])}, values apart by {separator[0]!r}; save the file with commas "
            "between them"
        )
    if problems:
        raise UserError("\n".join([*problems, f"{path}: header: found {', '.join(header)}"]))
    return places
