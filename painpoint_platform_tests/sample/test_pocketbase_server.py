"""The PocketBase that demo and tests start."""

from pathlib import Path

import httpx
import pytest

from painpoint_platform.sample.pocketbase_server import pocketbase_server


def test_a_password_may_begin_with_a_dash_and_the_folder_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    password = "-starts-with-a-dash"
    with pocketbase_server(Path("data"), email="a@example.com", password=password) as server:
        url = f"{server.url}/api/collections/_superusers/auth-with-password"
        assert httpx.post(url, json={"identity": "a@example.com", "password": password}).status_code == 200
    assert server.process.poll() is not None
