"""The warehouse as a Dagster resource: settings in, short-lived connections out.

Belongs here: what Dagster's configuration knows of the warehouse. Does not belong here: how it is locked, opened and
migrated (``painpoint_platform.warehouse``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field

from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings
from painpoint_platform.warehouse.connection import DEFAULT_LOCK_TIMEOUT_S, open_read, open_write


class WarehouseResource(DuckDBResource):
    """The one DuckDB file, opened for as long as a load takes and closed whatever happens.

    Keeps ``database`` and ``connection_config`` of its parent. ``read()`` and ``write()`` raise
    ``WarehouseLockedError`` and ``UserError`` as ``open_read`` and ``open_write`` do.
    """

    lock_timeout_s: float = Field(
        default=DEFAULT_LOCK_TIMEOUT_S, gt=0, description="Longest wait for the warehouse, in seconds"
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the warehouse of the settings."""
        return cls(database=str(settings.warehouse), lock_timeout_s=settings.warehouse_lock_timeout_s)

    @property
    def path(self) -> Path:
        """Where the warehouse lies.

        Raises:
            UserError: ``database`` is no file; every connection is a new one, so nothing in memory would last.
        """
        if self.database.startswith((":memory:", "md:")):
            raise UserError(f"the warehouse is {self.database!r}; set WAREHOUSE_PATH to a file on a local disk")
        return Path(self.database)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open read-only, beside other readers. Pull what is needed and leave."""
        with open_read(self.path, lock_timeout_s=self.lock_timeout_s, config=self.connection_config) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open alone, in one transaction: committed when the body ends, rolled back when it raises."""
        with open_write(self.path, lock_timeout_s=self.lock_timeout_s, config=self.connection_config) as connection:
            yield connection

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Do what ``write()`` does; the parent leaves its connection open when the body raises."""
        with self.write() as connection:
            yield connection
