"""Pairing: from a call's blocks to its exchanges of question and answer.

Belongs here: who decides each block, keeping the state, and what becomes of an exchange that is too unsure. Does not
belong here: the rules (``boundaries``), the question to a model (``qa_boundary``), files (``outputs``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from painpoint_platform.llm.tasks import Usage
from painpoint_platform.transcripts.boundaries import Plan, Ruling, plan_exchanges
from painpoint_platform.transcripts.confidence import FALLBACK_CONFIDENCE, MEDIUM, group_confidence, group_method
from painpoint_platform.transcripts.flag_grouping import has_flags, statuses_by_flags
from painpoint_platform.transcripts.groups import (
    BlockDecision,
    Decide,
    Decision,
    DecisionProblem,
    Pairing,
    QaGroup,
    Undecided,
)
from painpoint_platform.transcripts.qa_boundary import boundary_payload
from painpoint_platform.transcripts.records import Record, Transcript, is_qa
from painpoint_platform.transcripts.states import State, Status, close, step

Mode: TypeAlias = Literal["never", "auto", "always"]

# Below it ``auto`` asks a model. From benchmarks/qa_margin.py.
DEFAULT_MARGIN = 0.5


def pair(
    transcript: Transcript, *, mode: Mode = "auto", margin: float = DEFAULT_MARGIN, decide: Decide | None = None
) -> Pairing:
    """Pair a call.

    Args:
        transcript: the call.
        mode: ``never`` asks no model, ``auto`` only about blocks of which the rules are less sure than ``margin``,
            ``always`` about every block that is not the operator's.
        margin: 0 (a coin toss) to 1, see ``boundaries``.
        decide: asks a model; without one the rules decide everything. A decision that the state does not allow, or
            none, leaves that one block to the rules.
    """
    plan = plan_exchanges(transcript)
    walk = _Walk(transcript, plan, mode, margin, decide)
    decisions = _numbered(_without_unsure(walk.decisions(), plan))
    return Pairing(
        transcript=transcript.key,
        decisions=tuple(decisions),
        groups=tuple(_groups(decisions, plan)),
        problems=tuple(walk.problems),
        asked=walk.asked,
        usage=walk.usage,
    )


def exchanges_of(transcript: Transcript, decisions: Sequence[BlockDecision]) -> tuple[QaGroup, ...]:
    """Return the exchanges that decisions about a call's blocks make, as ``pair`` did when it decided them."""
    return tuple(_groups(decisions, plan_exchanges(transcript)))


def annotate(records: Iterable[Record], pairing: Pairing | None) -> list[dict[str, Any]]:
    """Return a call's records with the three fields; everything else as it was, in the same order.

    Records outside the question-and-answer section, of standalone blocks, and of a call without pairing get nulls.
    """
    group_of = {block: group for group in pairing.groups for block in group.block_ids} if pairing else {}
    annotated = []
    for record in records:
        group = group_of.get(record["speaker_block_id"]) if group_of and is_qa(record) else None
        annotated.append(
            {
                **record,
                "qa_group_id": group and group.qa_group_id,
                "qa_group_confidence": group and group.confidence,
                "qa_group_method": group and group.method,
            }
        )
    return annotated


class _Walk:
    """One way through a call, block by block: the state, who is asked, and what that cost."""

    def __init__(self, transcript: Transcript, plan: Plan, mode: Mode, margin: float, decide: Decide | None) -> None:
        self.blocks = transcript.blocks
        self.plan = plan
        self.decide = decide if mode != "never" else None
        # No margin is above 1, so that every block is below this one.
        self.margin = margin if mode == "auto" else 2.0
        self.state = State()
        self.group_start: int | None = None
        self.problems: list[DecisionProblem] = []
        self.asked = 0
        self.usage = Usage()

    def decisions(self) -> list[BlockDecision]:
        return [
            self._operator(place, ruling) if ruling.operator else self._speaker(place, ruling)
            for place, ruling in enumerate(self.plan.rulings)
        ]

    def _operator(self, place: int, ruling: Ruling) -> BlockDecision:
        if ruling.closes:
            self._close()
        return self._decision(place, "standalone", None, confidence=1.0, decided_by="operator")

    def _speaker(self, place: int, ruling: Ruling) -> BlockDecision:
        # An analyst other than the group's own closes it, whoever decides what the block then is.
        if ruling.starts:
            self._close()
        found = self._ask(place) if self.decide and ruling.margin < self.margin else None
        status = found.status if found else _status(ruling, self.state)
        if status == "group_start":
            self.group_start = place
        self.state, group_id = step(self.state, status)
        if not self.state.group_active:
            self.group_start = None
        if found:
            return self._decision(
                place, status, group_id, confidence=found.confidence, decided_by="model", reasoning=found.reasoning
            )
        return self._decision(place, status, group_id, confidence=(1 + ruling.margin) / 2, decided_by="rule")

    def _close(self) -> None:
        self.state = close(self.state)
        self.group_start = None

    def _ask(self, place: int) -> Decision | None:
        """Ask about a block; None, with the problem noted, where nothing usable came back."""
        assert self.decide is not None
        self.asked += 1
        payload = boundary_payload(self.blocks, place, group_start=self.group_start)
        found = self.decide(payload, self.state.group_active) or Undecided("boundary", "the model gave no decision")
        self.usage += found.usage
        if isinstance(found, Decision):
            if found.status in self.state.allowed and 0 <= found.confidence <= 1:
                return found
            reason = f"{found.status!r} with confidence {found.confidence} is not allowed here"
            found = Undecided("validation", f"{reason}; allowed: {', '.join(self.state.allowed)}, 0 to 1")
        self.problems.append(DecisionProblem(found.kind, self.blocks[place].speaker_block_id, found.reason))
        return None

    def _decision(
        self, place: int, status: Status, group_id: int | None, *, confidence: float,
        decided_by: Literal["operator", "rule", "model"], reasoning: str | None = None,
    ) -> BlockDecision:  # fmt: skip
        block, ruling = self.blocks[place], self.plan.rulings[place]
        return BlockDecision(
            speaker_block_id=block.speaker_block_id,
            index=block.index,
            speaker=block.speaker,
            status=status,
            qa_group_id=group_id,
            confidence=confidence,
            decided_by=decided_by,
            margin=ruling.margin,
            reasons=ruling.reasons,
            reasoning=reasoning,
        )


def _status(ruling: Ruling, state: State) -> Status:
    """Return what the rules say in a state that a model may have brought about."""
    if not ruling.member:
        return "standalone"
    if state.group_active:
        return "group_end" if ruling.ends else "group_continue"
    # Thanks after an end are not an exchange.
    return "group_start" if ruling.starts or not ruling.courtesy else "standalone"


def _members(decisions: Iterable[BlockDecision]) -> dict[int, list[BlockDecision]]:
    """Return the blocks of each exchange, in the order in which they start."""
    members: dict[int, list[BlockDecision]] = {}
    for decision in decisions:
        if decision.qa_group_id is not None:
            members.setdefault(decision.qa_group_id, []).append(decision)
    return members


def _without_unsure(decisions: Sequence[BlockDecision], plan: Plan) -> list[BlockDecision]:
    """Regroup by flags what a model was too unsure of, or leave it ungrouped where there are none."""
    changed: dict[int, BlockDecision] = {}
    for members in _members(decisions).values():
        confidence = group_confidence(members)
        if group_method(members, confidence) is None:
            voices = [plan.voices[member.index] for member in members]
            statuses = statuses_by_flags(voices) if has_flags(voices) else [None] * len(voices)
            for member, status in zip(members, statuses, strict=True):
                changed[member.index] = _regrouped(member, status, confidence)
    return [changed.get(decision.index, decision) for decision in decisions]


def _regrouped(member: BlockDecision, status: Status | None, confidence: float) -> BlockDecision:
    """Return a block of an unsure exchange with the status that flags give it, or None: without an exchange."""
    why = f"the model's exchange had confidence {confidence:.2f}, below {MEDIUM}"
    if status is None:
        return replace(member, status="standalone", reasons=(f"{why}, and there are no flags", *member.reasons))
    return replace(
        member, status=status, confidence=FALLBACK_CONFIDENCE, decided_by="flags", reasons=(why, *member.reasons)
    )


def _numbered(decisions: Iterable[BlockDecision]) -> list[BlockDecision]:
    """Number the exchanges anew, from 1 in the order of their starts."""
    numbered = []
    last = 0
    for decision in decisions:
        last += decision.status == "group_start"
        number = None if decision.status == "standalone" else last
        numbered.append(decision if decision.qa_group_id == number else replace(decision, qa_group_id=number))
    return numbered


def _groups(decisions: Iterable[BlockDecision], plan: Plan) -> Iterable[QaGroup]:
    for number, members in _members(decisions).items():
        yield _group(number, members, plan)


def _group(number: int, members: Sequence[BlockDecision], plan: Plan) -> QaGroup:
    voices = [plan.voices[member.index] for member in members]
    asks = [plan.rulings[member.index].asks for member in members]
    caller = next((voice.speaker for voice, asking in zip(voices, asks, strict=True) if asking), None)
    confidence = group_confidence(members)
    method = group_method(members, confidence)
    assert method is not None
    return QaGroup(
        qa_group_id=number,
        first_block_id=members[0].speaker_block_id,
        last_block_id=members[-1].speaker_block_id,
        block_ids=tuple(member.speaker_block_id for member in members),
        asking_ids=tuple(member.speaker_block_id for member, asking in zip(members, asks, strict=True) if asking),
        analyst=caller.name if caller else "",
        firm=caller.firm if caller else None,
        executives=_distinct(voice.speaker.name for voice, asking in zip(voices, asks, strict=True) if not asking),
        question_text=_text(voice.block.text for voice, asking in zip(voices, asks, strict=True) if asking),
        answer_text=_text(voice.block.text for voice, asking in zip(voices, asks, strict=True) if not asking),
        confidence=confidence,
        method=method,
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _text(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)
