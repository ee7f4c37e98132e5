"""What pairing a call gives: a decision a block, the exchanges that follow from them, and what went wrong.

Belongs here: these types, and those in which a model's decisions come. Does not belong here: how they come about
(``pairing``, ``confidence``, ``qa_boundary``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from painpoint_platform.llm.tasks import Usage
from painpoint_platform.transcripts.states import Status

DecidedBy = Literal["operator", "rule", "model", "flags"]
Method = Literal["llm_detection", "llm_detection_medium_confidence", "xml_fallback", "rule_detection"]
ProblemKind = Literal["boundary", "validation", "authentication"]

NOTHING_PAID = Usage()


@dataclass(frozen=True, slots=True)
class BlockDecision:
    """What was decided about one block of the question-and-answer section, and why.

    ``qa_group_id`` is None for a standalone block. ``margin`` is how sure the rules were, 0 to 1, whoever decided in
    the end. ``reasons`` are the features that spoke, the weightiest first; ``reasoning`` is the model's own sentence.
    """

    speaker_block_id: int
    index: int
    speaker: str
    status: Status
    qa_group_id: int | None
    confidence: float
    decided_by: DecidedBy
    margin: float
    reasons: tuple[str, ...]
    reasoning: str | None = None


@dataclass(frozen=True, slots=True)
class QaGroup:
    """One exchange: an analyst's questions and what was answered.

    ``block_ids`` are in the call's order and hold no operator; ``asking_ids`` are those of them in which the analyst
    speaks. ``analyst`` is a name without title, empty where the source prints none; ``firm`` is None where it names
    none. ``executives`` are the names of those who answer. Texts are whole paragraphs, an empty line between them.
    """

    qa_group_id: int
    first_block_id: int
    last_block_id: int
    block_ids: tuple[int, ...]
    asking_ids: tuple[int, ...]
    analyst: str
    firm: str | None
    executives: tuple[str, ...]
    question_text: str
    answer_text: str
    confidence: float
    method: Method


@dataclass(frozen=True, slots=True)
class DecisionProblem:
    """A block that a model was asked about in vain; the rules decided it instead.

    ``validation``: the reply broke a rule, also when asked again. ``boundary``: there was no reply.
    ``authentication``: the model's server refused the credentials.
    """

    kind: ProblemKind
    speaker_block_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """A paired call.

    Attributes:
        transcript: its key.
        decisions: one a block of the question-and-answer section, in order.
        groups: the exchanges, numbered from 1 in the order in which they start.
        problems: blocks that a model was asked about in vain.
        asked: how many blocks a model was asked about.
        usage: what those answers cost when they were paid.
    """

    transcript: str
    decisions: tuple[BlockDecision, ...]
    groups: tuple[QaGroup, ...]
    problems: tuple[DecisionProblem, ...]
    asked: int
    usage: Usage = NOTHING_PAID


@dataclass(frozen=True, slots=True)
class Decision:
    """A model's decision about one block: ``confidence`` 0 to 1."""

    status: Status
    confidence: float
    reasoning: str = ""
    usage: Usage = NOTHING_PAID


@dataclass(frozen=True, slots=True)
class Undecided:
    """Why there is no decision."""

    kind: ProblemKind
    reason: str
    usage: Usage = NOTHING_PAID


# Asks a model: the payload of ``qa_boundary``, and whether an exchange is open.
Decide: TypeAlias = Callable[[Mapping[str, Any], bool], Decision | Undecided | None]
