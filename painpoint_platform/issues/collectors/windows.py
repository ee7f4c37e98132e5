"""Reading a search that shows only its first results, by making the window smaller until all of them show.

Belongs here: the bisection that GitHub and Hacker News share. Does not belong here: how a page is fetched.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from painpoint_platform.issues.collectors.harvest import Harvest, WireRecord
from painpoint_platform.issues.collectors.protocol import Span


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: its records, the number of results in the whole window, where to go on (None: the end)."""

    records: Sequence[Any]
    total: int
    next_cursor: Any | None


FetchPage = Callable[[Span, Any | None], Awaitable[Page]]


async def read_capped(span: Span, fetch: FetchPage, *, cap: int, harvest: Harvest, model: type[WireRecord]) -> None:
    """Read every result in ``span`` into ``harvest``, though the search shows only the first ``cap`` of a window.

    A window with more results is halved, down to one second; what is still too much then makes the harvest partial.
    ``fetch`` is called with a window and None for its first page, then with the cursor that the page before gave.
    """
    waiting = [span]
    while waiting and not harvest.is_full:
        window = waiting.pop()
        page = await fetch(window, None)
        if page.total > cap and not window.is_one_second:
            waiting.extend(reversed(window.halves()))
            continue
        if page.total > cap:
            harvest.partial(f"{page.total:,} results in the one second from {window}, of which the API shows {cap:,}")
        read = await _read_pages(window, page, fetch, harvest, model)
        expected = min(page.total, cap)
        if read < expected and not harvest.is_full:
            harvest.partial(f"{expected:,} results announced for {window}, only {read:,} sent")


async def _read_pages(window: Span, page: Page, fetch: FetchPage, harvest: Harvest, model: type[WireRecord]) -> int:
    """Return how many different records came; a page without any new one is the last, whatever cursor it gives."""
    seen = set(map(model.identity, page.records))
    harvest.take(page.records, model)
    is_new = bool(seen)
    while page.next_cursor is not None and is_new and not harvest.is_full:
        page = await fetch(window, page.next_cursor)
        found = set(map(model.identity, page.records))
        is_new = not found <= seen
        seen |= found
        harvest.take(page.records, model)
    return len(seen)
