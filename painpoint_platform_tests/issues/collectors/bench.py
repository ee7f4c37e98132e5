"""What the collector tests share: invented posts, a clock that jumps, collectors aimed at the sample servers."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from painpoint_platform.issues.collectors.github import GithubCollector
from painpoint_platform.issues.collectors.hackernews import HackernewsCollector
from painpoint_platform.issues.collectors.http import Patience
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import DayWindow
from painpoint_platform.issues.collectors.reddit import RedditCollector
from painpoint_platform.issues.collectors.stackoverflow import StackoverflowCollector
from painpoint_platform.issues.items import Collection
from painpoint_platform.issues.source_queries import (
    GithubQueries,
    HackernewsQueries,
    RedditQueries,
    StackoverflowQueries,
)
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers import REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, SampleServers

DAY = date(2025, 3, 10)
MIDNIGHT = datetime(2025, 3, 10, tzinfo=UTC)
SOURCES = ("github", "stackoverflow", "reddit", "hackernews")
API = {"github": "github", "stackoverflow": "stackexchange", "reddit": "reddit", "hackernews": "hackernews"}
CHANNELS = {"github": "acme/shop", "stackoverflow": "python,duckdb", "reddit": "devops", "hackernews": ""}
URLS = {
    "github": "https://github.com/acme/shop/issues/{n}",
    "stackoverflow": "https://stackoverflow.com/questions/{n}/a-question",
    "reddit": "https://www.reddit.com/r/devops/comments/p{n}/a_post/",
    "hackernews": "https://news.ycombinator.com/item?id={n}",
}
IDS = {"github": "acme/shop#{n}", "stackoverflow": "{n}", "reddit": "p{n}", "hackernews": "{n}"}


def post(source: str, number: int, after: timedelta | float = timedelta(hours=1), **fields: Any) -> SampleItem:
    """One post of DAY, ``after`` its midnight (a number: seconds)."""
    moment = MIDNIGHT + (after if isinstance(after, timedelta) else timedelta(seconds=after))
    plain = {
        "source": source,
        "source_item_id": IDS[source].format(n=number),
        "url": URLS[source].format(n=number),
        "title": f"The build number {number} fails",
        "body": f"It fails with code {number}.",
        "author": f"user{number % 7}",
        "created_at": moment,
        "comment_count": number % 5,
        "vote_count": number % 11,
        "channel": CHANNELS[source],
        "problem_id": None,
    }
    return SampleItem(**(plain | fields))


def posts(source: str, count: int, *, every: float = 60.0, start: int = 1, first: float = 0.0) -> list[SampleItem]:
    """``count`` posts of DAY, ``every`` so many seconds from ``first`` on."""
    return [post(source, start + index, first + index * every) for index in range(count)]


@dataclass
class JumpingClock:
    """A clock that sleeping moves, and nothing else."""

    time: float = (MIDNIGHT + timedelta(days=2)).timestamp()
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += max(0.0, seconds)
        await asyncio.sleep(0)


@dataclass
class Bench:
    """Collectors aimed at running sample servers."""

    servers: SampleServers
    clock: JumpingClock = field(default_factory=JumpingClock)
    patience: Patience = field(default_factory=lambda: Patience(timeout_s=5, deadline_s=900))
    per_minute: float = 60_000.0

    def collector(self, source: str, queries: dict[str, Any] | None = None, **settings: Any) -> Any:
        shared = {"pace": Pace(self.per_minute, self.clock), "patience": self.patience}
        if source == "github":
            wanted = GithubQueries(**({"queries": ["is:issue"]} | (queries or {})))
            return GithubCollector(queries=wanted, base_url=self.servers.github_url, **shared, **settings)
        if source == "stackoverflow":
            wanted = StackoverflowQueries(**(queries or {}))
            return StackoverflowCollector(queries=wanted, base_url=self.servers.stackexchange_url, **shared, **settings)
        if source == "hackernews":
            wanted = HackernewsQueries(**(queries or {}))
            return HackernewsCollector(queries=wanted, base_url=self.servers.hackernews_url, **shared, **settings)
        wanted = RedditQueries(**({"subreddits": ["devops"]} | (queries or {})))
        credentials = {"client_id": REDDIT_CLIENT_ID, "client_secret": REDDIT_CLIENT_SECRET, "user_agent": "test:1"}
        return RedditCollector(
            queries=wanted,
            auth_url=self.servers.reddit_auth_url,
            base_url=self.servers.reddit_api_url,
            **shared,
            **(credentials | settings),
        )

    def collect(
        self, source: str, queries: dict[str, Any] | None = None, *, progress: Any = None, **settings: Any
    ) -> Collection:
        collector = self.collector(source, queries, **settings)
        return asyncio.run(collector.collect(DayWindow(DAY), progress=progress))


def ids(collection: Collection) -> list[str]:
    return sorted(item.source_item_id for item in collection.items)


def wanted_ids(items: list[SampleItem]) -> list[str]:
    return sorted(item.source_item_id for item in items)
