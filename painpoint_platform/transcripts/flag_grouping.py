"""Grouping by the source's question and answer flags: what is left when a model is too unsure.

Belongs here: the statuses that flags give the blocks of one stretch. Does not belong here: when that is needed
(``pairing``).
"""

from collections.abc import Sequence

from painpoint_platform.transcripts.states import Status
from painpoint_platform.transcripts.voices import Voice


def has_flags(voices: Sequence[Voice]) -> bool:
    """Return whether the source flags any of these blocks."""
    return any(voice.block.flag for voice in voices)


def statuses_by_flags(voices: Sequence[Voice]) -> list[Status]:
    """Return a status for each block of a stretch of the call.

    A question starts a group if its analyst is not the group's or an operator stood between; any other block continues
    the group that is open. The last block of a group that has several ends it.
    """
    starts: list[bool] = []
    asking: Voice | None = None
    for voice in voices:
        begins = voice.block.flag == "question" and (
            asking is None or asking.session != voice.session or asking.person != voice.person
        )
        asking = voice if begins else asking
        starts.append(begins)
    return [_status(starts, place) for place in range(len(starts))]


def _status(starts: Sequence[bool], place: int) -> Status:
    if starts[place]:
        return "group_start"
    if not any(starts[:place]):
        return "standalone"
    return "group_end" if place + 1 == len(starts) or starts[place + 1] else "group_continue"
