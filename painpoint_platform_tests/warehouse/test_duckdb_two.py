"""The warehouse's core on DuckDB 2.0, from a folder made by

pip install --no-deps --target .venv/duckdb-2.0 duckdb==2.0.0
"""

import os
import subprocess
import sys

import pytest

from painpoint_platform_tests.warehouse.holder import ROOT

DUCKDB_TWO = ROOT / ".venv" / "duckdb-2.0"


@pytest.mark.skipif(not DUCKDB_TWO.exists(), reason=f"DuckDB 2.0 is not installed in {DUCKDB_TWO}")
def test_the_core_works_on_duckdb_two():
    run = subprocess.run(
        [
            sys.executable, "-c",
            "import duckdb, pytest, sys; assert duckdb.__version__ >= '2'; sys.exit(pytest.main(sys.argv[1:]))",
            "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
            "painpoint_platform_tests/warehouse/test_partitions.py",
            "painpoint_platform_tests/warehouse/test_snapshot.py",
            "painpoint_platform_tests/sql_models/test_shipped_models.py",
            "painpoint_platform_tests/sql_models/test_issue_trends.py",
            "-k", "not sequence and not killed and not disk and not reader and not hash",
        ],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(DUCKDB_TWO)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
