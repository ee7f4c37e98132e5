"""What Stage 1 and the university hand over: predictions, their provenance, and the list of courses.

Belongs here: reading these files and refusing what cannot be understood, with file, row and value. Does not belong
here: which predictions are pain points to group (``painpoints``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.csv_table import ROW_NUMBER, read_csv_table
from painpoint_platform.courses.run_folder import MANIFEST, read_manifest
from painpoint_platform.errors import UserError
from painpoint_platform.wording import listed, shown

# Names of the file's columns by the names that they get; a suffix ``_pred`` may be left out.
_SPELLINGS = {
    "post_id": ("post_id",),
    "course_code": ("course_code",),
    "contains_painpoint": ("pred_contains_painpoint",),
    "root_cause_summary": ("root_cause_summary_pred", "root_cause_summary"),
    "pain_point_snippet": ("pain_point_snippet_pred", "pain_point_snippet"),
    "confidence": ("confidence_pred", "confidence"),
    "parse_error": ("parse_error",),
    "schema_error": ("schema_error",),
    "used_fallback": ("used_fallback",),
    "llm_failure": ("llm_failure",),
}
PREDICTION_COLUMNS = (ROW_NUMBER, *_SPELLINGS)
ERROR_FLAGS = ("llm_failure", "parse_error", "schema_error")
_BOOLEAN_COLUMNS = (*ERROR_FLAGS, "used_fallback")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_ANSWERS = ("y", "n", "u")

_COURSE_SPELLINGS = {"course_code": ("CourseCode",), "course_title": ("Title",), "colleges": ("Colleges",)}

# What other software calls the same thing in a Stage-1 manifest.
_SLUG_KEYS = ("run_slug", "stage1_run_slug")
_MODEL_KEYS = ("model_name", "model")
_PROMPT_KEYS = ("prompt_template_path", "prompt_path", "prompt_name", "prompt")


@dataclass(frozen=True, slots=True)
class Stage1Provenance:
    """Where predictions come from; ``model`` and ``prompt`` are None where no manifest says."""

    run_slug: str
    model: str | None
    prompt: str | None
    input_sha256: str
    predictions_path: Path


def read_predictions(path: Path) -> pl.DataFrame:
    """Read ``predictions_FULL.csv`` of a Stage-1 run; no row is dropped.

    Returns:
        ``PREDICTION_COLUMNS``: row_number (Int32, counted from 1), post_id and course_code (without white space at the
        ends), contains_painpoint (y, n, u), root_cause_summary and pain_point_snippet (as they stand, ``""`` where
        there is none), confidence (Float64, null where it is no number: it is carried and never used), and the four
        flags (Boolean). A row whose flags say that Stage 1 failed may leave contains_painpoint empty: that is u.

    Raises:
        UserError: the file cannot be read as such (see ``csv_table``), or there are empty post ids, unknown values of
            pred_contains_painpoint or malformed flags; names each row and value.
    """
    raw = read_csv_table(path, _SPELLINGS)
    answer = pl.col("contains_painpoint").str.strip_chars().str.to_lowercase()
    flags = [_boolean(name) for name in _BOOLEAN_COLUMNS]
    read = raw.with_columns(pl.col("post_id", "course_code").str.strip_chars(), answer, *flags)
    failed = pl.any_horizontal(pl.col(*ERROR_FLAGS).fill_null(value=False))
    undecided = (pl.col("contains_painpoint") == "") & failed
    read = read.with_columns(
        contains_painpoint=pl.when(undecided).then(pl.lit("u")).otherwise("contains_painpoint"),
        confidence=_finite("confidence"),
    )
    _refuse(path, raw, {
        ("post_id", "the id of a post"): read["post_id"] == "",
        ("contains_painpoint", "y, n or u"): ~read["contains_painpoint"].is_in(_ANSWERS),
        **{(name, "True or False"): read[name].is_null() for name in _BOOLEAN_COLUMNS},
    })  # fmt: skip
    return read.select(PREDICTION_COLUMNS)


def read_course_list(path: Path) -> pl.DataFrame:
    """Read ``course_list_with_college.csv``.

    Returns:
        course_code, course_title (the code where there is none), colleges (List[String], in the order of the file);
        one row a course.

    Raises:
        UserError: the file cannot be read as such (see ``csv_table``), a code is empty, or a code stands there twice
            with different titles or colleges; names each row and value.
    """
    raw = read_csv_table(path, _COURSE_SPELLINGS)
    college = pl.element().str.strip_chars()
    code, title = (pl.col(name).str.strip_chars() for name in ("course_code", "course_title"))
    read = raw.with_columns(
        course_code=code,
        course_title=pl.when(title == "").then(code).otherwise(title),
        colleges=pl.col("colleges").str.split(";").list.eval(college.filter(college != "")),
    )
    courses = read.unique(["course_code", "course_title", "colleges"], keep="first", maintain_order=True)
    later = courses.filter(~pl.col("course_code").is_first_distinct())
    disagreeing = read[ROW_NUMBER].is_in(later[ROW_NUMBER].implode())
    _refuse(path, raw, {
        ("course_code", "the code of a course"): read["course_code"] == "",
        ("course_code", "one title and one list of colleges a code; an earlier row differs"): disagreeing,
    })  # fmt: skip
    return courses.drop(ROW_NUMBER)


def read_provenance(path: Path) -> Stage1Provenance:
    """Say where a predictions file comes from, by the Stage-1 manifest beside it.

    Without a manifest the slug is the name of the file's folder, and model and prompt are unknown.

    Raises:
        UserError: the file cannot be read, or the manifest is malformed.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name the predictions of a Stage-1 run") from None
    folder = path.resolve().parent
    manifest = read_manifest(folder) if (folder / MANIFEST).exists() else {}
    return Stage1Provenance(
        run_slug=_recorded(folder, manifest, _SLUG_KEYS) or folder.name,
        model=_recorded(folder, manifest, _MODEL_KEYS),
        prompt=_recorded(folder, manifest, _PROMPT_KEYS),
        input_sha256=sha256,
        predictions_path=path,
    )


def _recorded(folder: Path, manifest: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = manifest.get(key)
        if value is not None and not isinstance(value, str):
            raise UserError(f"{folder / MANIFEST}: {key}: found {shown(str(value))}, expected text or null")
        if value and value.strip():
            return value.strip()
    return None


def _boolean(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars().str.to_lowercase()
    return text.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)


def _finite(name: str) -> pl.Expr:
    number = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _refuse(path: Path, raw: pl.DataFrame, wrong: Mapping[tuple[str, str], pl.Series]) -> None:
    """Raise UserError when a mask of ``wrong`` has a hit.

    Args:
        path: the file.
        raw: its rows as they stand there.
        wrong: masks over the rows by (column, what was expected).
    """
    spellings = _SPELLINGS | _COURSE_SPELLINGS
    messages: list[str] = []
    for (column, expected), mask in wrong.items():
        hits = raw.filter(mask).select(ROW_NUMBER, column).rows()
        name = spellings[column][0]
        findings = [(row, f"{name}: found {shown(value)}, expected {expected}") for row, value in hits]
        messages += listed(path, findings, name)
    if messages:
        raise UserError("\n".join(messages))
