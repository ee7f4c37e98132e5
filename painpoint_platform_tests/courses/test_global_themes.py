"""What is asked about clusters of many courses, and how leniently the reply is read."""

import json

import pytest

from painpoint_platform.courses.global_themes import (
    GLOBAL_THEMES,
    GlobalThemes,
    ThemeGroup,
    nothing_assigned,
    theme_payload,
)
from painpoint_platform.courses.taxonomy import load_taxonomy
from painpoint_platform.courses.theme_batches import settle
from painpoint_platform.llm.replies import extract_object, validate_object

CLUSTER = {
    "cluster_id": "C1_1",
    "issue_summary": "Too easy",
    "course_code": "C1",
    "course_title": "One",
    "num_posts": 2,
}


def test_the_payload_is_the_taxonomy_and_the_clusters_and_nothing_else():
    payload = theme_payload(load_taxonomy()[:1], [CLUSTER | {"impact": 0}])
    assert payload["clusters"] == [CLUSTER]
    assert list(payload) == ["taxonomy", "clusters"]
    assert list(payload["taxonomy"][0]) == ["label", "meaning"]


def test_a_strict_decoder_is_shown_every_field_and_no_other():
    schema = GLOBAL_THEMES.reply_format.schema
    for shape in (schema, schema["$defs"]["ThemeGroup"]):
        assert shape["required"] == list(shape["properties"])
        assert shape["additionalProperties"] is False
    assert set(schema["$defs"]["ThemeGroup"]["properties"]) == set(ThemeGroup.model_fields)


@pytest.mark.parametrize(
    "found",
    [
        {"global_clusters": [{"member_cluster_ids": ["C1_1"]}]},
        {"global_clusters": [], "unassigned_clusters": None},
        {"global_clusters": [{"provisional_label": 3, "member_cluster_ids": [1, 2.5]}], "notes": "none"},
    ],
)
def test_what_can_be_mended_is_no_reason_to_ask_again(found):
    assert validate_object(GLOBAL_THEMES, {}, found).reply is not None


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"unassigned_clusters": ["C1_1"]},
        {"global_clusters": {"C1_1": "pace"}},
        {"global_clusters": [{"provisional_label": "pace"}]},
        {"global_clusters": [{"member_cluster_ids": "C1_1"}]},
        {"global_clusters": [{"member_cluster_ids": [{"cluster_id": "C1_1"}]}]},
        {"global_clusters": ["C1_1"]},
    ],
)
def test_another_shape_is(found):
    assert validate_object(GLOBAL_THEMES, {}, found).errors


def test_a_reply_that_stays_unusable_assigns_nothing():
    mended = nothing_assigned(theme_payload((), [CLUSTER, CLUSTER | {"cluster_id": "C2_1"}]), {"global_clusters": 3})
    assert mended == GlobalThemes(global_clusters=[], unassigned_clusters=["C1_1", "C2_1"])


def test_the_example_of_the_prompt_is_a_good_reply_to_a_good_request():
    lines = GLOBAL_THEMES.prompt.text.splitlines()
    request = json.loads(next(line for line in lines if line.startswith("Input: ")).partition("`")[2].rstrip("`"))
    reply = extract_object(next(line for line in lines if line.startswith("Reply: ")).partition("`")[2])
    assert request.pop("task") == GLOBAL_THEMES.name
    assert list(request) == list(theme_payload((), []))
    assert all(list(cluster) == list(CLUSTER) for cluster in request["clusters"])
    verdict = validate_object(GLOBAL_THEMES, request, reply)
    summaries = {cluster["cluster_id"]: cluster["issue_summary"] for cluster in request["clusters"]}
    settled = settle(summaries, verdict.reply, load_taxonomy())
    assert (settled.omitted, settled.unknown, settled.repeated) == ((), (), ())
    seeded = {entry.label for entry in load_taxonomy()}
    assert {entry["label"] for entry in request["taxonomy"]} <= seeded
    assert {group.normalized_issue_label for group in settled.groups} <= seeded


def test_the_prompt_explains_every_field():
    fields = [*ThemeGroup.model_fields, *GlobalThemes.model_fields, *CLUSTER, "taxonomy", "clusters"]
    assert all(f"`{field}`" in GLOBAL_THEMES.prompt.text for field in fields)
