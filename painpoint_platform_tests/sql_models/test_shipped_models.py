"""The models of the project, executed on a tiny warehouse."""

import re
from datetime import date, datetime

import pytest

from painpoint_platform.paths import bundled
from painpoint_platform.sql_models.lineage import column_lineage
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_read, open_write

MODELS = {model.table: model for model in load_models()}
DAILY = [table for table, model in MODELS.items() if model.header.materialized == "incremental"]
# Written out in the query, so made of no column.
LITERALS = {"gold.painpoints": {"kind"}}
FIRST, SECOND, THIRD = (date(2025, 1, number) for number in (1, 2, 3))

# url, source, author, votes, cluster (None: not clustered yet)
ITEMS = [
    ("u1", "github", "ann", 5, 0),
    ("u2", "github", "bob", 9, 0),
    ("u3", "reddit", "cat", 1, 0),
    ("u4", "reddit", "ann", 2, 1),
    ("u5", "reddit", None, 3, 1),
    ("u6", "github", "dan", 7, -1),
    ("u7", "github", None, 0, -1),
    ("u1", "hackernews", "eve", 40, None),  # the same page as github's u1: one assignment, two items
]


@pytest.fixture
def filled(warehouse):
    """Two days. The first is clustered: two issues and noise. The second is collected only, and Reddit is partial.

    The post of the second day links the same page as one of the first.
    """
    with open_write(warehouse) as connection:
        connection.execute(
            "create temp table items (url varchar, source varchar, author varchar, votes int, cluster int)"
        )
        connection.executemany("insert into items values (?, ?, ?, ?, ?)", ITEMS)
        connection.execute(SETUP)
    return warehouse


SETUP = """
insert into bronze.raw_items by name
select source, url as source_item_id, url as url_hash, 'https://x/' || url as url, date '2025-01-01' as collection_date,
    'title ' || url as title, '' as body, timestamp '2025-01-01 10:00:00' + interval (votes) minute as created_at,
    1 as comment_count, votes as vote_count, author as author_hash, timestamp '2025-01-02' as collected_at
from items;
insert into bronze.raw_items by name
select 'reddit' as source, '9' as source_item_id, 'u1' as url_hash, 'https://x/u1' as url,
    date '2025-01-02' as collection_date, 't' as title, '' as body, timestamp '2025-01-02 01:00:00' as created_at,
    0 as comment_count, 0 as vote_count,
    timestamp '2025-01-03' as collected_at;
insert into bronze.collections by name
select unnest(['github', 'reddit', 'hackernews', 'stackoverflow']) as source, date '2025-01-01' as collection_date,
    0 as item_count, 2 as rejected_count, 3 as request_count, timestamp '2025-01-02' as collected_at;
insert into bronze.collections by name
select 'reddit' as source, date '2025-01-02' as collection_date, 1 as item_count, 0 as rejected_count,
    10 as request_count, 'only the last 1,000 posts can be listed' as partial_reason,
    timestamp '2025-01-03' as collected_at;
insert into silver.cluster_assignments by name
select date '2025-01-01' as cluster_date, url as url_hash, cluster as cluster_id,
    case when cluster < 0 then 'noise' when url = 'u3' then 'attached' else 'core' end as membership, 1 as probability
from items where cluster is not null;
insert into gold.issues by name
select date '2025-01-01' as cluster_date, cluster as cluster_id, 'key' || cluster as issue_key,
    'key' || cluster as cluster_fingerprint, count(*) as cluster_size,
    case cluster when 0 then 'It is slow' end as canonical_title, case cluster when 0 then 'other' end as category,
    cluster = 1 as label_failed, 'v1' as prompt_version, 1.5 as impact_score, timestamp '2025-01-02' as created_at
from items where cluster >= 0 group by cluster;
insert into gold.issue_evidence by name
select date '2025-01-01' as cluster_date, cluster as cluster_id, 'key' || cluster as issue_key, url as url_hash, source,
    'https://x/' || url as url, 'title' as title, '' as snippet,
    timestamp '2025-01-01 10:00:00' + interval (votes) minute as created_at, votes as vote_count, 1 as comment_count,
    author as author_hash, if(url = 'u3', 'attached', 'core') as membership, url <> 'u2' as is_representative
from items where cluster >= 0;
"""


def run(path, table, day=FIRST, **options):
    """Materialise a day of a model, after the models that it reads."""
    window = Window(day, date.fromordinal(day.toordinal() + 1))
    with open_write(path) as connection:
        for dependency in MODELS[table].header.depends_on:
            if dependency.table in MODELS:
                materialize(connection, MODELS[dependency.table], window=window)
        return materialize(connection, MODELS[table], window=window, **options)


def rows(path, query):
    """Rows as dictionaries."""
    with open_read(path) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_issue_overview_gathers_an_issue_of_a_day(filled):
    assert run(filled, "gold.issue_overview") == 2
    slow, unlabelled = rows(filled, "from gold.issue_overview order by issue_key")
    expected = {
        "cluster_date": FIRST,
        "title": "It is slow",
        "cluster_count": 1,
        "item_count": 3,
        "core_item_count": 2,
        "author_count": 3,
        "source_count": 2,
        "sources": ["github", "reddit"],
        "items_by_source": {"github": 2, "reddit": 1},
        "vote_count": 15,
        "comment_count": 3,
        "first_created_at": datetime(2025, 1, 1, 10, 1),  # noqa: DTZ001
        "last_created_at": datetime(2025, 1, 1, 10, 9),  # noqa: DTZ001
        "example_url": "https://x/u1",
        "publishable": True,
    }
    assert {name: slow[name] for name in expected} == expected
    assert (unlabelled["title"], unlabelled["publishable"], unlabelled["author_count"]) == (None, False, 1)


def test_publishable_follows_the_setting(filled):
    run(filled, "gold.issue_overview", variables={"publish_min_authors": 4})
    assert rows(filled, "select distinct publishable from gold.issue_overview") == [{"publishable": False}]


def test_two_clusters_with_one_key_are_one_issue_and_the_larger_one_speaks(filled):
    with open_write(filled) as connection:
        connection.execute("update gold.issues set issue_key = 'key0'")
        connection.execute("update gold.issue_evidence set issue_key = 'key0'")
    run(filled, "gold.issue_overview")
    (issue,) = rows(filled, "from gold.issue_overview")
    assert (issue["title"], issue["cluster_count"], issue["item_count"]) == ("It is slow", 2, 5)
    assert issue["items_by_source"] == {"github": 2, "reddit": 3}


def test_source_daily_says_what_became_of_each_source(filled):
    assert run(filled, "gold.source_daily") == 4
    by_source = {row["source"]: row for row in rows(filled, "from gold.source_daily")}
    github, reddit, hackernews, stackoverflow = (
        by_source[name] for name in ("github", "reddit", "hackernews", "stackoverflow")
    )
    counts = (
        "item_count",
        "clustered_count",
        "noise_count",
        "noise_share",
        "issue_count",
        "author_count",
        "vote_count",
    )
    assert [github[name] for name in counts] == [4, 2, 2, 0.5, 1, 3, 21]
    assert [reddit[name] for name in counts] == [3, 3, 0, 0.0, 2, 2, 6]
    assert [hackernews[name] for name in counts] == [1, 1, 0, 0.0, 1, 1, 40]
    assert [stackoverflow[name] for name in counts] == [0, 0, 0, None, 0, 0, 0]
    assert (github["rejected_count"], github["request_count"], github["is_partial"]) == (2, 3, False)


def test_a_partial_day_that_is_not_clustered_yet_is_told_from_a_noisy_one(filled):
    run(filled, "gold.source_daily", SECOND)
    (row,) = rows(filled, "from gold.source_daily")
    assert (row["item_count"], row["noise_count"], row["noise_share"]) == (1, 0, None)
    assert row["is_partial"]
    assert "1,000" in row["partial_reason"]


@pytest.mark.parametrize("table", DAILY)
def test_a_day_without_anything_is_no_error(filled, table):
    assert run(filled, table, THIRD) == 0


@pytest.mark.parametrize("table", DAILY)
def test_days_one_by_one_give_what_the_file_gives_in_a_shell(filled, table):
    """The file is a plain select: pasted into the DuckDB shell it shows what the table will hold."""
    for day in (SECOND, FIRST, FIRST):
        run(filled, table, day)
    text = MODELS[table].path.read_text()
    assert rows(filled, text) != []
    keys = next(check.columns for check in MODELS[table].header.checks if check.kind == "unique")
    order = f"order by {', '.join(keys)}"
    assert rows(filled, f"from {table} {order}") == rows(filled, f"from ({text.rstrip().removesuffix(';')}) {order}")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_column_has_a_lineage(model):
    lineage = column_lineage(model.sql, {table: dict(types) for table, types in model.input_types})
    without = {column for column, sources in lineage.items() if not sources}
    assert set(lineage) == {name for name, _ in model.column_types}
    assert without == LITERALS.get(model.table, set())


def test_no_lambda_is_written_with_the_arrow_that_duckdb_two_refuses():
    files = bundled("dbt_like_sql").rglob("*.sql")
    code = {path.name: re.sub(r"--.*", "", path.read_text()) for path in files}
    assert [name for name, sql in code.items() if " -> " in sql] == []
