"""The folder of a report: written by one at a time, and put in place of nothing but an older report.

Belongs here: what tells a report from other folders, and who may write it now. Does not belong here: the swap
(``folders``), what lies in the folder (``writing``).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painpoint_platform import folders
from painpoint_platform.errors import UserError
from painpoint_platform.warehouse import locking
from painpoint_platform.warehouse.locking import Deadline

MANIFEST = "manifest.json"
KIND = "painpoint report"


@contextmanager
def replacing_report(folder: Path, *, lock_timeout_s: float) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``folder`` when the block ends without an error.

    Raises:
        UserError: it cannot be written, or ``folder`` is something else than a report.
        WarehouseLockedError: another writer of the same folder did not finish in time.
    """
    _refuse_anything_else(folder)
    # The pages can be made again: a machine that dies costs nothing that is worth the wait for the disk.
    with locking.exclusive(folder, Deadline(lock_timeout_s)), folders.replacing_folder(folder, durable=False) as empty:
        yield empty


def forget_leftovers(folder: Path, *, lock_timeout_s: float) -> None:
    """Remove what killed writers of ``folder`` left beside it; one that is at work is waited for.

    Raises:
        WarehouseLockedError: it did not finish in time.
    """
    if folders.leftovers(folder):
        with locking.exclusive(folder, Deadline(lock_timeout_s)):
            folders.clear_leftovers(folder)


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
