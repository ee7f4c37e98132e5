"""Answers that were validated once and are never paid for again.

Belongs here: what makes two requests the same, and keeping the reply. Does not belong here: deciding which model's
answer is wanted (``conversation``).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import ReplyT, Task, Usage


def input_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a payload as sent, whatever the order of its fields."""
    return _sha256(fields)


def cache_key(task: Task[ReplyT], model_identity: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over task, prompt version and text, model, reply schema, and the user JSON as sent."""
    about_task = [task.name, task.version, task.prompt.sha256, model_identity, task.kind, task.reply_schema]
    return _sha256([*about_task, fields])


def _sha256(value: Any) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # A lone surrogate can stand in collected text; it must hash, not fail.
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a model said, as the JSON object that it was, and what that cost when it was paid.

    ``findings`` is None where the object is a valid reply. Otherwise it becomes one by mending, and the findings say
    what was wrong with it.
    """

    reply: Mapping[str, Any]
    usage: Usage
    findings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AnswerCache:
    """The kept answers of a state file."""

    state: StateFile

    def get(self, key: str) -> KeptAnswer | None:
        """Return what is kept under ``key``, or None."""
        with self.state.read() as connection:
            row = connection.execute(
                "select reply, findings, calls, prompt_tokens, completion_tokens, cost_usd, latency_s "
                "from answers where key = ?",
                (key,),
            ).fetchone()
        if row is None:
            return None
        reply, findings, *usage = row
        return KeptAnswer(json.loads(reply), Usage(*usage), None if findings is None else tuple(json.loads(findings)))

    def put(self, key: str, task: Task[ReplyT], model: str, answer: KeptAnswer) -> None:
        """Keep an answer; it is safe when this returns (or when the surrounding transaction commits)."""
        with self.state.write() as connection:
            connection.execute(
                "insert or replace into answers (key, task, model, prompt_version, reply, created_at, findings, calls, "
                "prompt_tokens, completion_tokens, cost_usd, latency_s) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    task.name,
                    model,
                    task.version,
                    json.dumps(answer.reply),
                    datetime.now(UTC).isoformat(),
                    None if answer.findings is None else json.dumps(answer.findings),
                    *astuple(answer.usage),
                ),
            )

    def forget(self, keys: Iterable[str]) -> None:
        """Delete what is kept under ``keys``."""
        with self.state.write() as connection:
            connection.executemany("delete from answers where key = ?", [(key,) for key in keys])
