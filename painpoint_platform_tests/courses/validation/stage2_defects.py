"""Defects of Stage-2 runs, each with the finding that must follow from it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from painpoint_platform.courses.validation.run_files import MOST_BYTES
from painpoint_platform_tests.courses.validation.defects import (
    MANIFEST,
    Defect,
    all_of,
    append,
    content,
    in_folder_of_its_own_name,
    linked,
    manifest,
    rows,
    set_fields,
    text,
    without,
    without_line,
)
from painpoint_platform_tests.courses.validation.run_builder import edited_json

C949, D072, D196 = (f"clusters/{code}.json" for code in ("C949", "D072", "D196"))
SENT = "painpoints_used_C949.jsonl"
CSV = "painpoints_llm_friendly.csv"
SHARED = f"../../{CSV}"
TABLE = "painpoint_clusters.csv"
PROMPT = "stage2_prompt.txt"


def entry(index: int, **fields: Any) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        with edited_json(run / MANIFEST) as found:
            found["courses"][index].update(fields)

    return do


def course(file: str, **fields: Any) -> Callable[[Path], None]:
    """Set fields of a course; ``...`` removes one."""

    def do(run: Path) -> None:
        with edited_json(run / file) as found:
            set_fields(found["courses"][0], fields)

    return do


def cluster(index: int, **fields: Any) -> Callable[[Path], None]:
    """Set fields of a cluster of C949; ``...`` removes one."""

    def do(run: Path) -> None:
        with edited_json(run / C949) as found:
            set_fields(found["courses"][0]["clusters"][index], fields)

    return do


def moved_clusters(run: Path) -> None:
    with edited_json(run / C949) as found:
        found["courses"][0]["clusters"].reverse()


def merged_into_one_file(run: Path) -> None:
    with edited_json(run / C949) as found, edited_json(run / D072) as other:
        found["courses"] += other["courses"]


def append_entry(run: Path) -> None:
    with edited_json(run / MANIFEST) as found:
        found["courses"].append(found["courses"][0])


INVENTED = '{"post_id": "zz", "root_cause_summary": "a", "pain_point_snippet": "b"}\n'


POSTS_OF_THE_CLUSTER_CHANGED = (
    "total_posts_is_number_of_distinct_posts", "every_sent_post_is_in_a_cluster", "table_agrees_with_cluster_files",
)  # fmt: skip

INPUT_CHANGED = "file_is_that_of_input_sha256"

DEFECTS = [
    # The manifest.
    Defect("no manifest", without(MANIFEST), MANIFEST, "file", "file_is_there"),
    Defect("broken manifest", content(MANIFEST, b'{"run_id": '), MANIFEST, "line 1, column 12", "json_is_valid"),
    Defect("manifest is an array", content(MANIFEST, b"[]"), MANIFEST, "file", "json_is_an_object"),
    Defect("manifest is binary", content(MANIFEST, b"\x89PNG\xff\x00"), MANIFEST, "byte 0", "text_is_utf8"),
    Defect("manifest says nothing", content(MANIFEST, b"{}"), MANIFEST, "file", "manifest_says_something"),
    Defect("empty manifest file", content(MANIFEST, b""), MANIFEST, "line 1, column 1", "json_is_valid"),
    Defect("nested without end", content(MANIFEST, b'{"a":' + b"[" * 100_000), MANIFEST, "file", "json_is_valid"),
    Defect("number of 10,000 digits", content(MANIFEST, b'{"a":' + b"9" * 10_000 + b"}"),
           MANIFEST, "file", "json_is_valid"),
    Defect("field missing", manifest(fingerprint=...), MANIFEST, "fingerprint", "manifest_has_its_fields"),
    Defect("no entries", manifest(courses=...), MANIFEST, "courses", "manifest_has_its_fields"),
    Defect("entries are text", manifest(courses="all"), MANIFEST, "courses", "manifest_fields_have_their_kind"),
    Defect("count is text", manifest(num_courses="3"), MANIFEST, "num_courses", "manifest_fields_have_their_kind"),
    Defect("count is true", manifest(num_ok=True), MANIFEST, "num_ok", "manifest_fields_have_their_kind"),
    Defect("negative cost", manifest(total_cost_usd=-0.1),
           MANIFEST, "total_cost_usd", "manifest_fields_have_their_kind"),
    Defect("negative time", manifest(queue_wait_s=-3), MANIFEST, "queue_wait_s", "numbers_are_not_negative"),
    Defect("cost is NaN", manifest(total_cost_usd=float("nan")), MANIFEST, "total_cost_usd", "numbers_are_finite"),
    Defect("latency is infinite", entry(1, latency_s=float("inf")),
           MANIFEST, "courses[1].latency_s", "numbers_are_finite"),
    Defect("empty run id", manifest(run_id=""), MANIFEST, "run_id", "run_id_is_filled"),
    Defect("run id of another run", manifest(run_id="x_20250101T000000Z"),
           MANIFEST, "run_id", "run_id_begins_with_run_slug"),
    Defect("slug of another run", manifest(run_slug="other", run_id="other_20250101T000000Z"),
           MANIFEST, "run_slug", "run_slug_is_the_folder_name"),
    Defect("Stage 1 unnamed", manifest(source_stage1_run={"run_slug": " ", "model": None, "prompt": None}),
           MANIFEST, "source_stage1_run.run_slug", "manifest_fields_have_their_kind"),
    Defect("Stage 1's model left out", manifest(source_stage1_run={"run_slug": "x", "prompt": None}),
           MANIFEST, "source_stage1_run.model", "manifest_has_its_fields"),
    Defect("unknown schema", manifest(schema_version="9.9"), MANIFEST, "schema_version", "schema_version_is_known"),
    Defect("local time", manifest(created_at="2025-11-30T08:00:00"),
           MANIFEST, "created_at", "manifest_fields_have_their_kind"),
    Defect("no hash", manifest(input_sha256="abc"), MANIFEST, "input_sha256", "manifest_fields_have_their_kind"),
    Defect("one course too many counted", manifest(num_courses=4), MANIFEST, "num_courses", "num_courses_agrees"),
    Defect("clusters miscounted", manifest(num_clusters=6), MANIFEST, "num_clusters", "num_clusters_agrees"),
    Defect("pain points miscounted", manifest(total_painpoints=9),
           MANIFEST, "total_painpoints", "total_painpoints_agrees", ("rows_written_agrees",)),
    Defect("a row lost", manifest(rows_read=21), MANIFEST, "rows_read", "rows_read_agrees"),
    Defect("drop reason is text", manifest(drop_reasons={"n": "12"}),
           MANIFEST, "drop_reasons.n", "manifest_fields_have_their_kind"),
    Defect("statuses miscounted", manifest(num_failed=0), MANIFEST, "num_failed", "num_failed_agrees"),
    Defect("costs do not add up", manifest(total_cost_usd=0.5), MANIFEST, "total_cost_usd", "total_cost_usd_agrees"),
    Defect("tokens do not add up", manifest(total_prompt_tokens=1),
           MANIFEST, "total_prompt_tokens", "total_prompt_tokens_agrees"),
    Defect("calls do not add up", manifest(total_calls=7), MANIFEST, "total_calls", "total_calls_agrees"),
    Defect("unknown status", entry(0, status="done"),
           MANIFEST, "courses[0].status", "manifest_fields_have_their_kind", ("num_ok_agrees",)),
    Defect("entry's clusters miscounted", all_of(entry(0, num_clusters=4), manifest(num_clusters=6)),
           MANIFEST, "courses[0].num_clusters", "num_clusters_agrees"),
    Defect("entry's pain points miscounted", entry(0, num_painpoints=6),
           MANIFEST, "courses[0].num_painpoints", "num_painpoints_agrees", ("total_painpoints_agrees",)),
    Defect("path of another course", entry(0, clusters_path="runs/x/clusters/D072.json"),
           MANIFEST, "courses[0].clusters_path", "paths_name_the_courses_files"),
    Defect("two entries for a course", append_entry, MANIFEST, "courses[3]", "manifest_has_one_entry_per_course"),
    Defect("entry of no course", entry(0, course_code=None),
           MANIFEST, "courses[0]", "manifest_entries_name_their_course",
           ("no_orphan_files", "num_courses_agrees", "num_ok_agrees", "num_clusters_agrees",
            "total_painpoints_agrees", "rows_written_agrees", "total_calls_agrees", "total_prompt_tokens_agrees",
            "total_completion_tokens_agrees", "total_cost_usd_agrees", "file_is_there", "table_rows_are_of_clusters")),
    Defect("key twice", text(MANIFEST, '"num_ok": 1,', '"num_ok": 1, "num_ok": 1,'),
           MANIFEST, "file", "json_keys_are_unique"),
    # Files.
    Defect("cluster file missing", without(C949), C949, "file", "file_is_there"),
    Defect("snapshot missing", without(SENT), SENT, "file", "file_is_there"),
    Defect("prompt missing", without(PROMPT), PROMPT, "file", "file_is_there"),
    Defect("empty prompt", content(PROMPT, b" \n"),
           PROMPT, "file", "prompt_is_filled"),
    Defect("another prompt", content(PROMPT, b"Group them."), PROMPT, "file", "file_is_that_of_prompt_sha256"),
    Defect("CSV missing", without(CSV), CSV, "file", "file_is_there"),
    Defect("table missing", without(TABLE), TABLE, "file", "file_is_there"),
    Defect("no clusters at all", lambda run: shutil.rmtree(run / "clusters"), "clusters", "file", "file_is_there"),
    Defect("orphan clusters", lambda run: shutil.copy(run / D196, run / "clusters/X1.json") and None,
           "clusters/X1.json", "file", "no_orphan_files"),
    Defect("orphan snapshot", content("painpoints_used_X1.jsonl", b"{}\n"),
           "painpoints_used_X1.jsonl", "file", "no_orphan_files"),
    Defect("stray file", content("clusters/notes.txt", b"x"), "clusters/notes.txt", "file", "no_orphan_files"),
    Defect("leftover", content("clusters/.C949.json.tmp", b"{"),
           "clusters/.C949.json.tmp", "file", "no_temporary_files"),
    Defect("link", linked(D196), D196, "file", "no_symbolic_links"),
    Defect("broken link", all_of(without(PROMPT), lambda run: (run / PROMPT).symlink_to("nowhere")),
           PROMPT, "file", "no_symbolic_links", ("file_is_there",)),
    Defect("pipe", all_of(without(PROMPT), lambda run: os.mkfifo(run / PROMPT)), PROMPT, "file", "file_is_regular"),
    Defect("pipe of no name that is known", lambda run: os.mkfifo(run / "x"), "x", "file", "file_is_regular"),
    Defect("link to itself", all_of(without(PROMPT), lambda run: (run / PROMPT).symlink_to(PROMPT)),
           PROMPT, "file", "file_is_readable", ("no_symbolic_links",)),
    Defect("file instead of folder", all_of(lambda run: shutil.rmtree(run / "clusters"), content("clusters", b"")),
           "clusters", "file", "folder_is_readable", ("file_is_there",)),
    Defect("folder instead of file", in_folder_of_its_own_name(D196), D196, "file", "file_is_regular"),
    Defect("huge file", lambda run: os.truncate(run / D196, MOST_BYTES + 1), D196, "file", "file_is_not_too_large"),
    # A cluster file taken by itself.
    Defect("truncated", content(D196, b'{"courses": ['), D196, "line 1, column 14", "json_is_valid"),
    Defect("prose around it", lambda run: (run / D196).write_text("Here it is:\n" + (run / D196).read_text()) and None,
           D196, "line 1, column 1", "json_is_valid"),
    Defect("byte order mark",
           lambda run: (run / D196).write_bytes(b"\xef\xbb\xbf" + (run / D196).read_bytes()) and None,
           D196, "file", "no_byte_order_mark"),
    Defect("UTF-16", lambda run: (run / D196).write_bytes((run / D196).read_text().encode("utf-16")) and None,
           D196, "byte 0", "text_is_utf8"),
    Defect("half a character", text(D196, "broken videos", "broken \\ud83d"),
           D196, "courses[0].clusters[0].issue_summary", "text_is_unicode", ("table_agrees_with_cluster_files",)),
    Defect("two courses", merged_into_one_file, C949, "courses", "file_holds_one_course"),
    Defect("no course", content(D196, b'{"courses": []}'), D196, "courses", "file_holds_one_course"),
    Defect("additional key", course(C949, model="x"), C949, "courses[0]", "keys_are_those_of_the_schema"),
    Defect("additional key at the top", text(C949, '{\n  "courses"', '{"note": 1, "courses"'),
           C949, "file", "keys_are_those_of_the_schema"),
    Defect("key missing", cluster(0, num_posts=...), C949, "C949_1", "keys_are_those_of_the_schema"),
    Defect("code of another course", course(C949, course_code="D072"),
           C949, "courses[0].course_code", "course_code_is_the_file_name"),
    Defect("empty title", course(C949, course_title=" "),
           C949, "courses[0].course_title", "course_title_is_filled", ("table_agrees_with_cluster_files",)),
    Defect("title differs", course(C949, course_title="Algebra"),
           C949, "courses[0].course_title", "course_title_is_that_of_the_manifest",
           ("table_agrees_with_cluster_files",)),
    Defect("total is wrong", course(C949, total_posts=6),
           C949, "courses[0].total_posts", "total_posts_is_number_of_distinct_posts"),
    Defect("total is text", course(C949, total_posts="5"), C949, "courses[0].total_posts", "total_posts_is_an_integer"),
    Defect("no clusters in a course", course(D196, clusters=[]),
           D196, "courses[0].clusters", "course_has_clusters",
           ("every_sent_post_is_in_a_cluster", "num_clusters_agrees", "total_posts_is_number_of_distinct_posts")),
    Defect("cluster is text", course(D196, clusters=["D196_1"]),
           D196, "courses[0].clusters[0]", "clusters_are_objects",
           ("every_sent_post_is_in_a_cluster", "num_clusters_agrees", "total_posts_is_number_of_distinct_posts",
            "table_rows_are_of_clusters")),
    Defect("id of another course", cluster(0, cluster_id="D072_1"),
           C949, "D072_1", "cluster_id_is_course_code_and_integer",
           ("table_agrees_with_cluster_files", "table_has_one_row_per_cluster", "table_rows_are_of_clusters")),
    Defect("id without integer", cluster(0, cluster_id="C949_a"),
           C949, "C949_a", "cluster_id_is_course_code_and_integer",
           ("table_has_one_row_per_cluster", "table_rows_are_of_clusters")),
    Defect("id is a number", cluster(0, cluster_id=1),
           C949, "courses[0].clusters[0]", "cluster_id_is_course_code_and_integer", ("table_rows_are_of_clusters",)),
    Defect("id twice", cluster(1, cluster_id="C949_1"),
           C949, "C949_1", "cluster_ids_are_unique", ("table_agrees_with_cluster_files", "table_rows_are_of_clusters")),
    Defect("num_posts is wrong", cluster(0, num_posts=4), C949, "C949_1", "num_posts_is_len_of_post_ids"),
    Defect("num_posts is text", cluster(0, num_posts="3"), C949, "C949_1", "num_posts_is_an_integer"),
    Defect("num_posts is true", cluster(2, num_posts=True), C949, "C949_3", "num_posts_is_an_integer"),
    Defect("num_posts is a fraction", cluster(0, num_posts=3.0), C949, "C949_1", "num_posts_is_an_integer"),
    Defect("num_posts is negative", cluster(0, num_posts=-3), C949, "C949_1", "num_posts_is_an_integer"),
    Defect("empty summary", cluster(0, issue_summary=" \n"),
           C949, "C949_1", "issue_summary_is_filled", ("table_agrees_with_cluster_files",)),
    Defect("invisible summary", cluster(0, issue_summary="\u200b"),
           C949, "C949_1", "issue_summary_is_filled", ("table_agrees_with_cluster_files",)),
    Defect("summary is null", cluster(0, issue_summary=None),
           C949, "C949_1", "issue_summary_is_filled", ("table_agrees_with_cluster_files",)),
    Defect("empty cluster", cluster(2, post_ids=[], num_posts=0),
           C949, "C949_3", "cluster_has_posts", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("post ids are text", cluster(2, post_ids="p5"),
           C949, "C949_3", "post_ids_are_texts", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("post id is a number", cluster(2, post_ids=[5]),
           C949, "C949_3", "post_ids_are_texts", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("post id is blank", cluster(1, post_ids=["p3", "p4", " "], num_posts=3),
           C949, "C949_2", "post_ids_are_texts", ("total_posts_is_number_of_distinct_posts",)),
    Defect("post twice in a cluster", cluster(1, post_ids=["p3", "p4", "p4"], num_posts=3),
           C949, "C949_2", "post_ids_are_unique_in_their_cluster"),
    Defect("smaller before larger", moved_clusters, C949, "C949_2", "clusters_are_sorted_by_size"),
    # Posts.
    Defect("invented post", cluster(2, post_ids=["p5", "zz"], num_posts=2),
           C949, "C949_3", "post_ids_are_painpoints_of_the_course", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("post of another course", cluster(2, post_ids=["p5", "r1"], num_posts=2),
           C949, "C949_3", "post_ids_are_painpoints_of_the_course", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("look-alike id", cluster(2, post_ids=["р5"]),
           C949, "C949_3", "post_ids_are_painpoints_of_the_course", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("id with a blank", cluster(2, post_ids=["p5 "]),
           C949, "C949_3", "post_ids_are_painpoints_of_the_course", POSTS_OF_THE_CLUSTER_CHANGED),
    Defect("lost post", all_of(cluster(1, post_ids=["p3"], num_posts=1), course(C949, total_posts=4)),
           C949, "course C949", "every_sent_post_is_in_a_cluster", ("table_agrees_with_cluster_files",)),
    Defect("line lost", without_line(SENT, 5),
           SENT, "course C949", "snapshot_equals_painpoints_csv",
           ("post_ids_are_painpoints_of_the_course", "num_painpoints_agrees")),
    Defect("no lines", content(SENT, b"\n"), SENT, "file", "painpoints_are_there",
           ("snapshot_equals_painpoints_csv", "post_ids_are_painpoints_of_the_course", "num_painpoints_agrees")),
    Defect("line changed", text(SENT, "waited 9 days", "waited 10 days"),
           SENT, "line 5", "snapshot_equals_painpoints_csv"),
    Defect("line invented", lambda run: append(run / SENT, INVENTED),
           SENT, "line 6", "snapshot_equals_painpoints_csv",
           ("every_sent_post_is_in_a_cluster", "num_painpoints_agrees")),
    Defect("line twice", lambda run: append(run / SENT, (run / SENT).read_text().splitlines()[4] + "\n"),
           SENT, "line 6", "painpoints_are_unique"),
    Defect("line is no JSON", lambda run: append(run / SENT, "p6\n"), SENT, "line 6", "json_is_valid"),
    Defect("line without snippet", text(SENT, ', "pain_point_snippet": "waited 9 days"', ""),
           SENT, "line 5", "painpoints_have_their_fields", ("snapshot_equals_painpoints_csv",)),
    Defect("line of another course", text(SENT, '{"post_id": "p5"', '{"course_code": "D072", "post_id": "p5"'),
           SENT, "line 5", "painpoints_are_of_the_files_course"),
    Defect("row lost", rows(CSV, lambda found: found.pop(5)),
           SENT, "line 5", "snapshot_equals_painpoints_csv", ("post_ids_are_painpoints_of_the_course", INPUT_CHANGED)),
    Defect("row twice", rows(CSV, lambda found: found.append(found[5])),
           CSV, "row 9", "painpoints_are_unique", (INPUT_CHANGED,)),
    Defect("row without summary", rows(CSV, lambda found: found[5].__setitem__(2, "")),
           CSV, "row 5", "painpoints_have_their_fields", ("snapshot_equals_painpoints_csv", INPUT_CHANGED)),
    Defect("row too short", rows(CSV, lambda found: found[5].pop()),
           CSV, "row 5", "rows_have_all_columns", (INPUT_CHANGED,)),
    Defect("confidence changed", rows(CSV, lambda found: found[5].__setitem__(4, "0.1")), CSV, "file", INPUT_CHANGED),
    Defect("course left out", rows(CSV, lambda found: found.append(["x1", "X1", "a", "b", "0.9"])),
           "clusters/X1.json", "file", "file_is_there", (INPUT_CHANGED,)),
    Defect("column twice", text(CSV, "confidence_pred", "post_id"),
           CSV, "header", "columns_are_unique"),
    Defect("column renamed", text(CSV, "pain_point_snippet", "snippet"), CSV, "header", "columns_are_there"),
    Defect("unclosed quote", lambda run: append(run / CSV, '"p9,C949'), CSV, "line 12", "csv_is_valid"),
    # The table of clusters.
    Defect("table row lost", rows(TABLE, lambda found: found.pop(2)), TABLE, "C949_2", "table_has_one_row_per_cluster"),
    Defect("table row twice", rows(TABLE, lambda found: found.append(found[1])),
           TABLE, "row 6", "table_has_one_row_per_cluster"),
    Defect("table row invented", rows(TABLE, lambda found: found.append(["Z_1", "Z", "t", "s", "1", "p1"])),
           TABLE, "row 6", "table_rows_are_of_clusters"),
    Defect("table count", rows(TABLE, lambda found: found[1].__setitem__(4, "9")),
           TABLE, "row 1", "table_agrees_with_cluster_files"),
    Defect("table summary", rows(TABLE, lambda found: found[2].__setitem__(3, "x")),
           TABLE, "row 2", "table_agrees_with_cluster_files"),
    Defect("table posts", rows(TABLE, lambda found: found[2].__setitem__(5, "p3")),
           TABLE, "row 2", "table_agrees_with_cluster_files"),
    Defect("table column missing", text(TABLE, "issue_summary", "summary"), TABLE, "header", "columns_are_there"),
]  # fmt: skip

# What is wrong in a run of other software is found as well, although its manifest says less.
FOREIGN_DEFECTS = [
    defect for defect in DEFECTS
    if defect.file.startswith(("clusters", "painpoints_used")) and defect.name not in
    {"row lost", "course left out", "title differs", "smaller before larger"}
] + [
    Defect("manifest says nothing", content(MANIFEST, b"{}"), MANIFEST, "file", "manifest_says_something"),
    Defect("text instead of a count", manifest(num_courses="3"), MANIFEST, "num_courses",
           "manifest_fields_have_their_kind"),
    Defect("courses miscounted", manifest(num_courses=2), MANIFEST, "num_courses", "num_courses_agrees"),
    Defect("pain points miscounted", manifest(total_painpoints=9), MANIFEST, "total_painpoints",
           "total_painpoints_agrees"),
    Defect("negative cost", manifest(total_cost_usd=-1), MANIFEST, "total_cost_usd", "manifest_fields_have_their_kind"),
    Defect("negative time", manifest(wallclock_sec=-1), MANIFEST, "wallclock_sec", "numbers_are_not_negative"),
    Defect("cost is NaN", manifest(total_cost_usd=float("nan")), MANIFEST, "total_cost_usd", "numbers_are_finite"),
    Defect("costs do not add up", manifest(total_cost_usd=0.9), MANIFEST, "total_cost_usd", "total_cost_usd_agrees"),
    Defect("empty run id", manifest(run_id=""), MANIFEST, "run_id", "run_id_is_filled"),
    Defect("slug of another run", manifest(stage2_run_slug="other"), MANIFEST, "run_slug",
           "run_slug_is_the_folder_name"),
    Defect("row of the shared CSV lost", rows(SHARED, lambda found: found.pop(5)), SENT, "line 5",
           "snapshot_equals_painpoints_csv"),
    Defect("row of the shared CSV twice", rows(SHARED, lambda found: found.append(found[5])), SHARED, "row 9",
           "painpoints_are_unique"),
    Defect(
        "course of the shared CSV left out",
        all_of(rows(SHARED, lambda found: found.append(["x1", "X1", "a", "b"])), manifest(per_course=...,
        num_courses=4)),
        "clusters/X1.json", "file", "file_is_there",
    ),
]  # fmt: skip
