"""One call to a model, repeated while its failure may pass: paced, within the budget, each attempt in the ledger.

Belongs here: time-outs, back-off, Retry-After. Does not belong here: whether the reply is valid and who is asked next
(``conversation``).
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from painpoint_platform.llm.budget import Budget
from painpoint_platform.llm.chat import (
    ChatModel,
    ChatReply,
    ChatRequest,
    FailureKind,
    PermanentModelError,
    TransientModelError,
)
from painpoint_platform.llm.ledger import Bill, Call
from painpoint_platform.llm.pacing import Pace
from painpoint_platform.llm.routing import Health
from painpoint_platform.llm.tasks import Outcome

MOST_ATTEMPTS = 4
FIRST_BACKOFF_S = 0.5


class OverBudgetError(Exception):
    """The call was not made, because it could exceed the run's budget."""


class ModelDownError(Exception):
    """The call was not made, because the model has answered nothing so far; the message says why."""

    def __init__(self, last_failure: PermanentModelError | TransientModelError) -> None:
        super().__init__(f"not asked, for it has answered nothing so far: {last_failure}")
        self.kind: FailureKind = last_failure.kind


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call that brought a reply: its ledger row but for the outcome, and whether it was a repeat."""

    call: Call
    reply: ChatReply
    repeated: bool

    def ended(self, outcome: Outcome, error: str | None = None) -> Call:
        """The ledger row, once the reply was judged."""
        return replace(self.call, outcome=outcome, error=error)


@dataclass(slots=True)
class _Allowance:
    """What the repeats of one call share: the seconds left to them, not counting waits that the server asked for."""

    left_s: float
    bill: Bill
    attempts: int = 0
    has_new_token: bool = False


class Transport:
    """Makes calls for one client.

    Args:
        timeout_s: bound of one call, and of all its repeats with the back-off between them. A server's Retry-After
            comes on top, unless it asks for more than this.
    """

    def __init__(self, *, pace: Pace, health: Health, budget: Budget, timeout_s: float) -> None:
        self._pace = pace
        self._health = health
        self._budget = budget
        self._timeout_s = timeout_s

    async def call(self, model: ChatModel, request: ChatRequest, row: Call, bill: Bill) -> Exchange:
        """Ask until there is a reply, the failure is permanent, or attempts or time are used up.

        Args:
            row: the ledger row of this question; every attempt has its own copy.
            bill: where the rows of failed attempts go; that of a reply is returned, to be written once it was judged.

        Raises:
            TransientModelError: the last failure, after the bounded repeats.
            PermanentModelError: at once.
            OverBudgetError: no call was made.
            ModelDownError: no call was made.
        """
        try:
            exchange = await self._repeat(model, request, row, _Allowance(self._timeout_s, bill))
        except (PermanentModelError, TransientModelError) as error:
            if isinstance(error, TransientModelError) or error.model_wide:
                self._health.note_failure(model.name, error)
            raise
        self._health.note_reply(model.name)
        return exchange

    async def _repeat(self, model: ChatModel, request: ChatRequest, row: Call, allowance: _Allowance) -> Exchange:
        if model.in_process:
            return await self._attempt(model, request, row, allowance)
        while True:
            allowance.attempts += 1
            try:
                return await self._paced_attempt(model, request, row, allowance)
            except TransientModelError as error:
                if self._is_over(error, allowance):
                    raise
                await asyncio.sleep(self._pause_s(model, error, allowance))
            except PermanentModelError as error:
                if allowance.has_new_token or not error.new_token_may_help:
                    raise
                allowance.has_new_token = True

    async def _paced_attempt(
        self, model: ChatModel, request: ChatRequest, row: Call, allowance: _Allowance
    ) -> Exchange:
        async with self._pace.slot(model.name):
            # Asked here and not before the wait: the slot may come long after the model was found to be down.
            if last_failure := self._health.why_down(model.name):
                raise ModelDownError(last_failure)
            await model.prepare()
            row = replace(row, call_id=uuid.uuid4().hex)
            worst_case = model.worst_case_usd(request) if self._budget.is_limited else None
            if not await self._budget.reserve(row.call_id, worst_case):
                raise OverBudgetError
            try:
                await self._pace.start()
                return await self._attempt(model, request, row, allowance)
            finally:
                await self._budget.settle(worst_case)

    async def _attempt(self, model: ChatModel, request: ChatRequest, row: Call, allowance: _Allowance) -> Exchange:
        row, began = replace(row, called_at=datetime.now(UTC).replace(tzinfo=None)), time.monotonic()
        try:
            # The client's own time-outs are per read; a server that drips bytes would outlive them.
            async with asyncio.timeout(None if model.in_process else allowance.left_s):
                reply = await model.complete(replace(request, timeout_s=allowance.left_s))
        except TimeoutError:
            error = TransientModelError(f"no answer within {self._timeout_s:g} s (LLM_TIMEOUT_S)", billed=True)
            self._note_failure(row, error, began, allowance.bill)
            raise error from None
        except (TransientModelError, PermanentModelError) as error:
            self._note_failure(row, error, began, allowance.bill)
            raise
        except asyncio.CancelledError:
            allowance.bill.write(replace(row, error="cancelled", latency_s=time.monotonic() - began))
            raise
        finally:
            allowance.left_s -= time.monotonic() - began
        self._budget.book(row.call_id, reply.cost_usd)
        metered = replace(
            row,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cost_usd=reply.cost_usd,
            latency_s=time.monotonic() - began,
        )
        return Exchange(metered, reply, repeated=allowance.attempts > 1)

    def _note_failure(
        self, row: Call, error: TransientModelError | PermanentModelError, began: float, bill: Bill
    ) -> None:
        billed = isinstance(error, TransientModelError) and error.billed
        self._budget.book(row.call_id, None if billed else 0.0)
        cost = None if billed else 0.0
        bill.write(replace(row, error=str(error), cost_usd=cost, latency_s=time.monotonic() - began))

    def _is_over(self, error: TransientModelError, allowance: _Allowance) -> bool:
        too_long = error.retry_after_s is not None and error.retry_after_s > self._timeout_s
        return allowance.attempts >= MOST_ATTEMPTS or allowance.left_s <= 0 or too_long

    def _pause_s(self, model: ChatModel, error: TransientModelError, allowance: _Allowance) -> float:
        if error.retry_after_s is not None:
            self._pace.pause(model.name, error.retry_after_s)
            return error.retry_after_s
        # Jitter, or requests that failed together would come back together.
        backoff_s = FIRST_BACKOFF_S * 2.0 ** (allowance.attempts - 1) * random.uniform(0.5, 1.5)
        backoff_s = min(backoff_s, allowance.left_s / 2)
        allowance.left_s -= backoff_s
        return backoff_s
