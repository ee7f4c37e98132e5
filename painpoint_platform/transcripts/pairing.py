"""Pairing: from a call's blocks to its exchanges of question and answer."""

from painpoint_platform.transcripts.groups import BlockDecision, DecisionProblem, Pairing, QaGroup

__all__ = ["BlockDecision", "DecisionProblem", "Pairing", "QaGroup"]
