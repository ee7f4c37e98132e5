"""Rows as text for people: the tables that the Dagster UI shows.

Belongs here: rendering. Does not belong here: choosing the rows.
"""

from collections.abc import Iterable, Sequence

import duckdb

_LONGEST_CELL = 80


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Render rows as a Markdown table. What was collected is shown as text: nothing in a cell becomes markup."""
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown_result(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, object]) -> str:
    """Run a query for few rows and render them."""
    result = connection.execute(query, parameters)
    columns = [column[0] for column in result.description]
    return markdown_table(columns, result.fetchall())


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    if len(text) > _LONGEST_CELL:
        text = text[: _LONGEST_CELL - 1] + "…"
    for mark in "\\|<[`*_~":
        text = text.replace(mark, "\\" + mark)
    return text
