"""The analysts' copy of gold, and a hash of what tables hold.

Belongs here: reading the warehouse as a whole, to publish it or to compare it. Does not belong here: writing to it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from painpoint_platform import locking
from painpoint_platform.errors import UserError
from painpoint_platform.files import sync
from painpoint_platform.locking import Deadline
from painpoint_platform.warehouse.names import literal, quoted, quoted_list

_COPY = "analysts_copy"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was published: the file, its size in bytes and the rows of each table."""

    path: Path
    size_bytes: int
    row_counts: dict[str, int]


def write_snapshot(
    connection: duckdb.DuckDBPyConnection, path: Path, *, schema: str = "gold", lock_timeout_s: float = 300
) -> Snapshot:
    """Write a compact copy of ``schema`` to ``path``, replacing the old copy by an atomic rename.

    Views become tables, comments go along. A reader that has the old file open keeps it. When anything fails, the old
    copy stays and no other file is left.

    Args:
        connection: the warehouse, open for reading.
        path: file of the copy.
        schema: what to copy.
        lock_timeout_s: how long to wait for another snapshot that is being written to the same place.

    Raises:
        UserError: the disk is full or the folder cannot be written to.
        WarehouseLockedError: another snapshot did not finish in time.
    """
    with locking.exclusive(path, Deadline(lock_timeout_s)):
        with _temporary_sibling(path) as unfinished:
            counts = _copy(connection, schema, unfinished)
            _verify(unfinished, counts)
            sync(unfinished)
            # A log that an analyst's killed shell left beside the old copy does not belong to the new one.
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
            os.replace(unfinished, path)
        sync(path.parent)
    return Snapshot(path, path.stat().st_size, counts)


def export_hash(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[str], exclude_columns: Iterable[str] = ()
) -> str:
    """Return the SHA-256 over the rows of ``tables``, whatever the order in which they are stored.

    Two warehouses with the same hash hold the same rows, duplicates counted. ``exclude_columns`` are left out where
    they occur: times of writing, for example.
    """
    excluded = set(exclude_columns)
    digest = hashlib.sha256()
    for table in tables:
        columns = sorted(name for (name, *_) in connection.execute(f"describe {quoted(table)}").fetchall())
        kept = quoted_list(name for name in columns if name not in excluded)
        # JSON tells null from 'null' and 1 from '1'; a plain cast to text does not.
        row = connection.execute(
            "select count(*), sha256(coalesce(string_agg(row_hash, '' order by row_hash), '')) "
            f"from (select sha256(to_json(row_of_table)::varchar) as row_hash "
            f"from (select {kept} from {quoted(table)}) as row_of_table)"
        ).fetchone()
        digest.update(repr((table, kept, row)).encode())
    return digest.hexdigest()


@contextmanager
def _temporary_sibling(path: Path) -> Iterator[Path]:
    """Yield a name in the same folder (a rename is atomic only there); nothing remains of it afterwards.

    Whoever calls this holds the lock of ``path``, so one fixed name will do, and what a killed run left is cleared.
    """
    unfinished = path.with_name(f".{path.name}.new")
    leftovers = (unfinished, unfinished.with_name(unfinished.name + ".wal"))
    try:
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        yield unfinished
    except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
        raise UserError(
            f"{path}: the snapshot could not be written; the old one is unchanged. "
            f"Free space on that disk, or choose another place with ANALYTICS_PATH. Found: {error}"
        ) from error
    finally:
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, target: Path) -> dict[str, int]:
    """Copy the schema to a new database file and return the number of rows written to each table."""
    connection.execute(f"attach {literal(str(target))} as {_COPY} (read_write)")
    try:
        connection.execute(f"create schema if not exists {_COPY}.{quoted(schema)}")
        counts = {}
        for name, comment in _relations(connection, schema):
            copy = f"{_COPY}.{schema}.{name}"
            row = connection.execute(
                f"create table {quoted(copy)} as select * from {quoted(f'{schema}.{name}')}"
            ).fetchone()
            counts[f"{schema}.{name}"] = int(row[0]) if row else 0
            connection.execute(f"comment on table {quoted(copy)} is {literal(comment)}")
            for column, meaning in _column_comments(connection, schema, name):
                connection.execute(f"comment on column {quoted(f'{copy}.{column}')} is {literal(meaning)}")
    finally:
        connection.execute(f"detach {_COPY}")
    return counts


def _relations(connection: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[str, str | None]]:
    return connection.execute(
        "select table_name, comment from duckdb_tables() where database_name = current_database() and schema_name = $1 "
        "union all select view_name, comment from duckdb_views() "
        "where database_name = current_database() and schema_name = $1 order by all",
        [schema],
    ).fetchall()


def _column_comments(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2 and comment is not null",
        [schema, name],
    ).fetchall()


def _verify(path: Path, counts: dict[str, int]) -> None:
    """Open the finished file and count, so that what is published is known to be readable and whole."""
    with closing(duckdb.connect(path, read_only=True)) as copy:
        found = {}
        for table in counts:
            row = copy.execute(f"select count(*) from {quoted(table)}").fetchone()
            found[table] = int(row[0]) if row else 0
    if found != counts:
        raise duckdb.IOException(f"the copy has {found} rows instead of {counts}")
