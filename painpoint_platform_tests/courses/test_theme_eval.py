"""Diagnostics of a run from its index of posts, whatever state that is in."""

import csv
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from painpoint_platform.courses.theme_eval import (
    ALIGNMENT_SCHEMA,
    CLUSTER_COVERAGE_SCHEMA,
    ISSUE_COVERAGE_SCHEMA,
    EvalSummary,
    eval_tables,
    summary_of,
    write_eval,
)
from painpoint_platform.errors import UserError

HEADER = "stage3_run_id,post_id,course_code,cluster_id,global_cluster_id,normalized_issue_label"
ROWS = (
    "r,p1,A,A_1,G001,exams", "r,p2,A,A_1,G001,exams", "r,p1,A,A_2,G002,exams", "r,p3,B,B_1,G001,exams",
    "r,p4,B,B_2,UNASSIGNED,",
)  # fmt: skip
SCHEMAS = [ALIGNMENT_SCHEMA, ISSUE_COVERAGE_SCHEMA, CLUSTER_COVERAGE_SCHEMA]


def run_dir(tmp_path, *rows, header=HEADER, encoding="utf-8"):
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    (folder / "post_global_index.csv").write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    (folder / "manifest.json").write_text(
        json.dumps({"run_id": "id", "stage3_run_slug": "slug", "stage3_run_dir": "a/b"})
    )
    return folder


def frame(schema, *rows):
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_each_table_counts_what_its_columns_say(tmp_path):
    tables = eval_tables(run_dir(tmp_path, *ROWS))
    assert_frame_equal(tables.alignment, frame(
        ALIGNMENT_SCHEMA, ("A_1", "G001", "exams", 2), ("A_2", "G002", "exams", 1), ("B_1", "G001", "exams", 1),
        ("B_2", "UNASSIGNED", None, 1),
    ))  # fmt: skip
    assert_frame_equal(tables.issue_coverage, frame(
        ISSUE_COVERAGE_SCHEMA, ("exams", "G001", 3, 2), ("exams", "G002", 1, 1), (None, "UNASSIGNED", 1, 1),
    ))  # fmt: skip
    assert_frame_equal(tables.cluster_coverage, frame(
        CLUSTER_COVERAGE_SCHEMA, ("A_1", "G001", "exams", 2, 2, 1.0), ("A_2", "G002", "exams", 1, 1, 1.0),
        ("B_1", "G001", "exams", 1, 1, 1.0), ("B_2", "UNASSIGNED", None, 1, 1, 1.0),
    ))  # fmt: skip
    assert tables.warning is None


def test_a_cluster_that_is_spread_over_themes_is_less_pure_and_its_first_largest_theme_is_dominant(tmp_path):
    rows = ["r,p1,A,A_1,G002,b", "r,p2,A,A_1,G001,a", "r,p3,A,A_1,G003,c", "r,p4,A,A_1,G002,b", "r,p5,A,A_1,G001,a"]
    (row,) = eval_tables(run_dir(tmp_path, *rows)).cluster_coverage.rows()
    assert row == ("A_1", "G001", "a", 2, 5, 0.4)


def test_the_summary_is_one_row(tmp_path):
    assert summary_of(eval_tables(run_dir(tmp_path, *ROWS))) == EvalSummary(
        num_clusters=4, num_unassigned_clusters=1, num_themes=2, num_labels=1, unassigned_post_share=pytest.approx(0.2),
        largest_theme_share=0.6, mean_purity=1.0, warning=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "post_global_index.csv").unlink(),
        lambda folder: (folder / "post_global_index.csv").write_bytes(b""),
        lambda folder: run_dir(folder.parent, *ROWS, header=HEADER.replace("cluster_id", "cluster")),
        lambda folder: run_dir(folder.parent, "r,p1,A,A_1"),
        lambda folder: run_dir(folder.parent, "r,p1,Ä,A_1,G001,exams", encoding="latin-1"),
        lambda folder: run_dir(folder.parent, 'r,p1,A,"A_1,G001,exams'),
        lambda folder: (folder / "post_global_index.csv").write_bytes(b"PK\x03\x04\x00\x00"),
    ],
)
def test_without_a_readable_index_the_tables_are_empty_with_all_columns_and_a_warning(tmp_path, spoil):
    folder = run_dir(tmp_path, *ROWS)
    spoil(folder)
    tables = eval_tables(folder)
    assert [dict(table.schema) for table in tables.files.values()] == SCHEMAS
    assert all(table.is_empty() for table in tables.files.values())
    assert "post_global_index.csv" in tables.warning
    summary = summary_of(tables)
    assert (summary.num_clusters, summary.unassigned_post_share, summary.mean_purity) == (0, None, None)
    assert summary.warning == tables.warning
    written = write_eval(tables, folder, tmp_path / "artifacts")
    assert header_of(written / "cluster_issue_coverage.csv")[4:] == list(CLUSTER_COVERAGE_SCHEMA)


def test_an_index_without_rows_is_no_reason_for_a_warning(tmp_path):
    tables = eval_tables(run_dir(tmp_path))
    assert (tables.warning, tables.alignment.height) == (None, 0)
    assert summary_of(tables).largest_theme_share is None


def test_the_files_begin_with_the_run_and_are_replaced(tmp_path):
    folder, artifacts = run_dir(tmp_path, *ROWS), tmp_path / "artifacts"
    for _ in range(2):
        written = write_eval(eval_tables(folder), folder, artifacts)
    assert written == artifacts / "stage3" / "eval" / "slug"
    assert sorted(path.name for path in written.iterdir()) == [
        "cluster_global_alignment_long.csv", "cluster_issue_coverage.csv", "global_issue_coverage.csv",
    ]  # fmt: skip
    for path, schema in zip(
        ["cluster_global_alignment_long.csv", "global_issue_coverage.csv", "cluster_issue_coverage.csv"],
        SCHEMAS,
        strict=True,
    ):
        with (written / path).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["schema_version", "stage3_run_id", "stage3_run_slug", "stage3_run_dir", *schema]
        assert list(rows[0].values())[:4] == ["1.0", "id", "slug", "a/b"]


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    folder = run_dir(tmp_path, *ROWS)
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"manifest.json: there is no manifest"):
        write_eval(eval_tables(folder), folder, tmp_path)


def header_of(path):
    return path.read_text(encoding="utf-8").splitlines()[0].split(",")
