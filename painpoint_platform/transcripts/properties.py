"""Facts that hold for every paired call, whoever decided it; proved before anything is written.

Belongs here: the facts, as sentences about what breaks them. Does not belong here: making them hold (``states``,
``pairing``), the same facts as SQL (asset checks).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from painpoint_platform.transcripts.groups import Pairing
from painpoint_platform.transcripts.records import Record, Transcript, is_qa

ADDED_FIELDS: Final = ("qa_group_id", "qa_group_confidence", "qa_group_method")


def broken_properties(transcript: Transcript, pairing: Pairing, annotated: Sequence[Record]) -> list[str]:
    """Return one sentence a broken fact; none for a sound pairing.

    Args:
        transcript: as read.
        pairing: of it.
        annotated: its records with the three fields.
    """
    return [
        *_decisions(transcript, pairing),
        *_groups(pairing),
        *_records(transcript, pairing, annotated),
    ]


def incomplete_groups(pairing: Pairing) -> list[tuple[int, str]]:
    """Return (first block, what is missing) of exchanges without a question or without an answer.

    Such exchanges happen: a caller whose line drops, a question that is passed over. A person may want to look.
    """
    missing = {
        group: [name for name, text in (("question", group.question_text), ("answer", group.answer_text)) if not text]
        for group in pairing.groups
    }
    return [
        (group.first_block_id, f"group {group.qa_group_id} has no {' and no '.join(parts)}")
        for group, parts in missing.items()
        if parts
    ]


def _decisions(transcript: Transcript, pairing: Pairing) -> Iterator[str]:
    blocks = [block.speaker_block_id for block in transcript.blocks]
    if [decision.speaker_block_id for decision in pairing.decisions] != blocks:
        yield f"{len(pairing.decisions)} decisions do not match the {len(blocks)} blocks one by one"
    for decision in pairing.decisions:
        if decision.status == "standalone" and decision.qa_group_id is not None:
            yield f"block {decision.speaker_block_id} stands alone, but is in group {decision.qa_group_id}"
        if decision.decided_by == "operator" and decision.qa_group_id is not None:
            yield f"block {decision.speaker_block_id} is an operator's, but is in group {decision.qa_group_id}"
        if not 0 <= decision.confidence <= 1:
            yield f"block {decision.speaker_block_id} has confidence {decision.confidence}, expected 0 to 1"
    ids = [decision.qa_group_id for decision in pairing.decisions if decision.qa_group_id is not None]
    for earlier, later in pairwise(ids):
        if later < earlier:
            yield f"group {later} goes on after group {earlier} began: at most one may be open"


def _groups(pairing: Pairing) -> Iterator[str]:
    ids = [group.qa_group_id for group in pairing.groups]
    if ids != list(range(1, len(ids) + 1)):
        yield f"groups are numbered {ids}, expected 1 to {len(ids)} in the order of their starts"
    members: dict[int, list[int]] = {}
    for decision in pairing.decisions:
        if decision.qa_group_id is not None:
            members.setdefault(decision.qa_group_id, []).append(decision.speaker_block_id)
    for group in pairing.groups:
        blocks = members.pop(group.qa_group_id, [])
        if list(group.block_ids) != blocks:
            yield f"group {group.qa_group_id} lists blocks {list(group.block_ids)}, but its decisions {blocks}"
        elif (group.first_block_id, group.last_block_id) != (blocks[0], blocks[-1]):
            yield f"group {group.qa_group_id} spans {group.first_block_id} to {group.last_block_id}, not its blocks"
        if not 0 <= group.confidence <= 1:
            yield f"group {group.qa_group_id} has confidence {group.confidence}, expected 0 to 1"
    for number, blocks in members.items():
        yield f"blocks {blocks} are in group {number}, which is not there"


def _records(transcript: Transcript, pairing: Pairing, annotated: Sequence[Record]) -> Iterator[str]:
    if len(annotated) != len(transcript.records):
        yield f"{len(annotated)} records are to be written, {len(transcript.records)} were read"
    wanted = {
        block: (group.qa_group_id, group.confidence, group.method)
        for group in pairing.groups
        for block in group.block_ids
    }
    for before, after in zip(transcript.records, annotated, strict=False):
        paragraph = before["paragraph_id"]
        if {**before, **{name: after.get(name) for name in ADDED_FIELDS}} != after:
            yield f"paragraph {paragraph} is changed beyond {', '.join(ADDED_FIELDS)}"
        fields = wanted.get(before["speaker_block_id"]) if is_qa(before) else None
        if tuple(after.get(name) for name in ADDED_FIELDS) != (fields or (None, None, None)):
            yield f"paragraph {paragraph} does not carry the group of its block"
