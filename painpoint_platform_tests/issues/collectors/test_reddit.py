"""Reddit's own rules, against the sample server."""

from datetime import timedelta

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.sample.servers import ServerOptions, sample_servers
from painpoint_platform.sample.servers.serving import FOREVER, changed, status
from painpoint_platform_tests.issues.collectors.bench import Bench, ids, post, posts, wanted_ids


def on_posts(change):
    def apply(payload):
        for child in payload["data"]["children"]:
            change(child["data"])
        return payload

    return changed(apply)


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_without_credentials_it_says_which_variables_and_where_to_get_them(name):
    with sample_servers([]) as servers:
        with pytest.raises(UserError, match=rf"REDDIT_{name.upper()} is not set.*reddit\.com/prefs/apps"):
            Bench(servers).collect("reddit", **{name: None})
        assert servers.requests == []


def test_wrong_credentials_say_which_variables():
    with sample_servers([]) as servers, pytest.raises(UserError, match=r"401.*REDDIT_CLIENT_SECRET is wrong"):
        Bench(servers).collect("reddit", client_secret="another")


def test_a_token_answer_that_is_an_error_is_told():
    with sample_servers([]) as servers:
        servers.faults.add("reddit-auth", status(200, {"error": "unsupported_grant_type"}))
        with pytest.raises(UserError, match="unsupported_grant_type"):
            Bench(servers).collect("reddit")


def test_a_token_that_is_refused_half_way_is_renewed_and_nothing_is_lost():
    items = posts("reddit", 30)
    with sample_servers(items, ServerOptions(requests_per_token=2)) as servers:
        collection = Bench(servers).collect("reddit", page_size=5)
        assert len(servers.asked("reddit-auth")) >= 3
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_a_token_is_renewed_before_it_expires():
    def short(payload):
        return payload | {"expires_in": 70}

    with sample_servers(posts("reddit", 12)) as servers:
        servers.faults.add("reddit-auth", changed(short), times=FOREVER)
        bench = Bench(servers, per_minute=5)  # twelve seconds between requests
        bench.collect("reddit", page_size=2)
        refused = len(servers.asked("reddit-auth"))
    assert refused >= 3


def test_a_token_that_is_always_refused_is_asked_for_twice_and_no_more():
    with sample_servers(posts("reddit", 3)) as servers:
        servers.faults.add("reddit", status(401), times=FOREVER)
        with pytest.raises(UserError, match="REDDIT_CLIENT_ID"):
            Bench(servers).collect("reddit")
        assert len(servers.asked("reddit-auth")) == 2


def test_a_listing_that_ends_before_the_day_began_is_partial_with_what_it_had():
    items = posts("reddit", 60, every=600)
    with sample_servers(items, ServerOptions(listing_cap=25)) as servers:
        collection = Bench(servers).collect("reddit", page_size=10)
    assert len(collection.items) == 25
    assert "r/devops lists only 25 posts" in collection.partial_reason


def test_a_day_that_the_listing_no_longer_reaches_is_partial_and_never_complete_and_empty():
    later = [post("reddit", number, timedelta(days=1, minutes=number)) for number in range(1, 41)]
    with sample_servers([post("reddit", 99, 3600), *later], ServerOptions(listing_cap=20)) as servers:
        collection = Bench(servers).collect("reddit", page_size=10)
    assert collection.items == ()
    assert collection.partial_reason


def test_a_listing_without_any_post_is_partial():
    def empty(payload):
        payload["data"] |= {"children": [], "after": None}
        return payload

    with sample_servers(posts("reddit", 3)) as servers:
        servers.faults.add("reddit", changed(empty))
        collection = Bench(servers).collect("reddit")
    assert "lists only 0 posts" in collection.partial_reason


def test_paging_stops_once_the_day_is_behind():
    before = [post("reddit", 1000 + number, timedelta(days=-1, minutes=-number)) for number in range(40)]
    with sample_servers(posts("reddit", 12) + before) as servers:
        Bench(servers).collect("reddit", page_size=10)
        assert len(servers.asked("reddit")) == 2


def test_a_pinned_old_post_on_top_does_not_end_the_day():
    def pin(payload):
        welcome = {
            "id": "pinned",
            "permalink": "/r/devops/comments/pinned/rules/",
            "title": "Rules",
            "selftext": "Read me",
            "author": "mods",
            "created_utc": 1_500_000_000.0,
            "stickied": True,
        }
        payload["data"]["children"].insert(0, {"kind": "t3", "data": welcome})
        return payload

    items = posts("reddit", 12)
    with sample_servers(items) as servers:
        servers.faults.add("reddit", changed(pin))
        collection = Bench(servers).collect("reddit", page_size=5)
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_a_listing_that_goes_round_in_circles_ends_and_is_partial():
    def circle(payload):
        payload["data"]["after"] = "t3_p3"
        payload["data"]["children"] = payload["data"]["children"][:2]
        return payload

    with sample_servers(posts("reddit", 5)) as servers:
        servers.faults.add("reddit", changed(circle), times=FOREVER)
        collection = Bench(servers).collect("reddit")
        assert len(servers.asked("reddit")) < 5
    assert collection.partial_reason


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(selftext="[removed]", removed_by_category="moderator"),
        lambda data: data.update(selftext="[deleted]", author="[deleted]"),
        lambda data: data.update(title="[removed by reddit]", removed_by_category="reddit"),
    ],
)
def test_withdrawn_posts_are_set_aside_and_nothing_of_them_is_kept(change):
    with sample_servers([post("reddit", 1, title="secret title")]) as servers:
        servers.faults.add("reddit", on_posts(change))
        collection = Bench(servers).collect("reddit")
    assert collection.items == ()
    assert {(item.source_item_id, item.payload) for item in collection.rejected} >= {("p1", "{}")}
    assert all("withdrawn" in item.reason for item in collection.rejected)


def test_the_post_of_a_deleted_account_is_kept_without_its_author():
    with sample_servers([post("reddit", 1, author="")]) as servers:
        (item,) = Bench(servers).collect("reddit").items
    assert item.author is None


def test_characters_of_markup_arrive_as_they_were_written():
    with sample_servers([post("reddit", 1, title="a < b && c", body="`x &lt; y`")]) as servers:
        (item,) = Bench(servers).collect("reddit").items
    assert (item.title, item.body) == ("a < b && c", "`x &lt; y`")


def test_rate_limit_headers_are_heeded():
    def last_one(answer):
        return type(answer)(answer.payload, headers={"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "33"})

    with sample_servers(posts("reddit", 6)) as servers:
        servers.faults.add("reddit", last_one)
        bench = Bench(servers)
        bench.collect("reddit", page_size=3)
    assert max(bench.clock.slept) == pytest.approx(33, abs=1)


def test_a_banned_and_an_unknown_subreddit_point_to_the_file_of_queries():
    with sample_servers(posts("reddit", 2)) as servers:
        with pytest.raises(UserError, match=r"r/nothere/new.*404.*reddit\.subreddits"):
            Bench(servers).collect("reddit", {"subreddits": ["devops", "nothere"]})
        servers.faults.add("reddit", status(302, Location="/subreddits/search?q=devops"))
        with pytest.raises(UserError, match=r"302.*reddit\.subreddits"):
            Bench(servers).collect("reddit")


def test_several_subreddits_are_read_and_keywords_filter():
    items = [
        post("reddit", 1, channel="devops", body="a flaky test"),
        post("reddit", 2, channel="webdev", title="Flaky!"),
        post("reddit", 3, channel="webdev"),
    ]
    with sample_servers(items) as servers:
        queries = {"subreddits": ["devops", "webdev"], "keywords": ["flaky"]}
        assert ids(Bench(servers).collect("reddit", queries)) == ["p1", "p2"]
