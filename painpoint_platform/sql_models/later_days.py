"""Days that come after one that was just made, of a model that looks back: their rows may be no longer true.

Belongs here: finding the days whose rows would be others now and replacing those, inside the caller's transaction. Does
not belong here: making a window (``run``), telling Dagster (``assets``).

A day that is filled in or made again changes what is said about later days: when an issue was first seen, how much it
has grown. dbt calls for a full refresh then. Here the query is asked once for all later days that the table holds, and
the days that differ are replaced: the table is what a rebuild would give, and where nothing differs nothing is written.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from painpoint_platform.errors import DataContractError
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.sql_models.run import checks_of, set_variables
from painpoint_platform.warehouse.checks import require
from painpoint_platform.warehouse.names import quoted, quoted_list

_REMADE = "rows_of_later_days"


@dataclass(frozen=True, slots=True)
class LaterDays:
    """What became of the later days whose rows are others now.

    Attributes:
        remade: those that were replaced, in order.
        refused: those whose new rows break a check, and which. They stand as they were: another run is making what they
            are made from, or left it half made; theirs is the run that makes them, or says what is wrong.
    """

    remade: tuple[date, ...] = ()
    refused: Mapping[date, DataContractError] = field(default_factory=dict)


def remake_later_days(
    connection: duckdb.DuckDBPyConnection, model: SqlModel, after: date, *, variables: Mapping[str, Any] | None = None
) -> LaterDays:
    """Replace the days from ``after`` on that the table holds and that the query would now give other rows.

    A day that the query gives no rows any more loses them; one that the table does not hold is left to its own run.

    Args:
        connection: inside a transaction, where the days before ``after`` are up to date; the caller commits.
        model: what is looked at; nothing is done if it does not look back or is not incremental.
        after: the first day that may have to be remade.
        variables: as for ``run.materialize``.
    """
    if not model.looks_back or model.header.incremental_column is None or not _holds_any(connection, model, after):
        return LaterDays()
    set_variables(connection, variables or {})
    with _as_they_would_be(connection, model, after):
        differing = _differing_days(connection, model, after)
        refused = _refused(connection, model, differing)
        remade = tuple(day for day in differing if day not in refused)
        if remade:
            day_in = f"list_contains($days, {_day(model)})"
            connection.execute(f"delete from {quoted(model.table)} where {day_in}", {"days": remade})
            connection.execute(
                f"insert into {quoted(model.table)} by name from {_REMADE} where {day_in}", {"days": remade}
            )
    return LaterDays(remade, refused)


def _day(model: SqlModel) -> str:
    return f"{quoted(str(model.header.incremental_column))}::date"


def _holds_any(connection: duckdb.DuckDBPyConnection, model: SqlModel, after: date) -> bool:
    query = f"select 1 from {quoted(model.table)} where {_day(model)} >= $after limit 1"
    return bool(connection.execute(query, {"after": after}).fetchall())


@contextmanager
def _as_they_would_be(connection: duckdb.DuckDBPyConnection, model: SqlModel, after: date) -> Iterator[None]:
    """Have the rows that the query gives for the days that the table holds, in a table of this connection."""
    held = f"select {_day(model)} from {quoted(model.table)} where {_day(model)} >= $after"
    connection.execute(
        f"create temp table {_REMADE} as "
        f"from ({model.sql}\n) where {_day(model)} >= $after and {_day(model)} in ({held})",
        {"after": after},
    )
    yield
    connection.execute(f"drop table {_REMADE}")


def _differing_days(connection: duckdb.DuckDBPyConnection, model: SqlModel, after: date) -> tuple[date, ...]:
    columns = quoted_list([name for name, _ in model.column_types])
    now = f"select {columns} from {_REMADE}"
    stored = f"select {columns} from {quoted(model.table)} where {_day(model)} >= $after"
    rows = connection.execute(
        f"select distinct {_day(model)} as day from "
        f"(({now} except all {stored}) union all ({stored} except all {now})) order by day",
        {"after": after},
    ).fetchall()
    return tuple(day for (day,) in rows)


def _refused(
    connection: duckdb.DuckDBPyConnection, model: SqlModel, days: tuple[date, ...]
) -> dict[date, DataContractError]:
    """Return the days whose new rows break a check: looked for one by one only where not all of them hold together."""

    def broken(*of: date) -> DataContractError | None:
        rows = f"(from {_REMADE} where list_contains($days, {_day(model)}))"
        try:
            require(connection, model.table, checks_of(model, rows, {"days": of}))
        except DataContractError as error:
            return error
        return None

    if not broken(*days):
        return {}
    return {day: error for day in days if (error := broken(day))}
