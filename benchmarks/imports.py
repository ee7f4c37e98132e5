"""What it costs to load the asset graph, beside ``import dagster``. Run ``python -m benchmarks.imports``."""

import argparse
import json
import statistics
import subprocess
import sys

from benchmarks.table import Row, machine, print_rows

STATEMENTS = {
    "import dagster": "import dagster",
    "import painpoint_platform.definitions": "import painpoint_platform.definitions",
    "painpoint --help": "from painpoint_platform.cli import app",
}
HEAVY = ("torch", "transformers", "sentence_transformers", "litellm", "openvino", "hdbscan", "sklearn", "matplotlib")
MEASURE = """
import sys, time, json
wall, cpu = time.perf_counter(), time.process_time()
exec(sys.argv[1])
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, sorted(set(sys.modules) & set(sys.argv[2:]))]))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    loaded: set[str] = set()
    for _ in range(options.rounds):  # in turn, so that a busy moment of the machine hits all of them
        for name, statement in STATEMENTS.items():
            _, cpu, heavy = json.loads(
                subprocess.run(
                    [sys.executable, "-c", MEASURE, statement, *HEAVY], stdout=subprocess.PIPE, check=True
                ).stdout
            )
            seconds[name].append(cpu)
            loaded |= set(heavy)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = [
        mine / dagster
        for mine, dagster in zip(
            seconds["import painpoint_platform.definitions"], seconds["import dagster"], strict=True
        )
    ]
    rows = [Row(name, median, "CPU s") for name, median in medians.items()]
    rows.append(Row("definitions / dagster", statistics.median(ratios), "x", limit=2.0))
    rows.append(Row("heavy packages loaded by definitions", float(len(loaded)), "", limit=0))
    print_rows("Import time", rows, as_json=options.json, note=machine())


if __name__ == "__main__":
    main()
