"""Posts of subreddits, by Reddit's OAuth API, application-only.

Belongs here: the token, the listing and its end, Reddit's records, and whether a post is still there. The rules are
those of https://github.com/reddit-archive/reddit/wiki/OAuth2 (application-only), https://www.reddit.com/dev/api#GET_new
and https://support.reddithelp.com/hc/en-us/articles/16160319875092 (100 queries a minute, ``X-Ratelimit-*``).
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, Field

from painpoint_platform.errors import UserError
from painpoint_platform.issues.collectors.access import Access
from painpoint_platform.issues.collectors.existence import Existence
from painpoint_platform.issues.collectors.harvest import Count, Epoch, Harvest, Score, Text, WireRecord, WithdrawnError
from painpoint_platform.issues.collectors.http import ApiClient, ApiProfile, Patience, UnauthorizedError, expect
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import DayWindow, Progress, utc
from painpoint_platform.issues.items import Collection, RawItem, Source
from painpoint_platform.issues.source_queries import RedditQueries

PAGE_SIZE = 100
PER_MINUTE = 100.0
# https://www.reddit.com/dev/api#GET_api_info takes this many names.
NAMES_AT_ONCE = 100
SITE = "https://www.reddit.com"
# A token is renewed this long before it expires, in seconds.
TOKEN_MARGIN_S = 60.0
WITHDRAWN_TEXTS = frozenset({"[deleted]", "[removed]"})


class RedditPost(WireRecord):
    """A post (``t3``) as a listing returns it."""

    author_fields: ClassVar[frozenset[str]] = frozenset({"author"})

    id: Text = Field(min_length=1)
    permalink: Text = Field(pattern="^/")
    title: Text | None = None
    selftext: Text | None = None
    author: Text | None = None
    created_utc: Epoch
    num_comments: Count = 0
    score: Score = 0
    removed_by_category: Text | None = None

    def to_item(self) -> RawItem:
        """Return the item. A post of a deleted account stays, without its author.

        Raises:
            WithdrawnError: the post itself was deleted by its author or removed by moderators or Reddit.
        """
        if self.removed_by_category or (self.selftext or "").strip() in WITHDRAWN_TEXTS:
            raise WithdrawnError(f"withdrawn at the source ({self.removed_by_category or 'text deleted'})")
        return RawItem(
            source="reddit",
            source_item_id=self.id,
            url=f"{SITE}{self.permalink}",
            title=self.title or "",
            body=self.selftext or "",
            author=self.author if self.author != "[deleted]" else None,
            created_at=utc(self.created_utc),
            comment_count=self.num_comments,
            vote_count=self.score,
        )


class _Presence(BaseModel):
    """What tells whether a post is still there."""

    id: str
    author: str | None = None
    selftext: str | None = None
    removed_by_category: str | None = None

    @property
    def existence(self) -> Existence:
        """A post whose author deleted the account counts as gone: its author wants to be gone."""
        said = {(self.author or "").strip(), (self.selftext or "").strip()}
        return "gone" if self.removed_by_category or said & WITHDRAWN_TEXTS else "there"


class _Thing(BaseModel):
    data: Any = None


class _ListingData(BaseModel):
    children: list[_Thing]
    after: str | None = None


class _Listing(BaseModel):
    data: _ListingData


class _Posts(BaseModel):
    posts: list[_Presence]


class _Token(BaseModel):
    access_token: str = Field(min_length=1)
    expires_in: float = 3600.0


class _TokenSource:
    """Application-only tokens, renewed before they expire or when one is refused."""

    def __init__(self, api: ApiClient, pace: Pace, client_id: str, client_secret: str) -> None:
        self._api = api
        self._pace = pace
        self._credentials = httpx.BasicAuth(client_id, client_secret)
        self._token = ""
        self._renew_at = 0.0

    async def current(self) -> str:
        if self._pace.clock.now() >= self._renew_at:
            await self.renew()
        return self._token

    async def renew(self) -> None:
        payload = await self._api.send(
            "POST", "api/v1/access_token", data={"grant_type": "client_credentials"}, auth=self._credentials
        )
        if isinstance(payload, dict) and payload.get("error"):
            raise UserError(f"Reddit: no token was given ({payload['error']}). {_mend(401, '')}")
        token = expect(_Token, payload, "Reddit (token)")
        self._token = token.access_token
        self._renew_at = self._pace.clock.now() + max(0.0, token.expires_in - TOKEN_MARGIN_S)


@dataclass(frozen=True)
class RedditCollector:
    """Collects the newest posts of each subreddit, back to the beginning of the day.

    Args:
        queries: subreddits, keywords, minimum votes.
        auth_url: where tokens are handed out, ``https://www.reddit.com``.
        base_url: the API, ``https://oauth.reddit.com``.
        pace: requests a minute; Reddit allows 100.
        patience: time-out and deadline of a request.
        client_id: of a Reddit application; without it Reddit is not read.
        client_secret: its secret.
        user_agent: names the operator, as Reddit demands.
        page_size: posts a page, at most 100.
        transport: replaces the network.
    """

    queries: RedditQueries
    auth_url: str
    base_url: str
    pace: Pace
    patience: Patience
    client_id: str | None
    client_secret: str | None
    user_agent: str
    page_size: int = PAGE_SIZE
    transport: httpx.AsyncBaseTransport | None = None

    source: ClassVar[Source] = "reddit"

    async def collect(self, window: DayWindow, *, progress: Progress | None = None) -> Collection:
        """Read every subreddit.

        A listing shows about the newest 1,000 posts and then simply ends. So the collection is complete only if each
        listing showed a post from before the day; otherwise it is partial, whatever it holds.
        """
        self._require_credentials()
        harvest = Harvest(
            self.source,
            window,
            minimum_votes=self.queries.minimum_votes,
            keywords=self.queries.keywords,
            max_items=self.queries.max_items,
            progress=progress,
        )
        async with AsyncExitStack() as stack:
            auth, api, tokens = await self._session(stack)
            for subreddit in self.queries.subreddits:
                if not harvest.is_full:
                    await self._read(api, tokens, subreddit, window, harvest)
            return harvest.finish(request_count=api.request_count + auth.request_count, now=self.pace.clock.now())

    async def existence(self, item_ids: Sequence[str]) -> dict[str, Existence]:
        """Say of each post whether it is still there; see ``ExistenceProbe``.

        Deleted and removed posts are answered with a mark in place of their text. A post that an answer leaves out is
        gone, too; but of an answer that has none of the posts asked for nothing is believed: taking everything down
        because of one empty answer could not be undone.
        """
        self._require_credentials()
        found: dict[str, Existence] = {}
        async with AsyncExitStack() as stack:
            _, api, tokens = await self._session(stack)
            for start in range(0, len(item_ids), NAMES_AT_ONCE):
                asked = item_ids[start : start + NAMES_AT_ONCE]
                names = ",".join(f"t3_{item_id}" for item_id in asked)
                listing = await self._get(api, tokens, "api/info", {"id": names, "raw_json": 1})
                posts = expect(_Posts, {"posts": [child.data for child in listing.children]}, "Reddit").posts
                said = {post.id: post.existence for post in posts}
                if not said.keys().isdisjoint(asked):
                    found |= {item_id: said.get(item_id, "gone") for item_id in asked}
        return found

    def _require_credentials(self) -> None:
        if not (self.client_id and self.client_secret):
            missing = "REDDIT_CLIENT_ID" if not self.client_id else "REDDIT_CLIENT_SECRET"
            raise UserError(
                f"Reddit: {missing} is not set; make an application of the kind 'script' at "
                "https://www.reddit.com/prefs/apps and set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET and "
                "REDDIT_USER_AGENT, or set reddit.enabled to false in sources.yaml"
            )

    async def _session(self, stack: AsyncExitStack) -> tuple[ApiClient, ApiClient, _TokenSource]:
        """Open what hands out tokens, the API, and the tokens between them."""
        assert self.client_id
        assert self.client_secret
        auth = await stack.enter_async_context(self._api(self.auth_url, "REDDIT_AUTH_URL"))
        api = await stack.enter_async_context(self._api(self.base_url, "REDDIT_API_URL"))
        return auth, api, _TokenSource(auth, self.pace, self.client_id, self.client_secret)

    async def _read(
        self, api: ApiClient, tokens: _TokenSource, subreddit: str, window: DayWindow, harvest: Harvest
    ) -> None:
        after: str | None = None
        visited: set[str] = set()
        shown, oldest = 0, None
        while not harvest.is_full:
            listing = await self._page(api, tokens, subreddit, after)
            records = [child.data for child in listing.children]
            shown += len(records)
            harvest.take(records, RedditPost)
            oldest = min(filter(None, (oldest, *map(_listed_at, records))), default=None)
            if oldest is not None and oldest < window.start:
                return
            after = listing.after
            if after is None or after in visited:
                break
            visited.add(after)
        if not harvest.is_full:
            reach = f"back to {oldest:%Y-%m-%d %H:%M:%S} UTC" if oldest else "nothing"
            harvest.partial(
                f"r/{subreddit} lists only {shown:,} posts, {reach}: it cannot be told whether older posts of the day "
                "are missing; collect daily, soon after the day"
            )

    async def _page(self, api: ApiClient, tokens: _TokenSource, subreddit: str, after: str | None) -> _ListingData:
        params: dict[str, Any] = {"limit": self.page_size, "raw_json": 1}
        if after:
            params["after"] = after
        return await self._get(api, tokens, f"r/{subreddit}/new", params)

    async def _get(self, api: ApiClient, tokens: _TokenSource, path: str, params: Mapping[str, Any]) -> _ListingData:
        try:
            payload = await api.get(path, params, {"Authorization": f"Bearer {await tokens.current()}"})
        except UnauthorizedError:
            # A token may be revoked before it expires; one new token tells a revoked one from wrong credentials.
            await tokens.renew()
            payload = await api.get(path, params, {"Authorization": f"Bearer {await tokens.current()}"})
        return expect(_Listing, payload, "Reddit").data

    def _api(self, base_url: str, url_setting: str) -> ApiClient:
        profile = ApiProfile(
            name="Reddit",
            base_url=base_url,
            url_setting=url_setting,
            mend=_mend,
            secrets=tuple(filter(None, (self.client_secret, self.client_id))),
            headers={"User-Agent": self.user_agent},
        )
        return ApiClient(profile, pace=self.pace, patience=self.patience, transport=self.transport)


def collector(queries: RedditQueries, access: Access) -> RedditCollector:
    """Make the collector of the settings."""
    address = access.text("reddit_api_url")
    return RedditCollector(
        queries=queries,
        auth_url=access.text("reddit_auth_url"),
        base_url=address,
        pace=access.pace(address, queries.requests_per_minute or PER_MINUTE),
        patience=access.patience,
        client_id=access.secret("reddit_client_id"),
        client_secret=access.secret("reddit_client_secret"),
        user_agent=access.text("reddit_user_agent"),
    )


def _listed_at(record: Any) -> datetime | None:
    """When a post was created, as far as it tells how far the listing reaches: a pinned post may be of any age."""
    if not isinstance(record, dict) or record.get("stickied"):
        return None
    created = record.get("created_utc")
    if not isinstance(created, int | float) or not 0 < created < 4_102_444_800:
        return None
    return utc(created)


def _mend(status: int, message: str) -> str:
    advice = {
        401: "REDDIT_CLIENT_ID or REDDIT_CLIENT_SECRET is wrong: take both from https://www.reddit.com/prefs/apps",
        403: "The subreddit is private, or Reddit blocks the client: remove it from reddit.subreddits in sources.yaml, "
        "or set REDDIT_USER_AGENT to one that names you, like 'python:my-app:1.0 (by /u/my-name)'",
        404: "The subreddit is banned or does not exist: correct or remove it under reddit.subreddits in sources.yaml",
        429: "Set REDDIT_USER_AGENT to one that names you: Reddit throttles unnamed clients",
    }
    if "moved to" in message:
        return "There is no such subreddit: correct or remove it under reddit.subreddits in sources.yaml"
    return advice.get(status, "Check REDDIT_API_URL and REDDIT_AUTH_URL")
