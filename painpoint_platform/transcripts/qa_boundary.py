"""What a model is asked about a block, and what counts as a decision.

Belongs here: the ``qa_boundary`` task: request, reply, rules, and asking a client. Does not belong here: which blocks
are asked about and what follows (``pairing``), how models are called (``llm``).

Two tasks share a prompt: while an exchange is open a model can only choose what is allowed then, and likewise while
none is. Numbers of exchanges are the system's: a model neither chooses nor sees one.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from painpoint_platform.llm.chat import FailureKind
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.tasks import Answer, ModelRequest, Task
from painpoint_platform.transcripts.groups import Decide, Decision, ProblemKind, Undecided
from painpoint_platform.transcripts.records import Block
from painpoint_platform.transcripts.windows import window

LONGEST_REASONING = 100

# What the error files call it when a model gave no answer; everything else is a decision that is missing.
PROBLEM_KINDS: Mapping[FailureKind, ProblemKind] = {"authentication": "authentication", "invalid": "validation"}


class _QaGroupDecision(BaseModel):
    """What the current speaker block does to the question-and-answer group."""

    model_config = ConfigDict(extra="forbid")

    current_block_id: int = Field(description="speaker_block_id of the current block")
    confidence_score: Annotated[float, Field(ge=0, le=1)] = Field(description="How sure you are, 0.0 to 1.0")
    reasoning: str = Field(description=f"Why, at most {LONGEST_REASONING} characters")

    @field_validator("reasoning")
    @classmethod
    def _short(cls, reasoning: str) -> str:
        """A reason that runs on is no reason to ask again."""
        return reasoning.strip()[:LONGEST_REASONING]


class ActiveDecision(_QaGroupDecision):
    """Continue or end the open question-and-answer group, or set the current block apart from it."""

    group_status: Literal["group_continue", "group_end", "standalone"] = Field(
        description="group_continue: the exchange goes on; group_end: this block is its last; standalone: no part of it"
    )


class InactiveDecision(_QaGroupDecision):
    """Start a question-and-answer group with the current block, or leave it alone."""

    group_status: Literal["group_start", "standalone"] = Field(
        description="group_start: an exchange begins with this block; standalone: it belongs to none"
    )


def names_current_block(payload: Mapping[str, Any], reply: _QaGroupDecision) -> list[str]:
    """Return what is wrong with a reply beyond its shape: that it is about another block."""
    asked = payload["current_block"]["speaker_block_id"]
    if reply.current_block_id == asked:
        return []
    return [f"current_block_id: must be {asked}, the speaker_block_id of current_block"]


ACTIVE = Task(
    name="qa_boundary",
    version="v1",
    reply_model=ActiveDecision,
    kind="tool",
    check=names_current_block,
    tool_name="qa_group_decision",
)
INACTIVE = Task(
    name="qa_boundary",
    version="v1",
    reply_model=InactiveDecision,
    kind="tool",
    check=names_current_block,
    tool_name="qa_group_decision",
)


def boundary_payload(blocks: Sequence[Block], index: int, *, group_start: int | None) -> dict[str, Any]:
    """Return what is asked about the block at ``index``; ``group_start`` is where the open exchange began, if any."""
    before, after = window(index, len(blocks), group_start)
    return {
        # The contract has a group_id here, which stays null: see the module.
        "state": {"group_active": group_start is not None, "group_id": None},
        "prior_blocks": [_shown(blocks[place]) for place in before],
        "current_block": _shown(blocks[index]),
        "future_blocks": [_shown(blocks[place]) for place in after],
    }


def _shown(block: Block) -> dict[str, Any]:
    return {
        "speaker_block_id": block.speaker_block_id,
        "speaker": block.speaker,
        "paragraphs": list(block.paragraphs),
    }


def model_decider(client: ModelClient) -> Decide:
    """Return what asks a client: one call a block, one retry with the reason, the model that stands in."""

    def decide(payload: Mapping[str, Any], active: bool) -> Decision | Undecided:
        request = [ModelRequest(payload)]
        answer: Answer[ActiveDecision] | Answer[InactiveDecision]
        answer = client.ask_many(ACTIVE, request)[0] if active else client.ask_many(INACTIVE, request)[0]
        reply = answer.reply
        if reply is None:
            kind = PROBLEM_KINDS.get(answer.failure_kind or "unavailable", "boundary")
            return Undecided(kind, answer.failure_reason or "no reply", answer.usage)
        return Decision(reply.group_status, reply.confidence_score, reply.reasoning, answer.usage)

    return decide
