"""What the migrations make of the warehouse: tables, columns, their types and meanings.

Belongs here: reading the schema back, so that its one description (the SQL) also serves Dagster and the documentation.
Does not belong here: applying migrations to a real warehouse (``migrations``).
"""

from dataclasses import dataclass
from functools import cache

import duckdb

from painpoint_platform.warehouse.migrations import load_migrations, migrate


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, DuckDB type and meaning."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


@cache
def migrated_database() -> duckdb.DuckDBPyConnection:
    """Return an empty database in memory with the schema of the migrations, made once a process.

    It is everybody's: take a ``cursor()``, and roll back what you try in it.
    """
    connection = duckdb.connect()
    migrate(connection, load_migrations())
    return connection


@cache
def described_tables() -> dict[str, Table]:
    """Return every table that the migrations make, by ``schema.name``. Takes some ten milliseconds, once."""
    with migrated_database().cursor() as connection:
        meanings = connection.execute(
            "select schema_name || '.' || table_name, coalesce(comment, '') from duckdb_tables()"
        ).fetchall()
        columns = connection.execute(
            "select schema_name || '.' || table_name, column_name, lower(data_type), coalesce(comment, '') "
            "from duckdb_columns() where not internal order by table_oid, column_index"
        ).fetchall()
    return {
        name: Table(name, meaning, tuple(Column(*column) for table, *column in columns if table == name))
        for name, meaning in meanings
    }
