"""A call as voices: who speaks in each block, which are the operator's turns, and the sessions between those.

Belongs here: putting operator and speakers in order. Does not belong here: which blocks are the operator's
(``operators``), whether a speaker asks or answers (``roles``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from painpoint_platform.transcripts.operators import Turn, Utterance, find_operators
from painpoint_platform.transcripts.people import people_of
from painpoint_platform.transcripts.records import Block
from painpoint_platform.transcripts.speakers import Speaker


@dataclass(frozen=True, slots=True)
class Voice:
    """A block with its place in the conversation.

    ``person`` is one text for all ways in which the call prints this speaker. ``small`` are the first and last words of
    its text in small letters. ``turn`` is None where it is not the operator's. ``session`` counts the interruptions by
    an operator up to the block; turns in a row are one.
    """

    block: Block
    speaker: Speaker
    person: str
    small: str
    turn: Turn | None
    session: int


def read_voices(blocks: Sequence[Block]) -> tuple[Voice, ...]:
    """Tell operator turns from speakers and number the sessions between them.

    A turn that names whoever speaks next, in whatever language, introduces them, unless it concludes.
    """
    utterances = [Utterance.of(block) for block in blocks]
    people = people_of(one.speaker for one in utterances)
    voices: list[Voice] = []
    session = 0
    for one, turn in zip(utterances, find_operators(utterances), strict=True):
        before = voices[-1].turn if voices else None
        session += turn is not None and before is None
        if turn is None and before is not None and before.kind in {"invites", "other"} and before.names(one.speaker):
            voices[-1] = replace(voices[-1], turn=replace(before, kind="introduces"))
        voices.append(Voice(one.block, one.speaker, people[one.speaker.key], one.small, turn, session))
    return tuple(voices)
