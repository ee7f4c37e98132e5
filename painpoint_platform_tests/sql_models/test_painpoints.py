"""One list of what hurts: issues, course themes and analysts' questions, executed on a tiny warehouse."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import materialize
from painpoint_platform.warehouse.connection import open_read, open_write

MODEL = {model.table: model for model in load_models()}["gold.painpoints"]

# key, day, cluster, posts, title, negativity, muted
ISSUES = [
    ("slow", "2025-01-06", 0, 3, "It is slow", 0.9, False),
    ("slow", "2025-01-07", 0, 1, "It is still slow", 0.5, False),
    ("slow", "2025-01-08", 0, 1, None, None, False),
    ("hush", "2025-01-06", 1, 3, "Not ours", 0.9, False),
    ("hush", "2025-01-07", 1, 3, "Not ours", 0.9, True),
    ("asked", "2025-01-07", 2, 1, "Asked in a call", 0.2, False),
    ("dumb", "2025-01-07", 3, 1, None, None, False),
]
# key, day, url, source, votes, representative
EVIDENCE = [
    ("slow", "2025-01-06", "https://x/1", "github", 5, True),
    ("slow", "2025-01-06", "https://x/2", "github", 90, False),
    ("slow", "2025-01-06", "https://earnings-calls.invalid/a%20b/exchanges/3", "earnings_calls", 0, True),
    ("slow", "2025-01-07", "https://x/3", "reddit", 7, True),
    ("slow", "2025-01-08", "https://x/3", "reddit", 8, False),
    ("hush", "2025-01-06", "https://x/4", "reddit", 7, True),
    ("asked", "2025-01-07", "https://earnings-calls.invalid/a%20b/exchanges/1", "earnings_calls", 0, True),
    ("dumb", "2025-01-07", "https://x/5", "github", 0, True),
]
FELT = """0 as valence_low, 1 as valence_high, 'm' as valence_model, 0 as arousal, 0 as arousal_low, 1 as arousal_high,
    'm' as arousal_model, 0 as willingness, 0 as willingness_low, 1 as willingness_high, 'm' as willingness_model"""
DOMAINS = f"""
insert into gold.global_themes by name
select 'spring' as corpus, '1.0' as schema_version, 's3' as run_slug, theme as global_cluster_id,
    phrase as provisional_label, 'platform' as normalized_issue_label, 'It breaks.' as short_description,
    9 as total_num_posts, posts as num_distinct_posts, 2 as num_clusters, 1 as num_courses
from (values ('G001', 'things break', 2), ('G002', 'vague rubrics', 1)) as themes(theme, phrase, posts);
insert into gold.post_global_index by name
select 'spring' as corpus, '1.0' as schema_version, 's3' as run_slug, post as post_id, 'C1' as course_code,
    cluster as cluster_id, theme as global_cluster_id
from (values ('p1', 'C1_1', 'G001'), ('p1', 'C1_2', 'G001'), ('p2', 'C1_1', 'G001'), ('p3', 'C1_3', 'G002'))
    as posts(post, cluster, theme);
insert into silver.course_perception by name
select 'spring' as corpus, 'C1' as course_code, post as post_id, valence, {FELT}
from (values ('p1', 0.1), ('p2', 0.5)) as felt(post, valence);
insert into gold.qa_groups by name
select 'a b' as transcript, day::date as call_date, exchange as qa_group_id, []::varchar[] as executives,
    asked as question_text, 'So.' as answer_text, 1 as question_count, 0.9 as confidence, 'rule_detection' as method,
    1 as first_block_id, 2 as last_block_id, 2 as block_count
from (values ('2025-01-07', 1, 'Hello. Can you hear me? Why do renewals take so much longer now?'), (null, 2, 'Why?'),
             (null, 3, ' ')) as groups(day, exchange, asked);
insert into silver.call_perception by name
select 'a b' as transcript, 1 as qa_group_id, 0.25 as valence, {FELT};
"""


@pytest.fixture
def painpoints(warehouse: Path) -> dict[tuple[str, str], dict[str, Any]]:
    with open_write(warehouse) as connection:
        connection.execute(DOMAINS)
        connection.executemany(
            "insert into gold.issues by name select $1 as issue_key, $2::date as cluster_date, $3::int as cluster_id, "
            "$4::int as cluster_size, $5::varchar as canonical_title, $6::double as negativity, $7::bool as muted, "
            "'f' as cluster_fingerprint, $5 is null as label_failed, 'v' as prompt_version, 1 as impact_score, "
            "timestamp '2025-01-09' as created_at",
            ISSUES,
        )
        connection.executemany(
            "insert into gold.issue_evidence by name select $1 as issue_key, $2::date as cluster_date, "
            "0 as cluster_id, $3 as url_hash, $4 as source, $3 as url, 't' as title, '' as snippet, "
            "$2::date + interval 10 hour as created_at, $5::int as vote_count, 0 as comment_count, "
            "'core' as membership, $6::bool as is_representative",
            EVIDENCE,
        )
        materialize(connection, MODEL)
    with open_read(warehouse) as connection:
        found = connection.sql("from gold.painpoints").pl().to_dicts()
    return {(row["kind"], row["id"]): row for row in found}


def test_an_issue_is_one_row_over_all_its_days(painpoints: dict[tuple[str, str], dict[str, Any]]) -> None:
    slow = painpoints["issue", "slow"]
    assert (slow["title"], slow["item_count"]) == ("It is still slow", 4)
    assert (slow["first_seen"], slow["last_seen"]) == (date(2025, 1, 6), date(2025, 1, 8))
    assert slow["negativity"] == pytest.approx((3 * 0.9 + 0.5) / 4)
    assert slow["evidence_url"] == "https://x/3"


def test_an_issue_that_only_analysts_raised_leads_to_its_call(
    painpoints: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert painpoints["issue", "asked"]["evidence_url"] == "calls.html#a%20b/1"
    assert painpoints["issue", "asked"]["evidence_url"] == painpoints["call_question", "a b/1"]["evidence_url"]


def test_what_a_person_muted_is_no_pain_point_and_a_missing_label_is_not_made_up(
    painpoints: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert ("issue", "hush") not in painpoints
    assert painpoints["issue", "dumb"]["title"] is None
    assert painpoints["issue", "dumb"]["negativity"] is None


def test_a_theme_has_no_days_and_counts_a_post_once(painpoints: dict[tuple[str, str], dict[str, Any]]) -> None:
    theme = painpoints["course_theme", "spring/G001"]
    assert (theme["title"], theme["item_count"]) == ("things break", 2)
    assert (theme["first_seen"], theme["last_seen"]) == (None, None)
    assert theme["negativity"] == pytest.approx((0.9 + 0.5) / 2)
    assert theme["evidence_url"] == "courses.html#spring/G001"
    assert painpoints["course_theme", "spring/G002"]["negativity"] is None


def test_an_exchange_is_named_by_its_first_long_question(painpoints: dict[tuple[str, str], dict[str, Any]]) -> None:
    asked, short = painpoints["call_question", "a b/1"], painpoints["call_question", "a b/2"]
    assert asked["title"] == "Why do renewals take so much longer now?"
    assert (asked["first_seen"], asked["negativity"]) == (date(2025, 1, 7), 0.75)
    assert (short["title"], short["item_count"], short["first_seen"], short["negativity"]) == ("Why?", 1, None, None)
    assert ("call_question", "a b/3") not in painpoints
