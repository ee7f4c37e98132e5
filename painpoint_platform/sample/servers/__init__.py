"""Four sample APIs on loopback that speak the real ones' wire formats, with their paging, caps, limits and errors.

Belongs here: starting and stopping them. Does not belong here: the posts that they serve (``sample.corpus``), the
collectors that read them (``issues.collectors``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.github import SampleGithub
from painpoint_platform.sample.servers.hackernews import SampleHackernews
from painpoint_platform.sample.servers.reddit import SampleReddit
from painpoint_platform.sample.servers.serving import FOREVER, Allowance, Faults, Request, SampleApi, serving
from painpoint_platform.sample.servers.stackexchange import SampleStackExchange

GITHUB_TOKEN = "sample-github-token"
STACKEXCHANGE_KEY = "sample-stackexchange-key"
REDDIT_CLIENT_ID = "sample-reddit-id"
REDDIT_CLIENT_SECRET = "sample-reddit-secret"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Caps and limits, by default the real APIs' but for the requests a minute: a demonstration is in a hurry.

    ``subreddits`` exist beside those that have items; a collector is told so when it asks for one that does not.
    """

    result_cap: int = 1_000
    listing_cap: int = 1_000
    github_per_minute: int = 100_000
    reddit_per_minute: int = 100_000
    stackexchange_quota: int = 10_000
    last_page_without_key: int = 25
    requests_per_token: int = FOREVER
    subreddits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleServers:
    """The running servers: their addresses, the faults to make, and what was asked of them.

    The names of the APIs, for ``faults`` and ``requests``: github, stackexchange, reddit-auth, reddit, hackernews.
    """

    github_url: str
    stackexchange_url: str
    reddit_auth_url: str
    reddit_api_url: str
    hackernews_url: str
    reddit: SampleReddit
    faults: Faults
    requests: list[tuple[str, Request]] = field(default_factory=list)

    def asked(self, api: str) -> list[Request]:
        """Return the requests that ``api`` has received."""
        return [request for name, request in self.requests if name == api]


@contextmanager
def sample_servers(items: Sequence[SampleItem], options: ServerOptions | None = None) -> Iterator[SampleServers]:
    """Serve ``items`` on a free loopback port until the block is left."""
    options = options or ServerOptions()
    of = partial(_of, items)
    stackexchange = SampleStackExchange(
        of("stackoverflow"),
        key=STACKEXCHANGE_KEY,
        quota=options.stackexchange_quota,
        last_page_without_key=options.last_page_without_key,
    )
    reddit = SampleReddit(
        of("reddit"),
        client_id=REDDIT_CLIENT_ID,
        client_secret=REDDIT_CLIENT_SECRET,
        listing_cap=options.listing_cap,
        allowance=Allowance(options.reddit_per_minute),
        requests_per_token=options.requests_per_token,
        subreddits=options.subreddits,
    )
    apis: dict[str, SampleApi] = {
        "github": SampleGithub(
            of("github"),
            token=GITHUB_TOKEN,
            result_cap=options.result_cap,
            allowance=Allowance(options.github_per_minute),
        ),
        "stackexchange": stackexchange,
        "reddit-auth": reddit.token,
        "reddit": reddit.listing,
        "hackernews": SampleHackernews(of("hackernews"), result_cap=options.result_cap),
    }
    faults = Faults()
    requests: list[tuple[str, Request]] = []
    with serving(apis, faults, lambda name, request: requests.append((name, request))) as base:
        yield SampleServers(
            github_url=f"{base}/github",
            stackexchange_url=f"{base}/stackexchange/2.3",
            reddit_auth_url=f"{base}/reddit-auth",
            reddit_api_url=f"{base}/reddit",
            hackernews_url=f"{base}/hackernews/api/v1",
            reddit=reddit,
            faults=faults,
            requests=requests,
        )


def _of(items: Sequence[SampleItem], source: str) -> list[SampleItem]:
    return [item for item in items if item.source == source]
