"""Searches stop in time, and go on where they were killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from painpoint_platform.errors import UserError
from painpoint_platform.perception.learning.search import Candidate, Family, SearchResult, search
from painpoint_platform.perception.settings_file import Interval

BOWL = Family("bowl", {"x": Interval(low=-2, high=2)}, {"x": 1.5})
STEPS = Family("steps", {"n": Interval(low=1, high=50, whole=True, logarithmic=True)}, {"n": 40})


def error(candidate: Candidate) -> float:
    if candidate.family == "bowl":
        return 1 + (candidate.params["x"] - 0.3) ** 2
    return 1.5 + candidate.params["n"] / 100


def run(trials: int, storage: Path | None = None, patience: int = 1000, least_gain: float = 0.005) -> SearchResult:
    return search(
        error,
        [BOWL, STEPS],
        name="test",
        trials=trials,
        patience=patience,
        least_gain=least_gain,
        storage=storage,
    )


def choices(result: SearchResult) -> list[Candidate]:
    return [trial.candidate for trial in result.trials]


def test_the_defaults_of_every_family_come_first() -> None:
    assert choices(run(1)) == [Candidate("bowl", {"x": 1.5}), Candidate("steps", {"n": 40})]


def test_a_search_comes_closer_and_knows_the_best_of_each_family() -> None:
    result = run(30)
    assert result.best.value < 1.1
    assert result.best == result.best_of("bowl")
    assert result.best_of("steps").value >= 1.5
    assert all(1 <= one.params["n"] <= 50 for one in choices(result) if one.family == "steps")


def test_the_same_seed_makes_the_same_trials() -> None:
    assert choices(run(12)) == choices(run(12))


def test_patience_ends_a_search_without_gains() -> None:
    result = run(500, patience=12, least_gain=0.9)
    assert result.stopped_early
    assert len(result.trials) == 2 + 12


def test_progress_counts_trials() -> None:
    told: list[tuple[int, int | None]] = []
    search(
        error,
        [BOWL],
        name="t",
        trials=3,
        patience=9,
        least_gain=0,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_finished_search_is_not_made_again(tmp_path: Path) -> None:
    first = run(6, tmp_path / "trials.db")
    again = run(6, tmp_path / "trials.db")
    assert (first.taken_up, again.taken_up) == (0, 6)
    assert again.trials == first.trials


def test_searches_of_different_names_share_a_file_and_no_trials(tmp_path: Path) -> None:
    storage = tmp_path / "trials.db"
    run(4, storage)
    other = search(error, [BOWL], name="other", trials=2, patience=9, least_gain=0, storage=storage)
    assert other.taken_up == 0


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from painpoint_platform_tests.perception.learning import test_search
begun = []
def slow(candidate):
    begun.append(candidate)
    print("trial", flush=True)
    if len(begun) == 6:
        time.sleep(600)
    return test_search.error(candidate)
test_search.search(slow, [test_search.BOWL, test_search.STEPS], name="test", trials=40, patience=1000,
                   least_gain=0.005, storage=Path({storage!r}))
"""


def test_a_killed_search_goes_on_and_makes_the_trials_of_one_that_was_not_killed(tmp_path: Path) -> None:
    storage = tmp_path / "trials.db"
    code = KILLED.format(root=os.getcwd(), storage=str(storage))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(6):
        assert process.stdout.readline() == "trial\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    resumed = run(12, storage)
    assert resumed.taken_up == 5
    assert choices(resumed) == choices(run(12))
    states = [trial.state for trial in optuna.load_study(study_name="test", storage=f"sqlite:///{storage}").trials]
    assert states.count(TrialState.COMPLETE) == 12
    assert states.count(TrialState.FAIL) == 1  # the one that was killed
    assert TrialState.RUNNING not in states


def test_a_damaged_file_of_trials_is_named(tmp_path: Path) -> None:
    storage = tmp_path / "trials.db"
    storage.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(UserError, match=r"trials\.db.*remove the file"):
        run(3, storage)
