"""The sources: one row each, from which everything that must know all of them derives.

Belongs here: what the platform has to know of a source before it asks it anything. Partitions, ops, pools, schedules,
the resource's fields and ``painpoint doctor`` follow from these rows. Does not belong here: what to look for
(``source_queries``), how a source is read (the module of its name in ``collectors``), the values of settings.
"""

from dataclasses import dataclass

from painpoint_platform.issues.items import Source


@dataclass(frozen=True, slots=True)
class Api:
    """One source that is read from an API.

    Attributes:
        source: its name: of its partitions, its section in ``sources.yaml`` (a field of ``queries.SourceQueries``), its
            collector's module and, with ``_api``, its pool.
        title: as people write it.
        collected_at: when its yesterday is collected: cron, UTC.
        address: the setting that holds where it answers without credentials.
        credentials: the settings that hold them.
        without_credentials: how it can be read all the same; None where it cannot, or needs none.
        other_settings: further settings that its collector is made with.
    """

    source: Source
    title: str
    collected_at: str
    address: str
    credentials: tuple[str, ...] = ()
    without_credentials: str | None = None
    other_settings: tuple[str, ...] = ()

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that its collector may ask for."""
        return (self.address, *self.credentials, *self.other_settings)

    @property
    def pool(self) -> str:
        """The pool that lets one run at a time ask it: its limits hold across runs."""
        return f"{self.source}_api"


# Hacker News and Stack Overflow index within minutes; GitHub's search lags, and Reddit's newest listing must be read
# before it rolls over.
APIS = {
    api.source: api
    for api in (
        Api(
            "github", "GitHub", "0 1 * * *", "github_api_url", ("github_token",),
            without_credentials="works without it, at 10 searches a minute",
        ),
        Api("hackernews", "Hacker News", "20 0 * * *", "hackernews_api_url"),
        Api(
            "reddit", "Reddit", "10 0 * * *", "reddit_auth_url", ("reddit_client_id", "reddit_client_secret"),
            other_settings=("reddit_api_url", "reddit_user_agent"),
        ),
        Api(
            "stackoverflow", "Stack Overflow", "30 0 * * *", "stackexchange_api_url", ("stackexchange_key",),
            without_credentials="works without it, 300 requests a day",
        ),
    )
}  # fmt: skip
EARNINGS_CALLS: Source = "earnings_calls"


def switched_on(*, earnings_calls: bool) -> tuple[Source, ...]:
    """Return the sources of the platform: those with an API and, where that is switched on, earnings calls."""
    return (*APIS, EARNINGS_CALLS) if earnings_calls else tuple(APIS)
