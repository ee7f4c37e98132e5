"""Batches of clusters, what a reply about one comes to, and the themes of all of them."""

import json
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.courses.global_themes import GLOBAL_THEMES, GlobalThemes, theme_payload
from painpoint_platform.courses.taxonomy import SNAKE_CASE, load_taxonomy
from painpoint_platform.courses.theme_batches import (
    ASSIGNMENT_SCHEMA,
    THEME_SCHEMA,
    UNASSIGNED,
    batches,
    by_impact,
    merge,
    new_labels,
    settle,
)
from painpoint_platform.llm.chat import ChatReply
from painpoint_platform.llm.replies import validate

TAXONOMY = load_taxonomy()
PACING, EXAMS = "course_pacing_or_workload", "assessment_material_misalignment"


def group(members, phrase="exam differs from practice", label=EXAMS, description="Practice is too easy."):
    return {
        "provisional_label": phrase,
        "normalized_issue_label": label,
        "short_description": description,
        "member_cluster_ids": list(members),
    }


def settled(sent, groups, unassigned=()):
    reply = GlobalThemes.model_validate({"global_clusters": groups, "unassigned_clusters": list(unassigned)})
    return settle({cluster_id: f"summary of {cluster_id}" for cluster_id in sent}, reply, TAXONOMY)


def clusters_of(*rows):
    """Clusters from (cluster_id, num_posts), the course being what stands before the underscore."""
    return pl.DataFrame(
        [(name, name.split("_")[0], posts) for name, posts in rows],
        schema={"cluster_id": pl.String, "course_code": pl.String, "num_posts": pl.Int32},
        orient="row",
    )


def posts_of(clusters, shared=()):
    """A post of its own for each counted post, but ``shared`` posts that stand in every cluster."""
    own = (
        clusters.with_columns(number=pl.int_ranges(0, pl.col("num_posts") - len(shared))).explode("number").drop_nulls()
    )
    return pl.concat(
        [
            own.select("cluster_id", "course_code", post_id=pl.format("{}-{}", "cluster_id", "number")),
            clusters.select("cluster_id", "course_code").join(pl.DataFrame({"post_id": list(shared)}), how="cross")
            if shared
            else own.clear().select("cluster_id", "course_code", post_id=pl.lit("")),
        ]
    )


def test_clusters_with_most_posts_come_first_then_by_id_as_text():
    frame = clusters_of(("C1_10", 2), ("C1_2", 2), ("B1_1", 1), ("D1_1", 7))
    assert by_impact(frame)["cluster_id"].to_list() == ["D1_1", "C1_10", "C1_2", "B1_1"]


def lengths_of(costs, size, room):
    found = batches(costs, size=size, fits=lambda these: room is None or sum(these) <= room)
    return [len(batch) for batch in found]


@pytest.mark.parametrize(
    ("costs", "size", "room", "lengths"),
    [
        ([1] * 7, 3, None, [3, 3, 1]),
        ([], 60, None, []),
        ([4, 4, 4], 60, 8, [2, 1]),
        ([4, 99, 4, 4], 60, 8, [1, 1, 2]),
        ([1, 1], 60, -5, [1, 1]),
    ],
)
def test_a_batch_is_closed_when_it_is_full_or_has_no_room(costs, size, room, lengths):
    assert lengths_of(costs, size, room) == lengths


@given(st.lists(st.integers(0, 50), max_size=80), st.integers(1, 9), st.one_of(st.none(), st.integers(-5, 120)))
def test_batches_take_every_cluster_and_are_as_long_as_both_bounds_let_them(costs, size, room):
    start = 0
    for length in lengths_of(costs, size, room):
        taken, next_one = costs[start : start + length], costs[start + length : start + length + 1]
        assert 1 <= length <= size
        if room is not None:
            assert length == 1 or sum(taken) <= room
            assert length == size or not next_one or sum(taken + next_one) > room
        start += length
    assert start == len(costs)


def test_the_first_mention_of_a_cluster_counts_whether_in_a_group_or_unassigned():
    batch = settled(["a", "b", "c"], [group(["b", "a", "b"]), group(["a", "c"], "another")], ["c", "b"])
    assert [each.member_cluster_ids for each in batch.groups] == [("a", "b"), ("c",)]
    assert batch.repeated == ("b", "a", "c", "b")
    assert (batch.unassigned, batch.omitted, batch.unknown) == ((), (), ())


def test_unknown_ids_are_dropped_and_omitted_ones_are_unassigned():
    batch = settled(["a", "b", "c"], [group(["z", " b ", "B"])], ["y", "c"])
    assert batch.groups[0].member_cluster_ids == ("b",)
    assert batch.unassigned == ("a", "c")
    assert batch.omitted == ("a",)
    assert batch.unknown == ("z", "B", "y")


def test_a_group_without_members_vanishes():
    batch = settled(["a", "b"], [group(["a"]), group([]), group(["a"]), group(["b"], "last")])
    assert [each.provisional_label for each in batch.groups] == ["exam differs from practice", "last"]


def test_ids_that_came_as_numbers_are_read_as_text():
    assert settled(["7", "8"], [group([7])], [8]).unassigned == ("8",)


def test_empty_texts_are_mended_from_the_label_and_the_largest_member():
    batch = settled(["a", "b"], [group(["b", "a"], " \n", "Course Pacing-or workload", None)])
    (mended,) = batch.groups
    assert mended.normalized_issue_label == PACING
    assert mended.provisional_label == "course pacing or workload"
    assert mended.short_description == "summary of a"


@pytest.mark.parametrize(
    ("found", "label"),
    [(" TECHNOLOGY or platform-issues ", "technology_or_platform_issues"),
     ("Poor Captions!", "poor_captions"), ("", "other_or_uncategorized")],
)  # fmt: skip
def test_labels_are_those_of_the_taxonomy_or_snake_case(found, label):
    assert settled(["a"], [group(["a"], label=found)]).groups[0].normalized_issue_label == label


def test_characters_that_no_file_holds_are_left_out():
    batch = settled(["a"], [group(["a", "\ud800"], "half\ud83d a\x00 character", description="one\nline")])
    assert batch.groups[0].provisional_label == "half a character"
    assert batch.groups[0].short_description == "one line"
    json.dumps(batch.unknown, ensure_ascii=False).encode()


def test_groups_that_agree_in_label_and_phrase_become_one_theme_with_the_words_of_the_largest():
    clusters = clusters_of(("A_1", 5), ("B_1", 4), ("C_1", 2), ("C_2", 1))
    settled_batches = [
        settled(["A_1"], [group(["A_1"], "Exam  differs", description="small")]),
        settled(["B_1", "C_1"], [group(["B_1", "C_1"], "exam differs", "Assessment Material Misalignment", "large")]),
        settled(["C_2"], [group(["C_2"], "EXAM DIFFERS", PACING)]),
    ]
    themes, assignments = merge(settled_batches, clusters, posts_of(clusters), TAXONOMY)
    assert themes.rows() == [
        ("G001", "exam differs", EXAMS, EXAMS, "large", 11, 11, 3, 3),
        ("G002", "exam differs", PACING, PACING, "Practice is too easy.", 1, 1, 1, 1),
    ]
    assert assignments["cluster_id"].to_list() == ["A_1", "B_1", "C_1", "C_2"]
    assert assignments["global_cluster_id"].to_list() == ["G001"] * 3 + ["G002"]


def test_where_groups_are_of_one_size_the_words_of_the_first_batch_stay():
    clusters = clusters_of(("A_1", 3), ("B_1", 3))
    settled_batches = [
        settled(["A_1"], [group(["A_1"], description="first")]),
        settled(["B_1"], [group(["B_1"], description="second")]),
    ]
    themes, _ = merge(settled_batches, clusters, posts_of(clusters), TAXONOMY)
    assert themes["short_description"].to_list() == ["first"]


@pytest.mark.parametrize("found", ["Exam  Differs", "exam_differs", "EXAM\u00a0DIFFERS\n"])
def test_a_phrase_is_in_lower_case_and_on_one_line(found):
    assert settled(["a"], [group(["a"], found)]).groups[0].provisional_label == "exam differs"


def test_two_groups_of_one_batch_may_be_one_theme():
    clusters = clusters_of(("A_1", 3), ("B_1", 3))
    themes, _ = merge(
        [settled(["A_1", "B_1"], [group(["B_1"]), group(["A_1"])])], clusters, posts_of(clusters), TAXONOMY
    )
    assert themes["num_clusters"].to_list() == [2]


def test_themes_are_numbered_by_posts_then_label_then_first_member():
    clusters = clusters_of(("A_1", 2), ("B_1", 2), ("C_1", 2), ("D_1", 9))
    batch = settled(
        ["D_1", "A_1", "B_1", "C_1"],
        [
            group(["A_1"], "a", PACING),
            group(["B_1"], "b", PACING),
            group(["C_1"], "z", EXAMS),
            group(["D_1"], "d", PACING),
        ],
    )
    themes, _ = merge([batch], clusters, posts_of(clusters), TAXONOMY)
    assert list(zip(themes["global_cluster_id"], themes["provisional_label"], strict=True)) == [
        ("G001", "d"), ("G002", "z"), ("G003", "a"), ("G004", "b"),
    ]  # fmt: skip


def test_a_thousand_themes_stay_in_order():
    clusters = clusters_of(*((f"A_{number:04}", 1) for number in range(1001)))
    names = clusters["cluster_id"].to_list()
    themes, assignments = merge(
        [settled(names, [group([name], name) for name in names])], clusters, posts_of(clusters), TAXONOMY
    )
    assert themes["global_cluster_id"].to_list()[-2:] == ["G1000", "G1001"]
    assert assignments["global_cluster_id"].to_list()[-1] == "G1001"


def test_posts_are_counted_by_cluster_and_once():
    clusters = clusters_of(("A_1", 3), ("A_2", 2), ("B_1", 2))
    batch = settled(["A_1", "A_2", "B_1"], [group(["A_1", "A_2"])])
    themes, assignments = merge([batch], clusters, posts_of(clusters, shared=("p", "q")), TAXONOMY)
    assert themes.select("total_num_posts", "num_distinct_posts", "num_clusters", "num_courses").row(0) == (5, 3, 2, 1)
    assert assignments.row(2) == ("B_1", "B", UNASSIGNED, None, None, 2, 1)


def test_without_clusters_there_are_no_themes_but_all_columns():
    themes, assignments = merge([], clusters_of(), posts_of(clusters_of(("A_1", 1))).clear(), TAXONOMY)
    assert dict(themes.schema) == THEME_SCHEMA
    assert dict(assignments.schema) == ASSIGNMENT_SCHEMA
    assert themes.is_empty()


def test_a_label_beyond_the_taxonomy_is_new_and_has_no_family():
    clusters = clusters_of(("A_1", 1), ("B_1", 1))
    batch = settled(["A_1", "B_1"], [group(["A_1"], label="poor captions"), group(["B_1"], label="poor_captions")])
    themes, _ = merge([batch], clusters, posts_of(clusters), TAXONOMY)
    assert themes["family"].to_list() == [None]
    assert new_labels(themes, TAXONOMY) == ("poor_captions",)


# ---- 10,000 replies that are wrong in every way -------------------------------------------------------------------

LOOK_ALIKES = str.maketrans("C_1", "С＿１")


def clean_reply(names, chance):
    shuffled = names[:]
    chance.shuffle(shuffled)
    cuts = sorted(chance.sample(range(len(names) + 1), 3))
    parts = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(names)], strict=True)]
    groups = [
        group(part, chance.choice(["exam differs", "Exam  Differs", "pace", ""]), chance.choice([EXAMS, "Pacing!", ""]))
        for part in parts[:3]
    ]
    return {"global_clusters": groups, "unassigned_clusters": parts[3]}


def mutate_ids(ids, names, chance):
    for _ in range(chance.randint(0, 3)):
        ids.insert(chance.randint(0, len(ids)), chance.choice([
            chance.choice(names), "C999_9", "", None, 7, 7.5, chance.choice(names).translate(LOOK_ALIKES),
            f" {names[0]}\t", names[0].lower(), "\ud800", "C1_1\u200b", "x" * 300,
        ]))  # fmt: skip
    if ids and chance.random() < 0.3:
        ids.pop(chance.randrange(len(ids)))


def mutate_shape(reply, chance):
    junk = chance.choice([None, 3, 1e400, "", "text", [], {}, True, [None], {"a": 1}, [[]], "\x00\ud800"])
    groups = reply["global_clusters"]
    match chance.randint(0, 5):
        case 0:
            groups[chance.randrange(3)][chance.choice(list(groups[0]))] = junk
        case 1:
            groups[chance.randrange(3)].pop(chance.choice(list(groups[0])))
        case 2:
            reply[chance.choice(["global_clusters", "unassigned_clusters", "confidence"])] = junk
        case 3:
            reply.pop(chance.choice(list(reply)))
        case 4:
            groups.insert(chance.randrange(3), junk)
        case _:
            groups.append(groups[0] | {"extra": junk})


def mutate_text(text, chance):
    return chance.choice([
        text[: chance.randrange(len(text))], f"Sure! Here it is:\n```json\n{text}\n```\nAnything else?", text + text,
        f"<think>{{}}</think>{text}", text.replace('"', "'"), "", "null", "[]", f"[{text}]", "I cannot help with that.",
        text.replace(",", ",,", 1), text + '{"a": NaN}', "{" * 5000,
    ])  # fmt: skip


def mutated_reply(names, chance):
    reply = clean_reply(names, chance)
    for ids in [each["member_cluster_ids"] for each in reply["global_clusters"]] + [reply["unassigned_clusters"]]:
        mutate_ids(ids, names, chance)
    if chance.random() < 0.35:
        mutate_shape(reply, chance)
    text = json.dumps(reply, ensure_ascii=chance.random() < 0.5)
    return mutate_text(text, chance) if chance.random() < 0.3 else text


def test_ten_thousand_mutated_replies_lose_invent_and_repeat_no_cluster():
    chance = random.Random(20251211)
    runs, batches_a_run, a_batch = 100, 100, 8
    failed = 0
    for _ in range(runs):
        names = [f"C{chance.randint(1, 9)}_{number}" for number in range(batches_a_run * a_batch)]
        clusters = clusters_of(*((name, chance.randint(1, 5)) for name in names)).with_columns(
            issue_summary=pl.format("summary of {}", "cluster_id"), course_title=pl.lit("A course")
        )
        settled_batches = []
        for batch in by_impact(clusters).iter_slices(a_batch):
            payload = theme_payload(TAXONOMY[:2], batch.to_dicts())
            text = mutated_reply(batch["cluster_id"].to_list(), chance)
            reply = validate(GLOBAL_THEMES, payload, ChatReply("m", text)).reply
            failed += reply is None
            summaries = dict(zip(batch["cluster_id"], batch["issue_summary"], strict=True))
            settled_batch = settle(summaries, reply or GLOBAL_THEMES.mend(payload, {}), TAXONOMY)
            in_groups = [name for each in settled_batch.groups for name in each.member_cluster_ids]
            assert sorted(in_groups + list(settled_batch.unassigned)) == sorted(summaries)
            assert set(settled_batch.omitted) <= set(settled_batch.unassigned)
            settled_batches.append(settled_batch)
        themes, assignments = merge(settled_batches, clusters, posts_of(clusters), TAXONOMY)
        assert sorted(assignments["cluster_id"]) == sorted(names)
        assert set(assignments["global_cluster_id"]) - {UNASSIGNED} == set(themes["global_cluster_id"])
        assert themes["num_clusters"].sum() == assignments.filter(pl.col("global_cluster_id") != UNASSIGNED).height
        assert all(SNAKE_CASE.fullmatch(label) for label in themes["normalized_issue_label"])
        assert themes["total_num_posts"].is_sorted(descending=True)
        assert not (themes["provisional_label"] == "").any()
        assert not (themes["short_description"] == "").any()
    assert 0.2 < failed / (runs * batches_a_run) < 0.6
