"""Opening the warehouse: the lock, DuckDB, the schema's version, one transaction, and always closed.

Belongs here: the life of a connection and the errors that a person can mend on the way. Does not belong here: the lock
itself (``locking``), what is read or written (the domains).

Hold a connection only for the load: fetching, embedding and model calls happen outside.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from painpoint_platform import locking
from painpoint_platform.errors import UserError, WarehouseLockedError
from painpoint_platform.locking import Deadline
from painpoint_platform.warehouse.migrations import Migration, load_migrations, migrate, pending

DEFAULT_LOCK_TIMEOUT_S = 300.0

_FOREIGN_HOLDER = re.compile(r"lock is held in (?P<command>.+) \(PID (?P<pid>\d+)\)")
_LOCKED = "Could not set lock on file"
_DAMAGED = re.compile(
    r"not a valid DuckDB database|corrupt|checksum|not read enough bytes|does not match database", re.I
)
_OTHER_DUCKDB = re.compile(r"database file with version number|newer version of DuckDB|storage version", re.I)
_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded|Out of disk space", re.I)


@contextmanager
def open_read(
    path: Path,
    *,
    lock_timeout_s: float = DEFAULT_LOCK_TIMEOUT_S,
    config: Mapping[str, Any] | None = None,
    migrations: tuple[Migration, ...] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse read-only, beside other readers. A missing or older file is first created or migrated.

    Raises:
        WarehouseLockedError: it stayed locked for ``lock_timeout_s``; names the process that holds it.
        UserError: the file is damaged, from a newer version, or cannot be opened.
    """
    migrations = load_migrations() if migrations is None else migrations
    deadline = Deadline(lock_timeout_s)
    if not path.exists():
        _bring_up_to_date(path, deadline, config, migrations)
    with (
        _explained(path),
        locking.shared(path, deadline),
        closing(_connect(path, deadline, config, True)) as connection,
    ):
        if not pending(connection, migrations):
            yield connection
            return
    _bring_up_to_date(path, deadline, config, migrations)
    with (
        _explained(path),
        locking.shared(path, deadline),
        closing(_connect(path, deadline, config, True)) as connection,
    ):
        yield connection


@contextmanager
def open_write(
    path: Path,
    *,
    lock_timeout_s: float = DEFAULT_LOCK_TIMEOUT_S,
    config: Mapping[str, Any] | None = None,
    migrations: tuple[Migration, ...] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse alone, in one transaction: committed when the body ends, rolled back when it raises.

    A missing or older file is first created or migrated, in transactions of its own.

    Raises:
        WarehouseLockedError: it stayed locked for ``lock_timeout_s``; names the process that holds it.
        UserError: the file is damaged, from a newer version, cannot be opened, or the disk is full.
    """
    migrations = load_migrations() if migrations is None else migrations
    deadline = Deadline(lock_timeout_s)
    with _explained(path), _open_migrated(path, deadline, config, migrations) as connection:
        connection.begin()
        try:
            yield connection
            connection.commit()
        except BaseException:
            # DuckDB has already rolled back after a failed commit, and refuses everything after a failed write to disk.
            with suppress(duckdb.Error):
                connection.rollback()
            raise


@contextmanager
def _open_migrated(
    path: Path, deadline: Deadline, config: Mapping[str, Any] | None, migrations: tuple[Migration, ...]
) -> Iterator[duckdb.DuckDBPyConnection]:
    with locking.exclusive(path, deadline):
        if not path.exists():
            _create(path, deadline, config, migrations)
        with closing(_connect(path, deadline, config, False)) as connection:
            migrate(connection, migrations)
            yield connection


def _bring_up_to_date(
    path: Path, deadline: Deadline, config: Mapping[str, Any] | None, migrations: tuple[Migration, ...]
) -> None:
    with _explained(path), _open_migrated(path, deadline, config, migrations):
        pass


def _create(
    path: Path, deadline: Deadline, config: Mapping[str, Any] | None, migrations: tuple[Migration, ...]
) -> None:
    """Make the file under another name first: a process killed on the way leaves no half-made warehouse.

    The tables must be in the file when it gets its name, for its log keeps the old one: closing alone writes them
    there, but says nothing where the disk is full.
    """
    log = path.with_name(path.name + ".wal")
    if log.exists():
        raise UserError(
            f"{path} is missing but its log {log.name} is there; put the warehouse back beside its log, "
            "or move the log away to start an empty one"
        )
    unfinished = path.with_name(f".{path.name}.new")
    leftovers = (unfinished, unfinished.with_name(unfinished.name + ".wal"))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    try:
        with closing(_connect(unfinished, deadline, config, False)) as connection:
            migrate(connection, migrations)
            connection.execute("checkpoint")
        os.replace(unfinished, path)
    finally:
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)


def _connect(
    path: Path, deadline: Deadline, config: Mapping[str, Any] | None, read_only: bool
) -> duckdb.DuckDBPyConnection:
    while True:
        try:
            connection = duckdb.connect(path, read_only=read_only, config=dict(config or {}))
            break
        except duckdb.IOException as error:
            if _LOCKED not in str(error):
                raise UserError(_cannot_open(path, error)) from error
            # Someone who knows nothing of our lock has the file open: a DuckDB shell, a notebook.
            if not deadline.pause():
                raise WarehouseLockedError(locking.locked_message(path, deadline, _foreign_holder(error))) from error
    # Timestamps are stored naive and in UTC; without this an aware one would be converted to the machine's own zone.
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _foreign_holder(error: duckdb.IOException) -> str:
    match = _FOREIGN_HOLDER.search(str(error))
    return f"process {match['pid']} ({match['command']}), which opened the file itself" if match else str(error)


def _cannot_open(path: Path, error: duckdb.Error) -> str:
    advice = _advice(error) or "cannot be opened; check that the folder exists and that you may write to it"
    return f"{path}: {advice}. DuckDB says: {error}"


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about the file into ones that say what to do; errors about SQL pass unchanged."""
    try:
        yield
    except duckdb.Error as error:
        # A disk that fills up during the commit is a TransactionException, during a checkpoint a FatalException; DuckDB
        # 2.0 raises the bare base class for a wrong checksum.
        kinds = duckdb.IOException | duckdb.TransactionException | duckdb.FatalException
        about_the_file = isinstance(error, kinds) or type(error) is duckdb.Error
        advice = _advice(error) if about_the_file else None
        if advice is None:
            raise
        raise UserError(f"{path}: {advice}. DuckDB says: {error}") from error


def _advice(error: duckdb.Error) -> str | None:
    text = str(error)
    if _DISK_FULL.search(text):
        return "the disk is full; nothing of this transaction was kept, free some space and run again"
    if _OTHER_DUCKDB.search(text):
        return "written by another version of DuckDB; install the version that pyproject.toml pins, or a newer one"
    if _DAMAGED.search(text):
        return (
            "not a readable DuckDB database; nothing was changed. Restore it from a backup, or move it away "
            "(with its .wal) and materialise the days again; the analysts' copy holds gold as of its last snapshot"
        )
    return None
