"""Which columns of which tables each column of a query is made of.

Belongs here: column lineage, by sqlglot. Does not belong here: which tables a query reads (``model``, by DuckDB).
sqlglot is imported when lineage is asked for, which is when a model has been materialised.
"""

from collections.abc import Mapping
from typing import Any

TableColumn = tuple[str, str]


def column_lineage(sql: str, schema: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[TableColumn, ...]]:
    """Trace each column of a query's result to the stored columns whose values it is computed from.

    Args:
        sql: one select in DuckDB's dialect.
        schema: table ``schema.name`` -> column -> DuckDB type, for every table that the query reads.

    Returns:
        Column -> sorted (table, column) pairs; empty for a column that is computed from none, like ``count(*)``.
    """
    from sqlglot import exp
    from sqlglot.lineage import lineage

    nested: dict[str, dict[str, Mapping[str, str]]] = {}
    for table, types in schema.items():
        schema_name, name = table.split(".")
        nested.setdefault(schema_name, {})[name] = types
    roots = lineage(None, sql, nested, dialect="duckdb")
    return {
        column: tuple(sorted({_stored(leaf) for leaf in root.walk() if _is_stored(leaf, exp.Table)}))
        for column, root in roots.items()
    }


def _is_stored(node: Any, table: type) -> bool:
    """Whether the node is a column of a table; ``*`` stands for rows alone, as in ``count(*)``."""
    return not node.downstream and isinstance(node.expression, table) and not node.name.endswith("*")


def _stored(leaf: Any) -> TableColumn:
    return f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.rsplit(".", 1)[-1].strip('"')
