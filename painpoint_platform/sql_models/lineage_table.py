"""Column lineage as a table that people read on the page of an asset.

Belongs here: following columns through models to the tables where they begin, and the Markdown of it. Does not belong
here: tracing one query (``lineage``).
"""

from collections.abc import Callable, Iterable, Mapping

from painpoint_platform.sql_models.lineage import TableColumn

# Model -> column -> the columns that it is made of.
Lineage = Mapping[str, Mapping[str, tuple[TableColumn, ...]]]


def origins(source: TableColumn, lineage: Lineage) -> set[TableColumn]:
    """Return the columns of tables that are no model, to which a column goes back; itself if its table is none."""
    table, column = source
    if table not in lineage:
        return {source}
    return {origin for nearer in lineage[table][column] for origin in origins(nearer, lineage)}


def lineage_table(model: str, lineage: Lineage, link: Callable[[str], str | None]) -> str:
    """Return Markdown: each column of a model, what it is made of, and where that begins if other models lie between.

    Args:
        model: ``schema.name``.
        lineage: of this model and of those that it reads from.
        link: table -> address of its page, None where it has none.
    """
    through_models = any(table in lineage for sources in lineage[model].values() for table, _ in sources)
    header = ["column", "made of", *(["which begins as"] if through_models else [])]
    rows = [header, ["---"] * len(header)]
    for column, sources in lineage[model].items():
        begins = {origin for source in sources for origin in origins(source, lineage)}
        cells = [f"`{column}`", _cell(sources, link) or "nothing stored: written out in the query"]
        rows.append([*cells, "" if begins == set(sources) else _cell(begins, link)] if through_models else cells)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(sources: Iterable[TableColumn], link: Callable[[str], str | None]) -> str:
    """Name columns, table by table."""
    of_table: dict[str, list[str]] = {}
    for table, column in sorted(sources):
        of_table.setdefault(table, []).append(f"`{column}`")
    return "; ".join(f"{_linked(table, link(table))}: {', '.join(columns)}" for table, columns in of_table.items())


def _linked(table: str, address: str | None) -> str:
    return f"[{table}]({address})" if address else table
