"""Processes: a dead one is known for dead, also when its number is used again."""

import subprocess
import sys

from painpoint_platform import processes


def test_this_process_is_alive() -> None:
    assert processes.is_alive(processes.own())


def test_a_process_that_ended_is_dead() -> None:
    code = "from painpoint_platform import processes; print(processes.own())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert not processes.is_alive(name)


def test_a_number_that_is_used_again_is_another_process() -> None:
    host, pid, started = processes.own().rsplit(":", 2)
    assert not processes.is_alive(f"{host}:{pid}:{int(started) - 1}")


def test_what_runs_on_another_machine_counts_as_alive() -> None:
    assert processes.is_alive("another-machine:1:1")
