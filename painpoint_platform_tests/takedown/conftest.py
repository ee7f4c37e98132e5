"""A small platform of its own for every test, and one PocketBase for all."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from painpoint_platform.issues.publishing import pocketbase_client
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.paths import bundled
from painpoint_platform.sample.pocketbase_server import PocketBaseServer, pocketbase_server
from painpoint_platform.sql_models.model import SqlModel, load_models
from painpoint_platform_tests.takedown.home import Home

EMAIL, PASSWORD = "takedown@example.com", "correct-horse-battery"


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pocketbase_client, "LONGEST_WAIT_S", 0.05)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[SqlModel]:
    """The models that count a day's rows."""
    folder = tmp_path_factory.mktemp("models") / "gold"
    folder.mkdir()
    for name in ("source_daily.sql", "issue_overview.sql"):
        shutil.copy(bundled("dbt_like_sql") / "gold" / name, folder)
    return load_models(folder.parent)


@pytest.fixture
def home(tmp_path: Path, models: list[SqlModel]) -> Home:
    (tmp_path / "data").mkdir()
    return Home(tmp_path, models)


@pytest.fixture
def server(home: Home) -> Iterator[PocketBaseServer]:
    """A PocketBase that keeps its files where the platform does, as the demo's does."""
    with pocketbase_server(home.places.data_dir / "pocketbase", email=EMAIL, password=PASSWORD) as running:
        yield running


@pytest.fixture
def client(server: PocketBaseServer) -> Iterator[PocketBaseClient]:
    with PocketBaseClient(server.url, EMAIL, PASSWORD, timeout_s=10) as opened:
        yield opened


@pytest.fixture
def records(server: PocketBaseServer) -> Callable[[str], list[dict[str, Any]]]:
    """Reads a collection as any other client would."""
    base = f"{server.url}/api/collections"
    credentials = {"identity": EMAIL, "password": PASSWORD}
    token = httpx.post(f"{base}/_superusers/auth-with-password", json=credentials).json()["token"]

    def read(collection: str) -> list[dict[str, Any]]:
        found = httpx.get(f"{base}/{collection}/records", params={"perPage": 500}, headers={"Authorization": token})
        return found.raise_for_status().json()["items"]

    return read
