"""Whether posts that were collected are still at their source: the answer that all sources give.

Belongs here: what a source is asked, and what it may say. Does not belong here: how each is asked (the collectors),
what follows (``painpoint_platform.takedown``).

Reddit is asked today. Another source joins with a method of the same name on its collector: GitHub answers 404 or 410
for an issue that is gone, Hacker News marks an item ``deleted`` or ``dead``, Stack Exchange leaves out the ids that it
no longer has.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

Existence = Literal["there", "gone"]


@runtime_checkable
class ExistenceProbe(Protocol):
    """Asks one source."""

    async def existence(self, item_ids: Sequence[str]) -> dict[str, Existence]:
        """Say of the source's own ids whether their posts are still there; an id may be left out as not known.

        Raises:
            UserError: credentials or address; a person must mend it.
            TransientError: the source did not answer within the deadline.
        """
        ...
