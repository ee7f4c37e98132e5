"""The embedded model's answer to ``qa_boundary``: what one block of an earnings call is to the exchange around it.

Belongs here: a decision from the blocks of one request. Does not belong here: what the rest of the call says, which
the engine that asks knows better.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.words import any_of

Block = Mapping[str, Any]
Decision = tuple[str, float, str]  # group_status, confidence_score, reasoning

MOST_OPERATOR_WORDS = 60  # longer, and an operator's phrase is something that a speaker mentions in passing
MOST_COURTESY_WORDS = 15

OPERATOR = any_of("(?:unidentified |conference |call |event )*(?:operator|moderator|coordinator|facilitator|host)")
OPERATOR_SAYS = any_of(
    r"""
    next question|next caller
    questions? (?:is |comes |coming |today |now |will be )*from
    line is (?:now )?open|please (?:hold|proceed|go ahead)|operator instructions
    concludes? (?:our|the|today's) question
    no (?:further|more) questions|end of (?:the )?(?:q&a|question)
    """
)
ANALYST = any_of("analysts?|research|securities|capital markets|equit(?:y|ies)|bank|asset management|strategist")
EXECUTIVE = any_of(
    r"chief (?:\w+ )*officer|c[efost]o|(?:vice )?president|chair\w*|founder|treasurer|controller|investor relations"
)
ASKS = any_of(
    r"""
    (?:thanks|thank you) for (?:taking|fitting|squeezing)|taking (?:my|the|our) questions?
    (?:my|our|a|one|first|second|quick|follow-up|two) (?:\w+ )?questions?
    (?:can|could|would) you (?:\w+ )?(?:talk|give|help|comment|elaborate|walk|share|remind|discuss|clarify)
    (?:i|we) (?:was|were|am|just|wanted) (?:\w+ )?(?:wondering|curious|ask)
    congrat\w+ on|how should we|i'll (?:pass it on|hop back|get back in)
    """
)
NOTHING_OPEN: Decision = ("standalone", 0.6, "no question is asked and none is open")

THANKS = any_of("thanks?|thank you|great|okay|appreciate it|perfect|helpful|got it")


async def decide_boundary(payload: Mapping[str, Any], *, attempt: int, embedder: BatchedEmbedder) -> dict[str, Any]:
    """Decide what ``current_block`` is, within what ``state`` allows.

    Args:
        payload: see ``prompts/qa_boundary``.
        attempt: not used; there is one answer.
        embedder: not used; who speaks matters here, not what about.
    """
    current, prior = payload["current_block"], payload["prior_blocks"]
    if _is_operator(current):
        status, confidence, reason = "standalone", 1.0, "the operator manages the call"
    elif payload["state"]["group_active"]:
        status, confidence, reason = _in_group(current, prior, payload["future_blocks"])
    else:
        status, confidence, reason = _outside(current, prior)
    return {
        "current_block_id": current["speaker_block_id"],
        "group_status": status,
        "confidence_score": confidence,
        "reasoning": reason,
    }


def _outside(current: Block, prior: Sequence[Block]) -> Decision:
    after_operator = bool(prior) and _is_operator(prior[-1])
    if _is_executive(current):
        return "standalone", 0.8, "an executive speaks and no question is open"
    if ANALYST.search(_field(current)):
        return "group_start", 0.95, "an analyst opens an exchange"
    if after_operator and _name(current)[-1:] and _name(current)[-1] in _text(prior[-1]).lower():
        return "group_start", 0.95, "the operator introduced this speaker"
    if _is_courtesy(current):
        return "standalone", 0.8, "only thanks, and no question is open"
    if after_operator:
        return "group_start", 0.85 if _is_asking(current) else 0.7, "the operator has just given the floor"
    return ("group_start", 0.7, "a question is asked") if _is_asking(current) else NOTHING_OPEN


def _in_group(current: Block, prior: Sequence[Block], future: Sequence[Block]) -> Decision:
    analyst = _group_analyst(prior)
    if _is_another_analyst(current, analyst, prior):
        # It cannot start while a group is open, and it is no part of that one.
        return "standalone", 0.5, "another analyst asks while a group is open"
    if not future:
        return "group_end", 0.9, "the call ends here"
    if _is_operator(future[0]):
        speaks_on = len(future) > 1 and analyst is not None and _is_same(future[1], analyst)
        return (
            ("group_continue", 0.8, "the analyst speaks on") if speaks_on else ("group_end", 0.95, "operator follows")
        )
    if _is_another_analyst(future[0], analyst, [*prior, current]):
        return "group_end", 0.85, "another analyst follows"
    is_sure = _is_executive(current) or (analyst is not None and _is_same(current, analyst))
    return "group_continue", 0.9 if is_sure else 0.75, "the exchange goes on"


def _group_analyst(prior: Sequence[Block]) -> Block | None:
    """Who asked: the first to speak after the last operator, else the last who asked."""
    turns = [place for place, block in enumerate(prior) if _is_operator(block)]
    since = prior[turns[-1] + 1 :] if turns else []
    asking = [block for block in prior if not _is_operator(block) and _is_asking(block)]
    return next(iter(since), None) or next(reversed(asking), None)


def _is_another_analyst(block: Block, analyst: Block | None, heard: Sequence[Block]) -> bool:
    if _is_operator(block) or (analyst is not None and _is_same(block, analyst)):
        return False
    if ANALYST.search(_field(block)):
        return True
    # Where an operator introduces callers, who comes in between without a title is somebody who answers.
    is_managed = any(_is_operator(other) for other in heard)
    has_spoken = any(_is_same(block, other) for other in heard)
    return analyst is not None and not is_managed and not has_spoken and not _is_executive(block) and _is_asking(block)


def _is_operator(block: Block) -> bool:
    if OPERATOR.fullmatch(str(block["speaker"]).partition(",")[0].strip()):
        return True
    known = _is_executive(block) or ANALYST.search(_field(block))
    return not known and len(_text(block).split()) <= MOST_OPERATOR_WORDS and bool(OPERATOR_SAYS.search(_text(block)))


def _is_executive(block: Block) -> bool:
    return bool(EXECUTIVE.search(_field(block))) and not ANALYST.search(_field(block))


def _is_asking(block: Block) -> bool:
    return not _is_executive(block) and ("?" in _text(block)[-600:] or bool(ASKS.search(_text(block))))


def _is_courtesy(block: Block) -> bool:
    text = _text(block)
    return len(text.split()) <= MOST_COURTESY_WORDS and "?" not in text and bool(THANKS.search(text))


def _is_same(one: Block, other: Block) -> bool:
    first, second = _name(one), _name(other)
    is_surname = min(len(first), len(second)) == 1
    return first == second or (is_surname and first[-1] == second[-1])


def _field(block: Block) -> str:
    """Title and firm; of a stand-in such as "Unidentified Analyst" the whole."""
    speaker = str(block["speaker"])
    name = re.split(r",| - ", speaker, maxsplit=1)[0]
    return speaker if "unidentified" in name.lower() else speaker.removeprefix(name)


def _name(block: Block) -> list[str]:
    return re.findall(r"[^\W\d_]+", re.split(r",| - ", str(block["speaker"]))[0].lower())


def _text(block: Block) -> str:
    return " ".join(map(str, block["paragraphs"]))
