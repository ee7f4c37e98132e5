"""A request as each model of the route gets it.

Belongs here: masking what leaves the process, and what a question is kept and written down under.
Does not belong here: asking it (``conversation``).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic

from painpoint_platform.llm.cache import cache_key, input_hash
from painpoint_platform.llm.chat import ChatModel, ChatRequest, Message
from painpoint_platform.llm.ledger import Call
from painpoint_platform.llm.tasks import ModelRequest, ReplyT, Task, user_json
from painpoint_platform.text.redaction import redact_json


@dataclass(frozen=True)
class Question(Generic[ReplyT]):
    """A request at one model: masked where it leaves the process, as it is where it does not.

    Attributes:
        fields: the payload as sent.
        redacted: what was masked in it, by kind.
        key: what a valid answer is kept under.
    """

    task: Task[ReplyT]
    model: ChatModel
    fields: Mapping[str, Any]
    redacted: Mapping[str, int]
    key: str
    max_completion_tokens: int

    def opening(self) -> Message:
        """The first user message."""
        return Message("user", user_json(self.task.name, self.fields))

    def chat_request(self, messages: Sequence[Message]) -> ChatRequest:
        """The call that these messages make."""
        return ChatRequest(
            task=self.task.name,
            system=self.task.prompt.text,
            messages=tuple(messages),
            reply_format=self.task.reply_format,
            payload=self.fields,
            max_completion_tokens=self.max_completion_tokens,
            timeout_s=0.0,  # the transport says how much time is left
        )

    def row(self, run_id: str) -> Call:
        """A new ledger row of this question."""
        return Call(
            call_id=uuid.uuid4().hex,
            called_at=datetime.now(UTC).replace(tzinfo=None),
            run_id=run_id,
            task=self.task.name,
            model=self.model.name,
            prompt_version=self.task.version,
            input_hash=input_hash(self.fields),
        )


def questions(models: Sequence[ChatModel], task: Task[ReplyT], request: ModelRequest) -> list[Question[ReplyT]]:
    """Put a request to each of ``models``."""
    masked: tuple[Mapping[str, Any], Mapping[str, int]] = ({}, {})
    if any(not model.in_process for model in models):
        masked = redact_json(request.payload)
    found = []
    for model in models:
        fields, redacted = (request.payload, {}) if model.in_process else masked
        key = cache_key(task, model.cache_identity, fields)
        most = request.max_completion_tokens or task.max_completion_tokens
        found.append(Question(task, model, fields, redacted, key, most))
    return found
