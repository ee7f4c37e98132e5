"""Keeping the folder small: what is told of much is told as far as there is room.

Belongs here: sizes in bytes and choosing by them. Does not belong here: what is worth telling first (the callers).
"""

import polars as pl

# The whole folder, as it is to be opened on a phone or sent by mail.
FOLDER_BYTES = 9_600_000
# The pages themselves: styles, scripts, the charts' runtime, the manifest.
SITE_BYTES = 1_200_000
# What stands around an issue's own rows: brackets, the parts of its score; and around the issues of a file: names.
ISSUE_FRAME_BYTES = 90
ISSUE_FILES_BYTES = 250_000
CALLS_BYTES = 1_500_000
MAP_ITEMS_BYTES = 900_000
COURSE_SNIPPETS_BYTES = 600_000
# Of what is left for issues, the share that their days may take, and that of issues that were not seen on the day.
HISTORY_SHARE = 0.3
EARLIER_SHARE = 0.4


def row_bytes(columns: list[str]) -> pl.Expr:
    """Bytes of a row's values as a JSON array, the comma after it included."""
    names = sum(len(name.encode()) + len('"":') for name in columns)
    return pl.struct(columns).struct.json_encode().str.len_bytes().cast(pl.Int64) - names + 1


def within(rows: pl.DataFrame, columns: list[str], room: float) -> pl.DataFrame:
    """Return the first rows that have room, in their order.

    Args:
        rows: those that are worth most first.
        columns: what is written of a row.
        room: bytes.
    """
    return rows.filter(row_bytes(columns).cum_sum() <= room) if rows.height else rows
