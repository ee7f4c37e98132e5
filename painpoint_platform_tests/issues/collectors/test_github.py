"""GitHub's own rules, against the sample server."""

from collections import Counter

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.collectors.github import graphql_url
from painpoint_platform.sample.servers import GITHUB_TOKEN, ServerOptions, sample_servers
from painpoint_platform.sample.servers.serving import FOREVER, changed, status
from painpoint_platform_tests.issues.collectors.bench import Bench, ids, post, posts, wanted_ids


def discussion(number, **fields):
    return post(
        "github",
        number,
        number * 60,
        source_item_id=f"acme/shop/discussions#{number}",
        url=f"https://github.com/acme/shop/discussions/{number}",
        **fields,
    )


def incomplete(payload):
    payload["incomplete_results"] = True
    payload["items"] = payload["items"][:1]
    return payload


def test_a_search_with_more_results_than_it_shows_is_split_until_all_are_read():
    items = posts("github", 150, every=2) + posts("github", 40, every=900, start=1000, first=3600)
    with sample_servers(items, ServerOptions(result_cap=20)) as servers:
        collection = Bench(servers).collect("github", result_cap=20, page_size=10)
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_more_results_in_one_second_than_a_search_shows_make_the_day_partial_and_keep_the_rest():
    crowd = posts("github", 30, every=0, first=7200)
    others = posts("github", 15, every=601, start=500)
    with sample_servers(crowd + others, ServerOptions(result_cap=20)) as servers:
        collection = Bench(servers).collect("github", result_cap=20, page_size=10)
    assert len(collection.items) == 35
    assert "30 results in the one second" in collection.partial_reason
    assert "02:00:00" in collection.partial_reason


def test_incomplete_results_are_asked_for_again():
    items = posts("github", 8)
    with sample_servers(items) as servers:
        servers.faults.add("github", changed(incomplete), times=2)
        collection = Bench(servers).collect("github")
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_results_that_stay_incomplete_make_the_day_partial():
    with sample_servers(posts("github", 8)) as servers:
        servers.faults.add("github", changed(incomplete), times=FOREVER)
        collection = Bench(servers).collect("github")
    assert len(collection.items) == 1
    assert "incomplete_results" in collection.partial_reason


def test_results_that_are_announced_but_not_sent_make_the_day_partial():
    def short(payload):
        payload["items"].pop()
        return payload

    with sample_servers(posts("github", 8)) as servers:
        servers.faults.add("github", changed(short))
        collection = Bench(servers).collect("github")
    assert "8 results announced" in collection.partial_reason
    assert "only 7 sent" in collection.partial_reason


def test_a_used_up_limit_is_waited_for_until_its_reset():
    items = posts("github", 6)
    with sample_servers(items) as servers:
        bench = Bench(servers)
        reset = str(int(bench.clock.now()) + 37)
        refused = {"message": "API rate limit exceeded for 127.0.0.1."}
        servers.faults.add("github", status(403, refused, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset))
        collection = bench.collect("github")
    assert ids(collection) == wanted_ids(items)
    assert max(bench.clock.slept) == pytest.approx(37, abs=2)


def test_the_last_allowed_request_is_followed_by_a_wait_and_not_by_a_refusal():
    with sample_servers(posts("github", 6)) as servers:
        bench = Bench(servers)
        reset = int(bench.clock.now()) + 31

        def last_one(answer):
            return type(answer)(answer.payload, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)})

        servers.faults.add("github", last_one)
        bench.collect("github", page_size=3)
    assert max(bench.clock.slept) == pytest.approx(31, abs=2)


def test_a_secondary_limit_without_retry_after_waits_a_minute():
    with sample_servers(posts("github", 2)) as servers:
        message = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
        servers.faults.add("github", status(403, message))
        bench = Bench(servers)
        collection = bench.collect("github")
    assert len(collection.items) == 2
    assert max(bench.clock.slept) == pytest.approx(60, abs=2)


def test_a_wrong_token_says_which_variable_and_where_to_get_one():
    with (
        sample_servers(posts("github", 2)) as servers,
        pytest.raises(UserError, match=r"401: Bad credentials.*GITHUB_TOKEN.*github\.com/settings/tokens"),
    ):
        Bench(servers).collect("github", token="wrong")


def test_the_right_token_and_no_token_both_read():
    with sample_servers(posts("github", 2)) as servers:
        assert len(Bench(servers).collect("github", token=GITHUB_TOKEN).items) == 2
        assert len(Bench(servers).collect("github").items) == 2


def test_a_query_that_github_refuses_points_to_the_file_of_queries():
    with sample_servers([]) as servers:
        servers.faults.add("github", status(422, {"message": "Validation Failed", "errors": [{"code": "invalid"}]}))
        with pytest.raises(UserError, match=r"422: Validation Failed.*sources\.yaml"):
            Bench(servers).collect("github")


def test_an_issue_that_several_queries_find_is_kept_once():
    items = [post("github", 1, title="Timeout in build"), post("github", 2, title="Timeout"), post("github", 3)]
    with sample_servers(items) as servers:
        collection = Bench(servers).collect("github", {"queries": ["timeout", "build", "is:issue timeout in:title"]})
        assert len(servers.asked("github")) == 3
    assert Counter(item.source_item_id for item in collection.items) == Counter(wanted_ids(items))


def test_every_query_is_searched_in_every_repository():
    items = [
        post("github", 1, channel="a/one"),
        post("github", 2, channel="b/two"),
        post("github", 3, channel="c/three"),
    ]
    with sample_servers(items) as servers:
        queries = {"queries": ["build", "fails"], "repositories": ["a/one", "b/two"]}
        collection = Bench(servers).collect("github", queries)
        assert len(servers.asked("github")) == 4
    assert {item.source_item_id for item in collection.items} == {"a/one#1", "b/two#2"}


def test_reactions_become_votes_and_a_missing_body_is_empty():
    def no_body(payload):
        payload["items"][0] |= {"body": None, "user": None, "reactions": {"total_count": 9, "+1": 5, "heart": 4}}
        return payload

    with sample_servers([post("github", 1)]) as servers:
        servers.faults.add("github", changed(no_body))
        (item,) = Bench(servers).collect("github").items
    assert (item.body, item.author, item.vote_count) == ("", None, 9)


def test_discussions_are_read_beside_issues_where_asked_for():
    items = [*posts("github", 3, start=100), *(discussion(number) for number in range(1, 26))]
    with sample_servers(items, ServerOptions(result_cap=20)) as servers:
        bench = Bench(servers)
        with_them = bench.collect("github", {"discussions": True}, token=GITHUB_TOKEN, result_cap=20, page_size=10)
        without = bench.collect("github")
    assert {item.source_item_id for item in with_them.items} >= {"acme/shop/discussions#7", "acme/shop#100"}
    assert len(with_them.items) == 28
    assert with_them.partial_reason is None
    assert len(without.items) == 3


def test_discussions_without_a_token_say_what_to_set():
    with sample_servers([discussion(1)]) as servers, pytest.raises(UserError, match=r"GITHUB_TOKEN.*discussions"):
        Bench(servers).collect("github", {"discussions": True})


def test_a_graphql_limit_is_waited_for():
    items = [discussion(1)]
    with sample_servers(items) as servers:
        bench = Bench(servers)
        limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
        headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(bench.clock.now()) + 20)}
        servers.faults.add("github", status(200, limited, **headers), after=1)
        collection = bench.collect("github", {"discussions": True}, token=GITHUB_TOKEN)
    assert len(collection.items) == 1
    assert max(bench.clock.slept) == pytest.approx(20, abs=2)


def test_a_graphql_error_is_told_in_its_own_words():
    with sample_servers([]) as servers:
        refused = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}
        servers.faults.add("github", status(200, refused), after=1)
        with pytest.raises(UserError, match="Resource not accessible"):
            Bench(servers).collect("github", {"discussions": True}, token=GITHUB_TOKEN)


@pytest.mark.parametrize(
    ("rest", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com"),
        ("https://git.example.com/api/v3/", "https://git.example.com/api"),
    ],
)
def test_enterprise_serves_graphql_beside_rest(rest, graphql):
    assert graphql_url(rest) == graphql
