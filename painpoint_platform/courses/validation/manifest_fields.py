"""Judging the fields of a run's manifest, ours or another program's.

Belongs here: what kinds of values a manifest's fields have, reading a manifest whose field names may differ, and rules
that both stages' manifests are held to. Does not belong here: which fields a stage has (``stage2_manifest``,
``stage3_manifest``), agreement with other files.
"""

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.run_records import SCHEMA_VERSION
from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, FileFindings, Words
from painpoint_platform.courses.validation.run_files import RunFiles, leaves

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# Manifests round what calls cost to six decimals.
COST_STEP = 1e-6
# Names of numbers that are never negative, whatever program writes them.
COUNTED = re.compile(r"(num|total|rows|n)_.*|calls|.*_(s|sec|secs|seconds|ms|usd|tokens|calls|posts|epoch)")


@dataclass(frozen=True)
class Field:
    """What a field holds.

    Attributes:
        holds: whether a value is of the kind.
        expected: the kind in words.
        nullable: whether null is a value.
        everywhere: whether another program's manifest is held to it, too, where it has the field. True of kinds that
            the name of the field leaves no choice about.
    """

    holds: Callable[[Any], bool]
    expected: str
    nullable: bool = False
    everywhere: bool = True

    def or_null(self) -> "Field":
        """Return the same field with null allowed."""
        return Field(self.holds, f"{self.expected}, or null", True, self.everywhere)


def is_count(value: Any) -> TypeGuard[int]:
    """Tell whether a value is an integer from 0; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_amount(value: Any) -> TypeGuard[float]:
    """Tell whether a value is a number from 0. What is not finite is reported where the file is read."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not value < 0


def is_filled(value: Any) -> TypeGuard[str]:
    """Tell whether a value is text that is more than white space and invisible characters."""
    return isinstance(value, str) and any(character.isprintable() and character != " " for character in value)


def is_file_name(value: Any) -> TypeGuard[str]:
    """Tell whether a value can be the name of a file or folder, and leads nowhere else."""
    return is_filled(value) and value not in (".", "..") and not {"/", "\\", "\0"} & set(value)


def is_sha256(value: Any) -> TypeGuard[str]:
    """Tell whether a value is a SHA-256 in hexadecimal digits."""
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


def is_utc_time(value: Any) -> bool:
    """Tell whether a value is an ISO 8601 date and time in UTC."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return time.utcoffset() == timedelta(0)


COUNT = Field(is_count, "an integer from 0")
AMOUNT = Field(is_amount, "a number from 0")
TEXT = Field(is_filled, "text", everywhere=False)
TIME = Field(is_utc_time, "a time in UTC, such as 2025-11-30T08:00:00Z", everywhere=False)
HASH = Field(is_sha256, "64 hexadecimal digits")
OBJECT = Field(lambda value: isinstance(value, dict), "an object {…}", everywhere=False)
LIST = Field(lambda value: isinstance(value, list), "an array […]", everywhere=False)
TEXTS = Field(
    lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "an array of texts",
    everywhere=False,
)


def judge_fields(
    found: FileFindings, where: str, values: Mapping[str, Any], fields: Mapping[str, Field], *, ours: bool
) -> None:
    """Report fields that are missing (from a manifest of ours) or hold another kind of value than they must.

    Args:
        found: takes the findings about the manifest.
        where: JSON path of ``values``, with a dot at its end where it is not empty.
        values: the object that has the fields.
        fields: name -> what it holds.
        ours: whether this project wrote the manifest. Other software may lack fields and leave them null.
    """
    for name, field in fields.items():
        if name not in values:
            if ours:
                found.add(f"{where}{name}", "manifest_has_its_fields", NOTHING, f"expected {field.expected}")
            continue
        value = values[name]
        if value is None and (field.nullable or not ours):
            continue
        if (ours or field.everywhere) and not field.holds(value):
            found.add(f"{where}{name}", "manifest_fields_have_their_kind", value, f"expected {field.expected}")


def judge_signs(found: FileFindings, fields: Mapping[str, Any], judged: Collection[str]) -> None:
    """Report negative counts, times and costs under names that are not ``judged`` elsewhere, at any depth."""
    for path, value in leaves(fields):
        name = path.rpartition(".")[2]
        if isinstance(value, int | float) and value < 0 and name not in judged and COUNTED.fullmatch(name):
            found.add(path, "numbers_are_not_negative", value, "expected a number from 0")


def judge_total(
    found: FileFindings,
    name: str,
    stated: Any,
    expected: float,
    meaning: str,
    *,
    where: str = "",
    tolerance: float = 0.0,
) -> None:
    """Report a number in the manifest that is not ``expected``, under the rule ``<name>_agrees``.

    What is no number is reported as such elsewhere.
    """
    if is_amount(stated) and math.isfinite(stated) and abs(stated - expected) > tolerance:
        found.add(f"{where}{name}", f"{name}_agrees", stated, f"expected {expected:,}: {meaning}")


def judge_cost(found: FileFindings, total: Any, costs: Sequence[Any]) -> None:
    """Report a total cost that is not the sum of what is known; a cost may be unknown, and the total with it."""
    known = [cost for cost in costs if is_amount(cost) and math.isfinite(cost)]
    if known:
        judge_total(
            found, "total_cost_usd", total, round(math.fsum(known), 6), "the sum of what is known of its parts",
            tolerance=COST_STEP * (len(costs) + 1),
        )  # fmt: skip


def judge_sums(
    found: FileFindings,
    fields: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    sums: Mapping[str, str],
    *,
    over: str,
) -> None:
    """Report totals that are not what their entries add up to; one of which an entry says nothing is not judged.

    Args:
        found: takes the findings about the manifest.
        fields: the manifest's.
        entries: those of courses or batches.
        sums: name of a total -> name of what it sums up in the entries.
        over: what the entries are for, such as ``courses``.
    """
    for total, part in sums.items():
        values = [entry[part] for entry in entries if is_count(entry.get(part))]
        if len(values) == len(entries):
            judge_total(found, total, fields.get(total), sum(values), f"the sum of {part} over the {over}")


def judge_identity(
    files: RunFiles, fields: Mapping[str, Any], slug_names: Sequence[str], *, slug_field: str, ours: bool
) -> None:
    """Report a version, run id or slug of a manifest that do not fit each other or the run's folder.

    Args:
        files: the run's folder. A folder that was copied elsewhere to be looked at may have any name.
        fields: its manifest's.
        slug_names: names under which programs state the slug.
        slug_field: the one that findings name.
        ours: whether this project wrote the manifest.
    """
    found = files.found.about(MANIFEST)
    slug, run_id = first_of(fields, slug_names), fields.get("run_id")
    _judge_schema_version(found, fields, ours=ours)
    _judge_run_id(found, run_id, slug if is_filled(slug) else None, ours=ours)
    if is_filled(slug) and files.root.parent.name == "runs":
        _judge_folder_name(found, slug_field, files.root.name, slug, run_id, ours=ours)


def _judge_schema_version(found: FileFindings, fields: Mapping[str, Any], *, ours: bool) -> None:
    """Report a version of our files that this validator does not know."""
    version = fields.get("schema_version")
    if ours and is_filled(version) and version != SCHEMA_VERSION:
        found.add(
            "schema_version", "schema_version_is_known", version,
            f"expected {SCHEMA_VERSION}; judge the run with the version of the project that wrote it",
        )  # fmt: skip


def _judge_run_id(found: FileFindings, run_id: Any, slug: str | None, *, ours: bool) -> None:
    """Report a run id that is no id. A legacy run has none, or null; an id of ours begins with its slug."""
    if run_id is None:
        return
    if not is_filled(run_id):
        found.add("run_id", "run_id_is_filled", run_id, "expected text, or null for a run that never had an id")
    elif ours and slug is not None and not run_id.startswith(f"{slug}_"):
        found.add("run_id", "run_id_begins_with_run_slug", run_id, f"expected {slug}_ and a time stamp")


def _judge_folder_name(found: FileFindings, name: str, folder: str, slug: str, run_id: Any, *, ours: bool) -> None:
    """Report a run slug, the field ``name``, that does not fit the name of the run's folder.

    A folder is named by the slug; by the run id once a later run took its place; by slug and stamp by other software.
    """
    prefix = f"{run_id}-" if ours else f"{slug}_"
    if folder not in (slug, run_id) and not folder.startswith(prefix):
        found.add(
            name, f"{name}_is_the_folder_name", slug,
            f"expected {folder}, the name of the folder; rename the folder or restore the manifest",
        )  # fmt: skip


def judge_prompt(files: RunFiles, file: str, fields: Mapping[str, Any]) -> None:
    """Report a prompt that is missing, empty, or not the one whose ``prompt_sha256`` the manifest states."""
    content = files.content(file)
    if content is not None and not content.strip():
        files.found.add(file, WHOLE_FILE, "prompt_is_filled", NOTHING, "expected the prompt that the run was made with")
    elif content is not None:
        judge_digest(files.found.about(file), content, fields, "prompt_sha256")


def judge_digest(found: FileFindings, content: bytes, fields: Mapping[str, Any], name: str) -> None:
    """Report a file whose SHA-256 is not the one that the manifest states as ``name``, where it states one."""
    stated, digest = fields.get(name), hashlib.sha256(content).hexdigest()
    if is_sha256(stated) and stated.lower() != digest:
        found.add(
            WHOLE_FILE, f"file_is_that_of_{name}", Words(f"SHA-256 {digest}"),
            f"expected {stated}, as the manifest says; restore the file that the run was made with",
        )  # fmt: skip


def is_ours(manifest: Mapping[str, Any], marks: Iterable[str]) -> bool:
    """Tell whether this project wrote the manifest: it has most of the fields that no other software is asked for."""
    known = [name in manifest for name in marks]
    return 2 * sum(known) > len(known)


def posix_path(recorded: Any) -> PurePosixPath | None:
    """Return a path that a manifest records, on whatever system it was written; None where there is none."""
    return PurePosixPath(recorded.replace("\\", "/")) if is_filled(recorded) else None


def first_of(values: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Return the value of the first of several names for the same field that is there and not null; else None."""
    return next((values[name] for name in names if values.get(name) is not None), None)
