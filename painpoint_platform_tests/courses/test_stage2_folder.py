"""A Stage-2 run is written in the shapes that others rely on, and read again as it was."""

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.course_clusters import Cluster, CourseClusters
from painpoint_platform.courses.painpoints import DROP_REASONS, PAINPOINT_SCHEMA
from painpoint_platform.courses.predictions import Stage1Provenance
from painpoint_platform.courses.run_folder import read_manifest
from painpoint_platform.courses.stage2_folder import (
    PROMPT_FILE,
    Stage2Run,
    finished_stage2_run,
    read_stage2_run,
    write_stage2_run,
)
from painpoint_platform.courses.stage2_manifest import Stage2Input, new_stage2_run
from painpoint_platform.courses.validation.stage2 import validate_stage2
from painpoint_platform.errors import UserError
from painpoint_platform_tests.courses.asked_models import painpoints

NOW = datetime(2025, 11, 30, 8, 0, 0, tzinfo=UTC)
COURSES = (
    CourseClusters(
        "D1", "Title of D1",
        (Cluster("D1_2", "lab, broken", ("a-1", "a-2")), Cluster("D1_1", 'rubric "unclear"', ("b-1",))),
        model="m/x", calls=1, prompt_tokens=900, completion_tokens=80, cost_usd=0.0012345678, latency_s=1.25,
    ),
    CourseClusters(
        "D2", "Title of D2", (Cluster("D2_1", "cause", ("a-1",)),),
        "repaired", ("a finding",), "m/y", 3, 10, 20, None, 4.0,
    ),
)  # fmt: skip
POSTS = {"D1": ["a-1", "a-2", "b-1"], "D2": ["a-1"]}


def source(tmp_path: Path) -> Stage1Provenance:
    return Stage1Provenance("gpt_s1", "gpt-5", None, "0" * 64, tmp_path / "artifacts/stage1/full_corpus/gpt_s1/p.csv")


def made_from(tmp_path: Path, rows: pl.DataFrame | None = None) -> Stage2Input:
    rows = painpoints(POSTS) if rows is None else rows
    reasons = dict.fromkeys(DROP_REASONS, 0) | {"undecided": 2}
    return Stage2Input("gpt_s1", source(tmp_path), rows.height + 2, reasons, rows)


def new_run(
    tmp_path: Path, courses: tuple[CourseClusters, ...] = COURSES, rows: pl.DataFrame | None = None
) -> Stage2Run:
    return new_stage2_run(
        made_from(tmp_path, rows), courses,
        artifacts=tmp_path / "artifacts", model="m/x", fingerprint="f" * 64, wallclock_s=12.34567, now=NOW,
    )  # fmt: skip


def published(tmp_path: Path, courses: tuple[CourseClusters, ...] = COURSES, rows: pl.DataFrame | None = None) -> Path:
    run = new_run(tmp_path, courses, rows)
    write_stage2_run(run)
    return run.run_dir


def test_a_run_is_written_in_the_documented_shapes(tmp_path: Path) -> None:
    run_dir = published(tmp_path)
    assert run_dir == tmp_path / "artifacts/stage2/runs/m-x_s2_cluster_gpt_s1"
    assert sorted(path.relative_to(run_dir).as_posix() for path in run_dir.rglob("*")) == [
        "clusters",
        "clusters/D1.json",
        "clusters/D2.json",
        "manifest.json",
        "painpoint_clusters.csv",
        "painpoints_llm_friendly.csv",
        "painpoints_used_D1.jsonl",
        "painpoints_used_D2.jsonl",
        "stage2_prompt.txt",
    ]
    assert json.loads((run_dir / "clusters/D1.json").read_text()) == {
        "courses": [
            {
                "course_code": "D1",
                "course_title": "Title of D1",
                "total_posts": 3,
                "clusters": [
                    {"cluster_id": "D1_2", "issue_summary": "lab, broken", "num_posts": 2, "post_ids": ["a-1", "a-2"]},
                    {"cluster_id": "D1_1", "issue_summary": 'rubric "unclear"', "num_posts": 1, "post_ids": ["b-1"]},
                ],
            }
        ]
    }
    lines = (run_dir / "painpoints_used_D2.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "post_id": "a-1",
            "course_code": "D2",
            "root_cause_summary": "cause a",
            "pain_point_snippet": "the words of a student a-1",
            "confidence_pred": 0.9,
        }
    ]
    with (run_dir / "painpoint_clusters.csv").open(newline="") as file:
        assert next(csv.DictReader(file)) == {
            "cluster_id": "D1_2",
            "course_code": "D1",
            "course_title": "Title of D1",
            "issue_summary": "lab, broken",
            "num_posts": "2",
            "post_ids": "a-1;a-2",
        }


def test_the_manifest_tells_how_the_run_came_about(tmp_path: Path) -> None:
    run_dir = published(tmp_path)
    manifest = json.loads((run_dir / "manifest.json").read_text())
    digest = {
        name: hashlib.sha256((run_dir / name).read_bytes()).hexdigest()
        for name in (PROMPT_FILE, "painpoints_llm_friendly.csv")
    }
    where = "artifacts/stage2/runs/m-x_s2_cluster_gpt_s1"
    commit, first = manifest.pop("git_commit"), manifest["courses"][0]
    assert commit is None or len(commit) == 40
    assert manifest.pop("courses")[1]["findings"] == ["a finding"]
    assert manifest == {
        "schema_version": "1.0",
        "run_id": "m-x_s2_cluster_gpt_s1_20251130T080000Z",
        "run_slug": "m-x_s2_cluster_gpt_s1",
        "corpus_tag": "gpt_s1",
        "created_at": "2025-11-30T08:00:00Z",
        "model_name": "m/x",
        "prompt_name": "course_clusters",
        "prompt_version": "v1",
        "prompt_template_path": "prompts/course_clusters/v1.md",
        "prompt_sha256": digest[PROMPT_FILE],
        "input_sha256": digest["painpoints_llm_friendly.csv"],
        "fingerprint": "f" * 64,
        "painpoints_csv": f"{where}/painpoints_llm_friendly.csv",
        "source_stage1_run": {
            "run_slug": "gpt_s1",
            "model": "gpt-5",
            "prompt": None,
            "predictions_path": "artifacts/stage1/full_corpus/gpt_s1/p.csv",
            "input_sha256": "0" * 64,
        },
        "rows_read": 6,
        "rows_written": 4,
        "drop_reasons": dict.fromkeys(DROP_REASONS, 0) | {"undecided": 2},
        "num_courses": 2,
        "num_clusters": 3,
        "total_painpoints": 4,
        "num_ok": 1,
        "num_repaired": 1,
        "num_failed": 0,
        "total_calls": 4,
        "total_prompt_tokens": 910,
        "total_completion_tokens": 100,
        "total_cost_usd": 0.001235,
        "wallclock_s": 12.346,
    }
    assert first == {
        "course_code": "D1",
        "course_title": "Title of D1",
        "status": "ok",
        "findings": [],
        "num_painpoints": 3,
        "num_clusters": 2,
        "model": "m/x",
        "calls": 1,
        "prompt_tokens": 900,
        "completion_tokens": 80,
        "cost_usd": 0.001235,
        "latency_s": 1.25,
        "clusters_path": f"{where}/clusters/D1.json",
        "painpoints_path": f"{where}/painpoints_used_D1.jsonl",
    }


def test_the_validator_finds_nothing_and_the_run_is_read_as_it_was(tmp_path: Path) -> None:
    run_dir = published(tmp_path)
    assert validate_stage2(run_dir) == []
    found = read_stage2_run(run_dir)
    assert found.courses == (replace(COURSES[0], cost_usd=0.001235), COURSES[1])
    assert found.painpoints.equals(painpoints(POSTS))
    assert (found.run_id, found.corpus) == ("m-x_s2_cluster_gpt_s1_20251130T080000Z", "gpt_s1")
    assert found.clusters.rows()[0] == ("D1_2", "D1", "Title of D1", "lab, broken", 2)
    assert found.cluster_posts.rows() == [
        ("D1_2", "D1", "a-1"), ("D1_2", "D1", "a-2"), ("D1_1", "D1", "b-1"), ("D2_1", "D2", "a-1"),
    ]  # fmt: skip


def test_an_empty_run_is_a_run(tmp_path: Path) -> None:
    run_dir = published(tmp_path, (), painpoints({}))
    assert validate_stage2(run_dir) == []
    found = read_stage2_run(run_dir)
    assert (found.courses, found.clusters.height, found.painpoints.schema) == ((), 0, pl.Schema(PAINPOINT_SCHEMA))
    assert read_manifest(run_dir)["total_cost_usd"] is None


@pytest.mark.parametrize("code", ["../../etc/passwd", "A/B", ".hidden", "C 1", "コース", "x" * 300, "a\nb", "-rf"])
def test_a_course_code_that_is_no_file_name_stays_within_the_folder(tmp_path: Path, code: str) -> None:
    courses = (CourseClusters(code, f"Title of {code}", (Cluster(f"{code}_1", "cause", ("p-1",)),)),)
    run_dir = published(tmp_path, courses, painpoints({code: ["p-1"]}))
    assert len(list((run_dir / "clusters").iterdir())) == 1
    assert [path for path in tmp_path.rglob("*.json*") if run_dir not in path.parents] == []
    assert read_stage2_run(run_dir).courses == courses


odd_ids = st.text(alphabet=";,|[ \"'\n=é1a", min_size=1, max_size=6).filter(lambda text: text == text.strip())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(odd_ids, min_size=1, max_size=4, unique=True), words=st.text(min_size=1))
def test_odd_ids_and_texts_come_back_and_are_told_apart_in_the_table(
    tmp_path: Path, ids: list[str], words: str
) -> None:
    courses = (CourseClusters("D1", "Title of D1", (Cluster("D1_1", "cause", tuple(ids)),)),)
    rows = painpoints({"D1": ids}).with_columns(pain_point_snippet=pl.lit(words))
    run_dir = published(tmp_path, courses, rows)
    found = read_stage2_run(run_dir)
    assert found.courses == courses
    assert found.painpoints.equals(rows)
    with (run_dir / "painpoint_clusters.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    cell = row["post_ids"]
    assert (json.loads(cell) if cell.startswith("[") else cell.split(";")) == ids


def test_a_folder_that_was_made_from_the_same_is_the_result(tmp_path: Path) -> None:
    run_dir = published(tmp_path)
    found = finished_stage2_run(run_dir, "f" * 64)
    assert found is not None
    assert found.courses == read_stage2_run(run_dir).courses
    assert finished_stage2_run(run_dir, "e" * 64) is None
    assert finished_stage2_run(tmp_path / "gone", "f" * 64) is None
    failed = published(tmp_path, (COURSES[0], replace(COURSES[1], status="failed")))
    assert finished_stage2_run(failed, "f" * 64) is None
    assert len(list(run_dir.parent.iterdir())) == 2


@pytest.mark.parametrize("name", ["manifest.json", "clusters/D1.json"])
def test_a_folder_that_was_damaged_is_no_result_and_is_kept(tmp_path: Path, name: str) -> None:
    run_dir = published(tmp_path)
    (run_dir / name).write_text("{")
    assert finished_stage2_run(run_dir, "f" * 64) is None
    assert len(list(published(tmp_path).parent.iterdir())) == 2


def test_what_changes_the_clusters_changes_the_fingerprint(tmp_path: Path) -> None:
    same = made_from(tmp_path).fingerprint(["m"])
    numbered = painpoints(POSTS).with_row_index("row_number")
    assert made_from(tmp_path, numbered).fingerprint(["m"]) == same
    other_words = painpoints(POSTS, snippet="other words")
    assert len({same, made_from(tmp_path).fingerprint(["n"]), made_from(tmp_path, other_words).fingerprint(["m"])}) == 3


def foreign(tmp_path: Path, manifest: Mapping[str, Any], **files: str) -> Path:
    """A run folder as other software leaves it."""
    run_dir = tmp_path / "artifacts/stage2/runs/theirs"
    (run_dir / "clusters").mkdir(parents=True)
    course = {"course_code": "D1", "course_title": "Law", "total_posts": 1, "clusters": [
        {"cluster_id": "D1_1", "issue_summary": "s", "num_posts": 1, "post_ids": ["a", 7], "theirs": True}
    ]}  # fmt: skip
    (run_dir / "clusters/D1.json").write_text(json.dumps({"courses": [course]}))
    (run_dir / "manifest.json").write_text(json.dumps(manifest))
    for name, text in files.items():
        (run_dir / name.replace("__", ".")).write_text(text)
    return run_dir


def test_a_legacy_run_without_a_run_id_is_read(tmp_path: Path) -> None:
    snapshot = (
        '{"post_id": "a", "course_code": "D1", "root_cause_summary": "c", "pain_point_snippet": "w", "more": 1}\n'
    )
    found = read_stage2_run(foreign(tmp_path, {"model": "gpt", "courses": ["D1"]}, painpoints_used_D1__jsonl=snapshot))
    assert (found.run_id, found.run_slug, found.corpus) == (None, "theirs", "")
    assert found.courses == (CourseClusters("D1", "Law", (Cluster("D1_1", "s", ("a", "7")),)),)
    assert found.painpoints.rows() == [("a", "D1", "Law", "c", "w", None)]


def test_a_run_without_any_pain_points_file_has_none_to_show(tmp_path: Path) -> None:
    assert read_stage2_run(foreign(tmp_path, {"source_stage1_run": {"run_slug": "s1"}})).painpoints.height == 0


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("manifest.json", "{", r"manifest\.json: not readable as JSON"),
        ("clusters/D1.json", "{", r"clusters/D1\.json: Invalid JSON"),
        ("clusters/D1.json", '{"courses": [{"course_code": "D1"}]}', r"D1\.json: courses\.0\.clusters: Field required"),
        (
            "clusters/D1.json",
            '{"courses": [{"course_code": "D1", "clusters": [{"cluster_id": "x"}]}]}',
            r"0\.issue_summ",
        ),
        ("painpoints_used_D1.jsonl", '{"post_id": "a"}\n', r"painpoints_used_D1\.jsonl, line 1: course_code"),
        ("painpoints_llm_friendly.csv", "post_id\na\n", r"friendly\.csv: header: column course_code is missing"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path, name: str, text: str, place: str) -> None:
    run_dir = foreign(tmp_path, {})
    (run_dir / name).write_text(text)
    with pytest.raises(UserError, match=place):
        read_stage2_run(run_dir)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no manifest"):
        read_stage2_run(tmp_path / "gone")
    run_dir = foreign(tmp_path, {})
    for path in (run_dir / "clusters").iterdir():
        path.unlink()
    (run_dir / "clusters").rmdir()
    with pytest.raises(UserError, match="clusters: there is no such folder"):
        read_stage2_run(run_dir)


def test_our_own_manifest_must_say_what_it_always_says(tmp_path: Path) -> None:
    run_dir = published(tmp_path)
    manifest = read_manifest(run_dir)
    del manifest["courses"][1]["status"]
    (run_dir / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"manifest\.json: courses\.1\.status: Field required"):
        read_stage2_run(run_dir)
