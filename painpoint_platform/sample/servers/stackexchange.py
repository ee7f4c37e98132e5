"""The sample Stack Exchange: ``/2.3/questions``.

Belongs here: its wrapper, paging, quota, errors and records, as far as the collector meets them.
"""

import html
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Answer, Request


class SampleStackExchange:
    """Answers ``/questions`` over ``items``.

    Args:
        items: sample items of the source stackoverflow.
        key: the one key that is accepted; requests without any key are, too.
        quota: requests that are answered in all.
        last_page_without_key: the last page that is answered without a key.
    """

    def __init__(self, items: Sequence[SampleItem], *, key: str, quota: int, last_page_without_key: int) -> None:
        self._items = sorted(items, key=lambda item: (item.created_at, int(item.source_item_id)))
        self._key, self._quota, self._last_page = key, quota, last_page_without_key
        self.quota_remaining = quota

    def __call__(self, request: Request) -> Answer:
        """Answer one request; as the real API, always compressed."""
        return replace(self._decide(request), compressed=True)

    def _decide(self, request: Request) -> Answer:
        query = request.query
        if request.path != "2.3/questions":
            return _error(404, "no_method", "this method cannot be called this way", 404)
        if query.get("site") not in ("stackoverflow", "superuser", "serverfault"):
            return _error(400, "bad_parameter", f"No site found for name `{query.get('site', '')}`")
        key = query.get("key")
        if key is not None and key != self._key:
            return _error(400, "bad_parameter", "`key` doesn't match a known application")
        if self.quota_remaining <= 0:
            message = "too many requests from this IP, more requests available in 82216 seconds"
            return _error(502, "throttle_violation", message)
        if int(query.get("page", "1")) > self._last_page and key is None:
            return _error(403, "access_denied", f"page above {self._last_page} requires access token or app key", 403)
        self.quota_remaining -= 1
        return self._questions(query)

    def _questions(self, query: Mapping[str, str]) -> Answer:
        first, last = int(query.get("fromdate", "0")), int(query.get("todate", "9999999999"))
        wanted = set(filter(None, query.get("tagged", "").split(";")))
        found = [
            item
            for item in self._items
            if first <= item.created_at.timestamp() <= last and wanted <= set(item.channel.split(","))
        ]
        if query.get("order", "desc") == "desc":
            found.reverse()
        size, page = min(100, int(query.get("pagesize", "30"))), int(query.get("page", "1"))
        shown = found[(page - 1) * size : page * size]
        with_body = query.get("filter") == "withbody"
        return Answer(
            {
                "items": [_question(item, with_body=with_body) for item in shown],
                "has_more": page * size < len(found),
                "quota_max": self._quota,
                "quota_remaining": self.quota_remaining,
            }
        )


def _error(number: int, name: str, message: str, status: int = 400) -> Answer:
    return Answer({"error_id": number, "error_message": message, "error_name": name}, status)


def _question(item: SampleItem, *, with_body: bool) -> dict[str, Any]:
    owner: dict[str, Any] = {"user_type": "does_not_exist", "display_name": "user0"}
    if item.author:
        owner = {
            "user_type": "registered",
            "user_id": zlib.crc32(item.author.encode()),
            "display_name": html.escape(item.author),
        }
    question = {
        "question_id": int(item.source_item_id),
        "link": item.url,
        "title": html.escape(item.title),
        "owner": owner,
        "tags": item.channel.split(","),
        "creation_date": int(item.created_at.timestamp()),
        "answer_count": item.comment_count,
        "is_answered": item.comment_count > 0,
        "score": item.vote_count,
        "view_count": 10,
    }
    return question | ({"body": item.body} if with_body else {})
