"""Who may open a file now: an advisory reader-writer lock beside the warehouse, the analysts' copy, the report, …

Belongs here: taking and releasing the lock between processes and between threads, and naming whoever holds it.
Does not belong here: opening what is locked (``warehouse.connection`` and others); nothing here knows what that is.

Beside ``painpoint.duckdb``, say, lies a folder ``painpoint.duckdb.locks`` with two empty files and one note a holder:

- ``lock`` is held shared by readers and exclusive by a writer;
- ``gate`` is held by whoever waits for ``lock``. A waiting writer thus stops new readers while the present ones
  finish, so that a stream of overlapping readers cannot starve it, nor a stream of writers a reader;
- ``<pid>-<n>.json`` says who a holder is. It is locked as long as its holder lives, so a note that can be locked
  belongs to a dead process.

The files are locked with flock(2): such a lock belongs to the open file, so two threads exclude each other like two
processes, and the kernel frees it when the holder dies, however it dies. POSIX record locks (``fcntl.lockf``, and so
``fasteners``) belong to the process: two threads would both get in, and closing any handle would drop the lock of all.
"""

import errno
import fcntl
import itertools
import json
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from painpoint_platform.errors import UserError, WarehouseLockedError

Mode = Literal["reading", "writing"]

# One range for every attempt: with exponential backoff whoever has waited longest would knock least often.
_PAUSE_S = (0.002, 0.03)
_COMMAND_LENGTH = 120
SUFFIX = ".locks"
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Holder:
    """One process that holds a lock."""

    pid: int
    host: str
    mode: Mode
    command: str
    since: str

    def __str__(self) -> str:
        place = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"process {self.pid}{place} ({self.command}), {self.mode} since {self.since}"


class Deadline:
    """The end of a wait, shared by all that is waited for on the way to one connection."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s

    def pause(self) -> bool:
        """Sleep a random moment; return False, without sleeping, once the time is over."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            return False
        time.sleep(min(remaining, random.uniform(*_PAUSE_S)))
        return True


@contextmanager
def shared(path: Path, deadline: Deadline) -> Iterator[None]:
    """Hold what lies at ``path`` for reading, together with other readers.

    A thread that already reads may do so again. See ``exclusive`` for the errors.
    """
    with _held(path, "reading", deadline):
        yield


@contextmanager
def exclusive(path: Path, deadline: Deadline) -> Iterator[None]:
    """Hold what lies at ``path`` for writing, alone.

    Raises:
        WarehouseLockedError: the time was over before the lock was free. Names the processes that hold it.
        UserError: the folder beside it cannot be made or written to.
        RuntimeError: this thread already holds it, so that waiting for it would never end.
    """
    with _held(path, "writing", deadline):
        yield


def holders(path: Path) -> list[Holder]:
    """Return the processes that hold ``path`` now; notes of dead ones are removed."""
    found = []
    for note in sorted(_folder(path).glob("*.json")):
        with suppress(FileNotFoundError, ValueError), note.open() as file:
            if _try_lock(file.fileno(), fcntl.LOCK_SH, path):
                note.unlink()
            else:
                found.append(Holder(**json.load(file)))
    return found


def locked_message(path: Path, deadline: Deadline, holder: str) -> str:
    """Say that the wait is over and who is in the way."""
    return (
        f"{path} stayed locked for {deadline.timeout_s:g} s, held by {holder}. "
        "Wait for that process or end it; WAREHOUSE_LOCK_TIMEOUT_S sets how long to wait"
    )


class _ThreadHoldings(threading.local):
    """What the present thread holds: mode and nesting depth by path."""

    def __init__(self) -> None:
        self.by_path: dict[Path, tuple[Mode, int]] = {}


_holdings = _ThreadHoldings()


@contextmanager
def _held(path: Path, mode: Mode, deadline: Deadline) -> Iterator[None]:
    key = path.resolve()
    held_mode, depth = _holdings.by_path.get(key, (mode, 0))
    if depth and "writing" in (held_mode, mode):
        raise RuntimeError(
            f"this thread is {held_mode} {path} and asks for {mode}: use the open connection, or close it first"
        )
    if depth:
        # Going through the gate again would wait for a writer who waits for this very thread.
        _holdings.by_path[key] = (mode, depth + 1)
        try:
            yield
        finally:
            _holdings.by_path[key] = (mode, depth)
        return
    with _locked(path, mode, deadline):
        _holdings.by_path[key] = (mode, 1)
        try:
            yield
        finally:
            del _holdings.by_path[key]


@contextmanager
def _locked(path: Path, mode: Mode, deadline: Deadline) -> Iterator[None]:
    folder = _folder(path)
    handles: list[int] = []
    try:
        lock, gate = (_open(folder, name, handles) for name in ("lock", "gate"))
        _wait(path, gate, fcntl.LOCK_EX, deadline)
        _wait(path, lock, fcntl.LOCK_EX if mode == "writing" else fcntl.LOCK_SH, deadline)
        fcntl.flock(gate, fcntl.LOCK_UN)
        with _note(folder, mode):
            yield
    finally:
        for handle in handles:
            os.close(handle)


def _folder(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _open(folder: Path, name: str, handles: list[int]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _no_lock_there(folder, error) from error
    handles.append(handle)
    return handle


def _no_lock_there(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"{folder}: cannot keep a lock there ({error.strerror}); make the folder around it writable and free some "
        f"space, or choose another place for {folder.name.removesuffix(SUFFIX)}"
    )


def _wait(path: Path, handle: int, operation: int, deadline: Deadline) -> None:
    while not _try_lock(handle, operation, path):
        if not deadline.pause():
            names = "; ".join(map(str, holders(path))) or "a process that is just starting or waiting"
            raise WarehouseLockedError(locked_message(path, deadline, names))


def _try_lock(handle: int, operation: int, path: Path) -> bool:
    try:
        fcntl.flock(handle, operation | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise UserError(
            f"{path}: its file system knows no locks ({error.strerror}); choose a place on a local disk"
        ) from error
    return True


@contextmanager
def _note(folder: Path, mode: Mode) -> Iterator[None]:
    if mode == "writing":
        # A writer is alone, so every other note was left by a process that was killed.
        for stale in folder.glob("*.json"):
            stale.unlink(missing_ok=True)
    path = folder / f"{os.getpid()}-{next(_serial)}.json"
    holder = Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        mode=mode,
        command=" ".join(sys.argv)[:_COMMAND_LENGTH],
        since=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    handle = _held_note(path, json.dumps(asdict(holder)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _held_note(path: Path, text: str) -> int:
    """Write a note, and return the handle by which this process holds it."""
    handle = -1
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, text.encode())
    except OSError as error:
        path.unlink(missing_ok=True)
        if handle >= 0:
            os.close(handle)
        raise _no_lock_there(path.parent, error) from error
    return handle
