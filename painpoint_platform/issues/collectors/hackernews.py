"""Stories, Ask HN and, where asked for, comments of Hacker News, by its search at Algolia.

Belongs here: the filters, the cap and the records of https://hn.algolia.com/api.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, Field

from painpoint_platform.issues.collectors.access import Access
from painpoint_platform.issues.collectors.harvest import Count, Epoch, Harvest, Score, Text, WireRecord
from painpoint_platform.issues.collectors.http import ApiClient, ApiProfile, Patience, expect
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import DayWindow, Progress, Span, utc
from painpoint_platform.issues.collectors.windows import Page, read_capped
from painpoint_platform.issues.items import Collection, RawItem, Source
from painpoint_platform.issues.source_queries import HackernewsQueries

RESULT_CAP = 1_000  # Algolia's paginationLimitedTo
PAGE_SIZE = 500
PER_MINUTE = 160.0  # 10,000 an hour are allowed
ITEM_URL = "https://news.ycombinator.com/item?id="


class HackernewsHit(WireRecord):
    """A hit of ``search_by_date``. Ask HN has no ``url``, a comment neither ``url`` nor ``title``, points or count."""

    author_fields: ClassVar[frozenset[str]] = frozenset({"author"})
    id_field: ClassVar[str] = "objectID"

    object_id: Text = Field(alias="objectID", pattern=r"^\d+$")
    title: Text | None = None
    story_text: Text | None = None
    comment_text: Text | None = None
    author: Text | None = None
    points: Score | None = None
    num_comments: Count | None = None
    created_at_i: Epoch

    def to_item(self) -> RawItem:
        """Return the item. Its URL is the discussion's: many stories may link to one page, and Ask HN links to none."""
        return RawItem(
            source="hackernews",
            source_item_id=self.object_id,
            url=f"{ITEM_URL}{self.object_id}",
            title=self.title or "",
            body=self.story_text or self.comment_text or "",
            author=self.author or None,
            created_at=utc(self.created_at_i),
            comment_count=self.num_comments or 0,
            vote_count=self.points or 0,
        )


class _SearchAnswer(BaseModel):
    hits: list[Any]
    total: int = Field(alias="nbHits")


@dataclass(frozen=True)
class HackernewsCollector:
    """Collects by day; no credentials are needed.

    Args:
        queries: keywords, kinds, minimum votes.
        base_url: ``https://hn.algolia.com/api/v1``.
        pace: requests a minute; 10,000 an hour are allowed.
        patience: time-out and deadline of a request.
        result_cap: hits that a search shows at most.
        page_size: hits a page.
        transport: replaces the network.
    """

    queries: HackernewsQueries
    base_url: str
    pace: Pace
    patience: Patience
    result_cap: int = RESULT_CAP
    page_size: int = PAGE_SIZE
    transport: httpx.AsyncBaseTransport | None = None

    source: ClassVar[Source] = "hackernews"

    async def collect(self, window: DayWindow, *, progress: Progress | None = None) -> Collection:
        """Read the day once for each keyword, or once for all; an item that several keywords find is kept once."""
        harvest = Harvest(self.source, window, max_items=self.queries.max_items, progress=progress)
        async with self._api() as api:
            for keyword in self.queries.keywords or ("",):
                await self._read(api, keyword, window, harvest)
            return harvest.finish(request_count=api.request_count, now=self.pace.clock.now())

    async def _read(self, api: ApiClient, keyword: str, window: DayWindow, harvest: Harvest) -> None:
        async def fetch(span: Span, cursor: int | None) -> Page:
            number = cursor or 0
            answer = expect(
                _SearchAnswer,
                await api.get("search_by_date", self._params(keyword, span, number)),
                "Hacker News search",
            )
            shown = min(answer.total, self.result_cap)
            return Page(answer.hits, answer.total, number + 1 if (number + 1) * self.page_size < shown else None)

        await read_capped(window.span, fetch, cap=self.result_cap, harvest=harvest, model=HackernewsHit)

    def _params(self, keyword: str, span: Span, page: int) -> dict[str, Any]:
        filters = [f"created_at_i>={span.start}", f"created_at_i<{span.end}"]
        if self.queries.minimum_votes:
            filters.append(f"points>={self.queries.minimum_votes}")
        return {
            "query": keyword,
            "tags": f"({','.join(self.queries.kinds)})",  # in brackets: any of them
            "numericFilters": ",".join(filters),
            "hitsPerPage": self.page_size,
            "page": page,
        }

    def _api(self) -> ApiClient:
        profile = ApiProfile(
            name="Hacker News search",
            base_url=self.base_url,
            url_setting="HACKERNEWS_API_URL",
            mend=_mend,
        )
        return ApiClient(profile, pace=self.pace, patience=self.patience, transport=self.transport)


def collector(queries: HackernewsQueries, access: Access) -> HackernewsCollector:
    """Make the collector of the settings."""
    address = access.text("hackernews_api_url")
    pace = access.pace(address, queries.requests_per_minute or PER_MINUTE)
    return HackernewsCollector(queries, address, pace, access.patience)


def _mend(status: int, _message: str) -> str:
    if status == 429:
        return "Lower hackernews.requests_per_minute in sources.yaml"
    return "Check HACKERNEWS_API_URL (https://hn.algolia.com/api/v1) and hackernews in sources.yaml"
