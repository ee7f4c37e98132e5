"""When no model answers anything: a run that would hold nothing is not made.

Belongs here: telling an outage from single failures, and whether a person has to mend something first. Does not belong
here: what becomes of single failures (``stage2``, ``stage3``).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.llm.chat import FOR_A_PERSON
from painpoint_platform.llm.tasks import Answer


def refuse_outage(answers: Sequence[Answer[Any]], *, asked_about: str) -> None:
    """Refuse to go on when there are answers and none has a reply.

    Args:
        answers: to all requests of the first round.
        asked_about: what a request was about, such as ``course``; for the message.

    Raises:
        UserError: every failure has a reason that a person must mend first, such as a wrong key.
        TransientError: it may pass by itself.
    """
    if not answers or any(answer.reply is not None for answer in answers):
        return
    reasons = Counter(answer.failure_reason or "no answer" for answer in answers)
    ((reason, times),) = reasons.most_common(1)
    message = f"no model answered for any {asked_about}; {times} of {len(answers)} requests: {reason}"
    raise UserError(message) if {answer.failure_kind for answer in answers} <= FOR_A_PERSON else TransientError(message)
