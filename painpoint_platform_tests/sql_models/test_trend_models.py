"""Categories by day, the quality of sources and the costs of models, on a few rows each; and their checks, broken."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from painpoint_platform.cli.app import app
from painpoint_platform.definitions import build_defs
from painpoint_platform.errors import DataContractError
from painpoint_platform.layers import gold, silver
from painpoint_platform.sql_models.lineage import column_lineage
from painpoint_platform.sql_models.lineage_table import lineage_table
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_write

MODELS = {model.table: model for model in load_models()}
DAY = date(2025, 1, 6)

# issue, category, impact, negativity, posts, their authors (- stands for none), state, stands out
ISSUES = """
create temp table planted as
from (values
    ('a', 'finance', 80, 0.9, ['ann', 'bob', 'bob'], 'new', true),
    ('b', 'finance', 20, null, ['ann'], 'growing', false),
    ('c', 'devtools', 50, 0.5, ['cat', null], 'steady', false),
    ('d', 'devtools', 50, 0.7, ['dan'], 'fading', false),
    ('e', null, 10, null, ['eve'], 'new', false)
) as issues(issue_key, category, impact_score, negativity, authors, state, is_emerging);
insert into gold.issue_overview by name
select date '2025-01-06' as cluster_date, issue_key, category, impact_score, negativity, len(authors) as item_count
from planted;
insert into gold.issue_trends by name
select date '2025-01-06' as cluster_date, issue_key, state, is_emerging from planted;
insert into gold.issue_evidence by name
select date '2025-01-06' as cluster_date, 0 as cluster_id, issue_key, issue_key || number as url_hash,
    'reddit' as source, 'u' as url, 't' as title, '' as snippet, timestamp '2025-01-06' as created_at,
    0 as vote_count, 0 as comment_count, authors[number] as author_hash, 'core' as membership,
    false as is_representative
from planted cross join unnest(range(1, len(authors) + 1)) as posts(number);
"""
# Of 31 days Reddit's first lies out of sight; one is missing, two are partial. The last day is clustered.
SOURCES = """
insert into bronze.collections by name
select 'reddit' as source, date '2025-01-31' - (number + (number > 5)::int)::int as collection_date, 3 as item_count,
    if(number = 0, 1, 0) as rejected_count, 2 as request_count, if(number < 2, 'too old', null) as partial_reason,
    timestamp '2025-02-01' as collected_at
from range(31) as days(number);
insert into bronze.collections by name
select unnest(['earnings_calls', 'github']) as source, date '2025-01-31' as collection_date,
    unnest([0, 1]) as item_count, 0 as rejected_count, unnest([0, 4]) as request_count,
    timestamp '2025-02-01' as collected_at;
insert into bronze.raw_items by name
select source, id as source_item_id, id as url_hash, 'u' as url, day::date as collection_date, 't' as title,
    '' as body, day::date::timestamp as created_at, votes as vote_count, 1 as comment_count, author as author_hash,
    language, timestamp '2025-02-01' as collected_at
from (values
    ('reddit', 'r1', '2025-01-31', 'ann', 'en', 3), ('reddit', 'r2', '2025-01-31', null, 'de', 5),
    ('reddit', 'r3', '2025-01-31', 'ann', null, 0), ('reddit', 'both', '2025-01-31', 'bob', 'en', 0),
    ('reddit', 'r4', '2025-01-30', 'cat', 'en', 0), ('reddit', 'old', '2024-12-31', 'old', 'fr', 99),
    ('github', 'both', '2025-01-31', 'eve', null, 1)
) as items(source, id, day, author, language, votes);
insert into silver.cluster_assignments by name
select date '2025-01-31' as cluster_date, id as url_hash, cluster as cluster_id, 'core' as membership,
    1 as probability
from (values ('r1', 0), ('r2', 1), ('r3', -1), ('both', 0)) as members(id, cluster);
insert into gold.issues by name
select date '2025-01-31' as cluster_date, cluster as cluster_id, 'k' || cluster as issue_key,
    'f' as cluster_fingerprint, 1 as cluster_size, cluster = 1 as label_failed, 'v1' as prompt_version,
    1 as impact_score, timestamp '2025-02-01' as created_at
from range(2) as clusters(cluster);
"""
CALLS = """
insert into ops.llm_calls by name
select row_number() over () as call_id, moment::timestamp as called_at, task, model, 'v1' as prompt_version,
    'h' as input_hash, sent as prompt_tokens, got as completion_tokens, usd as cost_usd, seconds as latency_s, outcome
from (values
    ('2025-01-06 00:00', 'issue_label', 'big', 100, 10, 0.5, 1, 'ok'),
    ('2025-01-06 23:59:59', 'issue_label', 'big', 100, 10, 0.25, 2, 'failed'),
    ('2025-01-06 12:00', 'issue_label', 'big', 100, 10, null, 3, 'retried'),
    ('2025-01-06 13:00', 'issue_label', 'big', 0, 0, 0, 0.001, 'cached'),
    ('2025-01-06 13:00', 'issue_label', 'own', null, null, null, 4, 'fallback'),
    ('2025-01-06 13:00', 'qa_boundary', 'own', 0, 0, 0, 0.001, 'cached'),
    ('2025-01-07 00:00', 'issue_label', 'big', 7, 1, 0.125, 1, 'ok')
) as calls(moment, task, model, sent, got, usd, seconds, outcome);
"""


def fill(path: Path, statements: str) -> None:
    with open_write(path) as connection:
        connection.execute(statements)


def made(path: Path, table: str) -> list[dict[str, Any]]:
    model = MODELS[table]
    window = Window(DAY, DAY + timedelta(days=1)) if model.header.materialized == "incremental" else None
    with open_write(path) as connection:
        materialize(connection, model, window=window)
        return connection.sql(f"from {table}").pl().to_dicts()


@pytest.fixture
def issues(warehouse: Path) -> Path:
    """One day of what gold.category_daily reads, the tables of two other models among it."""
    for table in ("gold.issue_overview", "gold.issue_trends"):
        fill(warehouse, f"create table {table} as from ({MODELS[table].sql}\n) limit 0")
    fill(warehouse, ISSUES)
    return warehouse


@pytest.fixture
def sources(warehouse: Path) -> Path:
    fill(warehouse, SOURCES)
    return warehouse


@pytest.fixture
def calls(warehouse: Path) -> Path:
    fill(warehouse, CALLS)
    return warehouse


def test_a_category_sums_up_its_issues_and_counts_each_author_once(issues: Path) -> None:
    by_category = {row["category"]: row for row in made(issues, "gold.category_daily")}
    assert list(by_category) == ["finance", "devtools", "unlabelled"]
    finance, devtools = by_category["finance"], by_category["devtools"]
    states = ("issue_count", "new_issue_count", "growing_issue_count", "steady_issue_count", "fading_issue_count")
    assert [finance[name] for name in states] == [2, 1, 1, 0, 0]
    assert [devtools[name] for name in states] == [2, 0, 0, 1, 1]
    assert (finance["emerging_issue_count"], devtools["emerging_issue_count"]) == (1, 0)
    assert (finance["item_count"], finance["author_count"]) == (4, 2)
    assert (devtools["item_count"], devtools["author_count"]) == (3, 2)


def test_means_of_a_category_weigh_an_issue_by_its_posts(issues: Path) -> None:
    by_category = {row["category"]: row for row in made(issues, "gold.category_daily")}
    assert by_category["finance"]["impact_score"] == pytest.approx((3 * 80 + 20) / 4)
    assert by_category["finance"]["negativity"] == pytest.approx(0.9), "an issue that was not scored weighs nothing"
    assert by_category["devtools"]["negativity"] == pytest.approx((2 * 0.5 + 0.7) / 3)
    assert by_category["unlabelled"]["negativity"] is None


def test_the_categories_of_a_day_have_all_its_posts(issues: Path) -> None:
    assert sum(row["item_count"] for row in made(issues, "gold.category_daily")) == 8


def test_a_source_is_judged_by_its_last_30_collected_days(sources: Path) -> None:
    reddit = {row["source"]: row for row in made(sources, "gold.source_quality")}["reddit"]
    assert (reddit["first_date"], reddit["last_date"]) == (date(2025, 1, 1), date(2025, 1, 31))
    assert (reddit["day_count"], reddit["missing_day_count"], reddit["partial_day_count"]) == (30, 1, 2)
    assert (reddit["item_count"], reddit["author_count"]) == (5, 3)
    assert reddit["rejected_share"] == pytest.approx(1 / 91)
    assert reddit["items_per_request"] == pytest.approx(1.5)
    assert reddit["mean_engagement"] == pytest.approx((8 + 5) / 5)
    assert reddit["english_share"] == pytest.approx(3 / 4)
    assert reddit["shared_share"] == pytest.approx(1 / 5)


def test_what_became_of_a_source_is_a_share_of_what_was_clustered(sources: Path) -> None:
    by_source = {row["source"]: row for row in made(sources, "gold.source_quality")}
    reddit, github = by_source["reddit"], by_source["github"]
    assert (reddit["noise_share"], reddit["issue_share"], reddit["issue_count"]) == (0.25, 0.5, 1)
    assert (github["noise_share"], github["issue_share"], github["issue_count"]) == (0, 1, 1)
    assert (github["shared_share"], github["english_share"]) == (1, None)


def test_a_source_that_never_had_a_post_is_there_and_claims_nothing(sources: Path) -> None:
    quiet = {row["source"]: row for row in made(sources, "gold.source_quality")}["earnings_calls"]
    known = {name: value for name, value in quiet.items() if value is not None}
    assert known == {
        "source": "earnings_calls", "first_date": date(2025, 1, 31), "last_date": date(2025, 1, 31), "day_count": 1,
        "missing_day_count": 0, "partial_day_count": 0, "item_count": 0, "issue_count": 0, "author_count": 0,
    }  # fmt: skip


def test_costs_are_summed_by_day_task_and_model(calls: Path) -> None:
    first, own, kept, next_day = made(calls, "gold.llm_cost_daily")
    assert first == {
        "call_date": DAY, "task": "issue_label", "model": "big", "call_count": 3, "cached_count": 1,
        "retried_count": 1, "fallback_count": 0, "failed_count": 1, "prompt_tokens": 300, "completion_tokens": 30,
        "cost_usd": 0.75, "unpriced_call_count": 1, "mean_latency_s": 2.0,
    }  # fmt: skip
    assert (own["model"], own["fallback_count"], own["cost_usd"], own["unpriced_call_count"]) == ("own", 1, None, 1)
    assert (own["prompt_tokens"], own["completion_tokens"]) == (0, 0)
    assert (kept["task"], kept["call_count"], kept["cached_count"]) == ("qa_boundary", 0, 1)
    assert (kept["cost_usd"], kept["mean_latency_s"]) == (None, None), "a kept answer is no call and has no price"
    assert (next_day["call_date"], next_day["cost_usd"]) == (date(2025, 1, 7), 0.125)


def test_the_command_tells_what_the_model_sums_up_also_before_any_run_made_it(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_PATH", str(calls))
    told = json.loads(CliRunner().invoke(app, ["llm", "costs", "--json"]).stdout)
    days = [row | {"call_date": str(row["call_date"])} for row in made(calls, "gold.llm_cost_daily")]
    assert told == {"cost_usd": 0.875, "rows": days}
    lines = CliRunner().invoke(app, ["llm", "costs"]).stdout.splitlines()
    assert lines[-1] == "Known cost in all: 0.8750 USD. Calls of unknown price are not in it: 2."
    (big,) = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "2025-01-07" in line]
    assert big == ["2025-01-07", "issue_label", "big", "1", "0", "0", "7", "1", "0.1250", "0", "1.0"]


@pytest.mark.parametrize("table", ["gold.category_daily", "gold.source_quality", "gold.llm_cost_daily"])
def test_an_empty_warehouse_gives_empty_models(warehouse: Path, table: str) -> None:
    for dependency in MODELS[table].header.depends_on:
        if dependency.table in MODELS:
            fill(warehouse, f"create table {dependency.table} as from ({MODELS[dependency.table].sql}\n) limit 0")
    assert made(warehouse, table) == []


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("delete from gold.issue_trends where issue_key = 'a'", "assert_new_issue_count"),
        ("update gold.issue_trends set is_emerging = true where state = 'steady'", "assert_emerging_issue_count"),
        ("update gold.issue_overview set impact_score = 101", "assert_impact_score"),
        ("update gold.issue_overview set impact_score = null", "not_null"),
        ("update gold.issue_overview set negativity = -0.1", "assert_negativity"),
        ("update gold.issue_overview set item_count = 0 where category is null", "assert_issue_count"),
        ("update gold.issue_overview set item_count = 1; update gold.issue_evidence set author_hash = url_hash",
         "assert_author_count"),
    ],
)  # fmt: skip
def test_a_category_whose_tables_disagree_is_not_committed(issues: Path, damage: str, check: str) -> None:
    before = made(issues, "gold.category_daily")
    fill(issues, damage)
    with pytest.raises(DataContractError, match=check):
        made(issues, "gold.category_daily")
    with open_write(issues) as connection:
        assert connection.sql("from gold.category_daily").pl().to_dicts() == before


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("insert into bronze.collections from bronze.collections where collection_date = '2025-01-31'",
         "assert_missing_day_count"),
        ("update gold.issues set cluster_id = -1, label_failed = false; "
         "update silver.cluster_assignments set cluster_id = -1", "assert_noise_share"),
    ],
)  # fmt: skip
def test_a_source_that_was_counted_twice_is_not_committed(sources: Path, damage: str, check: str) -> None:
    fill(sources, damage)
    with pytest.raises(DataContractError, match=check):
        made(sources, "gold.source_quality")


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("cost_usd = -1", "assert_cost_usd_is_null_or"),
        ("prompt_tokens = -1000", "assert_prompt_tokens"),
        ("completion_tokens = -1000", "assert_completion_tokens"),
    ],
)
def test_a_ledger_that_cannot_be_true_is_not_summed_up(calls: Path, damage: str, check: str) -> None:
    fill(calls, f"update ops.llm_calls set {damage} where outcome = 'ok'")
    with pytest.raises(DataContractError, match=check):
        made(calls, "gold.llm_cost_daily")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def test_costs_follow_every_asset_that_asks_a_model(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    asks = {key for key in graph.get_all_asset_keys() if "llm" in graph.get(key).kinds}
    assert graph.get(gold("llm_cost_daily")).parent_keys == asks
    assert asks == {
        gold("issues"), gold("course_clusters"), gold("global_themes"), silver("transcript_blocks"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "partition"),
    [(gold("issues"), "2025-01-06"), (gold("course_clusters"), "spring"), (silver("transcript_blocks"), "AMD_2016")],
)
def test_costs_are_summed_up_anew_when_any_model_was_asked(
    definitions: dg.Definitions, asked: dg.AssetKey, partition: str
) -> None:
    """Also where the other domains, and all other days, were never run."""
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("course_corpora", ["spring", "autumn"])
    instance.add_dynamic_partitions("transcripts", ["AMD_2016"])
    chosen = dg.AssetSelection.assets(gold("llm_cost_daily"))
    before = dg.evaluate_automation_conditions(definitions, instance, asset_selection=chosen)
    assert before.get_num_requested(gold("llm_cost_daily")) == 0
    instance.report_runless_asset_event(dg.AssetMaterialization(asked, partition=partition))
    after = dg.evaluate_automation_conditions(definitions, instance, asset_selection=chosen, cursor=before.cursor)
    assert after.get_num_requested(gold("llm_cost_daily")) == 1


def test_later_days_whose_trends_were_remade_are_followed_once_and_start_nothing_before_them(
    definitions: dg.Definitions,
) -> None:
    """The run of a day that was filled in announces later days, too; whatever reads them follows, and then nothing."""
    trends, categories = gold("issue_trends"), gold("category_daily")
    instance = dg.DagsterInstance.ephemeral()
    before = [gold("issue_evidence"), gold("issue_overview"), trends]
    chosen = dg.AssetSelection.assets(*before, categories)
    cursor = None

    def ends(*keys: dg.AssetKey, days: tuple[int, ...]) -> None:
        for key in keys:
            for day in days:
                instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=f"2025-01-{day:02}"))

    def tick() -> dict[dg.AssetKey, set[str]]:
        nonlocal cursor
        result = dg.evaluate_automation_conditions(definitions, instance, asset_selection=chosen, cursor=cursor)
        cursor = result.cursor
        asked = {one.key: result.get_requested_partitions(one.key) for one in result.results if one.true_subset.size}
        return {key: days for key, days in asked.items() if days != {None}}

    ends(*before, categories, days=(6, 7, 8))
    tick()
    ends(trends, days=(7, 8))
    assert tick() == {categories: {"2025-01-07", "2025-01-08"}}
    ends(categories, days=(7, 8))
    assert [tick(), tick()] == [{}, {}]


def test_every_model_shows_what_each_column_is_made_of() -> None:
    lineage = {
        table: column_lineage(model.sql, {name: dict(types) for name, types in model.input_types})
        for table, model in MODELS.items()
    }
    for table, model in MODELS.items():
        shown = {row["column"]: row for row in lineage_table(table, lineage)}
        assert list(shown) == [name for name, _ in model.column_types]
        assert all(row["made of"] for row in shown.values()), table
    impact = next(row for row in lineage_table("gold.category_daily", lineage) if row["column"] == "impact_score")
    assert impact["made of"] == "gold.issue_overview: impact_score, item_count"
    assert impact["which begins as"] == "gold.issue_evidence: cluster_date, issue_key; gold.issues: impact_score"
