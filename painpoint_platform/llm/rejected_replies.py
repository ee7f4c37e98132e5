"""Replies that were rejected in a conversation that has not ended: paid for, and of use to the next attempt.

Belongs here: keeping them, so that a killed process goes on with the retry instead of paying for the first call again.
Does not belong here: judging a reply (``replies``) and what follows from it (``conversation``).
"""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Usage


@dataclass(frozen=True, slots=True)
class RejectedReply:
    """What a model said (None: nothing), what was wrong with it, and what the conversation had cost by then."""

    content: str | None
    errors: tuple[str, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class RejectedReplies:
    """The rejected replies of a state file, under the key that a valid answer would have been kept under."""

    state: StateFile

    def get(self, key: str) -> list[RejectedReply]:
        """The rejected replies to one question, first attempt first."""
        with self.state.read() as connection:
            rows = connection.execute(
                "select content, errors, calls, prompt_tokens, completion_tokens, cost_usd, latency_s "
                "from rejected_replies where key = ? order by attempt",
                (key,),
            ).fetchall()
        return [
            RejectedReply(json.loads(content), tuple(json.loads(errors)), Usage(*usage))
            for content, errors, *usage in rows
        ]

    def put(self, key: str, attempt: int, reply: RejectedReply) -> None:
        """Keep a reply; it is safe when this returns (or when the surrounding transaction commits)."""
        with self.state.write() as connection:
            connection.execute(
                "insert or replace into rejected_replies (key, attempt, content, errors, calls, prompt_tokens, "
                "completion_tokens, cost_usd, latency_s, rejected_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    attempt,
                    # As JSON, because what a model says may hold what SQLite refuses in a text: half a character.
                    json.dumps(reply.content),
                    json.dumps(reply.errors),
                    *astuple(reply.usage),
                    datetime.now(UTC).isoformat(),
                ),
            )

    def forget(self, keys: Iterable[str]) -> None:
        """Delete the replies to these questions."""
        with self.state.write() as connection:
            connection.executemany("delete from rejected_replies where key = ?", [(key,) for key in keys])
