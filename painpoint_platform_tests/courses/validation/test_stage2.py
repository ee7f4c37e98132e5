"""A good Stage-2 run has no finding, whoever wrote it; every defect is found, with its place and its rule."""

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.course_clusters import Cluster, CourseClusters
from painpoint_platform.courses.predictions import Stage1Provenance
from painpoint_platform.courses.stage2_folder import write_stage2_run
from painpoint_platform.courses.stage2_manifest import Stage2Input, new_stage2_run
from painpoint_platform.courses.validation.findings import Finding
from painpoint_platform.courses.validation.stage2 import validate_stage2
from painpoint_platform.errors import UserError
from painpoint_platform_tests.courses.validation.defects import MANIFEST, Defect, manifest, without
from painpoint_platform_tests.courses.validation.run_builder import (
    CLUSTERS,
    POSTS,
    STAGE2_RUN_ID,
    STAGE2_SLUG,
    TITLES,
    edited_csv,
    edited_json,
    foreign_stage2,
    foreign_stage2_manifest,
    our_stage2,
)
from painpoint_platform_tests.courses.validation.stage2_defects import (
    C949,
    CSV,
    D196,
    DEFECTS,
    FOREIGN_DEFECTS,
    PROMPT,
    SENT,
    TABLE,
    cluster,
    moved_clusters,
)


@pytest.fixture(scope="module")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return our_stage2(tmp_path_factory.mktemp("good") / "artifacts")


@pytest.fixture
def run(good_run: Path, tmp_path: Path) -> Path:
    """A copy of a good run that may be broken."""
    shutil.copytree(good_run.parents[2], tmp_path / "artifacts")
    return tmp_path / "artifacts" / good_run.relative_to(good_run.parents[2])


def said(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


def test_a_good_run_of_ours_has_no_finding(good_run: Path) -> None:
    assert validate_stage2(good_run) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found_and_nothing_that_does_not_follow_from_it(run: Path, defect: Defect) -> None:
    defect.do(run)
    findings = validate_stage2(run)
    places = {(finding.file, finding.place, finding.rule) for finding in findings}
    assert (defect.file, defect.place, defect.rule) in places, said(findings)
    assert {rule for _, _, rule in places} <= {defect.rule, *defect.also}, said(findings)
    assert all(finding.value and finding.advice and str(finding).isprintable() for finding in findings)


def test_there_are_as_many_defects_as_there_are_names() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) > 90


FOREIGN_MANIFESTS: Mapping[str, Mapping[str, Any]] = {
    "as documented": foreign_stage2_manifest(),
    "run id null": {**foreign_stage2_manifest(), "run_id": None},
    "with an id": {**foreign_stage2_manifest(), "run_id": f"{STAGE2_SLUG}_20251126_080011"},
    "with any id": {**foreign_stage2_manifest(), "run_id": "7f3c"},
    "entries as an array": {"run_slug": STAGE2_SLUG, "courses": [{"course_code": code} for code in ("C949", "D072",
    "D196")]},
    "entries as codes": {"courses": ["C949", "D072", "D196"], "num_courses": 3, "status": "success"},
    "entries of an unknown form": {"courses": [{"name": "Data Structures"}], "num_clusters": 5},
    "its own statuses": {"courses": [{"course_code": code, "status": "done"} for code in ("C949", "D072", "D196")]},
    "nearly empty": {"model": "gpt-5-mini", "prompt": "v1"},
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN_MANIFESTS)
def test_a_run_of_other_software_that_obeys_the_source_document_has_no_finding(name: str, tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts", FOREIGN_MANIFESTS[name])
    assert validate_stage2(run) == [], said(validate_stage2(run))


def test_other_software_may_order_clusters_by_its_own_rules(tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts")
    moved_clusters(run)
    assert validate_stage2(run) == [], said(validate_stage2(run))


@pytest.mark.parametrize("defect", FOREIGN_DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_of_a_run_of_other_software_is_found(defect: Defect, tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts")
    defect.do(run)
    findings = validate_stage2(run)
    places = {(finding.file, finding.place, finding.rule) for finding in findings}
    assert (defect.file, defect.place, defect.rule) in places, said(findings)


def test_a_run_may_be_judged_wherever_it_was_copied_to(good_run: Path, tmp_path: Path) -> None:
    shutil.copytree(good_run, tmp_path / "to look at")
    assert validate_stage2(tmp_path / "to look at") == []
    (tmp_path / "latest").symlink_to(good_run)
    assert validate_stage2(tmp_path / "latest") == []


def test_a_run_that_a_later_one_took_the_place_of_is_good_under_its_run_id(run: Path) -> None:
    assert validate_stage2(run.rename(run.with_name(STAGE2_RUN_ID))) == []


def test_a_run_is_called_by_a_relative_path_as_well(good_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good_run)
    assert validate_stage2(Path()) == []


def test_a_shared_csv_of_another_corpus_is_no_finding_but_said(tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts")
    with edited_csv(run / "../.." / CSV) as found:
        found[1:] = [["n1", "C949", "", "of another corpus"], ["n1", "C949", "twice", "and not ours to judge"]]
    notes: list[str] = []
    assert validate_stage2(run, say=notes.append) == []
    assert "another corpus" in notes[0]


def test_a_run_without_the_shared_csv_is_judged_by_its_snapshots_and_that_is_said(tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts")
    (run / "../.." / CSV).unlink()
    notes: list[str] = []
    assert validate_stage2(run, say=notes.append) == []
    assert "there is no painpoints_llm_friendly.csv" in notes[0]
    cluster(2, post_ids=["zz"])(run)
    assert "zz" in said(validate_stage2(run))


def test_a_csv_elsewhere_is_found_by_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = foreign_stage2(tmp_path / "artifacts", {**foreign_stage2_manifest(), "painpoints_csv_path": "in/posts.csv"})
    (tmp_path / "in").mkdir()
    (run / "../.." / CSV).rename(tmp_path / "in/posts.csv")
    monkeypatch.chdir(tmp_path)
    notes: list[str] = []
    assert validate_stage2(run, say=notes.append) == []
    assert notes == []
    cluster(2, post_ids=["zz"])(run)
    assert "in/posts.csv" in said(validate_stage2(run))


def test_a_run_of_some_courses_of_the_shared_csv_is_good(tmp_path: Path) -> None:
    run = foreign_stage2(tmp_path / "artifacts")
    without(D196, "painpoints_used_D196.jsonl")(run)
    with edited_json(run / MANIFEST) as found:
        del found["per_course"]["D196"]
        found.update(num_courses=2, total_cost_usd=0.002)
    assert validate_stage2(run) == [], said(validate_stage2(run))


@pytest.mark.parametrize("code", ["C/1", "C" * 250], ids=["not safe", "too long"])
def test_a_code_that_is_no_file_name_is_found_under_the_recorded_one(run: Path, code: str) -> None:
    for old, new in (
        (D196, "clusters/C-1-0a1b2c3d.json"),
        ("painpoints_used_D196.jsonl", "painpoints_used_C-1-0a1b2c3d.jsonl"),
    ):
        (run / old).rename(run / new)
    for path in run.rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace("D196", code))
    with edited_json(run / MANIFEST) as found:
        found["input_sha256"] = hashlib.sha256((run / CSV).read_bytes()).hexdigest()
        found["courses"][2] |= {
            "clusters_path": "a/clusters/C-1-0a1b2c3d.json",
            "painpoints_path": "a/painpoints_used_C-1-0a1b2c3d.jsonl",
        }
    assert validate_stage2(run) == [], said(validate_stage2(run))


def test_what_the_project_writes_has_no_finding(tmp_path: Path) -> None:
    painpoints = [
        (post, code, TITLES[code], summary, snippet, 0.9)
        for code, posts in POSTS.items()
        for post, summary, snippet in posts
    ]
    columns = ["post_id", "course_code", "course_title", "root_cause_summary", "pain_point_snippet", "confidence"]
    frame = pl.DataFrame(painpoints, schema=columns, orient="row").with_row_index("row_number", offset=1)
    courses = [
        CourseClusters(
            code, TITLES[code],
            tuple(Cluster(f"{code}_{number}", summary, tuple(posts)) for number, summary, posts in clusters),
            status="repaired", findings=("post q2 was missing",), calls=2, prompt_tokens=800, completion_tokens=90,
            cost_usd=0.00123456, latency_s=2.34567,
        )
        for code, clusters in CLUSTERS.items()
    ]  # fmt: skip
    made_from = Stage2Input(
        "full corpus", Stage1Provenance("full corpus", None, None, "0" * 64, Path("predictions_FULL.csv")),
        rows_read=10, drop_reasons={"duplicate": 2}, painpoints=frame.cast({"row_number": pl.Int32}),
    )  # fmt: skip
    run = new_stage2_run(
        made_from, courses, artifacts=tmp_path, model="ollama/qwen3", fingerprint="0" * 64, wallclock_s=3.21
    )
    write_stage2_run(run)
    assert validate_stage2(run.run_dir) == [], said(validate_stage2(run.run_dir))
    # A later run takes its place, and it is good under its run id.
    write_stage2_run(replace(run, manifest={**run.manifest, "run_id": f"{run.run_slug}_later"}))
    assert validate_stage2(run.run_dir.with_name(str(run.run_id))) == []


def test_every_finding_is_listed_at_once(run: Path) -> None:
    for defect in (
        "invented post",
        "empty summary",
        "smaller before larger",
        "orphan clusters",
        "courses miscounted",
        "another prompt",
    ):
        next(each for each in [*DEFECTS, *FOREIGN_DEFECTS] if each.name == defect).do(run)
    rules = {finding.rule for finding in validate_stage2(run)}
    assert rules >= {
        "post_ids_are_painpoints_of_the_course", "issue_summary_is_filled", "clusters_are_sorted_by_size",
        "no_orphan_files", "num_courses_agrees", "file_is_that_of_prompt_sha256",
    }  # fmt: skip


def test_a_folder_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        validate_stage2(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder_is_a_finding(good_run: Path) -> None:
    (finding,) = validate_stage2(good_run / MANIFEST)
    assert (finding.file, finding.rule) == (MANIFEST, "run_is_a_folder")


def test_an_empty_folder_lacks_its_files(tmp_path: Path) -> None:
    assert {(finding.file, finding.rule) for finding in validate_stage2(tmp_path)} == {
        (MANIFEST, "file_is_there"), (PROMPT, "file_is_there"), ("clusters", "file_is_there"),
    }  # fmt: skip


def test_a_run_without_pain_points_is_good(run: Path) -> None:
    shutil.rmtree(run / "clusters")
    for path in run.glob("painpoints_used_*"):
        path.unlink()
    for file in (CSV, TABLE):
        with edited_csv(run / file) as found:
            del found[1:]
    none = ("rows_written", "num_courses", "num_clusters", "total_painpoints", "num_ok", "num_repaired", "num_failed",
            "total_calls", "total_prompt_tokens", "total_completion_tokens", "total_cost_usd")  # fmt: skip
    empty = hashlib.sha256((run / CSV).read_bytes()).hexdigest()
    manifest(courses=[], rows_read=12, input_sha256=empty, **dict.fromkeys(none, 0))(run)
    assert validate_stage2(run) == [], said(validate_stage2(run))


@pytest.mark.parametrize("field", ["courses", "created_at", "num_courses"])
def test_no_depth_of_nesting_crashes_the_validator(run: Path, field: str) -> None:
    for depth in range(820, 1000, 6):
        deep = "[" * depth + "]" * depth
        (run / MANIFEST).write_text(f'{{"{field}": {deep}}}', encoding="utf-8")
        (run / D196).write_text(f'{{"courses": [{{"clusters": [{{"post_ids": [{deep}]}}]}}]}}', encoding="utf-8")
        (run / SENT).write_text(f'{{"post_id": "p1", "root_cause_summary": {deep}}}', encoding="utf-8")
        assert validate_stage2(run)


def test_a_run_of_ours_without_an_id_is_legacy_and_good(run: Path) -> None:
    manifest(run_id=None)(run)
    assert validate_stage2(run) == []
    manifest(run_id=...)(run)
    assert validate_stage2(run) == []


FILES = (MANIFEST, C949, SENT, CSV, TABLE, PROMPT)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), garbage=st.binary(max_size=40), at=st.floats(0, 1), replaced=st.integers(0, 40))
def test_no_bytes_crash_the_validator(run: Path, file: str, garbage: bytes, at: float, replaced: int) -> None:
    good = (run / file).read_bytes()
    start = int(at * len(good))
    try:
        (run / file).write_bytes(good[:start] + garbage + good[start + replaced :])
        assert all(str(finding).isprintable() for finding in validate_stage2(run))
    finally:
        (run / file).write_bytes(good)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), file=st.sampled_from((MANIFEST, C949, SENT)), value=JSON)
def test_no_value_of_a_wrong_type_crashes_the_validator(run: Path, data: st.DataObject, file: str, value: Any) -> None:
    good = (run / file).read_text(encoding="utf-8")
    lines = good.splitlines() if file == SENT else [good]
    parsed = json.loads(lines[0])
    target = parsed
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            target[key] = value
            break
        target = target[key]
    try:
        (run / file).write_text("\n".join([json.dumps(parsed), *lines[1:]]), encoding="utf-8")
        assert all(str(finding).isprintable() for finding in validate_stage2(run))
    finally:
        (run / file).write_text(good, encoding="utf-8")


def test_a_corpus_of_many_courses_takes_no_time_worth_mentioning(tmp_path: Path) -> None:
    """The limit is far above what it takes, so that only a rule that compares everything with everything breaks it."""
    run = foreign_stage2(tmp_path / "artifacts", {"model": "gpt-5-mini"})
    for file in run.rglob("*C949*"):
        for number in range(1000, 1600):
            code = f"C{number}"
            file.with_name(file.name.replace("C949", code)).write_text(file.read_text().replace("C949", code))
    with edited_csv(run / "../.." / CSV) as found:
        found += [[row[0], f"C{number}", *row[2:]] for number in range(1000, 1600) for row in found[1:6]]
    started = time.process_time()
    assert validate_stage2(run) == []
    assert time.process_time() - started < 10
