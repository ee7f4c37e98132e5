"""The collectors of the four APIs as a Dagster resource.

Belongs here: turning settings into collectors and running one from synchronous code.
Does not belong here: calling an API (``issues.collectors``), writing what was collected (``issues.assets``).
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dagster import ConfigurableResource

from painpoint_platform.errors import UserError
from painpoint_platform.issues.items import ApiSource, Collection
from painpoint_platform.paths import bundled

# The collectors, and httpx under them, are imported where they are used: definitions load without them.
if TYPE_CHECKING:
    from painpoint_platform.issues.collectors.existence import Existence
    from painpoint_platform.issues.collectors.http import Patience
    from painpoint_platform.issues.collectors.pace import Pace
    from painpoint_platform.issues.collectors.protocol import Collector
    from painpoint_platform.issues.queries import SourceQueries

# Requests a minute that each API allows. GitHub: searches, with and without a token; Stack Exchange: it shuts out above
# 30 a second, and asks to be read slowly; Hacker News: 10,000 an hour.
GITHUB_PER_MINUTE = 30.0
GITHUB_PER_MINUTE_WITHOUT_TOKEN = 10.0
STACKEXCHANGE_PER_MINUTE = 300.0
REDDIT_PER_MINUTE = 100.0
HACKERNEWS_PER_MINUTE = 160.0


Answer = TypeVar("Answer")


class CollectorsResource(ConfigurableResource):  # type: ignore[type-arg]
    """Reads the four sources that have an API. The fields are the settings of the same names."""

    sources_file: str | None = None
    github_token: str | None = None
    github_api_url: str = "https://api.github.com"
    stackexchange_key: str | None = None
    stackexchange_api_url: str = "https://api.stackexchange.com/2.3"
    reddit_client_id: str | None = None
    reddit_client_secret: str | None = None
    reddit_user_agent: str = "python:painpoint-platform:0.1 (by /u/unset)"
    reddit_auth_url: str = "https://www.reddit.com"
    reddit_api_url: str = "https://oauth.reddit.com"
    hackernews_api_url: str = "https://hn.algolia.com/api/v1"
    collect_timeout_s: float = 30.0
    collect_deadline_s: float = 900.0
    author_salt: str | None = None
    author_salt_path: str = "data/author_salt"

    def salt(self) -> str:
        """Return the salt of author hashes: the setting, or what is kept in its file, made on first use.

        Raises:
            UserError: the file cannot be read or made.
        """
        from painpoint_platform.issues.bronze import load_author_salt

        return self.author_salt or load_author_salt(Path(self.author_salt_path))

    def queries(self) -> "SourceQueries":
        """Return what to look for.

        Raises:
            UserError: the file is missing or has a mistake.
        """
        from painpoint_platform.issues.query_file import load_queries

        return load_queries(self._file())

    def collector(self, source: ApiSource) -> "Collector":
        """Return the collector of ``source``.

        Raises:
            UserError: the source is not enabled, or the file of queries has a mistake.
        """
        makers: dict[ApiSource, Callable[[SourceQueries], Collector | None]] = {
            "github": self._github,
            "stackoverflow": self._stackoverflow,
            "reddit": self._reddit,
            "hackernews": self._hackernews,
        }
        collector = makers[source](self.queries())
        if collector is None:
            raise UserError(
                f"{self._file()}: {source} is not read: its section is missing or has enabled: false. Add or enable it "
                f"or leave out partitions of {source}"
            )
        return collector

    def collect(self, source: ApiSource, day: date, progress: Callable[[int], None] | None = None) -> Collection:
        """Collect one day of one source; may be called from any thread, also where an event loop runs.

        Args:
            source: the source.
            day: the day, in UTC.
            progress: called with the number of items so far.

        Raises:
            UserError: credentials, address, query or schema; a person must mend it.
            TransientError: the source did not answer within the deadline.
        """
        from painpoint_platform.issues.collectors.protocol import DayWindow

        reading = self.collector(source).collect(DayWindow(day), progress=progress)
        return _outside_any_loop(reading)

    def existence(self, source: ApiSource, item_ids: Sequence[str]) -> "dict[str, Existence]":
        """Ask a source whether posts are still there; may be called like ``collect``, and raises what it raises.

        Args:
            source: the source.
            item_ids: its own ids.

        Raises:
            UserError: also when nobody can ask this source yet.
        """
        from painpoint_platform.issues.collectors.existence import ExistenceProbe

        collector = self.collector(source)
        if not isinstance(collector, ExistenceProbe):
            raise UserError(f"{source}: its collector cannot ask whether a post is still there")
        return _outside_any_loop(collector.existence(item_ids))

    def _file(self) -> Path:
        return Path(self.sources_file) if self.sources_file else bundled("sources.yaml")

    def _patience(self) -> "Patience":
        from painpoint_platform.issues.collectors.http import Patience

        return Patience(timeout_s=self.collect_timeout_s, deadline_s=self.collect_deadline_s)

    def _github(self, queries: "SourceQueries") -> "Collector | None":
        from painpoint_platform.issues.collectors.github import GithubCollector

        section, token = queries.github, _secret(self.github_token)
        if section is None or not section.enabled:
            return None
        allowed = GITHUB_PER_MINUTE if token else GITHUB_PER_MINUTE_WITHOUT_TOKEN
        return GithubCollector(
            queries=section,
            base_url=self.github_api_url,
            pace=_pace(self.github_api_url, section.requests_per_minute or allowed),
            patience=self._patience(),
            token=token,
        )

    def _stackoverflow(self, queries: "SourceQueries") -> "Collector | None":
        from painpoint_platform.issues.collectors.stackoverflow import StackoverflowCollector

        section = queries.stackoverflow
        if section is None or not section.enabled:
            return None
        return StackoverflowCollector(
            queries=section,
            base_url=self.stackexchange_api_url,
            pace=_pace(self.stackexchange_api_url, section.requests_per_minute or STACKEXCHANGE_PER_MINUTE),
            patience=self._patience(),
            key=_secret(self.stackexchange_key),
        )

    def _reddit(self, queries: "SourceQueries") -> "Collector | None":
        from painpoint_platform.issues.collectors.reddit import RedditCollector

        section = queries.reddit
        if section is None or not section.enabled:
            return None
        return RedditCollector(
            queries=section,
            auth_url=self.reddit_auth_url,
            base_url=self.reddit_api_url,
            pace=_pace(self.reddit_api_url, section.requests_per_minute or REDDIT_PER_MINUTE),
            patience=self._patience(),
            client_id=_secret(self.reddit_client_id),
            client_secret=_secret(self.reddit_client_secret),
            user_agent=self.reddit_user_agent,
        )

    def _hackernews(self, queries: "SourceQueries") -> "Collector | None":
        from painpoint_platform.issues.collectors.hackernews import HackernewsCollector

        section = queries.hackernews
        if section is None or not section.enabled:
            return None
        return HackernewsCollector(
            queries=section,
            base_url=self.hackernews_api_url,
            pace=_pace(self.hackernews_api_url, section.requests_per_minute or HACKERNEWS_PER_MINUTE),
            patience=self._patience(),
        )


def _outside_any_loop(reading: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end, in a thread of its own where this one runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(reading)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, reading).result()


@functools.cache
def _pace(_address: str, per_minute: float) -> "Pace":
    """Return the process's one pace for an API, so that a range run as a whole keeps to its limit."""
    from painpoint_platform.issues.collectors.pace import Pace

    return Pace(per_minute)


def _secret(value: str | None) -> str | None:
    return (value or "").strip() or None
