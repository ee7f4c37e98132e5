"""A post is taken down: nothing of it is left in any file, what stays is consistent, and killing it costs nothing."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from painpoint_platform import locking
from painpoint_platform.errors import UserError, WarehouseLockedError
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.llm.ledger import insert_calls, spooled_calls
from painpoint_platform.llm.state import StateFile
from painpoint_platform.locking import Deadline
from painpoint_platform.sample.pocketbase_server import PocketBaseServer
from painpoint_platform.sql_models.model import SqlModel, load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.takedown import forgetting
from painpoint_platform.text.urls import url_hash
from painpoint_platform.warehouse.checks import named_check, run_check
from painpoint_platform_tests.takedown.home import DAY, LABEL, NEXT_DAY, WORDS, Home

Records = Callable[[str], list[dict[str, Any]]]

# Each stands in another part of the post, and nowhere else.
IN_TITLE, IN_BODY, IN_SNIPPET = "Zwetschgenkuchen", "Quittengelee-4711", "Mirabellenmus-0815"
PLANTED = (IN_TITLE, IN_BODY, IN_SNIPPET)
TITLE = f"Since the update {IN_TITLE} is printed on every single invoice that we export"
BODY = f"Our {IN_SNIPPET} was fine before. {WORDS} " * 3 + f"In the end there is only {IN_BODY} left of it, sadly."


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, models: list[SqlModel]) -> tuple[Path, str]:
    """Two issues of four posts each, one noise post, and a planted post; everything that a run writes about them."""
    home = Home(tmp_path_factory.mktemp("template"), models)
    planted = home.post(1, title=TITLE, body=BODY)
    for number in (2, 3, 4):
        home.post(number)
    for number in (5, 6, 7, 8):
        home.post(number, cluster=1)
    home.post(9, cluster=-1)
    home.issue(0)
    home.issue(1, title="Books cannot be closed in time")
    home.finish()
    return home.root, planted


@pytest.fixture
def filled(home: Home, template: tuple[Path, str]) -> str:
    """A copy of the template; the address of the planted post."""
    shutil.copytree(template[0], home.root, dirs_exist_ok=True)
    return template[1]


def facts_hold(home: Home, day: date = DAY) -> bool:
    names = ("sizes_match_assignments", "every_cluster_has_an_issue", "no_orphan_evidence", "no_forgotten_items")
    with home.warehouse.read() as connection:
        return all(run_check(connection, named_check(name, day=day)).passed for name in names)


def materialise_previews(home: Home) -> dg.DagsterInstance:
    """A real run with a real instance that shows the post in a preview, in a picture's title and in its log."""

    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2025-01-01"))
    def evidence(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log.info(f"looked at {TITLE}")
        is_its_day = context.partition_key == str(DAY)
        preview = dg.MetadataValue.table([dg.TableRecord({"title": TITLE, "snippet": BODY[:200]})])
        picture = dg.MetadataValue.md(f"![{IN_TITLE if is_its_day else 'map'}](data:image/png;base64,AAAA)")
        return dg.MaterializeResult(metadata={"dagster/row_count": 5, "preview": preview, "map": picture})

    home.places.dagster_home.mkdir()
    instance = dg.DagsterInstance.local_temp(str(home.places.dagster_home))
    for day in (DAY, NEXT_DAY):
        assert dg.materialize([evidence], instance=instance, partition_key=str(day)).success
    return instance


def test_nothing_of_a_post_is_left_in_any_file(
    home: Home, filled: str, client: PocketBaseClient, records: Records
) -> None:
    home.snapshot()
    publish = home.publisher(client)
    assert publish(DAY).created == 2
    instance = materialise_previews(home)
    home.answer(f"{IN_TITLE} on invoices")
    home.answer("Invoices cannot be exported")
    with closing(StateFile(home.places.llm_state)) as state, home.warehouse.write() as connection:
        insert_calls(connection, spooled_calls(state))
    payload = f'{{"permalink": "/r/invoices/comments/p1/x/", "title": 7, "selftext": "{BODY}"}}'
    home.insert(
        "bronze.rejected_items",
        {"source": "reddit", "collection_date": DAY, "source_item_id": "p1", "reason": "title: found int"}
        | {"payload": payload, "rejected_at": home.rows("select now()::timestamp")[0][0]},
    )
    report = home.write("artifacts/reports/today.html", f"<a href='{filled}'>{TITLE}</a>")
    log = home.write("data/dagster/storage/x/compute_logs/a.err", f"starting\nread {TITLE}\nending\n")
    assert all(home.grep(planted) for planted in PLANTED)

    done = home.forget("https://old.reddit.com/comments/P1?utm_source=x", publish=publish)

    assert done.problems == ()
    assert done.proof.remainders == ()
    assert [home.grep(planted) for planted in PLANTED] == [[], [], []]
    assert home.grep(filled) == []
    assert home.rows("select count(*) from bronze.raw_items")[0][0] == 8
    assert home.rows("select distinct error from ops.llm_calls order by error desc")[0][0].startswith("forgotten:")
    assert home.answers() == ["Invoices cannot be exported"]
    assert sorted(item["votes"] for item in records("issue_evidence")) == [2] * 7
    assert not report.exists()
    assert log.read_text() == "starting\nending\n"
    removed = {(one.place.rpartition("/")[2], one.what): one.count for one in done.removed}
    assert removed["painpoint.duckdb", "bronze.raw_items"] == removed["PocketBase", "issue_evidence"] == 1
    assert removed["painpoint.duckdb", "bronze.rejected_items"] == 1
    event = instance.get_latest_materialization_event(dg.AssetKey("evidence"))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["dagster/row_count"].value == 5


def test_what_stays_is_consistent_at_once_and_marked_to_be_made_again(home: Home, filled: str) -> None:
    done = home.forget(filled)

    assert done.proven
    assert facts_hold(home)
    size, votes = home.rows("select cluster_size, votes from silver.clusters where cluster_id = 0")[0]
    assert (size, votes) == (3, 6)
    assert home.rows("select cluster_size from gold.issues where cluster_id = 0") == [(3,)]
    assert home.rows("select item_count from gold.issue_overview where issue_key = 'issue-0'") == [(3,)]
    assert home.rows("select item_count, clustered_count from gold.source_daily") == [(8, 7)]
    assert home.rows("select item_count from bronze.collections") == [(8,)]
    assert home.rows("select * from ops.partition_inputs") == []
    ((kind, page, author, source, reason, proven),) = home.rows(
        "select kind, url_hash, author_hash, source, reason, proven_at is not null from ops.tombstones"
    )
    assert (kind, page, author, source, reason, proven) == ("item", url_hash(filled), None, "reddit", "asked for", True)
    assert done.target.stale_days == (DAY,)
    assert not home.places.journal.exists()


def test_an_issue_whose_evidence_was_all_forgotten_is_gone(
    home: Home, filled: str, client: PocketBaseClient, records: Records
) -> None:
    publish = home.publisher(client)
    publish(DAY)
    pages = [url for (url,) in home.rows("select url from gold.issue_evidence where cluster_id = 1")]

    assert home.forget(*pages, publish=publish).proven

    assert [record["issue_key"] for record in records("issues")] == ["issue-0"]
    assert (
        home.rows("select cluster_id from silver.clusters") == home.rows("select cluster_id from gold.issues") == [(0,)]
    )
    assert home.rows("select issue_key from gold.issue_overview") == [("issue-0",)]
    assert home.rows("select distinct issue_key from gold.live_issue_evidence") == [("issue-0",)]
    assert facts_hold(home)


def test_an_issue_that_too_few_people_are_left_to_report_is_taken_down(
    home: Home, filled: str, client: PocketBaseClient, records: Records
) -> None:
    publish = home.publisher(client)
    publish(DAY)
    pages = [url for (url,) in home.rows("select url from gold.issue_evidence where cluster_id = 1 limit 2")]

    assert home.forget(*pages, publish=publish).proven

    assert [record["issue_key"] for record in records("issues")] == ["issue-0"]
    assert home.rows("select cluster_size from gold.issues where cluster_id = 1") == [(2,)]


def test_a_label_that_says_what_only_the_post_said_goes_with_it(
    home: Home, filled: str, client: PocketBaseClient, records: Records
) -> None:
    title = f"Invoices are printed with {IN_TITLE} on them"
    home.run("update gold.issues set canonical_title = $title where cluster_id = 0", title=title)
    home.post(20, day=NEXT_DAY)
    home.issue(0, day=NEXT_DAY, title=title)
    publish = home.publisher(client)
    publish(NEXT_DAY)
    assert home.grep(IN_TITLE)

    done = home.forget(filled, publish=publish)

    assert done.proven
    assert home.grep(IN_TITLE) == []
    assert home.rows("select distinct canonical_title, label_failed from gold.issues where issue_key = 'issue-0'") == [
        (None, True)
    ]
    assert LABEL not in {record["title"] for record in records("issues")}
    assert done.target.stale_days == (DAY, NEXT_DAY)


def test_later_days_forget_when_an_issue_was_first_seen_with_the_posts_that_said_so(home: Home, filled: str) -> None:
    trends = next(model for model in load_models() if model.table == "gold.issue_trends")
    home.models = [*home.models, trends]
    for number in (20, 21, 22):
        home.post(number, cluster=1, day=NEXT_DAY)
    home.issue(1, day=NEXT_DAY)
    with home.warehouse.write() as connection:
        materialize(connection, trends, window=Window(DAY, NEXT_DAY + timedelta(days=1)))
    of_next_day = (
        "select first_seen, history_items from gold.issue_trends where cluster_date > $day and issue_key = 'issue-1'"
    )
    assert home.rows(of_next_day, day=DAY) == [(DAY, 4)]

    pages = "select url from gold.issue_evidence where cluster_id = 1 and cluster_date = $day"
    assert home.forget(*(url for (url,) in home.rows(pages, day=DAY))).proven

    assert home.rows(of_next_day, day=DAY) == [(NEXT_DAY, 0)]


def test_everything_of_an_author_goes_and_nothing_of_others(home: Home) -> None:
    mine = [home.post(number, author="the-author", body=f"{WORDS} {IN_BODY} {number}") for number in (1, 2)]
    mine.append(home.post(3, author="the-author", cluster=-1, body=f"{IN_BODY} is all that I have to say here"))
    others = [home.post(number) for number in (4, 5, 6)]
    home.issue(0)
    home.finish()

    assert home.forget(mine[2], author=True).proven

    assert home.grep(IN_BODY) == []
    assert sorted(url for (url,) in home.rows("select url from bronze.raw_items")) == others
    assert home.rows("select kind, count(*), max(author_hash) from ops.tombstones group by kind order by kind") == [
        ("author", 1, "the-author"), ("item", 3, None),
    ]  # fmt: skip
    with pytest.raises(UserError, match="nobody is known to have written"):
        home.forget(mine[0], author=True)


def test_a_copy_that_somebody_else_posted_stays_and_is_no_remainder(home: Home) -> None:
    first, second = (home.post(number, title=TITLE, body=BODY) for number in (1, 2))
    home.post(3)
    home.issue(0, title=f"{IN_TITLE} on invoices")
    home.finish()

    assert home.forget(first).proven
    assert home.rows("select canonical_title from gold.issues") == [(f"{IN_TITLE} on invoices",)]
    assert home.forget(second).proven
    assert not any(home.grep(planted) for planted in PLANTED)


KILLED = (
    ("before", "remove_rows"), ("after", "remove_rows"), ("after", "forget_answers"), ("after", "rewrite_warehouse"),
    ("after", "_note_proof"),
)  # fmt: skip


@pytest.mark.parametrize(("when", "step"), KILLED)
def test_a_takedown_that_is_killed_is_finished_by_the_next(
    step: str, when: str, home: Home, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.answer(f"{IN_TITLE} on invoices")
    real = getattr(forgetting, step)

    def killed(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, step, killed)
    with pytest.raises(KeyboardInterrupt):
        home.forget(filled)
    monkeypatch.undo()

    assert home.forget(filled).proven
    assert not any(home.grep(planted) for planted in PLANTED)
    assert facts_hold(home)
    assert home.answers() == []


def test_a_pocketbase_that_is_down_is_said_and_the_next_sync_takes_it_down(
    home: Home, filled: str, server: PocketBaseServer, client: PocketBaseClient, records: Records
) -> None:
    home.publisher(client)(DAY)
    with PocketBaseClient("http://127.0.0.1:9", "a@example.com", "nobody", timeout_s=1) as absent:
        done = home.forget(filled, publish=home.publisher(absent))
    assert not done.proven
    assert any("PocketBase still has 1 record of it; the next sync" in problem for problem in done.problems)
    assert len(records("issue_evidence")) == 8
    assert home.rows("select count(*) from bronze.raw_items where url = $url", url=filled) == [(0,)]

    home.publisher(client)(NEXT_DAY)  # of any day: it takes up whatever is unfinished

    assert len(records("issue_evidence")) == 7
    assert home.forget(filled, publish=home.publisher(client)).proven


def test_without_a_pocketbase_what_is_published_is_said_not_to_be_gone(
    home: Home, filled: str, client: PocketBaseClient
) -> None:
    home.publisher(client)(DAY)
    done = home.forget(filled)
    assert not done.proven
    assert any("still has 1 record of it; set POCKETBASE_URL" in problem for problem in done.problems)


def test_a_journal_that_somebody_changed_is_not_passed_over(home: Home, filled: str) -> None:
    for content in ("{", "[]", '{"days": ["never"]}', '{"places": []}'):
        home.places.journal.write_text(content)
        with pytest.raises(UserError, match=r"takedown\.json: not the journal of a takedown any more"):
            home.forget(filled)
        assert home.places.journal.read_text() == content
    assert home.rows("select count(*) from ops.tombstones") == [(0,)]


def test_a_copy_of_the_warehouse_or_a_file_of_somebody_is_named_and_left(home: Home, filled: str) -> None:
    backup = home.places.data_dir / "backup.duckdb"
    backup.write_bytes(home.places.warehouse.read_bytes())
    theirs = home.write("data/inbox/notes.txt", f"see {filled}: {TITLE}")

    done = home.forget(filled)

    assert not done.proven
    assert {left.path for left in done.proof.remainders} == {backup, theirs}
    assert any(left.place == "bronze.raw_items.body" for left in done.proof.remainders)
    assert home.places.journal.exists()
    assert home.places.journal.stat().st_mode & 0o777 == 0o600
    backup.unlink()
    theirs.unlink()
    assert home.forget(filled).proven
    assert not home.places.journal.exists()


def test_a_damaged_database_proves_nothing(home: Home, filled: str) -> None:
    (home.places.data_dir / "old.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 5000)
    done = home.forget(filled)
    assert ["cannot be read" in left.problem for left in done.proof.remainders] == [True]


def test_a_post_that_was_never_collected_is_told_and_can_be_kept_away(home: Home, filled: str) -> None:
    unknown = "https://www.reddit.com/r/invoices/comments/zzz/unheard_of/"
    with pytest.raises(UserError, match=r"never collected.*--anyway"):
        home.forget(unknown)
    assert home.rows("select * from ops.tombstones") == []
    assert home.forget(unknown, anyway=True).proven
    assert home.rows("select url_hash, source from ops.tombstones") == [(url_hash(unknown), None)]
    assert home.forget(unknown).proven
    with pytest.raises(UserError, match="expected an http or https URL"):
        home.forget("mailto:somebody@example.com")


def test_a_takedown_waits_for_the_warehouse_like_everybody_else(home: Home, filled: str) -> None:
    hasty = replace(home.places, lock_timeout_s=0.05)
    with locking.shared(home.places.warehouse, Deadline(1)), ThreadPoolExecutor(1) as thread:
        attempt = thread.submit(forgetting.forget, [filled], places=hasty, publish=None)
        with pytest.raises(WarehouseLockedError, match="stayed locked"):
            attempt.result()
    assert home.rows("select count(*) from bronze.raw_items") == [(9,)]
    assert home.forget(filled).proven


def test_a_rewritten_warehouse_is_the_same_warehouse(home: Home, filled: str) -> None:
    def schema() -> list[tuple[Any, ...]]:
        return home.rows(
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
            "where not internal and schema_name <> 'main' order by all"
        ) + home.rows("select table_name, constraint_text from duckdb_constraints() order by all")

    before = schema()
    home.forget(filled)
    assert schema() == before
    assert list(home.places.warehouse.parent.glob(".*.new*")) == []


def test_paths_that_lead_elsewhere_are_not_followed(home: Home, filled: str, tmp_path_factory: Any) -> None:
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere") / "theirs.html"
    elsewhere.write_text(f"{filled} {TITLE}")
    (home.places.data_dir / "link.html").symlink_to(elsewhere)
    assert home.forget(filled).proven
    assert elsewhere.exists()
