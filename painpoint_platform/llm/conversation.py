"""One request from question to answer: cache, first model, one retry, the model that stands in, then mending.

Belongs here: the course that the model contract prescribes. Does not belong here: how a call is made (``transport``),
what makes a reply valid (``replies``, the task's ``check``).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from painpoint_platform.llm.cache import AnswerCache, KeptAnswer
from painpoint_platform.llm.chat import FAILURE_KINDS, FailureKind, Message, PermanentModelError, TransientModelError
from painpoint_platform.llm.ledger import Bill, Call, Ledger
from painpoint_platform.llm.questions import Question, questions
from painpoint_platform.llm.rejected_replies import RejectedReplies, RejectedReply
from painpoint_platform.llm.replies import Verdict, find_object, validate, validate_object
from painpoint_platform.llm.routing import Route
from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Answer, ModelRequest, Outcome, ReplyT, Task, user_json
from painpoint_platform.llm.transport import Exchange, ModelDownError, OverBudgetError, Transport

OVER_BUDGET = "not asked: the call could exceed LLM_BUDGET_USD of this run"
# Providers refuse an assistant message without content.
NOTHING = "(no content)"
ATTEMPTS = 2


@dataclass(frozen=True)
class Conversations:
    """Everything that a request needs on its way, shared by all requests of a client."""

    route: Route
    transport: Transport
    cache: AnswerCache
    rejected: RejectedReplies
    ledger: Ledger
    state: StateFile
    run_id: str

    async def ask(self, task: Task[ReplyT], request: ModelRequest) -> Answer[ReplyT]:
        """Get an answer, or the reasons why there is none. Never raises for what one request or model does wrong."""
        asked = questions(self.route.order(large=request.large), task, request)
        for question in asked:
            if kept := self._kept(task, question):
                return kept
        return await _Conversation(self, task, asked).answer()

    def forget(self, task: Task[ReplyT], payload: Mapping[str, Any]) -> None:
        """Delete what was kept of a payload, at every model of the route."""
        keys = [question.key for question in questions(self.route.models, task, ModelRequest(payload))]
        with self.state.write():
            self.cache.forget(keys)
            self.rejected.forget(keys)

    def _kept(self, task: Task[ReplyT], question: Question[ReplyT]) -> Answer[ReplyT] | None:
        began = time.monotonic()
        kept = self.cache.get(question.key)
        reply = _read_again(task, question, kept) if kept else None
        if kept is None or reply is None:
            return None
        row = replace(
            question.row(self.run_id),
            outcome="cached",
            prompt_tokens=0,
            completion_tokens=0,
            cost_usd=0.0,
            latency_s=time.monotonic() - began,
        )
        with self.state.write(durable=False):
            self.ledger.write(row)
        return _answer(question, reply, "cached", kept)


@dataclass(frozen=True, slots=True)
class _Rejection(Generic[ReplyT]):
    """A reply that the conversation could not use: the object in it, if there was one, and what was wrong."""

    question: Question[ReplyT]
    found: Mapping[str, Any] | None
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why one model gave no answer."""

    model: str
    kind: FailureKind
    reason: str

    def __str__(self) -> str:
        return f"{self.model}: {self.reason}"


class _NotAnsweredError(Exception):
    """This model gave no valid reply."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class _Conversation(Generic[ReplyT]):
    """A request that is not answered yet: what it cost so far, what was rejected, which models failed and why."""

    def __init__(self, shared: Conversations, task: Task[ReplyT], asked: list[Question[ReplyT]]) -> None:
        self._shared = shared
        self._task = task
        self._asked = asked
        self._bill = Bill(shared.ledger)
        self._rejections: list[_Rejection[ReplyT]] = []
        self._failures: list[_Failure] = []

    async def answer(self) -> Answer[ReplyT]:
        """Ask the models in turn; a reply that can be mended is not worth another model's price."""
        for question in self._asked:
            try:
                return await self._ask_model(question)
            except (_NotAnsweredError, ModelDownError) as error:
                self._failures.append(_Failure(question.model.name, error.kind, str(error)))
                if self._task.mend and self._rejections:
                    break
            except OverBudgetError:
                self._shared.ledger.note_refusal()
                self._failures.append(_Failure(question.model.name, "budget", OVER_BUDGET))
                break
        if self._task.mend and self._rejections:
            return self._mended(self._task.mend)
        return self._failed()

    async def _ask_model(self, question: Question[ReplyT]) -> Answer[ReplyT]:
        """Ask one model, and once more when its reply is invalid."""
        messages = [question.opening()]
        self._shared.ledger.note_redacted(question.redacted)
        earlier = self._shared.rejected.get(question.key)
        for attempt in range(ATTEMPTS):
            if attempt < len(earlier):
                rejected = self._take_up(question, earlier[attempt])
            else:
                exchange = await self._call(question, messages)
                verdict = validate(self._task, question.fields, exchange.reply)
                if verdict.reply is not None:
                    outcome = self._outcome(question, repeated=exchange.repeated or attempt > 0)
                    return self._keep(question, verdict, exchange.ended(outcome))
                rejected = self._reject(question, attempt, exchange, verdict)
            messages += [
                Message("assistant", rejected.content or NOTHING),
                Message("user", user_json(self._task.name, {"errors": list(rejected.errors)})),
            ]
        raise _NotAnsweredError("invalid", f"the reply is invalid, also when asked again: {'; '.join(rejected.errors)}")

    async def _call(self, question: Question[ReplyT], messages: list[Message]) -> Exchange:
        request, row = question.chat_request(messages), question.row(self._shared.run_id)
        try:
            return await self._shared.transport.call(question.model, request, row, self._bill)
        except (PermanentModelError, TransientModelError) as error:
            raise _NotAnsweredError(error.kind, str(error)) from None

    def _outcome(self, question: Question[ReplyT], *, repeated: bool) -> Outcome:
        if question is not self._asked[0]:
            return "fallback"
        return "retried" if repeated else "ok"

    def _reject(
        self, question: Question[ReplyT], attempt: int, exchange: Exchange, verdict: Verdict[ReplyT]
    ) -> RejectedReply:
        """Write the call down, and keep its reply while another attempt is to come."""
        in_process = question.model.in_process
        is_last = attempt == ATTEMPTS - 1 and (question is self._asked[-1] or self._task.mend is not None)
        with self._shared.state.write(durable=not in_process):
            self._bill.write(exchange.ended("failed", "; ".join(verdict.errors)))
            rejected = RejectedReply(exchange.reply.content, verdict.errors, self._bill.usage)
            if not in_process and not is_last:
                self._shared.rejected.put(question.key, attempt, rejected)
        self._rejections.append(_Rejection(question, verdict.found, verdict.errors))
        return rejected

    def _take_up(self, question: Question[ReplyT], rejected: RejectedReply) -> RejectedReply:
        """Go on after a reply that a killed process paid for and rejected."""
        self._bill.usage = rejected.usage
        self._rejections.append(_Rejection(question, find_object(rejected.content), rejected.errors))
        return rejected

    def _keep(self, question: Question[ReplyT], verdict: Verdict[ReplyT], call: Call) -> Answer[ReplyT]:
        """Make answer and ledger row safe together, before anything else happens."""
        with self._shared.state.write(durable=not question.model.in_process):
            self._bill.write(call)
            kept = KeptAnswer(verdict.found or {}, self._bill.usage)
            self._end(question, kept)
        return _answer(question, verdict.reply, call.outcome, kept)

    def _mended(self, mend: Callable[[Mapping[str, Any], Mapping[str, Any]], ReplyT]) -> Answer[ReplyT]:
        """Make the best of the last reply that was an object, or of nothing when none was."""
        objects = [rejection for rejection in self._rejections if rejection.found is not None]
        best = (objects or self._rejections)[-1]
        unasked = [str(failure) for failure in self._failures if failure.kind != "invalid"]
        kept = KeptAnswer(best.found or {}, self._bill.usage, (*best.errors, *unasked))
        reply = mend(best.question.fields, kept.reply)
        with self._shared.state.write(durable=not best.question.model.in_process):
            self._end(best.question, kept)
        self._shared.ledger.note_mended()
        return _answer(best.question, reply, self._outcome(best.question, repeated=True), kept)

    def _failed(self) -> Answer[ReplyT]:
        if self._rejections:
            with self._shared.state.write(durable=False):
                self._end()
        kinds = {failure.kind for failure in self._failures}
        return Answer(
            reply=None,
            outcome="failed",
            prompt_version=self._task.version,
            model=self._failures[-1].model,
            failure_reason="; ".join(map(str, self._failures)),
            failure_kind=next(kind for kind in FAILURE_KINDS if kind in kinds),
            usage=self._bill.usage,
            redacted=self._asked[-1].redacted,
        )

    def _end(self, question: Question[ReplyT] | None = None, kept: KeptAnswer | None = None) -> None:
        """Keep what the conversation came to, and nothing of the way there. Joins a transaction."""
        if question and kept:
            self._shared.cache.put(question.key, self._task, question.model.name, kept)
        if self._rejections:
            self._shared.rejected.forget(question.key for question in self._asked)


def _read_again(task: Task[ReplyT], question: Question[ReplyT], kept: KeptAnswer) -> ReplyT | None:
    """The reply of a kept answer, or None when it is none any more: rules may have become stricter since."""
    if kept.findings is None:
        return validate_object(task, question.fields, kept.reply).reply
    return task.mend(question.fields, kept.reply) if task.mend else None


def _answer(question: Question[ReplyT], reply: ReplyT | None, outcome: Outcome, kept: KeptAnswer) -> Answer[ReplyT]:
    return Answer(
        reply,
        outcome,
        question.task.version,
        model=question.model.name,
        mended=kept.findings is not None,
        findings=kept.findings or (),
        usage=kept.usage,
        redacted=question.redacted,
    )
