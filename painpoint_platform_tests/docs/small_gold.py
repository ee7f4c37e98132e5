"""A small analysts' copy of gold: 17 days of the sample corpus, a corpus of courses, two calls, some model calls.

Posts are those of the sample; their clusters are the sample's ground truth instead of an embedding's, so that it is
made in a second or two. From there on it is the platform's own work: SQL models make their tables, ``write_snapshot``
the copy.
"""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from painpoint_platform.sample.corpus import generate_items
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.snapshot import write_snapshot
from painpoint_platform_tests.sql_models.test_domain_models import CALLS, COURSES

FIRST, DAYS, POSTS_A_DAY = date(2025, 1, 6), 17, 100
LAST = FIRST + timedelta(days=DAYS - 1)
SMALLEST_CLUSTER = 3
BURST = 12  # how often the posts of the largest issue are told again on the last day

# Reddit could not be read to the end of the last day but one. The smallest issue of each day got no label.
ISSUES = """
insert into bronze.raw_items by name
select * exclude (problem, cluster_id, failed), '' as body, 'en' as language, created_at as collected_at from posts;
insert into bronze.collections by name
select source, collection_date, count(*) as item_count, 0 as rejected_count, 2 as request_count,
    if(source = 'reddit' and collection_date = (select max(collection_date) - 1 from posts), 'too old', null)
        as partial_reason,
    max(created_at) as collected_at
from posts group by source, collection_date;
insert into silver.cluster_assignments by name
select collection_date as cluster_date, url_hash, coalesce(cluster_id, -1) as cluster_id,
    if(cluster_id is null, 'noise', 'core') as membership, 1 as probability
from posts;
insert into gold.issues by name
select collection_date as cluster_date, cluster_id, sha256(problem) as issue_key, problem as cluster_fingerprint,
    count(*) as cluster_size, if(failed, null, min(title)) as canonical_title,
    if(failed, null, ['devtools', 'finance', 'ai'][1 + len(problem) % 3]) as category,
    cluster_id < 2 as would_pay_signal, if(failed, null, 'high') as impact_level, failed as label_failed,
    'embedded/v1' as model, 'v1' as prompt_version,
    70 - cluster_id as impact_score, max(created_at) as created_at, 0.7 as negativity, 0.3 as negativity_width,
    0.5 as intensity, 0.1 as intensity_width, 0.4 as willingness, 0.1 as willingness_width, false as muted
from posts where cluster_id is not null group by collection_date, cluster_id, problem, failed;
insert into gold.issue_evidence by name
select collection_date as cluster_date, cluster_id, sha256(problem) as issue_key, url_hash, source, url, title,
    '' as snippet, created_at, vote_count, comment_count, author_hash, 'core' as membership,
    row_number() over (partition by collection_date, cluster_id order by url_hash) <= 5 as is_representative
from posts where cluster_id is not null;
insert into gold.issue_quotes by name
select cluster_date, cluster_id, issue_key, url_hash, 'title' as field, 0 as quote_start, len(title) as quote_end,
    title as quote
from gold.issue_evidence where is_representative;
insert into gold.issue_lineage by name
select cluster_date, cluster_id, issue_key, if(earlier, 'continues', 'new') as relation,
    if(earlier, 0.8, 0.1) as similarity, if(earlier, [issue_key], []) as previous_keys
from (select *, row_number() over (partition by issue_key order by cluster_date) > 1 as earlier from gold.issues);
"""
OTHERS = """
update gold.global_themes set family = 'technology';
insert into gold.course_cluster_posts by name
select corpus, schema_version, run_slug, cluster_id, course_code, post_id, 'It breaks.' as root_cause_summary,
    'The quiz did not load.' as pain_point_snippet
from gold.post_global_index;
insert into gold.perception_evaluation by name
select 'ours' as corpus, 'r1' as run_id, 'valence' as variable, 'final accepted' as model, 'tune' as judged_on,
    'pearson' as metric, 0.71 as value, 0.65 as low, 0.77 as high, 0.6 as threshold, true as passed;
insert into ops.llm_calls by name
select number::varchar as call_id, timestamp '2025-02-01' + to_hours(number) as called_at, 'issue_label' as task,
    ['own', 'big'][1 + number % 2] as model, 'v1' as prompt_version, 'h' as input_hash, 900 as prompt_tokens,
    80 as completion_tokens, if(number % 2 = 1, 0.002, null) as cost_usd, 1.5 as latency_s,
    if(number % 10 = 0, 'cached', 'ok') as outcome
from range(40) as calls(number);
"""


def write_small_gold(folder: Path) -> Path:
    """Make a warehouse in a folder and return its analysts' copy."""
    warehouse, copy = folder / "painpoint.duckdb", folder / "analytics.duckdb"
    with open_write(warehouse) as connection:
        connection.register("posts", _posts())
        connection.execute(ISSUES)
        connection.unregister("posts")
        connection.execute(COURSES + CALLS + OTHERS)
        for model in load_models():
            daily = model.header.materialized == "incremental"
            materialize(connection, model, window=Window(FIRST, LAST + timedelta(days=1)) if daily else None)
    with open_read(warehouse) as connection:
        write_snapshot(connection, copy)
    return copy


def _posts() -> pl.DataFrame:
    """Return posts as bronze has them, with their problem and its number that day; null for noise."""
    rows = [
        (item.source, item.source_item_id, item.url, day, item.title, item.created_at.replace(tzinfo=None),
         item.comment_count, item.vote_count, item.author or None, item.problem_id)
        for day in (FIRST + timedelta(days=number) for number in range(DAYS))
        for item in generate_items(day, POSTS_A_DAY, seed=7)
    ]  # fmt: skip
    columns = ["source", "source_item_id", "url", "collection_date", "title", "created_at", "comment_count",
               "vote_count", "author_hash", "problem"]  # fmt: skip
    posts = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    ordinary = posts.filter(pl.col("problem").is_not_null())["problem"].mode().sort()[0]
    told_again = posts.filter(problem=ordinary, collection_date=LAST).with_columns(
        again=pl.lit(list(range(1, BURST)))
    ).explode("again").with_columns(
        (pl.col(name) + "-" + pl.col("again").cast(pl.String)).alias(name)
        for name in ("source_item_id", "url", "author_hash")
    ).drop("again")  # fmt: skip
    clusters = (
        pl.concat([posts, told_again])
        .group_by("collection_date", "problem")
        .len()
        .filter(pl.col("problem").is_not_null(), pl.col("len") >= SMALLEST_CLUSTER)
        .sort("collection_date", "len", "problem", descending=[False, True, False])
        .with_columns(cluster_id=pl.int_range(pl.len(), dtype=pl.Int32).over("collection_date"))
        .with_columns(failed=pl.col("cluster_id") == pl.col("cluster_id").max().over("collection_date"))
        .drop("len")
    )
    return (
        pl.concat([posts, told_again])
        .join(clusters, on=["collection_date", "problem"], how="left")
        .with_columns(url_hash=pl.col("url"))
        .unique(["source", "url"], keep="first", maintain_order=True)
        .unique("url_hash", keep="first", maintain_order=True)
    )
