"""Everything outside the platform, in small and on loopback: the four sample APIs and a PocketBase.

Belongs here: starting them together, and the settings that point a process at them. Does not belong here: what they
serve (``corpus``), how each works (``servers``, ``pocketbase_server``).
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from painpoint_platform.issues.query_file import load_queries
from painpoint_platform.sample import servers
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.pocketbase_server import pocketbase_server

SOURCES_FILE = Path(__file__).with_name("sources.yaml")
EMAIL = "demo@example.com"


@contextmanager
def sample_world(items: Sequence[SampleItem], data_dir: Path) -> Iterator[dict[str, str]]:
    """Start the sample APIs and a PocketBase until the block is left.

    Args:
        items: what the APIs serve.
        data_dir: where PocketBase keeps its data, so that a second start finds the first one's records.

    Yields:
        The settings, as environment variables, with which a process collects and publishes here.
    """
    password = _kept_password(data_dir / "sample_pocketbase.password")
    reddit = load_queries(SOURCES_FILE).reddit
    options = servers.ServerOptions(subreddits=tuple(reddit.subreddits) if reddit else ())
    with (
        servers.sample_servers(items, options) as apis,
        pocketbase_server(data_dir / "sample_pocketbase", email=EMAIL, password=password) as pocketbase,
    ):
        yield {
            "SOURCES_FILE": str(SOURCES_FILE),
            "GITHUB_API_URL": apis.github_url,
            "GITHUB_TOKEN": servers.GITHUB_TOKEN,
            "STACKEXCHANGE_API_URL": apis.stackexchange_url,
            "STACKEXCHANGE_KEY": servers.STACKEXCHANGE_KEY,
            "REDDIT_AUTH_URL": apis.reddit_auth_url,
            "REDDIT_API_URL": apis.reddit_api_url,
            "REDDIT_CLIENT_ID": servers.REDDIT_CLIENT_ID,
            "REDDIT_CLIENT_SECRET": servers.REDDIT_CLIENT_SECRET,
            "HACKERNEWS_API_URL": apis.hackernews_url,
            "POCKETBASE_URL": pocketbase.url,
            "POCKETBASE_EMAIL": EMAIL,
            "POCKETBASE_PASSWORD": password,
        }


def _kept_password(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(18))
    return path.read_text(encoding="ascii")
