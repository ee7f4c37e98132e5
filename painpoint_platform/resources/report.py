"""The report as a Dagster resource.

Belongs here: where it lies. Does not belong here: how it is read and written (``painpoint_platform.report``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from painpoint_platform.report.writing import Report


class ReportResource(ConfigurableResource[None]):
    """The folder that opens from disk, for analysts and newcomers."""

    folder: str = Field(description="Folder of the report")
    cache_dir: str = Field(description="Where the runtime of its charts is kept")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the report of the settings."""
        return cls(folder=str(settings.report), cache_dir=str(settings.model_cache))

    def publish(self, warehouse: WarehouseResource) -> "Report":
        """Write the report on the latest day anew; raises what ``write_report`` raises."""
        from painpoint_platform.report.writing import write_report

        return write_report(
            warehouse.read, Path(self.folder), cache_dir=Path(self.cache_dir), lock_timeout_s=warehouse.lock_timeout_s
        )
