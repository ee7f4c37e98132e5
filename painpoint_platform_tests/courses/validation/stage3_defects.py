"""Defects of Stage-3 runs, each with the finding that must follow from it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from painpoint_platform.courses.validation.run_files import MOST_BYTES
from painpoint_platform_tests.courses.validation.defects import (
    MANIFEST,
    Defect,
    append,
    content,
    in_folder_of_its_own_name,
    linked,
    manifest,
    rows,
    set_fields,
    text,
    without,
)
from painpoint_platform_tests.courses.validation.run_builder import STAGE2_SLUG, STAGE3_SLUG, edited_json

THEMES = "global_clusters.json"
CLUSTER_INDEX, POST_INDEX = "cluster_global_index.csv", "post_global_index.csv"
SUMMARY = "global_clusters_summary.csv"
PROMPT, LOG = "stage3_prompt.txt", "llm_batches.jsonl"
EVAL = f"../../eval/{STAGE3_SLUG}"
ALIGNMENT = f"{EVAL}/cluster_global_alignment_long.csv"
ISSUES = f"{EVAL}/global_issue_coverage.csv"
CLUSTERS = f"{EVAL}/cluster_issue_coverage.csv"
# The Stage-2 run, seen from the Stage-3 run.
STAGE2 = f"../../../stage2/runs/{STAGE2_SLUG}"


def theme(index: int, **fields: Any) -> Callable[[Path], None]:
    """Set fields of a theme; ``...`` removes one."""

    def do(run: Path) -> None:
        with edited_json(run / THEMES) as found:
            set_fields(found["global_clusters"][index], fields)

    return do


def themes(**fields: Any) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        with edited_json(run / THEMES) as found:
            set_fields(found, fields)

    return do


def source(**fields: Any) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        with edited_json(run / MANIFEST) as found:
            set_fields(found["source_stage2_run"], fields)

    return do


def batch(index: int, **fields: Any) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        with edited_json(run / MANIFEST) as found:
            set_fields(found["batches"][index], fields)

    return do


def swapped_themes(run: Path) -> None:
    with edited_json(run / THEMES) as found:
        found["global_clusters"].reverse()


def other_stage2_run(run: Path) -> None:
    with edited_json(run / STAGE2 / MANIFEST) as found:
        found["run_id"] = f"{STAGE2_SLUG}_20260101T000000Z"


def cell(file: str, row: int, column: int, value: str) -> Callable[[Path], None]:
    return rows(file, lambda found: found[row].__setitem__(column, value))


def row_lost(file: str, row: int) -> Callable[[Path], None]:
    return rows(file, lambda found: found.pop(row))


def row_twice(file: str, row: int) -> Callable[[Path], None]:
    return rows(file, lambda found: found.append(found[row]))


# The members of a theme are in the index files as well.
MEMBERS_CHANGED = (
    "index_agrees_with_themes", "index_rows_are_of_clusters", "index_has_one_row_per_cluster",
    "post_index_agrees_with_themes", "every_cluster_has_a_place", "themes_are_sorted_by_posts",
)  # fmt: skip
LABELS_CHANGED = ("index_agrees_with_themes", "post_index_agrees_with_themes", "new_labels_are_used")

DEFECTS = [
    # The manifest.
    Defect("no manifest", without(MANIFEST), MANIFEST, "file", "file_is_there", ("keys_are_those_of_the_schema",)),
    Defect("broken manifest", content(MANIFEST, b"{"), MANIFEST, "line 1, column 2", "json_is_valid"),
    Defect("no run id", manifest(run_id=...), MANIFEST, "run_id", "manifest_has_its_fields"),
    Defect("run id is null", manifest(run_id=None), MANIFEST, "run_id", "manifest_has_its_fields"),
    Defect("empty run id", manifest(run_id=" "), MANIFEST, "run_id", "run_id_is_filled"),
    Defect("run id of another slug", manifest(run_id="x_1"),
           MANIFEST, "run_id", "run_id_begins_with_run_slug", ("rows_name_their_run",)),
    Defect("no schema version", manifest(schema_version=...), MANIFEST, "schema_version", "manifest_has_its_fields"),
    Defect("unknown schema", manifest(schema_version="7"),
           MANIFEST, "schema_version", "schema_version_is_known", ("rows_name_their_run",)),
    Defect("slug of another run", manifest(stage3_run_slug="other", run_id="other_20250101T000000Z"),
           MANIFEST, "stage3_run_slug", "stage3_run_slug_is_the_folder_name", ("rows_name_their_run",)),
    Defect("count is text", manifest(num_batches="2"), MANIFEST, "num_batches", "manifest_fields_have_their_kind"),
    Defect("negative time", manifest(wait_s=-1), MANIFEST, "wait_s", "numbers_are_not_negative"),
    Defect("cost is NaN", manifest(total_cost_usd=float("nan")), MANIFEST, "total_cost_usd", "numbers_are_finite"),
    Defect("local time", manifest(created_at="2025-11-30 08:15"),
           MANIFEST, "created_at", "manifest_fields_have_their_kind"),
    Defect("themes miscounted", manifest(num_global_clusters=4),
           MANIFEST, "num_global_clusters", "num_global_clusters_agrees"),
    Defect("unassigned miscounted", manifest(num_unassigned_clusters=0),
           MANIFEST, "num_unassigned_clusters", "num_unassigned_clusters_agrees"),
    Defect("clusters miscounted", manifest(num_input_clusters=6),
           MANIFEST, "num_input_clusters", "num_input_clusters_agrees"),
    Defect("posts miscounted", manifest(total_input_posts=7),
           MANIFEST, "total_input_posts", "total_input_posts_agrees"),
    Defect("labels miscounted", manifest(num_normalized_labels=2),
           MANIFEST, "num_normalized_labels", "num_normalized_labels_agrees"),
    Defect("unassigned listed otherwise", manifest(unassigned_clusters=["C949_2"]),
           MANIFEST, "unassigned_clusters", "unassigned_clusters_agree"),
    Defect("batch lost", manifest(num_batches=3), MANIFEST, "num_batches", "num_batches_agrees",
           ("log_has_one_line_per_batch",)),
    Defect("failed batches miscounted", manifest(num_failed_batches=0),
           MANIFEST, "num_failed_batches", "num_failed_batches_agrees"),
    Defect("unknown status of a batch", batch(0, status="done"),
           MANIFEST, "batches[0].status", "manifest_fields_have_their_kind"),
    Defect("batch is text", manifest(batches=["ok", "ok"]),
           MANIFEST, "batches[0]", "manifest_fields_have_their_kind", ("num_failed_batches_agrees",)),
    Defect("calls do not add up", manifest(total_calls=3), MANIFEST, "total_calls", "total_calls_agrees"),
    Defect("costs do not add up", manifest(total_cost_usd=0.5), MANIFEST, "total_cost_usd", "total_cost_usd_agrees"),
    Defect("new label not recorded", manifest(new_labels=[]), MANIFEST, "new_labels", "new_labels_are_recorded"),
    Defect("label recorded that is not new", manifest(new_labels=["video_hosting_failures",
           "assessment_material_misalignment"]), MANIFEST, "new_labels", "new_labels_are_new"),
    Defect("label recorded that no theme has", manifest(new_labels=["video_hosting_failures", "x"]),
           MANIFEST, "new_labels", "new_labels_are_used"),
    # The Stage-2 run.
    Defect("no source", manifest(source_stage2_run=...), MANIFEST, "source_stage2_run", "manifest_names_its_source"),
    Defect("source without folder", source(stage2_run_dir=None, manifest_path=None),
           MANIFEST, "source_stage2_run.stage2_run_dir", "manifest_names_its_source",
           ("manifest_fields_have_their_kind",)),
    Defect("source is gone", source(stage2_run_dir="artifacts/stage2/runs/gone", run_id=None, manifest_path=None),
           MANIFEST, "source_stage2_run.stage2_run_dir", "source_stage2_run_is_there",
           ("manifest_fields_have_their_kind",)),
    Defect("source's run id is a number", source(run_id=7),
           MANIFEST, "source_stage2_run.run_id", "manifest_fields_have_their_kind"),
    Defect("source's run id left out", source(run_id=None),
           MANIFEST, "source_stage2_run.run_id", "source_run_id_is_that_of_the_folder"),
    Defect("source's slug left out", source(stage2_run_slug=...),
           MANIFEST, "source_stage2_run.stage2_run_slug", "manifest_has_its_fields"),
    Defect("source's slug of another run", source(stage2_run_slug="other"),
           MANIFEST, "source_stage2_run.stage2_run_slug", "source_slug_is_that_of_the_folder"),
    Defect("source's manifest is another file", source(manifest_path=f"artifacts/stage2/runs/{STAGE2_SLUG}/x.json"),
           MANIFEST, "source_stage2_run.manifest_path", "source_paths_agree"),
    Defect("Stage-2 folder removed", lambda run: shutil.rmtree(run / STAGE2),
           MANIFEST, "source_stage2_run.stage2_run_dir", "source_stage2_run_is_there"),
    Defect("paths of two runs", source(manifest_path="artifacts/stage2/runs/other/manifest.json"),
           MANIFEST, "source_stage2_run.manifest_path", "source_paths_agree"),
    Defect("another run took its place", other_stage2_run,
           MANIFEST, "source_stage2_run.run_id", "source_run_id_is_that_of_the_folder"),
    Defect("manifest of Stage 2 unreadable", content(f"{STAGE2}/{MANIFEST}", b"{"),
           MANIFEST, "source_stage2_run.stage2_run_dir", "source_stage2_run_is_readable"),
    Defect("clusters of Stage 2 unreadable", content(f"{STAGE2}/clusters/C949.json", b"{"),
           MANIFEST, "source_stage2_run.stage2_run_dir", "source_stage2_run_is_readable"),
    # The themes.
    Defect("no themes", without(THEMES), THEMES, "file", "file_is_there"),
    Defect("binary themes", content(THEMES, b"\xff\xfe\x00"), THEMES, "byte 0", "text_is_utf8"),
    Defect("themes are text", themes(global_clusters="none"), THEMES, "global_clusters", "themes_are_an_array"),
    Defect("theme is text", themes(global_clusters=["x"], unassigned_clusters=["C949_1", "C949_2", "C949_3", "D072_1",
           "D196_1"]), THEMES, "global_clusters[0]", "themes_are_objects",
           (*MEMBERS_CHANGED, "num_global_clusters_agrees", "num_unassigned_clusters_agrees",
            "num_normalized_labels_agrees", "unassigned_clusters_agree", "new_labels_are_used",
            "summary_has_one_row_per_theme")),
    Defect("no list of unassigned", themes(unassigned_clusters=...), THEMES, "file", "keys_are_those_of_the_schema",
           (*MEMBERS_CHANGED, "num_unassigned_clusters_agrees", "unassigned_clusters_agree")),
    Defect("theme names a course", theme(0, course_code="C949"), THEMES, "global_clusters[0]", "themes_name_no_course"),
    Defect("theme names a title", theme(1, course_title="Data Structures"),
           THEMES, "global_clusters[1]", "themes_name_no_course"),
    Defect("additional key", theme(1, confidence=0.9), THEMES, "global_clusters[1]", "keys_are_those_of_the_schema"),
    Defect("key missing", theme(1, short_description=...),
           THEMES, "global_clusters[1]", "keys_are_those_of_the_schema"),
    Defect("empty phrase", theme(0, provisional_label=" "), THEMES, "global_clusters[0].provisional_label",
           "provisional_label_is_a_lower_case_phrase", LABELS_CHANGED),
    Defect("phrase in capitals", theme(0, provisional_label="Practice unlike the OA"), THEMES,
           "global_clusters[0].provisional_label", "provisional_label_is_a_lower_case_phrase", LABELS_CHANGED),
    Defect("phrase is a label", theme(0, provisional_label="practice_unlike_exam"), THEMES,
           "global_clusters[0].provisional_label", "provisional_label_is_a_lower_case_phrase", LABELS_CHANGED),
    Defect("label in words", theme(0, normalized_issue_label="Assessment material"), THEMES,
           "global_clusters[0].normalized_issue_label", "normalized_issue_label_is_snake_case",
           (*LABELS_CHANGED, "new_labels_are_recorded")),
    Defect("label is null", theme(0, normalized_issue_label=None), THEMES,
           "global_clusters[0].normalized_issue_label", "normalized_issue_label_is_snake_case"),
    Defect("no description", theme(2, short_description="\n"),
           THEMES, "global_clusters[2].short_description", "short_description_is_filled"),
    Defect("no members", theme(2, member_cluster_ids=[]),
           THEMES, "global_clusters[2].member_cluster_ids", "theme_has_members",
           (*MEMBERS_CHANGED, "summary_has_one_row_per_theme")),
    Defect("members are text", theme(2, member_cluster_ids="D196_1"),
           THEMES, "global_clusters[2].member_cluster_ids", "cluster_ids_are_texts",
           (*MEMBERS_CHANGED, "summary_has_one_row_per_theme")),
    Defect("member is a number", theme(1, member_cluster_ids=["C949_2", 7]),
           THEMES, "global_clusters[1].member_cluster_ids[1]", "cluster_ids_are_texts"),
    Defect("member twice in a theme", theme(0, member_cluster_ids=["C949_1", "D072_1", "C949_1"]),
           THEMES, "global_clusters[0].member_cluster_ids", "members_are_unique_in_their_theme"),
    Defect("cluster in two themes", theme(1, member_cluster_ids=["C949_2", "D072_1"]),
           THEMES, "D072_1", "cluster_has_one_place", ("index_agrees_with_themes",)),
    Defect("cluster assigned and unassigned", themes(unassigned_clusters=["C949_3", "D196_1"]),
           THEMES, "D196_1", "cluster_has_one_place", ("num_unassigned_clusters_agrees", "unassigned_clusters_agree")),
    Defect("unassigned twice", themes(unassigned_clusters=["C949_3", "C949_3"]),
           THEMES, "unassigned_clusters", "unassigned_clusters_are_unique"),
    Defect("unknown cluster", theme(0, member_cluster_ids=["C949_1", "D072_1", "Z9_1"]),
           THEMES, "Z9_1", "cluster_ids_are_those_of_stage2", MEMBERS_CHANGED),
    Defect("unknown cluster unassigned", themes(unassigned_clusters=["C949_3", "Z9_1"]),
           THEMES, "Z9_1", "cluster_ids_are_those_of_stage2",
           (*MEMBERS_CHANGED, "num_unassigned_clusters_agrees", "unassigned_clusters_agree")),
    Defect("cluster dropped silently", theme(0, member_cluster_ids=["C949_1"]),
           THEMES, "D072_1", "every_cluster_has_a_place", MEMBERS_CHANGED),
    Defect("smaller theme first", swapped_themes, THEMES, "global_clusters[1]", "themes_are_sorted_by_posts",
           ("index_agrees_with_themes", "post_index_agrees_with_themes")),
    # The clusters' index.
    Defect("no clusters' index", without(CLUSTER_INDEX), CLUSTER_INDEX, "file", "file_is_there"),
    Defect("column missing", text(CLUSTER_INDEX, "num_courses", "courses"),
           CLUSTER_INDEX, "header", "columns_are_there"),
    Defect("cluster twice", row_twice(CLUSTER_INDEX, 2), CLUSTER_INDEX, "row 6", "index_has_one_row_per_cluster"),
    Defect("cluster without row", row_lost(CLUSTER_INDEX, 2), CLUSTER_INDEX, "D072_1", "index_has_one_row_per_cluster"),
    Defect("row of no cluster", cell(CLUSTER_INDEX, 5, 4, "Z9_1"),
           CLUSTER_INDEX, "row 5", "index_rows_are_of_clusters", ("index_has_one_row_per_cluster",)),
    Defect("theme of another cluster", cell(CLUSTER_INDEX, 2, 5, "G002"),
           CLUSTER_INDEX, "row 2", "index_agrees_with_themes"),
    Defect("numbers not in order", cell(CLUSTER_INDEX, 3, 5, "G004"),
           CLUSTER_INDEX, "row 3", "index_agrees_with_themes"),
    Defect("unassigned under another id", cell(CLUSTER_INDEX, 5, 5, "none"),
           CLUSTER_INDEX, "row 5", "index_agrees_with_themes"),
    Defect("label differs", cell(CLUSTER_INDEX, 1, 6, "x"), CLUSTER_INDEX, "row 1", "index_agrees_with_themes"),
    Defect("phrase differs", cell(CLUSTER_INDEX, 1, 7, "x"), CLUSTER_INDEX, "row 1", "index_agrees_with_themes"),
    Defect("posts miscounted in the index", cell(CLUSTER_INDEX, 1, 8, "4"),
           CLUSTER_INDEX, "row 1", "index_agrees_with_themes"),
    Defect("posts are no number", cell(CLUSTER_INDEX, 1, 8, "five"),
           CLUSTER_INDEX, "row 1", "index_agrees_with_themes"),
    Defect("courses miscounted", cell(CLUSTER_INDEX, 1, 9, "1"), CLUSTER_INDEX, "row 1", "index_agrees_with_themes"),
    Defect("unassigned cluster with a label", cell(CLUSTER_INDEX, 5, 6, "x"),
           CLUSTER_INDEX, "row 5", "index_agrees_with_themes"),
    Defect("unassigned cluster's posts miscounted", cell(CLUSTER_INDEX, 5, 8, "2"),
           CLUSTER_INDEX, "row 5", "index_agrees_with_themes"),
    Defect("rows of another run", cell(CLUSTER_INDEX, 4, 1, "x_20250101T000000Z"),
           CLUSTER_INDEX, "row 4", "rows_name_their_run"),
    Defect("row too long", rows(CLUSTER_INDEX, lambda found: found[3].append("?")),
           CLUSTER_INDEX, "row 3", "rows_have_all_columns"),
    # The posts' index.
    Defect("no posts' index", without(POST_INDEX), POST_INDEX, "file", "file_is_there"),
    Defect("empty posts' index", content(POST_INDEX, b""), POST_INDEX, "header", "columns_are_there"),
    Defect("post lost", row_lost(POST_INDEX, 1), POST_INDEX, "C949_1", "post_index_has_every_post",
           ("eval_agrees_with_the_posts_index", "eval_names_the_dominant_theme")),
    Defect("unassigned post lost", row_lost(POST_INDEX, 9), POST_INDEX, "C949_3", "post_index_has_every_post",
           ("eval_rows_are_those_of_the_posts_index", "eval_names_the_dominant_theme")),
    Defect("post twice", row_twice(POST_INDEX, 1), POST_INDEX, "row 10", "post_index_rows_are_unique"),
    Defect("post invented", cell(POST_INDEX, 1, 4, "zz"), POST_INDEX, "row 1", "post_index_rows_are_posts_of_stage2",
           ("post_index_has_every_post",)),
    Defect("course differs", cell(POST_INDEX, 1, 5, "D072"), POST_INDEX, "row 1", "post_index_agrees_with_themes"),
    Defect("post in another theme", cell(POST_INDEX, 1, 7, "G002"),
           POST_INDEX, "row 1", "post_index_agrees_with_themes",
           ("eval_rows_are_those_of_the_posts_index", "eval_agrees_with_the_posts_index",
            "eval_names_the_dominant_theme")),
    Defect("post under another label", cell(POST_INDEX, 1, 8, "x"),
           POST_INDEX, "row 1", "post_index_agrees_with_themes",
           ("eval_rows_are_those_of_the_posts_index", "eval_agrees_with_the_posts_index",
            "eval_names_the_dominant_theme")),
    Defect("posts of another run", cell(POST_INDEX, 4, 2, "x"), POST_INDEX, "row 4", "rows_name_their_run"),
    # What goes with them.
    Defect("no prompt", without(PROMPT), PROMPT, "file", "file_is_there"),
    Defect("another prompt", content(PROMPT, b"Merge them."), PROMPT, "file", "file_is_that_of_prompt_sha256"),
    Defect("line of the log is no JSON", lambda run: append(run / LOG, "{\n"), LOG, "line 3", "json_is_valid"),
    Defect("line of the log lost", content(LOG, b"{}\n"), LOG, "file", "log_has_one_line_per_batch"),
    Defect("no summary", without(SUMMARY), SUMMARY, "file", "file_is_there"),
    Defect("theme without summary", row_lost(SUMMARY, 2), SUMMARY, "G002", "summary_has_one_row_per_theme"),
    Defect("theme with two summaries", row_twice(SUMMARY, 2), SUMMARY, "row 4", "summary_has_one_row_per_theme"),
    Defect("summary without a column", text(SUMMARY, "short_description", "text"), SUMMARY, "header",
           "columns_are_there"),
    Defect("summary says something else", cell(SUMMARY, 1, 8, "x"), SUMMARY, "row 1", "index_agrees_with_themes"),
    Defect("summary miscounts", cell(SUMMARY, 1, 10, "9"), SUMMARY, "row 1", "index_agrees_with_themes"),
    Defect("leftover", content(f"{THEMES}.tmp", b"{"), f"{THEMES}.tmp", "file", "no_temporary_files"),
    Defect("leftover of a killed writer", content(".report.html.new", b"<"), ".report.html.new", "file",
           "no_temporary_files"),
    Defect("link", linked(THEMES), THEMES, "file", "no_symbolic_links"),
    Defect("folder instead of file", in_folder_of_its_own_name(PROMPT), PROMPT, "file", "file_is_regular"),
    Defect("huge file", lambda run: os.truncate(run / LOG, MOST_BYTES + 1), LOG, "file", "file_is_not_too_large"),
    Defect("diagnostics lost", without(ISSUES), ISSUES, "file", "file_is_there"),
    Defect("diagnostics without a row", row_lost(ALIGNMENT, 1), ALIGNMENT,
           "C949_1, G001, assessment_material_misalignment", "eval_rows_are_those_of_the_posts_index"),
    Defect("diagnostics with a row twice", row_twice(ISSUES, 1), ISSUES, "row 5",
           "eval_rows_are_those_of_the_posts_index"),
    Defect("diagnostics miscount", cell(ALIGNMENT, 1, 7, "4"), ALIGNMENT, "row 1", "eval_agrees_with_the_posts_index"),
    Defect("purity is wrong", cell(CLUSTERS, 1, 9, "0.5"), CLUSTERS, "row 1", "eval_agrees_with_the_posts_index"),
    Defect("purity is no number", cell(CLUSTERS, 1, 9, "pure"), CLUSTERS, "row 1", "eval_agrees_with_the_posts_index"),
    Defect("not the dominant theme", cell(CLUSTERS, 1, 5, "G003"), CLUSTERS, "row 1", "eval_names_the_dominant_theme"),
    Defect("diagnostics of another run", cell(CLUSTERS, 1, 1, "x"), CLUSTERS, "row 1", "rows_name_their_run"),
]  # fmt: skip

# What is wrong in a run of other software is found as well, although its manifest says less. Its index says what its
# themes are called, so that one row is as right as another.
FOREIGN_DEFECTS = [
    defect for defect in DEFECTS
    if defect.file in (THEMES, CLUSTER_INDEX, POST_INDEX) and defect.name not in
    {"additional key", "post twice", "unassigned under another id", "numbers not in order", "unassigned post lost",
     "unassigned cluster with a label", "unassigned cluster's posts miscounted"}
] + [
    Defect("no run id", manifest(run_id=...), MANIFEST, "run_id", "manifest_has_its_fields"),
    Defect("no source", manifest(source_stage2_run=None), MANIFEST, "source_stage2_run", "manifest_names_its_source"),
    Defect("Stage-2 folder removed", lambda run: shutil.rmtree(run / "../../../stage2/runs"),
           MANIFEST, "source_stage2_run.stage2_run_dir", "source_stage2_run_is_there"),
    Defect("clusters miscounted", manifest(num_input_clusters=6),
           MANIFEST, "num_input_clusters", "num_input_clusters_agrees"),
    Defect("posts miscounted", manifest(total_input_posts=8),
           MANIFEST, "total_input_posts", "total_input_posts_agrees"),
    Defect("theme's posts miscounted", theme(0, total_num_posts=6),
           THEMES, "global_clusters[0].total_num_posts", "total_num_posts_agrees"),
    Defect("theme's posts are text", theme(0, total_num_posts="5"),
           THEMES, "global_clusters[0].total_num_posts", "total_num_posts_agrees"),
    Defect("theme's posts are negative", theme(0, total_num_posts=-5),
           THEMES, "global_clusters[0].total_num_posts", "total_num_posts_agrees"),
    Defect("source's slug is a number", source(stage2_run_slug=7),
           MANIFEST, "source_stage2_run.stage2_run_slug", "manifest_fields_have_their_kind"),
    Defect("source's slug of another run", source(stage2_run_slug="other"),
           MANIFEST, "source_stage2_run.stage2_run_slug", "source_slug_is_that_of_the_folder"),
    Defect("theme's courses miscounted", theme(0, num_courses=1),
           THEMES, "global_clusters[0].num_courses", "num_courses_agrees"),
    Defect("theme's id twice", theme(1, global_cluster_id="G001"),
           THEMES, "global_clusters", "global_cluster_ids_are_unique"),
    Defect("post twice", row_twice(POST_INDEX, 1), POST_INDEX, "row 9", "post_index_rows_are_unique"),
    Defect("unassigned under a theme's id", cell(CLUSTER_INDEX, 5, 5, "G001"),
           CLUSTER_INDEX, "global_cluster_id", "index_has_one_id_per_theme"),
    Defect("new label not recorded", manifest(new_labels=[]), MANIFEST, "new_labels", "new_labels_are_recorded"),
    Defect("empty prompt", content(PROMPT, b""), PROMPT, "file", "prompt_is_filled"),
]  # fmt: skip
