"""The server that demo and tests start."""

import importlib.metadata
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.resources.pocketbase import PocketBaseResource
from painpoint_platform.sample.pocketbase_server import pocketbase_executable, pocketbase_server
from painpoint_platform_tests.issues.publishing.conftest import EMAIL, PASSWORD


def test_it_serves_until_the_block_ends_and_keeps_its_files_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pocketbase_server(tmp_path / "data", email=EMAIL, password=PASSWORD) as server:
        assert httpx.get(f"{server.url}/api/health").status_code == 200
    assert server.process.returncode is not None
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/api/health")


def test_it_can_be_killed(own_server: Callable[..., Any]) -> None:
    with own_server() as server:
        server.kill()
        assert server.process.returncode == -signal.SIGKILL


def test_two_servers_run_beside_each_other(tmp_path: Path) -> None:
    with (
        pocketbase_server(tmp_path / "a", email=EMAIL, password=PASSWORD) as one,
        pocketbase_server(tmp_path / "b", email=EMAIL, password=PASSWORD) as other,
    ):
        assert one.port != other.port


def test_without_a_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "files", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"pip install 'painpoint-platform\[demo\]'"):
        pocketbase_executable()


def test_the_executable_of_the_wheel_is_found_without_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert os.access(pocketbase_executable(), os.X_OK)


def test_a_password_that_is_too_short_is_refused_without_showing_it(tmp_path: Path) -> None:
    too_short = pocketbase_server(tmp_path / "data", email=EMAIL, password="qwz")
    with pytest.raises(UserError, match="did not accept the superuser") as caught, too_short:
        pass
    assert "qwz" not in str(caught.value)


def test_a_port_that_is_taken_shows_the_log(own_server: Callable[..., Any], tmp_path: Path) -> None:
    with own_server() as server:
        second = pocketbase_server(tmp_path / "other", email=EMAIL, password=PASSWORD, port=server.port)
        with pytest.raises(UserError, match="address already in use"), second:
            pass


def test_the_resource_is_optional_and_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not PocketBaseResource().configured
    half = PocketBaseResource(url="http://127.0.0.1:1")
    assert half.configured
    with pytest.raises(UserError, match="needs POCKETBASE_EMAIL and POCKETBASE_PASSWORD"):
        half.client()
    whole = PocketBaseResource(url="http://127.0.0.1:1", email=EMAIL, password=PASSWORD, timeout_s=1)
    with whole.client() as client:
        assert client.shown_url == "http://127.0.0.1:1"
