"""What a person wants to see of a partition that was just committed, whatever the domain.

Belongs here: the shape of a view and turning frames and pictures into it. Does not belong here: choosing what is shown
(each domain's ``views``), how Dagster renders it (``layers``).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

PREVIEW_ROWS = 10

Fact = int | float | str


@dataclass(frozen=True)
class View:
    """What is shown of one table's partition.

    Attributes:
        row_count: rows of the partition.
        facts: name -> number or short text.
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
    """Return the first rows as plain values, and the columns' types; dates and lists as text, for Dagster."""
    import polars as pl
    import polars.selectors as cs

    plain = frame.head(PREVIEW_ROWS).with_columns(
        cs.temporal().cast(pl.String), cs.float().round(4), cs.list().cast(pl.List(pl.String)).list.join(", ")
    )
    types = {
        name: "int" if kind.is_integer() else "float" if kind.is_float() else "bool" if kind == pl.Boolean else "string"
        for name, kind in plain.schema.items()
    }
    return plain.to_dicts(), types


def picture(png: bytes, title: str) -> str:
    """Return Markdown that shows the picture inline; ``title`` is its text alternative."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"
