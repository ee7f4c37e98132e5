"""A small warehouse whose every number is known: three days, three issues, a course theme, a call, model calls."""

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_write

FIRST, SECOND, THIRD = date(2025, 1, 6), date(2025, 1, 7), date(2025, 1, 8)
EXPORT, LABELS, GONE = "a" * 64, "b" * 64, "c" * 64
HOSTILE = "</script><img src=x onerror=document.body.dataset.hurt=1>\u2028{{ 7 * 191 }}"
QUOTE = "The export hangs at the very end."
# Stands behind the 200 characters that are kept as a snippet.
REST_OF_BODY = "Zwetschgenkuchen-4711"
AUTHOR = "author-hash-that-nobody-sees"
BODY = f"{QUOTE} {'Nobody in our office knows what to do about it. ' * 5}{REST_OF_BODY}"

# day, issue, cluster, posts, relation, keys before it
CLUSTERS = (
    (FIRST, EXPORT, 0, 2, "new", []),
    (FIRST, GONE, 1, 3, "new", []),
    (SECOND, EXPORT, 0, 2, "continues", [EXPORT]),
    (SECOND, LABELS, 1, 2, "new", []),
    (THIRD, EXPORT, 0, 4, "continues", [EXPORT]),
    (THIRD, LABELS, 1, 3, "merges", [LABELS, GONE]),
)  # fmt: skip
TITLES = {EXPORT: "Export hangs", LABELS: HOSTILE, GONE: "Labels come out blank"}
# That of the export on the third day follows from its posts: 23.33 + 8.72 + 7.35 + 6.92 + 0 + 2.5.
IMPACT = {EXPORT: 48.82, LABELS: 60.0, GONE: 30.0}
SCORES = {
    "negativity": 0.7, "negativity_width": 0.25, "intensity": 0.4, "intensity_width": 0.2, "willingness": 0.5,
    "willingness_width": 0.3,
}  # fmt: skip


def url_of(day: date, issue: str, number: int) -> str:
    """Address of a post."""
    return f"https://www.reddit.com/r/invoices/comments/{day.day}{issue[0]}{number}/an_export_that_hangs/"


def fill(path: Path) -> None:
    """Make the warehouse and its SQL models."""
    with open_write(path) as connection:
        for day, issue, cluster, count, relation, previous in CLUSTERS:
            _posts(connection, [_post(day, issue, cluster, number) for number in range(count)])
            placed = {"cluster_date": day, "cluster_id": cluster, "issue_key": issue}
            _label(connection, placed, count)
            _descent(connection, placed | {"relation": relation, "similarity": 0.715, "previous_keys": previous})
        _noise_and_counts(connection)
        _course(connection)
        _call(connection)
        _costs(connection)
        for model in load_models():
            window = Window(FIRST, date(2025, 1, 9)) if model.header.materialized == "incremental" else None
            materialize(connection, model, window=window)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows into a table by the names of its columns."""
    connection.register("made", pl.DataFrame(rows, infer_schema_length=None))
    connection.execute(f"insert into {table} by name select * from made")
    connection.unregister("made")


def _post(day: date, issue: str, cluster: int, number: int) -> dict[str, Any]:
    return {
        "day": day, "issue": issue, "cluster": cluster, "url_hash": f"{day.day}-{issue[0]}-{number}",
        "url": url_of(day, issue, number), "title": f"{TITLES[issue]}, case {number}",
        "source": "github" if number == 1 else "reddit", "moment": datetime.combine(day, time(9 + number)),
        "votes": 10 * number, "author": f"{AUTHOR}-{number}",
    }  # fmt: skip


def _posts(connection: duckdb.DuckDBPyConnection, posts: list[dict[str, Any]]) -> None:
    connection.register("posts", pl.DataFrame(posts).with_columns(body=pl.lit(BODY)))
    connection.execute(
        """
        insert into bronze.raw_items by name
        select source, url_hash as source_item_id, url_hash, url, day as collection_date, title, body,
            moment as created_at, 1 as comment_count, votes as vote_count, author as author_hash, 'en' as language,
            moment as collected_at from posts;
        insert into silver.cluster_assignments by name
        select day as cluster_date, url_hash, cluster as cluster_id, 'core' as membership, 0.2 as centroid_distance,
            1 as probability, left(body, 200) as snippet, cluster + votes / 100 as map_x,
            votes / 50 as map_y from posts;
        insert into silver.item_perception by name
        select day as collection_date, url_hash, 0.3 as valence, 0.2 as valence_low, 0.45 as valence_high,
            'm' as valence_model, 0.4 as arousal, 0.3 as arousal_low, 0.5 as arousal_high, 'm' as arousal_model,
            0.5 as willingness, 0.35 as willingness_low, 0.65 as willingness_high, 'm' as willingness_model from posts;
        insert into gold.issue_evidence by name
        select day as cluster_date, cluster as cluster_id, issue as issue_key, url_hash, source, url, title,
            left(body, 200) as snippet, moment as created_at, votes as vote_count, 1 as comment_count,
            author as author_hash, 'core' as membership, url_hash like '%-0' as is_representative from posts;
        insert into gold.issue_quotes by name
        select day as cluster_date, cluster as cluster_id, issue as issue_key, url_hash, 'body' as field,
            0 as quote_start, 33 as quote_end, left(body, 33) as quote from posts where url_hash like '%-0';
        """
    )
    connection.unregister("posts")


def _label(connection: duckdb.DuckDBPyConnection, placed: dict[str, Any], size: int) -> None:
    day, issue = placed["cluster_date"], placed["issue_key"]
    label = {
        "cluster_fingerprint": f"{day}-{issue[0]}", "cluster_size": size, "canonical_title": TITLES[issue],
        "category": "finance" if issue == EXPORT else "logistics", "description": "People cannot finish their books.",
        "would_pay_signal": False, "impact_level": "medium", "label_failed": False, "model": "embedded/v1",
        "prompt_version": "v1", "impact_score": IMPACT[issue], "created_at": datetime.combine(day, time(9)),
        "model_title": "Exports" if issue == EXPORT else TITLES[issue],
        "title_by": "dana" if issue == EXPORT else None, "muted": False,
    }  # fmt: skip
    insert(connection, "gold.issues", [placed | label | SCORES])


def _descent(connection: duckdb.DuckDBPyConnection, traced: dict[str, Any]) -> None:
    connection.register("traced", pl.DataFrame([traced], schema_overrides={"previous_keys": pl.List(pl.String)}))
    connection.execute("insert into gold.issue_lineage by name select * from traced")
    connection.unregister("traced")


def _noise_and_counts(connection: duckdb.DuckDBPyConnection) -> None:
    lone = {"url_hash": "noise", "source": "reddit", "title": "A lone post"}
    item = {"source_item_id": "n", "url": "https://x/n", "collection_date": THIRD, "body": "Hm.", "vote_count": 0}
    times = {"created_at": datetime.combine(THIRD, time(8)), "collected_at": datetime.combine(THIRD, time(9))}
    insert(connection, "bronze.raw_items", [lone | item | times | {"comment_count": 0}])
    place = {"cluster_date": THIRD, "url_hash": "noise", "cluster_id": -1, "membership": "noise", "probability": 0.0}
    insert(connection, "silver.cluster_assignments", [place | {"snippet": "Hm.", "map_x": 9.0, "map_y": 9.0}])
    connection.execute(
        "insert into bronze.collections by name select source, collection_date, count(*) as item_count, "
        "0 as rejected_count, 1 as request_count, if(source = 'github', 'rate limit', null) as partial_reason, "
        "now()::timestamp as collected_at from bronze.raw_items group by all"
    )
    decided = {"edit_id": 1, "edited_at": datetime.combine(SECOND, time(12)), "edited_by": "dana", "kind": "rename"}
    insert(connection, "ops.issue_edits", [decided | {"issue_key": EXPORT, "title": "Export hangs", "reason": "short"}])


def _course(connection: duckdb.DuckDBPyConnection) -> None:
    run = {"corpus": "autumn", "schema_version": "1.0", "run_id": "r", "run_slug": "r"}
    course = {"course_code": "C 101", "course_title": "Calculus"}
    cluster, theme = {"cluster_id": "C 101_1"}, {"global_cluster_id": "G001"}
    named = {"normalized_issue_label": "exams", "provisional_label": "Exams do not match"}
    insert(connection, "bronze.course_catalogue", [{"corpus": "autumn", **course, "colleges": ["Science", "Arts"]}])
    said = [{"post_id": f"p{n}", "root_cause_summary": "Exam", "pain_point_snippet": f"the exam, {n}"} for n in (1, 2)]
    rows = [{"corpus": "autumn", "row_number": number, **course, **post} for number, post in enumerate(said, 1)]
    insert(connection, "silver.course_painpoints", rows)
    posts = [run | cluster | {"course_code": "C 101"} | post for post in said]
    insert(connection, "gold.course_cluster_posts", posts)
    summary = {"issue_summary": "The exam asks something else", "num_posts": 2, "course_status": "ok"}
    insert(connection, "gold.course_clusters", [run | cluster | course | summary])
    total = {"total_num_posts": 2, "num_courses": 1}
    about = {"family": "assessment", "short_description": "Exams", "num_distinct_posts": 2, "num_clusters": 1}
    insert(connection, "gold.global_themes", [run | theme | named | total | about])
    insert(connection, "gold.cluster_global_index", [run | cluster | theme | named | total | {"course_code": "C 101"}])
    indexed = [
        run | cluster | theme | {"course_code": "C 101", "normalized_issue_label": "exams", "post_id": post["post_id"]}
        for post in said
    ]
    insert(connection, "gold.post_global_index", indexed)


def _call(connection: duckdb.DuckDBPyConnection) -> None:
    call = {"transcript": "2025-Jan-28-ACME", "ticker": "ACME", "event_id": "e"}
    asked = {
        "call_date": date(2025, 1, 28), "qa_group_id": 1, "analyst": "Ari Levin", "firm": "Cordova",
        "executives": ["Robert Finn"], "question_text": f"Why? {HOSTILE}", "answer_text": "Because.",
        "question_count": 1, "confidence": 0.9987, "method": "rule_detection", "first_block_id": 1,
        "last_block_id": 2, "block_count": 2,
    }  # fmt: skip
    insert(connection, "gold.qa_groups", [call | asked])
    spoken = {"position": 1, "speaker_block_id": 1, "paragraph_id": 1, "paragraph_content": "Why?"}
    insert(connection, "silver.transcript_qa", [call | spoken])


def _costs(connection: duckdb.DuckDBPyConnection) -> None:
    def asked(number: int, task: str, cost: float | None, outcome: str) -> dict[str, Any]:
        moment = datetime.combine((FIRST, SECOND)[number % 2], time(10))
        return {
            "call_id": f"c{number}", "called_at": moment, "task": task, "model": "m",
            "prompt_version": "v1", "input_hash": "h", "prompt_tokens": 100, "completion_tokens": 10, "cost_usd": cost,
            "latency_s": 1.0, "outcome": outcome,
        }  # fmt: skip

    calls = [
        asked(0, "issue_label", 0.5, "ok"), asked(1, "issue_label", 0.25, "ok"), asked(2, "issue_label", None, "ok"),
        asked(3, "course_clusters", None, "failed"),
    ]  # fmt: skip
    insert(connection, "ops.llm_calls", calls)
