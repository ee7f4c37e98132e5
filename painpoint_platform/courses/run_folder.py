"""Folders of artefacts that appear whole or not at all, and the names that runs go by.

Belongs here: what Stage 2 and Stage 3 share: slugs, run ids, fingerprints, publishing a folder. Does not belong here:
what lies in a run's folder (``stage2_folder``, ``stage3_folder``), how its manifest writes values (``run_records``).

A folder is published in four steps under a lock of its parent: it is written as ``.<name>.partial``, renamed to
``.<name>.complete``, an older run is renamed to its own run id, and the new one takes the name. At whatever step a
process dies, ``recover`` tells by these names what there is: a partial folder is thrown away, a complete one without an
older run in its place is the run.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.run_records import SCHEMA_VERSION
from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing, sync, sync_tree
from painpoint_platform.folders import locked

MANIFEST = "manifest.json"
RUN_STAMP = "%Y%m%dT%H%M%SZ"

# Room for a stamp and the marks of ``publish_folder`` within the 255 bytes that file systems allow.
_LONGEST_SLUG = 160
_DIGEST_LENGTH = 8
_SEPARATORS = re.compile(r"[\s/:]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SAFE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST_SLUG - 1}}}")


def safe_slug(text: str) -> str:
    """Return ``text`` as a file name of letters, digits, ``.``, ``_`` and ``-`` that is not hidden.

    Blanks, slashes and colons become ``-``. A text that cannot be kept otherwise (other characters, too long) is marked
    with a digest, so that two texts do not meet in one name.
    """
    slug = _SEPARATORS.sub("-", text.strip())
    return slug if _SAFE.fullmatch(slug) else _marked(slug, text)


def file_stem(course_code: str) -> str:
    """Return the name of a course's files: its code, or where that is no safe file name, one that is its alone."""
    return course_code if _SAFE.fullmatch(course_code) else _marked(course_code, course_code)


def stage2_run_slug(model: str, corpus: str) -> str:
    """Return the name of a Stage-2 run: ``<model>_s2_cluster_<corpus>``."""
    return safe_slug(f"{model}_s2_cluster_{corpus}")


def stage3_run_slug(model: str, corpus: str) -> str:
    """Return the name of a Stage-3 run: ``<model>_s3_global_<corpus>``."""
    return safe_slug(f"{model}_s3_global_{corpus}")


def run_dir_of(artifacts: Path, stage: str, run_slug: str) -> Path:
    """Return where a run of ``stage2`` or ``stage3`` lies among the artefacts."""
    return artifacts / stage / "runs" / run_slug


def new_run_id(run_dir: Path, now: datetime | None = None) -> str:
    """Return ``<run_slug>_<UTC stamp>`` for a run that will be published as ``run_dir``.

    The stamp has seconds; a run that follows within the same second gets the next one that is free.
    """
    stamp = now or datetime.now(UTC)
    while True:
        run_id = f"{run_dir.name}_{stamp.strftime(RUN_STAMP)}"
        if not (run_dir.parent / run_id).exists() and _recorded_run_id(run_dir) != run_id:
            return run_id
        stamp += timedelta(seconds=1)


def fingerprint(rows: pl.DataFrame, *parts: str) -> str:
    """Return the SHA-256 over everything a run depends on: its input rows, in their order, and ``parts``.

    Args:
        rows: what the run is made from.
        parts: the prompt's SHA-256, the models' identities, settings that change the result.
    """
    digest = hashlib.sha256("\0".join((SCHEMA_VERSION, *parts)).encode())
    digest.update(rows.write_ndjson().encode())
    return digest.hexdigest()


def read_manifest(run_dir: Path) -> dict[str, Any]:
    """Read a run's manifest.

    Raises:
        UserError: it is missing or is not a JSON object; names the file and the place.
    """
    path = run_dir / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: there is no manifest; {run_dir} is not the folder of a run") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}); restore the file or run the stage again") from None
    if not isinstance(manifest, dict):
        raise UserError(f"{path}: found a JSON {type(manifest).__name__}, expected an object")
    return manifest


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON for people and programs: indented, in the order given, UTF-8, without NaN."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def replace_file(path: Path, content: bytes) -> None:
    """Let a file that several processes may write appear, whole and on disk; its folder is made where there is none.

    Raises:
        UserError: the file could not be written; an older one is unchanged.
    """
    with _mendable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent), replacing(path) as file:
            file.write(content)


def publish_folder(target: Path, write: Callable[[Path], None], superseded_name: str) -> None:
    """Have ``write`` fill a new folder, and let it appear as ``target``, whole and on disk.

    Args:
        target: the run's folder, ``runs/<run_slug>``.
        write: fills an empty folder.
        superseded_name: where an older ``target`` is kept, beside it; see ``published_run_id``.

    Raises:
        UserError: the folder could not be written; an older one is unchanged.
    """
    with _mendable(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent):
            _recover(target)
            partial, complete = _partial(target), _complete(target)
            try:
                partial.mkdir()
                write(partial)
                sync_tree(partial)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            partial.rename(complete)
            if target.exists():
                target.rename(_free_sibling(target, superseded_name))
            complete.rename(target)
            sync(target.parent)


def recover(target: Path) -> None:
    """Finish or clear away what a process that died while publishing ``target`` left. Does nothing otherwise.

    Raises:
        UserError: a folder cannot be renamed or removed.
    """
    if target.parent.is_dir():
        with _mendable(target), locked(target.parent):
            _recover(target)


def published_run_id(run_dir: Path) -> str:
    """Return the name under which a run is kept when another takes its place: its run id, made safe for file names.

    A run without one (legacy) is named by the time at which its folder was last changed.
    """
    if run_id := _recorded_run_id(run_dir):
        return safe_slug(run_id)
    changed = datetime.fromtimestamp(run_dir.stat().st_mtime, UTC) if run_dir.exists() else datetime.now(UTC)
    return f"{run_dir.name}_{changed.strftime(RUN_STAMP)}"


def _recorded_run_id(run_dir: Path) -> str | None:
    """A run whose manifest cannot be read has no id; it is still kept when another takes its place."""
    try:
        run_id = read_manifest(run_dir).get("run_id")
    except UserError:
        return None
    return run_id if isinstance(run_id, str) and run_id else None


def _recover(target: Path) -> None:
    partial, complete = _partial(target), _complete(target)
    if partial.exists():
        shutil.rmtree(partial)
    if complete.exists() and not target.exists():
        complete.rename(target)
    elif complete.exists():
        # Renamed first: a removal that is cut short must not leave something that looks complete.
        complete.rename(partial)
        shutil.rmtree(partial)


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


def _complete(target: Path) -> Path:
    return target.with_name(f".{target.name}.complete")


def _free_sibling(target: Path, name: str) -> Path:
    sibling, number = target.with_name(name), 1
    while sibling.exists():
        number += 1
        sibling = target.with_name(f"{name}-{number}")
    return sibling


@contextmanager
def _mendable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path}: could not be written ({error}); what was there is unchanged. Free space or mend the permissions"
        ) from error


def _marked(name: str, text: str) -> str:
    readable = _UNSAFE.sub("-", name).lstrip(".-")[: _LONGEST_SLUG - _DIGEST_LENGTH - 1]
    return f"{readable}-{_digest(text)}".lstrip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
