"""GitHub issues, by the REST search; discussions, which REST search does not know, by the GraphQL search.

Belongs here: GitHub's query words, paging, limits and records. The rules are those of
https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests,
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from painpoint_platform.errors import UserError
from painpoint_platform.issues.collectors.access import Access
from painpoint_platform.issues.collectors.harvest import Count, Harvest, Text, WireRecord
from painpoint_platform.issues.collectors.http import ApiClient, ApiProfile, Patience, expect
from painpoint_platform.issues.collectors.limits import Limit, asked_wait
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import DayWindow, Progress, Span, utc
from painpoint_platform.issues.collectors.windows import Page, read_capped
from painpoint_platform.issues.items import Collection, RawItem, Source
from painpoint_platform.issues.source_queries import GithubQueries

RESULT_CAP = 1_000  # "the GitHub REST API provides up to 1,000 results for each search"; GraphQL likewise
PAGE_SIZE = 100
PER_MINUTE, PER_MINUTE_WITHOUT_TOKEN = 30.0, 10.0  # searches
# "wait for at least one minute" when a secondary limit comes without Retry-After
SECONDARY_WAIT_S = 60.0
# A search that timed out on GitHub's side gives what it found so far; asking again often finds the rest.
INCOMPLETE_RETRIES = 3

DISCUSSION_SEARCH = """
query ($search: String!, $size: Int!, $after: String) {
  search(query: $search, type: DISCUSSION, first: $size, after: $after) {
    discussionCount
    pageInfo { hasNextPage endCursor }
    nodes {
      ... on Discussion {
        number title body url createdAt upvoteCount
        comments { totalCount } author { login } repository { nameWithOwner }
      }
    }
  }
}
"""


class _User(BaseModel):
    login: str


class _Reactions(BaseModel):
    total_count: Count = 0


class _TotalCount(BaseModel):
    total: Count = Field(0, alias="totalCount")


class _Repository(BaseModel):
    name: Text = Field(alias="nameWithOwner")


class GithubIssue(WireRecord):
    """An issue as ``/search/issues`` returns it. ``reactions.total_count`` becomes the vote count."""

    author_fields: ClassVar[frozenset[str]] = frozenset({"user"})
    id_field: ClassVar[str] = "html_url"

    html_url: Text = Field(min_length=1)
    number: int
    repository_url: Text
    title: Text | None = None
    body: Text | None = None
    user: _User | None = None
    created_at: Annotated[AwareDatetime, BeforeValidator(lambda value: value if isinstance(value, str) else None)]
    comments: Count = 0
    reactions: _Reactions | None = None

    def to_item(self) -> RawItem:
        """Return the item; its id is ``owner/repository#number``."""
        owner_and_name = "/".join(urlsplit(self.repository_url).path.rstrip("/").split("/")[-2:])
        return RawItem(
            source="github",
            source_item_id=f"{owner_and_name}#{self.number}",
            url=self.html_url,
            title=self.title or "",
            body=self.body or "",
            author=self.user.login if self.user else None,
            created_at=self.created_at,
            comment_count=self.comments,
            vote_count=self.reactions.total_count if self.reactions else 0,
        )


class GithubDiscussion(WireRecord):
    """A discussion as the GraphQL search returns it. Its upvotes become the vote count."""

    author_fields: ClassVar[frozenset[str]] = frozenset({"author"})
    id_field: ClassVar[str] = "url"

    number: int
    url: Text = Field(min_length=1)
    title: Text | None = None
    body: Text | None = None
    author: _User | None = None
    repository: _Repository
    created_at: AwareDatetime = Field(alias="createdAt")
    upvotes: Count = Field(0, alias="upvoteCount")
    comments: _TotalCount | None = None

    def to_item(self) -> RawItem:
        """Return the item; its id is ``owner/repository/discussions#number``: issues are numbered apart."""
        return RawItem(
            source="github",
            source_item_id=f"{self.repository.name}/discussions#{self.number}",
            url=self.url,
            title=self.title or "",
            body=self.body or "",
            author=self.author.login if self.author else None,
            created_at=self.created_at,
            comment_count=self.comments.total if self.comments else 0,
            vote_count=self.upvotes,
        )


class _SearchAnswer(BaseModel):
    total_count: int
    incomplete_results: bool = False
    items: list[Any]


class _PageInfo(BaseModel):
    has_next: bool = Field(alias="hasNextPage")
    end: str | None = Field(None, alias="endCursor")


class _DiscussionSearch(BaseModel):
    count: int = Field(alias="discussionCount")
    page_info: _PageInfo = Field(alias="pageInfo")
    nodes: list[Any]


class _SearchData(BaseModel):
    search: _DiscussionSearch


class _GraphqlAnswer(BaseModel):
    data: _SearchData


@dataclass(frozen=True)
class GithubCollector:
    """Collects issues, and discussions where the queries ask for them.

    Args:
        queries: what to look for.
        base_url: ``https://api.github.com``, or ``https://HOST/api/v3`` of a GitHub Enterprise Server.
        pace: 30 searches a minute with a token, 10 without.
        patience: time-out and deadline of a request.
        token: optional for issues, needed for discussions.
        result_cap: results that a search shows at most.
        page_size: results a page.
        transport: replaces the network.
    """

    queries: GithubQueries
    base_url: str
    pace: Pace
    patience: Patience
    token: str | None = None
    result_cap: int = RESULT_CAP
    page_size: int = PAGE_SIZE
    transport: httpx.AsyncBaseTransport | None = None

    source: ClassVar[Source] = "github"

    async def collect(self, window: DayWindow, *, progress: Progress | None = None) -> Collection:
        """Read every query over the day; an issue that several queries find is kept once."""
        if self.queries.discussions and not self.token:
            raise UserError(
                "GitHub: discussions are read through GraphQL, which needs a token; set GITHUB_TOKEN (make one without "
                "any scope at https://github.com/settings/tokens) or set github.discussions to false in sources.yaml"
            )
        harvest = Harvest(
            self.source,
            window,
            minimum_votes=self.queries.minimum_votes or None,
            max_items=self.queries.max_items,
            progress=progress,
        )
        async with AsyncExitStack() as stack:
            rest = await stack.enter_async_context(self._api(self.base_url))
            apis = [rest]
            for search in self.queries.searches():
                await self._issues(rest, search, window, harvest)
            if self.queries.discussions:
                graphql = await stack.enter_async_context(self._api(graphql_url(self.base_url)))
                apis.append(graphql)
                for search in self.queries.discussion_searches():
                    await self._discussions(graphql, search, window, harvest)
        return harvest.finish(request_count=sum(api.request_count for api in apis), now=self.pace.clock.now())

    async def _issues(self, api: ApiClient, search: str, window: DayWindow, harvest: Harvest) -> None:
        async def fetch(span: Span, cursor: int | None) -> Page:
            number = cursor or 1
            params = {
                "q": f"{search} {created(span)}",
                "sort": "created",
                "order": "asc",
                "per_page": self.page_size,
                "page": number,
            }
            answer = await self._whole_answer(api, params, harvest, span)
            shown = min(answer.total_count, self.result_cap)
            return Page(answer.items, answer.total_count, number + 1 if number * self.page_size < shown else None)

        await read_capped(window.span, fetch, cap=self.result_cap, harvest=harvest, model=GithubIssue)

    async def _whole_answer(
        self, api: ApiClient, params: dict[str, Any], harvest: Harvest, span: Span
    ) -> _SearchAnswer:
        for attempt in range(INCOMPLETE_RETRIES + 1):
            answer = expect(_SearchAnswer, await api.get("search/issues", params), "GitHub")
            if not answer.incomplete_results:
                return answer
            api.stand_still(2.0**attempt)
        harvest.partial(f"GitHub's search timed out on its side for {span} (incomplete_results)")
        return answer

    async def _discussions(self, api: ApiClient, search: str, window: DayWindow, harvest: Harvest) -> None:
        async def fetch(span: Span, cursor: str | None) -> Page:
            variables = {
                "search": f"{search} {created(span)} sort:created-asc",
                "size": self.page_size,
                "after": cursor,
            }
            payload = await api.send("POST", "graphql", json={"query": DISCUSSION_SEARCH, "variables": variables})
            if isinstance(payload, dict) and payload.get("errors"):
                raise UserError(f"GitHub: GraphQL refuses the search {search!r}: {_graphql_message(payload['errors'])}")
            found = expect(_GraphqlAnswer, payload, "GitHub").data.search
            return Page(found.nodes, found.count, found.page_info.end if found.page_info.has_next else None)

        await read_capped(window.span, fetch, cap=self.result_cap, harvest=harvest, model=GithubDiscussion)

    def _api(self, base_url: str) -> ApiClient:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        profile = ApiProfile(
            name="GitHub",
            base_url=base_url,
            url_setting="GITHUB_API_URL",
            mend=_mend,
            limit=_limit,
            secrets=(self.token,) if self.token else (),
            headers=headers,
        )
        return ApiClient(profile, pace=self.pace, patience=self.patience, transport=self.transport)


def collector(queries: GithubQueries, access: Access) -> GithubCollector:
    """Make the collector of the settings."""
    address, token = access.text("github_api_url"), access.secret("github_token")
    allowed = PER_MINUTE if token else PER_MINUTE_WITHOUT_TOKEN
    pace = access.pace(address, queries.requests_per_minute or allowed)
    return GithubCollector(queries, address, pace, access.patience, token)


def created(span: Span) -> str:
    """Return the search qualifier for a span; GitHub's ranges include both ends and resolve seconds."""
    return f"created:{utc(span.start):%Y-%m-%dT%H:%M:%SZ}..{utc(span.last):%Y-%m-%dT%H:%M:%SZ}"


def graphql_url(rest_url: str) -> str:
    """Return the folder of ``graphql``: Enterprise serves REST under ``/api/v3`` and GraphQL under ``/api``."""
    return rest_url.rstrip("/").removesuffix("/v3")


def _limit(response: httpx.Response, payload: Any, now: float) -> Limit | None:
    wait = asked_wait(response.headers, now)
    if isinstance(payload, dict) and any(
        isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in payload.get("errors") or ()
    ):
        return Limit("GraphQL limit used up", wait)
    if response.status_code not in (403, 429):
        return None
    message = str(payload.get("message", "")) if isinstance(payload, dict) else ""
    if wait is None and "secondary rate limit" in message.lower():
        return Limit("secondary rate limit", SECONDARY_WAIT_S)
    if response.status_code == 429 or wait is not None or "rate limit" in message.lower():
        return Limit(message or "rate limit", wait)
    return None


def _mend(status: int, _message: str) -> str:
    advice = {
        401: "GITHUB_TOKEN is wrong or has expired: make a new one at https://github.com/settings/tokens and set it, "
        "or unset it to search without (10 requests a minute)",
        403: "The token may not search there: check GITHUB_TOKEN's permissions and the organisation's single sign-on",
        404: "GITHUB_API_URL is not GitHub's REST API: https://api.github.com, or https://HOST/api/v3 for Enterprise",
        422: "A query under github in sources.yaml is not understood, or names a repository that does not exist or "
        "that the token may not see",
        429: "With GITHUB_TOKEN set GitHub allows 30 searches a minute instead of 10",
    }
    return advice.get(status, "Check GITHUB_API_URL")


def _graphql_message(errors: Any) -> str:
    first: Sequence[Any] = errors if isinstance(errors, list) else [errors]
    return "; ".join(str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in first)[
        :300
    ]
