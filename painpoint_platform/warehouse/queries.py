"""Named queries: SQL that the pure code runs, kept as files in ``dbt_like_sql/queries``.

Belongs here: finding a query and running it with bound values. Does not belong here: SQL models, which make tables
(``painpoint_platform.sql_models``), and migrations.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from painpoint_platform.paths import bundled

if TYPE_CHECKING:
    import duckdb
    import polars as pl


@cache
def query_text(name: str) -> str:
    """Return the SQL of ``dbt_like_sql/queries/<name>.sql``.

    Raises:
        FileNotFoundError: there is no such query.
    """
    return (bundled("dbt_like_sql") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def fetch(connection: "duckdb.DuckDBPyConnection", name: str, **values: Any) -> "pl.DataFrame":
    """Run a named query and return all its rows.

    Args:
        connection: the warehouse, open for reading or writing.
        name: file name without ``.sql``.
        values: bound to the query's ``$parameters``.
    """
    return connection.sql(query_text(name), params=values).pl()
