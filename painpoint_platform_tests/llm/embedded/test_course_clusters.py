"""What the embedded model makes of a course's pain points, with the real encoder."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.course_clusters import COURSE_CLUSTERS, assemble
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.embedded.course_language import LONGEST_CAUSE, short_cause
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform.llm.tasks import ModelRequest

# Three causes, told by different people in words of their own.
EXAM = [
    "Misalignment between the study guide and the final exam, which asks for topics that no chapter covers.",
    "The objective assessment (OA) contained questions on grafting that are not in the course materials.",
    "Course readings do not match the exam content, so students who studied everything still failed.",
]
LAB = [
    "Virtual lab environment is broken: the greenhouse simulator crashes on start.",
    "Lab credentials are rejected, so the virtual lab cannot be opened.",
]
ADVISER = ["Course instructor does not answer e-mails about the field trip."]
SUMMARIES = [*EXAM, *LAB, *ADVISER]


def course(summaries, code="X101"):
    painpoints = [
        {"post_id": f"p{at}", "root_cause_summary": text, "pain_point_snippet": text[:40]}
        for at, text in enumerate(summaries)
    ]
    return {"course_code": code, "course_title": "Botany", "painpoints": painpoints}


def groups(answer):
    return {frozenset(cluster["post_ids"]) for cluster in answer["courses"][0]["clusters"]}


def test_posts_with_one_cause_are_one_cluster(answer):
    (made,) = answer("course_clusters", course(SUMMARIES))
    assert groups(made) == {frozenset({"p0", "p1", "p2"}), frozenset({"p3", "p4"}), frozenset({"p5"})}
    assert [cluster["cluster_id"] for cluster in made["courses"][0]["clusters"]] == ["X101_1", "X101_2", "X101_3"]


def test_a_cluster_is_told_in_one_short_cause(answer):
    (made,) = answer("course_clusters", course(SUMMARIES))
    exam, lab, adviser = (cluster["issue_summary"] for cluster in made["courses"][0]["clusters"])
    assert exam in {short_cause(summary) for summary in EXAM}
    assert lab in {"Virtual lab environment is broken", "Lab credentials are rejected"}
    assert adviser == "Course instructor does not answer e-mails about the field trip"


def test_the_order_of_posts_changes_nothing(answer):
    # Equal sizes and equal texts, where only the order could decide.
    payload = course([*SUMMARIES, "No captions in lecture videos.", "Parking is full by nine.", EXAM[0], LAB[1]])
    posts = payload["painpoints"]
    first, *others = answer(
        "course_clusters",
        *({**payload, "painpoints": random.Random(seed).sample(posts, len(posts))} for seed in range(5)),
    )
    assert all(other == first for other in others)


def test_a_course_is_clustered_the_same_alone_and_in_company(answer):
    first, second = course(SUMMARIES), course(SUMMARIES[1:], "Y2")
    assert answer("course_clusters", first, second) == [
        *answer("course_clusters", first),
        *answer("course_clusters", second),
    ]


@given(st.lists(st.text(max_size=60) | st.sampled_from(SUMMARIES), max_size=5))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_post_is_in_one_cluster_whatever_is_written(answer, summaries):
    (made,) = answer("course_clusters", course(summaries))
    clusters = made["courses"][0]["clusters"]
    placed = [post_id for cluster in clusters for post_id in cluster["post_ids"]]
    assert sorted(placed) == sorted(f"p{at}" for at in range(len(summaries)))
    assert all(0 < len(cluster["issue_summary"]) <= LONGEST_CAUSE for cluster in clusters)


def test_a_post_that_is_sent_twice_counts_once(answer):
    payload = course(SUMMARIES)
    (made,) = answer("course_clusters", {**payload, "painpoints": payload["painpoints"] * 2})
    assert made == answer("course_clusters", payload)[0]


def test_part_clusters_merge_like_posts(answer):
    parts = ["Misalignment between course materials and the exam", "Exam is not aligned with the course materials"]
    assert groups(answer("course_clusters", course(parts))[0]) == {frozenset({"p0", "p1"})}


def test_an_answer_passes_the_rules_of_the_task(embedder, tmp_path):
    route = open_route(Endpoint("embedded/v1", "LOCAL"), Endpoint("embedded/v1", "REMOTE"), lambda: embedder)
    client = ModelClient(route, state_path=tmp_path / "llm.sqlite", run_id="run")
    payload = course(SUMMARIES)
    (made,) = client.ask_many(COURSE_CLUSTERS, [ModelRequest(payload)])
    assert (made.outcome, made.model, made.findings) == ("ok", "embedded/v1", ())
    clusters = assemble("X101", "Botany", payload["painpoints"], made.reply).clusters
    assert [cluster.num_posts for cluster in clusters] == [3, 2, 1]


@pytest.mark.parametrize("painpoints", [[], [{"post_id": "a", "root_cause_summary": "", "pain_point_snippet": ""}]])
def test_nothing_to_read_is_survived(answer, painpoints):
    (made,) = answer("course_clusters", {"course_code": "X", "course_title": "", "painpoints": painpoints})
    assert len(made["courses"][0]["clusters"]) == len(painpoints)
