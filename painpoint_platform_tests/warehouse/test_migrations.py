from contextlib import closing

import duckdb
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.migrations import load_migrations, migrate, pending
from painpoint_platform_tests.warehouse.conftest import reasons, rejected

SHIPPED = load_migrations()
SCHEMA = """
select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns()
where not internal order by schema_name, table_name, column_index
"""


def write_migrations(folder, *texts):
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts, start=1):
        (folder / f"{number:04d}_step.sql").write_text(text)
    load_migrations.cache_clear()
    return load_migrations(folder)


FIRST = SHIPPED[0].sql


@pytest.mark.parametrize("version", range(len(SHIPPED) + 1))
def test_every_older_version_is_brought_to_the_present_schema_and_keeps_its_rows(path, version):
    path.parent.mkdir()
    with closing(duckdb.connect(path)) as connection:
        migrate(connection, SHIPPED[:version])
        if version:
            connection.execute(rejected("old"))
    with open_read(path) as connection:
        migrated = connection.execute(SCHEMA).fetchall()
        versions = connection.execute("select version from ops.schema_version order by 1").fetchall()
    with closing(duckdb.connect()) as fresh:
        migrate(fresh, SHIPPED)
        assert migrated == fresh.execute(SCHEMA).fetchall()
    assert versions == [(number,) for number in range(1, len(SHIPPED) + 1)]
    assert reasons(path) == ["old"][:version]


def test_a_second_opening_applies_nothing(warehouse):
    def stamps():
        with open_read(warehouse) as connection:
            return connection.execute("select * from ops.schema_version order by all").fetchall()

    before = stamps()
    with open_write(warehouse) as connection:
        assert pending(connection, SHIPPED) == ()
    assert stamps() == before


def test_a_warehouse_from_a_newer_version_is_left_alone_and_both_versions_are_named(warehouse):
    with open_write(warehouse) as connection:
        connection.execute("insert into ops.schema_version values (77, 'from_the_future', 'x', '2030-01-01')")
    before = warehouse.read_bytes()
    for wanted in (open_read, open_write):
        with (
            pytest.raises(UserError, match=rf"painpoint.duckdb: .*schema version 77.* up to {len(SHIPPED)}.*update"),
            wanted(warehouse),
        ):
            pass
    assert warehouse.read_bytes() == before


def test_a_migration_that_was_edited_after_it_was_applied_is_named(path, tmp_path):
    with open_write(path, migrations=write_migrations(tmp_path / "m", FIRST)):
        pass
    edited = write_migrations(tmp_path / "m", FIRST + "-- a little change")
    with (
        pytest.raises(UserError, match=r"0001_step.sql: edited after it was applied"),
        open_read(path, migrations=edited),
    ):
        pass


def test_a_migration_that_fails_is_rolled_back_and_the_ones_before_it_stay(path, tmp_path):
    steps = write_migrations(
        tmp_path / "m", FIRST, "create table ops.a (x int)", "create table ops.b (x int); nonsense"
    )
    with pytest.raises(duckdb.ParserException), open_write(path, migrations=steps):
        pass
    assert not path.exists()
    with open_write(path, migrations=steps[:2]):
        pass
    with pytest.raises(duckdb.ParserException), open_write(path, migrations=steps):
        pass
    with open_read(path, migrations=steps[:2]) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'ops'").fetchall()
    assert ("a",) in tables
    assert ("b",) not in tables


def test_other_line_ends_in_a_checkout_are_no_edit(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "0001_step.sql").write_bytes(FIRST.encode())
    load_migrations.cache_clear()
    unix = load_migrations(folder)[0].sha256
    (folder / "0001_step.sql").write_bytes(FIRST.replace("\n", "\r\n").encode())
    load_migrations.cache_clear()
    assert load_migrations(folder)[0].sha256 == unix


@pytest.mark.parametrize("name", ["0003_gap.sql", "2_short.sql", "0002 blank.sql"])
def test_a_file_out_of_order_is_named(tmp_path, name):
    write_migrations(tmp_path / "m", FIRST)
    (tmp_path / "m" / name).write_text("select 1")
    load_migrations.cache_clear()
    with pytest.raises(UserError, match=rf"{name}.*0002_<name>.sql"):
        load_migrations(tmp_path / "m")
