"""The walk to a new source: its stories arrive and are clustered."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from painpoint_platform.sample.corpus import generate_items
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.servers.serving import Answer, Faults, Request, serving, status
from painpoint_platform_tests.extending.conftest import Extended

pytestmark = pytest.mark.xdist_group("extending")

DAY = date(2025, 1, 6)
STORIES_A_PAGE = 25


class Lobsters:
    """Answers ``/newest/page/<n>.json`` as https://lobste.rs does."""

    def __init__(self, items: Sequence[SampleItem]) -> None:
        self.items = sorted(items, key=lambda item: item.created_at, reverse=True)

    def __call__(self, request: Request) -> Answer:
        number = int(request.path.removeprefix("newest/page/").removesuffix(".json"))
        shown = self.items[(number - 1) * STORIES_A_PAGE : number * STORIES_A_PAGE]
        return Answer([_story(item) for item in shown])


def _story(item: SampleItem) -> dict[str, Any]:
    name = "".join(filter(str.isalnum, item.source_item_id))[-12:]
    return {
        "short_id": name,
        "short_id_url": f"https://lobste.rs/s/{name}",
        "created_at": item.created_at.isoformat(timespec="milliseconds"),
        "title": item.title or "A story",
        "url": "https://example.org/",
        "score": item.vote_count,
        "comment_count": item.comment_count,
        "description": f"<p>{item.body}</p>",
        "description_plain": item.body,
        "submitter_user": item.author or "nobody",
        "tags": ["programming"],
    }


@pytest.fixture(scope="module")
def stories() -> list[SampleItem]:
    """Two days of stories; one of them is what the day's window must leave out."""
    return [
        item
        for day, items in ((DAY, 110), (date(2025, 1, 5), 30))
        for item in generate_items(day, items, seed=5)
        if item.source == "github"
    ]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def definitions(
    extended: Extended, home: Path, stories: list[SampleItem], faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.Definitions]:
    sources = home / "sources.yaml"
    sources.write_text("lobsters:\n  requests_per_minute: 60000\n")
    with serving({"lobsters": Lobsters(stories)}, faults, lambda _name, _request: None) as base:
        monkeypatch.setenv("SOURCES_FILE", str(sources))
        monkeypatch.setenv("LOBSTERS_API_URL", f"{base}/lobsters")
        yield extended.module("definitions").build_defs()


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "painpoint.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_its_stories_arrive_in_bronze_and_are_clustered(
    extended: Extended, home: Path, definitions: dg.Definitions, stories: list[SampleItem], faults: Faults
) -> None:
    run = extended.module("jobs").run_in_process
    layers = extended.module("layers")
    faults.add("lobsters", status(503), times=1)
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(definitions, "collect", instance=instance, first=f"{DAY}|lobsters").failure is None
        silver = [layers.silver("clusters"), layers.silver("cluster_assignments")]
        assert run(definitions, "issues", instance=instance, first=str(DAY), assets=silver).failure is None
    of_day = [item for item in stories if item.created_at.date() == DAY]
    assert rows(home, "select source, count(*), count(distinct author_hash) > 9 from bronze.raw_items group by all") == [
        ("lobsters", len(of_day), True)
    ]
    assert rows(home, "select partial_reason, rejected_count, request_count from bronze.collections") == [(None, 0, 3)]
    [(clustered,)] = rows(home, "select count(*) from silver.cluster_assignments where cluster_id >= 0")
    assert clustered > len(of_day) / 2


def test_everything_that_knows_all_sources_knows_it(
    extended: Extended, home: Path, definitions: dg.Definitions, stories: list[SampleItem]
) -> None:
    assert f"{DAY}|lobsters" in extended.module("partitions").source_day_partitions.get_partition_keys()
    assert definitions.resolve_schedule_def("collect_lobsters_daily").cron_schedule == "15 0 * * *"
    graph = extended.module("issues.assets").raw_items
    pools = {node.name: node.pool for node in graph.node_def.iterate_node_defs() if hasattr(node, "pool")}
    assert pools["collect_lobsters"] == "lobsters_api"
    settings = extended.module("settings").load_settings(None)
    found = list(extended.module("doctor.services").sources(settings, True))
    assert [(one.what, one.state) for one in found] == [("queries", "ok"), ("lobsters", "ok")]
    queries = extended.module("issues.query_file").load_queries(extended.root / "sources.yaml")
    assert "lobsters" in queries.enabled


def test_the_sample_settings_file_shows_its_setting(extended: Extended) -> None:
    lines = (extended.root / ".env.example").read_text().splitlines()
    assert lines[lines.index("# Lobsters") + 1] == "# LOBSTERS_API_URL=https://lobste.rs"
    assert "LOBSTERS_API_URL" in extended.module("settings").setting_names()
