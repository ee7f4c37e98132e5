"""kill -9 at many points of a day's run, then run again: the same gold tables, no paid call twice.

Run ``python -m benchmarks.crash``. The points are spread evenly over the run's time, from its first request to its end.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.backfill import environment_of
from benchmarks.table import Row, machine, print_rows

if TYPE_CHECKING:
    from painpoint_platform_tests.llm.model_server import ModelServer, Seen

DAY = date(2025, 1, 6)
# What is compared byte for byte. Left out: when something was sent, and the snapshot's own tables (the same rows).
TABLES = (
    "gold.issues", "gold.issue_evidence", "gold.issue_quotes", "gold.issue_lineage", "ops.issue_anchors",
    "gold.issue_trends", "gold.issue_overview", "gold.source_daily", "gold.live_issues",
)  # fmt: skip
WALL_CLOCK = ("synced_at",)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--items", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    from painpoint_platform.sample.corpus import generate_items
    from painpoint_platform.sample.world import sample_world
    from painpoint_platform_tests.llm.model_server import ModelServer

    items = generate_items(DAY, options.items, seed=5)
    differing, repeated, killed = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference"
        with sample_world(items, reference) as world, ModelServer(answer=label) as server:
            environment = environment_of(world, reference) | model_settings(server)
            start(environment).wait()
            shutil.rmtree(reference / "data" / "dagster")
            for file in (reference / "data").glob("painpoint.duckdb*"):
                remove(file)
            begun = time.monotonic()
            start(environment).wait()
            seconds = time.monotonic() - begun
            wanted = gold_hash(reference)
            calls_needed = len(set(answered(server)))
        for point in range(options.points):
            place = Path(folder) / f"point{point}"
            with sample_world(items, place) as world, ModelServer(answer=label) as server:
                environment = environment_of(world, place) | model_settings(server)
                (place / "data").mkdir()
                (place / "data" / "models").symlink_to(reference / "data" / "models")
                process = start(environment)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.9 * seconds * (point + 1) / options.points)
                if process.poll() is None:
                    killed += 1
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait()
                start(environment).wait()
                differing += gold_hash(place) != wanted
                repeated += len(answered(server)) - len(set(answered(server)))
            shutil.rmtree(place)
            print(f"point {point + 1} of {options.points}", file=sys.stderr)
    rows = [
        Row("kills in the middle of a run", killed, "", limit=options.points, better="more"),
        Row("runs whose gold tables differ afterwards", differing, "", limit=0),
        Row("answered model calls that were made again", repeated, "", limit=0),
        Row("distinct model calls of the day", calls_needed, ""),
        Row("seconds of an undisturbed run", seconds, "s"),
    ]
    print_rows("kill -9, then run again", rows, as_json=options.json, note=machine())


def label(seen: "Seen") -> dict[str, Any]:
    """Answer as a labelling model would, from the request alone."""
    payload = seen.user_json
    return {
        "canonical_title": f"Problem that {payload['cluster_size']} posts report ({len(seen.messages)})",
        "category": "other",
        "description": "Several people report the same problem.",
        "would_pay_signal": False,
        "impact_level": "medium",
    }


def model_settings(server: "ModelServer") -> dict[str, str]:
    """Return the settings that send every label to the server."""
    settings = {"AUTHOR_SALT": "the same for all, or every author would have another hash"}
    for role in ("LOCAL", "REMOTE"):
        settings[f"LLM_{role}_MODEL"] = "openai/benchmark"
        settings[f"LLM_{role}_BASE_URL"] = server.base_url
        settings[f"LLM_{role}_API_KEY"] = "not-a-key"
    return settings


def answered(server: "ModelServer") -> list[str]:
    """Return the requests that were answered to the end, as JSON."""
    return [json.dumps(seen.body["messages"]) for seen in server.seen if seen.ended is not None]


def start(environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start ``painpoint run`` for the day."""
    command = [sys.executable, "-m", "painpoint_platform.cli.app", "run", "--date", str(DAY), "--json"]
    return subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def gold_hash(folder: Path) -> str:
    """Return the hash of the gold tables' rows."""
    from painpoint_platform.warehouse.connection import open_read
    from painpoint_platform.warehouse.snapshot import export_hash

    with open_read(folder / "data" / "painpoint.duckdb") as connection:
        return export_hash(connection, TABLES, exclude_columns=WALL_CLOCK)


def remove(path: Path) -> None:
    """Remove a file or a folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main()
