"""The report leads from theme to snippet, loses nothing, hurts nobody, and opens at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from painpoint_platform.courses.report import render_course_report
from painpoint_platform.courses.report_origin import origin_of
from painpoint_platform_tests.courses.report_run import STAGE2, STAGE3, many_clusters, run_frames
from painpoint_platform_tests.pages.html import (
    ATTACK,
    assert_links_arrive,
    assert_self_contained,
    driven_in_chromium,
    opened_in_chromium,
    text_of,
)

MOST_BYTES = 10_000_000


def report(
    frames: Mapping[str, pl.DataFrame],
    stage2: Mapping[str, Any] = STAGE2,
    stage3: Mapping[str, Any] = STAGE3,
    corpus: str = "corpus",
) -> str:
    return render_course_report(corpus=corpus, stage2=stage2, stage3=stage3, **frames)


def test_a_theme_leads_to_course_cluster_post_and_snippet() -> None:
    tree = assert_self_contained(report(run_frames()))
    assert_links_arrive(tree)
    theme = tree.css_first("#theme-G001")
    assert [text_of(place, "h4") for place in theme.css(".place")] == ["C 101 Calculus 2 posts", "D200 Data 1 post"]
    cluster = tree.css_first("#theme-G001 #theme-G001-C_101 #cluster-C_101_1")
    assert text_of(cluster, "summary") == "Practice test does not match the exam 2 posts C 101_1"
    first, second = cluster.css("li")
    assert text_of(first, "blockquote") == "the exam was nothing like the practice test"
    assert text_of(first, "p") == "Practice test is easier"
    assert text_of(first, "small") == "Post p1, confidence 0.90"
    assert text_of(second, "small") == "Post p2, confidence 0.75"


def test_a_posts_root_cause_is_not_said_twice() -> None:
    tree = assert_self_contained(report(run_frames()))
    post = tree.css_first("#cluster-D200_1 li")
    assert post.css_first("p") is None
    assert text_of(post, "small") == "Post p3"


def test_every_number_of_the_heat_map_leads_to_its_clusters_and_rows_add_up() -> None:
    tree = assert_self_contained(report(run_frames()))
    matrix = {
        text_of(row, "th a"): [" ".join(cell.text().split()) for cell in row.css("td")]
        for row in tree.css("#matrix tbody tr")
    }
    # Two themes, the smaller ones, no theme, all posts.
    assert matrix == {
        "C 101": ["2", "1", "", "", "3"],
        "D200": ["1", "", "", "", "1"],
        "E300": ["", "", "", "1", "1"],
    }
    link = tree.css_first("#matrix tbody td a")
    assert link.attributes["href"] == "#theme-G001-C_101"
    assert link.attributes["aria-label"] == "2 posts, C 101, G001"


def test_themes_are_ranked_with_courses_and_colleges() -> None:
    tree = assert_self_contained(report(run_frames()))
    ranked = [[" ".join(cell.text().split()) for cell in row.css("th, td")] for row in tree.css("#ranking tbody tr")]
    assert ranked == [
        ["G001 exams do not match assessment", "3", "", "2", "2", "2", "3"],
        ["G002 materials are broken materials", "1", "", "1", "2", "1", "1"],
    ]
    assert [option.text() for option in tree.css("#college option")] == [
        "All colleges",
        "School of Business",
        "School of Technology",
    ]


def test_clusters_without_a_theme_are_listed_with_their_posts() -> None:
    tree = assert_self_contained(report(run_frames()))
    assert text_of(tree, "#unassigned #cluster-E300_1 blockquote") == "what even is this"
    frames = run_frames()
    forgotten = frames["assignments"].filter(pl.col("global_cluster_id") != "UNASSIGNED")
    tree = assert_self_contained(report({**frames, "assignments": forgotten}))
    assert tree.css_first("#unassigned #cluster-E300_1") is not None


def test_every_cluster_stands_once_under_its_theme_and_once_under_its_course() -> None:
    frames = many_clusters(400)
    tree = assert_self_contained(report(frames))
    assert_links_arrive(tree)
    clusters = {f"cluster-{cluster}" for cluster in frames["clusters"]["cluster_id"]}
    shown = [node.attributes["id"] for node in tree.css(".cluster")]
    under_courses = [node.attributes["data-cluster"] for node in tree.css(".course li")]
    assert set(shown) == set(under_courses) == clusters
    assert len(shown) == len(under_courses) == len(clusters)
    assert len(tree.css(".cluster li")) == frames["cluster_posts"].height
    # 200 themes do not fit a table: the smaller ones share a column, and every row still adds up.
    for row in tree.css("#matrix tbody tr"):
        *parts, total = [int(cell.text().strip() or 0) for cell in row.css("td")]
        assert sum(parts) == total


def test_provenance_names_runs_models_prompts_and_cost() -> None:
    tree = assert_self_contained(report(run_frames()))
    facts = {text_of(row, "th"): [cell.text() for cell in row.css("td")] for row in tree.css(".facts tbody tr")}
    assert facts["Run id"] == ["–", STAGE2["run_id"], STAGE3["run_id"]]
    assert facts["Folder"] == ["corpus", "embedded_s2_cluster_corpus", "embedded_s3_global_corpus"]
    assert facts["Model"] == ["gpt-5-mini", "embedded/v1", "embedded/v1"]
    assert facts["Prompt"] == ["optimal", "course_clusters v1", "–"]
    assert facts["Tokens, in and out"] == ["–", "1,200 and 300", "–"]
    assert facts["Cost"] == ["–", "$0.5000", "$0.2500"]
    assert facts["Time"] == ["–", "4.2 s", "–"]
    drops = {text_of(entry, "dt"): text_of(entry, "dd") for entry in tree.css(".drops div")}
    assert drops == {"no pain point (n)": "6", "undecided (u)": "1"}
    assert [text_of(entry, "b") for entry in tree.css(".mishaps li")] == ["C 101", "batch 2"]
    assert "2 courses or batches were repaired or failed" in text_of(tree, ".note")
    assert "voucher_policy" in text_of(tree, "#origin")


@pytest.mark.parametrize("stated", [None, "much", [], {}, -1, True, "NaN"])
def test_a_manifest_of_other_software_may_hold_anything(stated: object) -> None:
    stage2 = dict.fromkeys(STAGE2, stated)
    stage3 = dict.fromkeys(STAGE3, stated)
    origin = origin_of(stage2, stage3)
    assert origin.cost == "–"
    assert origin.rows_read is None
    assert not origin.mishaps
    assert_self_contained(report(run_frames(), stage2, stage3))


def test_a_price_that_is_not_known_is_not_taken_for_nothing() -> None:
    assert origin_of({"total_cost_usd": 1.5}, {"total_cost_usd": None}).cost == "≥ $1.50"
    assert origin_of({"total_cost_usd": 0.0}, {"total_cost_usd": 0.0}).cost == "$0.00"
    assert origin_of({}, {}).cost == "–"


@pytest.mark.parametrize("kept", ["nothing", "no themes"])
def test_a_run_without_themes_or_posts_has_a_report(kept: str) -> None:
    frames = run_frames()
    if kept == "nothing":
        frames = {name: frame.clear() for name, frame in frames.items()}
    else:
        frames |= {
            "themes": frames["themes"].clear(),
            "assignments": frames["assignments"].with_columns(global_cluster_id=pl.lit("UNASSIGNED")),
        }
    tree = assert_self_contained(report(frames, {}, {}))
    assert_links_arrive(tree)
    assert "there is nothing to show" in text_of(tree, ".opening") or "given a theme" in text_of(tree, ".opening")


def test_hostile_text_in_every_field_stays_text(tmp_path: Path) -> None:
    stage2 = {
        **STAGE2,
        "model_name": ATTACK,
        "courses": [{"course_code": ATTACK, "status": "failed", "findings": [ATTACK]}],
    }
    stage3 = {**STAGE3, "new_labels": [ATTACK], "batches": [{"status": "failed", "reason": ATTACK}]}
    html = report(run_frames(ATTACK), stage2, stage3, corpus=ATTACK)
    assert_links_arrive(assert_self_contained(html))
    tree = opened_in_chromium(html, tmp_path)
    assert "<img src=x" in tree.css_first("#cluster-C_101_1 blockquote").text()


def test_the_script_opens_what_a_link_leads_to_and_makes_tables_sortable(tmp_path: Path) -> None:
    tree = opened_in_chromium(report(run_frames()), tmp_path, "#cluster-C_101_2")
    assert "open" in tree.css_first("#theme-G002").attributes
    assert "open" in tree.css_first("#cluster-C_101_2").attributes
    assert "open" not in tree.css_first("#theme-G001").attributes
    assert len(tree.css("#ranking th button")) == 6
    assert "hidden" not in tree.css_first("#filters").attributes


def test_narrowing_to_a_college_and_words_counts_anew(tmp_path: Path) -> None:
    script = """
        document.getElementById("college").value = "School of Business";
        document.getElementById("words").value = "exams DO";
        document.getElementById("words").dispatchEvent(new Event("input"));
    """
    tree = driven_in_chromium(report(run_frames()), tmp_path, script)
    assert text_of(tree, "#found") == "1 theme, 1 course, 1 cluster"
    ranked = [row for row in tree.css("#ranking tbody tr") if "hidden" not in row.attributes]
    assert [" ".join(cell.text().split()) for cell in ranked[0].css("td")] == ["2", "", "1", "2", "1", "2"]
    assert [node.attributes["id"] for node in tree.css(".cluster") if "hidden" not in node.attributes] == [
        "cluster-C_101_1"
    ]
    assert [text_of(row, "th a") for row in tree.css("#matrix tbody tr") if "hidden" not in row.attributes] == ["C 101"]
    assert text_of(tree, "#theme-G001 summary > small") == "2 of 3 posts in 2 courses"


def test_five_thousand_clusters_stay_below_ten_megabytes() -> None:
    assert len(report(many_clusters(5_000)).encode()) < MOST_BYTES
