"""A warehouse whose numbers are known, made once and copied for whoever writes to it."""

import shutil
from pathlib import Path

import pytest

from painpoint_platform.report.reading import Contents, read_contents
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform_tests.report.known_days import fill


@pytest.fixture(scope="session")
def known_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For reading only."""
    path = tmp_path_factory.mktemp("known") / "painpoint.duckdb"
    fill(path)
    return path


@pytest.fixture
def own_warehouse(known_warehouse: Path, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return Path(shutil.copy(known_warehouse, tmp_path / "data" / "painpoint.duckdb"))


@pytest.fixture(scope="session")
def contents(known_warehouse: Path) -> Contents:
    with open_read(known_warehouse) as connection:
        return read_contents(connection)
