"""The rules of the Hacker News search, against the sample server."""

from painpoint_platform.sample.servers import ServerOptions, sample_servers
from painpoint_platform.sample.servers.serving import changed
from painpoint_platform_tests.issues.collectors.bench import Bench, ids, post, posts, wanted_ids


def test_a_search_with_more_hits_than_it_shows_is_split_until_all_are_read():
    items = posts("hackernews", 120, every=3) + posts("hackernews", 40, every=900, start=1000, first=3600)
    with sample_servers(items, ServerOptions(result_cap=20)) as servers:
        collection = Bench(servers).collect("hackernews", result_cap=20, page_size=10)
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_more_hits_in_one_second_than_a_search_shows_make_the_day_partial():
    with sample_servers(posts("hackernews", 30, every=0), ServerOptions(result_cap=20)) as servers:
        collection = Bench(servers).collect("hackernews", result_cap=20, page_size=20)
    assert len(collection.items) == 20
    assert "30 results in the one second" in collection.partial_reason


def test_ask_hn_is_a_story_and_comments_come_only_when_asked_for():
    items = [post("hackernews", 1, title="Ask HN: why?"), post("hackernews", 2), post("hackernews", 3, title="")]
    with sample_servers(items) as servers:
        bench = Bench(servers)
        assert ids(bench.collect("hackernews")) == ["1", "2"]
        assert ids(bench.collect("hackernews", {"kinds": ["ask_hn"]})) == ["1"]
        with_comments = bench.collect("hackernews", {"kinds": ["story", "comment"]})
    assert ids(with_comments) == ["1", "2", "3"]
    (comment,) = [item for item in with_comments.items if item.source_item_id == "3"]
    assert (comment.title, comment.body, comment.vote_count) == ("", "It fails with code 3.", 0)


def test_a_story_without_text_or_url_is_kept_with_the_address_of_its_discussion():
    def bare(payload):
        for hit in payload["hits"]:
            hit.pop("story_text", None)
            hit["url"] = None
            hit["points"] = hit["num_comments"] = None
        return payload

    with sample_servers([post("hackernews", 1)]) as servers:
        servers.faults.add("hackernews", changed(bare))
        (item,) = Bench(servers).collect("hackernews").items
    assert item.url == "https://news.ycombinator.com/item?id=1"
    assert (item.body, item.vote_count, item.comment_count) == ("", 0, 0)


def test_each_keyword_is_searched_and_a_story_of_two_keywords_is_kept_once():
    items = [
        post("hackernews", 1, title="Postgres and Redis"),
        post("hackernews", 2, title="Redis"),
        post("hackernews", 3),
    ]
    with sample_servers(items) as servers:
        collection = Bench(servers).collect("hackernews", {"keywords": ["postgres", "redis"]})
        assert len(servers.asked("hackernews")) == 2
    assert ids(collection) == ["1", "2"]
