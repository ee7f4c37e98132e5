"""A good Stage-3 run has no finding, whoever wrote it; every defect is found, with its place and its rule."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.predictions import Stage1Provenance
from painpoint_platform.courses.stage2_manifest import Stage2Input
from painpoint_platform.courses.stage2_run import run_stage2
from painpoint_platform.courses.stage3_run import run_stage3
from painpoint_platform.courses.theme_eval import eval_tables, write_eval
from painpoint_platform.courses.validation.findings import Finding
from painpoint_platform.courses.validation.stage2 import validate_stage2
from painpoint_platform.courses.validation.stage3 import validate_stage3
from painpoint_platform.errors import UserError
from painpoint_platform_tests.courses.asked_models import by_cause, client_of, painpoints
from painpoint_platform_tests.courses.validation.defects import MANIFEST, Defect, content, manifest, without
from painpoint_platform_tests.courses.validation.run_builder import (
    STAGE2_RUN_ID,
    STAGE2_SLUG,
    STAGE3_RUN_ID,
    edited_csv,
    edited_json,
    foreign_stage3,
    our_stage3,
    sha256,
)
from painpoint_platform_tests.courses.validation.stage3_defects import (
    CLUSTER_INDEX,
    CLUSTERS,
    DEFECTS,
    EVAL,
    FOREIGN_DEFECTS,
    LOG,
    POST_INDEX,
    STAGE2,
    SUMMARY,
    THEMES,
    other_stage2_run,
    source,
    theme,
)
from painpoint_platform_tests.llm.model_server import ModelServer, Seen


@pytest.fixture(scope="module")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return our_stage3(tmp_path_factory.mktemp("good") / "artifacts")


@pytest.fixture
def run(good_run: Path, tmp_path: Path) -> Path:
    """A copy of a good run that may be broken."""
    shutil.copytree(good_run.parents[2], tmp_path / "artifacts")
    return tmp_path / "artifacts" / good_run.relative_to(good_run.parents[2])


def said(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


def test_a_good_run_of_ours_has_no_finding(good_run: Path) -> None:
    assert validate_stage3(good_run) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found_and_nothing_that_does_not_follow_from_it(run: Path, defect: Defect) -> None:
    defect.do(run)
    findings = validate_stage3(run)
    places = {(finding.file, finding.place, finding.rule) for finding in findings}
    assert (defect.file, defect.place, defect.rule) in places, said(findings)
    assert {rule for _, _, rule in places} <= {defect.rule, *defect.also}, said(findings)
    assert all(finding.value and finding.advice and str(finding).isprintable() for finding in findings)


def test_there_are_as_many_defects_as_there_are_names() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) > 90


def test_a_run_of_other_software_that_obeys_the_source_document_has_no_finding(tmp_path: Path) -> None:
    run = foreign_stage3(tmp_path / "artifacts")
    assert validate_stage3(run) == [], said(validate_stage3(run))


def test_other_software_may_number_and_order_by_its_own_rules(tmp_path: Path) -> None:
    run = foreign_stage3(tmp_path / "artifacts")
    for path in run.glob("*_index.csv"):
        text = path.read_text()
        path.write_text(text.replace("G001", "assessment-1").replace("G002", "G001").replace(",none,", ",,"))
    with edited_json(run / THEMES) as found:
        for each in found["global_clusters"]:
            del each["global_cluster_id"]
    source(run_id=f"{STAGE2_SLUG}_20251126_080011")(run)
    assert validate_stage3(run) == [], said(validate_stage3(run))


@pytest.mark.parametrize("defect", FOREIGN_DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_of_a_run_of_other_software_is_found(defect: Defect, tmp_path: Path) -> None:
    run = foreign_stage3(tmp_path / "artifacts")
    defect.do(run)
    findings = validate_stage3(run)
    places = {(finding.file, finding.place, finding.rule) for finding in findings}
    assert (defect.file, defect.place, defect.rule) in places, said(findings)


def test_a_stage2_run_that_a_later_one_took_the_place_of_is_found_under_its_run_id(run: Path) -> None:
    shutil.copytree(run / STAGE2, (run / STAGE2).with_name(STAGE2_RUN_ID))
    other_stage2_run(run)
    shutil.rmtree(run / STAGE2 / "clusters")
    assert validate_stage3(run) == [], said(validate_stage3(run))
    shutil.rmtree(run / STAGE2)
    assert validate_stage3(run) == [], said(validate_stage3(run))


def test_a_run_that_a_later_one_took_the_place_of_is_good_under_its_run_id(run: Path) -> None:
    moved = run.rename(run.with_name(STAGE3_RUN_ID))
    # The diagnostics of the name are those of the later run.
    for path in (moved / EVAL).iterdir():
        path.write_text(path.read_text().replace(STAGE3_RUN_ID, "the later run").replace(",3,", ",9,"))
    assert validate_stage3(moved) == [], said(validate_stage3(moved))


def test_the_artefacts_may_have_been_moved_as_a_whole(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = run.parents[2]
    moved = artifacts.rename(artifacts.with_name("kept"))
    assert validate_stage3(moved / run.relative_to(artifacts)) == []
    # A run that was copied out of them is judged where its paths lead from the working folder.
    shutil.copytree(moved / run.relative_to(artifacts), moved.parent / "copy")
    assert [finding.rule for finding in validate_stage3(moved.parent / "copy")] == ["source_stage2_run_is_there"]
    moved.rename(artifacts)
    monkeypatch.chdir(artifacts.parent)
    assert validate_stage3(Path("copy")) == []


def test_themes_are_judged_by_themselves_where_the_stage2_run_is_gone(run: Path) -> None:
    shutil.rmtree(run / STAGE2)
    theme(1, member_cluster_ids=["C949_2", "D072_1"])(run)
    rules = {finding.rule for finding in validate_stage3(run)}
    assert {"source_stage2_run_is_there", "cluster_has_one_place"} <= rules


def test_themes_with_as_many_posts_are_in_order_of_label_and_first_member(run: Path) -> None:
    with edited_json(run / THEMES) as found:
        first = found["global_clusters"][0]
        # Two themes of three posts each: by label, then by first member.
        found["global_clusters"][:2] = [
            {**first, "provisional_label": "rubric", "member_cluster_ids": ["D072_1", "D196_1"]},
            {**first, "member_cluster_ids": ["C949_1"]},
        ]
        found["global_clusters"][2]["member_cluster_ids"] = ["C949_2"]
    findings = validate_stage3(run)
    assert ("global_clusters[1]", "themes_are_sorted_by_posts") in {(each.place, each.rule) for each in findings}


def test_a_phrase_may_end_like_a_fraction(run: Path) -> None:
    phrase = "guides for angular 2.0"
    for file in (THEMES, CLUSTER_INDEX, SUMMARY):
        path = run / file
        path.write_text(path.read_text(encoding="utf-8").replace("broken videos", phrase), encoding="utf-8")
    assert phrase in (run / CLUSTER_INDEX).read_text(encoding="utf-8")
    assert validate_stage3(run) == [], said(validate_stage3(run))


def test_another_taxonomy_than_ours_is_said_and_its_labels_are_not_judged(run: Path) -> None:
    manifest(new_labels=[], taxonomy_sha256=sha256("another"))(run)
    notes: list[str] = []
    assert validate_stage3(run, say=notes.append) == []
    assert "another taxonomy" in notes[0]


def test_empty_diagnostics_are_good_where_there_is_no_posts_index(run: Path) -> None:
    without(POST_INDEX)(run)
    for path in (run / EVAL).iterdir():
        with edited_csv(path) as found:
            del found[1:]
    assert [(each.file, each.rule) for each in validate_stage3(run)] == [(POST_INDEX, "file_is_there")]


def test_a_run_needs_no_diagnostics(run: Path) -> None:
    shutil.rmtree(run / EVAL)
    assert validate_stage3(run) == []


def test_a_theme_may_share_posts_of_a_cluster_and_purity_may_be_rounded(run: Path) -> None:
    """Other software may split the posts of a cluster over themes; then the themes disagree, the diagnostics do not."""
    with edited_csv(run / POST_INDEX) as found:
        found[1][7:9] = ["G002", "platform_or_environment_failures"]
    with edited_csv(run / CLUSTERS) as found:
        found[1][7:10] = ["2", "3", "0.667"]
    findings = [each for each in validate_stage3(run) if each.file == CLUSTERS]
    assert findings == [], said(findings)


def whatever_comes_to_mind(seen: Seen) -> dict[str, Any]:
    """Answer both stages; of themes, one is shouted, one repeats an id, one invents one, and a cluster is left out."""
    if seen.user_json["task"] == "course_clusters":
        return by_cause(seen)
    ids = [cluster["cluster_id"] for cluster in seen.user_json["clusters"]]
    groups = [
        ("Practice unlike the OA", "Assessment-Material Misalignment", ids[:2]),
        ("videos_are_missing", "broken VIDEOS", [ids[2], ids[0], "Z9_1"]),
    ]
    keys = ("provisional_label", "normalized_issue_label", "short_description", "member_cluster_ids")
    return {"global_clusters": [dict(zip(keys, (*group[:2], "", group[2]), strict=True)) for group in groups]}


def test_what_the_project_writes_has_no_finding(tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    posts = painpoints({"C949": ["a-1", "a-2", "b-1"], "D072": ["a-3", "a-4"], "D196": ["c-1"], "D/1": ["d-1"]})
    provenance = Stage1Provenance("full", None, None, "0" * 64, tmp_path / "predictions_FULL.csv")
    with ModelServer(answer=whatever_comes_to_mind) as server, client_of(server, tmp_path) as client:
        made_from = Stage2Input("full", provenance, posts.height + 1, {"duplicate": 1}, posts)
        stage2 = run_stage2(made_from, client=client, artifacts=artifacts).run
        stage3 = run_stage3(stage2, client=client, artifacts=artifacts, batch_size=4).run
    write_eval(eval_tables(stage3.run_dir), stage3.run_dir, artifacts)
    assert validate_stage2(stage2.run_dir) == [], said(validate_stage2(stage2.run_dir))
    assert validate_stage3(stage3.run_dir) == [], said(validate_stage3(stage3.run_dir))
    assert (artifacts / "stage3" / "eval" / stage3.run_slug).is_dir()
    assert stage3.themes.height == 2


def test_a_corpus_of_many_courses_takes_no_time_worth_mentioning(tmp_path: Path) -> None:
    """The limit is far above what it takes, so that only a rule that compares everything with everything breaks it."""
    run = foreign_stage3(tmp_path / "artifacts")
    stage2 = next((run / "../../../stage2/runs").iterdir())
    numbers = range(1000, 1600)
    clusters = (stage2 / "clusters/D196.json").read_text()
    for number in numbers:
        (stage2 / f"clusters/C{number}.json").write_text(clusters.replace("D196", f"C{number}"))
        (stage2 / f"painpoints_used_C{number}.jsonl").write_text((stage2 / "painpoints_used_D196.jsonl").read_text())
    (stage2 / MANIFEST).write_text('{"model": "gpt-5-mini"}', encoding="utf-8")
    added = [f"C{number}_1" for number in numbers]
    with edited_json(run / THEMES) as found:
        found["unassigned_clusters"] += added
    with edited_csv(run / CLUSTER_INDEX) as found:
        found += [[*found[-1][:4], cluster_id, *found[-1][5:]] for cluster_id in added]
    manifest(num_input_clusters=605, num_unassigned_clusters=601)(run)
    started = time.process_time()
    assert validate_stage3(run) == [], said(validate_stage3(run)[:5])
    assert time.process_time() - started < 10


def test_a_folder_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        validate_stage3(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder_and_an_empty_folder_are_findings(good_run: Path, tmp_path: Path) -> None:
    assert [finding.rule for finding in validate_stage3(good_run / MANIFEST)] == ["run_is_a_folder"]
    assert {(finding.file, finding.rule) for finding in validate_stage3(tmp_path)} == {
        (name, "file_is_there") for name in (MANIFEST, THEMES, CLUSTER_INDEX, POST_INDEX)
    }


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from((MANIFEST, THEMES, CLUSTER_INDEX, POST_INDEX, SUMMARY, LOG, CLUSTERS)),
    garbage=st.binary(max_size=40), at=st.floats(0, 1), replaced=st.integers(0, 40),
)  # fmt: skip
def test_no_bytes_crash_the_validator(run: Path, file: str, garbage: bytes, at: float, replaced: int) -> None:
    good = (run / file).read_bytes()
    start = int(at * len(good))
    try:
        content(file, good[:start] + garbage + good[start + replaced :])(run)
        assert all(str(finding).isprintable() for finding in validate_stage3(run))
    finally:
        content(file, good)(run)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), file=st.sampled_from((MANIFEST, THEMES)), value=JSON)
def test_no_value_of_a_wrong_type_crashes_the_validator(run: Path, data: st.DataObject, file: str, value: Any) -> None:
    good = (run / file).read_text(encoding="utf-8")
    target = parsed = json.loads(good)
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            target[key] = value
            break
        target = target[key]
    try:
        (run / file).write_text(json.dumps(parsed), encoding="utf-8")
        assert all(str(finding).isprintable() for finding in validate_stage3(run))
    finally:
        (run / file).write_text(good, encoding="utf-8")
