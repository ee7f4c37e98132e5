"""A process that holds the warehouse until its standard input closes; started by the tests through ``holding``.

python -m painpoint_platform_tests.warehouse.holder reading|writing|duckdb PATH
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def holding(mode: str, warehouse: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a holder, wait until it holds the warehouse, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.holder", mode, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def main(mode: str, warehouse: Path) -> None:
    import duckdb

    from painpoint_platform.warehouse.connection import open_read, open_write

    opened = {"reading": open_read, "writing": open_write, "duckdb": duckdb.connect}[mode]
    with opened(warehouse) as connection:
        if mode == "writing":
            connection.execute("delete from bronze.rejected_items")
        print("held", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
