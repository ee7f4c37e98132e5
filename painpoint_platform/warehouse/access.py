"""The warehouse as domains know it: short reads, writes of one transaction each, and what a partition was made from.

Belongs here: the protocol that ``WarehouseResource`` fulfils, and the memory of a partition's input.
Does not belong here: opening and locking (``connection``), replacing rows (``partitions``).
"""

from contextlib import AbstractContextManager
from typing import Protocol

import duckdb

from painpoint_platform.warehouse.queries import fetch, query_text


class Warehouse(Protocol):
    """What a domain needs of the warehouse."""

    def read(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]: ...

    def write(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]: ...


def made_from(connection: duckdb.DuckDBPyConnection, table: str, partition: str) -> str | None:
    """Return the hash of what a partition was last made from; None when it was never made."""
    found = fetch(connection, "partition_input", table_name=table, partition_key=partition)
    return found["input_hash"][0] if found.height else None


def remember_input(connection: duckdb.DuckDBPyConnection, table: str, partition: str, input_hash: str) -> None:
    """Keep the hash of what a partition is made from, in the transaction that writes its rows."""
    connection.execute(
        query_text("remember_partition_input"),
        {"table_name": table, "partition_key": partition, "input_hash": input_hash},
    )
