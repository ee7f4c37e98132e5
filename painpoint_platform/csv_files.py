"""CSV files that other programs wrote, cut into values strictly.

Belongs here: quotes, delimiters, ragged rows, and saying where a file breaks them. Does not belong here: encodings
(``files``), which columns there must be and what they mean (the domains), judging run folders, whose reader is written
apart from this on purpose (``courses.validation.run_files``).
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from painpoint_platform.errors import UserError
from painpoint_platform.wording import listed


def csv_records(
    path: Path, text: str, *, delimiter: str = ",", quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
) -> list[tuple[int, list[str]]]:
    """Return (line that it ends on, counted from 1, and values) of every record of a CSV text; blank lines are none.

    Takes any line ends and quoted line breaks.

    Args:
        path: the file, for messages.
        text: what it holds.
        delimiter: between values.
        quoting: ``csv.QUOTE_MINIMAL``, or ``csv.QUOTE_NONE`` where quotes are ordinary signs.

    Raises:
        UserError: malformed quotes, with the line; or there is no record.
    """
    # The limit is the process's; its default refuses a text over 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    try:
        records = [(reader.line_num, record) for record in reader if record]
    except csv.Error as error:
        raise UserError(
            f"{path}: line {reader.line_num}: malformed CSV ({error}); a value with commas, quotes or line breaks "
            'stands in double quotes, and a quote inside it is written twice: ""'
        ) from None
    if not records:
        raise UserError(f"{path}: the file is empty; the first line names the columns")
    return records


def csv_columns(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the values of each column of the header, a value a row.

    Raises:
        UserError: rows with too few or too many values; names them, counted from 1 without the header.
    """
    ragged = [
        (number, f"found {len(row)} values, expected {len(header)} as in the header")
        for number, row in enumerate(rows, 1)
        if len(row) != len(header)
    ]
    if ragged:
        raise UserError("\n".join(listed(path, ragged, "ragged rows")))
    return list(zip(*rows, strict=True)) or [()] * len(header)
