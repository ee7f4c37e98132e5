"""The schema is code: numbered SQL files that bring any older warehouse to the present schema.

Belongs here: reading the files of ``dbt_like_sql/migrations``, comparing them with what a warehouse has, applying what
is missing. Does not belong here: the tables themselves (the ``.sql`` files), SQL models (``sql_models``).

A file is named ``NNNN_what_it_brings.sql``. Once released it is never edited, only followed by another: the hash of
what was applied is kept in ``ops.schema_version`` and compared on every opening.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb

from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str
    path: Path

    @property
    def sha256(self) -> str:
        """Hash of the text; the same for a checkout with other line ends, since the file is read as text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def load_migrations(folder: Path | None = None) -> tuple[Migration, ...]:
    """Read the migrations in order; default: those of the project. A process reads each folder once.

    Raises:
        UserError: a file is not named ``NNNN_name.sql``, or the numbers are not 1, 2, 3, …
    """
    folder = folder or bundled("dbt_like_sql") / "migrations"
    migrations = []
    for expected, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None or int(match[1]) != expected:
            raise UserError(
                f"{path}: expected the migration {expected:04d}_<name>.sql here; numbers count up from 0001"
            )
        migrations.append(Migration(expected, match[2], path.read_text(encoding="utf-8"), path))
    return tuple(migrations)


def pending(connection: duckdb.DuckDBPyConnection, migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """Return the migrations that this warehouse lacks; one query.

    Raises:
        UserError: the database is none of this platform, the warehouse was written by a newer version of it, or a
            migration was edited after it was applied.
    """
    applied = _applied(connection)
    if not applied:
        _refuse_foreign(connection)
    known = {migration.version: migration for migration in migrations}
    newest = max(applied, default=0)
    if newest > len(migrations):
        raise UserError(
            f"{_place(connection)}: the warehouse has schema version {newest}, this version of the platform knows them "
            f"up to {len(migrations)}; update the platform (nothing was changed in the file)"
        )
    for version, sha256 in applied.items():
        if sha256 != known[version].sha256:
            raise UserError(
                f"{known[version].path}: edited after it was applied to this warehouse; "
                "restore the file and write the change as a new migration"
            )
    return tuple(migration for migration in migrations if migration.version not in applied)


def migrate(connection: duckdb.DuckDBPyConnection, migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """Apply what is missing, each migration in a transaction of its own, and return what was applied."""
    missing = pending(connection, migrations)
    for migration in missing:
        connection.begin()
        try:
            connection.execute(migration.sql)
            connection.execute(
                "insert into ops.schema_version (version, name, sha256, applied_at) values ($1, $2, $3, $4)",
                [migration.version, migration.name, migration.sha256, datetime.now(UTC).replace(tzinfo=None)],
            )
            connection.commit()
        except BaseException:
            # DuckDB has already rolled back after a failed write to disk, and says so with an error of its own.
            with suppress(duckdb.Error):
                connection.rollback()
            raise
    return missing


def _refuse_foreign(connection: duckdb.DuckDBPyConnection) -> None:
    """A database of somebody's, such as the analysts' copy, must not get our tables because a path was mistyped."""
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database() limit 1"
    ).fetchone()
    if found:
        raise UserError(
            f"{_place(connection)}: a DuckDB database with tables such as {found[0]}, but no warehouse of this "
            "platform; nothing was changed. Set WAREHOUSE_PATH to the warehouse, or to a place where one can be made"
        )


def _place(connection: duckdb.DuckDBPyConnection) -> str:
    found = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    return str(found[0]) if found and found[0] else "the database in memory"


def _applied(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    try:
        rows = connection.execute("select version, sha256 from ops.schema_version order by version").fetchall()
    except duckdb.CatalogException:
        return {}  # a new file: the first migration creates the table
    return dict(rows)
