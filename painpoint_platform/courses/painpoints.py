"""Which predictions are pain points to group, and why the others are not.

Belongs here: the filter of Stage 2, its reasons and counts, and the file that is written of what passed it.
Does not belong here: reading predictions (``predictions``).

Confidence is carried along and never used: Stage 2 has no thresholds. Rows with ``parse_error`` or ``schema_error`` are
left out even where they hold a summary, so that fewer pain points come out than Stage 1 counted.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from painpoint_platform.courses.csv_table import ROW_NUMBER, csv_bytes, read_csv_table
from painpoint_platform.courses.predictions import ERROR_FLAGS
from painpoint_platform.courses.run_folder import replace_file
from painpoint_platform.wording import listed, shown

PAINPOINT_SCHEMA = {
    "post_id": pl.String,
    "course_code": pl.String,
    "course_title": pl.String,
    "root_cause_summary": pl.String,
    "pain_point_snippet": pl.String,
    "confidence": pl.Float64,
}
DROPPED_COLUMNS = (ROW_NUMBER, "post_id", "course_code", "drop_reason", "value")

# Columns of the files that are handed on, by our names; they call the confidence by Stage 1's name.
_FRIENDLY_NAMES = {
    "post_id": "post_id",
    "course_code": "course_code",
    "root_cause_summary": "root_cause_summary",
    "pain_point_snippet": "pain_point_snippet",
    "confidence": "confidence_pred",
}

# A text of nothing but white space and invisible characters says nothing.
_SAYS_SOMETHING = r"[^\s\p{C}]"


def _reasons() -> dict[str, tuple[pl.Expr, str]]:
    """When a row is dropped, and the column whose value shows it; the first reason that applies counts."""
    return {
        "duplicate": (~pl.struct("post_id", "course_code").is_first_distinct(), "post_id"),
        "unknown_course": (pl.col("course_title").is_null(), "course_code"),
        "not_a_painpoint": (pl.col("contains_painpoint") == "n", "contains_painpoint"),
        "undecided": (pl.col("contains_painpoint") == "u", "contains_painpoint"),
        **{flag: (pl.col(flag), flag) for flag in ERROR_FLAGS},
        "empty_summary": (~pl.col("root_cause_summary").str.contains(_SAYS_SOMETHING), "root_cause_summary"),
        "empty_snippet": (~pl.col("pain_point_snippet").str.contains(_SAYS_SOMETHING), "pain_point_snippet"),
    }


DROP_REASONS = tuple(_reasons())
# Rows with a fault of their own, and what is wrong with the value that is shown.
FAULTS = {
    "duplicate": ("post_id", "an earlier row is about the same post and course"),
    "unknown_course": ("course_code", "the list of courses lacks it"),
}


def split_painpoints(predictions: pl.DataFrame, catalogue: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split predictions into pain points to group and rows to drop; every row is in one of both.

    Args:
        predictions: see ``predictions.read_predictions``.
        catalogue: see ``predictions.read_course_list``.

    Returns:
        row_number and ``PAINPOINT_SCHEMA``; ``DROPPED_COLUMNS``, where ``value`` is what was found. Both in the order
        of the file.
    """
    titled = predictions.join(
        catalogue.select("course_code", "course_title"), on="course_code", how="left", maintain_order="left"
    )
    reason, value = pl.lit(None, pl.String), pl.lit(None, pl.String)
    for name, (applies, column) in reversed(_reasons().items()):
        reason = pl.when(applies).then(pl.lit(name)).otherwise(reason)
        value = pl.when(applies).then(pl.col(column).cast(pl.String)).otherwise(value)
    judged = titled.with_columns(drop_reason=reason, value=value)
    dropped = judged.filter(pl.col("drop_reason").is_not_null())
    kept = judged.filter(pl.col("drop_reason").is_null())
    return kept.select(ROW_NUMBER, *PAINPOINT_SCHEMA), dropped.select(DROPPED_COLUMNS)


def drop_counts(dropped: pl.DataFrame) -> dict[str, int]:
    """Return the number of dropped rows by reason, all reasons in the order in which they are tried."""
    counts = dict(dropped.group_by("drop_reason").len().iter_rows())
    return {reason: counts.get(reason, 0) for reason in DROP_REASONS}


def told_faults(dropped: pl.DataFrame, path: Path | str) -> Iterator[str]:
    """Yield a sentence each for the first rows that came twice or name an unknown course, and one that counts the rest.

    Args:
        dropped: row_number, drop_reason and value of rows that were dropped, in the order of the file.
        path: the file of predictions.
    """
    for reason, (column, fault) in FAULTS.items():
        rows = dropped.filter(pl.col("drop_reason") == reason).select("row_number", "value").rows()
        findings = [(row, f"{column}: found {shown(value)}; {fault}, the row was left out") for row, value in rows]
        yield from listed(path, findings, reason)


def friendly(painpoints: pl.DataFrame) -> pl.DataFrame:
    """Return pain points with the columns that files have: post_id, course_code, both texts, confidence_pred."""
    return painpoints.select(pl.col(ours).alias(theirs) for ours, theirs in _FRIENDLY_NAMES.items())


def write_llm_friendly(painpoints: pl.DataFrame, path: Path) -> None:
    """Write ``painpoints_llm_friendly.csv``, whole or not at all.

    Raises:
        UserError: the file cannot be written; an older one is unchanged.
    """
    replace_file(path, csv_bytes(friendly(painpoints)))


def read_llm_friendly(path: Path) -> pl.DataFrame:
    """Read ``painpoints_llm_friendly.csv``: post_id, course_code, root_cause_summary, pain_point_snippet, confidence.

    Confidence may be missing, and is null where it is no number.

    Raises:
        UserError: the file cannot be read as such; see ``csv_table``.
    """
    spellings = {ours: (theirs,) for ours, theirs in _FRIENDLY_NAMES.items()}
    table = read_csv_table(path, spellings, optional={"confidence"})
    return table.drop(ROW_NUMBER).with_columns(pl.col("confidence").cast(pl.Float64, strict=False))
