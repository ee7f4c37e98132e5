"""The time that the collectors live by, behind one small protocol.

Belongs here: reading the wall clock and sleeping. It is a port because limits are stated in minutes and hours: tests
bring a clock that jumps.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall-clock seconds and a sleep that agrees with them."""

    def now(self) -> float:
        """Return seconds since 1970-01-01 00:00 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``; at once for zero or less."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return ``time.time()``: rate limits are reset at wall-clock moments, so a monotonic clock would not do."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep in the running event loop."""
        await asyncio.sleep(max(0.0, seconds))
