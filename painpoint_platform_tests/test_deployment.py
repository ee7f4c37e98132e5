"""The files that deploy the platform: compose, Dagster's instances, make."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from painpoint_platform.paths import bundled
from painpoint_platform.settings import setting_names

ROOT: Path = bundled("docker-compose.yml").parent


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_compose_runs_the_five_services_and_keeps_their_data() -> None:
    compose = read("docker-compose.yml")
    assert set(compose["services"]) == {"webserver", "daemon", "postgres", "pocketbase", "ollama"}
    for name, service in compose["services"].items():
        assert service["restart"] == "unless-stopped", name
        for mount in service["volumes"]:
            assert mount.split(":")[0] in compose["volumes"], name
        for needed in service.get("depends_on", {}):
            assert "healthcheck" in compose["services"][needed], f"{name} waits for {needed}"


def test_compose_opens_no_port_to_the_outside_and_holds_no_secret() -> None:
    compose = read("docker-compose.yml")
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert value.startswith("${"), name


def test_compose_sets_only_settings_that_exist() -> None:
    environment = read("docker-compose.yml")["services"]["daemon"]["environment"]
    foreign = {name for name in environment if name.startswith(("DAGSTER_", "OLLAMA_"))}
    assert set(environment) - foreign <= setting_names()


def test_compose_keeps_all_that_the_platform_writes_in_volumes_that_both_processes_see() -> None:
    services = read("docker-compose.yml")["services"]
    assert services["daemon"]["volumes"] == services["webserver"]["volumes"]
    mounted = [Path(mount.split(":")[1]) for mount in services["daemon"]["volumes"]]
    environment = services["daemon"]["environment"]
    step_output = Path(environment["DAGSTER_HOME"]) / "storage"
    for written in (Path(environment["DATA_DIR"]), Path(environment["ARTIFACTS_DIR"]), step_output):
        assert any(written.is_relative_to(volume) for volume in mounted), written


def test_builds_name_files_that_exist() -> None:
    for service in read("docker-compose.yml")["services"].values():
        build = service.get("build")
        if isinstance(build, dict):
            assert (ROOT / build["dockerfile"]).is_file()
        elif build:
            assert (ROOT / build / "Dockerfile").is_file()


def test_the_two_dagster_instances_differ_only_in_their_storage() -> None:
    deployed = read("deploy/dagster.yaml")
    assert "postgres" in deployed.pop("storage")
    assert deployed == read("dagster.yaml")


def test_dagsters_instance_holds_pools_by_op_and_frees_slots_of_ended_runs() -> None:
    instance = read("dagster.yaml")
    assert instance["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert instance["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
    assert instance["telemetry"] == {"enabled": False}
    assert instance["run_retries"]["enabled"]


@pytest.mark.parametrize("own", [None, "instance"])
def test_make_dev_opens_the_instance_of_the_command_line_or_the_readers_own(tmp_path: Path, own: str | None) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {"python": f'exec "{sys.executable}" "$@"', "dagster": 'echo "$DAGSTER_HOME"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    environment |= {"DATA_DIR": str(tmp_path / "live data")} | ({"DAGSTER_HOME": str(tmp_path / own)} if own else {})
    make = ["make", "--silent", "--old-file=install", "dev", f"BIN={programs}"]
    said = subprocess.run(make, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert said.strip() == str(tmp_path / (own or "live data/dagster"))
    assert (tmp_path / "live data" / "dagster" / "dagster.yaml").exists()
