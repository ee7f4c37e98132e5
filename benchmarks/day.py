"""A day of 10,000 items, from four APIs to PocketBase, beside the embedding of the same texts alone.

Run ``python -m benchmarks.day``. Prints the seconds of each job, the ratio to embedding alone, and what a repeat costs.
The models are the embedded one, which answers at once.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks.table import Row, machine, print_rows

DAY = date(2025, 1, 6)
BACKENDS = (("openvino", "int8"), ("openvino", "fp32"))

EMBED_ALONE = """
import sys, time
from pathlib import Path
started = time.monotonic()
from painpoint_platform.text.embeddings import load_embedder
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.queries import fetch
from painpoint_platform.issues.silver import texts_of
from datetime import date
with open_read(Path(sys.argv[1])) as connection:
    texts = texts_of(fetch(connection, "issues/items_of_day", day=date.fromisoformat(sys.argv[2])))
embedder = load_embedder(cache_dir=Path(sys.argv[3]), backend=sys.argv[4], precision=sys.argv[5])
embedder.embed(["warm"])
started = time.monotonic()
embedder.embed(texts)
print(time.monotonic() - started)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    from painpoint_platform.sample.corpus import generate_items
    from painpoint_platform.sample.world import sample_world

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        items = generate_items(DAY, options.items, seed=7)
        with sample_world(items, data) as world:
            environment = {**os.environ, **world, "DATA_DIR": str(data), "DAGSTER_HOME": str(data / "dagster")}
            run_day(environment)  # converts the encoder, which happens once per machine
            reset(data)
            first_wall, first = run_day(environment)
            _, second = run_day(environment)
            embedding = {backend: embed_alone(data, *backend) for backend in BACKENDS}
    day_seconds = first["issues"] + first["snapshot"]
    fastest = embedding[BACKENDS[0]]
    rows = [
        *(Row(f"embedding alone, {' '.join(encoder)}", seconds, "s") for encoder, seconds in embedding.items()),
        Row("collect, four sources", first["collect"], "s"),
        Row("cluster, label, publish, SQL models", first["issues"], "s"),
        Row("snapshot", first["snapshot"], "s"),
        Row("all but collecting, beyond the embedding", day_seconds - fastest, "s"),
        Row("bronze to PocketBase / embedding alone, the fastest encoder", day_seconds / fastest, "x", limit=1.3),
        *(
            Row(
                f"the same with {backend} {precision}, computed from the rows above",
                (day_seconds - fastest + seconds) / seconds, "x", limit=1.3,
            )
            for (backend, precision), seconds in list(embedding.items())[1:]
        ),
        Row("whole process, imports and collecting included", first_wall, "s"),
        Row("repeat: collect again", second["collect"], "s"),
        Row("repeat: all the rest, nothing changed", second["issues"] + second["snapshot"], "s", limit=5.0),
    ]  # fmt: skip
    print_rows(f"A day of {options.items:,} items", rows, as_json=options.json, note=machine())


def run_day(environment: dict[str, str]) -> tuple[float, dict[str, float]]:
    """Run ``painpoint run`` in a process of its own; return its wall seconds and the seconds of its jobs."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "painpoint_platform.cli.app", "run", "--date", str(DAY), "--json"],
        env=environment, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    wall = time.monotonic() - started
    jobs: dict[str, float] = {"collect": 0.0, "issues": 0.0, "snapshot": 0.0}
    for run in json.loads(done.stdout)["runs"]:
        jobs[run["job"]] += run["seconds"]
    return wall, jobs


def reset(data: Path) -> None:
    """Forget everything but the converted encoder."""
    for path in (*data.glob("painpoint.duckdb*"), *data.glob("llm.sqlite*"), *data.glob("analytics*")):
        if path.is_file():
            path.unlink()


def embed_alone(data: Path, backend: str, precision: str) -> float:
    """Embed the day's texts in a process of its own; seconds without loading the encoder."""
    command = [sys.executable, "-c", EMBED_ALONE, str(data / "painpoint.duckdb"), str(DAY), str(data / "models"),
               backend, precision]  # fmt: skip
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    main()
