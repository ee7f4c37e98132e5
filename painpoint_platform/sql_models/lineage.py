"""Which columns of which tables each column of a query is made of.

Belongs here: column lineage, by sqlglot. Does not belong here: which tables a query reads (``model``, by DuckDB).
sqlglot is imported when lineage is asked for: proving that a header tells the truth takes none.
"""

from collections.abc import Iterator, Mapping
from typing import Any

TableColumn = tuple[str, str]


def column_lineage(sql: str, schema: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[TableColumn, ...]]:
    """Trace each column of a query's result to the stored columns whose values it is computed from.

    ``count(*)`` is made of what tells the counted rows apart: the columns by which they are grouped, and those by which
    a subquery that they come from was grouped. Conditions and the keys of joins decide which rows there are, not what
    is in them, and are no lineage.

    Args:
        sql: one select in DuckDB's dialect.
        schema: table ``schema.name`` -> column -> DuckDB type, for every table that the query reads.

    Returns:
        Column -> sorted (table, column) pairs; empty for a column that is computed from none, like a literal.
    """
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer import build_scope
    from sqlglot.optimizer.qualify import qualify

    tables: dict[str, dict[str, Mapping[str, str]]] = {}
    for table, types in schema.items():
        schema_name, name = table.split(".")
        tables.setdefault(schema_name, {})[name] = types
    query = qualify(
        parse_one(sql, dialect="duckdb"),
        dialect="duckdb",
        schema=tables,
        validate_qualify_columns=False,
        identify=False,
    )
    for scope in _scopes(build_scope(query)):
        _count_what_tells_rows_apart(scope)
    # Trimming would copy the query once a column; it makes nicer drawings, which nobody looks at here.
    roots = lineage(None, query, tables, dialect="duckdb", scope=build_scope(query), trim_selects=False, copy=False)
    return {
        column: tuple(sorted({_stored(leaf) for leaf in root.walk() if _is_stored(leaf, exp.Table)}))
        for column, root in roots.items()
    }


def _scopes(root: Any) -> Iterator[Any]:
    """Yield the scope of every select of a query, the inner ones first."""
    from sqlglot import exp

    return (scope for scope in root.traverse() if isinstance(scope.expression, exp.Select))


def _count_what_tells_rows_apart(scope: Any) -> None:
    """Replace each ``count(*)`` of a select by the count of the columns that tell the counted rows apart.

    One with a filter is left: its value comes from the columns of the filter.
    """
    from sqlglot import exp
    from sqlglot.optimizer import find_all_in_scope

    counts = [
        count
        for count in find_all_in_scope(scope.expression, exp.Count)
        if isinstance(count.this, exp.Star) and not isinstance(count.parent, exp.Filter | exp.Window)
    ]
    if not counts:
        return
    columns = [*_grouped_by(scope.expression), *_keys_of_grouped_sources(scope)]
    for count in counts:
        count.set("this", exp.Tuple(expressions=[column.copy() for column in columns]))


def _keys_of_grouped_sources(scope: Any) -> Iterator[Any]:
    """Yield, as columns of their subqueries, what the subqueries and common table expressions of a select group by."""
    from sqlglot import exp

    for name, (_, source) in scope.selected_sources.items():
        inner = getattr(source, "expression", None)
        if isinstance(inner, exp.Select):
            keys = _grouped_by(inner)
            for projection in inner.selects:
                if projection.unalias() in keys:
                    yield exp.column(projection.alias_or_name, table=name)


def _grouped_by(select: Any) -> list[Any]:
    """Return the expressions that a select groups by, those of ``group by all`` included."""
    from sqlglot import exp

    group = select.args.get("group")
    if group is None:
        return []
    projected = {projection.alias_or_name: projection.unalias() for projection in select.selects}
    if group.args.get("all"):
        return [expression for expression in projected.values() if not expression.find(exp.AggFunc)]
    return [
        projected.get(key.name, key) if isinstance(key, exp.Column) and not key.table else key
        for key in group.expressions
    ]


def _is_stored(node: Any, table: type) -> bool:
    """Whether the node is a column of a table; ``*`` stands for rows alone, as in ``count(*)`` without groups."""
    return not node.downstream and isinstance(node.expression, table) and not node.name.endswith("*")


def _stored(leaf: Any) -> TableColumn:
    return f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.rsplit(".", 1)[-1].strip('"')
