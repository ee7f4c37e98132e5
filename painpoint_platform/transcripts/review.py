"""Pages to read and review paired calls: one a call, and one that lists them.

Belongs here: what deserves a second look, and arranging a call's blocks around its exchanges. Does not belong here: the
pages themselves (``templates``), the shell around them (``pages``), deciding anything (``pairing``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from painpoint_platform.pages.page import confidence, render_page
from painpoint_platform.transcripts.confidence import LOW_CONFIDENCE
from painpoint_platform.transcripts.groups import BlockDecision, DecisionProblem, QaGroup
from painpoint_platform.transcripts.records import Block
from painpoint_platform.transcripts.speakers import parse_speaker

TEMPLATES = Path(__file__).resolve().parent / "templates"
# Neighbours get different colours; the number beside the colour tells exchanges apart.
HUES = 6
# Places to look at that the page shows before the reader asks for all of them.
LOOKS_AT_FIRST = 8

SpeakerRole = Literal["operator", "analyst", "executive", "unknown"]


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A call in the list of calls.

    Attributes:
        transcript: its key.
        page: file name of its page, in the folder of the list.
        exchanges: exchanges that were found.
        analysts: distinct names that asked.
        blocks: blocks of the question-and-answer section.
        worth_a_look: exchanges and blocks outside of any that deserve a second look.
        lowest_confidence: of an exchange; None without exchanges.
    """

    transcript: str
    page: str
    exchanges: int
    analysts: int
    blocks: int
    worth_a_look: int
    lowest_confidence: float | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """A block as it is shown: who speaks in which role, and how it was decided."""

    block: Block
    decision: BlockDecision
    name: str
    about: str
    role: SpeakerRole
    problems: tuple[str, ...]

    @property
    def is_outside(self) -> bool:
        """Whether it is in no exchange, although it is not the operator's."""
        return self.decision.qa_group_id is None and self.role != "operator"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Turns that are shown together: an exchange with what was said within its range, or what lies between two."""

    anchor: str
    group: QaGroup | None
    turns: tuple[_Turn, ...]
    look: tuple[str, ...]

    @property
    def begins(self) -> _Turn:
        """Its first turn; of what lies between two exchanges the first that somebody should look at."""
        outside = (turn for turn in self.turns if turn.is_outside)
        return self.turns[0] if self.group else next(outside, self.turns[0])

    @property
    def hue(self) -> int:
        return (self.group.qa_group_id - 1) % HUES if self.group else 0


def block_roles(decisions: Sequence[BlockDecision], groups: Sequence[QaGroup]) -> Mapping[int, SpeakerRole]:
    """Return the role of each block's speaker by block id.

    Outside of exchanges a speaker has the role that the same name has in one, ``unknown`` where it has none.
    """
    asking = {block for group in groups for block in group.asking_ids}
    elsewhere: dict[str, SpeakerRole] = {group.analyst: "analyst" for group in groups if group.analyst}
    elsewhere |= {name: "executive" for group in groups for name in group.executives}

    def role(decision: BlockDecision) -> SpeakerRole:
        if decision.decided_by == "operator":
            return "operator"
        if decision.qa_group_id is None:
            return elsewhere.get(parse_speaker(decision.speaker).name, "unknown")
        return "analyst" if decision.speaker_block_id in asking else "executive"

    return {decision.speaker_block_id: role(decision) for decision in decisions}


def render_review(
    transcript: str,
    *,
    blocks: Sequence[Block],
    decisions: Sequence[BlockDecision],
    groups: Sequence[QaGroup],
    problems: Sequence[DecisionProblem] = (),
) -> str:
    """Return the page of one call as the text of an HTML file.

    Args:
        transcript: its key.
        blocks: those of the question-and-answer section, in order.
        decisions: one a block, in the same order.
        groups: the exchanges, in the order in which they start.
        problems: blocks that a model was asked about in vain.

    Raises:
        ValueError: blocks and decisions are not of the same call.
    """
    stretches = _stretches(_turns(blocks, decisions, groups, problems), groups)
    look = sorted((stretch for stretch in stretches if stretch.look), key=_confidence)
    return render_page(
        TEMPLATES / "review.html",
        transcript=transcript,
        stretches=stretches,
        look=look,
        looks_at_first=LOOKS_AT_FIRST,
        review_below=LOW_CONFIDENCE,
        groups=groups,
        to_review={stretch.group.qa_group_id for stretch in look if stretch.group},
        analysts=_analysts(groups),
        executives=len({name for group in groups for name in group.executives}),
        answered=any(group.answer_text for group in groups),
        blocks=len(blocks),
        operator_blocks=sum(decision.decided_by == "operator" for decision in decisions),
        asked=sum(decision.decided_by == "model" for decision in decisions) + len(problems),
        lowest=min((group.confidence for group in groups), default=None),
    )


def render_review_index(entries: Sequence[ReviewEntry]) -> str:
    """Return the list of calls as the text of an HTML file, those with most to review first."""
    order = sorted(entries, key=lambda entry: (-entry.worth_a_look, entry.transcript))
    return render_page(TEMPLATES / "review_index.html", entries=order)


def review_entry(
    transcript: str,
    page: str,
    *,
    blocks: Sequence[Block],
    decisions: Sequence[BlockDecision],
    groups: Sequence[QaGroup],
    problems: Sequence[DecisionProblem] = (),
) -> ReviewEntry:
    """Return a call's line in the list of calls; ``page`` is the file name of its page, the rest as for that page.

    Raises:
        ValueError: blocks and decisions are not of the same call.
    """
    stretches = _stretches(_turns(blocks, decisions, groups, problems), groups)
    return ReviewEntry(
        transcript=transcript,
        page=page,
        exchanges=len(groups),
        analysts=_analysts(groups),
        blocks=len(blocks),
        worth_a_look=sum(bool(stretch.look) for stretch in stretches),
        lowest_confidence=min((group.confidence for group in groups), default=None),
    )


def _analysts(groups: Sequence[QaGroup]) -> int:
    """Count the names of those who asked; nobody knows how many speakers without a name there were."""
    return len({group.analyst for group in groups if group.analyst})


def _turns(
    blocks: Sequence[Block],
    decisions: Sequence[BlockDecision],
    groups: Sequence[QaGroup],
    problems: Sequence[DecisionProblem],
) -> list[_Turn]:
    roles = block_roles(decisions, groups)
    in_vain: dict[int, list[str]] = {}
    for problem in problems:
        in_vain.setdefault(problem.speaker_block_id, []).append(problem.reason)
    turns = []
    for block, decision in zip(blocks, decisions, strict=True):
        if block.speaker_block_id != decision.speaker_block_id:
            raise ValueError(f"block {block.speaker_block_id} stands beside a decision on {decision.speaker_block_id}")
        name = parse_speaker(block.speaker).name or block.speaker
        about = block.speaker.removeprefix(name).strip(" ,")
        reasons = tuple(in_vain.get(block.speaker_block_id, ()))
        turns.append(_Turn(block, decision, name, about, roles[block.speaker_block_id], reasons))
    return turns


def _stretches(turns: Sequence[_Turn], groups: Sequence[QaGroup]) -> list[_Stretch]:
    """Cut a call where an exchange begins or ends; an operator within the range of one stays with it."""
    home = _homes(turns)
    by_id = {group.qa_group_id: group for group in groups}
    stretches = []
    for group_id, members in groupby(zip(home, turns, strict=True), key=lambda pair: pair[0]):
        own = tuple(turn for _, turn in members)
        group = by_id.get(group_id) if group_id is not None else None
        anchor = f"exchange-{group_id}" if group else f"between-{own[0].block.speaker_block_id}"
        stretches.append(_Stretch(anchor, group, own, tuple(_why_look(group, own))))
    return stretches


def _homes(turns: Sequence[_Turn]) -> list[int | None]:
    """Return the exchange in whose range each turn lies, from its first member to its last."""
    last = {turn.decision.qa_group_id: place for place, turn in enumerate(turns)}
    home: list[int | None] = []
    for place, turn in enumerate(turns):
        own, before = turn.decision.qa_group_id, home[-1] if home else None
        within = own is None and before is not None and place < last[before]
        home.append(before if within else own)
    return home


def _why_look(group: QaGroup | None, turns: Sequence[_Turn]) -> Iterator[str]:
    if group is not None:
        if group.confidence < LOW_CONFIDENCE:
            yield f"confidence {confidence(group.confidence)}"
        if not group.question_text:
            yield "nothing was asked"
        if not group.answer_text:
            yield "nothing was answered"
    outside = sum(turn.is_outside for turn in turns)
    if outside:
        yield f"{outside} block{'' if outside == 1 else 's'} in no exchange"
    failed = sum(bool(turn.problems) for turn in turns)
    if failed:
        yield f"the model was asked in vain about {failed} block{'' if failed == 1 else 's'}"


def _confidence(stretch: _Stretch) -> float:
    """What to look at first: the least sure; what is in no exchange comes after the exchanges."""
    return stretch.group.confidence if stretch.group else 1.0
