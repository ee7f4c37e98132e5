import os
import resource
import subprocess
import sys
from contextlib import closing, suppress
from datetime import datetime

import duckdb
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform_tests.warehouse.conftest import reasons, rejected
from painpoint_platform_tests.warehouse.holder import ROOT


def test_the_first_read_creates_the_folder_and_the_warehouse(path):
    with open_read(path) as connection:
        schemas = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
    assert {("bronze",), ("silver",), ("gold",), ("ops",)} <= set(schemas)


def test_a_write_is_committed_when_its_body_ends(warehouse):
    with open_write(warehouse) as connection:
        connection.execute(rejected("kept"))
    assert reasons(warehouse) == ["kept"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_write_is_rolled_back_and_closed_when_its_body_raises(warehouse, error):
    with pytest.raises(error), open_write(warehouse) as connection:  # noqa: PT012
        connection.execute(rejected("lost"))
        raise error
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("select 1")
    assert reasons(warehouse) == []


def test_an_error_in_sql_comes_out_as_it_is(warehouse):
    with pytest.raises(duckdb.CatalogException), open_write(warehouse) as connection:
        connection.execute("select * from no_such_table")


def test_a_missing_file_named_in_a_query_is_not_blamed_on_the_warehouse(warehouse):
    with pytest.raises(duckdb.IOException), open_read(warehouse) as connection:
        connection.execute("select * from 'no_such_file.csv'")


def test_a_read_cannot_write(warehouse):
    with pytest.raises(duckdb.InvalidInputException), open_read(warehouse) as connection:
        connection.execute(rejected("smuggled"))


AWARE_TIME = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import polars as pl
from painpoint_platform.warehouse.connection import open_write
moments = pl.DataFrame({"moment": [datetime(2025, 1, 1, 12, tzinfo=UTC)]})
with open_write(Path(sys.argv[1])) as connection:
    connection.execute("create table ops.moments as select moment::timestamp as moment from moments")
"""


def test_aware_times_are_stored_as_naive_utc_whatever_the_zone_of_the_machine(warehouse):
    environment = os.environ | {"TZ": "America/New_York"}
    subprocess.run([sys.executable, "-c", AWARE_TIME, warehouse], cwd=ROOT, env=environment, check=True)
    with open_read(warehouse) as connection:
        assert connection.execute("from ops.moments").fetchone() == (datetime(2025, 1, 1, 12),)  # noqa: DTZ001


DAMAGES = {
    "empty": lambda content: b"",
    "another file": lambda content: b"not a database" * 500,
    "cut off": lambda content: content[:5000],
    "zeroes": lambda content: content[:12288] + bytes(len(content) - 12288),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("wanted", [open_read, open_write])
def test_a_damaged_file_is_an_error_that_says_what_to_do_and_changes_nothing(warehouse, damage, wanted):
    damaged = damage(warehouse.read_bytes())
    warehouse.write_bytes(damaged)
    with pytest.raises(UserError, match=r"painpoint.duckdb: .*[Rr]estore it from a backup"), wanted(warehouse):
        pass
    assert warehouse.read_bytes() == damaged


def test_a_log_without_its_warehouse_is_not_thrown_away(path):
    path.parent.mkdir()
    log = path.with_name(path.name + ".wal")
    log.write_bytes(b"transactions")
    with pytest.raises(UserError, match=r"painpoint.duckdb.wal is there"), open_write(path):
        pass
    assert log.read_bytes() == b"transactions"


def test_a_half_made_warehouse_of_a_killed_process_is_made_anew(path):
    path.parent.mkdir()
    left = [path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.new.wal")]
    for leftover in left:
        leftover.write_bytes(b"half")
    assert reasons(path) == []
    assert not any(leftover.exists() for leftover in left)


KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from painpoint_platform.warehouse.connection import open_write
from painpoint_platform_tests.warehouse.conftest import rejected
point = sys.argv[2]
with open_write(Path(sys.argv[1])) as connection:
    connection.execute("delete from bronze.rejected_items")
    if point == "deleted": os.kill(os.getpid(), signal.SIGKILL)
    connection.execute(
        "insert into bronze.rejected_items "
        "select 'github', '2025-01-01', '1', 'new', repeat('x', 100), '2025-01-01' from range(200000)"
    )
    if point == "inserted": os.kill(os.getpid(), signal.SIGKILL)
    if point == "committed":
        connection.commit()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("point", "left"), [("deleted", ["old"]), ("inserted", ["old"]), ("committed", ["new"] * 200000)]
)
def test_a_writer_killed_on_the_way_leaves_the_old_partition_or_the_new_one(warehouse, point, left):
    with open_write(warehouse) as connection:
        connection.execute(rejected("old"))
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, str(warehouse), point], cwd=ROOT, check=False)
    assert killed.returncode == -9
    assert reasons(warehouse) == left


DISK_FULL = """
import resource, signal, sys
from pathlib import Path
from painpoint_platform.errors import UserError
from painpoint_platform.warehouse.connection import open_write
path = Path(sys.argv[1])
try:
    with open_write(path) as connection:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100_000, -1))
        connection.execute(
            "insert into bronze.rejected_items "
            "select 'a', '2025-01-01', i::varchar, sha256(i::varchar), '{}', '2025-01-01' from range(400000) r(i)"
        )
except UserError as error:
    print(error)
"""


def test_a_full_disk_keeps_the_old_rows_and_says_so(warehouse):
    """RLIMIT_FSIZE makes writes fail like a full disk, but for the words: File too large."""
    assert hasattr(resource, "RLIMIT_FSIZE")
    with open_write(warehouse) as connection:
        connection.execute(rejected("old"))
    full = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(warehouse)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "the disk is full" in full.stdout, full
    assert reasons(warehouse) == ["old"]


NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from painpoint_platform.errors import UserError
from painpoint_platform.warehouse.connection import open_read
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    with open_read(Path(sys.argv[1])): pass
except UserError as error:
    print(error)
"""


def test_a_disk_without_room_for_a_warehouse_gets_none_and_not_a_half_made_one(path):
    room = str(300_000)  # enough for the log, not for the tables
    full = subprocess.run(
        [sys.executable, "-c", NO_ROOM, str(path), room], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "painpoint.duckdb: the disk is full" in full.stdout, full
    assert [left.name for left in path.parent.iterdir()] == ["painpoint.duckdb.locks"]
    assert reasons(path) == []


@pytest.mark.parametrize("wanted", [open_read, open_write])
def test_a_database_of_somebodys_gets_none_of_our_tables(path, wanted):
    path.parent.mkdir()
    with closing(duckdb.connect(path)) as theirs:
        theirs.execute("create table notes as select 1 as note")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"painpoint.duckdb: .*main.notes.*WAREHOUSE_PATH"), wanted(path):
        pass
    assert path.read_bytes() == before


def test_a_failed_write_can_be_followed_by_another(warehouse):
    for attempt in range(3):
        with suppress(duckdb.Error), open_write(warehouse) as connection:
            connection.execute(rejected(f"attempt {attempt}"))
            connection.execute("select * from no_such_table" if attempt < 2 else "select 1")
    assert reasons(warehouse) == ["attempt 2"]
