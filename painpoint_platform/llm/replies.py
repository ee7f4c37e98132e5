"""From a model's reply to a validated object, or to sentences that say what is wrong with it.

Belongs here: finding the JSON object in a reply and validating it. Does not belong here: what happens next
(``conversation``) and the rules of one task (its ``check``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import ValidationError

from painpoint_platform.llm.chat import ChatReply
from painpoint_platform.llm.tasks import ReplyT, Task

# Reasoning models served without a reasoning parser (Ollama, vLLM) put their thoughts before the answer.
THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
MOST_ERRORS = 10


@dataclass(frozen=True, slots=True)
class Verdict(Generic[ReplyT]):
    """A validated reply, or the reasons why there is none. ``found`` is the JSON object of the reply, if it had one."""

    reply: ReplyT | None
    errors: tuple[str, ...] = ()
    found: Mapping[str, Any] | None = None


class NoJsonObjectError(ValueError):
    """The text does not hold exactly one JSON object."""


def validate(task: Task[ReplyT], payload: Mapping[str, Any], reply: ChatReply) -> Verdict[ReplyT]:
    """Check a reply against the task's schema, then against its semantic rules.

    Errors name the field and the rule, never the value: they go into messages and into the ledger.
    """
    content = reply.content
    if content is None or not content.strip():
        return Verdict(None, ("the reply is empty",))
    try:
        found = extract_object(content)
    except NoJsonObjectError as error:
        cut = "; it was cut off at the token limit, answer more briefly" if reply.truncated else ""
        return Verdict(None, (f"{error}{cut}",))
    return validate_object(task, payload, found)


def find_object(content: str | None) -> dict[str, Any] | None:
    """Return the one JSON object of a reply, or None where there is not exactly one."""
    try:
        return extract_object(content or "")
    except NoJsonObjectError:
        return None


def validate_object(task: Task[ReplyT], payload: Mapping[str, Any], found: Mapping[str, Any]) -> Verdict[ReplyT]:
    """As ``validate``, for an object that was parsed already (a kept answer)."""
    try:
        parsed = task.reply_model.model_validate(found)
    except ValidationError as error:
        return Verdict(None, tuple(_sentences(error)), found)
    problems = task.check(payload, parsed) if task.check else []
    return Verdict(None, tuple(problems), found) if problems else Verdict(parsed, found=found)


def extract_object(text: str) -> dict[str, Any]:
    """Return the one JSON object of a reply.

    The object that starts at the first ``{`` is taken, whatever prose or code fence stands around it, provided that no
    second object follows. A cut-off object is an error: an object inside it might parse and mean something else.

    Raises:
        NoJsonObjectError: there is no object, it is cut off or malformed, or there are several.
    """
    text = THOUGHTS.sub("", text).strip()
    start = text.find("{")
    if start < 0:
        raise NoJsonObjectError("the reply holds no JSON object")
    found, end = _decode(text, start)
    second = text.find("{", end)
    if second >= 0 and _is_object(text, second):
        raise NoJsonObjectError("the reply holds more than one JSON object; answer with exactly one")
    return found


def _decode(text: str, start: int) -> tuple[dict[str, Any], int]:
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    try:
        found, end = decoder.raw_decode(text, start)
    except RecursionError:
        raise NoJsonObjectError("the reply's JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = "is cut off" if error.pos >= len(text.rstrip("`\n ")) else f"is malformed ({error.msg})"
        raise NoJsonObjectError(f"the reply's JSON object {where} at character {error.pos}") from None
    except NoJsonObjectError:
        raise
    except ValueError as error:  # Python refuses to read an integer of thousands of digits
        raise NoJsonObjectError(f"the reply's JSON cannot be read ({error})") from None
    return found, end


def _is_object(text: str, start: int) -> bool:
    try:
        _decode(text, start)
    except NoJsonObjectError:
        return False
    return True


def _refuse_constant(name: str) -> Any:
    raise NoJsonObjectError(f"the reply's JSON holds {name}, which is not JSON")


def _sentences(error: ValidationError) -> list[str]:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        f"{'.'.join(map(str, problem['loc'])) or 'reply'}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in problems[:MOST_ERRORS]
    ]
