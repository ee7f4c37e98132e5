"""What is published, and that nothing is sent twice: against a real server."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.issues.publishing.payload import evidence_record_id, issue_record_id
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform_tests.issues.publishing.conftest import Remote
from painpoint_platform_tests.issues.publishing.gold import DAY, Gold

YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)


def test_a_first_sync_publishes_issues_with_their_evidence(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("slow", items=4, cluster_size=5)
    gold.issue("crash")
    gold.con.execute("update gold.issue_evidence set source = 'reddit' where url_hash = 'slow-0-1'")
    gold.issue("slow", YESTERDAY)

    report = gold.sync(client)

    assert (report.created, report.evidence_sent, report.failed, report.outage) == (2, 7, 0, None)
    assert len(remote.records("issue_evidence")) == 7
    record = next(record for record in remote.records("issues") if record["issue_key"] == "slow")
    expected = {
        "id": issue_record_id("slow"),
        "title": "Problem slow",
        "category": "devtools",
        "description": "People cannot do slow.",
        "would_pay": True,
        "impact_level": "high",
        "impact_score": 0.5,
        "cluster_size": 5,
        "evidence_count": 4,
        "sources": {"github": 3, "reddit": 1},
        "first_seen": f"{YESTERDAY} 00:00:00.000Z",
        "last_seen": f"{DAY} 00:00:00.000Z",
        "model": "embedded/v1",
    }
    assert {name: record[name] for name in expected} == expected
    evidence = next(item for item in remote.records("issue_evidence") if "slow-0-1" in item["url"])
    expected = {
        "id": evidence_record_id("slow", "slow-0-1"),
        "issue": record["id"],
        "url": "https://github.com/acme/tool/issues/slow-0-1",
        "title": "It fails slow-0-1",
        "snippet": "Since the update it fails.",
        "source": "reddit",
        "created_at": f"{DAY} 03:00:00.000Z",
        "votes": 2,
        "comments": 1,
    }
    assert {name: evidence[name] for name in expected} == expected
    assert gold.tracked() == {"slow": (True, 0, None), "crash": (True, 0, None)}


def test_a_repeat_sends_no_request_and_records_nothing(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("slow")
    gold.sync(client)
    before, gold.recorded = remote.records("issues"), []

    report = gold.sync(client)

    assert (report.requests, report.writes, report.unchanged, report.evidence_unchanged) == (0, 0, 1, 3)
    assert gold.recorded == []
    assert remote.records("issues") == before


def test_only_what_changed_is_sent(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("slow")
    gold.issue("crash")
    gold.sync(client)
    gold.run("update gold.issues set canonical_title = 'Crashes on start' where issue_key = 'crash'")
    gold.run("update gold.issue_evidence set vote_count = 9 where url_hash = 'slow-0-2'")

    report = gold.sync(client)

    assert (report.updated, report.evidence_sent, report.unchanged, report.evidence_unchanged) == (2, 1, 0, 5)
    assert remote.titles() == ["Crashes on start", "Problem slow"]
    assert sum(item["votes"] == 9 for item in remote.records("issue_evidence")) == 1


def test_an_issue_that_gold_no_longer_has_is_removed_with_its_evidence(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("slow")
    gold.issue("crash")
    gold.sync(client)
    gold.run("delete from gold.issues where issue_key = 'slow'")
    gold.run("delete from gold.issue_evidence where issue_key = 'slow'")

    report = gold.sync(client)

    assert (report.deleted, report.unchanged) == (1, 1)
    assert remote.titles() == ["Problem crash"]
    assert len(remote.records("issue_evidence")) == 3
    assert gold.run("select distinct issue_key from gold.live_issue_evidence") == [("crash",)]
    assert gold.sync(client).requests == 0


def test_evidence_that_gold_no_longer_has_is_removed(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("slow", items=4)
    gold.sync(client)
    gold.run("delete from gold.issue_evidence where url_hash = 'slow-0-3'")

    report = gold.sync(client)

    assert (report.updated, report.evidence_deleted, report.failed) == (1, 1, 0)
    assert [item["url"][-8:] for item in remote.records("issue_evidence")].count("slow-0-3") == 0
    assert remote.records("issues")[0]["evidence_count"] == 3
    assert gold.sync(client).requests == 0


def test_an_issue_needs_enough_distinct_authors(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("one voice", items=6, authors=2)
    gold.issue("nameless", items=2)
    gold.anonymous_evidence("nameless", "nameless-x")
    gold.issue("many", items=3)

    report = gold.sync(client)

    assert (report.created, report.withheld) == (1, 2)
    assert remote.titles() == ["Problem many"]
    assert gold.sync(client, min_authors=4).deleted == 1
    assert remote.titles() == []


def test_a_failed_label_is_never_published_and_takes_an_older_one_down(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("new", label_failed=True, canonical_title=None, description=None)
    gold.issue("old")
    assert gold.sync(client).created == 1
    gold.run("update gold.issues set label_failed = true, canonical_title = null where issue_key = 'old'")

    assert gold.sync(client).deleted == 1
    assert remote.titles() == []


def test_a_backfill_of_an_older_day_never_overwrites_a_newer_one(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("slow", canonical_title="As of today")
    gold.sync(client)
    gold.issue("slow", YESTERDAY, canonical_title="As of yesterday", items=5)

    report = gold.sync(client, YESTERDAY)

    assert (report.updated, report.evidence_sent) == (1, 2), "three of the five items are those of today"
    assert remote.titles() == ["As of today"]
    assert remote.records("issues")[0]["first_seen"].startswith(str(YESTERDAY))
    assert gold.sync(client).requests == gold.sync(client, YESTERDAY).requests == 0


def test_when_the_newer_day_is_gone_the_older_one_speaks_again(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("slow", YESTERDAY, canonical_title="As of yesterday")
    gold.issue("slow", canonical_title="As of today", items=4)
    gold.sync(client)
    gold.run("delete from gold.issues where cluster_date = ?", DAY)
    gold.run("delete from gold.issue_evidence where cluster_date = ?", DAY)

    gold.sync(client)

    assert remote.titles() == ["As of yesterday"]
    assert remote.records("issues")[0]["evidence_count"] == len(remote.records("issue_evidence")) == 3


def test_two_clusters_of_a_day_with_one_key_make_one_record_with_all_evidence(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    gold.issue("slow", items=3, canonical_title="Smaller")
    gold.issue("slow", items=5, canonical_title="Larger")
    gold.issue("slow", items=7, canonical_title=None, label_failed=True)

    report = gold.sync(client)

    assert (report.created, report.evidence_sent) == (1, 8), "what nobody could label is no evidence"
    assert remote.titles() == ["Larger"]
    assert remote.records("issues")[0]["evidence_count"] == 8


def test_an_issue_that_lasts_keeps_the_evidence_of_all_its_days(
    remote: Remote, gold: Gold, client: PocketBaseClient
) -> None:
    for number in range(3):
        gold.issue("slow", DAY + timedelta(days=number), items=1)
        gold.run(
            "update gold.issue_evidence set url_hash = $1, author_hash = $1 where url_hash = 'slow-0-0'", f"u{number}"
        )
        assert gold.sync(client, DAY + timedelta(days=number)).created == (number == 2), "the third author publishes it"
    assert remote.records("issues")[0]["evidence_count"] == len(remote.records("issue_evidence")) == 3
    gold.issue("slow", DAY + timedelta(days=3), items=9, canonical_title=None, label_failed=True)
    assert gold.sync(client, DAY + timedelta(days=3)).updated == 1, "it was seen, but what was said is not known"
    assert remote.titles() == ["Problem slow"]
    assert len(remote.records("issue_evidence")) == 3


def test_hostile_text_arrives_as_it_is(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    title = "\"quoted\" \\ 'single' \U0001f600 \u202eright to left\x00 {:x} && id != ''"
    gold.issue("slow", canonical_title=title, description="word " * 20_000)
    gold.run("update gold.issue_evidence set title = ?, snippet = ?", title, "body " * 20_000)

    report = gold.sync(client)

    assert (report.failed, report.notes) == (0, ())
    assert remote.titles() == [title]
    assert {(item["title"], len(item["snippet"])) for item in remote.records("issue_evidence")} == {(title, 100_000)}
    assert gold.sync(client).requests == 0


def test_secrets_and_addresses_in_texts_are_masked(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("slow", canonical_title="Mail to jane.doe@example.com bounces")
    gold.run("update gold.issue_evidence set snippet = 'write to jane.doe@example.com'")
    gold.run("update gold.issue_evidence set url = 'https://jane:hunter2@example.com/1' where url_hash = 'slow-0-1'")

    report = gold.sync(client)

    texts = str(remote.records("issues")) + str(remote.records("issue_evidence"))
    assert "jane" not in texts
    assert "hunter2" not in texts
    assert "https://example.com/1" in texts
    assert sum(report.masked.values()) == 4


def test_1200_evidence_items_go_in_few_requests(remote: Remote, gold: Gold, client: PocketBaseClient) -> None:
    gold.issue("huge", items=1200)

    report = gold.sync(client)

    assert report.evidence_sent == len(remote.records("issue_evidence")) == 1200
    # sign in, 2 look-ups, 2 collections made, 2 for the settings, 1 issue (update, then create), 3 batches
    assert report.requests == 12


@settings(max_examples=200)
@given(st.text(), st.text(), st.text(), st.text())
def test_record_ids_fit_pocketbase_and_differ_where_keys_differ(a: str, b: str, c: str, d: str) -> None:
    ids = {evidence_record_id(a, b), evidence_record_id(c, d)}
    assert all(len(i) == 15 and i.isascii() and i.isalnum() and i == i.lower() for i in ids)
    assert len(ids) == len({(a, b), (c, d)})
    assert issue_record_id(a) not in ids


def test_a_day_without_issues_needs_no_server(gold: Gold) -> None:
    nowhere = PocketBaseClient("http://127.0.0.1:9", "a@example.com", "secret")
    assert gold.sync(nowhere, date(2025, 3, 1)).requests == 0
