"""SQL models as they lie in the folder, compared with their headers.

Belongs here: finding the files, and proving that each header tells the truth about its query: which tables it reads,
which columns it produces. Does not belong here: the header's grammar (``header``), creating anything in the warehouse
(``run``), Dagster (``assets``).

The truth comes from DuckDB itself: the query is parsed by its parser and bound against the schema of the migrations in
an empty database in memory. A misspelt column is thus found when the code location loads, not at night; it costs a few
milliseconds, where importing a parser of our own would cost as much as everything else together.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from painpoint_platform.paths import bundled
from painpoint_platform.sql_models.header import Header, Place, parse_header
from painpoint_platform.warehouse.names import quoted
from painpoint_platform.warehouse.schema import migrated_database

SCHEMAS = ("bronze", "silver", "gold", "ops")

# Table functions that make rows out of values; any other would read something that depends_on cannot name.
_PURE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
_LINE = re.compile(r"^LINE (\d+):", re.M)

# Views of the same names are made and rolled back in the one database of the process.
_trying = threading.Lock()


_Types = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SqlModel:
    """One SQL file = one table or view ``schema.name``.

    ``sql`` is the file's text, a plain select. ``column_types`` has the (name, DuckDB type) of each column of its
    result, ``input_types`` those of each table that it reads. ``looks_back`` says that rows of a day are made from
    earlier days, too: its header says so, or that of a model that it reads, directly or not.
    """

    schema: str
    name: str
    path: Path
    sql: str
    header: Header
    column_types: tuple[tuple[str, str], ...]
    input_types: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    looks_back: bool

    @property
    def table(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def code_version(self) -> str:
        """SHA-256 of the query and of how it is stored: changes when rows may change, not with the documentation."""
        stored = f"{self.header.materialized} {self.header.incremental_column}"
        return hashlib.sha256(f"{stored}\n{_without_header(self.sql)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Draft:
    table: str
    path: Path
    sql: str
    header: Header


def load_models(folder: Path | None = None, *, schema: Sequence[str] | None = None) -> list[SqlModel]:
    """Read and verify the models of a folder, each after those that it reads from.

    Args:
        folder: has one folder a schema (``bronze``, ``silver``, ``gold``, ``ops``); default: the project's models.
        schema: DDL of the tables that are no models; default: the project's migrations.

    Raises:
        UserError: names file and line: a malformed header, a query that DuckDB cannot parse or bind, a table that is
            read but not declared or declared but not read, a column that is documented but not produced or, in gold,
            produced but not documented, models that read each other in a circle.
    """
    folder = folder or bundled("dbt_like_sql")
    drafts = {draft.table: draft for draft in _drafts(folder)}
    with _database(schema) as database:
        for draft in drafts.values():
            _verify_tables(database, draft)
        types = cache(partial(_types, database))
        order = _in_order(drafts)
        looking_back = _looking_back([drafts[table] for table in order])
        return [_bound(database, drafts[table], types, table in looking_back) for table in order]


@contextmanager
def _database(schema: Sequence[str] | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an empty database with the tables that models read; nothing that is tried in it stays."""
    if schema is not None:
        with duckdb.connect() as database:
            for statement in schema:
                database.execute(statement)
            yield database
        return
    with _trying, migrated_database().cursor() as database:
        database.begin()
        try:
            yield database
        finally:
            database.rollback()


def _drafts(folder: Path) -> Iterator[_Draft]:
    for path in sorted(folder.glob("*/*.sql")):
        if path.parent.name in SCHEMAS:
            text = path.read_text(encoding="utf-8").rstrip().removesuffix(";")
            yield _Draft(f"{path.parent.name}.{path.stem}", path, text, parse_header(text, path))


def _in_order(drafts: dict[str, _Draft]) -> list[str]:
    graph = {
        table: [dependency.table for dependency in draft.header.depends_on if dependency.table in drafts]
        for table, draft in drafts.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise drafts[circle[0]].header.place.error(
            f"models read each other in a circle: {' → '.join(circle)}"
        ) from None


def _looking_back(in_order: Sequence[_Draft]) -> set[str]:
    """Return the models that look back, themselves or through one that they read."""
    found: set[str] = set()
    for draft in in_order:
        if draft.header.looks_back or any(read.table in found for read in draft.header.depends_on):
            found.add(draft.table)
    return found


def _verify_tables(database: duckdb.DuckDBPyConnection, draft: _Draft) -> None:
    read = dict(_tables_read(_parsed(database, draft), draft))
    declared = {dependency.table: dependency.place for dependency in draft.header.depends_on}
    for table, place in read.items():
        if table == draft.table:
            raise place.error(f"{table} reads itself")
        if table not in declared:
            raise place.error(f"reads {table}, which depends_on does not declare")
    for table, place in declared.items():
        if table not in read:
            raise place.error(f"depends_on declares {table}, which the query does not read")


def _parsed(database: duckdb.DuckDBPyConnection, draft: _Draft) -> Any:
    """Return DuckDB's own syntax tree of the query."""
    row = database.execute("select json_serialize_sql($1::varchar)", [draft.sql]).fetchone()
    parsed = json.loads(row[0] if row else "{}")
    if parsed.get("error"):
        place = _place(draft, int(parsed.get("position", 0)))
        raise place.error(f"{parsed['error_message']}; a model is one plain select")
    if len(parsed["statements"]) != 1:
        raise draft.header.place.error(f"found {len(parsed['statements'])} statements; a model is one plain select")
    return parsed


def _tables_read(node: Any, draft: _Draft) -> Iterator[tuple[str, Place]]:
    """Yield every table that the tree names, wherever it is nested.

    Tables are written with their schema, names of common table expressions never are: that tells them apart.
    """
    if isinstance(node, list):
        for child in node:
            yield from _tables_read(child, draft)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE" and node["schema_name"]:
            yield f"{node['schema_name']}.{node['table_name']}", _place(draft, node["query_location"])
        if node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in _PURE_FUNCTIONS:
            name = node["function"]["function_name"]
            raise _place(draft, node["query_location"]).error(
                f"reads through {name}(), which depends_on cannot declare"
            )
        for child in node.values():
            yield from _tables_read(child, draft)


def _place(draft: _Draft, offset: int) -> Place:
    """Return the line of a byte offset in the query; DuckDB gives 2**64 - 1 where it knows none."""
    before = draft.sql.encode()[:offset] if offset < len(draft.sql.encode()) else b""
    return Place(draft.path, before.count(b"\n") + 1)


def _bound(
    database: duckdb.DuckDBPyConnection, draft: _Draft, types: Callable[[str], _Types], looks_back: bool
) -> SqlModel:
    """Bind the query against the schema, leaving a view for the models that read from it."""
    schema, name = draft.table.split(".")
    try:
        database.execute(f"create schema if not exists {quoted(schema)}")
        database.execute(f"create view {quoted(draft.table)} as from ({draft.sql}\n)")
    except duckdb.Error as error:
        line = _LINE.search(str(error))
        raise Place(draft.path, int(line[1]) if line else 1).error(str(error)) from error
    column_types = types(draft.table)
    _verify_columns(draft, [column for column, _ in column_types])
    _verify_conditions_and_order(database, draft)
    input_types = tuple((read.table, types(read.table)) for read in draft.header.depends_on)
    return SqlModel(schema, name, draft.path, draft.sql, draft.header, column_types, input_types, looks_back)


def _types(database: duckdb.DuckDBPyConnection, table: str) -> _Types:
    return tuple((column, kind) for column, kind, *_ in database.execute(f"describe {quoted(table)}").fetchall())


def _verify_columns(draft: _Draft, produced: list[str]) -> None:
    header = draft.header
    for column in header.columns:
        if column.name not in produced:
            raise column.place.error(f"documents {column.name}, which the query does not produce; it has {produced}")
    undocumented = [name for name in produced if name not in {column.name for column in header.columns}]
    if undocumented and draft.table.startswith("gold."):
        raise header.place.error(f"gold columns without documentation: {', '.join(undocumented)}")
    for check in header.checks:
        for name in check.columns:
            if name not in produced:
                raise check.place.error(f"checks {name}, which the query does not produce; it has {produced}")
    if header.incremental_column and header.incremental_column not in produced:
        raise header.place.error(
            f"is incremental by {header.incremental_column}, which the query does not produce; it has {produced}"
        )


def _verify_conditions_and_order(database: duckdb.DuckDBPyConnection, draft: _Draft) -> None:
    """Bind all conditions and the order at once, and one by one to name the one that is wrong."""
    conditions = [check for check in draft.header.checks if check.condition]
    order = draft.header.order
    table = quoted(draft.table)
    terms = ", ".join(f"({check.condition}) is true" for check in conditions) or "1"
    try:
        database.execute(f"select {terms} from {table} order by {order.terms} limit 0")
        return
    except duckdb.Error as error:
        at_once = error
    for check in conditions:
        try:
            database.execute(f"select ({check.condition}) is true from {table} limit 0")
        except duckdb.Error as error:
            raise check.place.error(f"check assert {check.condition}: {error}") from error
    raise order.place.error(f"order {order.terms}: {at_once}") from at_once


def _without_header(sql: str) -> str:
    lines = sql.splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "\n".join(lines[first:]).strip()
