"""The folder of a report: written by one at a time, and put in place of nothing but an older report.

Belongs here: what tells a report from other folders, who may write it now, and keeping what is not of the report. Does
not belong here: the swap (``folders``), what lies in the folder (``writing``).
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painpoint_platform import folders
from painpoint_platform.errors import UserError

MANIFEST = "manifest.json"
KIND = "painpoint report"


@contextmanager
def replacing_report(folder: Path, *, wait_s: float) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``folder`` when the block ends without an error.

    What somebody put into the older report, beside the files that its manifest names, is kept.

    Raises:
        UserError: it cannot be written, ``folder`` is something else than a report, or another writer of it did not
            finish in time.
    """
    _refuse_anything_else(folder)
    # The pages can be made again: a machine that dies costs nothing that is worth the wait for the disk.
    with folders.replacing_folder(folder, durable=False, wait_s=wait_s) as empty:
        yield empty
        _keep_what_others_put_there(folder, empty)


def forget_leftovers(folder: Path, *, wait_s: float) -> None:
    """Remove what killed writers of ``folder`` left beside it; one that is at work is waited for.

    Raises:
        UserError: it did not finish in time.
    """
    if folders.leftovers(folder) and not folders.clear_leftovers(folder, wait_s=wait_s):
        raise UserError(f"{folder}: another process is writing it; wait for that one to end")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a report; None where ``folder`` is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("kind") == KIND else None


def _keep_what_others_put_there(older: Path, newer: Path) -> None:
    ours = {MANIFEST, *(read_manifest(older) or {}).get("files", ())}
    for path in sorted(older.rglob("*")):
        kept = newer / path.relative_to(older)
        is_file = path.is_symlink() or not path.is_dir()
        if is_file and str(path.relative_to(older)) not in ours and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, kept, follow_symlinks=False)


def _refuse_anything_else(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder}: is no folder of its own; choose another place with --out")
    if folder.exists() and any(folder.iterdir()) and read_manifest(folder) is None:
        raise UserError(
            f"{folder}: has files in it and is no report, so it is not replaced; choose an empty or a new folder"
        )
