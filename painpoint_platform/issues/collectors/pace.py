"""How fast one API may be asked.

Belongs here: spacing requests and standing still when an API says so.
Does not belong here: reading what an API says (``http``), limits across runs (Dagster pools).

A pace is not bound to an event loop, so that it holds over the many short loops of a range run, one a day. (A leaky
bucket like aiolimiter's lives in one loop, reads only that loop's clock, and lets almost twice its rate through the
first minute.)
"""

import threading

from painpoint_platform.issues.collectors.clock import Clock, SystemClock


class Pace:
    """Hands out moments to send at, evenly spaced, so that no minute holds more than ``per_minute`` of them.

    Even spacing rather than bursts is also what GitHub asks for to stay clear of its secondary limits
    (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
    """

    def __init__(self, per_minute: float, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self._interval = 60.0 / per_minute
        self._next = 0.0
        self._silent_until = 0.0
        self._lock = threading.Lock()

    async def turn(self) -> None:
        """Wait for the next moment at which a request may be sent."""
        # The moment may move while we sleep: another request's answer may have asked for silence.
        while (wait := self._reserve()) > 0:
            await self.clock.sleep(wait)

    def _reserve(self) -> float:
        with self._lock:
            now = self.clock.now()
            if now < self._next:
                return self._next - now
            self._next = now + self._interval
            return 0.0

    def stand_still(self, seconds: float) -> None:
        """Let nothing be sent for ``seconds`` from now."""
        with self._lock:
            self._silent_until = max(self._silent_until, self.clock.now() + seconds)
            self._next = max(self._next, self._silent_until)

    def standing_still_for(self) -> float:
        """Return the seconds for which an API asked for silence; the spacing of requests is no such wish."""
        with self._lock:
            return max(0.0, self._silent_until - self.clock.now())
