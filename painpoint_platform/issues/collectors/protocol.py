"""The protocol that every collector follows, and the stretch of time it is asked for.

Belongs here: what the four have in common from the outside. Does not belong here: how they do it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Protocol, Self

from painpoint_platform.issues.items import Collection, Source

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time ``[start, end)`` in epoch seconds (whole seconds: what the search APIs resolve)."""

    start: int
    end: int

    @property
    def last(self) -> int:
        """The last second inside, for APIs whose ranges include both ends."""
        return self.end - 1

    @property
    def is_one_second(self) -> bool:
        """Whether the span cannot be halved."""
        return self.end - self.start <= 1

    def halves(self) -> tuple[Self, Self]:
        """Return the earlier and the later half."""
        middle = (self.start + self.end) // 2
        return type(self)(self.start, middle), type(self)(middle, self.end)

    def __str__(self) -> str:
        return f"{utc(self.start):%Y-%m-%d %H:%M:%S} to {utc(self.end):%H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class DayWindow:
    """One day in UTC, ``[00:00, next day 00:00)``: the window of a partition."""

    day: date

    @property
    def start(self) -> datetime:
        """Midnight at which the day begins, aware, in UTC."""
        return datetime.combine(self.day, time.min, UTC)

    @property
    def end(self) -> datetime:
        """Midnight at which the day ends, aware, in UTC."""
        return self.start + timedelta(days=1)

    @property
    def span(self) -> Span:
        """The day in epoch seconds."""
        return Span(int(self.start.timestamp()), int(self.end.timestamp()))

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Collector(Protocol):
    """Reads one source."""

    source: ClassVar[Source]

    async def collect(self, window: DayWindow, *, progress: Progress | None = None) -> Collection:
        """Return everything that the source published inside ``window``.

        Args:
            window: the day.
            progress: called with the number of items so far.

        Raises:
            UserError: credentials, address, query or schema; a person must mend it.
            TransientError: the source did not answer within the deadline.
        """
        ...


def utc(epoch_seconds: float) -> datetime:
    """Return an aware UTC datetime."""
    return datetime.fromtimestamp(epoch_seconds, UTC)
