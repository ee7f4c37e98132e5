import shutil
from pathlib import Path

import pytest

from painpoint_platform.warehouse.connection import open_write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a warehouse; nothing is there yet."""
    return tmp_path / "data" / "painpoint.duckdb"


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; to be copied, which is much cheaper than migrating."""
    path = tmp_path_factory.mktemp("template") / "painpoint.duckdb"
    with open_write(path):
        pass
    return path


@pytest.fixture
def warehouse(path: Path, empty_warehouse: Path) -> Path:
    """A warehouse that is up to date and empty."""
    path.parent.mkdir()
    shutil.copy(empty_warehouse, path)
    return path


def rejected(reason: str, day: str = "2025-01-01") -> str:
    """SQL that adds one row to the simplest table there is."""
    return f"insert into bronze.rejected_items values ('github', '{day}', '1', '{reason}', '{{}}', '2025-01-01')"


def reasons(path: Path) -> list[str]:
    """What ``rejected`` has added so far."""
    from painpoint_platform.warehouse.connection import open_read

    with open_read(path) as connection:
        return [
            reason for (reason,) in connection.execute("select reason from bronze.rejected_items order by 1").fetchall()
        ]
