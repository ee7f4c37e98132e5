"""How fast models are asked: calls at once, calls a minute, and the pauses that a server asks for.

Belongs here: waiting for one's turn. Does not belong here: whether a failed call is repeated (``transport``).
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter


class Pace:
    """The limits of one client, over all its models.

    Args:
        concurrency: calls under way at once.
        per_minute: calls started a minute; 0 = no limit. Starts are spread evenly, because a burst of a whole minute's
            allowance followed by the steady rate is twice the allowance in the first minute.
    """

    def __init__(self, concurrency: int, per_minute: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._limiter = AsyncLimiter(1, 60 / per_minute) if per_minute else None
        self._paused_until: dict[str, float] = {}

    def pause(self, model: str, seconds: float) -> None:
        """Start no call to ``model`` for so long: its server said 429, and the other requests would hear the same."""
        self._paused_until[model] = max(self._paused_until.get(model, 0.0), time.monotonic() + seconds)

    @asynccontextmanager
    async def slot(self, model: str) -> AsyncIterator[None]:
        """Wait for a free slot while ``model`` is not paused, and hold it inside the block."""
        while True:
            await asyncio.sleep(self._remaining(model))
            async with self._slots:
                # The pause may have begun or grown while this waited for the slot.
                if not self._remaining(model):
                    yield
                    return

    async def start(self) -> None:
        """Wait until one more call may start. Separate from the slot, so that a call that is not made uses none up."""
        if self._limiter:
            await self._limiter.acquire()

    def _remaining(self, model: str) -> float:
        return max(self._paused_until.get(model, 0.0) - time.monotonic(), 0.0)
