"""The analysts' models of courses and transcripts, executed on a tiny warehouse."""

from typing import Any

import pytest

from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import materialize
from painpoint_platform.warehouse.connection import open_read, open_write

MODELS = {model.table: model for model in load_models()}
COURSES = """
insert into bronze.course_catalogue values
    ('spring', 'C1', 'Algebra', ['Business', 'Technology']), ('spring', 'C2', 'Networks', ['Technology']),
    ('spring', 'C3', 'Ethics', []);
insert into silver.course_painpoints by name
select 'spring' as corpus, number::int as row_number, 'p' || number as post_id, course as course_code,
    title as course_title, 's' as root_cause_summary, 'q' as pain_point_snippet
from (values (1, 'C1', 'Algebra'), (2, 'C1', 'Algebra'), (3, 'C1', 'Algebra'), (4, 'C2', 'Networks'),
             (5, 'C3', 'Ethics'))
    as painpoints(number, course, title);
insert into gold.course_clusters by name
select 'spring' as corpus, '1.0' as schema_version, 's_s2' as run_slug, cluster as cluster_id, course as course_code,
    course || ' title' as course_title, summary as issue_summary, posts as num_posts, 'ok' as course_status
from (values ('C1_10', 'C1', 'The quiz is broken', 2), ('C1_2', 'C1', 'The rubric is vague', 2),
             ('C2_1', 'C2', 'The lab is down', 1), ('C3_1', 'C3', 'Hard to say', 1))
    as clusters(cluster, course, summary, posts);
insert into gold.cluster_global_index by name
select 'spring' as corpus, '1.0' as schema_version, 's_s3' as run_slug, cluster as cluster_id, course as course_code,
    theme as global_cluster_id, label as normalized_issue_label, phrase as provisional_label, posts as total_num_posts,
    1 as num_courses
from (values ('C1_10', 'C1', 'G001', 'platform', 'things break', 3),
             ('C1_2', 'C1', 'G002', 'rubrics', 'vague rubrics', 2),
             ('C2_1', 'C2', 'G001', 'platform', 'things break', 3), ('C3_1', 'C3', 'UNASSIGNED', null, null, 1))
    as members(cluster, course, theme, label, phrase, posts);
insert into gold.global_themes by name
select 'spring' as corpus, '1.0' as schema_version, 's_s3_1' as run_id, 's_s3' as run_slug, theme as global_cluster_id,
    phrase as provisional_label, label as normalized_issue_label, 'It breaks.' as short_description,
    posts as total_num_posts, posts as num_distinct_posts, clusters as num_clusters, courses as num_courses
from (values ('G001', 'things break', 'platform', 3, 2, 2), ('G002', 'vague rubrics', 'rubrics', 2, 1, 1))
    as themes(theme, phrase, label, posts, clusters, courses);
insert into gold.post_global_index by name
select 'spring' as corpus, '1.0' as schema_version, 's_s3' as run_slug, post as post_id, course as course_code,
    cluster as cluster_id, theme as global_cluster_id
from (values ('p1', 'C1', 'C1_10', 'G001'), ('p2', 'C1', 'C1_10', 'G001'), ('p2', 'C1', 'C1_2', 'G002'),
             ('p3', 'C1', 'C1_2', 'G002'), ('p4', 'C2', 'C2_1', 'G001'), ('p5', 'C3', 'C3_1', 'UNASSIGNED'))
    as posts(post, course, cluster, theme);
"""
CALLS = """
insert into silver.transcript_qa by name
select call as transcript, 0 as position, ticker, call as event_id, 1 as speaker_block_id, 1 as paragraph_id,
    'x' as paragraph_content
from (values ('a', 'AMD'), ('b', 'AMD'), ('quiet', 'IBM')) as calls(call, ticker);
insert into silver.transcript_blocks by name
select call as transcript, block as speaker_block_id, block as block_index, role, 'standalone' as status,
    exchange as qa_group_id, who as decided_by, []::varchar[] as reasons,
    1.0 as confidence, 1 as paragraph_count, 10 as word_count
from (values ('a', 0, 'operator', null, 'operator'), ('a', 1, 'analyst', 1, 'rule'), ('a', 2, 'executive', 1, 'model'),
             ('a', 3, 'executive', null, 'rule'), ('b', 0, 'analyst', 1, 'rule'))
    as blocks(call, block, role, exchange, who);
insert into gold.qa_groups by name
select call as transcript, 'AMD' as ticker, call as event_id, day::date as call_date, exchange as qa_group_id, analyst,
    firm, answering as executives, 'Why?' as question_text, 'So.' as answer_text, questions as question_count,
    sure as confidence, 'rule_detection' as method, 1 as first_block_id, 2 as last_block_id, 2 as block_count
from (values ('a', '2016-04-21', 1, 'Ann Lee', 'Big Bank', ['Bo', 'Cy'], 2, 0.9),
             ('a', '2016-04-21', 2, 'Ann Lee', 'Big Bank', ['Bo'], 1, 0.6),
             ('b', '2017-04-21', 1, 'Ann Lee', null, ['Bo'], 1, 0.8))
    as groups(call, day, exchange, analyst, firm, answering, questions, sure);
"""


@pytest.fixture
def filled(warehouse: Any) -> Any:
    with open_write(warehouse) as connection:
        connection.execute(COURSES)
        connection.execute(CALLS)
    return warehouse


def rows(path: Any, table: str) -> list[dict[str, Any]]:
    with open_write(path) as connection:
        materialize(connection, MODELS[table])
    with open_read(path) as connection:
        return connection.sql(f"from {table}").pl().to_dicts()


def test_a_course_shows_its_largest_problem_and_of_equal_ones_the_first_by_number(filled: Any) -> None:
    first, second, third = rows(filled, "gold.course_issue_overview")
    assert (first["course_code"], first["painpoints"], first["clusters"]) == ("C1", 3, 2)
    assert (first["top_issue"], first["top_issue_posts"]) == ("The rubric is vague", 2)
    assert (first["college"], first["top_issue_theme"]) == ("Business; Technology", "vague rubrics")
    assert (second["course_code"], second["college"]) == ("C2", "Technology")
    assert (third["college"], third["top_issue_theme"]) == ("", None)


def test_a_course_that_was_not_grouped_yet_is_in_the_overview(filled: Any) -> None:
    with open_write(filled) as connection:
        connection.execute("delete from gold.course_clusters where course_code = 'C2'")
    of_course = {row["course_code"]: row for row in rows(filled, "gold.course_issue_overview")}
    assert (of_course["C2"]["clusters"], of_course["C2"]["top_issue"]) == (0, None)


def test_themes_are_ranked_with_the_colleges_that_they_touch(filled: Any) -> None:
    first, second = rows(filled, "gold.theme_ranking")
    assert (first["theme_rank"], first["theme"], first["posts"], first["courses"]) == (1, "things break", 3, 2)
    assert (first["colleges"], second["colleges"]) == (2, 2)
    assert second["run_id"] == "s_s3_1"


def test_themes_are_ranked_by_posts_whatever_their_numbers(filled: Any) -> None:
    """A run of another program numbers them in its own way, and a thousandth theme comes after the others."""
    with open_write(filled) as connection:
        connection.execute("update gold.global_themes set global_cluster_id = 'G1000' where global_cluster_id = 'G001'")
        connection.execute("update gold.global_themes set global_cluster_id = 'G999' where global_cluster_id = 'G002'")
    assert [(row["theme_rank"], row["global_cluster_id"]) for row in rows(filled, "gold.theme_ranking")] == [
        (1, "G1000"), (2, "G999"),
    ]  # fmt: skip
    with open_write(filled) as connection:
        connection.execute("update gold.global_themes set total_num_posts = 2, num_distinct_posts = 2")
    assert [row["global_cluster_id"] for row in rows(filled, "gold.theme_ranking")] == ["G999", "G1000"]


def test_the_matrix_counts_a_post_in_each_of_its_clusters(filled: Any) -> None:
    cells = {(row["course_code"], row["global_cluster_id"]): row for row in rows(filled, "gold.course_theme_matrix")}
    assert {key: cell["posts"] for key, cell in cells.items()} == {
        ("C1", "G001"): 2, ("C1", "G002"): 2, ("C2", "G001"): 1, ("C3", "UNASSIGNED"): 1,
    }  # fmt: skip
    assert cells["C1", "G001"]["theme"] == "things break"
    assert cells["C3", "UNASSIGNED"]["theme"] is None


def test_an_analyst_is_counted_by_firm(filled: Any) -> None:
    at_bank, without_firm = rows(filled, "gold.analyst_activity")
    assert (at_bank["analyst"], at_bank["firm"]) == ("Ann Lee", "Big Bank")
    assert (at_bank["calls"], at_bank["exchanges"], at_bank["questions"]) == (1, 2, 3)
    assert (without_firm["firm"], without_firm["calls"]) == ("", 1)


def test_a_call_without_exchanges_is_in_the_overview(filled: Any) -> None:
    of_call = {row["transcript"]: row for row in rows(filled, "gold.call_overview")}
    assert (of_call["quiet"]["blocks"], of_call["quiet"]["exchanges"]) == (0, 0)
    call = of_call["a"]
    assert (call["blocks"], call["operator_blocks"], call["ungrouped_blocks"], call["model_decisions"]) == (4, 1, 1, 1)
    assert (call["exchanges"], call["analysts"], call["executives"]) == (2, 1, 2)
    assert (call["questions"], call["low_confidence_exchanges"]) == (3, 1)
    assert call["lowest_confidence"] == pytest.approx(0.6)


@pytest.mark.parametrize("table", ["gold.course_issue_overview", "gold.theme_ranking", "gold.course_theme_matrix",
                                   "gold.analyst_activity", "gold.call_overview"])  # fmt: skip
def test_an_empty_warehouse_gives_empty_models(warehouse: Any, table: str) -> None:
    assert rows(warehouse, table) == []
