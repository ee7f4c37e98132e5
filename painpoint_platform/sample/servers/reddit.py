"""The sample Reddit: tokens, ``/r/<subreddit>/new`` and ``/api/info``.

Belongs here: application-only OAuth, the listing and its cap, limits and records, as far as the collector meets them.
"""

import base64
import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Allowance, Answer, Request

_MOST_NAMES = 100
_FOUNDED = datetime(2015, 1, 1, tzinfo=UTC)


class SampleReddit:
    """Hands out tokens and answers listings over ``items``.

    Every subreddit begins with a welcome post of 2015, as real ones have something older than the day in question.

    Args:
        items: sample items of the source reddit; their channels are subreddits that exist.
        client_id: accepted application.
        client_secret: its secret.
        listing_cap: newest posts that a listing shows.
        allowance: requests a minute.
        requests_per_token: requests after which a token is refused, though it has not expired.
        subreddits: more that exist, without posts.
    """

    def __init__(
        self,
        items: Sequence[SampleItem],
        *,
        client_id: str,
        client_secret: str,
        listing_cap: int,
        allowance: Allowance,
        requests_per_token: int,
        subreddits: Sequence[str] = (),
    ) -> None:
        self._listings = _listings(items, subreddits, listing_cap)
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._credentials = f"Basic {pair}"
        self._allowance = allowance
        self._requests_per_token = requests_per_token
        self._uses_left: dict[str, int] = {}
        self._by_name = {f"t3_{item.source_item_id}": item for item in items}
        self.tokens_issued = 0
        # Names of posts that their authors deleted, and of those that are not even named any more.
        self.deleted: set[str] = set()
        self.purged: set[str] = set()

    def token(self, request: Request) -> Answer:
        """Answer at the address of tokens."""
        if request.path != "api/v1/access_token" or request.method != "POST":
            return Answer({"message": "Not Found", "error": 404}, 404)
        if request.headers.get("authorization") != self._credentials:
            return Answer({"message": "Unauthorized", "error": 401}, 401)
        if request.body != b"grant_type=client_credentials":
            return Answer({"error": "unsupported_grant_type"})
        self.tokens_issued += 1
        token = f"sample-token-{self.tokens_issued}"
        self._uses_left = {token: self._requests_per_token}
        return Answer({"access_token": token, "token_type": "bearer", "expires_in": 86_400, "scope": "*"})

    def listing(self, request: Request) -> Answer:
        """Answer at the address of the API."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._uses_left.get(token, 0) <= 0:
            return Answer({"message": "Unauthorized", "error": 401}, 401)
        self._uses_left[token] -= 1
        allowed = self._allowance.take()
        left = max(0.0, self._allowance.resets_at - self._allowance.clock())
        headers = {
            "X-Ratelimit-Used": str(self._allowance.used),
            "X-Ratelimit-Remaining": f"{self._allowance.remaining:.1f}",
            "X-Ratelimit-Reset": str(int(left) + 1),
        }
        if not allowed:
            return Answer({"message": "Too Many Requests", "error": 429}, 429, headers)
        if request.path == "api/info":
            return self._info(request.query, headers)
        parts = request.path.split("/")
        if len(parts) != 3 or parts[0] != "r" or parts[2] != "new":
            return Answer({"message": "Not Found", "error": 404}, 404, headers)
        posts = self._listings.get(parts[1].casefold())
        if posts is None:
            return Answer({"message": "Not Found", "error": 404, "reason": "banned"}, 404, headers)
        return _page(posts, request.query, headers)

    def _info(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Answer with the posts that are named and known; a deleted one keeps its place, without its text."""
        asked = query.get("id", "").split(",")[:_MOST_NAMES]
        posts = [post for name in asked if (post := self._by_name.get(name)) and name not in self.purged]
        children = [
            {"kind": "t3", "data": _post(post, raw=True) | self._marks(f"t3_{post.source_item_id}")} for post in posts
        ]
        return Answer(
            {"kind": "Listing", "data": {"after": None, "before": None, "children": children}}, headers=headers
        )

    def _marks(self, name: str) -> dict[str, Any]:
        if name in self.deleted:
            return {"author": "[deleted]", "selftext": "[deleted]", "removed_by_category": "deleted"}
        return {}


def _listings(items: Sequence[SampleItem], subreddits: Sequence[str], cap: int) -> dict[str, list[SampleItem]]:
    by_subreddit: dict[str, list[SampleItem]] = {name.casefold(): [] for name in subreddits}
    for item in sorted(items, key=lambda item: (item.created_at, item.source_item_id), reverse=True):
        by_subreddit.setdefault(item.channel.casefold(), []).append(item)
    return {name: [*posts, _welcome(posts[0].channel if posts else name)][:cap] for name, posts in by_subreddit.items()}


def _page(posts: Sequence[SampleItem], query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    size = min(100, int(query.get("limit", "25")))
    names = [f"t3_{post.source_item_id}" for post in posts]
    after = query.get("after")
    start = names.index(after) + 1 if after in names else 0
    shown = posts[start : start + size]
    raw = query.get("raw_json") == "1"
    children = [{"kind": "t3", "data": _post(post, raw=raw)} for post in shown]
    last = names[start + len(shown) - 1] if start + size < len(posts) else None
    return Answer({"kind": "Listing", "data": {"after": last, "before": None, "children": children}}, headers=headers)


def _welcome(subreddit: str) -> SampleItem:
    return SampleItem(
        source="reddit",
        source_item_id=f"welcome{subreddit.casefold()}",
        url=f"https://www.reddit.com/r/{subreddit}/comments/welcome{subreddit.casefold()}/welcome/",
        title=f"Welcome to r/{subreddit}",
        body="Please read the rules before you post.",
        author="moderators",
        created_at=_FOUNDED,
        comment_count=0,
        vote_count=1,
        channel=subreddit,
        problem_id=None,
    )


def _post(item: SampleItem, *, raw: bool) -> dict[str, Any]:
    # Without raw_json=1 Reddit still encodes <, > and & in every string, as it did in 2008.
    encode = str if raw else html.escape
    return {
        "id": item.source_item_id,
        "name": f"t3_{item.source_item_id}",
        "subreddit": item.channel,
        "title": encode(item.title),
        "selftext": encode(item.body),
        "author": item.author or "[deleted]",
        "created_utc": item.created_at.timestamp(),
        "num_comments": item.comment_count,
        "score": item.vote_count,
        "permalink": item.url.removeprefix("https://www.reddit.com"),
        "url": item.url,
        "is_self": True,
        "stickied": False,
        "removed_by_category": None,
    }
