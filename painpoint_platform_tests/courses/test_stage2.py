"""A corpus is grouped course by course, whatever the models answer."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from painpoint_platform.courses.course_clusters import CourseClusters
from painpoint_platform.courses.stage2 import cluster_courses, human_order
from painpoint_platform.errors import TransientError, UserError
from painpoint_platform_tests.courses.asked_models import by_cause, client_of, painpoints
from painpoint_platform_tests.courses.mutated_replies import mutated_text, payload
from painpoint_platform_tests.courses.test_course_clusters import assert_whole
from painpoint_platform_tests.llm.model_server import Fault, ModelServer, Seen, content, status


def assert_nothing_lost(rows: pl.DataFrame, courses: list[CourseClusters]) -> None:
    asked = {str(code): part for (code,), part in rows.group_by("course_code")}
    assert {course.course_code for course in courses} == asked.keys()
    for course in courses:
        sent = [{"post_id": post_id} for post_id in asked[course.course_code]["post_id"]]
        assert_whole({"course_code": course.course_code, "painpoints": sent}, course)


def members(course: CourseClusters) -> set[frozenset[str]]:
    return {frozenset(cluster.post_ids) for cluster in course.clusters}


def course_asked(seen: Seen) -> str:
    return str(seen.user_json["course_code"])


def test_every_course_is_one_call_and_they_are_made_at_once(tmp_path: Path) -> None:
    rows = painpoints({f"D{n}": [f"a-{n}", f"b-{n}", f"a-{n}x"] for n in (196, 72, 5)})
    told: list[tuple[int, int]] = []
    with ModelServer(answer=by_cause, delay_s=0.05) as server, client_of(server, tmp_path) as client:
        server.is_held = lambda _seen: server.max_in_flight < 3
        courses = cluster_courses(rows, client=client, progress=lambda done, total: told.append((done, total)))
    assert [course.course_code for course in courses] == ["D5", "D72", "D196"]
    assert server.max_in_flight == 3
    assert told[-1] == (3, 3)
    assert_nothing_lost(rows, courses)
    first = courses[0]
    assert [(c.cluster_id, c.issue_summary, c.post_ids) for c in first.clusters] == [
        ("D5_1", "cause a", ("a-5", "a-5x")),
        ("D5_2", "cause b", ("b-5",)),
    ]
    assert (first.status, first.findings, first.model, first.calls) == ("ok", (), "openai/small", 1)
    assert first.prompt_tokens > 0
    assert first.completion_tokens > 0
    assert first.latency_s >= 0.05


def test_the_model_sees_the_contracts_json_and_the_bound_of_the_reply(tmp_path: Path) -> None:
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path) as client:
        cluster_courses(painpoints({"D1": ["a-1"]}), client=client)
    (seen,) = server.seen
    assert seen.user_json == {
        "task": "course_clusters",
        "course_code": "D1",
        "course_title": "Title of D1",
        "painpoints": [
            {"post_id": "a-1", "root_cause_summary": "cause a", "pain_point_snippet": "the words of a student a-1"}
        ],
    }
    assert 1_000 < (seen.body.get("max_completion_tokens") or seen.body.get("max_tokens")) < 2_000


def test_no_pain_points_ask_nothing(tmp_path: Path) -> None:
    with ModelServer() as server, client_of(server, tmp_path) as client:
        assert cluster_courses(painpoints({}), client=client) == []
    assert server.seen == []


def test_a_wrong_reply_is_asked_again_with_its_findings(tmp_path: Path) -> None:
    def forgets_one(seen: Seen) -> Any:
        found = by_cause(seen)
        if not seen.is_retry:
            found["courses"][0]["clusters"][0]["post_ids"].pop()
        return found

    with ModelServer(answer=forgets_one) as server, client_of(server, tmp_path) as client:
        (course,) = cluster_courses(painpoints({"D1": ["a-1", "a-2"]}), client=client)
    assert (course.status, course.calls, len(server.seen)) == ("ok", 2, 2)
    assert "a-2: these post_ids were sent and stand in no cluster" in server.seen[1].messages[-1]["content"]


def test_a_reply_that_stays_wrong_is_mended_and_the_course_marked(tmp_path: Path) -> None:
    def forgets_one(seen: Seen) -> Any:
        found = by_cause(seen)
        found["courses"][0]["clusters"][0]["post_ids"].pop()
        return found

    rows = painpoints({"D1": ["a-1", "a-2", "b-1", "b-2"], "D2": ["c-1"]})
    with ModelServer(answer=forgets_one) as server, client_of(server, tmp_path) as client:
        courses = cluster_courses(rows, client=client)
        calls = len(server.seen)
        again = cluster_courses(rows, client=client)
        assert len(server.seen) == calls
    assert_nothing_lost(rows, courses)
    assert [course.status for course in courses] == ["repaired", "repaired"]
    assert "these post_ids were sent" in courses[0].findings[0]
    assert members(courses[0]) == {frozenset({"a-1"}), frozenset({"a-2"}), frozenset({"b-1", "b-2"})}
    assert again == courses


def test_a_course_that_no_model_answers_stands_on_its_own_and_is_asked_again_next_time(tmp_path: Path) -> None:
    rows = painpoints({"D1": ["a-1", "a-2"], "D2": ["b-1", "b-2"]})
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path) as client:
        server.fault_for = lambda seen: status(400) if course_asked(seen) == "D1" else None
        failed, fine = cluster_courses(rows, client=client)
        server.fault_for, before = lambda _: None, Counter(map(course_asked, server.seen))
        mended, kept = cluster_courses(rows, client=client)
        after = Counter(map(course_asked, server.seen))
    assert (failed.status, failed.model, fine.status) == ("failed", None, "ok")
    assert "400" in failed.findings[0]
    assert members(failed) == {frozenset({"a-1"}), frozenset({"a-2"})}
    assert (mended.status, len(mended.clusters)) == ("ok", 1)
    assert kept == fine
    assert (after["D1"] - before["D1"], after["D2"] - before["D2"]) == (1, 0)


@pytest.mark.parametrize(("code", "expected"), [(401, UserError), (503, TransientError)])
def test_an_outage_stops_the_run_and_says_why(tmp_path: Path, code: int, expected: type[Exception]) -> None:
    rows = painpoints({"D1": ["a-1"], "D2": ["b-1"]})
    down, says = (
        ModelServer(fault_for=lambda _: status(code, retry_after=0)),
        "no model answered for any course; 2 of 2",
    )
    with down as server, client_of(server, tmp_path) as client, pytest.raises(expected, match=says):
        cluster_courses(rows, client=client)


def test_a_course_beyond_the_context_is_asked_in_parts_that_are_merged(tmp_path: Path) -> None:
    rows = painpoints({"D1": [f"{cause}-{n}" for n in range(20) for cause in "abc"], "D2": ["x-1", "x-2"]})
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path, context_tokens=8192) as client:
        whole, other = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [whole, other])
    assert {cluster.issue_summary: cluster.num_posts for cluster in whole.clusters} == {
        "cause a": 20,
        "cause b": 20,
        "cause c": 20,
    }
    assert whole.status == "ok"
    assert whole.calls == len(server.seen) - 1 > 2
    merge = server.seen[-1].user_json["painpoints"]
    assert set(merge[0]) == {"post_id", "root_cause_summary", "pain_point_snippet"}
    snippets = set(rows["pain_point_snippet"])
    assert all(post["pain_point_snippet"] in snippets for post in merge)
    assert other.calls == 1


def test_two_thousand_pain_points_of_one_course_are_merged_in_rounds(tmp_path: Path) -> None:
    rows = painpoints({"D1": [f"c{n % 40}-{n}" for n in range(2_000)]})
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path, context_tokens=16_000) as client:
        (course,) = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [course])
    assert (course.status, len(course.clusters), course.calls) == ("ok", 40, len(server.seen))
    assert all(cluster.num_posts == 50 for cluster in course.clusters)
    merges = [seen for seen in server.seen if seen.user_json["painpoints"][0]["post_id"].startswith("group")]
    assert len(merges) > 2
    assert len(server.seen) < 250


def test_merging_ends_when_a_round_brings_nothing(tmp_path: Path) -> None:
    rows = painpoints({"D1": [f"c{n}-1" for n in range(120)]})
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path, context_tokens=8192) as client:
        (course,) = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [course])
    assert (course.status, len(course.clusters)) == ("ok", 120)


def test_a_cluster_whose_summary_is_too_long_to_be_merged_stays_as_it_is(tmp_path: Path) -> None:
    def long_winded(seen: Seen) -> Any:
        found = by_cause(seen)
        for cluster in found["courses"][0]["clusters"]:
            if cluster["issue_summary"] == "cause z":
                cluster["issue_summary"] = "word " * 6_000
        return found

    rows = painpoints({"D1": ["z-1", "z-2", *(f"a-{n}" for n in range(40))]})
    with ModelServer(answer=long_winded) as server, client_of(server, tmp_path, context_tokens=8192) as client:
        (course,) = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [course])
    assert [cluster.num_posts for cluster in course.clusters] == [40, 2]


def test_a_post_beyond_the_context_gets_its_own_cluster_and_a_finding(tmp_path: Path) -> None:
    rows = painpoints({"D1": ["a-1", "a-2", "z-1"], "D2": ["z-2"]}).with_columns(
        pain_point_snippet=pl.when(pl.col("post_id").str.starts_with("z"))
        .then(pl.lit("word " * 9_000))
        .otherwise("pain_point_snippet")
    )
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path, context_tokens=8192) as client:
        course, alone = cluster_courses(rows, client=client)
    assert len(server.seen) == 1
    assert members(course) == {frozenset({"a-1", "a-2"}), frozenset({"z-1"})}
    for found, post_id in ((course, "z-1"), (alone, "z-2")):
        assert found.status == "repaired"
        assert found.findings == (
            f"post {post_id}: too large for the context of 8192 tokens; not asked about, on its own",
        )
    assert (alone.calls, alone.model) == (0, None)


def test_a_part_that_fails_costs_only_its_own_posts_and_is_not_merged(tmp_path: Path) -> None:
    rows = painpoints({"D1": [f"a-{n}" for n in range(40)]})
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path, context_tokens=8192) as client:
        server.fault_for = lambda seen: status(400) if "a-0" in str(seen.user_json["painpoints"][0]) else None
        (course,) = cluster_courses(rows, client=client)
        assert not any("group1" in str(seen.user_json) for seen in server.seen)
        server.fault_for = lambda _: None
        (whole,) = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [course])
    assert course.status == "failed"
    assert course.findings[0].startswith("part 1 of ")
    assert 1 < len(course.clusters) < 40
    assert (whole.status, len(whole.clusters)) == ("ok", 1)


def test_a_merge_that_fails_leaves_the_parts_clusters(tmp_path: Path) -> None:
    rows = painpoints({"D1": [f"a-{n}" for n in range(40)]})

    def no_merging(seen: Seen) -> Fault | None:
        return status(400) if "group1" in str(seen.user_json["painpoints"][0]) else None

    refusing = ModelServer(answer=by_cause, fault_for=no_merging)
    with refusing as server, client_of(server, tmp_path, context_tokens=8192) as client:
        (course,) = cluster_courses(rows, client=client)
    assert_nothing_lost(rows, [course])
    assert (course.status, course.findings[0].split(":")[0]) == ("failed", "merging")
    assert 1 < len(course.clusters) < 10


def test_ids_that_would_be_masked_go_by_other_names_and_come_back(tmp_path: Path) -> None:
    ids = ["<one@lists.example.org>", "<two@lists.example.org>", "post1", "+1 415 555 2671"]
    rows = painpoints({"D1": ids}).with_columns(root_cause_summary=pl.lit("the same"))
    with ModelServer(answer=by_cause) as server, client_of(server, tmp_path) as client:
        (course,) = cluster_courses(rows, client=client)
    assert (course.status, members(course)) == ("ok", {frozenset(ids)})
    assert "example.org" not in str(server.seen[0].user_json["painpoints"][0]["post_id"])


def test_mutated_replies_end_to_end_lose_and_invent_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    asked = {f"X{n}": payload(rng) | {"course_code": f"X{n}"} for n in range(80)}
    rows = painpoints({code: [post["post_id"] for post in of["painpoints"]] for code, of in asked.items()})
    spoiling = ModelServer(fault_for=lambda seen: content(mutated_text(asked[course_asked(seen)], rng)))
    with spoiling as server, client_of(server, tmp_path) as client:
        courses = cluster_courses(rows, client=client)
        calls = len(server.seen)
        assert calls > len(asked) * 1.2
        assert cluster_courses(rows, client=client) == courses
        assert len(server.seen) == calls
    assert_nothing_lost(rows, courses)
    assert Counter(course.status for course in courses).keys() == {"ok", "repaired"}


def test_numbers_in_codes_are_sorted_by_value() -> None:
    assert sorted(["D196", "C949", "D72", "D072", "AFT2", "9"], key=human_order) == [
        "9", "AFT2", "C949", "D72", "D072", "D196",
    ]  # fmt: skip
