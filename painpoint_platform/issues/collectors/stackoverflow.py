"""Questions of Stack Overflow, or of any other site of the network, by the Stack Exchange API 2.3.

Belongs here: its parameters, paging, quota, back-off and records. The rules are those of
https://api.stackexchange.com/docs/questions, /docs/throttle, /docs/paging and /docs/error-handling.
"""

import html
import re
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, Field

from painpoint_platform.issues.collectors.access import Access
from painpoint_platform.issues.collectors.harvest import Count, Epoch, Harvest, Score, Text, WireRecord
from painpoint_platform.issues.collectors.http import ApiClient, ApiProfile, Patience, expect
from painpoint_platform.issues.collectors.limits import Limit, asked_wait
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import DayWindow, Progress, utc
from painpoint_platform.issues.items import Collection, RawItem, Source
from painpoint_platform.issues.source_queries import StackoverflowQueries

PAGE_SIZE = 100
PER_MINUTE = 300.0  # the API shuts out above 30 a second, and asks to be read slowly
# "page above 25 requires access token or app key": from there on the window is moved instead of the page.
LAST_PAGE_WITHOUT_KEY = 25
# Requests left untouched, so that the address is never shut out for the rest of the day.
QUOTA_RESERVE = 1
THROTTLE_VIOLATION = 502  # an error_id; the HTTP status that comes with it is 400


class _Owner(BaseModel):
    user_id: int | None = None
    display_name: Text | None = None


class Question(WireRecord):
    """A question as ``/questions`` returns it under the built-in filter ``withbody``.

    That filter carries no count of comments, so the answers are counted. Titles and names come HTML-encoded.
    """

    author_fields: ClassVar[frozenset[str]] = frozenset({"owner"})
    id_field: ClassVar[str] = "question_id"

    question_id: int
    link: Text = Field(min_length=1)
    title: Text | None = None
    body: Text | None = None
    owner: _Owner | None = None
    creation_date: Epoch
    answer_count: Count = 0
    score: Score = 0

    def to_item(self) -> RawItem:
        """Return the item. The author is the user's number where there is one: display names are not unique."""
        owner = self.owner or _Owner()
        name = html.unescape(owner.display_name) if owner.display_name else None
        return RawItem(
            source="stackoverflow",
            source_item_id=str(self.question_id),
            url=self.link,
            title=html.unescape(self.title or ""),
            body=self.body or "",
            author=str(owner.user_id) if owner.user_id is not None else name,
            created_at=utc(self.creation_date),
            comment_count=self.answer_count,
            vote_count=self.score,
        )


class _Wrapper(BaseModel):
    items: list[Any]
    has_more: bool
    quota_remaining: int | None = None
    backoff: float | None = None


@dataclass(frozen=True)
class StackoverflowCollector:
    """Collects questions by tag, or all of a site.

    Args:
        queries: site, tags, keywords, minimum votes.
        base_url: ``https://api.stackexchange.com/2.3``.
        pace: requests a minute (the API shuts out above 30 a second).
        patience: time-out and deadline of a request.
        key: a Stack Apps key: 10,000 requests a day instead of 300.
        page_size: questions a page, at most 100.
        last_page_without_key: the last page that is answered without a key.
        transport: replaces the network.
    """

    queries: StackoverflowQueries
    base_url: str
    pace: Pace
    patience: Patience
    key: str | None = None
    page_size: int = PAGE_SIZE
    last_page_without_key: int = LAST_PAGE_WITHOUT_KEY
    transport: httpx.AsyncBaseTransport | None = None

    source: ClassVar[Source] = "stackoverflow"

    async def collect(self, window: DayWindow, *, progress: Progress | None = None) -> Collection:
        """Read the day tag by tag; stops before the day's quota is used up, and then is partial."""
        harvest = Harvest(
            self.source,
            window,
            # The API's own `min` applies to the field that is sorted by, which is the date here.
            minimum_votes=self.queries.minimum_votes,
            keywords=self.queries.keywords,
            max_items=self.queries.max_items,
            progress=progress,
        )
        async with self._api() as api:
            for tagged in self.queries.tags or ("",):
                if not await self._read(api, tagged, window, harvest):
                    break
            return harvest.finish(request_count=api.request_count, now=self.pace.clock.now())

    async def _read(self, api: ApiClient, tagged: str, window: DayWindow, harvest: Harvest) -> bool:
        """Read one tag; return False when no further request may be sent."""
        since, page = window.span.start, 1
        listed: set[str] = set()
        while not harvest.is_full:
            wrapper = expect(
                _Wrapper, await api.get("questions", self._params(tagged, since, window, page)), "Stack Exchange"
            )
            seen = harvest.take(wrapper.items, Question)
            if wrapper.backoff:
                # "must not query the same method for backoff seconds"; a second more, as the seconds are rounded
                api.stand_still(wrapper.backoff + 1)
            left = wrapper.quota_remaining
            if left is not None and left <= QUOTA_RESERVE:
                return self._stop(harvest, left, tagged, wrapper.has_more)
            if not wrapper.has_more:
                return True
            # Nothing, or the page before once more: asking on would go on until the quota ends.
            found = set(map(Question.identity, wrapper.items))
            if found <= listed:
                harvest.partial(f"more questions announced{_of(tagged)} after page {page - bool(found)}, none sent")
                return True
            listed |= found
            page += 1
            if page > self.last_page_without_key and not self.key:
                latest = int(max((item.created_at.timestamp() for item in seen), default=since))
                if latest <= since:
                    harvest.partial(f"too many questions{_of(tagged)} in one second to read without STACKEXCHANGE_KEY")
                    return True
                since, page, listed = latest, 1, set()
        return False

    def _stop(self, harvest: Harvest, left: int, tagged: str, has_more: bool) -> bool:
        harvest.note(f"Stack Exchange's daily quota is nearly used up: {left} requests left")
        if has_more or tagged != (self.queries.tags or ("",))[-1]:
            harvest.partial(
                f"stopped{_of(tagged)} with {left} requests of Stack Exchange's daily quota left; "
                + (
                    "the quota begins anew at midnight UTC"
                    if self.key
                    else "STACKEXCHANGE_KEY raises it from 300 to 10,000"
                )
            )
        return False

    def _params(self, tagged: str, since: int, window: DayWindow, page: int) -> dict[str, Any]:
        params: dict[str, Any] = {
            "site": self.queries.site,
            "fromdate": since,
            "todate": window.span.last,
            "sort": "creation",
            "order": "asc",
            "page": page,
            "pagesize": self.page_size,
            "filter": "withbody",
        }
        if tagged:
            params["tagged"] = tagged
        if self.key:
            params["key"] = self.key
        return params

    def _api(self) -> ApiClient:
        profile = ApiProfile(
            name="Stack Exchange",
            base_url=self.base_url,
            url_setting="STACKEXCHANGE_API_URL",
            mend=self._mend,
            limit=_limit,
            secrets=(self.key,) if self.key else (),
        )
        return ApiClient(profile, pace=self.pace, patience=self.patience, transport=self.transport)

    def _mend(self, status: int, message: str) -> str:
        if "key" in message.lower():
            return (
                "STACKEXCHANGE_KEY is not known to Stack Exchange: take the key of your application from "
                "https://stackapps.com/apps/oauth and set it, or unset it (300 requests a day)"
            )
        if "site" in message.lower():
            return f"stackoverflow.site in sources.yaml is {self.queries.site!r}: see https://api.stackexchange.com/docs/sites"
        if status == 429 or "request" in message.lower():
            return "" if self.key else "STACKEXCHANGE_KEY raises the daily quota from 300 to 10,000 requests"
        return "Check STACKEXCHANGE_API_URL (https://api.stackexchange.com/2.3) and stackoverflow in sources.yaml"


def collector(queries: StackoverflowQueries, access: Access) -> StackoverflowCollector:
    """Make the collector of the settings."""
    address = access.text("stackexchange_api_url")
    pace = access.pace(address, queries.requests_per_minute or PER_MINUTE)
    return StackoverflowCollector(queries, address, pace, access.patience, access.secret("stackexchange_key"))


def _limit(response: httpx.Response, payload: Any, now: float) -> Limit | None:
    """Throttling is an HTTP 400 whose body says so, and for how long ("more requests available in 81234 seconds")."""
    wait = asked_wait(response.headers, now)
    if isinstance(payload, dict) and payload.get("error_id") == THROTTLE_VIOLATION:
        message = str(payload.get("error_message", ""))
        told = re.search(r"available in (\d{1,9}) seconds", message)
        return Limit(message or "throttle violation", float(told[1]) if told else wait)
    return Limit("too many requests", wait) if response.status_code == 429 else None


def _of(tagged: str) -> str:
    return f" of the tag {tagged!r}" if tagged else ""
