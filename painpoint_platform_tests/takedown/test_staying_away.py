"""What was taken down is not collected again, and what its source no longer has is taken down."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from painpoint_platform.cli.app import app
from painpoint_platform.errors import DataContractError, TransientError
from painpoint_platform.issues.authors import author_hash
from painpoint_platform.issues.collectors.existence import Existence
from painpoint_platform.issues.days import collect_day
from painpoint_platform.issues.items import Collection, RawItem, RejectedItem
from painpoint_platform.sample.servers import SampleServers, sample_servers
from painpoint_platform.takedown.recheck import Recheck, recheck_evidence
from painpoint_platform.warehouse.checks import named_check, require
from painpoint_platform_tests.issues.collectors.bench import Bench, posts
from painpoint_platform_tests.takedown.home import DAY, NOW, Home

SALT = "0123456789abcdef"


def item(number: int, author: str = "Ada") -> RawItem:
    return RawItem(
        source="reddit", source_item_id=f"p{number}", url=f"https://www.reddit.com/r/a/comments/p{number}/x/",
        title=f"The export number {number} hangs", body="Since the update.", author=author,
        created_at=datetime(2025, 1, 6, 12, tzinfo=UTC), comment_count=0, vote_count=1,
    )  # fmt: skip


def collected(home: Home, *items: RawItem, rejected: tuple[RejectedItem, ...] = ()) -> list[str]:
    """Collect a day and return the ids that are stored."""
    collect_day(
        home.warehouse, "reddit", DAY, salt=SALT, now=lambda: NOW,
        collect=lambda *_: Collection("reddit", items, rejected=rejected),
    )  # fmt: skip
    return [found for (found,) in home.rows("select source_item_id from bronze.raw_items order by all")]


def test_the_next_collection_does_not_bring_a_post_back(home: Home) -> None:
    assert collected(home, item(1), item(2)) == ["p1", "p2"]
    assert home.forget(item(1).url).proven
    malformed = json.dumps({"permalink": "/r/a/comments/p1/x/", "title": 7})
    rejected = (
        RejectedItem("reddit", "p1", "title", malformed),
        RejectedItem("reddit", "p3", "title", "{}"),
        RejectedItem("reddit", "p4", "url", "a text"),
    )
    assert collected(home, item(1), item(2), rejected=rejected) == ["p2"]
    assert home.rows("select item_count, rejected_count from bronze.collections") == [(1, 2)]


def test_an_author_stays_away_with_posts_of_any_day(home: Home) -> None:
    assert collected(home, item(1), item(2, "Bob")) == ["p1", "p2"]
    assert home.forget(item(1).url, author=True).proven
    assert collected(home, item(1), item(2, "Bob"), item(3), item(4, "")) == ["p2", "p4"]
    told = str(home.rows("select * from ops.tombstones"))
    assert author_hash("Ada", source="reddit", salt=SALT) in told
    assert "reddit.com" not in told


def test_a_day_that_was_clustered_while_a_post_was_taken_down_is_refused(home: Home) -> None:
    address = home.post(1)
    home.forget(address)
    home.post(1)
    check = named_check("no_forgotten_items", day=DAY)
    with home.warehouse.read() as connection, pytest.raises(DataContractError, match="no_forgotten_items"):
        require(connection, "silver.cluster_assignments", [check])


def asked(servers: SampleServers, ids: Sequence[str]) -> Mapping[str, Existence]:
    return asyncio.run(Bench(servers).collector("reddit").existence(ids))


def test_reddit_says_which_posts_are_there_deleted_or_not_even_named() -> None:
    with sample_servers(posts("reddit", 150)) as servers:
        servers.reddit.deleted.add("t3_p3")
        servers.reddit.purged.add("t3_p120")
        found = asked(servers, [f"p{number}" for number in range(1, 151)])
        assert {item_id for item_id, state in found.items() if state == "gone"} == {"p3", "p120"}
        assert len(found) == 150
        assert [len(request.query["id"].split(",")) for request in servers.asked("reddit")] == [100, 50]


def test_an_answer_without_any_of_the_posts_is_not_believed() -> None:
    with sample_servers(posts("reddit", 5)) as servers:
        assert asked(servers, ["x1", "x2"]) == {}


@pytest.fixture
def published(home: Home) -> list[str]:
    """Four published posts."""
    addresses = [home.post(number) for number in (1, 2, 3, 4)]
    home.issue(0)
    home.run(
        "insert into gold.live_issue_evidence by name select issue_key, url_hash, 'id' || url_hash as remote_id "
        "from gold.issue_evidence"
    )
    return addresses


def recheck(home: Home, gone: Sequence[str], *, budget: int, at: datetime = NOW) -> tuple[Recheck, list[str]]:
    """Ask a source that no longer has ``gone``; return the report and what was asked."""
    questions: list[str] = []

    def ask(ids: Sequence[str]) -> Mapping[str, Existence]:
        questions.extend(ids)
        return {item_id: "gone" if item_id in gone else "there" for item_id in ids}

    report = recheck_evidence(
        home.warehouse, ask={"reddit": ask}, budget=budget, now=lambda: at,
        take_down=lambda urls: home.forget(*urls, reason="gone"),
    )  # fmt: skip
    return report, questions


def test_evidence_is_asked_about_on_a_budget_the_longest_unasked_first(home: Home, published: list[str]) -> None:
    _, first = recheck(home, [], budget=3)
    _, second = recheck(home, [], budget=2, at=NOW + timedelta(days=1))
    assert len(first) == 3
    assert second[0] not in first
    assert second[1] in first


def test_what_is_gone_is_forgotten_also_after_a_takedown_that_was_killed(home: Home, published: list[str]) -> None:
    def killed(_: Sequence[str]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recheck_evidence(
            home.warehouse, ask={"reddit": lambda ids: dict.fromkeys(ids, "gone")}, budget=1, take_down=killed,
        )  # fmt: skip
    ((marked,),) = home.rows("select url_hash from ops.evidence_checks where outcome = 'gone'")
    report, questions = recheck(home, ["p1", "p2", "p3", "p4"], budget=1, at=NOW + timedelta(days=1))
    assert (report.asked, report.gone, len(questions)) == (1, 1, 1)
    assert home.rows("select url_hash, reason from ops.tombstones") == [(marked, "gone")]
    assert home.rows("select count(*) from bronze.raw_items") == [(3,)]
    assert home.rows("select count(*) from ops.evidence_checks") == [(0,)]


def test_a_source_that_does_not_answer_costs_nothing(home: Home, published: list[str]) -> None:
    def silent(_: Sequence[str]) -> Mapping[str, Existence]:
        raise TransientError("no answer")

    report = recheck_evidence(home.warehouse, ask={"reddit": silent}, budget=9, take_down=lambda _: pytest.fail("no"))
    assert report == Recheck(0, 0, None, ("reddit: no answer",))
    assert home.rows("select * from ops.evidence_checks") == []


def test_the_command_says_what_was_removed_and_exits_with_1_where_something_is_left(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(home.places.data_dir))
    monkeypatch.setenv("ARTIFACTS_DIR", str(home.places.artifacts_dir))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("POCKETBASE_URL", raising=False)
    collected(home, item(1), item(2))
    left: Path = home.write("data/inbox/theirs.txt", item(1).url)

    found = CliRunner().invoke(app, ["forget", item(1).url, "--json"])
    report = json.loads(found.stdout)
    assert found.exit_code == 1
    assert report["proof"]["remainders"][0]["path"] == str(left)
    assert {(one["what"], one["count"]) for one in report["removed"]} == {("bronze.raw_items", 1)}
    assert item(1).url not in found.stdout

    left.unlink()
    found = CliRunner().invoke(app, ["forget", item(1).url])
    assert found.exit_code == 0
    assert "nothing of it is left" in found.stdout
    assert pl.DataFrame(home.rows("select kind from ops.tombstones"), orient="row").height == 1
