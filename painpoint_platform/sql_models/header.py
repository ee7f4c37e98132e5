"""The header of a SQL model: what its author declares in comment lines above the query.

Belongs here: the grammar of the header and its errors. Does not belong here: comparing the header with the query
(``model``), carrying anything out (``run``).

    -- description: One row an issue and day, for analysts.
    -- depends_on: gold.issues, gold.issue_evidence
    -- materialized: incremental cluster_date
    -- looks_back: to the first day on which the author was seen
    -- group: issues
    -- column: cluster_date | Day on which the posts were written, UTC
    -- column: author_count | Distinct authors; those without a name count as none,
    --     since they cannot be told apart
    -- check: unique cluster_date, issue_key
    -- check: not_null author_count
    -- check: assert author_count <= cluster_size
    -- order: author_count desc, issue_key

The header ends at the first line that is no comment. A line that starts with at least three blanks continues the one
above. Comments after the header are free. ``order`` says which rows people look at first; without it all columns do.
``looks_back`` says, in words, why the rows of a day are made from earlier days, too: later days are then remade when an
earlier one changes. Of a model that reads one that looks back it need not be said.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from painpoint_platform.errors import UserError

MaterializationKind = Literal["table", "view", "incremental"]
CheckKind = Literal["unique", "not_null", "assert"]

DEFAULT_GROUP = "issues"
_KEYS = ("description", "depends_on", "materialized", "looks_back", "group", "column", "check", "order")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_TABLE = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_ORDERED = re.compile(r"(?P<column>[a-z_][a-z0-9_]*)( asc| desc)?")
_CONTINUED = re.compile(r"--\s{3,}(?P<value>\S.*)")
_ENTRY = re.compile(r"--\s{0,2}(?P<key>[A-Za-z_]+)\s*:\s*(?P<value>.*)")
# How an operator is spoken in the name of a check.
_SPOKEN = ((">=", " at least "), ("<=", " at most "), ("<>", " is not "), ("!=", " is not "), (">", " above "),
           ("<", " below "), ("=", " is "))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, to be named in an error."""

    path: Path
    line: int

    def error(self, message: str) -> UserError:
        """Return the error that says what is wrong here."""
        return UserError(f"{self.path}:{self.line}: {message}")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A table that the query reads, ``schema.name``."""

    table: str
    place: Place


@dataclass(frozen=True, slots=True)
class Column:
    """A documented column of the result."""

    name: str
    meaning: str
    place: Place


@dataclass(frozen=True, slots=True)
class DeclaredCheck:
    """A fact about the rows: these columns are unique or not null, or this condition is true."""

    kind: CheckKind
    columns: tuple[str, ...]
    condition: str
    place: Place

    @property
    def name(self) -> str:
        """The fact as an identifier: ``unique_day``, ``assert_size_at_least_1``."""
        spoken = self.condition or " ".join(self.columns)
        for operator, words in _SPOKEN:
            spoken = spoken.replace(operator, words)
        return "_".join([self.kind, *re.findall(r"\w+", spoken.lower())])


@dataclass(frozen=True, slots=True)
class DeclaredOrder:
    """Which rows people look at first, as what stands behind ``order by``."""

    terms: str
    place: Place


@dataclass(frozen=True, slots=True)
class Header:
    """Everything a model declares. ``incremental_column`` and ``looks_back`` are set for incremental models only."""

    description: str
    depends_on: tuple[Dependency, ...]
    materialized: MaterializationKind
    incremental_column: str | None
    looks_back: str | None
    group: str
    columns: tuple[Column, ...]
    checks: tuple[DeclaredCheck, ...]
    order: DeclaredOrder
    place: Place


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    value: str
    place: Place


def parse_header(text: str, path: Path) -> Header:
    """Read the header of a model's text.

    Raises:
        UserError: names file and line, what was found and what is allowed.
    """
    entries = list(_entries(text, path))
    start = Place(path, 1)
    kind, incremental_column = _materialized(_single(entries, "materialized", start))
    header = Header(
        description=_single(entries, "description", start).value,
        depends_on=tuple(_dependencies(entries)),
        materialized=kind,
        incremental_column=incremental_column,
        looks_back=_looks_back(entries, start) if _of(entries, "looks_back") else None,
        group=_single(entries, "group", start).value if _of(entries, "group") else DEFAULT_GROUP,
        columns=tuple(map(_column, _of(entries, "column"))),
        checks=tuple(map(_check, _of(entries, "check"))),
        order=_order(_single(entries, "order", start)) if _of(entries, "order") else DeclaredOrder("all", start),
        place=start,
    )
    for things in (header.depends_on, header.columns, header.checks):
        _refuse_repeats(things)
    return header


def _entries(text: str, path: Path) -> Iterator[_Entry]:
    """Yield the header's entries, continuation lines joined to the one above."""
    entry: _Entry | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("--"):
            break
        place = Place(path, number)
        if entry and (continued := _CONTINUED.fullmatch(line.rstrip())):
            entry = _Entry(entry.key, f"{entry.value} {continued['value']}", entry.place)
            continue
        if entry:
            yield entry
        entry = _entry(line.rstrip(), place)
    if entry:
        yield entry


def _entry(line: str, place: Place) -> _Entry:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise place.error(f"found {line!r}; expected `-- key: value` with one of the keys {', '.join(_KEYS)}")
    key, value = match["key"], match["value"].strip()
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(_KEYS)}"
        raise place.error(f"unknown header key {key!r}; {hint}")
    if not value:
        raise place.error(f"{key} has no value")
    return _Entry(key, value, place)


def _of(entries: list[_Entry], key: str) -> list[_Entry]:
    return [entry for entry in entries if entry.key == key]


def _single(entries: list[_Entry], key: str, start: Place) -> _Entry:
    found = _of(entries, key)
    if not found:
        raise start.error(f"the header lacks `-- {key}: …`")
    if len(found) > 1:
        raise found[1].place.error(f"{key} is declared twice, first in line {found[0].place.line}")
    return found[0]


def _materialized(entry: _Entry) -> tuple[MaterializationKind, str | None]:
    match entry.value.split():
        case ["table"]:
            return "table", None
        case ["view"]:
            return "view", None
        case ["incremental", column] if _IDENTIFIER.fullmatch(column):
            return "incremental", column
    raise entry.place.error(f"materialized is {entry.value!r}; expected table, view or incremental <column>")


def _looks_back(entries: list[_Entry], start: Place) -> str:
    entry = _single(entries, "looks_back", start)
    if not _single(entries, "materialized", start).value.startswith("incremental"):
        raise entry.place.error("looks_back is for incremental models; a table or view is made of all days anyway")
    return entry.value


def _dependencies(entries: list[_Entry]) -> Iterator[Dependency]:
    for entry in _of(entries, "depends_on"):
        for name in entry.value.split(","):
            table = name.strip()
            if not _TABLE.fullmatch(table):
                raise entry.place.error(f"depends_on names {table!r}; expected schema.table, separated by commas")
            yield Dependency(table, entry.place)


def _column(entry: _Entry) -> Column:
    name, bar, meaning = (part.strip() for part in entry.value.partition("|"))
    if not bar or not meaning or not _IDENTIFIER.fullmatch(name):
        raise entry.place.error(f"column is {entry.value!r}; expected `name | meaning`")
    return Column(name, meaning, entry.place)


def _order(entry: _Entry) -> DeclaredOrder:
    for part in entry.value.split(","):
        if not _ORDERED.fullmatch(part.strip()):
            raise entry.place.error(f"order names {part.strip()!r}; expected columns, each with desc or not")
    return DeclaredOrder(entry.value, entry.place)


def _check(entry: _Entry) -> DeclaredCheck:
    kind, _, rest = (part.strip() for part in entry.value.partition(" "))
    if kind not in get_args(CheckKind) or not rest:
        raise entry.place.error(
            f"check is {entry.value!r}; expected unique <columns>, not_null <columns> or assert <condition>"
        )
    if kind == "assert":
        return DeclaredCheck("assert", (), rest, entry.place)
    columns = tuple(name.strip() for name in rest.split(","))
    for name in columns:
        if not _IDENTIFIER.fullmatch(name):
            raise entry.place.error(f"check {kind} names {name!r}; expected columns separated by commas")
    return DeclaredCheck("unique" if kind == "unique" else "not_null", columns, "", entry.place)


def _refuse_repeats(things: tuple[Dependency, ...] | tuple[Column, ...] | tuple[DeclaredCheck, ...]) -> None:
    seen: dict[str, Place] = {}
    for thing in things:
        name = thing.table if isinstance(thing, Dependency) else thing.name
        if name in seen:
            raise thing.place.error(f"{name} is declared twice, first in line {seen[name].line}")
        seen[name] = thing.place
