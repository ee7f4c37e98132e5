"""What the pages are given is what the warehouse holds, each number of it, and nothing that is nobody's business."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.report.calls import call_files
from painpoint_platform.report.course_feedback import courses_payload
from painpoint_platform.report.day_map import map_payload
from painpoint_platform.report.issue_details import issue_files
from painpoint_platform.report.overview import overview_payload
from painpoint_platform.report.packing import packed
from painpoint_platform.report.reading import COLUMNS, Contents, read_contents
from painpoint_platform.report.sizes import within
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform_tests.report.known_days import EXPORT, GONE, HOSTILE, LABELS, QUOTE, SECOND, THIRD, url_of

PLENTY = 1e6


def unpacked(payload: dict[str, Any]) -> dict[str, Any]:
    """What ``unpacked`` in report.js does."""

    def nested(shape: dict[str, Any] | None, value: Any) -> Any:
        if shape is None or value is None:
            return value
        return [named(shape["names"], row) for row in value] if shape["many"] else named(shape["names"], value)

    def named(names: list[str], values: list[Any]) -> dict[str, Any]:
        return {name: nested(payload["inner"].get(name), one) for name, one in zip(names, values, strict=True)}

    return {key: named(payload["names"], row) for key, row in payload["rows"].items()}


def issue(contents: Contents, key: str, room: float = PLENTY) -> dict[str, Any]:
    return unpacked(issue_files(contents, room=room)[key[:2]])[key[:16]]


def overview(contents: Contents) -> dict[str, Any]:
    return overview_payload(contents)


def test_the_overview_ranks_the_days_issues_with_their_last_days(contents: Contents) -> None:
    told = overview(contents)
    assert (told["day"], told["days"]) == ("2025-01-08", ["2025-01-06", "2025-01-07", "2025-01-08"])
    assert told["facts"] == {
        "items": 8, "clustered_items": 7, "issues": 2, "new": 2, "growing": 0, "emerging": 0, "sources": 2,
    }  # fmt: skip
    assert told["issues"]["key"] == [LABELS[:16], EXPORT[:16]]
    assert told["issues"]["impact"] == [60.0, 48.8]
    assert told["issues"]["items"] == [3, 4]
    assert told["issues"]["recent"] == [[0, 2, 3], [2, 2, 4]]
    assert told["issues"]["sources"] == [{"github": 1, "reddit": 2}, {"github": 1, "reddit": 3}]
    assert told["categories"] == {
        "category": ["finance", "logistics"], "issues": [1, 1], "new": [1, 1], "growing": [0, 0], "items": [4, 3],
        "impact": [48.8, 60.0], "negativity": [0.7, 0.7],
    }  # fmt: skip
    assert len(told["category_daily"]["day"]) == 6
    assert told["sources"]["source"] == ["reddit", "github"]
    assert told["sources"]["partial_reason"] == [None, "rate limit"]


def test_pain_points_of_every_kind_are_on_the_overview(contents: Contents) -> None:
    found = overview(contents)["painpoints"]
    assert list(zip(found["kind"], found["item_count"], strict=True)) == [
        ("issue", 8), ("course_theme", 2), ("call_question", 1), ("issue", 5), ("issue", 3),
    ]  # fmt: skip
    assert found["evidence_url"][1:3] == ["courses.html#autumn/G001", "calls.html#2025-Jan-28-ACME/1"]


def test_an_issue_tells_its_posts_the_representatives_first(contents: Contents) -> None:
    told = issue(contents, EXPORT)
    assert [post["url"] for post in told["evidence"]] == [url_of(THIRD, EXPORT, number) for number in (0, 3, 2, 1)]
    assert [post["quote"] for post in told["evidence"]] == [QUOTE, None, None, None]
    assert all(len(post["snippet"]) == 200 for post in told["evidence"])
    assert told["evidence"][1] | {"snippet": ""} == {
        "url": url_of(THIRD, EXPORT, 3), "source": "reddit", "title": "Export hangs, case 3", "snippet": "",
        "quote": None, "created_at": "2025-01-08", "votes": 30, "comments": 1, "representative": False,
        "negativity": 0.7,
    }  # fmt: skip
    assert (told["items"], told["evidence_total"], told["authors"]) == (4, 4, 4)


def test_an_issue_tells_its_score_its_days_its_descent_and_what_people_decided(contents: Contents) -> None:
    export, labels = issue(contents, EXPORT), issue(contents, LABELS)
    assert export["impact_parts"] == {
        "severity": 23.3, "reach": 8.7, "engagement": 7.4, "feeling": 6.9, "would_pay": 0.0, "willingness": 2.5,
    }  # fmt: skip
    assert labels["impact_parts"] is None, "its score was made from other inputs"
    assert export["perception"]["negativity_width"] == 0.25
    assert export["history"]["day"] == ["2025-01-06", "2025-01-07", "2025-01-08"]
    assert export["history"]["items"] == [2, 2, 4]
    assert (export["title"], export["title_by"], export["model_title"]) == ("Export hangs", "dana", "Exports")
    assert export["decisions"] == [
        {"at": "2025-01-07", "by": "dana", "kind": "rename", "title": "Export hangs", "target": None, "posts": None,
         "reason": "short"},
    ]  # fmt: skip
    assert [(step["day"], step["relation"]) for step in export["lineage"]] == [
        ("2025-01-06", "new"), ("2025-01-08", "continues"),
    ]  # fmt: skip
    assert labels["lineage"][-1]["previous"] == [{"key": GONE[:16], "title": "Labels come out blank"}]
    assert labels["title"] == HOSTILE


def test_issues_of_earlier_days_have_a_page_as_they_were_last_seen(contents: Contents) -> None:
    told = issue(contents, GONE)
    assert (told["first_seen"], told["last_seen"], told["items"]) == ("2025-01-06", "2025-01-06", 3)
    assert len(told["evidence"]) == 3


def test_an_issue_without_a_label_has_a_name_by_which_it_is_found_and_opened(own_warehouse: Path) -> None:
    with open_write(own_warehouse) as connection:
        connection.execute("update gold.issues set canonical_title = null, category = null, label_failed = true")
        connection.execute("update gold.issue_overview set title = null, category = null")
        unlabelled = read_contents(connection)
    name = f"Unlabelled {EXPORT[:16]}"
    told, placed = overview(unlabelled), map_payload(unlabelled)["clusters"]
    assert all(name in titles for titles in (told["issues"]["title"], told["painpoints"]["title"], placed["title"]))
    assert set(told["issues"]["category"]) == set(placed["category"]) == {"unlabelled"}
    assert issue(unlabelled, EXPORT)["title"] == name


def test_a_report_on_an_earlier_day_knows_nothing_of_later_ones(known_warehouse: Path) -> None:
    with open_read(known_warehouse) as connection:
        told = read_contents(connection, SECOND)
    assert overview(told)["issues"]["recent"] == [[0, 2], [2, 2]]
    assert issue(told, EXPORT)["history"]["day"] == ["2025-01-06", "2025-01-07"]
    assert issue(told, EXPORT)["last_seen"] == "2025-01-07"
    assert overview(told)["days"][-1] == "2025-01-08"


def test_a_day_without_issues_is_refused_with_those_that_have_some(known_warehouse: Path) -> None:
    with open_read(known_warehouse) as connection, pytest.raises(UserError) as refused:
        read_contents(connection, THIRD.replace(month=2))
    assert "2025-02-08 has no issues, those from 2025-01-06 to 2025-01-08 do" in str(refused.value)


def test_the_map_has_every_post_in_its_cluster_and_noise_in_none(contents: Contents) -> None:
    told = map_payload(contents)
    assert told["clusters"]["key"] == [EXPORT[:16], LABELS[:16]]
    assert told["clusters"]["items"] == [4, 3]
    assert told["clusters"]["x"] == [0.15, 1.1]
    assert told["items"]["cluster"] == [-1, 0, 0, 0, 0, 1, 1, 1]
    assert told["items"]["x"] == [9.0, 0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2]


def test_two_clusters_of_a_day_that_are_one_issue_are_one_bubble_on_the_larger_one(own_warehouse: Path) -> None:
    with open_write(own_warehouse) as connection:
        for table in ("gold.issues", "gold.issue_evidence"):
            connection.execute(f"update {table} set issue_key = ? where cluster_date = ?", [EXPORT, THIRD])
        told = map_payload(read_contents(connection))
    assert (told["clusters"]["key"], told["clusters"]["x"]) == ([EXPORT[:16]], [0.15])
    assert told["items"]["cluster"] == [-1, *[0] * 7]


def test_courses_lead_from_theme_to_snippet(contents: Contents) -> None:
    (corpus,) = courses_payload(contents)["corpora"]
    assert corpus["corpus"] == "autumn"
    assert corpus["courses"]["colleges"] == [["Science", "Arts"]]
    assert corpus["themes"]["theme"] == ["Exams do not match"]
    cluster = corpus["clusters"]["C 101_1"]
    assert (cluster["course"], cluster["theme"], cluster["posts"]) == ("C 101", "G001", 2)
    assert cluster["snippets"][1] == {"post_id": "p2", "text": "the exam, 2"}


def test_a_call_has_a_file_of_its_own_and_only_what_is_certain_is_certain(contents: Contents) -> None:
    files = call_files(contents)
    assert list(files) == ["calls", "calls/0"]
    assert files["calls"]["lowest_confidence"] == [0.99]
    assert files["calls"]["analyst_names"] == [["Ari Levin"]]
    (exchange,) = files["calls/0"]["groups"]
    assert (exchange["confidence"], exchange["low_confidence"]) == (0.99, False)
    assert exchange["question"] == f"Why? {HOSTILE}"


def test_a_cost_that_is_not_known_is_told_as_that(contents: Contents) -> None:
    costs = contents.rows["costs"].group_by("task").agg(pl.col("cost_usd").drop_nulls().implode(), pl.sum("unpriced"))
    assert sorted(costs.rows()) == [("course_clusters", [], 1), ("issue_label", [0.5, 0.25], 1)]


def test_an_empty_warehouse_gives_empty_payloads_with_all_their_names(tmp_path: Path, contents: Contents) -> None:
    with open_read(tmp_path / "new.duckdb") as connection:
        nothing = read_contents(connection)
    assert (nothing.day, nothing.days) == (None, ())
    told, full = overview(nothing), overview(contents)
    assert told.keys() == full.keys()
    assert all(told[name].keys() == full[name].keys() for name in ("facts", "issues", "categories", "painpoints"))
    assert map_payload(nothing)["items"] == {"x": [], "y": [], "cluster": [], "title": []}
    assert issue_files(nothing, room=PLENTY) == {}
    assert call_files(nothing)["calls"].keys() == call_files(contents)["calls"].keys()
    assert courses_payload(nothing) == {"corpora": []}


def test_every_query_gives_the_columns_that_the_pages_rely_on(contents: Contents) -> None:
    assert all(tuple(rows.columns) == COLUMNS[name] for name, rows in contents.rows.items())
    assert all(rows.height for rows in contents.rows.values())


def test_no_query_reads_who_wrote_a_post(contents: Contents) -> None:
    assert not any("author_hash" in columns for columns in COLUMNS.values())
    assert not any("body" in columns for columns in COLUMNS.values())


def test_where_room_is_short_every_issue_of_the_day_is_told_and_posts_come_by_turns(contents: Contents) -> None:
    files = issue_files(contents, room=0)
    assert sorted(files) == ["aa", "bb"]
    assert unpacked(files["aa"])[EXPORT[:16]]["evidence"] == []
    for room in range(0, 6_000, 500):
        posts = [len(issue(contents, key, room)["evidence"]) for key in (EXPORT, LABELS)]
        assert abs(posts[0] - posts[1]) <= 1, "one issue has two posts more while another could have one"


def test_a_quoted_post_loses_its_snippet_before_another_post_is_left_out(contents: Contents) -> None:
    room = next(room for room in range(1_000, 6_000, 100) if len(issue(contents, EXPORT, room)["evidence"]) == 4)
    first, second, *_ = issue(contents, EXPORT, room)["evidence"]
    assert (first["quote"], first["snippet"]) == (QUOTE, None)
    assert second["snippet"]


@given(
    texts=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12),
    room=st.integers(0, 200),
)
def test_what_has_room_is_a_beginning_that_fits(texts: list[str], room: int) -> None:
    rows = pl.DataFrame({"text": texts, "place": range(len(texts))}, schema={"text": pl.String, "place": pl.Int64})
    kept = within(rows, ["text", "place"], room)
    assert kept["text"].to_list() == texts[: kept.height]
    sizes = [len(json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode()) + 1 for row in rows.rows()]
    assert sum(sizes[: kept.height]) <= room
    assert kept.height == len(texts) or sum(sizes[: kept.height + 1]) > room


def test_what_is_packed_can_be_unpacked() -> None:
    inner = {"scores": False, "steps": True, "previous": True}
    objects = {
        "a": {"title": "A", "scores": {"x": 1}, "steps": []},
        "b": {"title": None, "scores": None, "steps": [{"day": 1, "previous": [{"key": "k"}, {"key": "l"}]}]},
    }
    assert unpacked(packed(objects, inner)) == objects
