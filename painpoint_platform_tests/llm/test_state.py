"""Kept answers, the ledger's way into the warehouse, and the budget."""

import sqlite3
import subprocess
import sys
from datetime import datetime

import duckdb
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.llm import background
from painpoint_platform.llm.budget import Budget
from painpoint_platform.llm.cache import AnswerCache, KeptAnswer
from painpoint_platform.llm.ledger import Call, Ledger, forget_spooled, insert_calls, spooled_calls
from painpoint_platform.llm.state import MIGRATIONS, StateFile
from painpoint_platform.llm.tasks import Usage
from painpoint_platform.paths import bundled


def call(number: int, **fields) -> Call:
    called_at = datetime(2025, 1, 6, 12, number)  # noqa: DTZ001 - naive UTC, as in the table
    return Call(f"call-{number}", called_at, "run", "t", "m", "v1", "hash", **fields)


@pytest.fixture
def state(tmp_path):
    opened = StateFile(tmp_path / "deep" / "llm.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def warehouse(tmp_path):
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute((bundled("dbt_like_sql") / "migrations" / "0001_operations.sql").read_text())
        yield connection


def test_rows_arrive_in_the_warehouse_as_they_were_written(state, warehouse):
    written = [
        call(1, prompt_tokens=10, completion_tokens=2, cost_usd=0.5, latency_s=1.25, outcome="ok"),
        call(2, outcome="failed", error="x" * 9000),
    ]
    for row in written:
        Ledger(state).write(row)
    insert_calls(warehouse, spooled_calls(state))
    rows = warehouse.sql("select * from ops.llm_calls order by call_id").pl().to_dicts()
    assert rows[0] == {name: getattr(written[0], name) for name in rows[0]}
    assert len(rows[1]["error"]) == 500
    assert rows[1]["cost_usd"] is None


def test_a_crash_between_commit_and_clean_up_doubles_no_row(state, warehouse):
    for number in range(3):
        Ledger(state).write(call(number))
    insert_calls(warehouse, spooled_calls(state))
    Ledger(state).write(call(3))
    insert_calls(warehouse, spooled_calls(state))
    assert warehouse.sql("select count(*), count(distinct call_id) from ops.llm_calls").pl().row(0) == (4, 4)


def test_a_rolled_back_move_loses_no_row(state, warehouse):
    Ledger(state).write(call(1))
    warehouse.execute("begin")
    insert_calls(warehouse, spooled_calls(state))
    warehouse.execute("rollback")
    assert len(spooled_calls(state)) == 1


def test_a_row_written_during_the_move_stays_in_the_spool(state):
    Ledger(state).write(call(1))
    moved = spooled_calls(state)
    Ledger(state).write(call(2))
    forget_spooled(state, [row.call_id for row in moved])
    assert [row.call_id for row in spooled_calls(state)] == ["call-2"]


def test_nothing_to_move_is_no_error(warehouse):
    insert_calls(warehouse, [])
    assert warehouse.sql("select count(*) from ops.llm_calls").pl().item() == 0


def test_a_damaged_file_is_a_clear_error(tmp_path):
    path = tmp_path / "llm.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(UserError, match=r"llm\.sqlite.*move it away"):
        StateFile(path)


def test_a_file_of_a_newer_version_is_a_clear_error(tmp_path):
    path = tmp_path / "llm.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(UserError, match="newer version"):
        StateFile(path)


def test_a_failed_transaction_leaves_nothing(state):
    with pytest.raises(sqlite3.IntegrityError), state.write():
        [Ledger(state).write(call(number)) for number in (1, 2, 1)]
    assert spooled_calls(state) == []


# The file as its first version made it.
VERSION_1 = """
create table answers (
    key            text primary key,
    task           text not null,
    model          text not null,
    prompt_version text not null,
    reply          text not null,
    created_at     text not null
) without rowid;
create table spooled_calls (
    call_id           text primary key,
    called_at         text not null,
    run_id            text,
    task              text not null,
    model             text not null,
    prompt_version    text not null,
    input_hash        text not null,
    prompt_tokens     integer,
    completion_tokens integer,
    cost_usd          real,
    latency_s         real,
    outcome           text not null,
    error             text
) without rowid;
create table spending (
    call_id text primary key,
    run_id  text not null,
    usd     real not null
) without rowid;
create index spending_by_run on spending (run_id);
insert into answers values ('k', 'colour', 'openai/small', 'v1', '{"name":"blue","item":0}', '2025-01-06T12:00:00');
insert into spooled_calls (call_id, called_at, task, model, prompt_version, input_hash, outcome)
values ('call-1', '2025-01-06 12:00:00', 'colour', 'openai/small', 'v1', 'h', 'ok');
insert into spending values ('call-1', 'run', 0.8);
pragma user_version = 1;
"""


@pytest.fixture
def version_1(tmp_path):
    path = tmp_path / "llm.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
    connection.close()
    return path


def schema(path):
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        found = {table: sorted(connection.execute(f"pragma table_info({table})").fetchall()) for table in tables}
        version = connection.execute("pragma user_version").fetchone()[0]
    connection.close()
    return version, {table: {column[1:] for column in columns} for table, columns in found.items()}


def test_a_file_of_the_first_version_loses_nothing_and_becomes_what_a_new_file_is(version_1, tmp_path):
    state = StateFile(version_1)
    assert AnswerCache(state).get("k") == KeptAnswer({"name": "blue", "item": 0}, Usage())
    assert [row.call_id for row in spooled_calls(state)] == ["call-1"]
    assert not reserve(Budget(state, "run", 1.0), "b", 0.3)
    state.close()
    StateFile(tmp_path / "new.sqlite").close()
    assert schema(version_1) == schema(tmp_path / "new.sqlite")


def test_a_migration_that_fails_leaves_the_file_as_it_was(version_1, monkeypatch):
    before = schema(version_1)
    monkeypatch.setattr("painpoint_platform.llm.state.MIGRATIONS", (*MIGRATIONS, ("nonsense",)))
    monkeypatch.setattr("painpoint_platform.llm.state.SCHEMA_VERSION", len(MIGRATIONS) + 1)
    with pytest.raises(UserError, match="nonsense"):
        StateFile(version_1)
    assert schema(version_1) == before


WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from painpoint_platform.llm.ledger import Call, Ledger
from painpoint_platform.llm.state import StateFile
ledger = Ledger(StateFile(Path(sys.argv[1])))
for number in range(100):
    ledger.write(Call(f"{sys.argv[2]}-{number}", datetime(2025, 1, 6), None, "t", "m", "v1", "h"))
"""


@pytest.mark.parametrize("found", ["nothing", "version_1"])
def test_several_processes_open_the_same_new_or_old_file(tmp_path, request, found):
    path = tmp_path / "llm.sqlite"
    if found == "version_1":
        request.getfixturevalue(found)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(number)]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(spooled_calls(StateFile(path))) == 400 + (found == "version_1")


def reserve(budget, call_id, usd):
    return background.start(budget.reserve(call_id, usd)).result(5)


def end(budget, call_id, usd, cost):
    budget.book(call_id, cost)
    background.start(budget.settle(usd)).result(5)


def test_the_budget_stops_before_the_limit(state):
    budget = Budget(state, "run", 1.0)
    assert reserve(budget, "a", 0.6)
    end(budget, "a", 0.6, 0.5)
    assert not reserve(budget, "b", 0.6)
    assert reserve(budget, "c", 0.5)


def test_a_call_waits_for_those_under_way_instead_of_being_refused(state):
    budget = Budget(state, "run", 1.0)
    assert reserve(budget, "a", 0.9)
    waiting = background.start(budget.reserve("b", 0.9))
    with pytest.raises(TimeoutError):
        waiting.result(0.2)
    end(budget, "a", 0.9, 0.01)
    assert waiting.result(5)


def test_the_budget_is_the_runs_and_not_the_clients(state):
    assert reserve(Budget(state, "run", 1.0), "a", 0.8)
    assert not reserve(Budget(state, "run", 1.0), "b", 0.8)
    assert reserve(Budget(state, "another run", 1.0), "c", 0.8)


def test_a_call_that_may_have_been_billed_counts_in_full(state):
    budget = Budget(state, "run", 1.0)
    assert reserve(budget, "a", 0.8)
    end(budget, "a", 0.8, None)
    assert not reserve(budget, "b", 0.3)


def test_a_call_without_a_known_price_is_allowed(state):
    assert reserve(Budget(state, "run", 0.0), "a", None)
    assert not reserve(Budget(state, "run", 0.0), "b", 0.01)
