"""Forgetting a target in reports: each is made anew from what the warehouse still has.

Belongs here: which folders are reports. Does not belong here: how a report is written (``report.writing``), one that
was copied to another place than the platform's own.

Counts, quotes and pictures of places on a map all follow from rows, so nothing is cut out of a report: it is written
again on the same day, and takes the old one's place as a whole.
"""

from functools import partial
from pathlib import Path

from painpoint_platform.report.folder import MANIFEST, forget_leftovers, read_manifest
from painpoint_platform.report.reading import days_with_issues
from painpoint_platform.report.writing import write_report
from painpoint_platform.takedown.places import Places
from painpoint_platform.warehouse.connection import open_read


def report_folders(places: Places) -> list[Path]:
    """Return every folder that holds a report, wherever the platform writes."""
    return [path.parent for path in places.files() if path.name == MANIFEST and read_manifest(path.parent) is not None]


def renew_reports(places: Places) -> int:
    """Write every report anew and return how many there were; what killed writers left is removed.

    A report on a day that has no issues any more becomes one on the latest day.

    Raises:
        UserError: one cannot be written, or another process did not finish writing it in time; names it.
        WarehouseLockedError: the warehouse stayed locked.
    """
    forget_leftovers(places.report, wait_s=places.lock_timeout_s)
    folders = [folder for folder in report_folders(places) if not folder.name.startswith(".")]
    read = partial(open_read, places.warehouse, lock_timeout_s=places.lock_timeout_s)
    for folder in folders:
        manifest = read_manifest(folder) or {}
        with read() as connection:
            kept = {str(day): day for day in days_with_issues(connection)}
        day = None if manifest.get("is_latest", True) else kept.get(str(manifest.get("day")))
        write_report(read, folder, day=day, cache_dir=places.model_cache, lock_timeout_s=places.lock_timeout_s)
    return len(folders)
