"""What a person wants to see of a transcript that was just committed: facts and the first rows.

Belongs here: reading a committed partition back and choosing what to show. Does not belong here: how Dagster renders it
(``layers``), the page to read (``review``).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from painpoint_platform.transcripts.confidence import LOW_CONFIDENCE
from painpoint_platform.transcripts.summary import work_of
from painpoint_platform.views import Fact, View, first_rows
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from painpoint_platform.transcripts.paired_calls import PairedCall
    from painpoint_platform.warehouse.access import Warehouse

NAMED = 10
# What is looked at of a paragraph, a block and an exchange; the rest stands in their tables.
PARAGRAPH = ("position", "section_type", "speaker_block_id", "speaker", "question_answer_flag", "paragraph_content")
BLOCK = (
    "speaker_block_id", "speaker", "role", "status", "qa_group_id", "decided_by", "confidence", "margin", "reasons",
)  # fmt: skip
GROUP = (
    "qa_group_id", "analyst", "firm", "executives", "question_text", "answer_text", "question_count", "confidence",
    "method",
)  # fmt: skip


def paragraphs(warehouse: "Warehouse", transcript: str) -> View:
    """Show what was loaded of a transcript."""
    with warehouse.read() as connection:
        rows = fetch(connection, "transcripts/paragraphs", transcript=transcript)
    facts: dict[str, Fact] = {
        "blocks": rows["speaker_block_id"].n_unique(),
        "speakers": rows["speaker"].n_unique(),
        "input_path": Path(rows["input_path"][0]),
        "input_sha256": rows["input_sha256"][0],
    }
    return View(rows.height, facts, *first_rows(rows.select(PARAGRAPH)))


def pairing(warehouse: "Warehouse", transcript: str, call: "PairedCall") -> tuple[View, View]:
    """Show the paragraphs with their exchanges, and the blocks of which the pairing is least sure."""
    with warehouse.read() as connection:
        rows = fetch(connection, "transcripts/qa", transcript=transcript)
        blocks = fetch(connection, "transcripts/blocks", transcript=transcript)
    work = work_of(call)
    facts: dict[str, Fact] = {
        "exchanges": work.groups,
        f"exchanges_below_{LOW_CONFIDENCE}": work.low_confidence_groups,
        **{f"method_{method}": count for method, count in work.groups_by_method.items()},
        "blocks_asked": work.blocks_asked,
        "model_calls": work.model_calls,
        "model_cost_usd": "unknown" if work.cost_usd is None else work.cost_usd,
        **({"no_access": call.no_access} if call.no_access else {}),
    }
    return View(rows.height, {}, *first_rows(rows)), View(blocks.height, facts, *first_rows(blocks.select(BLOCK)))


def unanswered(call: "PairedCall") -> str:
    """Name the blocks that a model was asked about in vain; empty without any."""
    problems = call.pairing.problems
    named = [f"block {problem.speaker_block_id}: {problem.reason}" for problem in problems[:NAMED]]
    more = [f"and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
    return "; ".join([*([call.no_access] if call.no_access else []), *named, *more])


def groups(warehouse: "Warehouse", transcript: str) -> View:
    """Show the exchanges of a transcript."""
    with warehouse.read() as connection:
        rows = fetch(connection, "transcripts/groups", transcript=transcript)
    facts: dict[str, Fact] = {
        "analysts": rows["analyst"].n_unique(),
        "questions": int(rows["question_count"].sum()),
        f"exchanges_below_{LOW_CONFIDENCE}": rows.filter(rows["confidence"] < LOW_CONFIDENCE).height,
    }
    return View(rows.height, facts, *first_rows(rows.select(GROUP)))
