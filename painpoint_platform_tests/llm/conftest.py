"""A loopback model server, clients of it, and a task for them to ask."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from painpoint_platform.llm import prompts, tasks, transport
from painpoint_platform.llm.client import Limits, ModelClient
from painpoint_platform.llm.endpoints import Access, Endpoint, open_route
from painpoint_platform.llm.tasks import ModelRequest, Task
from painpoint_platform_tests.llm.model_server import ModelServer, Seen

LOCAL, REMOTE = "openai/small", "openai/big"
SYSTEM = "Answer with JSON."


class Colour(BaseModel):
    """A colour."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=20)]
    item: int


def named_after_its_item(payload: Any, reply: Colour) -> list[str]:
    return [] if reply.item == payload["item"] else [f"item: must be the item that was asked about, {payload['item']}"]


def right_answer(seen: Seen) -> dict[str, Any]:
    return {"name": f"colour {seen.user_json['item']}", "item": seen.user_json["item"]}


def items(count: int, *, large: bool = False) -> list[ModelRequest]:
    return [ModelRequest({"item": index, "text": f"post number {index}"}, large) for index in range(count)]


@pytest.fixture(scope="session", autouse=True)
def _litellm_is_imported_once() -> None:
    from painpoint_platform.llm.litellm_model import litellm_module

    litellm_module().register_model(
        {"openai/priced": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "litellm_provider": "openai",
                           "max_tokens": 4096, "mode": "chat"}}
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(autouse=True)
def _no_time_for_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats come at once, so that time-outs can be long enough for a machine that is busy."""
    monkeypatch.setattr(transport, "FIRST_BACKOFF_S", 0.02)


@pytest.fixture
def colour_task(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Task[Colour]]:
    def prompt(task: str, version: str) -> prompts.Prompt:
        return prompts.Prompt(task, version, SYSTEM, "0" * 64)

    monkeypatch.setattr(tasks, "load_prompt", prompt)
    return lambda **options: Task("colour", options.pop("version", "v1"), Colour, check=named_after_its_item, **options)


@pytest.fixture
def task(colour_task: Callable[..., Task[Colour]]) -> Task[Colour]:
    return colour_task()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(answer=right_answer) as running:
        yield running


@pytest.fixture
def make_client(tmp_path: Path, server: ModelServer) -> Iterator[Callable[..., ModelClient]]:
    """Make clients whose models lie on ``server``; ``local`` and ``remote`` are model names, the rest are limits."""
    made: list[ModelClient] = []

    def make(
        local: str = LOCAL,
        remote: str = REMOTE,
        *,
        api_key: str | None = "sk-the-secret-key",
        state: Path = tmp_path / "llm.sqlite",
        run_id: str = "run-1",
        at: ModelServer = server,
        access: Access | None = None,
        **limits: Any,
    ) -> ModelClient:
        route = open_route(
            Endpoint(local, "LOCAL", at.base_url, api_key),
            Endpoint(remote, "REMOTE", at.base_url, api_key),
            _none,
            access,
        )
        client = ModelClient(route, state_path=state, run_id=run_id, limits=Limits(**({"timeout_s": 20.0} | limits)))
        made.append(client)
        return client

    yield make
    for client in made:
        with suppress(Exception):
            client.close()


def _none() -> Any:
    raise AssertionError("no test here embeds anything")
