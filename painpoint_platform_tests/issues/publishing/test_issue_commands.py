"""``painpoint issue``: the whole round, from a list to a record in PocketBase that follows at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from painpoint_platform.cli.app import app
from painpoint_platform.errors import UserError
from painpoint_platform.issues.days import publish_day
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.issues.publishing.conftest import EMAIL, PASSWORD, Remote
from painpoint_platform_tests.issues.traced_days import TOPICS, TracedDays, on, posts

Command = Callable[..., Any]


@pytest.fixture
def keys(
    tmp_path: Path, embedder: Embedder, remote: Remote, client: PocketBaseClient, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The issues of a day that was run and published; the settings are those of the command."""
    for name, value in {
        "DATA_DIR": str(tmp_path),
        "POCKETBASE_URL": remote.server.url,
        "POCKETBASE_EMAIL": EMAIL,
        "POCKETBASE_PASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    days = TracedDays(tmp_path / "painpoint.duckdb", embedder)
    days.run(on(0), *(posts(topic, on(0)) for topic in TOPICS[:30:10]))
    publish_day(days, on(0), client=client, min_authors=3)
    return days.keys(on(0))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["issue", *arguments])


def asked(*arguments: str) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_person_decides_and_pocketbase_follows(
    keys: list[str], remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = keys
    assert {issue["issue_key"] for issue in asked("list")["issues"]} == set(keys)
    shown = asked("show", a[:10])
    assert shown["issue"][0]["title"] in remote.titles()

    renamed = asked("rename", a[:10], "Called [so] by ann", "--by", "ann", "--reason", "clearer", "--later")
    assert (renamed["issue_key"], renamed["applied"]) == (a, False)
    post = shown["posts"][0]["url_hash"][:12]
    split = asked("split", a[:10], "--url", post, "--title", "Apart", "--later")
    assert not split["applied"]
    merged = asked("merge", b[:10], a[:10])
    assert (merged["target_key"], merged["applied"], merged["not_published"]) == (a, True, [])
    assert "Called [so] by ann" in remote.titles()
    assert "Called [so] by ann" in call("list").stdout
    with duckdb.connect(str(tmp_path / "analytics.duckdb"), read_only=True) as copy:
        assert ("Called [so] by ann",) in copy.execute("select title from gold.issue_overview").fetchall()
    records = {record["issue_key"]: record for record in remote.records("issues")}
    assert set(records) == {a, c}, "one post by one author, split off, is no issue to publish"
    assert records[a]["evidence_count"] == 15
    told = call("show", b[:10])
    assert isinstance(told.exception, UserError)
    assert f"merged into {a}" in str(told.exception)

    with monkeypatch.context() as down:
        down.setenv("POCKETBASE_URL", "http://127.0.0.1:9")
        told = call("mute", c[:10])
    assert told.exit_code == 1
    assert "PocketBase does not have it yet" in " ".join(told.stderr.split())
    assert [issue["issue_key"] for issue in asked("list", "--muted")["issues"]] == [c]
    assert call("mute", c[:10]).exit_code == 1
    assert asked("verify")["deleted"] == 1
    assert {record["issue_key"] for record in remote.records("issues")} == {a}
    asked("unmute", c[:10], "--later")
    log = asked("history")["edits"]
    assert [edit["kind"] for edit in log] == ["rename", "split", "merge", "mute", "unmute"]
    assert (log[0]["edited_by"], log[0]["reason"]) == ("ann", "clearer")
    assert [edit["edit_id"] for edit in asked("history", a[:10])["edits"]] == [1, 2, 3]


def test_what_was_changed_in_pocketbase_by_hand_is_put_right(keys: list[str], remote: Remote) -> None:
    before = remote.records("issues")
    remote.call("PATCH", f"collections/issues/records/{before[0]['id']}", {"title": "By hand"})
    remote.call("DELETE", f"collections/issues/records/{before[1]['id']}")
    report = asked("verify")
    assert (report["updated"], report["unchanged"], report["failed"]) == (2, 1, 0)
    assert remote.records("issues") == before
    assert "nothing differs" in call("verify").stderr
