"""The warehouse of the settings, as commands read it.

Belongs here: opening it without Dagster, whose import takes longer than most of these commands. Does not belong here:
locking and opening (``painpoint_platform.warehouse``), queries (the commands).
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def reading(settings: Settings) -> "AbstractContextManager[DuckDBPyConnection]":
    """Open the warehouse read-only; raises what ``connection.open_read`` raises."""
    from painpoint_platform.warehouse.connection import open_read

    return open_read(settings.warehouse, lock_timeout_s=settings.warehouse_lock_timeout_s)
