"""Whether a model improves on the rules of question-and-answer pairing, and below which margin it is worth asking.

Run ``python -m benchmarks.qa_margin FOLDER [--json]``; the folder holds ``classified_transcript_sections.json`` and
``qa_groups_reference.json``. The model is simulated: it knows the reference and is right in a given share of its
decisions, wrong ones spread evenly over what the state allows. Figures are means over several seeds.

Inputs are made harder in steps, because a model can only help where the rules are wrong: calls as they are; bare names
without titles, firms and flags; the same without the operator's turns.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.table import Row, machine, print_rows
from painpoint_platform.transcripts.evaluation import Grouping, evaluate, read_groups
from painpoint_platform.transcripts.groups import Decide, Decision, Pairing
from painpoint_platform.transcripts.pairing import DEFAULT_MARGIN, Mode, pair
from painpoint_platform.transcripts.records import Transcript, build_transcripts, read_transcripts
from painpoint_platform.transcripts.states import WHEN_ACTIVE, WHEN_INACTIVE, Status

RIGHT = (0.95, 0.9, 0.8)
MARGINS = (0.3, 0.5, 0.7, 0.9)
SEEDS = range(5)
# Asked of the rules alone: pairwise F1, exact groups.
ASKED = {"calls as they are": (0.99, 0.98), "bare names, no flags": (0.97, 0.93), "and no operator": (None, None)}
MOST_ASKED = 0.1


@dataclass(frozen=True)
class Figures:
    """Agreement with the reference, and the share of all blocks that the model was asked about."""

    pairwise_f1: float
    exact_groups: float
    asked: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="JSON objects instead of tables")
    options = parser.parse_args()
    reading = read_transcripts(options.folder / "classified_transcript_sections.json")
    reference = read_groups(options.folder / "qa_groups_reference.json")
    for name, transcripts in inputs(reading.records).items():
        rows = rows_of(transcripts, reference, ASKED[name])
        print_rows(f"Questions and answers: {name}", rows, as_json=options.json, note=machine())
    print_rows("Pairing by rules", [rate(reading.transcripts)], as_json=options.json, note=machine())


def inputs(records: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Transcript, ...]]:
    """Return the calls, and what is left of them without titles and flags, and without the operator."""
    bare = [
        {**record, "question_answer_flag": None, "speaker": record["speaker"].partition(",")[0].partition(";")[0]}
        for record in records
    ]
    unmanaged = [record for record in bare if record["speaker"] != "Operator"]
    return dict(zip(ASKED, (build_transcripts(one)[0] for one in (records, bare, unmanaged)), strict=True))


def rows_of(
    transcripts: Sequence[Transcript], reference: Grouping, asked: tuple[float | None, float | None]
) -> list[Row]:
    """Return the figures of the rules alone, of ``auto`` at each margin, and of ``always``, for each model."""
    rules = measure(transcripts, reference, "never")
    rows = [
        Row("never: pairwise F1", rules.pairwise_f1, "", asked[0], "more"),
        Row("never: exact groups", rules.exact_groups, "", asked[1], "more"),
    ]
    ways: list[tuple[str, Mode, float]] = [(f"auto, margin {margin}", "auto", margin) for margin in MARGINS]
    for way, mode, margin in [*ways, ("always", "always", 1.0)]:
        for right in RIGHT:
            found = [measure(transcripts, reference, mode, margin, right=right, seed=seed) for seed in SEEDS]
            name = f"{way}, model right {right:.0%}"
            rows += [
                Row(f"{name}: pairwise F1", statistics.fmean(one.pairwise_f1 for one in found), ""),
                Row(f"{name}: exact groups", statistics.fmean(one.exact_groups for one in found), ""),
            ]
        limit = MOST_ASKED if margin == DEFAULT_MARGIN and asked[0] else None
        rows.append(Row(f"{way}: blocks asked", found[0].asked, "", limit))
    return rows


def measure(
    transcripts: Sequence[Transcript],
    reference: Grouping,
    mode: Mode,
    margin: float = DEFAULT_MARGIN,
    *,
    right: float = 1.0,
    seed: int = 0,
) -> Figures:
    """Pair all calls with a model that is right so often, and compare."""
    chance = random.Random(seed)
    pairings = [
        pair(one, mode=mode, margin=margin, decide=simulated_model(reference[one.key], right, chance))
        for one in transcripts
    ]
    found = evaluate({one.transcript: groups_of(one) for one in pairings}, reference).overall
    blocks = sum(len(one.decisions) for one in pairings)
    return Figures(found.pairwise_f1 or 0.0, found.exact_groups or 0.0, sum(one.asked for one in pairings) / blocks)


def groups_of(pairing: Pairing) -> dict[str, str | None]:
    """Return block -> group, as the reference writes it."""
    return {str(one.speaker_block_id): one.qa_group_id and str(one.qa_group_id) for one in pairing.decisions}


def simulated_model(groups: Mapping[str, str | None], right: float, chance: random.Random) -> Decide:
    """Return a model that says what the reference says, but for a share of its decisions.

    A block whose exchange is not open is the start of one, also where an earlier mistake had ended it.
    """
    grouped = [(block, group) for block, group in groups.items() if group is not None]
    last = {block for (block, group), (_, after) in pairwise([*grouped, ("", None)]) if after != group}

    def truth(block: str, active: bool) -> Status:
        if groups.get(block) is None:
            return "standalone"
        if not active:
            return "group_start"
        return "group_end" if block in last else "group_continue"

    def decide(payload: Mapping[str, Any], active: bool) -> Decision:
        status = truth(str(payload["current_block"]["speaker_block_id"]), active)
        if chance.random() >= right:
            allowed = WHEN_ACTIVE if active else WHEN_INACTIVE
            status = chance.choice([other for other in allowed if other != status])
        return Decision(status, 0.9)

    return decide


def rate(transcripts: Sequence[Transcript], rounds: int = 5) -> Row:
    """Return the best rate of several rounds, in processor time: neighbours on the machine do not count."""
    best = min(timed(lambda: [pair(one, mode="never") for one in transcripts]) for _ in range(rounds))
    blocks = sum(len(one.blocks) for one in transcripts)
    return Row("transcripts of 60 blocks", blocks / 60 / best, "/s", 100.0, "more")


def timed(work: Callable[[], object]) -> float:
    """Return the processor seconds that something takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
