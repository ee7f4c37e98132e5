"""Edited calls with reference groups: what the rules must reach, and what faults may cost. Real data, not bundled."""

import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.transcripts.evaluation import Measures, evaluate, read_groups
from painpoint_platform.transcripts.groups import Decide, Decision, Pairing, Undecided
from painpoint_platform.transcripts.pairing import Mode, pair
from painpoint_platform.transcripts.records import build_transcripts

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "transcripts"
RECORDS, REFERENCE = DATA / "classified_transcript_sections.json", DATA / "qa_groups_reference.json"

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the data to measure with is not part of the project")


@cache
def records() -> list[dict[str, Any]]:
    return json.loads(RECORDS.read_text())


def bare(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "question_answer_flag": None, "speaker": record["speaker"].partition(",")[0].partition(";")[0]}


def measured(pairings: list[Pairing]) -> Measures:
    predicted = {
        pairing.transcript: {
            str(one.speaker_block_id): one.qa_group_id and str(one.qa_group_id) for one in pairing.decisions
        }
        for pairing in pairings
    }
    return evaluate(predicted, read_groups(REFERENCE)).overall


def paired(found: list[dict[str, Any]], mode: Mode, *, model: Callable[[str], Decide] | None = None) -> list[Pairing]:
    """Pair all calls; ``model`` makes the model of a call from its key."""
    transcripts, problems = build_transcripts(found)
    assert not problems
    return [pair(one, mode=mode, decide=model and model(one.key)) for one in transcripts]


def model_with(faults: float) -> Callable[[str], Decide]:
    """Models that know the reference, but this share of whose replies is broken."""
    chance = random.Random(7)
    reference = read_groups(REFERENCE)
    broken = [Decision("no_status", 0.9), Undecided("validation", "no JSON"), Undecided("boundary", "time-out")]  # type: ignore[arg-type]

    def model(transcript: str) -> Decide:
        blocks = [(block, group) for block, group in reference[transcript].items() if group]
        starts = {block for place, (block, group) in enumerate(blocks) if place == 0 or blocks[place - 1][1] != group}
        ends = {block for (block, group), (_, after) in pairwise([*blocks, ("", None)]) if after != group}

        def decide(payload: Mapping[str, Any], active: bool) -> Decision | Undecided:
            block = str(payload["current_block"]["speaker_block_id"])
            if chance.random() < faults:
                return chance.choice(broken)
            if active:
                return Decision("group_end" if block in ends else "group_continue", 0.95)
            return Decision("group_start" if block in starts else "standalone", 0.95)

        return decide

    return model


def test_rules_alone_find_the_exchanges_where_flags_and_titles_are_there() -> None:
    found = measured(paired(records(), "never"))
    assert (found.pairwise_f1 or 0) >= 0.99
    assert (found.exact_groups or 0) >= 0.98


def test_rules_alone_find_the_exchanges_of_bare_names_without_flags() -> None:
    found = measured(paired([bare(record) for record in records()], "never"))
    assert (found.pairwise_f1 or 0) >= 0.97
    assert (found.exact_groups or 0) >= 0.93


@pytest.mark.parametrize("reduced", [False, True])
def test_at_most_a_tenth_of_the_blocks_are_asked_about(reduced: bool) -> None:
    found = [bare(record) if reduced else record for record in records()]
    pairings = paired(found, "auto", model=lambda _key: lambda _payload, _active: None)
    assert sum(one.asked for one in pairings) <= 0.1 * sum(len(one.decisions) for one in pairings)


def test_a_tenth_of_faulty_replies_costs_at_most_a_hundredth() -> None:
    sound = measured(paired(records(), "always", model=model_with(faults=0.0)))
    faulty = measured(paired(records(), "always", model=model_with(faults=0.1)))
    assert (sound.pairwise_f1 or 0) > 0.98
    assert (faulty.pairwise_f1 or 0) >= (sound.pairwise_f1 or 0) - 0.01
    assert (faulty.exact_groups or 0) >= (sound.exact_groups or 0) - 0.01
