import subprocess
import sys
from contextlib import closing

import duckdb
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.warehouse import snapshot as snapshot_module
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.snapshot import export_hash, write_snapshot
from painpoint_platform_tests.warehouse.conftest import rejected
from painpoint_platform_tests.warehouse.holder import ROOT


@pytest.fixture
def filled(warehouse):
    with open_write(warehouse) as connection:
        connection.execute(
            "create table gold.facts as select i as fact_id, 'it''s ' || i as fact from range(1000) r(i)"
        )
        connection.execute("comment on table gold.facts is 'What is; it''s \"known\".'")
        connection.execute("comment on column gold.facts.fact is 'In words'")
        connection.execute("create view gold.few_facts as select * from gold.facts where fact_id < 10")
    return warehouse


@pytest.fixture
def analytics(tmp_path):
    return tmp_path / "published" / "analytics.duckdb"


def publish(warehouse, analytics):
    analytics.parent.mkdir(exist_ok=True)
    with open_read(warehouse) as connection:
        return write_snapshot(connection, analytics)


def count(path, table="gold.facts"):
    with closing(duckdb.connect(path, read_only=True)) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_the_copy_has_gold_with_its_views_as_tables_and_its_comments(filled, analytics):
    published = publish(filled, analytics)
    assert published.row_counts["gold.facts"] == 1000
    assert published.row_counts["gold.few_facts"] == 10
    assert published.size_bytes == analytics.stat().st_size
    with closing(duckdb.connect(analytics, read_only=True)) as copy:
        assert copy.execute("select distinct schema_name from duckdb_tables()").fetchall() == [("gold",)]
        assert copy.execute("select comment from duckdb_tables() where table_name = 'facts'").fetchone() == (
            'What is; it\'s "known".',
        )
        assert copy.execute("select comment from duckdb_columns() where column_name = 'fact'").fetchall()[0] == (
            "In words",
        )
        assert copy.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
    assert files(analytics.parent) == ["analytics.duckdb"]


def test_a_reader_that_has_the_old_copy_open_keeps_it(filled, analytics):
    publish(filled, analytics)
    script = f"""
import duckdb
connection = duckdb.connect({str(analytics)!r}, read_only=True)
print(connection.execute("select count(*) from gold.facts").fetchone()[0], flush=True)
input()
print(connection.execute("select count(*) from gold.facts where fact like 'it%'").fetchone()[0])
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as reader:
        assert reader.stdout.readline() == "1000\n"
        with open_write(filled) as connection:
            connection.execute("delete from gold.facts where fact_id >= 100")
        publish(filled, analytics)
        assert reader.communicate("\n")[0] == "1000\n"
    assert count(analytics) == 100


def test_a_log_that_a_killed_shell_left_beside_the_old_copy_does_not_spoil_the_new_one(filled, analytics):
    publish(filled, analytics)
    script = f"""
import duckdb, os, signal
connection = duckdb.connect({str(analytics)!r})
connection.execute("create table notes as select 1")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert "analytics.duckdb.wal" in files(analytics.parent)
    publish(filled, analytics)
    assert count(analytics) == 1000
    assert files(analytics.parent) == ["analytics.duckdb"]


DISK_FULL = """
import resource, sys
from pathlib import Path
from painpoint_platform.errors import UserError
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.snapshot import write_snapshot
try:
    with open_read(Path(sys.argv[1])) as connection:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, -1))
        write_snapshot(connection, Path(sys.argv[2]))
except UserError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_copy_and_no_other_file(filled, analytics):
    """RLIMIT_FSIZE makes writes fail like a full disk, but for the words: File too large."""
    publish(filled, analytics)
    old = analytics.read_bytes()
    with open_write(filled) as connection:
        connection.execute("create table gold.large as select sha256(i::varchar) as hash from range(100000) r(i)")
    full = subprocess.run(
        [sys.executable, "-c", DISK_FULL, filled, analytics], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "the old one is unchanged. Free space" in full.stdout, full
    assert files(analytics.parent) == ["analytics.duckdb"]
    assert analytics.read_bytes() == old


def test_a_copy_that_lost_rows_is_not_published(filled, analytics, monkeypatch):
    publish(filled, analytics)
    old = analytics.read_bytes()
    copy = snapshot_module._copy

    def lossy(connection, schema, target):
        counts = copy(connection, schema, target)
        with closing(duckdb.connect(target)) as lost:
            lost.execute("delete from gold.facts where fact_id = 7")
        return counts

    monkeypatch.setattr(snapshot_module, "_copy", lossy)
    with pytest.raises(UserError, match="999"):
        publish(filled, analytics)
    assert analytics.read_bytes() == old


def test_what_a_killed_snapshot_left_is_cleared(filled, analytics):
    analytics.parent.mkdir()
    (analytics.parent / ".analytics.duckdb.new").write_bytes(b"half a database")
    publish(filled, analytics)
    assert files(analytics.parent) == ["analytics.duckdb"]


def hash_of(path, tables=("bronze.rejected_items",), **options):
    with open_read(path) as connection:
        return export_hash(connection, tables, **options)


def fill(path, *statements):
    with open_write(path) as connection:
        for statement in statements:
            connection.execute(statement)


def test_the_hash_does_not_depend_on_the_order_of_rows(tmp_path):
    one, two = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    fill(one, rejected("a"), rejected("b"))
    fill(two, rejected("b"), rejected("c"), rejected("a"), "delete from bronze.rejected_items where reason = 'c'")
    assert hash_of(one) == hash_of(two)


@pytest.mark.parametrize(
    "change",
    [
        rejected("a"),
        "update bronze.rejected_items set reason = 'other'",
        "update bronze.rejected_items set source_item_id = null",
        "delete from bronze.rejected_items",
    ],
)
def test_the_hash_sees_every_change(warehouse, change):
    fill(warehouse, rejected("a"), "update bronze.rejected_items set source_item_id = 'null'")
    before = hash_of(warehouse)
    fill(warehouse, change)
    assert hash_of(warehouse) != before


def test_the_hash_leaves_out_columns_that_are_named(warehouse):
    fill(warehouse, rejected("a"))
    before = hash_of(warehouse, exclude_columns=["rejected_at"])
    fill(warehouse, "update bronze.rejected_items set rejected_at = '2031-01-01'")
    assert hash_of(warehouse, exclude_columns=["rejected_at"]) == before
