"""How far long work has come, told to whoever listens.

Belongs here: the one channel between code that works for minutes and a progress bar. Does not belong here: drawing
(``cli``), Dagster's logs (``context.log``).

Long work calls ``report``; nothing happens unless somebody listens, so the pure code needs no callback for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int | None], None]
# What code that knows only of its own work is given: called with (done, in all).
Progress = Callable[[int, int], None]

_listeners: list[Listener] = []


def report(task: str, done: int, total: int | None) -> None:
    """Say that ``done`` of ``total`` units of ``task`` are finished (``total`` None: not known yet).

    ``task`` is what a person reads beside the bar, such as ``embedding 2025-01-06``.
    """
    for listener in _listeners:
        listener(task, done, total)


def reporter(task: str) -> Callable[[int, int | None], None]:
    """Return a callback for code that knows only of (done, total)."""
    return lambda done, total: report(task, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have ``listener`` called with every report, of all threads, until the block ends."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
