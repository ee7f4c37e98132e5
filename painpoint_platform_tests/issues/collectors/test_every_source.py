"""What holds for all four collectors, against the sample servers."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.issues.collectors.http import Patience
from painpoint_platform.issues.collectors.protocol import DayWindow
from painpoint_platform.sample.servers import ServerOptions, sample_servers
from painpoint_platform.sample.servers.serving import (
    FOREVER,
    changed,
    connection_reset,
    dripping,
    half_a_page,
    hanging,
    html_page,
    status,
    truncated,
)
from painpoint_platform_tests.issues.collectors.bench import API, DAY, SOURCES, Bench, ids, post, posts, wanted_ids

every_source = pytest.mark.parametrize("source", SOURCES)

RECORDS = {
    "github": lambda payload: payload["items"],
    "stackoverflow": lambda payload: payload["items"],
    "reddit": lambda payload: payload["data"]["children"],
    "hackernews": lambda payload: payload["hits"],
}
ENVELOPE = {"github": "items", "stackoverflow": "items", "reddit": "data", "hackernews": "hits"}
MOMENT = {
    "github": "created_at",
    "stackoverflow": "creation_date",
    "reddit": "created_utc",
    "hackernews": "created_at_i",
}


def first_record(source, payload):
    record = RECORDS[source](payload)[0]
    return record["data"] if source == "reddit" else record


@every_source
def test_a_day_is_read_to_its_end_over_many_pages_with_every_field(source):
    items = posts(source, 45, every=1800)
    with sample_servers(items) as servers:
        collection = Bench(servers).collect(source, page_size=10)
    assert collection.partial_reason is None
    assert ids(collection) == wanted_ids(items)
    assert collection.request_count >= 5
    expected = {item.source_item_id: item for item in items}
    for item in collection.items:
        wanted = expected[item.source_item_id]
        assert (item.url, item.title, item.body) == (wanted.url, wanted.title, wanted.body)
        assert (item.created_at, item.comment_count, item.vote_count) == (
            wanted.created_at,
            wanted.comment_count,
            wanted.vote_count,
        )
        assert item.author


@every_source
def test_only_items_from_midnight_to_midnight_are_kept(source):
    day = timedelta(days=1)
    inside = [post(source, 1, 0), post(source, 2, day - timedelta(seconds=1))]
    outside = [post(source, 3, timedelta(seconds=-1)), post(source, 4, day)]
    with sample_servers(inside + outside) as servers:
        collection = Bench(servers).collect(source)
    assert ids(collection) == wanted_ids(inside)
    assert collection.partial_reason is None


@every_source
def test_an_empty_day_is_complete_and_empty(source):
    with sample_servers([post(source, 1, timedelta(days=-3)), post(source, 2, timedelta(days=3))]) as servers:
        collection = Bench(servers).collect(source)
    assert (collection.items, collection.rejected, collection.partial_reason) == ((), (), None)
    assert collection.request_count > 0


@every_source
def test_a_malformed_record_is_set_aside_without_its_author_and_the_rest_goes_on(source):
    def spoil(payload):
        first_record(source, payload)[MOMENT[source]] = "yesterday, about noon"
        RECORDS[source](payload).append(["no", "record"] if source != "reddit" else {"kind": "t3", "data": 7})
        return payload

    with sample_servers(posts(source, 5)) as servers:
        servers.faults.add(API[source], changed(spoil))
        collection = Bench(servers).collect(source)
    assert len(collection.items) == 4
    assert len(collection.rejected) == 2
    malformed = next(rejected for rejected in collection.rejected if rejected.source_item_id)
    assert MOMENT[source] in malformed.reason
    assert "yesterday, about noon" in malformed.payload
    assert "user" not in malformed.payload.replace("user_", "")


@every_source
@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(502),
        status(429),
        status(429, Retry_After="7"),
        status(429, Retry_After="Wed, 12 Mar 2025 00:00:09 GMT"),
        status(503, Retry_After="7"),
        html_page(503),
        truncated,
        half_a_page,
        connection_reset,
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_is_lost(source, fault):
    items = posts(source, 12)
    with sample_servers(items) as servers:
        servers.faults.add(API[source], fault, times=2, after=1)
        bench = Bench(servers)
        collection = bench.collect(source, page_size=5)
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None
    assert sum(bench.clock.slept) >= 2


@every_source
def test_a_page_that_comes_again_and_again_ends_and_makes_the_day_partial(source):
    answers = []

    def first_again(payload):
        answers.append(payload)
        return answers[0]

    with sample_servers(posts(source, 9)) as servers:
        servers.faults.add(API[source], changed(first_again), times=FOREVER)
        collection = Bench(servers).collect(source, page_size=3)
        assert len(servers.asked(API[source])) <= 4
    assert len(collection.items) == 3
    assert collection.partial_reason


@every_source
def test_a_wait_that_the_api_asks_for_is_kept(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], status(429, Retry_After="42"))
        bench = Bench(servers)
        bench.collect(source)
    assert max(bench.clock.slept) == pytest.approx(42, abs=1)


@every_source
def test_429_for_ever_ends_at_the_deadline_with_what_can_be_done(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], status(429, Retry_After="60"), times=FOREVER)
        bench = Bench(servers, patience=Patience(timeout_s=5, deadline_s=600))
        started = bench.clock.now()
        with pytest.raises(TransientError, match=r"429.*wait 60 s.*COLLECT_DEADLINE_S") as error:
            bench.collect(source)
        assert bench.clock.now() - started <= 660
        assert servers.github_url.split("/github")[0] in str(error.value)


@every_source
def test_a_wait_beyond_the_deadline_is_not_begun(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], status(429, Retry_After="5000"))
        bench = Bench(servers)
        with pytest.raises(TransientError, match="wait 5000 s"):
            bench.collect(source)
    assert sum(bench.clock.slept) < 5


@every_source
def test_a_server_that_hangs_is_left_after_the_time_out(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], hanging(60), times=1)
        started = time.monotonic()
        collection = Bench(servers, patience=Patience(timeout_s=0.15)).collect(source)
        assert time.monotonic() - started < 30
    assert len(collection.items) == 3


def test_a_server_that_drips_is_left_after_the_time_out():
    with sample_servers(posts("hackernews", 20)) as servers:
        servers.faults.add("hackernews", dripping(0.02))
        started = time.monotonic()
        collection = Bench(servers, patience=Patience(timeout_s=0.2)).collect("hackernews")
        assert time.monotonic() - started < 30
    assert len(collection.items) == 20


@every_source
def test_an_html_page_instead_of_json_names_the_address_and_its_setting(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], html_page(), times=FOREVER)
        with pytest.raises(UserError, match=r"http://127.*HTML page.*_API_URL"):
            Bench(servers).collect(source)
        assert len(servers.asked(API[source])) == 1, "a permanent error is not tried again"


@every_source
@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refusal_that_is_no_limit_is_not_tried_again_and_says_what_to_set(source, code):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], status(code), times=FOREVER)
        with pytest.raises(
            UserError, match=rf"http://127.*HTTP {code}: status {code}\. .*([A-Z]+_[A-Z_]+|sources.yaml)"
        ):
            Bench(servers).collect(source)
        assert len(servers.asked(API[source])) <= 2  # Reddit's token is renewed once


@every_source
def test_an_answer_of_another_shape_says_which_field_does_not_fit(source):
    def change(payload):
        payload[ENVELOPE[source]] = "none today"
        return payload

    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], changed(change))
        with pytest.raises(UserError, match=rf"documented shape \(.*{ENVELOPE[source]}.*found str"):
            Bench(servers).collect(source)


@every_source
def test_a_json_list_instead_of_an_object_is_a_changed_api_and_no_crash(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], changed(lambda _payload: [1, 2]))
        with pytest.raises(UserError, match="documented shape"):
            Bench(servers).collect(source)


@every_source
def test_an_address_that_redirects_says_where_to(source):
    with sample_servers(posts(source, 3)) as servers:
        servers.faults.add(API[source], status(302, Location="https://elsewhere.example/login"))
        with pytest.raises(UserError, match=r"HTTP 302.*elsewhere\.example"):
            Bench(servers).collect(source)


@every_source
def test_hostile_texts_arrive_whole_and_storable(source):
    texts = [
        "x" * 1_000_000,
        "before\x00after",
        "مرحبا بالعالم \u200f שלום",
        "😀😀😀",
        "half an emoji \ud83d here",
        "line\r\n\ttab \u2028 separator",
    ]
    items = [post(source, index, index * 60, title=f"Post {index}", body=text) for index, text in enumerate(texts, 1)]
    with sample_servers(items) as servers:
        collection = Bench(servers).collect(source)
    assert collection.rejected == ()
    bodies = {item.title: item.body for item in collection.items}
    assert bodies["Post 1"] == texts[0]
    assert bodies["Post 2"] == "beforeafter"
    assert bodies["Post 3"] == texts[2]
    assert bodies["Post 4"] == texts[3]
    assert bodies["Post 5"] == "half an emoji \ufffd here"
    assert bodies["Post 6"] == texts[5]


@pytest.mark.parametrize("source", ["github", "stackoverflow", "reddit"])
def test_a_post_without_title_or_body_is_kept(source):
    with sample_servers([post(source, 1, title="", body="")]) as servers:
        collection = Bench(servers).collect(source)
    assert [(item.title, item.body) for item in collection.items] == [("", "")]
    assert collection.rejected == ()


@every_source
def test_progress_counts_the_items_so_far(source):
    counts = []
    with sample_servers(posts(source, 12)) as servers:
        Bench(servers).collect(source, page_size=5, progress=counts.append)
    assert counts[-1] == 12
    assert counts == sorted(counts)


@every_source
def test_more_items_than_max_items_make_the_day_partial(source):
    with sample_servers(posts(source, 12)) as servers:
        collection = Bench(servers).collect(source, {"max_items": 7}, page_size=5)
    assert len(collection.items) == 7
    assert "max_items=7" in collection.partial_reason


@every_source
def test_a_day_that_is_not_over_is_partial(source):
    with sample_servers(posts(source, 3)) as servers:
        bench = Bench(servers)
        bench.clock.time = DayWindow(DAY).span.start + 4 * 3600
        collection = bench.collect(source)
    assert len(collection.items) == 3
    assert "not over" in collection.partial_reason


@every_source
def test_items_with_fewer_votes_than_the_minimum_are_left_out(source):
    items = [post(source, number, number * 60, vote_count=number) for number in range(1, 9)]
    with sample_servers(items) as servers:
        collection = Bench(servers).collect(source, {"minimum_votes": 6})
    assert sorted(item.vote_count for item in collection.items) == [6, 7, 8]
    assert collection.partial_reason is None


@every_source
def test_requests_are_spaced_so_that_no_minute_holds_more_than_allowed(source):
    with sample_servers(posts(source, 40)) as servers:
        bench = Bench(servers, per_minute=10)
        moments = []
        collector = bench.collector(source, page_size=2)
        turn = collector.pace.turn

        async def recorded():
            await turn()
            moments.append(bench.clock.now())

        collector.pace.turn = recorded
        asyncio.run(collector.collect(DayWindow(DAY)))
    assert len(moments) >= 20
    for moment in moments:
        assert sum(moment <= other < moment + 60 for other in moments) <= 10


@every_source
def test_neither_log_nor_error_shows_a_secret(source, caplog):
    secret = "s3cr3t-Token-Value"
    settings = {
        "github": {"token": secret},
        "stackoverflow": {"key": secret},
        "reddit": {"client_secret": secret},
        "hackernews": {},
    }[source]
    with caplog.at_level(logging.DEBUG), sample_servers(posts(source, 3), ServerOptions()) as servers:
        for api in (API[source], "reddit-auth"):
            echo = status(403, {"message": f"do not use {secret} here"})
            servers.faults.add(api, echo, times=FOREVER)
        with pytest.raises(UserError) as error:
            Bench(servers).collect(source, **settings)
    if source != "hackernews":
        assert secret not in str(error.value)
    assert not [record for record in caplog.records if record.name == "httpx" and secret in record.getMessage()]


@pytest.mark.parametrize("url", ["api.github.com", "", "ftp://api.github.com", "https://"])
def test_an_address_that_is_none_is_refused_with_its_setting(url):
    with sample_servers([]) as servers:
        aimed = replace(Bench(servers).collector("hackernews"), base_url=url)
        with pytest.raises(UserError, match="HACKERNEWS_API_URL"):
            asyncio.run(aimed.collect(DayWindow(DAY)))


def test_an_address_that_is_none_does_not_show_its_password():
    with sample_servers([]) as servers:
        collector = Bench(servers).collector("hackernews")
        aimed = replace(collector, base_url="ftp://ada:hunter2@example.org")
        with pytest.raises(UserError, match="HACKERNEWS_API_URL") as error:
            asyncio.run(aimed.collect(DayWindow(DAY)))
    assert "hunter2" not in str(error.value)


def test_a_user_agent_with_an_accent_is_refused():
    with sample_servers([]) as servers, pytest.raises(UserError, match="user agent"):
        Bench(servers).collect("reddit", user_agent="python:app:1 (by /u/José)")


def test_a_token_with_a_line_break_is_refused_without_showing_it():
    with sample_servers([]) as servers, pytest.raises(UserError, match="line break") as error:
        Bench(servers).collect("github", token="abc\ndef")
    assert "abc" not in str(error.value)


def test_a_server_that_is_not_there_is_tried_until_the_deadline():
    with sample_servers([]) as servers:
        bench = Bench(servers)
    with pytest.raises(TransientError, match=r"ConnectError.*check HACKERNEWS_API_URL"):
        bench.collect("hackernews")
    assert sum(bench.clock.slept) > 600


def test_requests_that_are_spaced_are_no_limit_of_a_server_that_is_not_there():
    with sample_servers([]) as servers:
        bench = Bench(servers, patience=Patience(timeout_s=5, deadline_s=3), per_minute=10)
    with pytest.raises(TransientError, match=r"tried 2 times .* last: ConnectError.*check GITHUB_API_URL"):
        bench.collect("github")
