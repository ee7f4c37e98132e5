"""Scores of groups, against values that were worked out by hand and against counting every pair."""

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.evaluation import Grouping, evaluate, read_groups

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "transcripts"


def call(labels: str) -> dict[str, str | None]:
    """Blocks 1, 2, … with these groups; a dot is a block without one."""
    return {str(number): None if label == "." else label for number, label in enumerate(labels, start=1)}


def measured(predicted: str, reference: str):
    return evaluate({"call": call(predicted)}, {"call": call(reference)}).overall


def test_equal_groups_are_perfect_whatever_their_ids_are():
    found = measured(".777.bb", ".111.22")
    assert (found.pk, found.window_diff, found.boundary_f1, found.pairwise_f1, found.exact_groups) == (0, 0, 1, 1, 1)
    assert (found.blocks, found.reference_groups, found.predicted_groups) == (7, 2, 2)


def test_two_analysts_in_one_group_are_scored_as_by_hand():
    # Reference segments . 111 . 22: boundaries after blocks 1, 4, 5 (three); predicted . 111111: after block 1.
    found = measured(".111111", ".111.22")
    assert (found.boundary_precision, found.boundary_recall) == (1, pytest.approx(1 / 3))
    assert found.boundary_f1 == pytest.approx(0.5)
    # Reference pairs: 3 + 1. Predicted pairs: 15, of which 3 + 1 are right.
    assert (found.pairwise_precision, found.pairwise_recall) == (pytest.approx(4 / 15), 1)
    assert found.pairwise_f1 == pytest.approx(8 / 19)
    assert found.exact_groups == 0
    # Window: 7 blocks / 4 segments / 2 = 0.875, so 2. Ends (1,3) (2,4) (3,5) (4,6) (5,7): in the reference only (2,4)
    # lie in one segment, in the prediction all but (1,3).
    assert found.pk == pytest.approx(3 / 5)
    # Boundaries within: reference 1 0 1 2 1, predicted 1 0 0 0 0.
    assert found.window_diff == pytest.approx(3 / 5)


def test_a_boundary_one_block_too_late_is_scored_as_by_hand():
    # Twelve blocks in two groups of six; the window is 12 / 2 / 2 = 3.
    found = measured("aaaaaaabbbbb", "111111222222")
    # Windows (i, i+3): the reference's boundary lies in those of i = 4, 5, 6, the prediction's in i = 5, 6, 7.
    assert found.pk == pytest.approx(2 / 9)
    assert found.window_diff == pytest.approx(2 / 9)
    assert found.boundary_f1 == 0
    # Reference pairs 15 + 15, predicted 21 + 10, both 15 + 10.
    assert found.pairwise_precision == pytest.approx(25 / 31)
    assert found.pairwise_recall == pytest.approx(25 / 30)
    assert found.exact_groups == 0


def test_window_diff_sees_a_wrong_number_of_boundaries_where_pk_sees_none():
    # Window 12 / 2 / 2 = 3: three boundaries instead of one, close together.
    found = measured("111111.22222", "111111222222")
    assert found.window_diff > found.pk


def test_blocks_without_a_group_are_in_no_pair():
    found = measured("......", "11.22.")
    assert (found.pairwise_precision, found.pairwise_recall, found.pairwise_f1) == (None, 0, 0)
    found = measured("11.22.", "......")
    assert (found.pairwise_precision, found.pairwise_recall, found.pairwise_f1) == (0, None, 0)
    assert found.exact_groups is None


def test_what_cannot_be_judged_has_no_value():
    found = measured("1", "1")
    assert (found.pk, found.window_diff, found.boundary_f1, found.pairwise_f1) == (None, None, None, None)
    assert found.exact_groups == 1


def test_two_blocks_have_one_window():
    assert (measured("12", "11").pk, measured("12", "11").window_diff) == (1, 1)
    assert measured("22", "11").pk == 0


def test_groups_that_are_not_contiguous_are_judged_as_sets():
    found = measured("1.1", "1.1")
    assert (found.exact_groups, found.pairwise_f1, found.boundary_f1) == (1, 1, 1)


def test_overall_scores_are_micro_averages():
    predicted = {"long": call("a" * 20), "short": call("ab")}
    reference = {"long": call("1" * 20), "short": call("11")}
    scores = evaluate(predicted, reference)
    assert scores.by_transcript["long"].pairwise_recall == 1
    assert scores.by_transcript["short"].pairwise_recall == 0
    assert scores.overall.pairwise_recall == pytest.approx(190 / 191)
    # 20 blocks in one segment: a window of 10, so 10 windows; the short call has one, which is wrong.
    assert scores.overall.pk == pytest.approx(1 / 11)
    assert scores.to_dict()["average"] == "micro"


def test_the_same_ids_in_two_calls_are_two_groups():
    scores = evaluate({"a": call("11"), "b": call("11")}, {"a": call("11"), "b": call("12")})
    assert scores.overall.reference_groups == 3
    assert scores.overall.pairwise_precision == pytest.approx(1 / 2)


def test_what_stands_on_one_side_only_is_listed():
    predicted = {"both": {"1": "1", "2": "1", "9": "1"}, "only predicted": call("11")}
    reference = {"both": {"1": "1", "2": "1", "3": "1"}, "only reference": call("11")}
    scores = evaluate(predicted, reference)
    assert (scores.only_in_predicted, scores.only_in_reference) == (("only predicted",), ("only reference",))
    assert scores.blocks_only_in_predicted == {"both": ("9",)}
    assert scores.blocks_only_in_reference == {"both": ("3",)}
    # The missing block counts as ungrouped, the surplus one is not judged.
    assert (scores.overall.pairwise_precision, scores.overall.pairwise_recall) == (1, pytest.approx(1 / 3))
    assert scores.overall.exact_groups == 0


def test_a_call_whose_prediction_has_no_block_at_all_is_judged_as_ungrouped():
    scores = evaluate({"a": call("11"), "b": {}}, {"a": call("11"), "b": call("11")})
    assert scores.by_transcript["b"].pairwise_recall == 0
    assert scores.overall.pairwise_recall == pytest.approx(1 / 2)


def test_nothing_in_common_is_a_mistake_that_is_explained():
    with pytest.raises(
        UserError, match=r"no transcript in common: predicted has a, the reference has b, c, d and 1 more"
    ):
        evaluate({"a": call("1")}, {name: call("1") for name in "bcde"})
    with pytest.raises(UserError, match=r"no block in common: of a, predicted has x, the reference has 1"):
        evaluate({"a": {"x": "1"}}, {"a": call("1")})
    with pytest.raises(UserError, match="predicted has nothing"):
        evaluate({}, {"a": call("1")})


def test_blocks_are_taken_in_the_order_of_their_numbers():
    labels = {"10": "2", "1": "1", "11": "2", "2": "1", "9": "2", "3": "1"}
    assert evaluate({"a": labels}, {"a": labels}).overall.boundary_recall == 1
    # In the order of the file there would be five boundaries; the prediction finds the only one.
    merged = labels | {"3": "2"}
    assert evaluate({"a": merged}, {"a": labels}).overall.boundary_precision == 0


LABELS = st.text(alphabet=".1234", min_size=1, max_size=25)


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4))
def test_counting_by_groups_equals_counting_every_pair(calls):
    lengths = [min(len(one), len(other)) for one, other in calls]
    predicted = {str(i): call(one[:n]) for i, ((one, _), n) in enumerate(zip(calls, lengths, strict=True))}
    reference = {str(i): call(other[:n]) for i, ((_, other), n) in enumerate(zip(calls, lengths, strict=True))}
    scores = evaluate(predicted, reference)
    there, wanted = pairs(predicted), pairs(reference)
    assert scores.overall.pairwise_precision == (pytest.approx(len(there & wanted) / len(there)) if there else None)
    assert scores.overall.pairwise_recall == (pytest.approx(len(there & wanted) / len(wanted)) if wanted else None)
    groups, expected = members(predicted), members(reference)
    share = sum(group in groups for group in expected) / len(expected) if expected else None
    assert scores.overall.exact_groups == (pytest.approx(share) if expected else None)
    wrong, windows = segment_errors(predicted, reference)
    assert scores.overall.pk == (pytest.approx(wrong / windows) if windows else None)


@given(st.lists(LABELS, min_size=1, max_size=4))
def test_a_file_agrees_with_itself(calls):
    groups = {str(index): call(labels) for index, labels in enumerate(calls)}
    found = evaluate(groups, groups).overall
    assert {found.pk, found.window_diff} <= {0, None}
    rates = {found.boundary_precision, found.boundary_recall, found.boundary_f1}
    assert rates | {found.pairwise_precision, found.pairwise_recall, found.pairwise_f1, found.exact_groups} <= {1, None}


def pairs(groups: Grouping) -> set[tuple[str, str, str]]:
    return {
        (name, one, other)
        for name, blocks in groups.items()
        for one, other in itertools.combinations(blocks, 2)
        if blocks[one] is not None and blocks[one] == blocks[other]
    }


def members(groups: Grouping) -> list[tuple[str, frozenset[str]]]:
    return [
        (name, frozenset(block for block in blocks if blocks[block] == group))
        for name, blocks in groups.items()
        for group in set(blocks.values()) - {None}
    ]


def segment_errors(predicted: Grouping, reference: Grouping) -> tuple[int, int]:
    """Pk by its definition: walk the probe over numbered segments."""
    wrong = windows = 0
    for name, blocks in reference.items():
        mine, theirs = segments(blocks.values()), segments(predicted[name].values())
        probe = max(2, round(len(mine) / len(set(mine)) / 2))
        probe = min(probe, len(mine) - 1)
        for start in range(len(mine) - probe if probe else 0):
            end = start + probe
            wrong += (mine[start] == mine[end]) != (theirs[start] == theirs[end])
            windows += 1
    return wrong, windows


def segments(labels) -> list[int]:
    return [number for number, (_, run) in enumerate(itertools.groupby(labels)) for _ in run]


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def record(block: int, group: object, **other: object) -> dict[str, object]:
    return {"filename": "call", "section_type": "Investor Q&A", "speaker_block_id": block, "qa_group_id": group} | other


def test_a_reference_an_envelope_and_a_plain_list_are_read_alike(tmp_path):
    records = [record(1, None), record(2, 1), record(2, 1), record(3, 2.0)]
    records.append(record(4, None, section_type="Management Discussion"))
    wanted = {"call": {"1": None, "2": "1", "3": "2"}}
    assert read_groups(write(tmp_path / "list.json", records)) == wanted
    assert read_groups(write(tmp_path / "envelope.json", {"schema_version": "1.0", "records": records})) == wanted
    assert read_groups(write(tmp_path / "reference.json", {"call": {"1": None, "2": 1, "3": 2}})) == wanted


def test_a_call_without_a_question_and_answer_section_is_there_without_blocks(tmp_path):
    assert read_groups(write(tmp_path / "a.json", [record(1, None, section_type="Presentation")])) == {"call": {}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([{"filename": "call"}], "record 0: has no qa_group_id; give the file that `painpoint qa run` wrote"),
        ([record(1, 1), record(1, 2)], "record 1: block 1 has qa_group_id 2, but 1 in an earlier record"),
        ([record(1, True)], "record 0: group True is none; expected a whole number, a name, or null"),
        ({"call": {"1": 1.5}}, "call, block 1: group 1.5 is none"),
        ({"call": [1, 2]}, "holds no groups; expected the output of `painpoint qa run`, or a reference"),
        ({}, "holds no groups"),
        (7, "holds no groups"),
    ],
)
def test_what_is_no_file_of_groups_is_refused_with_its_place(tmp_path, value, message):
    with pytest.raises(UserError) as failure:
        read_groups(write(tmp_path / "groups.json", value))
    assert message in str(failure.value)
    assert "groups.json" in str(failure.value)


def test_a_cut_off_file_is_refused_with_its_place(tmp_path):
    path = tmp_path / "groups.json"
    path.write_text('{"call":\n {"1": ', encoding="utf-8")
    with pytest.raises(UserError, match=r"groups\.json.*line 2"):
        read_groups(path)


@pytest.mark.skipif(not DATA.is_dir(), reason="the data to measure with is not part of the project")
def test_one_missed_boundary_in_each_real_call_is_seen():
    reference = read_groups(DATA / "qa_groups_reference.json")
    assert evaluate(reference, reference).overall.exact_groups == 1
    merged = {
        name: {block: "1" if group == "2" else group for block, group in blocks.items()}
        for name, blocks in reference.items()
    }
    scores = evaluate(merged, reference)
    groups = Counter(name for name, blocks in reference.items() for _ in set(blocks.values()) - {None})
    assert scores.overall.exact_groups == pytest.approx(1 - 2 * len(groups) / groups.total())
    assert scores.overall.pairwise_recall == 1
