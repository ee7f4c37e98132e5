"""The facts that every pairing is proved against, each broken once."""

from dataclasses import replace

import pytest

from painpoint_platform.transcripts.groups import Pairing
from painpoint_platform.transcripts.pairing import annotate, pair
from painpoint_platform.transcripts.properties import broken_properties, incomplete_groups
from painpoint_platform.transcripts.records import Transcript, build_transcripts
from painpoint_platform_tests.transcripts.made_calls import call
from painpoint_platform_tests.transcripts.made_pairings import decision, group


@pytest.fixture
def transcript() -> Transcript:
    ((found,), ()) = build_transcripts(call("call"))
    return found


@pytest.fixture
def sound(transcript: Transcript) -> Pairing:
    return pair(transcript, mode="never")


def broken(transcript: Transcript, pairing: Pairing, **changes) -> list[str]:
    changed = replace(pairing, **changes)
    return broken_properties(transcript, changed, annotate(transcript.records, changed))


def test_a_sound_pairing_breaks_nothing(transcript, sound):
    assert broken(transcript, sound) == []


def test_every_block_has_one_decision(transcript, sound):
    assert "5 decisions do not match the 6 blocks" in broken(transcript, sound, decisions=sound.decisions[1:])[0]
    twice = (sound.decisions[0], *sound.decisions)
    assert "7 decisions do not match the 6 blocks" in broken(transcript, sound, decisions=twice)[0]


def test_ids_are_contiguous_from_1(transcript, sound):
    found = broken(transcript, sound, groups=(sound.groups[0], replace(sound.groups[1], qa_group_id=3)))
    assert "groups are numbered [1, 3], expected 1 to 2 in the order of their starts" in found


def test_at_most_one_group_is_open(transcript, sound):
    decisions = list(sound.decisions)
    decisions[-1] = replace(decisions[-1], qa_group_id=1)
    assert "group 1 goes on after group 2 began: at most one may be open" in broken(
        transcript, sound, decisions=tuple(decisions)
    )


def test_no_operator_is_in_a_group(transcript, sound):
    decisions = (replace(sound.decisions[0], qa_group_id=1), *sound.decisions[1:])
    found = broken(transcript, sound, decisions=decisions)
    assert "block 1 is an operator's, but is in group 1" in found
    assert "block 1 stands alone, but is in group 1" in found


def test_groups_are_the_blocks_that_were_decided_to_be_in_them(transcript, sound):
    fewer = replace(sound.groups[0], block_ids=sound.groups[0].block_ids[:1])
    assert "group 1 lists blocks [2], but its decisions [2, 3]" in broken(
        transcript, sound, groups=(fewer, sound.groups[1])
    )
    longer = replace(sound.groups[0], last_block_id=4)
    assert "group 1 spans 2 to 4, not its blocks" in broken(transcript, sound, groups=(longer, sound.groups[1]))
    assert "blocks [5, 6] are in group 2, which is not there" in broken(transcript, sound, groups=sound.groups[:1])


def test_confidence_lies_between_0_and_1(transcript, sound):
    groups = (replace(sound.groups[0], confidence=1.2), sound.groups[1])
    assert "group 1 has confidence 1.2, expected 0 to 1" in broken(transcript, sound, groups=groups)
    decisions = (*sound.decisions[:-1], replace(sound.decisions[-1], confidence=float("nan")))
    assert "block 6 has confidence nan, expected 0 to 1" in broken(transcript, sound, decisions=decisions)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda record: {**record, "speaker": "Someone Else"}, "paragraph 2 is changed beyond qa_group_id"),
        (lambda record: {**record, "added": 1}, "paragraph 2 is changed beyond qa_group_id"),
        (lambda record: {k: v for k, v in record.items() if k != "ticker"}, "paragraph 2 is changed beyond"),
        (lambda record: {**record, "qa_group_id": None}, "paragraph 2 does not carry the group of its block"),
        (lambda record: {**record, "qa_group_method": "guess"}, "paragraph 2 does not carry the group of its block"),
    ],
)
def test_records_are_unchanged_but_for_the_three_fields(transcript, sound, change, sentence):
    records = annotate(transcript.records, sound)
    records[2] = change(records[2])
    (found,) = broken_properties(transcript, sound, records)
    assert found.startswith(sentence)


def test_no_record_is_lost(transcript, sound):
    records = annotate(transcript.records, sound)
    assert broken_properties(transcript, sound, records[:-1]) == ["6 records are to be written, 7 were read"]


def test_records_outside_the_section_carry_no_group(transcript, sound):
    records = annotate(transcript.records, sound)
    records[0] |= {"qa_group_id": 1, "qa_group_confidence": 1.0, "qa_group_method": "rule_detection"}
    assert broken_properties(transcript, sound, records) == ["paragraph 0 does not carry the group of its block"]


def test_groups_without_question_or_answer_are_named():
    groups = (group(1, 1, 2), group(2, 3, 4, answer_text=""), group(3, 5, 5, question_text=""))
    pairing = Pairing("call", (decision(1, "group_start", 1),), groups, (), 0)
    assert incomplete_groups(pairing) == [(3, "group 2 has no answer"), (5, "group 3 has no question")]
