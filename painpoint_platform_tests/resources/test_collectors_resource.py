"""The resource: settings become collectors, and collecting works from any thread."""

import asyncio
import threading
import time
from datetime import date

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.sample.servers import (
    GITHUB_TOKEN,
    REDDIT_CLIENT_ID,
    REDDIT_CLIENT_SECRET,
    STACKEXCHANGE_KEY,
    sample_servers,
)
from painpoint_platform_tests.issues.collectors.bench import DAY, SOURCES, posts

FAST = "  requests_per_minute: 60000\n"
QUERIES = f"""
github:
  queries: [build]
{FAST}
stackoverflow:
{FAST}
reddit:
  subreddits: [devops]
{FAST}
hackernews:
{FAST}
"""


@pytest.fixture(scope="module")
def servers():
    with sample_servers([item for source in SOURCES for item in posts(source, 12)]) as running:
        yield running


@pytest.fixture
def resource(servers, tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(QUERIES)
    return CollectorsResource(
        sources_file=str(path),
        github_token=GITHUB_TOKEN,
        github_api_url=servers.github_url,
        stackexchange_key=STACKEXCHANGE_KEY,
        stackexchange_api_url=servers.stackexchange_url,
        reddit_client_id=REDDIT_CLIENT_ID,
        reddit_client_secret=f"{REDDIT_CLIENT_SECRET}\n",
        reddit_auth_url=servers.reddit_auth_url,
        reddit_api_url=servers.reddit_api_url,
        hackernews_api_url=servers.hackernews_url,
        collect_deadline_s=5,
    )


@pytest.mark.parametrize("source", SOURCES)
def test_a_day_is_collected_from_synchronous_code(resource, source):
    counts = []
    collection = resource.collect(source, DAY, counts.append)
    assert (collection.source, len(collection.items), collection.partial_reason) == (source, 12, None)
    assert counts[-1] == 12


def test_a_day_is_collected_from_a_thread_and_where_an_event_loop_runs(resource):
    found = []
    thread = threading.Thread(target=lambda: found.append(resource.collect("hackernews", DAY)))
    thread.start()
    thread.join()

    async def inside_a_loop():
        return resource.collect("hackernews", DAY)

    found.append(asyncio.run(inside_a_loop()))
    assert [len(collection.items) for collection in found] == [12, 12]


def test_several_days_in_one_process_share_one_pace(resource, tmp_path):
    path = tmp_path / "slow.yaml"
    path.write_text("hackernews:\n  requests_per_minute: 300\n")
    slow = CollectorsResource(sources_file=str(path), hackernews_api_url=resource.hackernews_api_url)
    started = time.monotonic()
    for day in (10, 11, 12, 13):
        slow.collect("hackernews", date(2025, 3, day))
    assert time.monotonic() - started >= 0.6  # four requests, 0.2 s apart


def test_a_source_that_is_not_enabled_is_named_with_the_file(resource, tmp_path):
    path = tmp_path / "few.yaml"
    path.write_text("hackernews: {}\nreddit:\n  enabled: false\n  subreddits: [devops]\n")
    few = CollectorsResource(sources_file=str(path))
    for source in ("reddit", "github"):
        with pytest.raises(UserError, match=rf"few\.yaml: {source} is not read"):
            few.collector(source)
    assert few.collector("hackernews").source == "hackernews"


def test_without_reddit_credentials_the_error_names_the_variable(servers, resource):
    plain = CollectorsResource(sources_file=resource.sources_file, reddit_api_url=servers.reddit_api_url)
    with pytest.raises(UserError, match="REDDIT_CLIENT_ID is not set"):
        plain.collect("reddit", DAY)


def test_the_sample_servers_start_at_once():
    took = []
    for _ in range(5):
        started = time.monotonic()
        with sample_servers([]):
            took.append(time.monotonic() - started)
    assert min(took) < 0.3  # whatever else the machine does meanwhile
