"""A folder that is replaced whole: whoever opens it finds the old one or the new one, also when a writer is killed.

Belongs here: the swap, the lock, what a killed writer left. Does not belong here: what lies in the folder
(``writing``).
"""

import ctypes
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painpoint_platform.errors import UserError
from painpoint_platform.warehouse import locking
from painpoint_platform.warehouse.locking import Deadline

MANIFEST = "manifest.json"
KIND = "painpoint report"

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replacing_folder(folder: Path, *, lock_timeout_s: float) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``folder`` when the block ends without an error.

    Raises:
        UserError: it cannot be written, or ``folder`` is something else than a report.
        WarehouseLockedError: another writer of the same folder did not finish in time.
    """
    _refuse_anything_else(folder)
    unfinished = _unfinished(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locking.exclusive(folder, Deadline(lock_timeout_s)):
            clear_leftovers(folder)
            try:
                unfinished.mkdir()
                yield unfinished
                _swap(unfinished, folder)
            finally:
                clear_leftovers(folder)
    except OSError as error:
        raise UserError(
            f"{folder}: the report could not be written ({error.strerror or error}); an older one is unchanged. "
            "Free space on that disk, or choose another folder with --out"
        ) from error


def forget_leftovers(folder: Path, *, lock_timeout_s: float) -> None:
    """Remove what killed writers of ``folder`` left beside it; one that is at work is waited for.

    Raises:
        WarehouseLockedError: it did not finish in time.
    """
    if folder.parent.is_dir() and (_unfinished(folder).exists() or _replaced(folder).exists()):
        with locking.exclusive(folder, Deadline(lock_timeout_s)):
            clear_leftovers(folder)


def clear_leftovers(folder: Path) -> None:
    """Remove what a writer of ``folder`` that was killed left beside it; the caller holds the folder's lock."""
    for leftover in (_unfinished(folder), _replaced(folder)):
        if leftover.exists():
            shutil.rmtree(leftover)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a report; None where ``folder`` is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("kind") == KIND else None


def _refuse_anything_else(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder}: is no folder of its own; choose another place with --out")
    if folder.exists() and any(folder.iterdir()) and read_manifest(folder) is None:
        raise UserError(
            f"{folder}: has files in it and is no report, so it is not replaced; choose an empty or a new folder"
        )


def _swap(finished: Path, folder: Path) -> None:
    if not folder.exists():
        finished.rename(folder)
    elif not _exchanged(finished, folder):
        # Between these two there is no report; a writer that is killed just there is made good by the next one.
        folder.rename(_replaced(folder))
        finished.rename(folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change names in one step, where the system can: Linux, on most file systems."""
    if not sys.platform.startswith("linux"):
        return False
    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if exchange is None:
        return False
    return bool(exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _replaced(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")
