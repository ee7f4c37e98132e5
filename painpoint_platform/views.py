"""What a person wants to see of a partition that was just committed, whatever the domain.

Belongs here: the shape of a view and turning frames and pictures into it. Does not belong here: choosing what is shown
(each domain's ``views``), how Dagster renders it (``layers``).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

# What fits beside the metadata's names on an asset's page without scrolling for long.
PREVIEW_ROWS, PREVIEW_COLUMNS, LONGEST_CELL = 10, 10, 80
# To make room for further columns Dagster breaks text between any two words, and a title becomes a tower of them.
# Beside text there are only as many columns as leave it this width, in characters.
PREVIEW_CHARACTERS, TEXT_CHARACTERS, MARGIN = 95, 26, 2

Fact = int | float | str | Path


@dataclass(frozen=True)
class View:
    """What is shown of one table's partition.

    Attributes:
        row_count: rows of the partition.
        facts: name -> number, short text, or the path of something to open.
        preview: the first rows, each {column: value}; values are text, numbers, booleans or None.
        preview_types: column -> type, in the order of display.
        pictures: name -> Markdown with an inline image.
    """

    row_count: int
    facts: Mapping[str, Fact] = field(default_factory=dict)
    preview: Sequence[Mapping[str, Any]] = ()
    preview_types: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)


def first_rows(frame: "pl.DataFrame") -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the first rows, of as many columns as fit beside each other, as plain values, and those columns' types.

    Long text is cut, hashes to their beginning; dates, lists and maps become text.
    """
    import polars as pl
    import polars.selectors as cs

    texts = {name: _as_text(pl.col(name), kind) for name, kind in frame.schema.items() if kind.is_nested()}
    plain = (
        frame.head(PREVIEW_ROWS)
        .with_columns(**texts)
        # As doubles: 0.1 of single precision is written with its sixteen further digits.
        .with_columns(cs.datetime().dt.to_string("%Y-%m-%d %H:%M"), cs.float().cast(pl.Float64).round(4))
        .with_columns(cs.temporal().cast(pl.String))
        .with_columns(cs.string().str.replace(r"^([0-9a-f]{12})[0-9a-f]{52}$", "${1}…"))
        .with_columns(
            pl.when(cs.string().str.len_chars() > LONGEST_CELL)
            .then(cs.string().str.head(LONGEST_CELL - 1) + "…")
            .otherwise(cs.string())
        )
    )
    plain = plain.select(_fitting(plain))
    types = {
        name: "int" if kind.is_integer() else "float" if kind.is_float() else "bool" if kind == pl.Boolean else "string"
        for name, kind in plain.schema.items()
    }
    return plain.to_dicts(), types


def _fitting(plain: "pl.DataFrame") -> list[str]:
    """Choose columns that leave text its width, in their order: the first text, what is short, then further texts."""
    import polars as pl

    cells = plain.select(pl.all().cast(pl.String).str.len_chars().max()).row(0, named=True) if plain.height else {}
    widths = {name: max(len(name), cells.get(name) or 0) for name in plain.columns}
    texts = [name for name, width in widths.items() if width > max(len(name), TEXT_CHARACTERS)]
    if not texts:
        return plain.columns[:PREVIEW_COLUMNS]
    chosen: set[str] = set()
    room = PREVIEW_CHARACTERS
    for name in [*texts[:1], *(name for name in widths if name not in texts), *texts[1:]]:
        width = MARGIN + (max(len(name), TEXT_CHARACTERS) if name in texts else widths[name])
        if width <= room and len(chosen) < PREVIEW_COLUMNS:
            chosen.add(name)
            room -= width
    return [name for name in widths if name in chosen]


def _as_text(values: "pl.Expr", kind: "pl.DataType") -> "pl.Expr":
    """Write a list of plain values as ``a, b``, a struct or a map as JSON."""
    import polars as pl

    if isinstance(kind, pl.List):
        return values.cast(pl.List(pl.String)).list.join(", ")
    return values.struct.json_encode()


def picture(png: bytes, title: str) -> str:
    """Return Markdown that shows the picture inline; ``title`` is its text alternative."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"
