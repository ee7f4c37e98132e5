"""A backfill of 30 days and four sources by four runs at once, beside the same work in one process without Dagster.

Run ``python -m benchmarks.backfill``. Prints the ratio of wall clock to pure work, failures of the lock, and whether
both ways collected the same items.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from benchmarks.table import Row, machine, print_rows

FIRST = date(2025, 1, 6)
# In what ``WarehouseLockedError`` says, wherever the console broke the line.
LOCKED = re.compile(r"stayed\s+locked\s+for")

PURE_WORK = """
import os, sys, time
from datetime import date, timedelta
first, count = date.fromisoformat(sys.argv[1]), int(sys.argv[2])
from painpoint_platform.definitions import build_resources
from painpoint_platform.issues import days
from painpoint_platform.perception.scoring.scored_tables import ITEMS, score_partition
from painpoint_platform.settings import load_settings
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
settings = load_settings(None)
resources = {name: resource.process_config_and_initialize() for name, resource in build_resources(settings).items()}
collectors, embedding, warehouse = resources["collectors"], resources["embedding"], resources["warehouse"]
client = resources["llm"].client("pure", embedding.embedder)
embedder = embedding.embedder()
models = resources["perception"].scoring_models(embedder)
sql_models = load_models()
def make(kinds, window=None):
    for model in sql_models:
        if model.header.materialized in kinds:
            with warehouse.write() as connection:
                materialize(connection, model, window=window)
started = time.monotonic()
with resources["pocketbase"].client() as pocketbase:
    for day in (first + timedelta(days=offset) for offset in range(count)):
        for source in ("github", "hackernews", "reddit", "stackoverflow"):
            days.collect_day(warehouse, source, day, collect=collectors.collect, salt=collectors.salt())
        days.cluster_day(warehouse, day, embedder=embedder, reducer=embedding.reducer)
        score_partition(warehouse, ITEMS, day, models=models, embedder=embedder)
        days.label_day(warehouse, day, client=client, embedder_factory=embedding.embedder)
        days.publish_day(warehouse, day, client=pocketbase, min_authors=3)
        make({"incremental"}, Window(day, day + timedelta(days=1)))
make({"table", "view"})
resources["analytics"].publish(warehouse)
resources["report_folder"].publish(warehouse)
print(time.monotonic() - started)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--items", type=int, default=400, help="items a day")
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    from painpoint_platform.sample.corpus import generate_items
    from painpoint_platform.sample.world import sample_world

    days = [FIRST + timedelta(days=offset) for offset in range(options.days)]
    items = [item for day in days for item in generate_items(day, options.items, seed=3)]
    with tempfile.TemporaryDirectory() as folder:
        alone, together = Path(folder) / "alone", Path(folder) / "together"
        with sample_world(items, alone) as world:
            environment = environment_of(world, alone)
            pure = float(run([sys.executable, "-c", PURE_WORK, str(FIRST), str(options.days)], environment))
        with sample_world(items, together) as world:
            environment = environment_of(world, together)
            (together / "data").mkdir()
            (together / "data" / "models").symlink_to((alone / "data" / "models").resolve())
            wall, failures, lock_failures = run_together(days, options.runs, environment)
        lost = abs(count(alone) - count(together))
        rows = [
            Row("pure work, one process", pure, "s"),
            Row(f"{options.runs} runs at once, process starts included", wall, "s"),
            Row("ratio", wall / pure, "x", limit=1.5),
            Row("failed runs", failures, "", limit=0),
            Row("lock failures", lock_failures, "", limit=0),
            Row("items lost", lost, "", limit=0),
        ]
        print_rows(
            f"Backfill of {options.days} days × 4 sources, {len(items):,} items",
            rows,
            as_json=options.json,
            note=machine(),
        )


def environment_of(world: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a platform of its own in ``folder``."""
    data = folder / "data"
    return {**os.environ, **world, "DATA_DIR": str(data), "DAGSTER_HOME": str(data / "dagster")}


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a command to its end and return what it printed."""
    return subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True).stdout


def run_together(days: Sequence[date], runs: int, environment: Mapping[str, str]) -> tuple[float, int, int]:
    """Backfill the days by several processes at once; return wall seconds, failed runs and failures on the lock."""
    started = time.monotonic()
    processes = []
    for number in range(runs):
        part = days[number * len(days) // runs : (number + 1) * len(days) // runs]
        command = [sys.executable, "-m", "painpoint_platform.cli.app", "backfill", "--json",
                   "--from", str(part[0]), "--to", str(part[-1])]  # fmt: skip
        processes.append(
            subprocess.Popen(
                command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
        )
    told = [process.communicate()[1] for process in processes]
    failures = sum(process.returncode != 0 for process in processes)
    for number, (process, text) in enumerate(zip(processes, told, strict=True)):
        if process.returncode:
            print(f"run {number} failed:\n{text}", file=sys.stderr)
    return time.monotonic() - started, failures, sum(len(LOCKED.findall(text)) for text in told)


def count(folder: Path) -> int:
    """Return how many items were collected."""
    import duckdb

    with closing(duckdb.connect(folder / "data" / "painpoint.duckdb", read_only=True)) as connection:
        row = connection.execute("select count(*) from bronze.raw_items").fetchone()
        return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
