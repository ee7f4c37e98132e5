"""Issues that stand out from ordinary days, told once.

Belongs here: which of them are news. Does not belong here: what stands out (``gold.issue_trends``, a SQL model), who is
told (``automation``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from painpoint_platform.warehouse.access import Warehouse

# Only the last clustered days are news; a backfill of older ones wakes nobody up.
RECENT_DAYS = 3
# What was told is remembered for longer than a day can be recent, and not for ever.
REMEMBERED_DAYS = 60


@dataclass(frozen=True, slots=True)
class Emerging:
    """An issue that came up, or grew, far beyond what is usual for it.

    Attributes:
        issue_key: the issue.
        cluster_date: the day on which it stood out.
        title: what it is called.
        item_count: posts of that day.
        author_count: people who wrote them.
        growth: against its own history; None for a new one.
        surprise: how unlikely that is, as a negative power of ten.
    """

    issue_key: str
    cluster_date: date
    title: str
    item_count: int
    author_count: int
    growth: float | None
    surprise: float

    @property
    def told_as(self) -> str:
        """What is remembered of it once it was told."""
        return f"{self.cluster_date} {self.issue_key}"

    def __str__(self) -> str:
        """Say it in a sentence."""
        grown = f"{self.growth:.1f} times as many as usual" if self.growth else "a new problem"
        return f"{self.title}: {self.item_count} posts by {self.author_count} people on {self.cluster_date}, {grown}"


def emerging_issues(warehouse: "Warehouse") -> list[Emerging]:
    """Return what stands out on the last clustered days and may be published, the most surprising first."""
    with warehouse.read() as connection:
        rows = fetch(connection, "issues/emerging_issues", days=RECENT_DAYS)
    return [Emerging(**row) for row in rows.iter_rows(named=True)]


def not_told(found: Sequence[Emerging], cursor: str | None) -> tuple[list[Emerging], str]:
    """Return what is news, and the cursor that remembers it as told.

    Args:
        found: of ``emerging_issues``.
        cursor: what this function returned before; None at first.
    """
    told = set(json.loads(cursor)) if cursor else set()
    news = [one for one in found if one.told_as not in told]
    latest = max((one.cluster_date for one in found), default=None)
    if latest:
        oldest = (latest - timedelta(days=REMEMBERED_DAYS)).isoformat()
        told = {one for one in told if one >= oldest}
    return news, json.dumps(sorted(told | {one.told_as for one in news}))
