"""What a task is: a prompt, the shape of the reply, and the rules that a shape cannot say.

Belongs here: the generic description that a domain fills in, its JSON schema as sent, and request and answer types.
Does not belong here: any one task; those live with the domain that asks (``issues.labelling``).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from painpoint_platform.llm.chat import FailureKind, ReplyFormat, ReplyKind
from painpoint_platform.llm.prompts import Prompt, load_prompt

ReplyT = TypeVar("ReplyT", bound=BaseModel)
Outcome = Literal["ok", "retried", "fallback", "failed", "cached"]

# Strict decoders (OpenAI, Groq) refuse a schema with these; pydantic enforces them on the reply instead.
LIMIT_KEYWORDS = frozenset(
    {
        "default", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maximum", "minItems",
        "minLength", "minimum", "multipleOf", "pattern", "title", "uniqueItems",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Task(Generic[ReplyT]):
    """One kind of question.

    Attributes:
        name: task name; also the folder of its prompts and the ``task`` field of the user message.
        version: prompt version, such as ``v1``.
        reply_model: pydantic model that a reply must satisfy; every field required, extras forbidden.
        kind: ``json`` for a JSON object, ``tool`` for a decision between fixed options.
        check: rules over request and reply; returns one sentence a violation, written for the model that must mend it.
        mend: makes the best of a reply that stayed invalid after the retry, from the payload as sent and the last reply
            that was a JSON object (``{}`` where none was). The model that stands in is then asked only where the first
            one gave no reply. Must depend on nothing else: a kept answer is mended again each time it is read.
        tool_name: name of the tool for ``tool`` tasks; default the task's name.
        max_completion_tokens: bound of the reply, part of the worst-case cost.
    """

    name: str
    version: str
    reply_model: type[ReplyT]
    kind: ReplyKind = "json"
    check: Callable[[Mapping[str, Any], ReplyT], list[str]] | None = None
    mend: Callable[[Mapping[str, Any], Mapping[str, Any]], ReplyT] | None = None
    tool_name: str | None = None
    max_completion_tokens: int = 1024

    @cached_property
    def prompt(self) -> Prompt:
        """The template; raises UserError when its file is missing."""
        return load_prompt(self.name, self.version)

    @cached_property
    def reply_schema(self) -> dict[str, Any]:
        """JSON schema of the reply, limits included."""
        return self.reply_model.model_json_schema()

    @cached_property
    def reply_format(self) -> ReplyFormat:
        """The reply's shape as it goes over the wire."""
        return ReplyFormat(
            kind=self.kind,
            name=self.tool_name or self.name,
            description=(self.reply_model.__doc__ or self.name).strip().splitlines()[0],
            schema=without_limits(self.reply_schema),
        )


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question: JSON-able data, and whether the work is large enough to start at the remote model.

    ``max_completion_tokens`` bounds this reply instead of the task's own bound.
    """

    payload: Mapping[str, Any]
    large: bool = False
    max_completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls came to: how many, their tokens, US dollars and seconds.

    Tokens and cost sum what is known; ``cost_usd`` is None where the price of no call is. Seconds are those of the
    calls, without the waiting between them.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Sum both."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost_usd=sum(known) if known else None,
            latency_s=self.latency_s + other.latency_s,
        )


@dataclass(frozen=True, slots=True)
class Answer(Generic[ReplyT]):
    """What became of a request: either ``reply`` or ``failure_reason`` is set.

    Attributes:
        outcome: which asking brought the reply; ``failed`` when none did.
        model: the one that gave the reply, or the last one asked; None when none was.
        failure_kind: the first of ``FAILURE_KINDS`` that befell any of the models, when there is no reply.
        mended: no reply was valid, and the task's ``mend`` made this one; ``findings`` say what was wrong.
        usage: what the answer cost when it was paid, rejected replies and failed calls included; a kept answer has it
            too, while its outcome ``cached`` says that nothing was paid now. Empty for answers kept by old versions.
        redacted: counts of what was masked in the payload before it left, by kind.
    """

    reply: ReplyT | None
    outcome: Outcome
    prompt_version: str
    model: str | None = None
    failure_reason: str | None = None
    failure_kind: FailureKind | None = None
    mended: bool = False
    findings: tuple[str, ...] = ()
    usage: Usage = Usage()
    redacted: Mapping[str, int] = field(default_factory=dict)


def without_limits(schema: Any) -> Any:
    """Return the JSON schema without the keywords that strict decoders refuse; properties of those names stay."""
    if isinstance(schema, list):
        return [without_limits(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"properties", "$defs"}:
            kept[key] = {name: without_limits(part) for name, part in value.items()}
        elif key not in LIMIT_KEYWORDS:
            kept[key] = without_limits(value)
    return kept


def user_json(task: str, fields: Mapping[str, Any]) -> str:
    """Write a user message: one JSON object whose first field is ``task``.

    Raises:
        ValueError: ``fields`` has its own ``task``, or holds something that is not JSON (NaN included).
    """
    if "task" in fields:
        raise ValueError("a payload must not have a field 'task'; the client writes it")
    return json.dumps({"task": task, **fields}, ensure_ascii=False, allow_nan=False)
