"""All benchmarks, one after another, as the Markdown of ``docs/performance.md``. Run ``python -m benchmarks``."""

import subprocess
import sys

NAMES = (
    "imports",
    "embedding",
    "clustering",
    "day",
    "backfill",
    "crash",
    "courses",
    "transcripts",
    "perception",
    "lineage",
    "trust",
    "report",
)


def main() -> None:
    """Run each in a process of its own; stop at the first that fails."""
    for name in NAMES:
        print(f"python -m benchmarks.{name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
