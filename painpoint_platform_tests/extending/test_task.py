"""The walk to a new model task: the embedded model answers, what is wrong is mended, all of it is in the ledger."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform_tests.extending.conftest import Extended
from painpoint_platform_tests.extending.page import to_run

pytestmark = pytest.mark.xdist_group("extending")

TITLE = "A new model task"


@pytest.fixture
def room(extended: Extended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the page's first Python makes: a client and a warehouse, in a folder of data of their own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made: dict[str, Any] = {}
    exec(to_run(TITLE)[1], made)
    yield made
    made["client"].close()


def ask(room: dict[str, Any]) -> Any:
    exec(to_run(TITLE)[-1], room)
    return room["answer"]


def ledger(room: dict[str, Any]) -> list[tuple[Any, ...]]:
    with room["warehouse"].read() as connection:
        found: list[tuple[Any, ...]] = connection.execute(
            "select task, model, prompt_version, outcome from ops.llm_calls order by called_at"
        ).fetchall()
    return found


def test_the_task_is_answered_and_in_the_ledger(room: dict[str, Any]) -> None:
    answer = ask(room)
    assert (answer.reply.post_id, answer.reply.quote) == ("a", "As a workaround we split the file first.")
    assert (answer.outcome, answer.mended) == ("ok", False)
    again = ask(room)
    assert (again.outcome, again.reply) == ("cached", answer.reply)
    row = ("issue_workaround", "embedded/v1", "v1")
    assert ledger(room) == [(*row, "ok"), (*row, "cached")]


def test_a_quote_that_nobody_wrote_is_sent_back_once_and_then_mended(
    extended: Extended, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    async def invents(payload: dict[str, Any], *, attempt: int, embedder: object) -> dict[str, Any]:
        attempts.append(attempt)
        return {"found": True, "post_id": "b", "quote": "Buy our product."}

    monkeypatch.setitem(extended.module("llm.embedded.model").RULES, "issue_workaround", invents)
    answer = ask(room)
    assert attempts == [0, 1]
    assert answer.mended
    assert answer.reply == extended.module("issues.workarounds").NONE
    assert "word for word" in " ".join(answer.findings)


def test_the_prompt_is_published(extended: Extended) -> None:
    assert extended.module("llm.prompts").changed_prompts() == []
