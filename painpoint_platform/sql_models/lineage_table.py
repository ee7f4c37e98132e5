"""Column lineage as a table that people read on the page of an asset.

Belongs here: following columns through models to the tables where they begin, and the words for it. Does not belong
here: tracing one query (``lineage``).
"""

from collections.abc import Iterable, Mapping

from painpoint_platform.sql_models.lineage import TableColumn

# Model -> column -> the columns that it is made of.
Lineage = Mapping[str, Mapping[str, tuple[TableColumn, ...]]]


def origins(source: TableColumn, lineage: Lineage) -> set[TableColumn]:
    """Return the columns of tables that are no model, to which a column goes back; itself if its table is none."""
    table, column = source
    if table not in lineage:
        return {source}
    return {origin for nearer in lineage[table][column] for origin in origins(nearer, lineage)}


def lineage_table(model: str, lineage: Lineage) -> list[dict[str, str]]:
    """Return a row a column of a model: its name, what it is made of, and where that begins if models lie between.

    Args:
        model: ``schema.name``.
        lineage: of this model and of those that it reads from.
    """
    through_models = any(table in lineage for sources in lineage[model].values() for table, _ in sources)
    rows = []
    for column, sources in lineage[model].items():
        row = {"column": column, "made of": _named(sources) or "nothing stored: written out in the query"}
        if through_models:
            begins = {origin for source in sources for origin in origins(source, lineage)}
            row["which begins as"] = "" if begins == set(sources) else _named(begins)
        rows.append(row)
    return rows


def _named(sources: Iterable[TableColumn]) -> str:
    """Name columns, table by table."""
    of_table: dict[str, list[str]] = {}
    for table, column in sorted(sources):
        of_table.setdefault(table, []).append(column)
    return "; ".join(f"{table}: {', '.join(columns)}" for table, columns in of_table.items())
