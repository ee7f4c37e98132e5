"""This installation, as a takedown sees it: where it writes, and how PocketBase follows. From the settings.

Belongs here: turning settings into places and a publisher. Does not belong here: the takedown (``forgetting``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from painpoint_platform.settings import Settings
from painpoint_platform.takedown.places import Places

if TYPE_CHECKING:
    from painpoint_platform.takedown.forgetting import Publish


def places_of(settings: Settings) -> Places:
    """Return where the platform writes."""
    return Places(
        warehouse=settings.warehouse,
        analytics=settings.analytics,
        llm_state=settings.data_dir / "llm.sqlite",
        dagster_home=Path(os.environ.get("DAGSTER_HOME") or settings.data_dir / "dagster"),
        data_dir=settings.data_dir,
        artifacts_dir=settings.artifacts_dir,
        report=settings.report,
        model_cache=settings.model_cache,
        lock_timeout_s=settings.warehouse_lock_timeout_s,
    )


@contextmanager
def publisher(settings: Settings) -> "Iterator[Publish | None]":
    """Yield what syncs a day with PocketBase; None where none is configured.

    Raises:
        UserError: the address is there, but not the account.
    """
    if not settings.pocketbase_url:
        yield None
        return
    from painpoint_platform.issues.days import publish_day
    from painpoint_platform.resources.pocketbase import PocketBaseResource
    from painpoint_platform.resources.secrets import in_hand
    from painpoint_platform.resources.warehouse import WarehouseResource

    warehouse = WarehouseResource.of(settings)
    with in_hand(PocketBaseResource.of(settings)).client() as client:
        yield lambda day: publish_day(warehouse, day, client=client, min_authors=settings.publish_min_authors)
