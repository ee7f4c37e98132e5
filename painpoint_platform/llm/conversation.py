"""One request from question to answer: cache, first model, one retry, then the model that stands in.

Belongs here: the course that the model contract prescribes. Does not belong here: how a call is made (``transport``),
what makes a reply valid (``replies``, the task's ``check``).
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from painpoint_platform.llm.cache import AnswerCache, cache_key, input_hash
from painpoint_platform.llm.chat import ChatModel, ChatRequest, Message, PermanentModelError, TransientModelError
from painpoint_platform.llm.ledger import Call, Ledger
from painpoint_platform.llm.replies import validate, validate_object
from painpoint_platform.llm.routing import Route
from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Answer, ModelRequest, Outcome, ReplyT, Task, user_json
from painpoint_platform.llm.transport import Exchange, ModelDownError, OverBudgetError, Transport
from painpoint_platform.text.redaction import redact_json

OVER_BUDGET = "not asked: the call could exceed LLM_BUDGET_USD of this run"
# Providers refuse an assistant message without content.
NOTHING = "(no content)"


class _NotAnsweredError(Exception):
    """This model gave no valid reply; the message says why."""


@dataclass(frozen=True)
class Conversations:
    """Everything that a request needs on its way, shared by all requests of a client."""

    route: Route
    transport: Transport
    cache: AnswerCache
    ledger: Ledger
    state: StateFile
    run_id: str

    async def ask(self, task: Task[ReplyT], request: ModelRequest) -> Answer[ReplyT]:
        """Get an answer, or the reasons why there is none. Never raises for what one request or model does wrong."""
        models = self.route.order(large=request.large)
        questions = _questions(models, request.payload)
        for question in questions:
            if kept := self._kept(task, question):
                return kept
        reasons = []
        for position, question in enumerate(questions):
            try:
                return await self._ask_model(task, question, stands_in=position > 0)
            except (_NotAnsweredError, ModelDownError) as error:
                reasons.append(f"{question.model.name}: {error}")
            except OverBudgetError:
                self.ledger.note_refusal()
                reasons.append(f"{question.model.name}: {OVER_BUDGET}")
                break
        return Answer(
            reply=None,
            outcome="failed",
            prompt_version=task.version,
            model=questions[len(reasons) - 1].model.name,
            failure_reason="; ".join(reasons),
            redacted=questions[-1].redacted,
        )

    def _kept(self, task: Task[ReplyT], question: "_Question") -> Answer[ReplyT] | None:
        began = time.monotonic()
        found = self.cache.get(question.cache_key(task))
        # Rules may have become stricter since the reply was kept.
        reply = validate_object(task, question.fields, found).reply if found is not None else None
        if reply is None:
            return None
        row = replace(
            self._row(task, question),
            outcome="cached",
            prompt_tokens=0,
            completion_tokens=0,
            cost_usd=0.0,
            latency_s=time.monotonic() - began,
        )
        with self.state.write(durable=False):
            self.ledger.write(row)
        return _answer(task, question, reply, "cached")

    async def _ask_model(self, task: Task[ReplyT], question: "_Question", *, stands_in: bool) -> Answer[ReplyT]:
        """Ask one model, and once more when its reply is invalid."""
        messages = [Message("user", user_json(task.name, question.fields))]
        self.ledger.note_redacted(question.redacted)
        errors: tuple[str, ...] = ()
        for is_retry in (False, True):
            exchange = await self._call(task, question, messages)
            verdict = validate(task, question.fields, exchange.reply)
            if verdict.reply is not None:
                outcome: Outcome = "fallback" if stands_in else "retried" if is_retry or exchange.repeated else "ok"
                self._keep(task, question, verdict.reply, exchange.ended(outcome))
                return _answer(task, question, verdict.reply, outcome)
            errors = verdict.errors
            self.ledger.write(exchange.ended("failed", "; ".join(errors)))
            messages += [
                Message("assistant", exchange.reply.content or NOTHING),
                Message("user", user_json(task.name, {"errors": list(errors)})),
            ]
        raise _NotAnsweredError(f"the reply is invalid, also when asked again: {'; '.join(errors)}")

    async def _call(self, task: Task[ReplyT], question: "_Question", messages: list[Message]) -> Exchange:
        request = ChatRequest(
            task=task.name,
            system=task.prompt.text,
            messages=tuple(messages),
            reply_format=task.reply_format,
            payload=question.fields,
            max_completion_tokens=task.max_completion_tokens,
            timeout_s=0.0,  # the transport says how much time is left
        )
        try:
            return await self.transport.call(question.model, request, self._row(task, question))
        except (PermanentModelError, TransientModelError) as error:
            raise _NotAnsweredError(str(error)) from None

    def _keep(self, task: Task[ReplyT], question: "_Question", reply: ReplyT, call: Call) -> None:
        """Make answer and ledger row safe together, before anything else happens."""
        model = question.model
        with self.state.write(durable=not model.in_process):
            self.cache.put(question.cache_key(task), task.name, model.name, task.version, reply.model_dump_json())
            self.ledger.write(call)

    def _row(self, task: Task[ReplyT], question: "_Question") -> Call:
        return Call(
            call_id=uuid.uuid4().hex,
            called_at=datetime.now(UTC).replace(tzinfo=None),
            run_id=self.run_id,
            task=task.name,
            model=question.model.name,
            prompt_version=task.version,
            input_hash=input_hash(question.fields),
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """A payload as one model gets it: masked where it leaves the process, as it is where it does not."""

    model: ChatModel
    fields: Mapping[str, Any]
    redacted: Mapping[str, int]

    def cache_key(self, task: Task[ReplyT]) -> str:
        return cache_key(task, self.model.cache_identity, self.fields)


def _questions(models: Sequence[ChatModel], payload: Mapping[str, Any]) -> list[_Question]:
    masked: tuple[Mapping[str, Any], Mapping[str, int]] = ({}, {})
    if any(not model.in_process for model in models):
        masked = redact_json(payload)
    return [_Question(model, *((payload, {}) if model.in_process else masked)) for model in models]


def _answer(task: Task[ReplyT], question: _Question, reply: ReplyT, outcome: Outcome) -> Answer[ReplyT]:
    return Answer(reply, outcome, task.version, model=question.model.name, redacted=question.redacted)
