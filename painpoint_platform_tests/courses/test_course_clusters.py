"""Any reply about a course becomes clusters that hold every post that was sent, and no other."""

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.course_clusters import (
    COURSE_CLUSTERS,
    MOST_NAMED,
    CourseClusters,
    CourseClustersReply,
    assemble,
    check,
    mend,
)
from painpoint_platform.courses.replies import one_line
from painpoint_platform.llm.chat import ChatReply
from painpoint_platform.llm.prompts import changed_prompts
from painpoint_platform.llm.replies import validate, validate_object
from painpoint_platform_tests.courses.mutated_replies import mutated_text, payload

PAYLOAD = {
    "course_code": "D1",
    "course_title": "Databases",
    "painpoints": [
        {"post_id": post_id, "root_cause_summary": f"cause {post_id}", "pain_point_snippet": "…"}
        for post_id in ("a", "b", "7", "d")
    ],
}


def cluster(post_ids: list[Any], summary: Any = "issue", cluster_id: Any = "D1_1") -> dict[str, Any]:
    return {"cluster_id": cluster_id, "issue_summary": summary, "num_posts": 99, "post_ids": post_ids}


def reply(*clusters: dict[str, Any], code: str = "D1") -> dict[str, Any]:
    return {"courses": [{"course_code": code, "course_title": "?", "total_posts": 99, "clusters": list(clusters)}]}


def findings(found: dict[str, Any]) -> list[str]:
    return check(PAYLOAD, CourseClustersReply.model_validate(found))


def grouped(found: dict[str, Any]) -> CourseClusters:
    return assemble("D1", "Databases", PAYLOAD["painpoints"], CourseClustersReply.model_validate(found))


def as_pairs(course: CourseClusters) -> list[tuple[str, str]]:
    return [(c.cluster_id, "".join(c.post_ids)) for c in course.clusters]


def assert_whole(asked: dict[str, Any], course: CourseClusters) -> None:
    """No post lost, none invented; ids valid; the order and the counts computed."""
    sent = [post["post_id"] for post in asked["painpoints"]]
    assert {post_id for c in course.clusters for post_id in c.post_ids} == set(sent)
    assert course.total_posts == len(set(sent))
    ids = [c.cluster_id for c in course.clusters]
    assert len(set(ids)) == len(ids)
    prefix = f"{asked['course_code']}_"
    assert all(i.startswith(prefix) and i[len(prefix) :].isascii() and i[len(prefix) :].isdigit() for i in ids)
    assert all(c.post_ids and len(set(c.post_ids)) == len(c.post_ids) for c in course.clusters)
    assert all(c.issue_summary.strip() and c.issue_summary.isprintable() for c in course.clusters)
    sizes = [c.num_posts for c in course.clusters]
    assert sizes == sorted(sizes, reverse=True)
    json.dumps([c.issue_summary for c in course.clusters], ensure_ascii=False).encode()


def test_a_good_reply_passes_and_its_books_are_kept_anew() -> None:
    found = reply(cluster(["b"], "two", "D1_4"), cluster(["a", "7", "d"], "one", "D1_9"))
    assert findings(found) == []
    course = grouped(found)
    assert as_pairs(course) == [("D1_9", "a7d"), ("D1_4", "b")]
    assert (course.status, course.total_posts) == ("ok", 4)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (reply(cluster(["a", "b", "7"])), ["d: these post_ids were sent and stand in no cluster; give each a cluster"]),
        (
            reply(cluster(["a", "b", "7", "d", "e"])),
            ["courses.0.clusters.0.post_ids.4: no such post_id was sent; copy ids character by character"],
        ),
        (reply(cluster(["a", "b", "7", "d"], " ")), ["courses.0.clusters.0.issue_summary: must not be empty"]),
        (
            reply(cluster(["a", "b", "7", "d"]), code="D2"),
            ["courses.0.course_code: must be the course_code that was asked about"],
        ),
    ],
)
def test_what_is_worth_asking_again_is_named_by_its_place(found: dict[str, Any], expected: list[str]) -> None:
    assert findings(found) == expected


@pytest.mark.parametrize("lookalike", ["а", "A", "a\u200b", "ａ"])
def test_a_look_alike_is_an_unknown_id_and_the_real_one_is_missing(lookalike: str) -> None:
    assert len(findings(reply(cluster([lookalike, "b", "7", "d"])))) == 2


@pytest.mark.parametrize(
    "found",
    [
        reply(cluster(["a", "b", 7, "d"])),
        reply(cluster([" a", "b\n", "7", "d"])),
        reply(cluster(["a", "a", "b", "7", "d"])),
        reply(cluster(["a", "b", "7", "d"], cluster_id=None)),
        reply(cluster(["a", "b", "7", "d"], 404)),
        reply(cluster(["a", "b", "7", "d"]), cluster(["a"], "also", "D1_2")),
        reply(cluster(["a", "b", "7", "d"]), cluster([], "")),
        reply(cluster(["a", "b", "7", "d"]), code="d1 "),
        {"courses": [{"clusters": [{"issue_summary": "x", "post_ids": ["a", "b", "7", "d"]}]}], "note": "extra"},
        {"courses": [reply(cluster(["a", "b"]))["courses"][0], reply(cluster(["7", "d"]))["courses"][0]]},
    ],
)
def test_bookkeeping_is_not_worth_asking_again(found: dict[str, Any]) -> None:
    assert validate_object(COURSE_CLUSTERS, PAYLOAD, found).errors == ()
    assert_whole(PAYLOAD, grouped(found))


def test_a_post_in_two_clusters_stays_in_both() -> None:
    assert as_pairs(grouped(reply(cluster(["a", "b", "7", "d"]), cluster(["a"], "x", "D1_2")))) == [
        ("D1_1", "ab7d"),
        ("D1_2", "a"),
    ]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (("D1_7", "D1_3"), ["D1_3", "D1_7"]),
        (("D1_1", "D1_1"), ["D1_1", "D1_2"]),
        (("D1_1", "D1_01"), ["D1_1", "D1_2"]),
        (("D1_5", "d1_6"), ["D1_1", "D1_2"]),
        (("D1_5", "D1_x"), ["D1_1", "D1_2"]),
        (("D1_5", "D1_²"), ["D1_1", "D1_2"]),
        (("D1_5", None), ["D1_1", "D1_2"]),
        (("D1_5", "D1_1234567890"), ["D1_1", "D1_2"]),
    ],
)
def test_ids_are_kept_when_all_are_good_and_else_all_are_given_anew_by_size(
    ids: tuple[Any, Any], expected: list[str]
) -> None:
    course = grouped(reply(cluster(["a"], "small", ids[0]), cluster(["b", "7", "d"], "large", ids[1])))
    assert [c.cluster_id for c in course.clusters] == expected
    assert [c.issue_summary for c in course.clusters] == ["large", "small"]


def test_clusters_of_one_size_are_numbered_by_their_first_post() -> None:
    course = grouped(reply(cluster(["d", "7"], "late", "x"), cluster(["b", "a"], "early", "x")))
    assert [c.issue_summary for c in course.clusters] == ["early", "late"]


def test_posts_that_are_missing_get_numbers_that_leave_good_ids_alone() -> None:
    course = grouped(reply(cluster(["a", "b"], "pair", "D1_4")))
    assert as_pairs(course) == [("D1_4", "ab"), ("D1_5", "7"), ("D1_6", "d")]
    assert course.clusters[1].issue_summary == "cause 7"


def test_without_a_reply_every_post_is_on_its_own_with_its_own_cause() -> None:
    course = assemble("D1", "Databases", PAYLOAD["painpoints"], None)
    assert as_pairs(course) == [("D1_1", "a"), ("D1_2", "b"), ("D1_3", "7"), ("D1_4", "d")]


def test_mending_keeps_what_is_good_and_gives_the_rest_clusters_of_their_own() -> None:
    found = {
        "courses": [
            "nonsense",
            {"course_code": "D2", "clusters": [cluster(["a", "other"], "of another course", "D2_1")]},
            {"clusters": [cluster(["b", None, ["7"]], "kept", "D1_8"), cluster(["d"], ""), 5]},
        ]
    }
    mended = mend(PAYLOAD, found)
    assert check(PAYLOAD, mended) == []
    course = assemble("D1", "Databases", PAYLOAD["painpoints"], mended)
    by_posts = {"".join(c.post_ids): c.issue_summary for c in course.clusters}
    assert by_posts == {"a": "of another course", "b": "kept", "7": "cause 7", "d": "cause d"}


def test_findings_name_only_the_first_ids() -> None:
    many = {**PAYLOAD, "painpoints": [{**PAYLOAD["painpoints"][0], "post_id": f"p{n}"} for n in range(90)]}
    (finding,) = check(many, CourseClustersReply(courses=[]))
    assert finding.count(",") == MOST_NAMED - 1
    assert f"and {90 - MOST_NAMED} more: these post_ids were sent" in finding


def test_a_summary_is_one_line_that_every_file_takes() -> None:
    assert one_line(" a\n\tb\x00c\ud800d\u2028e ") == "a b c d e"


def test_strict_decoders_see_the_whole_documented_shape() -> None:
    schema = COURSE_CLUSTERS.reply_format.schema
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert set(schema["$defs"]["ClusterReply"]["properties"]) == {
        "cluster_id",
        "issue_summary",
        "num_posts",
        "post_ids",
    }


def test_the_prompt_is_published() -> None:
    assert [problem for problem in changed_prompts() if problem.startswith("course_clusters")] == []


def settled(asked: dict[str, Any], text: str | None) -> tuple[CourseClusters, bool]:
    """The course as it comes out of a reply that is not asked for again, and whether it had to be mended."""
    verdict = validate(COURSE_CLUSTERS, asked, ChatReply("m", text))
    accepted = verdict.reply or mend(asked, verdict.found or {})
    assert check(asked, accepted) == []
    return assemble(asked["course_code"], "T", asked["painpoints"], accepted), verdict.reply is None


def test_no_post_is_lost_or_invented_in_ten_thousand_mutated_replies() -> None:
    rng = random.Random(20251130)
    seen: Counter[bool] = Counter()
    for _ in range(10_000):
        asked = payload(rng)
        text = mutated_text(asked, rng)
        course, was_mended = settled(asked, text)
        assert_whole(asked, course)
        seen[was_mended] += 1
    assert min(seen[True], seen[False]) > 3_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["a", "7", "D1", "D1_1"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["courses", "clusters", "post_ids", "issue_summary", "cluster_id", "course_code"]), inner
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150)
@given(found=st.dictionaries(st.sampled_from(["courses", "clusters", "x"]), json_values))
def test_any_object_at_all_can_be_mended(found: dict[str, Any]) -> None:
    course, _ = settled(PAYLOAD, json.dumps(found))
    assert_whole(PAYLOAD, course)


@settings(max_examples=100)
@given(text=st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_text_at_all_is_survived(text: str) -> None:
    course, _ = settled(PAYLOAD, text)
    assert_whole(PAYLOAD, course)
