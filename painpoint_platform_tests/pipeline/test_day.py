"""A day through the whole platform: real servers, a real warehouse, Dagster."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import httpx
import polars as pl
import pytest

from painpoint_platform.layers import bronze, gold, silver
from painpoint_platform.sample.corpus import load_corpus
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.pipeline.conftest import (
    DAYS,
    Platform,
    definitions_here,
    platform_here,
    point_settings_at,
)

pytestmark = pytest.mark.xdist_group("pipeline")

GOLD = ("gold.issues", "gold.issue_evidence", "gold.issue_overview", "gold.source_daily", "gold.live_issues")
DAY = DAYS[0]


def query(platform: Platform, sql: str, **values: Any) -> pl.DataFrame:
    with open_read(platform.settings.warehouse) as connection:
        return connection.sql(sql, params=values).pl()


def gold_hash(platform: Platform) -> str:
    with open_read(platform.settings.warehouse) as connection:
        return export_hash(connection, GOLD, exclude_columns=["synced_at"])


def records(platform: Platform, collection: str) -> set[str]:
    """Return the ids of all records in PocketBase, asked as any other client would."""
    settings = platform.settings
    assert settings.pocketbase_password
    credentials = {"identity": settings.pocketbase_email, "password": settings.pocketbase_password.get_secret_value()}
    base = f"{settings.pocketbase_url}/api/collections"
    token = httpx.post(f"{base}/_superusers/auth-with-password", json=credentials).json()["token"]
    ids: set[str] = set()
    page, pages = 1, 1
    while page <= pages:
        parameters: dict[str, str | int] = {"perPage": 500, "page": page, "fields": "id"}
        url = f"{base}/{collection}/records"
        found = httpx.get(url, params=parameters, headers={"Authorization": token}).json()
        ids |= {record["id"] for record in found["items"]}
        page, pages = page + 1, found["totalPages"]
    return ids


@pytest.fixture(scope="module")
def done(
    world: dict[str, str], sample_items: list[SampleItem], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A platform that ran its day and made the analysts' copy; for reading only."""
    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.MonkeyPatch.context() as monkeypatch:
            point_settings_at(tmp_path_factory.mktemp("done"), world, monkeypatch)
            platform = platform_here(instance, sample_items)
            outcomes = [*platform.run_day(DAY), platform.run("snapshot")]
        assert [outcome.failure for outcome in outcomes] == [None] * len(outcomes)
        yield platform


@pytest.fixture
def own_copy(
    done: Platform, world: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Platform]:
    """The same platform in a folder of its own, for those who go on."""
    shutil.copytree(done.settings.data_dir, tmp_path, symlinks=True, dirs_exist_ok=True)
    point_settings_at(tmp_path, world, monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        yield platform_here(instance, done.items)


def test_a_day_goes_from_four_sources_to_published_issues(done: Platform) -> None:
    sources = query(done, "select source, count(*) as items from bronze.raw_items group by source")
    assert set(sources["source"]) == {"github", "hackernews", "reddit", "stackoverflow"}
    collected = int(sources["items"].sum())
    of_day = [item for item in done.items if item.created_at.date() == DAY]
    assert len(of_day) * 0.98 <= collected <= len(of_day)  # a few share the URL of another on purpose

    assigned = query(done, "select cluster_id, membership from silver.cluster_assignments")
    assert assigned.height == query(done, "select distinct url_hash from bronze.raw_items").height
    assert set(assigned["membership"]) <= {"core", "attached", "noise"}

    issues = query(done, "select * from gold.issues order by cluster_id")
    assert issues.height == query(done, "select * from silver.clusters").height > 5
    assert not issues["label_failed"].any()
    assert set(issues["model"]) == {"embedded/v1"}
    assert issues["impact_score"].is_between(0, 100).all()
    assert set(issues["issue_key"]) <= set(issues["cluster_fingerprint"])
    assert (issues["canonical_title"].str.len_chars() <= 120).all()

    clustered = assigned.filter(pl.col("cluster_id") >= 0).height
    assert query(done, "select * from gold.issue_evidence").height == clustered
    representatives = query(
        done, "select cluster_id, count(*) as n from gold.issue_evidence where is_representative group by all"
    )
    assert representatives["n"].is_between(1, 5).all()
    assert representatives.height == issues.height

    published = query(done, "select * from gold.live_issues where synced_at is not null")
    assert published.height > 0
    assert set(published["remote_id"]) <= records(done, "issues")
    assert set(query(done, "select remote_id from gold.live_issue_evidence")["remote_id"]) <= records(
        done, "issue_evidence"
    )


def test_analysts_read_gold_from_their_own_copy(done: Platform) -> None:
    with duckdb.connect(done.settings.analytics, read_only=True) as connection:
        overview = connection.execute("select count(*) from gold.issue_overview").fetchone()
        daily = connection.execute("select count(*) from gold.source_daily").fetchone()
        comment = connection.execute(
            "select comment from duckdb_columns() where table_name = 'issues' and column_name = 'impact_score'"
        ).fetchone()
    assert overview == (query(done, "select count(distinct issue_key) as n from gold.issues")["n"][0],)
    assert daily == (4,)
    assert comment
    assert "severity" in comment[0]


def test_a_repeat_changes_nothing_asks_nothing_and_writes_nothing(own_copy: Platform) -> None:
    before = gold_hash(own_copy)
    bronze_before = query(own_copy, "select * from bronze.raw_items order by all")
    synced = query(own_copy, "select issue_key, synced_at from gold.live_issues order by all")
    calls = query(own_copy, "select count(*) as n from ops.llm_calls")["n"][0]
    assert all(outcome.succeeded for outcome in own_copy.run_day(DAY))
    assert gold_hash(own_copy) == before
    assert query(own_copy, "select * from bronze.raw_items order by all").equals(bronze_before)
    assert query(own_copy, "select issue_key, synced_at from gold.live_issues order by all").equals(synced)
    assert query(own_copy, "select count(*) as n from ops.llm_calls")["n"][0] == calls


def test_a_range_gives_the_same_gold_as_its_days_one_by_one(
    platform: Platform, world: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = str(DAYS[0]), str(DAYS[-1])
    for source in ("github", "hackernews", "reddit", "stackoverflow"):
        assert platform.run("collect", f"{first}|{source}", f"{last}|{source}").failure is None
    assert platform.run("issues", first, last).failure is None
    assert platform.instance.get_materialized_partitions(gold("issues")) == {str(day) for day in DAYS}
    together = gold_hash(platform)
    with duckdb.connect(platform.settings.warehouse) as connection:
        for table in ("silver.clusters", "silver.cluster_assignments", *GOLD[:4], "ops.partition_inputs"):
            connection.execute(f"delete from {table}")
    for day in DAYS:
        assert platform.run("issues", str(day)).failure is None
    assert gold_hash(platform) == together


def test_a_source_that_fails_does_not_cost_the_others_their_day(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-wrong-token")
    platform.definitions = definitions_here()
    outcomes = {outcome.first: outcome for outcome in platform.run_day(DAY)}
    failure = outcomes[f"{DAY}|github"].failure
    assert failure
    assert "GITHUB_TOKEN" in failure
    assert "a-wrong-token" not in failure
    assert outcomes[str(DAY)].succeeded
    assert "github" not in set(query(platform, "select distinct source from bronze.raw_items")["source"])
    assert query(platform, "select * from gold.issues").height > 0


def test_an_empty_day_is_no_error(platform: Platform) -> None:
    outcomes = platform.run_day(date(2025, 2, 1))
    assert all(outcome.succeeded for outcome in outcomes)
    assert query(platform, "select * from silver.clusters").is_empty()
    assert query(platform, "select item_count from bronze.collections")["item_count"].to_list() == [0] * 4


def test_a_pocketbase_that_is_down_is_said_and_made_up_for(
    platform: Platform, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKETBASE_URL", "http://127.0.0.1:9")
    platform.definitions = definitions_here()
    assert all(outcome.succeeded for outcome in platform.run_day(DAY))
    check = platform.instance.event_log_storage.get_asset_check_execution_history(
        next(
            iter(
                key
                for key in platform.definitions.resolve_asset_graph().asset_check_keys
                if key.name == "everything_published"
            )
        ),
        limit=1,
    )[0]
    assert check.event
    assert not check.event.dagster_event.asset_check_evaluation_data.passed
    assert query(platform, "select * from gold.live_issues where synced_at is not null").is_empty()

    monkeypatch.setenv("POCKETBASE_URL", world["POCKETBASE_URL"])
    platform.definitions = definitions_here()
    assert platform.run("issues", str(DAY)).succeeded
    assert query(platform, "select * from gold.live_issues where synced_at is null").is_empty()
    assert query(platform, "select * from gold.live_issues").height > 0


def test_materialisations_carry_what_a_person_wants_to_see(done: Platform) -> None:
    def latest(key: Any) -> dict[str, Any]:
        event = done.instance.get_latest_materialization_event(key)
        assert event
        assert event.asset_materialization
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}

    clusters = latest(silver("clusters"))
    assert clusters["dagster/row_count"] == query(done, "select * from silver.clusters").height
    assert clusters["cluster_sizes"].startswith("![")
    assert "data:image/png;base64," in clusters["cluster_map"]
    assert clusters["preview"]
    issues = latest(gold("issues"))
    assert issues["labels_asked"] + issues["labels_reused"] == issues["dagster/row_count"]
    assert "model_cost_usd" in issues
    assert latest(gold("live_issues"))["created"] > 0
    assert latest(bronze("raw_items"))["requests"] > 0


def test_labels_come_back_for_the_same_representatives_on_another_day(own_copy: Platform) -> None:
    """The same posts a day later are the same fingerprints: their labels are reused, and the row says from when."""
    later = date(2025, 1, 20)
    with duckdb.connect(own_copy.settings.warehouse) as connection:
        connection.execute(
            "insert into bronze.raw_items by name select * replace ($later as collection_date) from bronze.raw_items "
            "where collection_date = $day",
            {"later": later, "day": DAY},
        )
    calls = query(own_copy, "select count(*) as n from ops.llm_calls")["n"][0]
    assert own_copy.run("issues", str(later)).failure is None
    assert query(own_copy, "select count(*) as n from ops.llm_calls")["n"][0] == calls
    reused = query(own_copy, "select distinct reused_from from gold.issues where cluster_date = $day", day=later)
    assert reused["reused_from"].to_list() == [DAY]


def test_the_sample_world_is_the_corpus_of_the_demo() -> None:
    assert len(load_corpus().items) >= 3 * 800
