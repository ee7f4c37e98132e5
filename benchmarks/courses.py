"""Stage 2 and Stage 3 of a Stage-1 run, with a model that takes two seconds a call and with one that answers at once.

Run ``python -m benchmarks.courses``; ``--predictions`` and ``--courses`` take other files than the sample. Then the run
is killed at several points and started again: the same tables, no answered call made twice.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.crash import answered, model_settings
from benchmarks.table import Row, machine, print_rows

if TYPE_CHECKING:
    from painpoint_platform_tests.llm.model_server import ModelServer, Seen

TABLES = (
    "bronze.course_predictions", "silver.course_painpoints", "gold.course_clusters", "gold.course_cluster_posts",
    "gold.global_themes", "gold.cluster_global_index", "gold.post_global_index", "gold.global_theme_eval",
)  # fmt: skip
# An answer that the server sent in the last moment may not have arrived.
IN_FLIGHT_S = 0.05
WALL_CLOCK = ("run_id",)  # it carries the second in which the run began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--courses", type=Path)
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = files_of(options, Path(folder))
        slow, _ = run_with_server(files, Path(folder) / "slow", delay_s=2.0)
        fast, fast_wall = run_with_server(files, Path(folder) / "fast", delay_s=0.0)
        embedded, embedded_wall = run_embedded(files, Path(folder) / "embedded")
        killed, differing, repeated = crash(files, Path(folder), options.points, fast_wall)
    overhead = fast["stage2"]["wallclock_s"] + fast["stage3"]["wallclock_s"]
    calls = slow["stage2"]["total_calls"] + slow["stage3"]["total_calls"]
    rows = [
        Row("courses; pain points", slow["stage2"]["num_courses"], ""),
        Row("model calls of both stages", calls, ""),
        Row("Stage 2, 2 s a call", slow["stage2"]["wallclock_s"], "s", limit=60),
        Row("Stage 3, 2 s a call", slow["stage3"]["wallclock_s"], "s", limit=10),
        Row("both stages, a model that answers at once", overhead, "s", limit=5),
        Row("whole command with it, imports and Dagster included", fast_wall, "s"),
        Row("whole command on the embedded model", embedded_wall, "s"),
        Row("themes on the embedded model", embedded["stage3"]["num_global_clusters"], ""),
        Row("kills in the middle of a run", killed, "", limit=options.points, better="more"),
        Row("runs whose tables differ afterwards", differing, "", limit=0),
        Row("answered model calls that were made again", repeated, "", limit=0),
    ]
    print_rows("Course feedback", rows, as_json=options.json, note=machine())


def files_of(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """Return the predictions and the list of courses: those of the command line, or the sample's."""
    if options.predictions and options.courses:
        return options.predictions.resolve(), options.courses.resolve()
    from painpoint_platform.sample.course_feedback import write_sample

    return write_sample(folder / "sample", posts=1100, courses=170)


def run_with_server(files: tuple[Path, Path], place: Path, *, delay_s: float) -> tuple[dict[str, Any], float]:
    """Run the command against a model server of its own; return its result and its wall seconds."""
    from painpoint_platform_tests.llm.model_server import ModelServer

    with ModelServer(answer=group, delay_s=delay_s) as server:
        return run_command(files, place, model_settings(server))


def run_embedded(files: tuple[Path, Path], place: Path) -> tuple[dict[str, Any], float]:
    """Run the command on the embedded model, its encoder being converted already."""
    run_command(files, place.with_name("warm"), {})
    (place / "data").mkdir(parents=True)
    (place / "data" / "models").symlink_to(place.with_name("warm") / "data" / "models")
    return run_command(files, place, {})


def run_command(files: tuple[Path, Path], place: Path, settings: Mapping[str, str]) -> tuple[dict[str, Any], float]:
    """Run ``painpoint courses run`` to its end."""
    began = time.monotonic()
    process = start(files, place, settings)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"painpoint courses run ended with {process.returncode}")
    return json.loads(output), time.monotonic() - began


def start(files: tuple[Path, Path], place: Path, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start ``painpoint courses run`` in a folder of its own."""
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "painpoint_platform.cli.app", "courses", "run", "--json"]
    command += ["--predictions", str(files[0]), "--courses", str(files[1]), "--artifacts", str(place / "artifacts")]
    environment = {**os.environ, **settings, "DATA_DIR": str(place / "data"), "PYTHONPATH": str(Path.cwd())}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def crash(files: tuple[Path, Path], folder: Path, points: int, seconds: float) -> tuple[int, int, int]:
    """Kill runs at points spread over their time and run them again.

    Returns:
        Kills, runs whose tables differ from an undisturbed run's, answered calls that were made again.
    """
    from painpoint_platform_tests.llm.model_server import ModelServer

    killed, differing, repeated = 0, 0, 0
    with ModelServer(answer=group, delay_s=0.2) as server:
        run_command(files, folder / "reference", model_settings(server))
        wanted = tables_hash(folder / "reference")
        asked = len(answered(server))
    # With so short a delay the run takes longer by this much than with none.
    seconds += 0.2 * asked / 8
    for point in range(points):
        place = folder / f"point{point}"
        with ModelServer(answer=group, delay_s=0.2) as server:
            process = start(files, place, model_settings(server))
            time.sleep(0.95 * seconds * (point + 1) / points)
            died_at = time.monotonic()
            if process.poll() is None:
                killed += 1
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
            run_command(files, place, model_settings(server))
            differing += tables_hash(place) != wanted
            repeated += asked_again(server, died_at)
        print(f"point {point + 1} of {points}", file=sys.stderr)
    return killed, differing, repeated


def asked_again(server: "ModelServer", died_at: float) -> int:
    """Count the calls whose answers had arrived when the run died, and that were made again afterwards."""
    arrived = {
        json.dumps(seen.body["messages"])
        for seen in server.seen
        if seen.ended is not None and seen.ended < died_at - IN_FLIGHT_S
    }
    return sum(seen.began > died_at and json.dumps(seen.body["messages"]) in arrived for seen in server.seen)


def tables_hash(place: Path) -> str:
    """Return the hash of the domain's tables."""
    from painpoint_platform.warehouse.connection import open_read
    from painpoint_platform.warehouse.snapshot import export_hash

    with open_read(place / "data" / "painpoint.duckdb") as connection:
        return export_hash(connection, TABLES, exclude_columns=WALL_CLOCK)


def group(seen: "Seen") -> dict[str, Any]:
    """Answer as a model would that groups by the first word of a summary; depends on nothing but the request."""
    payload = seen.user_json
    if payload["task"] == "course_clusters":
        members: dict[str, list[str]] = {}
        for painpoint in payload["painpoints"]:
            members.setdefault(painpoint["root_cause_summary"].split()[0].lower(), []).append(painpoint["post_id"])
        code = payload["course_code"]
        clusters = [
            {
                "cluster_id": f"{code}_{number}",
                "issue_summary": f"Problem with {word}",
                "num_posts": len(posts),
                "post_ids": posts,
            }
            for number, (word, posts) in enumerate(members.items(), start=1)
        ]
        posts = len(payload["painpoints"])
        course = {
            "course_code": code,
            "course_title": payload["course_title"],
            "total_posts": posts,
            "clusters": clusters,
        }
        return {"courses": [course]}
    labels = [entry["label"] for entry in payload["taxonomy"]]
    themes: dict[str, list[str]] = {}
    for cluster in payload["clusters"]:
        themes.setdefault(labels[len(cluster["issue_summary"]) % len(labels)], []).append(cluster["cluster_id"])
    return {
        "global_clusters": [
            {"provisional_label": label.replace("_", " "), "normalized_issue_label": label,
             "short_description": "One sentence.", "member_cluster_ids": ids}
            for label, ids in themes.items()
        ],
        "unassigned_clusters": [],
    }  # fmt: skip


if __name__ == "__main__":
    main()
