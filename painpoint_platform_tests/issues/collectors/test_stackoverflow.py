"""Stack Exchange's own rules, against the sample server."""

import pytest

from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.sample.servers import STACKEXCHANGE_KEY, ServerOptions, sample_servers
from painpoint_platform.sample.servers.serving import changed
from painpoint_platform_tests.issues.collectors.bench import Bench, ids, post, posts, wanted_ids


def test_a_back_off_is_waited_for_before_the_next_page():
    def back_off(payload):
        return payload | {"backoff": 25}

    with sample_servers(posts("stackoverflow", 6)) as servers:
        servers.faults.add("stackexchange", changed(back_off))
        bench = Bench(servers)
        collection = bench.collect("stackoverflow", page_size=3)
    assert len(collection.items) == 6
    assert 25 <= max(bench.clock.slept) <= 27


def test_the_quota_is_never_used_up_and_the_day_is_then_partial():
    with sample_servers(posts("stackoverflow", 40), ServerOptions(stackexchange_quota=4)) as servers:
        collection = Bench(servers).collect("stackoverflow", page_size=5)
        assert len(servers.asked("stackexchange")) == 3
    assert len(collection.items) == 15
    assert "1 requests of Stack Exchange's daily quota left" in collection.partial_reason
    assert "STACKEXCHANGE_KEY" in collection.partial_reason
    assert any("quota" in note for note in collection.notes)


def test_a_low_quota_after_the_last_page_leaves_the_day_complete():
    with sample_servers(posts("stackoverflow", 4), ServerOptions(stackexchange_quota=2)) as servers:
        collection = Bench(servers).collect("stackoverflow")
    assert (len(collection.items), collection.partial_reason) == (4, None)
    assert collection.notes


def test_a_low_quota_before_the_last_tag_makes_the_day_partial():
    with sample_servers(posts("stackoverflow", 4), ServerOptions(stackexchange_quota=2)) as servers:
        collection = Bench(servers).collect("stackoverflow", {"tags": ["python", "duckdb"]})
    assert "python" in collection.partial_reason


def test_a_throttled_address_is_told_how_long_and_what_helps():
    with (
        sample_servers(posts("stackoverflow", 4), ServerOptions(stackexchange_quota=0)) as servers,
        pytest.raises(TransientError, match=r"more requests available in 82216 seconds.*STACKEXCHANGE_KEY"),
    ):
        Bench(servers).collect("stackoverflow")


def test_a_wrong_key_says_which_variable_and_where_to_get_one_and_is_not_shown():
    with sample_servers([]) as servers, pytest.raises(UserError, match=r"key=%2A%2A%2A|key=\*\*\*") as error:
        Bench(servers).collect("stackoverflow", key="very((wrong")
    assert "STACKEXCHANGE_KEY" in str(error.value)
    assert "stackapps.com" in str(error.value)
    assert "very" not in str(error.value)


def test_an_unknown_site_points_to_its_key_in_the_file():
    with sample_servers([]) as servers, pytest.raises(UserError, match=r"stackoverflow\.site.*'stackunderflow'"):
        Bench(servers).collect("stackoverflow", {"site": "stackunderflow"})


def test_without_a_key_the_window_moves_where_pages_end():
    items = posts("stackoverflow", 50, every=100)
    with sample_servers(items, ServerOptions(last_page_without_key=3)) as servers:
        collection = Bench(servers).collect("stackoverflow", page_size=4, last_page_without_key=3)
        assert max(int(request.query["page"]) for request in servers.asked("stackexchange")) == 3
    assert ids(collection) == wanted_ids(items)
    assert collection.partial_reason is None


def test_without_a_key_too_many_questions_in_one_second_make_the_day_partial():
    items = posts("stackoverflow", 20, every=0, first=60)
    with sample_servers(items, ServerOptions(last_page_without_key=3)) as servers:
        collection = Bench(servers).collect("stackoverflow", page_size=4, last_page_without_key=3)
    assert len(collection.items) == 12
    assert "STACKEXCHANGE_KEY" in collection.partial_reason


def test_with_a_key_pages_go_on():
    items = posts("stackoverflow", 50, every=100)
    with sample_servers(items, ServerOptions(last_page_without_key=3)) as servers:
        collection = Bench(servers).collect(
            "stackoverflow", page_size=4, last_page_without_key=3, key=STACKEXCHANGE_KEY
        )
        assert len(servers.asked("stackexchange")) == 13
    assert ids(collection) == wanted_ids(items)


def test_titles_and_names_are_decoded_once():
    title = 'Why is "a < b && c" &amp; not <b>bold</b>?'
    with sample_servers([post("stackoverflow", 1, title=title, author="O'Brien & Söhne")]) as servers:
        (item,) = Bench(servers).collect("stackoverflow").items
    assert item.title == title


def test_tags_are_read_one_by_one_and_joined_tags_must_all_be_there():
    items = [
        post("stackoverflow", 1, channel="python"),
        post("stackoverflow", 2, channel="python,pandas"),
        post("stackoverflow", 3, channel="rust"),
        post("stackoverflow", 4, channel="go"),
    ]
    with sample_servers(items) as servers:
        bench = Bench(servers)
        assert ids(bench.collect("stackoverflow", {"tags": ["python", "rust"]})) == ["1", "2", "3"]
        assert ids(bench.collect("stackoverflow", {"tags": ["python;pandas"]})) == ["2"]


def test_keywords_are_looked_for_in_title_and_body():
    items = [
        post("stackoverflow", 1, title="A DEADLOCK"),
        post("stackoverflow", 2, body="<p>deadlock</p>"),
        post("stackoverflow", 3),
    ]
    with sample_servers(items) as servers:
        assert ids(Bench(servers).collect("stackoverflow", {"keywords": ["deadlock"]})) == ["1", "2"]


def test_more_announced_but_nothing_sent_ends_and_makes_the_day_partial():
    def tease(payload):
        return payload | {"items": [], "has_more": True}

    with sample_servers(posts("stackoverflow", 6)) as servers:
        servers.faults.add("stackexchange", changed(tease), times=50)
        collection = Bench(servers).collect("stackoverflow")
        assert len(servers.asked("stackexchange")) == 1
    assert "none sent" in collection.partial_reason


def test_negative_scores_and_deleted_users_are_kept():
    with sample_servers([post("stackoverflow", 1, vote_count=-7, author="")]) as servers:
        (item,) = Bench(servers).collect("stackoverflow").items
    assert item.vote_count == -7
