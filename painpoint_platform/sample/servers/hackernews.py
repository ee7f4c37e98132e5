"""The sample Hacker News search: ``/api/v1/search_by_date``.

Belongs here: its filters, paging, cap and records, as far as the collector meets them.
"""

import operator
import re
from collections.abc import Sequence
from typing import Any

from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Answer, Request

_FILTER = re.compile(r"(created_at_i|points)(>=|<=|>|<|=)(\d+)")
_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}


class SampleHackernews:
    """Answers searches over ``items``; an item without a title is a comment.

    Args:
        items: sample items of the source hackernews.
        result_cap: hits that a search shows at most.
    """

    def __init__(self, items: Sequence[SampleItem], *, result_cap: int) -> None:
        self._items = sorted(items, key=lambda item: (item.created_at, int(item.source_item_id)), reverse=True)
        self._cap = result_cap

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path != "api/v1/search_by_date":
            return Answer({"message": "Not Found"}, 404)
        query = request.query
        filters = [text for text in query.get("numericFilters", "").split(",") if text]
        if not all(_FILTER.fullmatch(text) for text in filters):
            return Answer({"message": "invalid numeric attribute", "status": 400}, 400)
        words = query.get("query", "").casefold().split()
        kinds = set(filter(None, re.split(r"[(),]", query.get("tags", ""))))
        found = [item for item in self._items if _matches(item, words, kinds, filters)]
        size, page = min(1000, int(query.get("hitsPerPage", "20"))), int(query.get("page", "0"))
        shown = found[: self._cap][page * size : (page + 1) * size]
        pages = -(-min(len(found), self._cap) // size)
        return Answer(
            {
                "hits": [_hit(item) for item in shown],
                "nbHits": len(found),
                "nbPages": pages,
                "page": page,
                "hitsPerPage": size,
                "exhaustiveNbHits": True,
            }
        )


def _matches(item: SampleItem, words: Sequence[str], kinds: set[str], filters: Sequence[str]) -> bool:
    if kinds and not kinds & set(_tags(item)):
        return False
    text = f"{item.title}\n{item.body}".casefold()
    if not all(word in text for word in words):
        return False
    for condition in filters:
        field, compare, number = _FILTER.fullmatch(condition).groups()  # type: ignore[union-attr]
        value = item.created_at.timestamp() if field == "created_at_i" else item.vote_count
        if not _COMPARE[compare](value, int(number)):
            return False
    return True


def _tags(item: SampleItem) -> list[str]:
    if not item.title:
        return ["comment"]
    return ["story", *(["ask_hn"] if item.title.startswith("Ask HN") else [])]


def _hit(item: SampleItem) -> dict[str, Any]:
    hit: dict[str, Any] = {
        "objectID": item.source_item_id,
        "author": item.author,
        "created_at": f"{item.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "created_at_i": int(item.created_at.timestamp()),
        "_tags": [*_tags(item), f"author_{item.author}"],
    }
    if not item.title:
        return hit | {"comment_text": item.body, "story_id": 1, "story_title": "A story", "points": None}
    story = {"title": item.title, "points": item.vote_count, "num_comments": item.comment_count}
    return hit | story | ({"story_text": item.body} if item.body else {"url": "https://example.org/"})
