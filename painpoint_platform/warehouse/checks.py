"""Facts that must hold about rows, asked as SQL.

Belongs here: what a check is, running it, and the error for one that fails. Does not belong here: which facts hold for
which table (the domains, the headers of SQL models).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from painpoint_platform.errors import DataContractError
from painpoint_platform.warehouse.names import quoted, quoted_list
from painpoint_platform.warehouse.queries import query_text

SAMPLE_ROWS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A query that returns the rows which break the fact that ``name`` states; no row = it holds.

    ``parameters`` are bound as ``$name``.
    """

    name: str
    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check found: how many rows break the fact, and the first of them as {column: value}."""

    name: str
    violation_count: int
    sample: tuple[dict[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the fact holds."""
        return self.violation_count == 0

    def __str__(self) -> str:
        if self.passed:
            return f"{self.name} holds"
        rows = "\n".join(f"  {row}" for row in self.sample)
        return f"{self.name} does not hold for {self.violation_count} rows, such as\n{rows}"


def named_check(name: str, **values: Any) -> Check:
    """Return the check in ``dbt_like_sql/queries/checks/<name>.sql``, its ``$parameters`` bound to ``values``.

    Raises:
        FileNotFoundError: there is no such check.
    """
    return Check(name, query_text(f"checks/{name}"), values)


def unique(table: str, columns: Sequence[str], where: Mapping[str, Any] | None = None) -> Check:
    """Check that no two rows agree in all ``columns``, in the whole table or in the partition ``where``."""
    keys = quoted_list(columns)
    return Check(
        name=f"unique_{'_'.join(columns)}",
        sql=f"select {keys}, count(*) as row_count from {quoted(table)} {matching(where or {})} "
        f"group by {keys} having count(*) > 1",
        parameters=dict(where or {}),
    )


def matching(where: Mapping[str, Any]) -> str:
    """Return the ``where`` clause for equal values, to be bound as ``$column``; empty for no columns."""
    conditions = " and ".join(f"{quoted(column)} = ${column}" for column in where)
    return f"where {conditions}" if conditions else ""


def run_check(connection: duckdb.DuckDBPyConnection, check: Check) -> CheckOutcome:
    """Count the rows that break the fact; look at the first of them only where there are any."""
    parameters = dict(check.parameters)
    # All that there is, for DuckDB 2 lets nothing else begin before a result was read to its end.
    ((count,),) = connection.execute(f"select count(*) from ({check.sql})", parameters).fetchall()
    if count == 0:
        return CheckOutcome(check.name, 0)
    result = connection.execute(f"from ({check.sql}) limit {SAMPLE_ROWS}", parameters)
    names = [column[0] for column in result.description]
    sample = tuple(dict(zip(names, values, strict=True)) for values in result.fetchall())
    return CheckOutcome(check.name, count, sample)


def require(connection: duckdb.DuckDBPyConnection, table: str, checks: Iterable[Check]) -> None:
    """Run the checks on rows about to be committed; the first that fails ends the transaction.

    Raises:
        DataContractError: names the table, the check, how many rows break it, and some of them.
    """
    for check in checks:
        outcome = run_check(connection, check)
        if not outcome.passed:
            raise DataContractError(f"{table}: {outcome}", check_name=check.name)
