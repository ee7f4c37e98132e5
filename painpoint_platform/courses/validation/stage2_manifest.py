"""Judging the manifest of a Stage-2 run, ours or another program's.

Belongs here: its fields, its entries for courses, and whether its sums agree with its entries.
Does not belong here: whether it agrees with the other files of the run (``stage2``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.validation.findings import WHOLE_FILE, FileFindings
from painpoint_platform.courses.validation.manifest_fields import (
    AMOUNT,
    COUNT,
    HASH,
    LIST,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Field,
    first_of,
    is_count,
    is_filled,
    is_ours,
    judge_cost,
    judge_fields,
    judge_identity,
    judge_signs,
    judge_sums,
    judge_total,
    posix_path,
)
from painpoint_platform.courses.validation.run_files import RunFiles

STATUSES = ("ok", "repaired", "failed")
STATUS = Field(lambda value: value in STATUSES, f"one of {', '.join(STATUSES)}", everywhere=False)
FIELDS: Mapping[str, Field] = {
    "schema_version": TEXT,
    "run_slug": TEXT,
    "corpus_tag": TEXT,
    "created_at": TIME,
    "model_name": TEXT,
    "prompt_name": TEXT,
    "prompt_version": TEXT,
    "prompt_template_path": TEXT,
    "prompt_sha256": HASH,
    "input_sha256": HASH,
    "fingerprint": HASH,
    "painpoints_csv": TEXT,
    "source_stage1_run": OBJECT,
    "rows_read": COUNT,
    "rows_written": COUNT,
    "drop_reasons": OBJECT,
    "num_courses": COUNT,
    "num_clusters": COUNT,
    "total_painpoints": COUNT,
    "num_ok": COUNT,
    "num_repaired": COUNT,
    "num_failed": COUNT,
    "wallclock_s": AMOUNT,
    "total_cost_usd": AMOUNT.or_null(),
    "total_calls": COUNT,
    "total_prompt_tokens": COUNT,
    "total_completion_tokens": COUNT,
    "git_commit": TEXT.or_null(),
    "courses": LIST,
}
SOURCE_FIELDS: Mapping[str, Field] = {"run_slug": TEXT, "model": TEXT.or_null(), "prompt": TEXT.or_null()}
ENTRY_FIELDS: Mapping[str, Field] = {
    "course_title": TEXT,
    "status": STATUS,
    "findings": TEXTS,
    "num_painpoints": COUNT,
    "num_clusters": COUNT,
    "calls": COUNT,
    "prompt_tokens": COUNT,
    "completion_tokens": COUNT,
    "cost_usd": AMOUNT.or_null(),
    "latency_s": AMOUNT,
    "model": TEXT.or_null(),
    "clusters_path": TEXT,
    "painpoints_path": TEXT,
}
# What neither the source documents nor the specification ask of other software.
OUR_MARKS = (
    "corpus_tag", "fingerprint", "painpoints_csv", "source_stage1_run", "rows_read", "rows_written", "num_ok",
    "num_repaired", "num_failed", "total_calls", "total_prompt_tokens", "total_completion_tokens",
)  # fmt: skip
SLUG_NAMES = ("run_slug", "stage2_run_slug")
ENTRIES_NAMES = ("courses", "per_course")
COST_NAMES = ("cost_usd", "llm_total_cost_usd", "total_cost_usd")
CODE_NAMES = ("course_code", "course", "code")
CLUSTERS_PATH_NAMES = ("clusters_path", "cluster_file")
# Codes that programs take for the names of a course's files as they are; longer ones they shorten.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,159}")


@dataclass(frozen=True)
class CourseEntry:
    """What a manifest says about one course; ``place`` is its JSON path, ``stem`` the name of the course's files."""

    place: str
    code: str
    stem: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Stage2Manifest:
    """A manifest as far as it could be read.

    Attributes:
        fields: everything it says; empty when it could not be read.
        ours: whether this project wrote it.
        entries: course code -> its entry; None when the manifest has none in a form that is known.
    """

    fields: Mapping[str, Any]
    ours: bool
    entries: Mapping[str, CourseEntry] | None

    def count(self, name: str) -> int | None:
        """Return a count that the manifest states, where it is one."""
        value = self.fields.get(name)
        return value if is_count(value) else None

    def entries_state(self, name: str) -> bool:
        """Tell whether entries for courses say something about ``name``, so that they are what its total sums up."""
        return any(name in entry.fields for entry in (self.entries or {}).values())


def judge_stage2_manifest(files: RunFiles) -> Stage2Manifest:
    """Read the manifest of a Stage-2 run and report what is wrong with it taken by itself."""
    fields = files.json_object(MANIFEST)
    if fields is None:
        return Stage2Manifest({}, ours=False, entries=None)
    found, ours = files.found.about(MANIFEST), is_ours(fields, OUR_MARKS)
    if not fields:
        found.add(
            WHOLE_FILE, "manifest_says_something", fields,
            "expected what the run was made with, its counts and an entry for each course; restore the manifest",
        )  # fmt: skip
    judge_fields(found, "", fields, FIELDS, ours=ours)
    if ours and isinstance(source := fields.get("source_stage1_run"), dict):
        judge_fields(found, "source_stage1_run.", source, SOURCE_FIELDS, ours=True)
    judge_signs(found, fields, {*FIELDS, *ENTRY_FIELDS})
    judge_identity(files, fields, SLUG_NAMES, slug_field="run_slug", ours=ours)
    entries = _entries(found, fields, ours=ours)
    _judge_drop_reasons(found, fields)
    if entries is not None:
        for entry in entries.values():
            judge_fields(found, f"{entry.place}.", entry.fields, ENTRY_FIELDS, ours=ours)
        if entries or ours:
            _judge_totals(found, fields, [entry.fields for entry in entries.values()], ours=ours)
    return Stage2Manifest(fields, ours, entries)


def _entries(found: FileFindings, fields: Mapping[str, Any], *, ours: bool) -> Mapping[str, CourseEntry] | None:
    """Return the entries by course code; of two for one course, the first."""
    name = next((name for name in ENTRIES_NAMES if isinstance(fields.get(name), list | dict)), None)
    coded = _coded(name, fields[name]) if name is not None else []
    if name is None or (not ours and coded and all(code is None for _, code, _ in coded)):
        return None
    entries: dict[str, CourseEntry] = {}
    for place, code, entry in coded:
        if code is None:
            found.add(
                place, "manifest_entries_name_their_course", entry, "expected an object with the course's course_code"
            )
        elif code in entries:
            found.add(place, "manifest_has_one_entry_per_course", code, f"{entries[code].place} is for it already")
        else:
            entry_fields = entry if isinstance(entry, dict) else {}
            entries[code] = CourseEntry(place, code, _stem(found, place, code, entry_fields), entry_fields)
    return entries


def _coded(name: str, listed: Any) -> list[tuple[str, str | None, Any]]:
    """Return (JSON path, course code, entry): of an array of objects or of codes, or of an object by code."""
    if isinstance(listed, dict):
        return [(f"{name}.{code}", code if is_filled(code) else None, entry) for code, entry in listed.items()]
    codes = [first_of(entry, CODE_NAMES) if isinstance(entry, dict) else entry for entry in listed]
    return [
        (f"{name}[{index}]", code if is_filled(code) else None, entry)
        for index, (code, entry) in enumerate(zip(codes, listed, strict=True))
    ]


def _stem(found: FileFindings, place: str, code: str, entry: Mapping[str, Any]) -> str:
    """Return the name of the course's files: its code, or where that is no file name, the one that is recorded.

    Paths are recorded from a folder that may have been moved since; only their ends say something.
    """
    clusters = posix_path(first_of(entry, CLUSTERS_PATH_NAMES))
    stem = clusters.stem if clusters is not None and not SAFE_NAME.fullmatch(code) else code
    ends = {"clusters_path": f"clusters/{stem}.json", "painpoints_path": f"painpoints_used_{stem}.jsonl"}
    for name, end in ends.items():
        path = posix_path(entry.get(name))
        if path is not None and not f"/{path}".endswith(f"/{end}"):
            found.add(
                f"{place}.{name}", "paths_name_the_courses_files", str(path), f"expected a path that ends in {end}"
            )
    return stem


def _judge_drop_reasons(found: FileFindings, fields: Mapping[str, Any]) -> None:
    reasons = fields.get("drop_reasons")
    if not isinstance(reasons, dict):
        return
    for reason, count in reasons.items():
        if not is_count(count):
            found.add(f"drop_reasons.{reason}", "manifest_fields_have_their_kind", count, "expected an integer from 0")
    dropped = [count for count in reasons.values() if is_count(count)]
    written = fields.get("rows_written")
    if is_count(written) and len(dropped) == len(reasons):
        judge_total(
            found, "rows_read", fields.get("rows_read"), written + sum(dropped),
            f"{written:,} rows written and {sum(dropped):,} dropped; no row may be lost",
        )  # fmt: skip


def _judge_totals(
    found: FileFindings, fields: Mapping[str, Any], entries: list[Mapping[str, Any]], *, ours: bool
) -> None:
    """Report totals that are not what the entries add up to."""
    judge_total(found, "num_courses", fields.get("num_courses"), len(entries), "the courses that have an entry")
    for status in STATUSES:
        of_status = sum(entry.get("status") == status for entry in entries)
        if all("status" in entry for entry in entries):
            judge_total(
                found, f"num_{status}", fields.get(f"num_{status}"), of_status,
                f"the courses whose status is {status}",
            )  # fmt: skip
    sums = {
        "num_clusters": "num_clusters",
        "total_calls": "calls",
        "total_prompt_tokens": "prompt_tokens",
        "total_completion_tokens": "completion_tokens",
        **({"total_painpoints": "num_painpoints"} if ours else {}),
    }
    judge_sums(found, fields, entries, sums, over="courses")
    painpoints = fields.get("total_painpoints")
    if ours and is_count(painpoints):
        judge_total(found, "rows_written", fields.get("rows_written"), painpoints, "as many as total_painpoints")
    judge_cost(found, fields.get("total_cost_usd"), [first_of(entry, COST_NAMES) for entry in entries])
