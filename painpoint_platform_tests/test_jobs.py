"""Running jobs for the command line: pools, killed runs, waiting."""

import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import dagster as dg
import pytest
import yaml
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from painpoint_platform import processes
from painpoint_platform.cli.console import say_warnings
from painpoint_platform.jobs import (
    PROCESS_TAG,
    Graph,
    RunOutcome,
    end_runs_of_dead_processes,
    open_instance,
    run_in_process,
)
from painpoint_platform.paths import bundled


@dg.asset(pool="scarce")
def scarce() -> None:
    """An asset that needs a slot."""


DEFINITIONS = dg.Definitions(assets=[scarce], jobs=[dg.define_asset_job("scarce_job")], executor=dg.in_process_executor)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return open_instance(tmp_path)


def killed_run(instance: dg.DagsterInstance, process: str) -> str:
    """Leave things as a run does that was killed in the middle of its step: started, and holding the pool's slot."""
    run = instance.create_run_for_job(DEFINITIONS.resolve_job_def("scarce_job"), tags={PROCESS_TAG: process})
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value="PIPELINE_START", job_name=run.job_name), run_id=run.run_id
    )
    instance.event_log_storage.initialize_concurrency_limit_to_default("scarce")
    assert instance.event_log_storage.claim_concurrency_slot("scarce", run.run_id, "scarce").is_claimed
    return run.run_id


def test_the_instance_lies_in_the_data_folder_with_the_projects_settings(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert (tmp_path / "dagster" / "dagster.yaml").read_text() == bundled("dagster.yaml").read_text()
    assert instance.get_settings("telemetry") == {"enabled": False}


def test_a_killed_run_is_ended_and_gives_its_slot_back(instance: dg.DagsterInstance) -> None:
    killed = killed_run(instance, f"{socket.gethostname()}:999999999:1")
    assert end_runs_of_dead_processes(instance) == [killed]
    run = instance.get_run_by_id(killed)
    assert run
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert run_in_process(DEFINITIONS, "scarce_job", instance=instance).succeeded


def test_a_run_whose_process_lives_is_left_alone(instance: dg.DagsterInstance) -> None:
    running = killed_run(instance, processes.own())
    assert end_runs_of_dead_processes(instance) == []
    run = instance.get_run_by_id(running)
    assert run
    assert run.status == dg.DagsterRunStatus.STARTED


def test_a_run_waits_for_its_pool_without_keeping_a_core_busy(instance: dg.DagsterInstance) -> None:
    holder = killed_run(instance, processes.own())
    timer = Timer(2.5, instance.event_log_storage.free_concurrency_slots_for_run, [holder])
    timer.start()
    wall, cpu = time.monotonic(), time.process_time()
    assert run_in_process(DEFINITIONS, "scarce_job", instance=instance).succeeded
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    timer.join()
    assert wall > 2
    assert cpu < wall / 2


def test_a_failing_run_is_an_outcome_with_its_reason(instance: dg.DagsterInstance) -> None:
    @dg.asset
    def broken() -> None:
        raise ValueError("the reason")

    definitions = dg.Definitions(assets=[broken], jobs=[dg.define_asset_job("broken_job")])
    outcome = run_in_process(definitions, "broken_job", instance=instance)
    assert not outcome.succeeded
    assert outcome.failure
    assert "the reason" in outcome.failure


def test_several_processes_may_be_the_first_to_open_the_instance(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from painpoint_platform.jobs import open_instance\n"
    code += "with open_instance(Path(sys.argv[1])) as instance: instance.get_runs_count()"
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    openers = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [opener.communicate()[1] for opener in openers if opener.wait()] == []


def test_a_run_of_the_command_line_belongs_to_the_jobs_of_the_ui(instance: dg.DagsterInstance) -> None:
    location = yaml.safe_load(bundled("workspace.yaml").read_text())["load_from"][0]["python_module"]["location_name"]
    repository = DEFINITIONS.get_repository_def().name
    outcome = run_in_process(DEFINITIONS, "scarce_job", instance=instance)
    of_the_job = dg.RunsFilter(job_name="scarce_job", tags={REPOSITORY_LABEL_TAG: f"{repository}@{location}"})
    assert [run.run_id for run in instance.get_runs(of_the_job)] == [outcome.run_id]
    assert not [tag for tag in instance.get_runs(of_the_job)[0].tags if not tag.startswith(("dagster/", ".dagster/"))]


def test_what_the_platform_warns_of_is_an_event_of_the_run_and_told_at_the_prompt(
    instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    @dg.asset
    def patient() -> None:
        logging.getLogger("painpoint_platform.issues.collectors.http").warning("GitHub: trying again in 2 s")

    definitions = dg.Definitions(assets=[patient], jobs=[dg.define_asset_job("patiently")])
    say_warnings()
    outcome = run_in_process(definitions, "patiently", instance=instance)
    assert "GitHub: trying again in 2 s" in [event.user_message for event in instance.all_logs(outcome.run_id)]
    assert capsys.readouterr().err.count("trying again") == 1


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (None, None, ""),
        ("2025-01-06", None, "2025-01-06"),
        ("2025-01-06", "2025-01-06", "2025-01-06"),
        ("2025-01-06", "2025-01-08", "2025-01-06 … 2025-01-08"),
    ],
)
def test_an_outcome_names_its_partitions(first: str | None, last: str | None, told: str) -> None:
    assert RunOutcome("issues", first, last, "run", None, 1.0).partitions == told


def test_every_run_of_a_graph_is_told_as_it_ends(instance: dg.DagsterInstance) -> None:
    told: list[RunOutcome] = []
    graph = Graph(DEFINITIONS, instance, told.append)
    outcomes = [graph.run("scarce_job"), graph.run("scarce_job")]
    assert told == outcomes
    assert all(outcome.succeeded for outcome in outcomes)
