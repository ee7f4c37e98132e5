"""Replacing one partition of a table inside the caller's transaction.

Belongs here: delete, insert by name, check. Does not belong here: opening and committing (``connection``), computing
the rows (the domains).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from painpoint_platform.errors import DataContractError
from painpoint_platform.warehouse.checks import Check, matching, require, unique
from painpoint_platform.warehouse.names import quoted, quoted_list

_ROWS = "rows_of_partition"


def replace_partition(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    *,
    where: Mapping[str, Any],
    rows: Any,
    key: Sequence[str] = (),
    checks: Sequence[Check] = (),
) -> int:
    """Delete the rows of a partition, insert the new ones by name, and check what is now there.

    Running it again with the same rows leaves the same table.

    Args:
        connection: inside a transaction, as ``open_write`` hands it over; the caller commits.
        table: ``schema.name``.
        where: column -> value, the partition, such as ``{"cluster_date": day}``; empty means the whole table.
        rows: a Polars frame or Arrow table that has exactly the table's columns, in any order.
        key: columns that together are unique within the partition; checked as ``unique_<columns>``.
        checks: further facts about the partition, run after the insert.

    Returns:
        How many rows the partition has now.

    Raises:
        DataContractError: columns are missing or unknown, a row lies outside the partition, a value does not fit its
            column, or a check fails.
    """
    with _registered(connection, rows):
        _require_same_columns(connection, table)
        require(connection, table, [_rows_outside(where)] if where else [])
        inserted = _replace(connection, table, where)
    require(connection, table, ([unique(table, key, where)] if key else []) + list(checks))
    return inserted


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, rows: Any) -> Iterator[None]:
    connection.register(_ROWS, rows)
    try:
        yield
    finally:
        # DuckDB 2.0 refuses this, too, after a statement that failed; the rollback that follows ends the view as well.
        with suppress(duckdb.TransactionException):
            connection.unregister(_ROWS)


def _replace(connection: duckdb.DuckDBPyConnection, table: str, where: Mapping[str, Any]) -> int:
    try:
        connection.execute(f"delete from {quoted(table)} {matching(where)}", dict(where))
        row = connection.execute(f"insert into {quoted(table)} by name select * from {_ROWS}").fetchone()
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise DataContractError(f"{table}: a row does not fit the table: {error}") from error
    return int(row[0]) if row else 0


def _require_same_columns(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    expected = [name for (name, *_) in connection.execute(f"describe {quoted(table)}").fetchall()]
    found = [name for (name, *_) in connection.execute(f"describe {_ROWS}").fetchall()]
    missing, unknown = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or unknown:
        raise DataContractError(
            f"{table}: the rows do not have the table's columns: missing {missing or 'none'}, "
            f"unknown {unknown or 'none'}; the table has {expected}",
            check_name="same_columns",
        )


def _rows_outside(where: Mapping[str, Any]) -> Check:
    """Rows of another partition would stay for ever, or come twice, when theirs is replaced."""
    inside = " and ".join(f"{quoted(column)} is not distinct from ${column}" for column in where)
    return Check(
        name="rows_lie_in_the_partition",
        sql=f"select {quoted_list(where)} from {_ROWS} where not ({inside})",
        parameters=dict(where),
    )
