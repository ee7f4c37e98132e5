"""Asking many questions at once: what a domain calls.

Belongs here: the synchronous face of the package, one question asked once however often it stands in a batch, progress.
Does not belong here: the course of one request (``conversation``).
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from painpoint_platform.llm import background
from painpoint_platform.llm.budget import Budget
from painpoint_platform.llm.cache import AnswerCache
from painpoint_platform.llm.conversation import Conversations
from painpoint_platform.llm.ledger import Ledger, forget_spooled, insert_calls, spooled_calls
from painpoint_platform.llm.pacing import Pace
from painpoint_platform.llm.rejected_replies import RejectedReplies
from painpoint_platform.llm.routing import Health, Route
from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Answer, ModelRequest, ReplyT, Task
from painpoint_platform.llm.totals import Totals
from painpoint_platform.llm.transport import Transport
from painpoint_platform.progress import Progress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard models may be used: calls at once, calls a minute (0 = no limit), seconds a call, US dollars a run."""

    concurrency: int = 8
    requests_per_minute: int = 0
    timeout_s: float = 60.0
    budget_usd: float | None = None


class ModelClient:
    """Asks the two models of the settings; safe to use from several threads.

    Args:
        route: the two models; see ``endpoints.open_route``.
        state_path: the SQLite file of kept answers and spooled ledger rows.
        run_id: whose budget counts, and what ledger rows carry.

    Raises:
        UserError: the state file cannot be used.
    """

    def __init__(self, route: Route, *, state_path: Path, run_id: str, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.state = StateFile(state_path)
        self._ledger = Ledger(self.state)
        self._drained: list[str] = []
        self._conversations = Conversations(
            route=route,
            transport=Transport(
                pace=Pace(limits.concurrency, limits.requests_per_minute),
                health=Health(patience=limits.concurrency),
                budget=Budget(self.state, run_id, limits.budget_usd),
                timeout_s=limits.timeout_s,
            ),
            cache=AnswerCache(self.state),
            rejected=RejectedReplies(self.state),
            ledger=self._ledger,
            state=self.state,
            run_id=run_id,
        )

    def ask_many(
        self, task: Task[ReplyT], requests: Sequence[ModelRequest], *, progress: Progress | None = None
    ) -> list[Answer[ReplyT]]:
        """Answer all requests concurrently and return the answers in the order of the requests.

        A request that fails gets an ``Answer`` with its reason; it never costs another its answer. Equal payloads are
        asked once (at the remote model if any of them is large, with the largest bound of the reply). Works with or
        without a running event loop.

        Args:
            progress: called in this thread with (requests done, requests).

        Raises:
            UserError: the task's prompt is missing.
            ValueError: a payload is not JSON, or has a field ``task``.
        """
        _ = task.prompt
        groups: dict[str, list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(json.dumps(request.payload, sort_keys=True, allow_nan=False), []).append(index)
        distinct = [_as_one([requests[index] for index in same]) for same in groups.values()]
        sizes = [len(same) for same in groups.values()]
        replies = self._ask_distinct(task, distinct, sizes, progress)
        answers = {index: reply for same, reply in zip(groups.values(), replies, strict=True) for index in same}
        return [answers[index] for index in range(len(requests))]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that may answer: the one asked first, then the one that stands in."""
        return tuple(dict.fromkeys(model.name for model in self._conversations.route.models))

    @property
    def identities(self) -> tuple[str, ...]:
        """What answers depend on, model by model: their names, and the revision of rules that are our own code."""
        return tuple(dict.fromkeys(model.cache_identity for model in self._conversations.route.models))

    @property
    def context_tokens(self) -> int | None:
        """How many tokens a prompt may have, at the model that takes the fewest; None = as many as one likes.

        The prompt and the reply share a model's context: leave room for ``max_completion_tokens``.
        """
        bounds = [model.context_tokens for model in self._conversations.route.models]
        return min((bound for bound in bounds if bound is not None), default=None)

    @property
    def totals(self) -> Totals:
        """Sums over everything that this client did so far."""
        return self._ledger.totals()

    def drain(self, connection: "DuckDBPyConnection") -> int:
        """Insert the spooled ledger rows into ``ops.llm_calls`` and return how many there are.

        Call ``forget_drained`` once the transaction is committed. Rows of other runs and of killed ones go along.
        """
        calls = spooled_calls(self.state)
        insert_calls(connection, calls)
        self._drained = [call.call_id for call in calls]
        return len(calls)

    def forget_drained(self) -> None:
        """Empty the spool of what the last ``drain`` inserted."""
        forget_spooled(self.state, self._drained)
        self._drained = []

    def renew_credentials(self) -> None:
        """Fetch a new bearer token, as before each transcript; does nothing where models are reached by key.

        Raises:
            PermanentModelError: the token server refuses the client; the message names the settings.
            TransientModelError: the token server does not answer, also when asked again.
        """
        if tokens := self._conversations.route.tokens:
            background.start(tokens.renew_patiently()).result()

    def forget(self, task: Task[ReplyT], payloads: Iterable[Mapping[str, Any]]) -> None:
        """Delete the kept answers to these payloads, so that the next run asks anew."""
        with self.state.write():
            for payload in payloads:
                self._conversations.forget(task, payload)

    def close(self) -> None:
        """Close the state file."""
        self.state.close()

    def _ask_distinct(
        self, task: Task[ReplyT], requests: list[ModelRequest], sizes: list[int], progress: Progress | None
    ) -> list[Answer[ReplyT]]:
        done: SimpleQueue[int | None] = SimpleQueue()
        future = background.start(self._gather(task, requests, sizes, done))
        future.add_done_callback(lambda _: done.put(None))
        finished = 0
        try:
            while (count := done.get()) is not None:
                finished += count
                if progress:
                    progress(finished, sum(sizes))
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _gather(
        self, task: Task[ReplyT], requests: list[ModelRequest], sizes: list[int], done: "SimpleQueue[int | None]"
    ) -> list[Answer[ReplyT]]:
        async def ask(request: ModelRequest, size: int) -> Answer[ReplyT]:
            answer = await self._conversations.ask(task, request)
            done.put(size)
            return answer

        # A defect in one conversation is raised, but only after the others have kept what they paid for.
        results = await asyncio.gather(*map(ask, requests, sizes), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]


def _as_one(equal: Sequence[ModelRequest]) -> ModelRequest:
    """One request in place of several with the same payload."""
    bounds = [request.max_completion_tokens for request in equal if request.max_completion_tokens is not None]
    return ModelRequest(equal[0].payload, any(request.large for request in equal), max(bounds, default=None))
