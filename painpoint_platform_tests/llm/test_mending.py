"""What becomes of replies that stay invalid, and what an answer cost."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from painpoint_platform.llm.ledger import spooled_calls
from painpoint_platform.llm.tasks import ModelRequest, Usage
from painpoint_platform_tests.llm.conftest import LOCAL, REMOTE, Colour, items, right_answer
from painpoint_platform_tests.llm.model_server import HANG, ModelServer, content, status

WRONG_ITEM = content('{"name": "blue", "item": 99}')
NO_ITEM = content('{"name": "grey"}')
BROKEN = content('{"name": "blue", ')
HALF_A_CHARACTER = [content('{"name": "HALF", "item": 0}'.replace("HALF", half)) for half in ("\\ud800", "\ud800")]
MISSING = "item: Field required"


def mended(payload, found):
    return Colour(name=str(found.get("name", "nothing")).encode("ascii", "replace").decode(), item=payload["item"])


@pytest.fixture
def mending(colour_task):
    return colour_task(mend=mended)


def server_usage(server):
    return (
        len(server.seen),
        sum(seen.prompt_tokens for seen in server.seen),
        sum(seen.completion_tokens for seen in server.seen),
    )


def usage_of(answer):
    return (answer.usage.calls, answer.usage.prompt_tokens, answer.usage.completion_tokens)


def kept_rejections(client):
    with client.state.read() as connection:
        return connection.execute("select count(*) from rejected_replies").fetchone()[0]


def test_a_reply_that_stays_invalid_is_mended_after_the_retry_and_no_other_model_is_asked(make_client, mending, server):
    server.faults.extend([WRONG_ITEM, NO_ITEM])
    client = make_client()
    (answer,) = client.ask_many(mending, items(1))
    assert [seen.model for seen in server.seen] == ["small", "small"]
    assert answer.reply == Colour(name="grey", item=0)
    assert (answer.mended, answer.findings) == (True, (MISSING,))
    assert (answer.outcome, answer.model, answer.failure_reason, answer.failure_kind) == (
        "retried",
        LOCAL,
        None,
        None,
    )
    assert [call.outcome for call in spooled_calls(client.state)] == ["failed"] * 2
    assert client.totals.facts()["model_answers_mended"] == 1


def test_a_valid_reply_is_not_mended(make_client, mending, server):
    server.faults.append(NO_ITEM)
    (answer,) = make_client().ask_many(mending, items(1))
    assert (answer.outcome, answer.mended, answer.findings) == ("retried", False, ())


def test_a_mended_answer_is_kept_as_the_model_gave_it_and_mended_the_same_way_again(make_client, mending, server):
    server.fault_for = lambda _seen: NO_ITEM
    first = make_client(LOCAL, LOCAL).ask_many(mending, items(2))
    server.fault_for = lambda _seen: None
    again = make_client(LOCAL, LOCAL, run_id="run-2")
    second = again.ask_many(mending, items(2))
    assert len(server.seen) == 4
    assert [answer.outcome for answer in second] == ["cached"] * 2
    for before, after in zip(first, second, strict=True):
        assert (after.reply, after.mended, after.findings, after.usage) == (
            before.reply,
            True,
            (MISSING,),
            before.usage,
        )
    with again.state.read() as connection:
        assert json.loads(connection.execute("select reply from answers").fetchone()[0]) == {"name": "grey"}


def test_a_kept_mended_answer_is_asked_anew_by_a_task_that_mends_nothing(make_client, mending, colour_task, server):
    server.fault_for = lambda _seen: NO_ITEM
    make_client(LOCAL, LOCAL).ask_many(mending, items(1))
    server.fault_for = lambda _seen: None
    (answer,) = make_client(LOCAL, LOCAL).ask_many(colour_task(), items(1))
    assert (answer.outcome, answer.mended) == ("ok", False)


@pytest.mark.parametrize("last", [BROKEN, content("I cannot."), content(None)])
def test_the_last_reply_that_was_an_object_is_mended(make_client, mending, server, last):
    server.faults.extend([NO_ITEM, last])
    (answer,) = make_client().ask_many(mending, items(1))
    assert (answer.reply.name, answer.model, answer.outcome) == ("grey", LOCAL, "retried")
    assert answer.findings == (MISSING,)


def test_where_no_reply_was_an_object_an_empty_one_is_mended(make_client, mending, server):
    server.fault_for = lambda _seen: BROKEN
    (answer,) = make_client().ask_many(mending, items(1))
    assert (answer.reply.name, answer.model) == ("nothing", LOCAL)
    assert "cut off" in answer.findings[0]
    (again,) = make_client().ask_many(mending, items(1))
    assert (again.reply, again.findings, again.outcome) == (answer.reply, answer.findings, "cached")


@pytest.mark.parametrize("fault", HALF_A_CHARACTER)
def test_half_a_character_in_a_reply_harms_nothing(make_client, mending, server, fault):
    server.fault_for = lambda _seen: fault
    (answer,) = make_client().ask_many(mending, items(1))
    assert len(server.seen) == 2
    assert answer.reply.name == "?"
    assert make_client().ask_many(mending, items(1))[0].reply == answer.reply


def test_models_that_gave_no_reply_leave_nothing_to_mend(make_client, mending, server):
    server.fault_for = lambda _seen: status(400)
    (answer,) = make_client().ask_many(mending, items(1))
    assert (answer.reply, answer.mended, answer.outcome) == (None, False, "failed")
    assert usage_of(answer)[0] == 2


def test_where_the_first_model_is_down_the_reply_of_the_second_is_mended_and_the_findings_say_both(
    make_client, mending, server
):
    server.fault_for = lambda seen: NO_ITEM if seen.model == "big" else status(401)
    (answer,) = make_client().ask_many(mending, items(1))
    assert (answer.reply.name, answer.model, answer.outcome) == ("grey", REMOTE, "fallback")
    assert answer.findings[0] == MISSING
    assert f"{LOCAL}: access refused (401)" in answer.findings[1]


@pytest.mark.parametrize(
    ("local", "remote", "kind"),
    [
        (NO_ITEM, NO_ITEM, "invalid"),
        (NO_ITEM, status(401), "authentication"),
        (status(403), NO_ITEM, "authentication"),
        (status(404), NO_ITEM, "refused"),
        (status(429, retry_after=3600), status(429, retry_after=3600), "unavailable"),
        (status(429, retry_after=3600), status(400), "refused"),
    ],
)
def test_a_failed_answer_says_which_kind_of_failure_it_was(make_client, task, server, local, remote, kind):  # noqa: PLR0917
    server.fault_for = lambda seen: local if seen.model == "small" else remote
    (answer,) = make_client().ask_many(task, items(1))
    assert (answer.reply, answer.failure_kind) == (None, kind)


def test_a_model_found_to_be_down_fails_every_request_with_its_own_kind(make_client, task, server):
    server.fault_for = lambda _seen: status(401)
    answers = make_client(LOCAL, LOCAL, concurrency=1).ask_many(task, items(12))
    assert {answer.failure_kind for answer in answers} == {"authentication"}
    assert len(server.seen) < 12


def test_a_request_over_budget_says_so(make_client, task):
    (answer,) = make_client("openai/priced", "openai/priced", budget_usd=0.0).ask_many(task, items(1))
    assert (answer.failure_kind, answer.usage) == ("budget", Usage())


def test_the_usage_of_an_answer_is_that_of_its_whole_conversation(make_client, task, server):
    server.faults.extend([status(500), NO_ITEM, WRONG_ITEM])
    (answer,) = make_client().ask_many(task, items(1))
    assert answer.outcome == "fallback"
    server.seen[0].prompt_tokens = 0  # counted, but not told in a 500
    assert usage_of(answer) == server_usage(server)
    assert answer.usage.calls == 4
    assert answer.usage.latency_s > 0
    (again,) = make_client().ask_many(task, items(1))
    assert (again.outcome, again.usage) == ("cached", answer.usage)


def test_the_cost_of_an_answer_is_known_where_prices_are(make_client, task, server):
    server.faults.append(NO_ITEM)
    (answer,) = make_client("openai/priced", "openai/priced").ask_many(task, items(1))
    _, prompt, completion = server_usage(server)
    assert answer.usage.cost_usd == pytest.approx(prompt * 1e-6 + completion * 2e-6)
    (unpriced,) = make_client().ask_many(task, items(1))
    assert unpriced.usage.cost_usd is None


def test_the_usage_of_a_batch_sums_up_to_what_the_server_counted(make_client, mending, server):
    odd = {1: NO_ITEM, 3: status(400)}
    server.fault_for = lambda seen: odd.get(seen.user_json["item"])
    client = make_client()
    total = sum((answer.usage for answer in client.ask_many(mending, items(6))), Usage())
    assert total.calls == len(server.seen) == 6 + 1 + 1
    assert total.prompt_tokens == sum(call.prompt_tokens or 0 for call in spooled_calls(client.state))


def test_a_request_may_bound_its_own_reply(make_client, colour_task, server):
    task = colour_task(max_completion_tokens=100)
    same = [ModelRequest({"item": 2}, max_completion_tokens=n) for n in (300, 7)]
    make_client().ask_many(task, [*items(1), ModelRequest({"item": 1}, max_completion_tokens=7), *same])
    bounds = {seen.user_json["item"]: seen.body["max_tokens"] for seen in server.seen}
    assert bounds == {0: 100, 1: 7, 2: 300}


def test_forgotten_answers_are_asked_anew_at_every_model(make_client, task, server):
    server.fault_for = lambda seen: NO_ITEM if seen.user_json["item"] == 0 and seen.model == "small" else None
    make_client().ask_many(task, items(3))
    client = make_client()
    client.forget(task, [request.payload for request in items(2)])
    assert [answer.outcome for answer in client.ask_many(task, items(3))] == ["fallback", "ok", "cached"]


def test_what_a_conversation_rejected_is_gone_when_it_ends(make_client, task, mending, server):
    client = make_client()
    for faults, asked in (([NO_ITEM], task), ([NO_ITEM] * 2, mending), ([NO_ITEM] * 4, task)):
        server.faults.extend(faults)
        client.forget(task, [{"item": 0, "text": "post number 0"}])
        client.ask_many(asked, items(1))
        assert kept_rejections(client) == 0


BATCH = """
import sys
from pathlib import Path
from painpoint_platform.llm import prompts, tasks
from painpoint_platform_tests.llm import conftest
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
tasks.load_prompt = lambda task, version: prompts.Prompt(task, version, conftest.SYSTEM, "0" * 64)
task = tasks.Task("colour", "v1", conftest.Colour, check=conftest.named_after_its_item)
models = {"LOCAL": "openai/small", "REMOTE": "openai/big"}
route = open_route(*(Endpoint(model, role, sys.argv[1], "k") for role, model in models.items()), None)
client = ModelClient(route, state_path=Path(sys.argv[2]), run_id="killed")
client.ask_many(task, conftest.items(1))
"""


@pytest.mark.parametrize("rejected", [1, 3])
def test_a_killed_process_does_not_pay_for_a_rejected_reply_again(tmp_path, make_client, colour_task, rejected):
    replies = [NO_ITEM] * rejected + [HANG]
    with ModelServer(answer=right_answer, fault_for=lambda _seen: replies[len(server.seen) - 1]) as server:
        command = [sys.executable, "-c", BATCH, server.base_url, str(tmp_path / "llm.sqlite")]
        process = subprocess.Popen(command)
        while len(server.seen) <= rejected:
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        hanging = server.seen[-1]
        paid_before = server_usage(server)
        assert paid_before[0] == rejected + 1
        server.fault_for = lambda _seen: None
        client = make_client(at=server)
        (answer,) = client.ask_many(colour_task(), items(1))
        assert len(server.seen) == rejected + 2
        assert server.seen[-1].messages == hanging.messages
        assert server.seen[-1].model == hanging.model
    assert answer.outcome == ("retried" if rejected == 1 else "fallback")
    # The call that was under way is lost with the process; everything else is in the answer's usage and in the ledger.
    assert answer.usage.calls == rejected + 1
    assert len(spooled_calls(client.state)) == rejected + 1
    assert kept_rejections(client) == 0
