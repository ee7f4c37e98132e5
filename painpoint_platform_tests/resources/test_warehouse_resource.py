import dagster as dg
import duckdb
import pytest
from dagster_duckdb import DuckDBResource

from painpoint_platform.errors import UserError, WarehouseLockedError
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform_tests.warehouse.conftest import reasons, rejected
from painpoint_platform_tests.warehouse.holder import holding


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "painpoint.duckdb"


@pytest.fixture
def resource(path):
    return WarehouseResource(database=str(path), lock_timeout_s=0.3)


def test_an_asset_writes_and_another_reads(resource, path):
    @dg.asset
    def written(warehouse: WarehouseResource) -> None:
        with warehouse.write() as connection:
            connection.execute(rejected("by an asset"))

    @dg.asset(deps=[written])
    def counted(warehouse: WarehouseResource) -> int:
        with warehouse.read() as connection:
            return connection.execute("select count(*) from bronze.rejected_items").fetchone()[0]

    result = dg.materialize([written, counted], resources={"warehouse": resource})
    assert result.output_for_node("counted") == 1
    assert reasons(path) == ["by an asset"]


def test_it_takes_the_place_of_its_parent(resource, path):
    assert isinstance(resource, DuckDBResource)
    with resource.get_connection() as connection:
        connection.execute(rejected("as the parent does"))
    assert reasons(path) == ["as the parent does"]


def test_a_connection_whose_body_raises_is_closed_and_rolled_back(resource, path):
    with pytest.raises(ValueError), resource.get_connection() as connection:  # noqa: PT012
        connection.execute(rejected("lost"))
        raise ValueError
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("select 1")
    assert reasons(path) == []


def test_it_waits_no_longer_than_it_is_told(resource, path):
    assert reasons(path) == []
    with holding("writing", path) as process:
        expected = rf"for 0.3 s, held by process {process.pid}"
        with pytest.raises(WarehouseLockedError, match=expected), resource.read():
            pass


def test_the_connections_follow_the_connection_config(path):
    resource = WarehouseResource(database=str(path), connection_config={"threads": 1})
    for opened in (resource.read, resource.write):
        with opened() as connection:
            assert connection.execute("select current_setting('threads')").fetchone() == (1,)


def test_a_database_in_memory_is_refused():
    resource = WarehouseResource(database=":memory:")
    with pytest.raises(UserError, match=r"':memory:'; set WAREHOUSE_PATH"), resource.read():
        pass
