"""Writing database files anew, so that nothing of deleted rows stays in their free blocks.

Belongs here: DuckDB files and SQLite files as files. Does not belong here: deleting the rows (``removal``, the stores).

A deleted row's bytes stay in the file until its block is used again. DuckDB has no command that overwrites them, so the
warehouse is copied, table by table, into a new file that takes its place; SQLite rewrites itself (``vacuum``).
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from painpoint_platform import locking
from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.files import sync
from painpoint_platform.locking import Deadline
from painpoint_platform.warehouse.names import literal, quoted

SQLITE_TIMEOUT_S = 30.0
_COPY = "rewritten"


def rewrite_warehouse(path: Path, *, lock_timeout_s: float) -> int:
    """Copy the warehouse into a new file and put that in its place, alone. Returns its size in bytes.

    Schema, comments, keys and row order go along. A process that is killed on the way leaves the old file.

    Raises:
        WarehouseLockedError: it stayed locked for ``lock_timeout_s``.
        UserError: the disk is full or the folder cannot be written to; the old file is unchanged.
    """
    unfinished = path.with_name(f".{path.name}.new")
    leftovers = (unfinished, unfinished.with_name(unfinished.name + ".wal"))
    with locking.exclusive(path, Deadline(lock_timeout_s)):
        try:
            _clear(leftovers)
            with closing(duckdb.connect(path)) as connection:
                # Without this, whatever is still in the log would be left beside the new file.
                connection.execute("force checkpoint")
                counts = _row_counts(connection)
                connection.execute(f"attach {literal(str(unfinished))} as {_COPY}")
                row = connection.execute("select current_database()").fetchone()
                assert row
                connection.execute(f"copy from database {quoted(row[0])} to {_COPY}")
                connection.execute(f"detach {_COPY}")
            with closing(duckdb.connect(unfinished, read_only=True)) as copy:
                if _row_counts(copy) != counts:
                    raise duckdb.IOException("the copy does not have the rows of the original")
            sync(unfinished)
            os.replace(unfinished, path)
            sync(path.parent)
            # What a killed process spilled to disk is nobody's any more: the warehouse is ours alone.
            shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)
        except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
            raise UserError(
                f"{path}: could not be rewritten; the rows are deleted, but the file may still hold their bytes. Free "
                f"space on that disk (as much as the file has) and run the command again. Found: {error}"
            ) from error
        finally:
            _clear(leftovers)
    return path.stat().st_size


def rewrite_sqlite(path: Path) -> None:
    """Rewrite a SQLite file without its free pages, and empty its log. Another process may have it open.

    Raises:
        TransientError: another process kept it busy.
    """
    try:
        with closing(sqlite3.connect(path, timeout=SQLITE_TIMEOUT_S, isolation_level=None)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.execute("vacuum")
            # In write-ahead mode the new pages are in the log, and the old ones in the file, until this is done.
            busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise TransientError(f"{path}: {error}; end the process that uses it and run the command again") from None
    if busy:
        raise TransientError(f"{path}: another process is reading it; end that process and run the command again")


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database() "
        "order by all"
    ).fetchall()
    counts = {}
    for (table,) in tables:
        row = connection.execute(f"select count(*) from {quoted(table)}").fetchone()
        counts[table] = int(row[0]) if row else 0
    return counts


def _clear(paths: tuple[Path, ...]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
