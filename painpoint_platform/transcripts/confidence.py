"""How sure an exchange is, and what that makes of it.

Belongs here: the weights, the thresholds, and the name of the method. Does not belong here: single decisions
(``boundaries``, a model), regrouping by flags (``flag_grouping``).
"""

from collections.abc import Sequence

from painpoint_platform.transcripts.groups import BlockDecision, Method
from painpoint_platform.transcripts.states import Status

# A start and an end matter more than what lies between, which shares its weight.
WEIGHTS: dict[Status, float] = {"group_start": 0.4, "group_end": 0.4, "group_continue": 0.2}
HIGH, MEDIUM = 0.8, 0.6
FALLBACK_CONFIDENCE = 0.5
# Below it a person should look at an exchange.
LOW_CONFIDENCE = 0.7
# Sums of weights are not exact in binary; 0.9 must not become 0.9000000000000001.
DIGITS = 6


def block_weights(members: Sequence[BlockDecision]) -> list[float]:
    """Return the weight of each block of one exchange; they sum to 1, whichever statuses are there."""
    statuses = [member.status for member in members]
    weights = [WEIGHTS[status] / statuses.count(status) for status in statuses]
    total = sum(weights)
    return [weight / total for weight in weights]


def group_confidence(members: Sequence[BlockDecision]) -> float:
    """Return the weighted mean of the confidences of an exchange's blocks (standalone ones are none of them)."""
    weights = block_weights(members)
    return round(sum(weight * one.confidence for weight, one in zip(weights, members, strict=True)), DIGITS)


def is_models(members: Sequence[BlockDecision]) -> bool:
    """Return whether an exchange counts as a model's: at least half of the weight was decided by it."""
    weights = block_weights(members)
    return sum(weight for weight, one in zip(weights, members, strict=True) if one.decided_by == "model") >= 0.5


def group_method(members: Sequence[BlockDecision], confidence: float) -> Method | None:
    """Name how an exchange was found; None for one of a model's that is too unsure to stand.

    An exchange that rules and model decided together goes by who decided the greater part of its weight.
    """
    if members[0].decided_by == "flags":
        return "xml_fallback"
    if not is_models(members):
        return "rule_detection"
    if confidence >= HIGH:
        return "llm_detection"
    return "llm_detection_medium_confidence" if confidence >= MEDIUM else None
