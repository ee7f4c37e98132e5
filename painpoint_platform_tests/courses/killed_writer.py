"""Publishes a run and dies at a chosen step, as often as there are steps: what the kernel kills cleans up nothing.

Started as a process of its own. Everything happens in forked children, one step of the writer further each time: the
child counts what it does to the file system (audit events, so nothing is patched) and kills itself before the step. The
parent itself never uses Polars, whose threads do not survive a fork. Prints, for every step, what a reader finds then
and what the next writer leaves behind.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl

from painpoint_platform.courses.course_clusters import Cluster, CourseClusters
from painpoint_platform.courses.painpoints import PAINPOINT_SCHEMA
from painpoint_platform.courses.run_folder import MANIFEST, run_dir_of
from painpoint_platform.courses.stage2_folder import Stage2Run, finished_stage2_run, write_stage2_run

FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "shutil.copyfile"}


def run_named(run_id: str, artifacts: Path) -> Stage2Run:
    """A run of two courses whose cluster summaries are its run id, so that a mixture shows."""
    courses = tuple(CourseClusters(code, "T", (Cluster(f"{code}_1", run_id, (f"{code}-p",)),)) for code in ("D1", "D2"))
    painpoints = pl.DataFrame(
        [(f"{code}-p", code, "T", run_id, "words", 0.5) for code in ("D1", "D2")], schema=PAINPOINT_SCHEMA, orient="row"
    )
    entries = [
        {"course_code": c.course_code, "status": "ok", "findings": [], "model": "m", "calls": 1, "prompt_tokens": 1,
         "completion_tokens": 1, "cost_usd": None, "latency_s": 0.1}
        for c in courses
    ]  # fmt: skip
    manifest = {"run_id": run_id, "run_slug": "slug", "fingerprint": run_id, "num_failed": 0, "courses": entries}
    return Stage2Run(run_id, "slug", "c", run_dir_of(artifacts, "stage2", "slug"), manifest, courses, painpoints)


def kill_at(step: int, under: Path) -> None:
    """Have this process killed before the ``step``-th thing that it does to files under a folder."""
    seen = 0

    def count(event: str, details: tuple[object, ...]) -> None:
        nonlocal seen
        if event in FILE_EVENTS and any(str(under) in str(detail) for detail in details):
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    sys.addaudithook(count)


def in_child(work: Callable[..., object], *details: object) -> str | None:
    """Do something in a child; return what it returned as JSON, or None where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(work(*details)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), f"a child ended with {status}"
    return told if status == 0 else None


def readable(run_dir: Path) -> list[str]:
    """The run ids that the files of a published folder hold; all the same in a whole run."""
    manifest = json.loads((run_dir / MANIFEST).read_text())
    found = finished_stage2_run(run_dir, manifest["fingerprint"])
    assert found is not None
    texts = [*found.clusters["issue_summary"], *found.painpoints["root_cause_summary"]]
    assert found.clusters.height == found.painpoints.height == 2
    return sorted({manifest["run_id"], *texts})


def publish(artifacts: Path, run_id: str, killed_at: int | None = None) -> None:
    if killed_at is not None:
        kill_at(killed_at, artifacts)
    write_stage2_run(run_named(run_id, artifacts))


def aftermath(artifacts: Path) -> dict[str, object]:
    """What is there after the kill, and after the next writer."""
    run_dir = run_dir_of(artifacts, "stage2", "slug")
    is_there = finished_stage2_run(run_dir, "old") or finished_stage2_run(run_dir, "new")
    hidden = [path.name for path in run_dir.parent.iterdir() if path.name.startswith(".")]
    found = readable(run_dir) if is_there else None
    publish(artifacts, "next")
    return {"found": found, "hidden": hidden, "kept": {path.name: readable(path) for path in run_dir.parent.iterdir()}}


def main(base: Path) -> None:
    outcomes, was_killed, untouched = [], True, base / "untouched"
    in_child(publish, untouched, "old")
    while was_killed:
        artifacts = shutil.copytree(untouched, base / str(len(outcomes)))
        was_killed = in_child(publish, artifacts, "new", len(outcomes)) is None
        outcomes.append({"killed": was_killed, **json.loads(in_child(aftermath, artifacts) or "{}")})
        shutil.rmtree(artifacts)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
