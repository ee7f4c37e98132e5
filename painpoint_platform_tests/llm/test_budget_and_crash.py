"""Money: a budget that is never exceeded, and a killed run that pays nothing twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from painpoint_platform.llm import background
from painpoint_platform.llm.ledger import spooled_calls
from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import ModelRequest
from painpoint_platform_tests.llm.conftest import items, right_answer
from painpoint_platform_tests.llm.model_server import HANG, ModelServer, status


def paid(server):
    return sum(seen.prompt_tokens * 1e-6 + seen.completion_tokens * 2e-6 for seen in server.seen)


def test_a_call_that_could_exceed_the_budget_is_not_made(make_client, task, server):
    client = make_client("openai/priced", "openai/priced", budget_usd=0.0005)
    answers = client.ask_many(task, items(3))
    assert server.seen == []
    assert {answer.outcome for answer in answers} == {"failed"}
    assert "LLM_BUDGET_USD" in answers[0].failure_reason
    assert client.totals.refused_by_budget == 3
    assert spooled_calls(client.state) == []


def test_the_budget_holds_under_concurrency_and_is_used_to_the_end(make_client, colour_task, server):
    # 40 completion tokens at most: a worst case of about 0.0003 a call, while a call really costs about 0.00002.
    task = colour_task(max_completion_tokens=40)
    server.delay_s = 0.02
    client = make_client("openai/priced", "openai/priced", budget_usd=0.0012, concurrency=8)
    answers = client.ask_many(task, items(100))
    assert paid(server) <= 0.0012
    assert client.totals.cost_usd == pytest.approx(paid(server))
    answered = sum(answer.reply is not None for answer in answers)
    assert answered == len(server.seen)
    assert 10 < answered < 100


def test_a_refused_request_costs_no_budget_but_one_that_timed_out_may(make_client, colour_task, server):
    task = colour_task(max_completion_tokens=40)
    server.faults.extend([status(400)] * 5)
    limits = {"budget_usd": 0.0006, "concurrency": 1}
    answers = make_client("openai/priced", "openai/priced", **limits).ask_many(task, items(6))
    assert answers[5].outcome == "ok"
    server.faults.extend([HANG] * 2)
    impatient = make_client("openai/priced", "openai/priced", timeout_s=1.0, **limits)
    timed_out = impatient.ask_many(task, [ModelRequest({"item": item}) for item in (100, 101, 102)])
    assert any("LLM_BUDGET_USD" in (answer.failure_reason or "") for answer in timed_out)


BATCH = """
import json, sys
from pathlib import Path
from painpoint_platform.llm import prompts, tasks
from painpoint_platform_tests.llm import conftest
from painpoint_platform.llm.client import Limits, ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
tasks.load_prompt = lambda task, version: prompts.Prompt(task, version, conftest.SYSTEM, "0" * 64)
task = tasks.Task("colour", "v1", conftest.Colour, check=conftest.named_after_its_item)
route = open_route(*(Endpoint("openai/small", role, sys.argv[1], "k") for role in ("LOCAL", "REMOTE")), None)
client = ModelClient(route, state_path=Path(sys.argv[2]), run_id="killed", limits=Limits(concurrency=2))
answers = client.ask_many(task, conftest.items(30), progress=lambda done, total: print(done, flush=True))
assert all(answer.reply for answer in answers)
"""


def test_a_killed_run_pays_for_no_answer_twice(tmp_path):
    state_path = tmp_path / "llm.sqlite"
    killed = threading.Event()
    with ModelServer(answer=right_answer) as server:
        # Ten are answered; the two that are asked then wait until the process is dead.
        server.is_held = lambda seen: not killed.is_set() and server.seen.index(seen) >= 10
        command = [sys.executable, "-c", BATCH, server.base_url, str(state_path)]
        first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        for line in first.stdout:
            if int(line) >= 10:
                os.kill(first.pid, signal.SIGKILL)
                break
        first.wait(10)
        killed.set()
        first.stdout.close()
        state = StateFile(state_path)
        safe = len(spooled_calls(state))
        with state.read() as connection:
            kept = {json.loads(row[0])["item"] for row in connection.execute("select reply from answers")}
        state.close()
        assert safe == len(kept) == 10
        before = len(server.seen)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
        again = [seen.user_json["item"] for seen in server.seen[before:]]
        assert sorted(again) == sorted(set(range(30)) - kept)
        # What was under way when the process died is lost, and nothing else.
        assert len(server.seen) <= 30 + 2


@pytest.fixture
def interruptible():
    """Have SIGINT raise KeyboardInterrupt: a Dagster run that went before in this process leaves its own handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_batch_stops_calling(make_client, task, server):
    client = make_client(concurrency=1, timeout_s=60.0)
    client.ask_many(task, [ModelRequest({"item": 99})])  # starts what LiteLLM leaves running
    server.seen.clear()
    lasting = background.start(tasks_of_the_loop()).result(30)
    stopped, main_thread, interrupts = threading.Event(), threading.main_thread().ident, []

    def is_held(seen):
        """Answer two, and have the batch interrupted while the third is under way."""
        if stopped.is_set() or server.seen.index(seen) < 2:
            return False
        if not interrupts:
            interrupts.append(signal.pthread_kill(main_thread, signal.SIGINT))
        return True

    server.is_held = is_held
    with pytest.raises(KeyboardInterrupt):
        client.ask_many(task, items(30))
    stopped.set()
    # A call that could make another one is still a task of the loop.
    while background.start(tasks_of_the_loop()).result(30) - lasting:
        time.sleep(0.01)
    assert len(server.seen) == 3


async def tasks_of_the_loop():
    return asyncio.all_tasks() - {asyncio.current_task()}
