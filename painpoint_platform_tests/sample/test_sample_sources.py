"""The demonstration's own list of sources: with it the real collectors read the whole sample corpus."""

from pathlib import Path

import pytest

from painpoint_platform.issues.query_file import load_queries
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.sample import servers as servers_package
from painpoint_platform.sample.corpus import load_corpus
from painpoint_platform.sample.servers import (
    GITHUB_TOKEN,
    REDDIT_CLIENT_ID,
    REDDIT_CLIENT_SECRET,
    STACKEXCHANGE_KEY,
    sample_servers,
)

SAMPLE_SOURCES = Path(servers_package.__file__).parents[1] / "sources.yaml"


@pytest.fixture(scope="module")
def resource():
    with sample_servers(load_corpus().items) as servers:
        yield CollectorsResource(
            sources_file=str(SAMPLE_SOURCES),
            github_token=GITHUB_TOKEN,
            github_api_url=servers.github_url,
            stackexchange_key=STACKEXCHANGE_KEY,
            stackexchange_api_url=servers.stackexchange_url,
            reddit_client_id=REDDIT_CLIENT_ID,
            reddit_client_secret=REDDIT_CLIENT_SECRET,
            reddit_auth_url=servers.reddit_auth_url,
            reddit_api_url=servers.reddit_api_url,
            hackernews_api_url=servers.hackernews_url,
        )


def test_every_subreddit_of_the_corpus_is_read():
    assert set(load_queries(SAMPLE_SOURCES).reddit.subreddits) == set(load_corpus().channels("reddit"))


@pytest.mark.parametrize("source", ["github", "hackernews", "reddit", "stackoverflow"])
def test_every_item_of_a_day_is_collected(resource, source):
    corpus = load_corpus()
    for day in corpus.days:
        collection = resource.collect(source, day)
        wanted = {
            item.source_item_id for item in corpus.items if item.source == source and item.created_at.date() == day
        }
        assert {item.source_item_id for item in collection.items} == wanted
        assert (collection.rejected, collection.partial_reason) == ((), None)


def test_the_truth_about_an_item_is_never_served(resource):
    corpus = load_corpus()
    problems = {item.problem_id for item in corpus.items if item.problem_id}
    for source in ("github", "hackernews", "reddit", "stackoverflow"):
        for item in resource.collect(source, corpus.days[0]).items:
            assert not any(problem in str(item) for problem in problems)
