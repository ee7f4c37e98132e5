"""The analysts' copy as a Dagster resource.

Belongs here: where it lies. Does not belong here: how it is written (``painpoint_platform.warehouse.snapshot``).
"""

from pathlib import Path
from typing import Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import Settings
from painpoint_platform.warehouse.snapshot import Snapshot, write_snapshot


class AnalyticsResource(ConfigurableResource[None]):
    """The compact copy of gold that analysts open instead of the warehouse."""

    path: str = Field(description="File of the copy")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the copy of the settings."""
        return cls(path=str(settings.analytics))

    def publish(self, warehouse: WarehouseResource) -> Snapshot:
        """Write the copy anew; raises what ``write_snapshot`` raises."""
        with warehouse.read() as connection:
            return write_snapshot(connection, Path(self.path), lock_timeout_s=warehouse.lock_timeout_s)
