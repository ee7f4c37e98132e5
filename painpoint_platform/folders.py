"""Folders that are replaced whole: whoever opens one finds the older or the new one, also when a writer is killed.

Belongs here: the swap of two folders, and what a killed writer left. Does not belong here: single files (``files``),
run folders, of which older ones are kept (``courses.run_folder``), what lies in a folder (the domains).

A folder is written as ``.<name>.new`` and then changes names with the older one, in one step where the system can. Its
writer holds it by flock(2), which the kernel ends with the process: what can be locked was left by a dead one.
"""

import ctypes
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from painpoint_platform.errors import UserError
from painpoint_platform.files import sync, sync_tree

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_PAUSE_S = 0.02


@contextmanager
def replacing_folder(target: Path, *, durable: bool = True, wait_s: float = 0) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``target`` when the block ends without an error.

    Args:
        target: where the folder shall be; what is there now is removed. The folder around it is made where there is
            none.
        durable: wait for the disk. Without it the folder survives the end of the process, not that of the machine.
        wait_s: longest wait for another writer of the same folder to end, in seconds.

    Raises:
        UserError: the folder cannot be written, or another process is writing it; an older one is unchanged.
    """
    try:
        handle = _taken(target, time.monotonic() + wait_s)
        try:
            yield _unfinished(target)
            if durable:
                sync_tree(_unfinished(target))
            with locked(target.parent):
                _swap(target)
                _remove_leftovers(target)
                if durable:
                    sync(target.parent)
        except BaseException:
            shutil.rmtree(_unfinished(target), ignore_errors=True)
            raise
        finally:
            os.close(handle)
    except OSError as error:
        raise UserError(
            f"{target}: could not be written ({error.strerror or error}); an older one is unchanged. Free space on "
            "that disk, or choose another folder"
        ) from error


def leftovers(target: Path) -> list[Path]:
    """Return what writers of ``target``, killed ones or at work, have beside it now."""
    return [path for path in (_unfinished(target), _older(target)) if path.exists()]


def clear_leftovers(target: Path, *, wait_s: float = 0) -> bool:
    """Remove what killed writers of ``target`` left beside it; one that is at work keeps its folder.

    Args:
        target: the folder that they wrote.
        wait_s: longest wait for one that is at work, in seconds.

    Returns:
        Whether nothing is left; False where a writer is still at work.

    Raises:
        OSError: something of it cannot be removed.
    """
    end = time.monotonic() + wait_s
    while target.parent.is_dir():
        with locked(target.parent):
            if not _is_held(_unfinished(target)):
                _remove_leftovers(target)
                return True
        if not _paused(end):
            return False
    return True


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Let one process or thread at a time into the block; the kernel lets go of the lock when its holder dies.

    Raises:
        BlockingIOError: another one is in the block, and it is not to be waited for.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _taken(target: Path, end: float) -> int:
    """Make the new folder, and return the handle by which this process holds it; wait for others until ``end``."""
    unfinished = _unfinished(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with locked(target.parent):
            if not _is_held(unfinished):
                _remove_leftovers(target)
                unfinished.mkdir()
                handle = os.open(unfinished, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
                return handle
        if not _paused(end):
            raise UserError(f"{target}: another process is writing it; wait for that one to end")


def _paused(end: float) -> bool:
    """Sleep a moment; return False, without sleeping, once the time is over."""
    if time.monotonic() >= end:
        return False
    time.sleep(_PAUSE_S)
    return True


def _is_held(folder: Path) -> bool:
    if not folder.exists():
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _remove_leftovers(target: Path) -> None:
    for leftover in leftovers(target):
        shutil.rmtree(leftover)


def _swap(target: Path) -> None:
    finished, older = _unfinished(target), _older(target)
    if not target.exists():
        finished.rename(target)
    elif not _exchanged(finished, target):
        # Between these two there is neither; a writer that is killed just there is made good by the next one.
        target.rename(older)
        try:
            finished.rename(target)
        except OSError:
            older.rename(target)
            raise


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change names in one step, where the system can: Linux, on most file systems."""
    if not sys.platform.startswith("linux"):
        return False
    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if exchange is None:
        return False
    return bool(exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def _older(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
