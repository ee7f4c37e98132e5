"""Days that are run again and again, in any order and with people's decisions in between: one record an issue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from painpoint_platform.issues.days import publish_day
from painpoint_platform.issues.identity.edit_log import append_edit
from painpoint_platform.issues.identity.edits import EditKind, IssueEdit, split_key
from painpoint_platform.issues.publishing.outcome import SyncReport
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.issues.days_in_memory import DaysInMemory
from painpoint_platform_tests.issues.publishing.conftest import Remote
from painpoint_platform_tests.issues.traced_days import GOLD, TOPICS, on, posts, shuffled

TOLD = TOPICS[:40:10]
DAYS = range(2)


@pytest.fixture
def days(tmp_path: Path, embedder: Embedder) -> Iterator[DaysInMemory]:
    made = DaysInMemory(tmp_path, embedder)
    for number in DAYS:
        made.cluster(on(number), [posts(topic, on(number)) for topic in TOLD])
    yield made
    made.connection.close()


def publish(days: DaysInMemory, client: PocketBaseClient, number: int | None, *, verify: bool = False) -> SyncReport:
    day = None if number is None else on(number)
    return publish_day(days, day, client=client, min_authors=3, verify=verify)


def decide(days: DaysInMemory, kind: EditKind, key: str, target: str | None = None, **more: object) -> None:
    append_edit(days, IssueEdit(kind, key, "ann", target, **more))  # type: ignore[arg-type]


def assert_one_record_an_issue(days: DaysInMemory, remote: Remote) -> None:
    """PocketBase has exactly the issues and evidence of gold that nobody muted."""
    issues = days.ask(
        "select issue_key, max_by(canonical_title, (cluster_date, cluster_size)), "
        "min(cluster_date)::varchar, max(cluster_date)::varchar from gold.issues where not muted group by issue_key "
        "order by issue_key"
    )
    records = remote.records("issues")
    there = [(one["issue_key"], one["title"], one["first_seen"][:10], one["last_seen"][:10]) for one in records]
    assert sorted(there) == issues
    shown = (
        "select distinct url from gold.issue_evidence join gold.issues using (cluster_date, cluster_id) where not muted"
    )
    assert sorted(item["url"] for item in remote.records("issue_evidence")) == sorted(url for (url,) in days.ask(shown))


def test_14_replays_in_mixed_order_with_edits_between_leave_no_duplicate(
    days: DaysInMemory, remote: Remote, client: PocketBaseClient
) -> None:
    for replay in range(14):
        for number in shuffled(DAYS, replay):
            # Every other replay begins with nothing but what people decided and what stood for issues.
            days.delete(on(number), *(GOLD if replay % 2 else ()))
            days.label(on(number))
            publish(days, client, number)
        assert_one_record_an_issue(days, remote)
        a, b, c, d = days.keys(on(0))[:4]
        if replay == 1:
            decide(days, "merge", b, a)
        elif replay == 4:
            parts = [url for (url,) in days.ask("select url_hash from gold.issue_evidence where issue_key = $c", c=c)]
            decide(days, "split", c, split_key(c, parts[:4]), url_hashes=tuple(sorted(parts[:4])), title="Own")
        elif replay == 7:
            decide(days, "mute", d)
        elif replay == 9:
            decide(days, "rename", a, title="Renamed")
        elif replay == 11:
            decide(days, "unmute", d)
    assert "Renamed" in remote.titles()
    assert "Own" in remote.titles()
    assert len(remote.records("issues")) == 4
    assert publish(days, client, None, verify=True).writes == 0


def test_what_people_do_by_hand_is_put_right_record_by_record(
    days: DaysInMemory, remote: Remote, client: PocketBaseClient
) -> None:
    for number in DAYS:
        days.label(on(number))
        publish(days, client, number)
    issues, evidence = remote.records("issues"), remote.records("issue_evidence")
    remote.call("PATCH", f"collections/issues/records/{issues[0]['id']}", {"title": "By hand"})
    remote.call("DELETE", f"collections/issues/records/{issues[1]['id']}")
    changed, deleted, *_ = (item["id"] for item in evidence if item["issue"] == issues[0]["id"])
    remote.call("PATCH", f"collections/issue_evidence/records/{changed}", {"votes": 99})
    remote.call("DELETE", f"collections/issue_evidence/records/{deleted}")
    remote.call("POST", "collections/issues/records", {"issue_key": "of my own", "title": "By hand"})
    assert publish(days, client, 0).requests == 0, "a sync of a day that did not change asks nothing"

    report = publish(days, client, None, verify=True)

    assert (report.foreign, report.failed) == (1, 0)
    assert remote.records("issues") == issues
    assert remote.records("issue_evidence") == evidence
    assert publish(days, client, None, verify=True).writes == 0
