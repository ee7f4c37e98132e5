"""A real PocketBase server, gold tables in a real DuckDB, and the sync between them as the asset does it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from painpoint_platform.issues.publishing import pocketbase_client
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.sample.pocketbase_server import PocketBaseServer, pocketbase_server
from painpoint_platform_tests.issues.publishing.gold import Gold

EMAIL, PASSWORD = "sync@example.com", "correct-horse-battery"

MakeClient = Callable[..., PocketBaseClient]


class Remote:
    """The server as an onlooker sees it, past the code under test."""

    def __init__(self, server: PocketBaseServer) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.url, timeout=10, trust_env=False)
        self.sign_in()

    def sign_in(self) -> None:
        """Get a token of its own."""
        credentials = {"identity": self.server.email, "password": self.server.password}
        answer = self._http.post("/api/collections/_superusers/auth-with-password", json=credentials)
        self._http.headers["Authorization"] = answer.raise_for_status().json()["token"]

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """One request that must succeed."""
        answer = self._http.request(method, f"/api/{path}", json=body, params=params)
        return answer.raise_for_status().json() if answer.content else None

    def records(self, collection: str) -> list[dict[str, Any]]:
        """All records of a collection, by id."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.call(
                "GET", f"collections/{collection}/records", page=len(found) // 1000 + 1, perPage=1000, sort="id"
            )
            found += page["items"]
            if len(page["items"]) < 1000:
                return found

    def titles(self) -> list[str]:
        """Titles of all published issues, sorted."""
        return sorted(record["title"] for record in self.records("issues"))

    def reset(self) -> None:
        """As a server is on its first day: no collections of ours, batches off."""
        names = {collection["name"] for collection in self.call("GET", "collections", perPage=200)["items"]}
        for name in ("issue_evidence", "issues"):
            if name in names:
                self.call("DELETE", f"collections/{name}")
        self.call("PATCH", "settings", {"batch": {"enabled": False, "maxRequests": 50, "timeout": 3, "maxBodySize": 0}})

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def assert_published(remote: Remote, issues: int, evidence: int) -> None:
    """So many issues and evidence items are there, each once."""
    keys = [record["issue_key"] for record in remote.records("issues")]
    urls = [item["url"] for item in remote.records("issue_evidence")]
    assert (len(keys), len(set(keys))) == (issues, issues)
    assert (len(urls), len(set(urls))) == (evidence, evidence)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many tries as ever, without the pauses between them."""
    monkeypatch.setattr(pocketbase_client, "LONGEST_WAIT_S", 0.05)


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketBaseServer]:
    with pocketbase_server(tmp_path_factory.mktemp("pocketbase"), email=EMAIL, password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="session")
def onlooker(running_server: PocketBaseServer) -> Iterator[Remote]:
    remote = Remote(running_server)
    yield remote
    remote.close()


@pytest.fixture
def remote(onlooker: Remote) -> Remote:
    """The shared server, empty."""
    onlooker.reset()
    return onlooker


@pytest.fixture
def own_server(tmp_path: Path) -> Callable[..., Any]:
    """Starts a server that the test may kill; the same folder again on a later call."""

    def start(port: int = 0) -> Any:
        return pocketbase_server(tmp_path / "pocketbase", email=EMAIL, password=PASSWORD, port=port)

    return start


@pytest.fixture
def gold() -> Iterator[Gold]:
    tables = Gold()
    yield tables
    tables.close()


@pytest.fixture
def new_client(running_server: PocketBaseServer) -> Iterator[Callable[..., PocketBaseClient]]:
    """Makes clients of the shared server (or of another address) and closes them."""
    clients: list[PocketBaseClient] = []

    def make(url: str = running_server.url, password: str = PASSWORD, timeout_s: float = 10) -> PocketBaseClient:
        clients.append(PocketBaseClient(url, EMAIL, password, timeout_s=timeout_s))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client: Callable[..., PocketBaseClient]) -> PocketBaseClient:
    return new_client()
