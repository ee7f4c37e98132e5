"""The PocketBase that demo and tests start."""

from pathlib import Path

import httpx

from painpoint_platform.sample.pocketbase_server import pocketbase_server


def test_a_password_may_begin_with_a_dash(tmp_path: Path) -> None:
    password = "-starts-with-a-dash"
    with pocketbase_server(tmp_path, email="a@example.com", password=password) as server:
        url = f"{server.url}/api/collections/_superusers/auth-with-password"
        assert httpx.post(url, json={"identity": "a@example.com", "password": password}).status_code == 200
    assert server.process.poll() is not None
