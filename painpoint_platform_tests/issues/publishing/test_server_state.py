"""What a server refuses, has lost, limits or has besides ours: a sync costs no more than that."""

import json
from datetime import timedelta
from typing import Any

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.pocketbase_client import RefusedError
from painpoint_platform_tests.issues.publishing.conftest import MakeClient, Remote, assert_published
from painpoint_platform_tests.issues.publishing.gold import DAY, Gold


def test_a_record_that_the_server_refuses_costs_only_itself(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("warm up")
    gold.sync(new_client())
    limit_titles(remote, "issues", 50)
    limit_titles(remote, "issue_evidence", 50)
    for number in range(20):
        gold.issue(f"issue-{number:02}", items=5)
    gold.run("update gold.issues set canonical_title = repeat('x', 100000) where issue_key = 'issue-07'")
    gold.run("update gold.issue_evidence set title = repeat('y', 100000) where url_hash = 'issue-13-14-2'")

    report = gold.sync(new_client())

    assert (report.created, report.failed, report.evidence_sent, report.evidence_failed) == (19, 2, 94, 6)
    assert_published(remote, 20, 97)
    assert "title: Must be no more than 50 character(s)." in str(gold.tracked()["issue-07"][2])
    assert "1 of 5 evidence items" in str(gold.tracked()["issue-13"][2])
    assert all(any(key in note for note in report.notes) for key in ("issue-07", "issue-13"))

    limit_titles(remote, "issues", 200_000)
    limit_titles(remote, "issue_evidence", 200_000)
    again = gold.sync(new_client())
    assert (again.created, again.updated, again.failed, again.evidence_sent) == (1, 1, 0, 6)
    assert_published(remote, 21, 103)
    assert gold.sync(new_client()).requests == 0


def limit_titles(remote: Remote, collection: str, longest: int) -> None:
    fields = remote.call("GET", f"collections/{collection}")["fields"]
    for field in fields:
        if field["name"] == "title":
            field["max"] = longest
    remote.call("PATCH", f"collections/{collection}", {"fields": fields})


def test_records_deleted_by_hand_come_back_when_asked_to_verify(
    remote: Remote, gold: Gold, new_client: MakeClient
) -> None:
    gold.issue("slow")
    gold.issue("crash")
    gold.sync(new_client())
    slow = next(record for record in remote.records("issues") if record["issue_key"] == "slow")
    remote.call("DELETE", f"collections/issues/records/{slow['id']}")
    assert gold.sync(new_client()).requests == 0

    report = gold.sync(new_client(), verify=True)

    assert (report.updated, report.unchanged, report.evidence_sent) == (1, 1, 3)
    assert_published(remote, 2, 6)
    assert gold.sync(new_client(), verify=True).writes == 0


def test_an_empty_warehouse_does_not_empty_the_server(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    gold.sync(new_client())
    of_another_folder = Gold()
    with pytest.raises(UserError, match=r"no issues .* has 4 records: nothing was removed\. Check DATA_DIR"):
        of_another_folder.sync(new_client(), verify=True)
    of_another_folder.close()
    assert_published(remote, 1, 3)


def test_an_issue_deleted_by_hand_comes_back_after_its_evidence_changed(
    remote: Remote, gold: Gold, new_client: MakeClient
) -> None:
    gold.issue("slow", items=5)
    gold.sync(new_client())
    remote.call("DELETE", f"collections/issues/records/{remote.records('issues')[0]['id']}")
    gold.run("update gold.issue_evidence set vote_count = 5 where url_hash = 'slow-0-1'")

    first, second = gold.sync(new_client()), gold.sync(new_client())

    assert (first.failed, second.failed) == (1, 0)
    assert_published(remote, 1, 5)


def test_an_already_deleted_record_can_be_removed(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    gold.issue("crash")
    gold.issue("hang")
    gold.sync(new_client())
    remote.call("DELETE", f"collections/issues/records/{remote.records('issues')[0]['id']}")
    gold.run("delete from gold.issues")

    report = gold.sync(new_client())

    assert (report.deleted, report.failed) == (3, 0)
    assert gold.tracked() == {}


def test_a_server_that_was_emptied_gets_every_day_again(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    yesterday = DAY - timedelta(days=1)
    gold.issue("old", yesterday)
    gold.issue("slow")
    gold.sync(new_client(), yesterday)
    gold.sync(new_client())
    remote.reset()
    gold.issue("new")

    gold.sync(new_client())
    gold.sync(new_client())

    assert_published(remote, 3, 9)
    assert gold.sync(new_client()).requests == 0


def test_without_batches_records_go_one_by_one(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=6)
    client = new_client()
    send = client.send

    def older(method: str, path: str, **options: Any) -> Any:
        answer = send(method, path, **options)
        return {name: value for name, value in answer.items() if name != "batch"} if "settings" in path else answer

    client.send = older  # type: ignore[method-assign]
    report = gold.sync(client)

    assert (report.created, report.evidence_sent, report.failed) == (1, 6, 0)
    assert "takes no batches" in report.notes[0]
    assert_published(remote, 1, 6)


def test_batches_switched_off_in_the_middle_cost_nothing(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=6)
    client = new_client()
    send = client.send

    def switching(method: str, path: str, **options: Any) -> Any:
        if path == "/api/batch":
            remote.call("PATCH", "settings", {"batch": {"enabled": False, "maxRequests": 50, "timeout": 3}})
        return send(method, path, **options)

    client.send = switching  # type: ignore[method-assign]
    assert gold.sync(client).failed == 0
    assert_published(remote, 1, 6)


@pytest.mark.parametrize(
    ("limits", "batches"), [({"maxRequests": 7}, 5), ({"maxRequests": 500, "maxBodySize": 4000}, 3)]
)
def test_the_servers_own_limits_are_kept(
    remote: Remote, gold: Gold, new_client: MakeClient, limits: dict[str, int], batches: int
) -> None:
    remote.call("PATCH", "settings", {"batch": {"enabled": True, "timeout": 3, **limits}})
    gold.issue("slow", items=30)

    report = gold.sync(new_client())

    # sign in, 2 look-ups, 2 collections made, the settings, 1 issue (update, then create)
    assert (report.failed, report.requests) == (0, 8 + batches)
    assert_published(remote, 1, 30)
    assert remote.call("GET", "settings")["batch"]["maxRequests"] == limits["maxRequests"]


def test_a_batch_too_large_for_a_proxy_is_halved(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=30)
    client = new_client()
    send = client.send

    def proxied(method: str, path: str, **options: Any) -> Any:
        if len(json.dumps(options)) > 3000:
            raise RefusedError(413, "Request Entity Too Large", {})
        return send(method, path, **options)

    gold.sync(client)
    gold.run("update gold.issue_evidence set vote_count = 5")
    client.send = proxied  # type: ignore[method-assign]
    assert (gold.sync(client).evidence_sent, gold.tracked()) == (30, {"slow": (True, 0, None)})


def test_what_others_added_to_the_collections_stays(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    gold.sync(new_client())
    for name in ("issues", "issue_evidence"):
        found = remote.call("GET", f"collections/{name}")
        fields = [field for field in found["fields"] if field["name"] not in {"model", "votes"}]
        fields = [{**field, "cascadeDelete": False} if field["name"] == "issue" else field for field in fields]
        body = {"fields": [*fields, {"name": "note", "type": "text"}], "indexes": [], "listRule": ""}
        remote.call("PATCH", f"collections/{name}", body)
    gold.issue("crash")

    gold.sync(new_client())

    issues, evidence = (remote.call("GET", f"collections/{name}") for name in ("issues", "issue_evidence"))
    assert {"model", "note"} <= {field["name"] for field in issues["fields"]}
    assert {"votes", "note"} <= {field["name"] for field in evidence["fields"]}
    assert any("idx_issues_issue_key" in index for index in issues["indexes"])
    assert next(field for field in evidence["fields"] if field["name"] == "issue")["cascadeDelete"]
    assert issues["listRule"] == ""
    assert len(remote.records("issues")) == 2


def test_a_collection_of_another_shape_is_named(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    remote.call(
        "POST", "collections", {"name": "issues", "type": "base", "fields": [{"name": "title", "type": "number"}]}
    )
    gold.issue("slow")
    with pytest.raises(UserError, match=r"issues\.title is of type number, expected text"):
        gold.sync(new_client())
