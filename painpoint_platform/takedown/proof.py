"""The proof of a takedown: a search for every text of the target in everything that the platform wrote.

Belongs here: searching, and what remains where. Does not belong here: removing it.

The search has two halves. DuckDB compresses what it stores, so bytes alone prove nothing about its tables: every value
of every column that can hold text is read and searched. And what was deleted is no value any more, so every file is
searched as bytes, free blocks and logs included.
"""

import mmap
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from painpoint_platform.takedown.places import kind_of
from painpoint_platform.takedown.traces import Traces
from painpoint_platform.warehouse.names import quoted

_ROWS_AT_ONCE = 20_000
# Types whose values can hold somebody's words.
_WORDLESS = (
    "^(bigint|integer|smallint|tinyint|hugeint|u[a-z]*int[a-z]*|double|float|boolean|date|time.*|decimal.*|uuid|enum.*)"
    "$"
)


@dataclass(frozen=True, slots=True)
class Remainder:
    """Something of the target that is still there, or a file in which that cannot be told."""

    path: Path
    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was searched and what is left.

    Attributes:
        files: files that were read.
        size_bytes: their bytes.
        values: values of tables that were read.
        remainders: what is left; empty = the target is proven gone.
    """

    files: int
    size_bytes: int
    values: int
    remainders: tuple[Remainder, ...]


def search(files: Iterable[Path], traces: Traces) -> Proof:
    """Search files for traces. A database that nobody can open is a remainder, too: it proves nothing."""
    count, size, values = 0, 0, 0
    remainders: list[Remainder] = []
    for path in files:
        try:
            count, size = count + 1, size + path.stat().st_size
            if holds(path, traces):
                remainders.append(Remainder(path, "bytes of the file", "still holds text of it"))
            for column, cells in _columns(path):
                values += len(cells)
                # No text holds a zero byte, so nothing is found across two cells.
                if traces.first("\0".join(cells).encode("utf-8", "replace")):
                    remainders.append(Remainder(path, column, "still holds text of it"))
        except FileNotFoundError:
            continue  # a log or a lock of a process that ended meanwhile
        except (OSError, duckdb.Error, sqlite3.Error) as error:
            remainders.append(Remainder(path, "file", f"cannot be read, so nothing is proven: {error}"))
    return Proof(count, size, values, tuple(dict.fromkeys(remainders)))


def holds(path: Path, traces: Traces) -> bool:
    """Say whether the bytes of a file hold a trace."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return traces.first(content) is not None


def _columns(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (``table.column``, texts) of a database, some rows at a time; nothing for other files."""
    match kind_of(path):
        case "duckdb":
            yield from _duckdb_columns(path)
        case "sqlite":
            yield from _sqlite_columns(path)


def _duckdb_columns(path: Path) -> Iterator[tuple[str, list[str]]]:
    with closing(duckdb.connect(path, read_only=True)) as connection:
        columns = connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() "
            "join duckdb_tables() using (database_name, schema_name, table_name) "
            "where database_name = current_database() and not regexp_matches(lower(data_type), $wordless) order by all",
            {"wordless": _WORDLESS},
        ).fetchall()
        for table, column in columns:
            result = connection.execute(
                f"select {quoted(column)}::varchar from {quoted(table)} where {quoted(column)} is not null"
            )
            while rows := result.fetchmany(_ROWS_AT_ONCE):
                yield f"{table}.{column}", [value for (value,) in rows]


def _sqlite_columns(path: Path) -> Iterator[tuple[str, list[str]]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        tables = connection.execute("select name from sqlite_master where type = 'table' and sql not like '%virtual%'")
        for (table,) in tables.fetchall():
            for _, column, *_ in connection.execute(f"pragma table_info({quoted(table)})").fetchall():
                result = connection.execute(
                    f"select cast({quoted(column)} as text) from {quoted(table)} "
                    f"where typeof({quoted(column)}) in ('text', 'blob')"
                )
                while rows := result.fetchmany(_ROWS_AT_ONCE):
                    yield f"{table}.{column}", [value for (value,) in rows]
