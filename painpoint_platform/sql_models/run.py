"""Materialising one SQL model on an open connection.

Belongs here: table, view and incremental window, comments, checks; all inside the caller's transaction. Does not belong
here: when and for which days (``assets``), what the model is (``model``), the days after a window (``later_days``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from painpoint_platform.errors import UserError
from painpoint_platform.sql_models.header import DeclaredCheck
from painpoint_platform.sql_models.model import SqlModel
from painpoint_platform.views import PREVIEW_ROWS
from painpoint_platform.warehouse.checks import Check, require
from painpoint_platform.warehouse.names import literal, quoted, quoted_list


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open range [start, end) of the incremental column that is replaced."""

    start: date
    end: date

    def parameters(self) -> dict[str, Any]:
        """What is bound to the wrapped query."""
        return {"window_start": self.start, "window_end": self.end}


def materialize(
    connection: duckdb.DuckDBPyConnection,
    model: SqlModel,
    *,
    window: Window | None = None,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """Bring a model up to date and run its checks; the caller commits.

    Args:
        connection: inside a transaction, as ``open_write`` hands it over.
        model: what to materialise.
        window: the rows to replace; needed by incremental models, refused by others.
        variables: settings that the query reads by ``getvariable``, each with a default of its own, so that the file
            runs unchanged without them.

    Returns:
        The rows of the window, or of the whole table or view.

    Raises:
        DataContractError: a check does not hold.
        UserError: a table that the model reads is not there yet, or a column changed its type.
    """
    if (window is not None) != (model.header.materialized == "incremental"):
        raise ValueError(f"{model.table} is {model.header.materialized}: {'no' if window else 'a'} window is needed")
    set_variables(connection, variables or {})
    connection.execute(f"create schema if not exists {quoted(model.schema)}")
    try:
        count = _replace_window(connection, model, window) if window else _replace_all(connection, model)
    except duckdb.CatalogException as error:
        raise UserError(f"{model.path}: {error}; materialise what it depends on first") from error
    rows = f"(from {quoted(model.table)} {_in_window(model)})"
    require(connection, model.table, checks_of(model, rows, window.parameters() if window else {}))
    return count


def set_variables(connection: duckdb.DuckDBPyConnection, variables: Mapping[str, Any]) -> None:
    """Set what queries read by ``getvariable``, for as long as the connection is open."""
    for name, value in variables.items():
        connection.execute(f"set variable {quoted(name)} = $value", {"value": value})


def checks_of(model: SqlModel, rows: str, parameters: Mapping[str, Any]) -> list[Check]:
    """Return the declared checks of a model, about these rows of it.

    Args:
        model: what declares them.
        rows: what can stand behind ``from``.
        parameters: what is bound to it.
    """
    return [Check(check.name, _violations(check, rows), parameters) for check in model.header.checks]


def preview_query(model: SqlModel) -> str:
    """Return the query for the rows that people look at first, of a window or of all.

    ``$window_start`` and ``$window_end`` are to be bound. A window's own column says the same in every row: left out.
    """
    column = model.header.incremental_column
    shown = f"select * exclude ({quoted(column)}) " if column else ""
    first = f"order by {model.header.order.terms} limit {PREVIEW_ROWS}"
    return f"{shown}from {quoted(model.table)} {_in_window(model)} {first}"


def row_count(connection: duckdb.DuckDBPyConnection, model: SqlModel, window: Window | None = None) -> int:
    """Return how many rows a window of a model's table has, or all of it."""
    where, values = (_in_window(model), window.parameters()) if window else ("", {})
    # All that there is, for DuckDB 2 lets nothing else begin before a result was read to its end.
    ((count,),) = connection.execute(f"select count(*) from {quoted(model.table)} {where}", values).fetchall()
    return int(count)


def _replace_all(connection: duckdb.DuckDBPyConnection, model: SqlModel) -> int:
    kind = model.header.materialized
    _drop_other_kind(connection, model)
    connection.execute(f"create or replace {kind} {quoted(model.table)} as from ({model.sql}\n)")
    _comment(connection, model)
    return row_count(connection, model)


def _drop_other_kind(connection: duckdb.DuckDBPyConnection, model: SqlModel) -> None:
    """A model that was a view and is now a table, or the reverse, cannot be replaced by name alone."""
    row = connection.execute(
        "select lower(table_type) from information_schema.tables "
        "where table_catalog = current_database() and table_schema = $1 and table_name = $2",
        [model.schema, model.name],
    ).fetchone()
    existing = None if row is None else "view" if row[0] == "view" else "table"
    wanted = "view" if model.header.materialized == "view" else "table"
    if existing not in (None, wanted):
        connection.execute(f"drop {existing} {quoted(model.table)}")


def _replace_window(connection: duckdb.DuckDBPyConnection, model: SqlModel, window: Window) -> int:
    _drop_other_kind(connection, model)
    connection.execute(f"create table if not exists {quoted(model.table)} as from ({model.sql}\n) limit 0")
    _add_new_columns(connection, model)
    _comment(connection, model)
    values = window.parameters()
    connection.execute(f"delete from {quoted(model.table)} {_in_window(model)}", values)
    row = connection.execute(
        f"insert into {quoted(model.table)} by name select * from ({model.sql}\n) {_in_window(model)}", values
    ).fetchone()
    return int(row[0]) if row else 0


def _in_window(model: SqlModel) -> str:
    if model.header.incremental_column is None:
        return ""
    column = quoted(model.header.incremental_column)
    return f"where {column} >= $window_start and {column} < $window_end"


def _add_new_columns(connection: duckdb.DuckDBPyConnection, model: SqlModel) -> None:
    """Add what the query has gained since the table was made; days that are not run again keep null there."""
    existing = {name: kind for name, kind, *_ in connection.execute(f"describe {quoted(model.table)}").fetchall()}
    for name, kind in model.column_types:
        if name not in existing:
            connection.execute(f"alter table {quoted(model.table)} add column {quoted(name)} {kind}")
        elif existing[name] != kind:
            raise UserError(
                f"{model.path}: {name} is now {kind}, the table {model.table} has it as {existing[name]}; "
                f"cast it in the query, or drop the table and materialise its days again"
            )


def _comment(connection: duckdb.DuckDBPyConnection, model: SqlModel) -> None:
    """Write the documentation into the catalogue, where it is not there yet: it rarely changes, windows often do."""
    written = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns() "
            "where database_name = current_database() and schema_name = $1 and table_name = $2",
            [model.schema, model.name],
        ).fetchall()
    )
    kind = "view" if model.header.materialized == "view" else "table"
    connection.execute(f"comment on {kind} {quoted(model.table)} is {literal(model.header.description)}")
    for column in model.header.columns:
        if written[column.name] != column.meaning:
            place = quoted(f"{model.table}.{column.name}")
            connection.execute(f"comment on column {place} is {literal(column.meaning)}")


def _violations(check: DeclaredCheck, rows: str) -> str:
    """Turn a declared fact into the query for those of ``rows`` that break it."""
    match check.kind:
        case "unique":
            keys = quoted_list(check.columns)
            return f"select {keys}, count(*) as row_count from {rows} group by {keys} having count(*) > 1"
        case "not_null":
            missing = " or ".join(f"{quoted(column)} is null" for column in check.columns)
            return f"from {rows} where {missing}"
        case "assert":
            # A condition that is neither true nor false is not known to hold.
            return f"from {rows} where ({check.condition}) is not true"
