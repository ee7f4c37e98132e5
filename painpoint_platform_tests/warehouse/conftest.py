from pathlib import Path

import pytest

from painpoint_platform.warehouse.connection import open_write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a warehouse; nothing is there yet."""
    return tmp_path / "data" / "painpoint.duckdb"


@pytest.fixture
def warehouse(path: Path) -> Path:
    """A warehouse that is up to date and empty."""
    with open_write(path):
        pass
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
