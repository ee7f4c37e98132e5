"""The sample GitHub: ``/search/issues`` and the discussions of ``/graphql``.

Belongs here: its query words, paging, cap, limits and records, as far as the collector meets them.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Allowance, Answer, Request

_TERM = re.compile(r'(?:(?P<qualifier>\w+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))')
_UNFILTERED = frozenset({"is", "type", "in", "label", "sort", "state"})


class SampleGithub:
    """Answers searches over ``items``; an id with ``/discussions#`` is a discussion, every other one an issue.

    Args:
        items: sample items of the source github.
        token: the one token that is accepted; requests without any token are, too.
        result_cap: results that a search shows at most.
        allowance: requests a minute.
    """

    def __init__(self, items: Sequence[SampleItem], *, token: str, result_cap: int, allowance: Allowance) -> None:
        ordered = sorted(items, key=lambda item: (item.created_at, item.source_item_id))
        self._discussions = [item for item in ordered if "/discussions#" in item.source_item_id]
        self._issues = [item for item in ordered if "/discussions#" not in item.source_item_id]
        self._token, self._cap, self._allowance = token, result_cap, allowance

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        authorization = request.headers.get("authorization")
        if authorization is not None and authorization != f"Bearer {self._token}":
            return Answer({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, 401)
        allowed = self._allowance.take()
        headers = {
            "X-RateLimit-Limit": str(self._allowance.per_minute),
            "X-RateLimit-Remaining": str(self._allowance.remaining),
            "X-RateLimit-Reset": str(int(self._allowance.resets_at) + 1),
        }
        if not allowed:
            return Answer({"message": "API rate limit exceeded for 127.0.0.1."}, 403, headers)
        if request.path == "search/issues":
            return self._search(request, headers)
        if request.path == "graphql" and request.method == "POST":
            return self._graphql(request, headers, signed_in=authorization is not None)
        return Answer({"message": "Not Found"}, 404, headers)

    def _search(self, request: Request, headers: dict[str, str]) -> Answer:
        query = request.query.get("q", "")
        size, page = min(100, int(request.query.get("per_page", "30"))), int(request.query.get("page", "1"))
        if not re.search(r"\b(is|type):(issue|pr|pull-request)\b", query):
            message = "Query must include 'is:issue' or 'is:pull-request'"
            return Answer({"message": "Validation Failed", "errors": [{"message": message}]}, 422, headers)
        if (page - 1) * size >= self._cap:
            message = f"Only the first {self._cap} search results are available"
            return Answer({"message": message}, 422, headers)
        found = matching(self._issues, query)
        if request.query.get("order", "desc") == "desc":
            found.reverse()
        shown = found[: self._cap][(page - 1) * size : page * size]
        payload = {"total_count": len(found), "incomplete_results": False, "items": [_issue(item) for item in shown]}
        return Answer(payload, headers=headers)

    def _graphql(self, request: Request, headers: dict[str, str], *, signed_in: bool) -> Answer:
        if not signed_in:
            return Answer({"message": "This endpoint requires you to be authenticated."}, 401, headers)
        variables = json.loads(request.body)["variables"]
        found = matching(self._discussions, variables["search"])
        start, size = int(variables.get("after") or 0), variables["size"]
        end = min(start + size, self._cap)
        search = {
            "discussionCount": len(found),
            "pageInfo": {"hasNextPage": end < min(len(found), self._cap), "endCursor": str(end)},
            "nodes": [_discussion(item) for item in found[start:end]],
        }
        return Answer({"data": {"search": search}}, headers=headers)


def matching(items: Sequence[SampleItem], query: str) -> list[SampleItem]:
    """Return the items that a search text finds: every term must match; words in title or body, in any case."""
    found = list(items)
    for term in _TERM.finditer(query):
        qualifier, value = term["qualifier"], term["phrase"] if term["phrase"] is not None else term["word"]
        found = [item for item in found if _matches(item, qualifier, value)]
    return found


def _matches(item: SampleItem, qualifier: str | None, value: str) -> bool:
    if qualifier == "created":
        first, last = (_moment(part) for part in value.split(".."))
        return first <= item.created_at <= last
    if qualifier == "repo":
        return item.channel.casefold() == value.casefold()
    if qualifier in ("reactions", "comments"):
        count = item.vote_count if qualifier == "reactions" else item.comment_count
        return count >= int(value.removeprefix(">="))
    return qualifier in _UNFILTERED or value.casefold() in f"{item.title}\n{item.body}".casefold()


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _issue(item: SampleItem) -> dict[str, Any]:
    moment = f"{item.created_at:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "url": f"https://api.github.com/repos/{item.channel}/issues/{item.source_item_id.rsplit('#', 1)[-1]}",
        "repository_url": f"https://api.github.com/repos/{item.channel}",
        "html_url": item.url,
        "number": int(item.source_item_id.rsplit("#", 1)[-1]),
        "title": item.title,
        "user": {"login": item.author, "type": "User"} if item.author else None,
        "labels": [{"name": "bug"}],
        "state": "open",
        "comments": item.comment_count,
        "created_at": moment,
        "updated_at": moment,
        "body": item.body or None,
        "reactions": {"total_count": item.vote_count, "+1": item.vote_count, "-1": 0},
        "score": 1.0,
    }


def _discussion(item: SampleItem) -> dict[str, Any]:
    return {
        "number": int(item.source_item_id.rsplit("#", 1)[-1]),
        "title": item.title,
        "body": item.body,
        "url": item.url,
        "createdAt": f"{item.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "upvoteCount": item.vote_count,
        "comments": {"totalCount": item.comment_count},
        "author": {"login": item.author} if item.author else None,
        "repository": {"nameWithOwner": item.channel},
    }
