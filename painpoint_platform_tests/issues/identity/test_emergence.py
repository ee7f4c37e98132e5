"""Issues that stand out are told once."""

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from painpoint_platform.automation import emerging_issues as sensor
from painpoint_platform.issues.identity.emergence import Emerging, emerging_issues, not_told
from painpoint_platform.resources.warehouse import WarehouseResource

DAY = date(2025, 1, 6)


def emerging(key: str, day: date = DAY) -> Emerging:
    return Emerging(key, day, f"Title of {key}", 12, 9, None, 4.0)


def test_what_was_told_is_not_told_again() -> None:
    news, cursor = not_told([emerging("a")], None)
    assert [one.issue_key for one in news] == ["a"]
    news, cursor = not_told([emerging("a"), emerging("b")], cursor)
    assert [one.issue_key for one in news] == ["b"]
    assert not_told([], cursor) == ([], cursor)


def test_the_memory_does_not_grow_for_ever() -> None:
    _, cursor = not_told([emerging("a")], None)
    _, later = not_told([emerging("b", DAY + timedelta(days=100))], cursor)
    assert json.loads(later) == [f"{DAY + timedelta(days=100)} b"]


def test_a_sentence_says_what_stands_out() -> None:
    assert str(emerging("a")) == "Title of a: 12 posts by 9 people on 2025-01-06, a new problem"


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    """Three issues of one day that stand out: one may be seen, one is muted, one has too few authors."""
    made = WarehouseResource(database=str(tmp_path / "w.duckdb"))
    with made.write() as connection:
        connection.execute(
            "insert into gold.issues by name select $day as cluster_date, 0 as cluster_id, 'seen' as issue_key, '' as "
            "cluster_fingerprint, 1 as cluster_size, false as label_failed, 'v1' as prompt_version, 0.0 as "
            "impact_score, timestamp '2025-01-06' as created_at",
            {"day": DAY},
        )
        connection.execute(
            "create table gold.issue_overview as select $day as cluster_date, unnest(['seen', 'muted', 'few']) as "
            "issue_key, 'Sync fails' as title, unnest([true, false, false]) as publishable",
            {"day": DAY},
        )
        connection.execute(
            "create table gold.issue_trends as select $day as cluster_date, unnest(['seen', 'muted', 'few']) as "
            "issue_key, 12::bigint as item_count, 9::bigint as author_count, 4.0::double as growth, 5.0::double as "
            "surprise, true as is_emerging",
            {"day": DAY},
        )
    return made


def test_only_issues_that_may_be_seen_are_news(warehouse: WarehouseResource) -> None:
    assert [one.issue_key for one in emerging_issues(warehouse)] == ["seen"]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    posted: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", posted
        server.shutdown()
        thread.join()


def test_the_sensor_posts_a_burst_once_and_stays_quiet_then(
    warehouse: WarehouseResource, webhook: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, posted = webhook
    monkeypatch.setenv("ALERT_WEBHOOK_URL", url)
    cursor = None
    for _ in range(3):
        with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance, cursor) as context:
            result = sensor(context, warehouse=warehouse)
            assert isinstance(result, dg.SensorResult)
            cursor = result.cursor
    assert [one["text"] for one in posted] == [
        "Painpoint: Sync fails: 12 posts by 9 people on 2025-01-06, 4.0 times as many as usual"
    ]


def test_the_sensor_waits_for_the_first_day(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance) as context:
        result = sensor(context, warehouse=WarehouseResource(database=str(tmp_path / "none.duckdb")))
    assert isinstance(result, dg.SensorResult)
    assert result.skip_reason
