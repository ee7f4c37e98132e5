"""Commands that are stopped: one Ctrl-C ends them, whatever is under way. A place that cannot be written is told."""

import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from painpoint_platform.cli import demo, graph
from painpoint_platform.errors import UserError
from painpoint_platform.jobs import Graph, RunOutcome
from painpoint_platform.sample.corpus import load_corpus
from painpoint_platform.settings import load_settings


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Dagster leaves handlers of its own behind; SIGTERM would then be another for the tests after this one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@dg.asset
def stopped() -> None:
    signal.raise_signal(signal.SIGINT)


DEFINITIONS = dg.Definitions([stopped], jobs=[dg.define_asset_job("stopped_job", selection=[stopped])])


def test_an_interrupted_run_ends_the_command_and_not_only_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(KeyboardInterrupt):
        Graph(DEFINITIONS, instance, graph._tell).run("stopped_job")
    told = " ".join(capsys.readouterr().err.split())
    assert told == "✗ stopped_job was stopped; the same command goes on where it left off"


def test_a_run_that_fails_by_itself_lets_the_command_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    graph._tell(RunOutcome("collect", None, None, "an-id", "the reason", 1.0))
    assert "the reason" in capsys.readouterr().err


def test_a_place_that_dagster_cannot_write_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "taken" / "dagster"))
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match=r"taken/dagster: Dagster cannot keep its runs there \(Not a directory\)"):  # noqa: SIM117
        with graph.open_graph(load_settings(None, data_dir=tmp_path / "data")):
            pass


def test_a_dagster_home_that_dagster_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "some/where")
    with pytest.raises(UserError, match=r"DAGSTER_HOME: found 'some/where', expected an absolute path"):  # noqa: SIM117
        with graph.open_graph(load_settings(None, data_dir=tmp_path / "data")):
            pass


def test_a_demo_whose_runs_failed_says_which_and_looks_for_no_copy(tmp_path: Path) -> None:
    settings = load_settings(None, data_dir=tmp_path)
    failed = [RunOutcome("collect", "2025-01-06|github", None, "an-id", "the disk is full", 1.0)]
    found = demo._result(settings, load_corpus(), [date(2025, 1, 6)], failed, seconds=1.0)
    assert found == {"seconds": 1.0, "days": ["2025-01-06"], "failed": ["collect 2025-01-06|github"]}
