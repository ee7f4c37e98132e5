"""A run that asks a model on loopback: faults, money, credentials, and a process that dies."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from painpoint_platform.llm import transport
from painpoint_platform.llm.client import Limits, ModelClient
from painpoint_platform.llm.endpoints import Access, Endpoint, open_route
from painpoint_platform.llm.ledger import spooled_calls
from painpoint_platform.transcripts.evaluation import Grouping, evaluate, read_groups
from painpoint_platform.transcripts.paired_calls import Pairer
from painpoint_platform.transcripts.qa_run import run_file
from painpoint_platform_tests.llm.model_server import HANG, Fault, ModelServer, Seen, content, tool_arguments
from painpoint_platform_tests.llm.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer
from painpoint_platform_tests.transcripts.made_calls import exchange, records_of, write_calls

ANALYSTS = ("Ann Lee", "Bob Ray", "Cy Orr")
CALLS = 4
# Question, answer, follow-up and its answer of each analyst.
SPOKEN = CALLS * len(ANALYSTS) * 4
# Blocks of different calls have different ids, so that a server that sees one block knows which call it is of.
BLOCKS_A_CALL = 100


def calls() -> list[list[dict[str, Any]]]:
    made = []
    for number in range(CALLS):
        turns = [turn for analyst in ANALYSTS for turn in exchange(analyst, follow_ups=1)]
        records = records_of(f"call {number}", turns)
        for record in records:
            record["speaker_block_id"] += number * BLOCKS_A_CALL
        made.append(records)
    return made


def truth(made: list[list[dict[str, Any]]]) -> Grouping:
    """The operator opens each exchange."""
    groups: dict[str, dict[str, str | None]] = {}
    for records in made:
        number = 0
        blocks = groups.setdefault(records[0]["filename"], {})
        for record in records[1:]:
            is_operator = record["speaker"] == "Operator"
            number += is_operator
            blocks[str(record["speaker_block_id"])] = None if is_operator else str(number)
    return groups


def answers(reference: Grouping) -> Callable[[Seen], dict[str, Any]]:
    """A model that knows the reference."""
    group_of = {block: group for blocks in reference.values() for block, group in blocks.items()}

    def answer(seen: Seen) -> dict[str, Any]:
        block = seen.user_json["current_block"]["speaker_block_id"]
        group = group_of[str(block)]
        status = "group_continue" if seen.user_json["state"]["group_active"] else "group_start"
        if status == "group_continue" and group_of.get(str(block + 1)) != group:
            status = "group_end"
        return {
            "current_block_id": block,
            "group_status": "standalone" if group is None else status,
            "confidence_score": 0.95,
            "reasoning": "the analyst's turn",
        }

    return answer


@pytest.fixture
def made() -> list[list[dict[str, Any]]]:
    return calls()


@pytest.fixture
def server(made) -> Iterator[ModelServer]:
    with ModelServer(answer=answers(truth(made))) as running:
        yield running


@pytest.fixture
def make_client(tmp_path, server, monkeypatch) -> Iterator[Callable[..., ModelClient]]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    clients = []

    def make(state: str = "llm.sqlite", access: Access | None = None, **limits: Any) -> ModelClient:
        clients.append(open_client(server.base_url, tmp_path / state, access, **limits))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def open_client(base_url: str, state: Path, access: Access | None = None, **limits: Any) -> ModelClient:
    from painpoint_platform.llm.litellm_model import litellm_module

    price = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "litellm_provider": "openai", "mode": "chat"}
    litellm_module().register_model({f"openai/{name}": price | {"max_tokens": 4096} for name in ("small", "big")})
    key = None if access else "sk-the-secret-key"
    endpoints = (Endpoint("openai/small", "LOCAL", base_url, key), Endpoint("openai/big", "REMOTE", base_url, key))
    route = open_route(*endpoints, lambda: pytest.fail("nothing is embedded here"), access)
    return ModelClient(route, state_path=state, run_id="run", limits=Limits(**({"timeout_s": 10.0} | limits)))


def run(made, folder: Path, client: ModelClient, **options):
    folder.mkdir(exist_ok=True)
    path = write_calls(folder / "in.json", *made)
    return run_file(path, folder / "out", **({"client": client, "mode": "always", "margin": 0.5} | options))


def errors(folder: Path, kind: str):
    return json.loads((folder / "out" / f"stage_5_{kind}_errors.json").read_bytes())


def asked_blocks(server: ModelServer, *, since: int = 0) -> list[int]:
    return [seen.user_json["current_block"]["speaker_block_id"] for seen in server.seen[since:]]


def test_the_model_decides_every_block_but_operators(tmp_path, made, server, make_client):
    report = run(made, tmp_path, make_client())
    scores = evaluate(read_groups(report.output), truth(made)).overall
    assert (scores.pairwise_f1, scores.exact_groups) == (1, 1)
    spoken = [block for blocks in truth(made).values() for block, group in blocks.items() if group]
    assert sorted(asked_blocks(server)) == sorted(map(int, spoken))
    assert report.summary.total.groups_by_method == {"llm_detection": CALLS * len(ANALYSTS)}
    assert not report.has_findings


def test_summary_and_ledger_are_what_the_server_counted(tmp_path, made, server, make_client):
    server.fault_for = lambda seen: content("no JSON") if is_tenth(seen) and not seen.is_retry else None
    client = make_client()
    report = run(made, tmp_path, client)
    found = json.loads((tmp_path / "out" / "execution_summary.json").read_bytes())
    rows = spooled_calls(client.state)
    prompt_tokens, completion_tokens = (
        sum(getattr(seen, name) for seen in server.seen) for name in ("prompt_tokens", "completion_tokens")
    )
    cost = prompt_tokens * 1e-6 + completion_tokens * 2e-6
    assert len(rows) == len(server.seen) == found["total"]["model_calls"] == found["paid_now"]["model_calls"]
    assert len(server.seen) > SPOKEN  # rejected replies are calls of their own
    assert found["total"]["prompt_tokens"] == prompt_tokens == sum(row.prompt_tokens for row in rows)
    assert found["total"]["completion_tokens"] == completion_tokens == sum(row.completion_tokens for row in rows)
    assert found["total"]["cost_usd"] == pytest.approx(cost) == pytest.approx(sum(row.cost_usd for row in rows))
    assert sum(one["cost_usd"] for one in found["transcripts"]) == pytest.approx(cost)
    assert found["average"]["cost_usd"] == pytest.approx(cost / CALLS, abs=1e-6)
    assert report.summary.models == ("openai/small", "openai/big")


def is_tenth(seen: Seen) -> bool:
    """A tenth of the blocks, the same ones whenever and however they are asked about."""
    return seen.user_json["current_block"]["speaker_block_id"] * 7 % 10 == 0


def wrong_state(seen: Seen) -> Fault:
    block = seen.user_json["current_block"]["speaker_block_id"]
    wrong = "group_start" if seen.user_json["state"]["group_active"] else "group_continue"
    reply = {"current_block_id": block, "group_status": wrong, "confidence_score": 0.9, "reasoning": "wrong"}
    return tool_arguments(json.dumps(reply))


def test_a_tenth_of_faulty_decisions_costs_almost_nothing(tmp_path, made, server, make_client):
    """Each faulty block fails also when asked again, and at the model that stands in: the worst case."""
    kinds: list[Callable[[Seen], Fault]] = [
        wrong_state,
        lambda _: tool_arguments('{"current_block_id": '),
        lambda _: HANG,
    ]
    faulty: dict[int, Callable[[Seen], Fault]] = {}

    def fault_for(seen: Seen) -> Fault | None:
        if not is_tenth(seen):
            return None
        block = seen.user_json["current_block"]["speaker_block_id"]
        return faulty.setdefault(block, kinds[len(faulty) % len(kinds)])(seen)

    server.fault_for = fault_for
    client = make_client(timeout_s=1.0)
    report = run(made, tmp_path, client)
    scores = evaluate(read_groups(report.output), truth(made)).overall
    assert len(faulty) >= SPOKEN // 12
    assert scores.pairwise_f1 >= 0.99
    assert scores.exact_groups >= 0.99
    assert len(spooled_calls(client.state)) == len(server.seen)
    filed = {
        (kind, entry["speaker_block_id"]) for kind in ("validation", "boundary") for entry in errors(tmp_path, kind)
    }
    is_late = {block: make is kinds[2] for block, make in faulty.items()}
    assert filed == {("boundary" if late else "validation", block) for block, late in is_late.items()}
    assert report.has_findings


def test_only_what_failed_is_asked_again_by_the_next_run(tmp_path, made, server, make_client, monkeypatch):
    monkeypatch.setattr(transport, "FIRST_BACKOFF_S", 0.02)
    server.fault_for = lambda seen: Fault("status", 500) if asked(seen) == 104 else None
    client = make_client()
    assert run(made, tmp_path, client).has_findings
    before = len(server.seen)
    server.fault_for = lambda _: None
    report = run(made, tmp_path, client)
    assert asked_blocks(server, since=before) == [104]
    assert (report.summary.reused, report.has_findings) == (CALLS - 1, False)
    assert report.summary.paid_now["model_calls"] == 1
    # What the transcripts cost is known also for those that were paid for before.
    assert report.summary.total.model_calls >= SPOKEN
    assert errors(tmp_path, "boundary") == []


def asked(seen: Seen) -> int:
    return seen.user_json["current_block"]["speaker_block_id"]


def test_in_auto_only_what_the_rules_are_unsure_of_is_asked(tmp_path, made, server, make_client):
    client = make_client()
    assert run(made, tmp_path, client, mode="auto", margin=0.0).summary.total.blocks_asked == len(server.seen) == 0
    report = run(made, tmp_path, client, mode="auto", margin=0.999)
    assert 0 < report.summary.total.blocks_asked == len(server.seen) < SPOKEN
    # The margin is one of the settings that a finished transcript depends on.
    assert report.summary.reused == 0


def test_a_client_that_is_refused_a_token_leaves_the_groups_to_the_rules(tmp_path, made, server, make_client):
    with TokenServer() as tokens:
        access = Access(token_endpoint=tokens.url, client_id=CLIENT_ID, client_secret="a wrong secret")
        report = run(made, tmp_path, make_client(access=access))
        assert server.seen == []
        found = errors(tmp_path, "authentication")
        assert [entry["transcript"] for entry in found] == [f"call {number}" for number in range(CALLS)]
        assert "LLM_CLIENT_SECRET" in found[0]["what_to_do"]
        assert "a wrong secret" not in str(found)
        assert report.has_findings
        assert report.summary.total.groups_by_method == {"rule_detection": CALLS * len(ANALYSTS)}
        assert evaluate(read_groups(report.output), truth(made)).overall.exact_groups == 1

        access = Access(token_endpoint=tokens.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        issued = len(tokens.issued)
        again = run(made, tmp_path, make_client("other.sqlite", access))
        assert (again.summary.reused, again.has_findings) == (0, False)
        assert len(tokens.issued) > issued
        assert errors(tmp_path, "authentication") == []


def test_each_transcript_begins_with_a_fresh_token(tmp_path, made, make_client, monkeypatch):
    with TokenServer() as tokens:
        access = Access(token_endpoint=tokens.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        monkeypatch.setattr("painpoint_platform.transcripts.qa_run.CONCURRENT_CALLS", 1)
        run(made, tmp_path, make_client(access=access))
        assert len(tokens.issued) == CALLS


KILLED = """
import sys
from pathlib import Path
from painpoint_platform_tests.transcripts.test_qa_run_with_a_model import open_client
from painpoint_platform.transcripts import qa_run
client = open_client(sys.argv[2], Path(sys.argv[1]) / "llm.sqlite")
qa_run.CONCURRENT_CALLS = 2
qa_run.run_file(Path(sys.argv[1]) / "in.json", Path(sys.argv[1]) / "out", client=client, mode="always", margin=0.5,
                progress=lambda done, total: print(done, flush=True))
"""


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, made, server, make_client):
    whole = run(made, tmp_path / "undisturbed", make_client("undisturbed.sqlite"))
    server.seen.clear()
    killed = Event()
    server.is_held = lambda seen: asked_call(seen) >= 2 and not killed.is_set()
    write_calls(tmp_path / "in.json", *made)
    command = [sys.executable, "-c", KILLED, str(tmp_path), server.base_url]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if int(line) >= 2:
            os.kill(first.pid, signal.SIGKILL)
            break
    first.wait(10)
    killed.set()
    first.stdout.close()
    assert not (tmp_path / "out" / whole.output.name).exists()
    finished = {json.loads(path.read_bytes())["call"]["pairing"]["transcript"] for path in finished_files(tmp_path)}
    assert 2 <= len(finished) < CALLS
    before = len(server.seen)
    client = make_client()
    report = run(made, tmp_path, client)
    assert records(report.output) == records(whole.output)
    assert report.summary.reused == len(finished)
    again = {f"call {block // BLOCKS_A_CALL}" for block in asked_blocks(server, since=before)}
    assert again.isdisjoint(finished)
    # Nothing is paid for twice but what was under way when the process died.
    assert len(server.seen) <= SPOKEN + 2
    assert report.summary.total.model_calls == SPOKEN


def finished_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "out" / ".finished").iterdir() if path.suffix == ".json"]


def records(path: Path):
    return json.loads(path.read_bytes())["records"]


def test_an_interrupted_run_stops_asking(tmp_path, made, server, make_client, monkeypatch):
    monkeypatch.setattr("painpoint_platform.transcripts.qa_run.CONCURRENT_CALLS", 2)
    stopped = Event()
    stop = Pairer.stop
    monkeypatch.setattr(Pairer, "stop", lambda pairer: (stop(pairer), stopped.set()))
    # Only the first call is answered until the run is told to stop.
    server.is_held = lambda seen: asked_call(seen) > 0 and not stopped.is_set()

    def interrupt(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(made, tmp_path, make_client(timeout_s=60.0), progress=interrupt)
    # The second call was under way, perhaps the third had begun: their first question is their last.
    asked = Counter(map(asked_call, server.seen))
    assert asked.pop(0) == SPOKEN / CALLS
    assert asked in (Counter([1]), Counter([1, 2]))
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")] == []


def asked_call(seen: Seen) -> int:
    return seen.user_json["current_block"]["speaker_block_id"] // BLOCKS_A_CALL
