"""Answers that were validated once and are never paid for again.

Belongs here: what makes two requests the same, and keeping the reply. Does not belong here: deciding which model's
answer is wanted (``conversation``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import ReplyT, Task


def input_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a payload as sent, whatever the order of its fields."""
    return _sha256(fields)


def cache_key(task: Task[ReplyT], model_identity: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over task, prompt version and text, model, reply schema, and the user JSON as sent."""
    schema = task.reply_model.model_json_schema()
    return _sha256([task.name, task.version, task.prompt.sha256, model_identity, task.kind, schema, fields])


def _sha256(value: Any) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # A lone surrogate can stand in collected text; it must hash, not fail.
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class AnswerCache:
    """The kept answers of a state file."""

    state: StateFile

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the reply kept under ``key``, or None."""
        with self.state.read() as connection:
            row = connection.execute("select reply from answers where key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, key: str, task: str, model: str, prompt_version: str, reply_json: str) -> None:
        """Keep a validated reply; it is safe when this returns (or when the surrounding transaction commits)."""
        with self.state.write() as connection:
            connection.execute(
                "insert or replace into answers (key, task, model, prompt_version, reply, created_at) "
                "values (?, ?, ?, ?, ?, ?)",
                (key, task, model, prompt_version, reply_json, datetime.now(UTC).isoformat()),
            )
