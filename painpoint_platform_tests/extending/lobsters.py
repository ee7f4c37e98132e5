"""A server on loopback that lists stories as https://lobste.rs does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from painpoint_platform.sample.corpus import generate_items
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Answer, Faults, Request, serving

DAY, DAY_BEFORE = date(2025, 1, 6), date(2025, 1, 5)
STORIES_A_PAGE = 25


@dataclass
class Lobsters:
    """Answers ``/newest/page/<n>.json`` with stories of two days, newest first.

    Attributes:
        stories: what is listed.
        faults: to come.
        url: where it answers.
    """

    stories: list[SampleItem]
    faults: Faults = field(default_factory=Faults)
    url: str = ""

    def __call__(self, request: Request) -> Answer:
        if not request.path:
            return Answer(raw=b"<!doctype html>", content_type="text/html")
        number = int(request.path.removeprefix("newest/page/").removesuffix(".json"))
        shown = self.stories[(number - 1) * STORIES_A_PAGE : number * STORIES_A_PAGE]
        return Answer([_story(item) for item in shown])


@contextmanager
def serving_lobsters() -> Iterator[Lobsters]:
    """Serve posts of the sample corpus whose bodies are Markdown, as stories."""
    items = [
        item
        for day, count in ((DAY, 80), (DAY_BEFORE, 20))
        for item in generate_items(day, count, seed=5)
        if item.source in ("github", "reddit")
    ]
    lobsters = Lobsters(sorted(items, key=lambda item: item.created_at, reverse=True))
    with serving({"lobsters": lobsters}, lobsters.faults, lambda _name, _request: None) as base:
        lobsters.url = f"{base}/lobsters"
        yield lobsters


def _story(item: SampleItem) -> dict[str, Any]:
    name = "".join(filter(str.isalnum, item.source_item_id))[-12:]
    return {
        "short_id": name,
        "short_id_url": f"https://lobste.rs/s/{name}",
        "created_at": item.created_at.isoformat(timespec="milliseconds"),
        "title": item.title or "A story",
        "url": "https://example.org/",
        "score": item.vote_count,
        "comment_count": item.comment_count,
        "description": f"<p>{item.body}</p>",
        "description_plain": item.body,
        "submitter_user": item.author or "nobody",
        "tags": ["programming"],
    }
