"""kill -9 while a model groups courses, and while it finds themes: the same tables, and no answer is paid for twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from painpoint_platform.cli.app import app
from painpoint_platform.sample.course_feedback import write_sample
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.llm.model_server import ModelServer, Seen

TABLES = (
    "silver.course_painpoints", "gold.course_clusters", "gold.course_cluster_posts", "gold.global_themes",
    "gold.cluster_global_index", "gold.post_global_index", "gold.global_theme_eval",
)  # fmt: skip
# The id carries the second in which a run began.
EXCLUDED = ("run_id",)
PATIENCE_S = 300.0
AT_ONCE = 2


def answer(seen: Seen) -> dict[str, Any]:
    """Put all posts of a course into one cluster, and all clusters of a batch into one theme."""
    asked = seen.user_json
    if asked["task"] == "course_clusters":
        posts = [painpoint["post_id"] for painpoint in asked["painpoints"]]
        cluster = {"cluster_id": f"{asked['course_code']}_1", "issue_summary": "It is unclear.",
                   "num_posts": len(posts), "post_ids": posts}  # fmt: skip
        course = {"course_code": asked["course_code"], "course_title": asked["course_title"],
                  "total_posts": len(posts), "clusters": [cluster]}  # fmt: skip
        return {"courses": [course]}
    theme = {
        "provisional_label": "unclear instructions",
        "normalized_issue_label": "unclear_or_ambiguous_instructions",
        "short_description": "Instructions are unclear.",
        "member_cluster_ids": [cluster["cluster_id"] for cluster in asked["clusters"]],
    }
    return {"global_clusters": [theme], "unassigned_clusters": []}


def arguments(files: tuple[Path, Path]) -> list[str]:
    run = ["courses", "run", "--json", "--artifacts", "artifacts"]
    return [*run, "--predictions", str(files[0]), "--courses", str(files[1])]


def prepare(place: Path, server: ModelServer) -> dict[str, str]:
    """Make the folder of a run and return the settings that lead there."""
    (place / "data").mkdir(parents=True, exist_ok=True)
    if not (place / "data" / "models").exists():
        (place / "data" / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    found = {"DATA_DIR": str(place / "data"), "COURSES_THEME_BATCH_SIZE": "3", "LLM_MAX_CONCURRENCY": str(AT_ONCE)}
    for role in ("LOCAL", "REMOTE"):
        found |= {f"LLM_{role}_MODEL": "openai/tested", f"LLM_{role}_BASE_URL": server.base_url,
                  f"LLM_{role}_API_KEY": "not-a-key"}  # fmt: skip
    return found


def start(place: Path, server: ModelServer, files: tuple[Path, Path]) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    environment |= prepare(place, server) | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "painpoint_platform.cli.app", *arguments(files)]
    return subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip


def run_here(place: Path, server: ModelServer, files: tuple[Path, Path]) -> None:
    """The same run in this process, for one that nobody kills."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DAGSTER_HOME", "of another run")  # so that the one of this run does not stay
        monkeypatch.delenv("DAGSTER_HOME")
        for name, value in prepare(place, server).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(place)
        result = CliRunner().invoke(app, arguments(files), catch_exceptions=False)
    assert result.exit_code == 0, result.output


def answered(server: ModelServer, task: str) -> list[str]:
    """Requests of a task that were answered to the end."""
    return [
        json.dumps(seen.body["messages"])
        for seen in list(server.seen)
        if seen.ended is not None and seen.user_json["task"] == task
    ]


def kill_after(process: "subprocess.Popen[bytes]", server: ModelServer, task: str, calls: int) -> float:
    """End a run in the middle, when so many calls of a task were answered; return when that was."""
    deadline = time.monotonic() + PATIENCE_S
    server.is_held = lambda seen: seen.user_json["task"] == task and len(answered(server, task)) >= calls
    while len(answered(server, task)) < calls:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    server.is_held = lambda _seen: False
    return time.monotonic()


def asked_again(server: ModelServer, died_at: float) -> list[str]:
    """Calls whose answers had arrived when the run died, and that were made again afterwards."""
    calls = sorted((seen.began, json.dumps(seen.body["messages"])) for seen in server.seen)
    before = [call for began, call in calls if began < died_at]
    # A call is begun when the answer of an earlier one has arrived and is kept: only the last are uncertain.
    arrived = set(before[:-AT_ONCE])
    return [call for began, call in calls if began > died_at and call in arrived]


def tables(place: Path) -> str:
    with open_read(place / "data" / "painpoint.duckdb") as connection:
        return export_hash(connection, TABLES, exclude_columns=EXCLUDED)


def test_a_run_that_is_killed_in_both_stages_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    files = write_sample(tmp_path / "in", posts=60, courses=12)
    with ModelServer(answer=answer) as server:
        run_here(tmp_path / "undisturbed", server, files)
        needed = sorted(answered(server, "course_clusters") + answered(server, "global_themes"))
    place = tmp_path / "killed"
    with ModelServer(answer=answer) as server:
        deaths = [
            kill_after(start(place, server, files), server, "course_clusters", 4),
            kill_after(start(place, server, files), server, "global_themes", 2),
        ]
        assert start(place, server, files).wait(PATIENCE_S) == 0
        paid = answered(server, "course_clusters") + answered(server, "global_themes")
        assert [asked_again(server, died_at) for died_at in deaths] == [[], []]
    assert tables(place) == tables(tmp_path / "undisturbed")
    assert sorted(set(paid)) == needed
    runs = list((place / "artifacts").glob("stage*/runs/*"))
    assert len(runs) == 2
    assert not [path for path in (place / "artifacts").rglob(".*") if path.is_file()]
