"""The model contract, line by line, against a real server on loopback."""

import asyncio
import json
import threading
import time
from dataclasses import replace

import duckdb
import pytest

from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform.llm.ledger import spooled_calls
from painpoint_platform.llm.routing import SILENCES_UNTIL_DOWN
from painpoint_platform.llm.tasks import ModelRequest
from painpoint_platform_tests.llm.conftest import LOCAL, REMOTE, SYSTEM, items
from painpoint_platform_tests.llm.model_server import (
    CUT_OFF,
    DRIP,
    EMPTY_CHOICES,
    HANG,
    HTML,
    NO_USAGE,
    RESET,
    TRUNCATED,
    content,
    status,
    tool_arguments,
)

WRONG = content('{"name": "blue"}')
PROSE = content('Sure! Here it is:\n```json\n{"name": "blue", "item": 0}\n```\nAnything else?')


def outcomes(client):
    return sorted(call.outcome for call in spooled_calls(client.state))


def test_every_request_is_answered_in_its_place(make_client, task, server):
    client = make_client()
    answers = client.ask_many(task, items(20))
    assert [answer.reply.item for answer in answers] == list(range(20))
    assert {answer.outcome for answer in answers} == {"ok"}
    assert {answer.model for answer in answers} == {LOCAL}
    assert len(server.seen) == 20


def test_the_system_message_is_the_template_and_the_user_message_one_json_object_with_its_task_first(
    make_client, task, server
):
    make_client().ask_many(task, items(1))
    system, user = server.seen[0].messages
    assert system == {"role": "system", "content": SYSTEM}
    assert list(json.loads(user["content"])) == ["task", "item", "text"]
    assert json.loads(user["content"]) == {"task": "colour", "item": 0, "text": "post number 0"}


def test_the_ledger_has_a_row_for_every_call_that_the_server_counted(make_client, task, server):
    server.faults.extend([status(500), WRONG, content("no"), EMPTY_CHOICES, TRUNCATED])
    client = make_client()
    client.ask_many(task, items(12))
    calls = spooled_calls(client.state)
    assert len(calls) == len(server.seen) > 12
    assert sum(call.outcome in {"ok", "retried", "fallback"} for call in calls) == 12
    assert {(call.run_id, call.task, call.prompt_version) for call in calls} == {("run-1", "colour", "v1")}


def test_tokens_are_those_that_the_server_counted(make_client, task, server):
    client = make_client()
    client.ask_many(task, items(5))
    assert client.totals.prompt_tokens == sum(seen.prompt_tokens for seen in server.seen)
    assert client.totals.completion_tokens == sum(seen.completion_tokens for seen in server.seen)


def test_tokens_and_cost_are_unknown_where_the_server_does_not_tell(make_client, task, server):
    server.faults.append(NO_USAGE)
    client = make_client("openai/priced", "openai/priced")
    assert client.ask_many(task, items(1))[0].outcome == "ok"
    (call,) = spooled_calls(client.state)
    assert (call.prompt_tokens, call.completion_tokens, call.cost_usd) == (None, None, None)


def test_the_cost_is_known_where_the_price_is(make_client, task, server):
    client = make_client("openai/priced", "openai/priced")
    client.ask_many(task, items(1))
    (call,), (seen,) = spooled_calls(client.state), server.seen
    assert call.cost_usd == pytest.approx(seen.prompt_tokens * 1e-6 + seen.completion_tokens * 2e-6)
    assert client.totals.calls_without_price == 0


def test_the_cost_is_null_where_the_price_is_unknown(make_client, task):
    client = make_client()
    client.ask_many(task, items(1))
    assert spooled_calls(client.state)[0].cost_usd is None
    assert client.totals.calls_without_price == 1


def test_an_identical_request_costs_no_call(make_client, task, server):
    make_client().ask_many(task, items(4))
    again = make_client(run_id="run-2")
    answers = again.ask_many(task, items(6))
    assert len(server.seen) == 6
    assert [answer.outcome for answer in answers] == ["cached"] * 4 + ["ok"] * 2
    assert (again.totals.calls, again.totals.cached) == (2, 4)
    assert again.totals.cost_usd == 0


def test_another_prompt_version_is_another_request(make_client, colour_task, server):
    make_client().ask_many(colour_task(), items(1))
    make_client().ask_many(colour_task(version="v2"), items(1))
    assert len(server.seen) == 2


def test_the_same_payload_twice_in_a_batch_is_asked_once(make_client, task, server):
    client = make_client()
    seen_progress = []
    answers = client.ask_many(task, items(2) * 3, progress=lambda done, total: seen_progress.append((done, total)))
    assert [answer.reply.item for answer in answers] == [0, 1] * 3
    assert len(server.seen) == 2
    assert seen_progress[-1] == (6, 6)


def test_an_answer_of_the_fallback_is_kept_too(make_client, task, server):
    server.fault_for = lambda seen: WRONG if seen.model == "small" else None
    make_client().ask_many(task, items(1))
    before = len(server.seen)
    assert make_client().ask_many(task, items(1))[0].outcome == "cached"
    assert len(server.seen) == before


def test_an_invalid_reply_is_asked_again_once_with_the_reply_and_the_errors(make_client, task, server):
    server.faults.append(WRONG)
    client = make_client()
    (answer,) = client.ask_many(task, items(1))
    assert answer.outcome == "retried"
    first, second = server.seen
    assert second.messages[:2] == first.messages
    assert second.messages[2] == {"role": "assistant", "content": WRONG.text}
    retry = json.loads(second.messages[3]["content"])
    assert second.messages[3]["role"] == "user"
    assert list(retry) == ["task", "errors"]
    assert retry == {"task": "colour", "errors": ["item: Field required"]}
    assert outcomes(client) == ["failed", "retried"]


def test_a_broken_rule_of_the_task_is_an_invalid_reply(make_client, task, server):
    server.faults.append(content('{"name": "blue", "item": 99}'))
    make_client().ask_many(task, items(1))
    assert json.loads(server.seen[1].messages[3]["content"])["errors"] == [
        "item: must be the item that was asked about, 0"
    ]


def test_prose_around_the_json_is_no_error(make_client, task, server):
    server.faults.append(PROSE)
    assert make_client().ask_many(task, items(1))[0].outcome == "ok"


@pytest.mark.parametrize("fault", [WRONG, CUT_OFF, EMPTY_CHOICES, content(None), content(""), content("I cannot.")])
def test_after_two_invalid_replies_of_the_local_model_the_remote_one_answers(make_client, task, server, fault):
    server.fault_for = lambda seen: fault if seen.model == "small" else None
    client = make_client()
    (answer,) = client.ask_many(task, items(1))
    assert [seen.model for seen in server.seen] == ["small", "small", "big"]
    assert (answer.outcome, answer.model) == ("fallback", REMOTE)
    assert not server.seen[2].is_retry
    assert outcomes(client) == ["failed", "failed", "fallback"]


def test_when_both_models_fail_the_answer_says_why_for_each(make_client, task, server):
    server.fault_for = lambda _seen: WRONG
    (answer,) = make_client().ask_many(task, items(1))
    assert [seen.model for seen in server.seen] == ["small", "small", "big", "big"]
    assert answer.reply is None
    assert answer.outcome == "failed"
    assert f"{LOCAL}: the reply is invalid" in answer.failure_reason
    assert f"{REMOTE}: the reply is invalid, also when asked again: item: Field required" in answer.failure_reason


def test_large_work_starts_at_the_remote_model(make_client, task, server):
    make_client().ask_many(task, items(3, large=True))
    assert {seen.model for seen in server.seen} == {"big"}


def test_one_model_in_both_places_is_not_asked_the_same_again(make_client, task, server):
    server.fault_for = lambda _seen: WRONG
    (answer,) = make_client(LOCAL, LOCAL).ask_many(task, items(1))
    assert len(server.seen) == 2
    assert answer.failure_reason.count(LOCAL) == 1


def test_one_failure_never_costs_another_request_its_answer(make_client, task, server):
    bad = {2: status(400), 5: WRONG, 7: TRUNCATED, 9: HTML, 11: status(401)}
    server.fault_for = lambda seen: bad.get(seen.user_json["item"])
    answers = make_client(LOCAL, LOCAL).ask_many(task, items(14))
    assert [index for index, answer in enumerate(answers) if answer.reply is None] == sorted(bad)
    assert all(answers[index].failure_reason for index in bad)


def test_a_defect_in_one_conversation_is_raised_after_the_others_have_kept_their_answers(make_client, task, server):
    def fails_for_three(payload, reply):
        return [] if payload["item"] != 3 else [str(1 / 0)]

    server.delay_s = 0.05
    with pytest.raises(ZeroDivisionError):
        make_client(concurrency=2).ask_many(replace(task, check=fails_for_three), items(12))
    answers = make_client().ask_many(task, items(12))
    assert [answer.outcome for answer in answers] == ["cached"] * 3 + ["ok"] + ["cached"] * 8


@pytest.mark.parametrize("fault", [status(500), status(503), status(529), TRUNCATED, RESET, HTML])
def test_a_passing_failure_is_repeated(make_client, task, server, fault):
    server.faults.append(fault)
    client = make_client()
    (answer,) = client.ask_many(task, items(1))
    assert answer.outcome == "retried"
    assert [seen.model for seen in server.seen] == ["small", "small"]
    assert not server.seen[1].is_retry
    assert outcomes(client) == ["failed", "retried"]


def test_a_failure_that_does_not_pass_is_repeated_a_bounded_number_of_times_then_the_remote_answers(
    make_client, task, server
):
    server.fault_for = lambda seen: status(503) if seen.model == "small" else None
    (answer,) = make_client().ask_many(task, items(1))
    assert answer.outcome == "fallback"
    assert 2 <= [seen.model for seen in server.seen].count("small") <= 4


def test_retry_after_is_honoured_by_all_requests(make_client, task, server):
    server.faults.append(status(429, retry_after=1))
    client = make_client(concurrency=1)
    answers = client.ask_many(task, items(3))
    assert {answer.reply is not None for answer in answers} == {True}
    assert server.seen[1].began - server.seen[0].ended >= 1.0


def test_a_retry_after_longer_than_the_timeout_goes_to_the_remote_model_at_once(make_client, task, server):
    server.fault_for = lambda seen: status(429, retry_after=3600) if seen.model == "small" else None
    began = time.monotonic()
    (answer,) = make_client(timeout_s=60.0).ask_many(task, items(1))
    assert answer.outcome == "fallback"
    assert time.monotonic() - began < 30
    assert [seen.model for seen in server.seen] == ["small", "big"]


def test_429_for_ever_ends(make_client, task, server):
    server.fault_for = lambda _seen: status(429, retry_after=0)
    (answer,) = make_client().ask_many(task, items(1))
    assert "rate limit (429)" in answer.failure_reason
    assert len(server.seen) <= 8


@pytest.mark.parametrize("fault", [HANG, DRIP])
def test_a_model_that_never_answers_ends_by_the_timeout(make_client, task, server, fault):
    server.fault_for = lambda seen: fault if seen.model == "small" else None
    began = time.monotonic()
    (answer,) = make_client(timeout_s=1.0).ask_many(task, items(1))
    assert answer.outcome == "fallback"
    assert 0.9 <= time.monotonic() - began < 30
    assert [seen.model for seen in server.seen] == ["small", "big"]


def test_a_day_of_requests_does_not_wait_for_a_dead_model_one_by_one(make_client, task, server):
    server.fault_for = lambda seen: HANG if seen.model == "small" else None
    answers = make_client(timeout_s=1.0, concurrency=4).ask_many(task, items(40))
    assert {answer.outcome for answer in answers} == {"fallback"}
    # Those that waited in vain, and those that were under way when the last of them had.
    waited = sum(seen.model == "small" for seen in server.seen)
    assert SILENCES_UNTIL_DOWN <= waited < SILENCES_UNTIL_DOWN + 4


def test_a_server_that_is_not_there_names_the_setting(tmp_path, make_client, task, server):
    server.__exit__()
    (answer,) = make_client().ask_many(task, items(1))
    assert "is a server running at LLM_LOCAL_BASE_URL?" in answer.failure_reason
    server.__enter__()


@pytest.mark.parametrize(
    ("code", "named"),
    [(401, "LLM_LOCAL_API_KEY"), (403, "LLM_LOCAL_API_KEY"), (404, "LLM_LOCAL_MODEL"), (400, "refused (400)")],
)
def test_a_permanent_failure_is_not_repeated_and_names_what_to_change(make_client, task, server, code, named):
    server.fault_for = lambda _seen: status(code)
    (answer,) = make_client(LOCAL, LOCAL).ask_many(task, items(1))
    assert len(server.seen) == 1
    assert named in answer.failure_reason


@pytest.mark.parametrize(
    ("model", "named"), [("nonsense", "LLM_LOCAL_MODEL"), ("openai/gpt-4o-mini", "LLM_LOCAL_API_KEY")]
)
def test_a_model_that_cannot_be_called_at_all_names_the_setting(tmp_path, task, model, named):
    route = open_route(Endpoint(model, "LOCAL"), Endpoint(model, "REMOTE"), None)
    client = ModelClient(route, state_path=tmp_path / "llm.sqlite", run_id="run")
    (answer,) = client.ask_many(task, items(1))
    assert named in answer.failure_reason
    assert client.totals.calls == 1


def test_a_model_that_refuses_every_request_is_not_asked_two_hundred_times(make_client, task, server):
    server.fault_for = lambda seen: status(401) if seen.model == "small" else None
    answers = make_client(concurrency=4).ask_many(task, items(60))
    assert {answer.outcome for answer in answers} == {"fallback"}
    assert [seen.model for seen in server.seen].count("small") <= 8


def test_secrets_and_addresses_do_not_reach_the_wire(make_client, task, server):
    request = ModelRequest({"item": 0, "text": "write to jane.doe@example.org", "deep": [{"t": "from 10.20.30.40"}]})
    client = make_client()
    (answer,) = client.ask_many(task, [request])
    sent = json.dumps(server.seen[0].body)
    assert "jane.doe" not in sent
    assert "10.20.30.40" not in sent
    assert sum(answer.redacted.values()) == 2
    assert sum(client.totals.redacted.values()) == 2


def test_keys_are_in_no_message_and_in_no_file(make_client, task, server, tmp_path, capfd, caplog):  # noqa: PLR0917
    server.fault_for = lambda seen: status(401, text='{"error": {"message": "bad key sk-the-secret-key"}}')
    client = make_client()
    (answer,) = client.ask_many(task, items(1))
    assert server.seen[0].headers["authorization"] == "Bearer sk-the-secret-key"
    assert "bad key ***" in answer.failure_reason
    client.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"the-secret-key" not in written
    assert b"bad key" in written
    assert "the-secret-key" not in "".join(capfd.readouterr()) + caplog.text
    assert "the-secret-key" not in repr(client._conversations)


def test_a_server_without_a_key_works(make_client, task):
    assert make_client(api_key=None).ask_many(task, items(1))[0].outcome == "ok"


def test_no_more_calls_are_under_way_than_allowed(make_client, task, server):
    # The first three wait for each other; were only two made at once, they would wait for ever.
    server.is_held = lambda _seen: server.max_in_flight < 3
    make_client(concurrency=3).ask_many(task, items(15))
    assert server.max_in_flight == 3


def test_no_more_calls_a_minute_are_started_than_allowed(make_client, task, server):
    make_client(requests_per_minute=600).ask_many(task, items(15))
    began = sorted(seen.began for seen in server.seen)
    assert began[-1] - began[0] >= 1.1


def test_the_limits_hold_over_callers_in_several_threads(make_client, task, server):
    server.is_held = lambda _seen: server.max_in_flight < 2
    client = make_client(concurrency=2)
    batches = [[ModelRequest({"item": batch * 10 + index}) for index in range(4)] for batch in range(3)]
    threads = [threading.Thread(target=client.ask_many, args=(task, batch)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.seen) == 12
    assert server.max_in_flight == 2


def test_it_works_inside_a_running_loop(make_client, task):
    async def main():
        return make_client().ask_many(task, items(2))

    assert [answer.outcome for answer in asyncio.run(main())] == ["ok", "ok"]


def test_a_decision_is_a_forced_tool_call(make_client, colour_task, server):
    (answer,) = make_client().ask_many(colour_task(kind="tool", tool_name="choose_colour"), items(1))
    assert answer.reply.item == 0
    body = server.seen[0].body
    assert body["tool_choice"] == {"type": "function", "function": {"name": "choose_colour"}}
    assert body["tools"][0]["function"]["parameters"]["required"] == ["name", "item"]


def test_invalid_arguments_of_a_tool_are_asked_again(make_client, colour_task, server):
    server.faults.append(tool_arguments('{"name": "blue", '))
    (answer,) = make_client().ask_many(colour_task(kind="tool"), items(1))
    assert answer.outcome == "retried"
    assert "cut off" in server.seen[1].messages[3]["content"]


def test_a_server_that_refuses_json_object_is_asked_with_a_schema(make_client, task, server):
    def no_json_object(seen):
        if seen.body.get("response_format", {}).get("type") == "json_object":
            return status(400, text='{"error": {"message": "\'response_format.type\' must be \'json_schema\'"}}')
        return None

    server.fault_for = no_json_object
    client = make_client(concurrency=2)
    answers = client.ask_many(task, items(6))
    assert all(answer.reply for answer in answers)
    schema = server.seen[-1].body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["name", "item"]
    assert "maxLength" not in json.dumps(schema)
    assert sum(seen.body["response_format"]["type"] == "json_object" for seen in server.seen) <= 2


def test_a_payload_with_its_own_task_is_refused(make_client, task):
    with pytest.raises(ValueError, match="task"):
        make_client().ask_many(task, [ModelRequest({"task": "other"})])


def test_no_requests_give_no_answers(make_client, task):
    assert make_client().ask_many(task, []) == []


def test_the_sums_of_the_warehouse_are_those_of_the_server(make_client, task, server, tmp_path):
    server.faults.extend([WRONG, CUT_OFF])
    client = make_client()
    client.ask_many(task, items(5))
    client.ask_many(task, items(5))
    from painpoint_platform.cli.llm import costs_of
    from painpoint_platform.paths import bundled

    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute((bundled("dbt_like_sql") / "migrations" / "0001_operations.sql").read_text())
        assert client.drain(connection) == len(server.seen) + 5
        client.forget_drained()
        (row,) = costs_of(connection).to_dicts()
    assert (row["call_count"], row["cached_count"], row["failed_count"]) == (len(server.seen), 5, 2)
    assert row["completion_tokens"] == sum(seen.completion_tokens for seen in server.seen)
    assert row["cost_usd"] is None
    assert spooled_calls(client.state) == []


@pytest.mark.parametrize(
    ("local", "remote", "setting", "expected"),
    [
        ("openai/gpt-4o", "openai/gpt-4o", 0, 128_000),
        ("openai/gpt-4o", "openai/unknown", 0, 32_768),
        ("ollama_chat/unknown", "embedded/v1", 0, 8192),
        ("nonsense", "nonsense", 0, 32_768),
        ("openai/gpt-4o", "openai/unknown", 32_000, 32_000),
        ("embedded/v1", "embedded/v1", 32_000, None),
    ],
)
def test_the_context_is_that_of_the_model_that_takes_the_fewest_tokens(tmp_path, local, remote, setting, expected):
    endpoints = [
        Endpoint(model, role, context_tokens=setting) for model, role in ((local, "LOCAL"), (remote, "REMOTE"))
    ]
    client = ModelClient(open_route(*endpoints, None), state_path=tmp_path / "llm.sqlite", run_id="run")
    assert client.context_tokens == expected


def test_ollama_is_told_how_much_context_to_make_room_for(task, make_client, server):
    make_client("ollama_chat/small", "ollama_chat/small").ask_many(task, [ModelRequest({"item": "sky"})])
    assert server.seen[0].body["options"]["num_ctx"] == 8192
