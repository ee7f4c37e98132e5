"""The courses graph on a sample Stage-1 run: inbox, tables, artefacts, repeats, bad input."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from painpoint_platform.automation import new_course_corpora
from painpoint_platform.courses.assets import CLUSTER_INDEX, POST_INDEX, THEMES
from painpoint_platform.courses.validation.stage2 import validate_stage2
from painpoint_platform.courses.validation.stage3 import validate_stage3
from painpoint_platform.definitions import build_resources
from painpoint_platform.jobs import RunOutcome, run_in_process
from painpoint_platform.sample.course_feedback import CORPUS, COURSE_LIST_FILE, write_sample
from painpoint_platform.settings import load_settings
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pipeline.conftest import definitions_here

TABLES = (
    "bronze.course_predictions", "silver.course_painpoints", "silver.course_dropped_rows", "gold.course_clusters",
    "gold.course_cluster_posts", "gold.global_themes", "gold.cluster_global_index", "gold.post_global_index",
    "gold.global_theme_eval", "gold.cluster_issue_coverage",
)  # fmt: skip

# The finished run that most tests begin with is made once, on one worker.
pytestmark = pytest.mark.xdist_group("courses")

STAGE_3 = (THEMES, CLUSTER_INDEX, POST_INDEX)


class Courses:
    """A platform with a Stage-1 run in its inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "artifacts" / "stage1" / "full_corpus"
        self.predictions = self.inbox / CORPUS / "predictions_FULL.csv"
        self.instance = dg.DagsterInstance.ephemeral()
        self.definitions = definitions_here()
        self.instance.add_dynamic_partitions("course_corpora", [CORPUS])

    def run(self, corpus: str = CORPUS, job: str = "courses") -> RunOutcome:
        return run_in_process(
            self.definitions, job, instance=self.instance, first=None if job == "snapshot" else corpus
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        with open_read(self.folder / "painpoint.duckdb") as connection:
            return connection.sql(sql).pl().to_dicts()

    def hash(self) -> str:
        with open_read(self.folder / "painpoint.duckdb") as connection:
            return export_hash(connection, TABLES)

    def artifacts(self) -> dict[str, bytes]:
        root = self.folder / "artifacts"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def point_settings_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("ARTIFACTS_DIR", str(folder / "artifacts"))


@pytest.fixture(scope="module")
def fresh_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stage-1 run and a list of courses; nothing was run."""
    folder = tmp_path_factory.mktemp("fresh")
    _, course_list = write_sample(folder / "artifacts" / "stage1" / "full_corpus", posts=110, courses=14)
    course_list.rename(folder / COURSE_LIST_FILE)
    (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def first_run(fresh_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Courses:
    """The same after a run, for reading, and for copies of tests about a second run."""
    folder = tmp_path_factory.mktemp("finished") / "data"
    shutil.copytree(fresh_folder, folder, symlinks=True)
    with pytest.MonkeyPatch.context() as monkeypatch:
        point_settings_at(folder, monkeypatch)
        courses = Courses(folder)
        outcome = courses.run()
    assert outcome.succeeded, outcome.failure
    return courses


@pytest.fixture
def courses(fresh_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Courses:
    return opened_copy(fresh_folder, tmp_path / "data", monkeypatch)


@pytest.fixture
def finished(first_run: Courses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Courses:
    return opened_copy(first_run.folder, tmp_path / "data", monkeypatch)


def opened_copy(folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Courses:
    shutil.copytree(folder, place, symlinks=True)
    point_settings_at(place, monkeypatch)
    return Courses(place)


def test_a_stage_1_run_becomes_themes_that_lead_to_the_students_words(first_run: Courses) -> None:
    (counts,) = first_run.query(
        "select (select count(*) from bronze.course_predictions) as read_count, "
        "(select count(*) from silver.course_painpoints) as kept, "
        "(select count(*) from silver.course_dropped_rows) as dropped"
    )
    assert counts["read_count"] == 110
    assert counts["kept"] + counts["dropped"] == 110
    led = first_run.query(
        "select theme.theme, post.post_id, post.pain_point_snippet from gold.theme_ranking as theme "
        "join gold.cluster_global_index using (corpus, global_cluster_id) "
        "join gold.course_cluster_posts as post using (corpus, cluster_id)"
    )
    words = {row["post_id"]: row["pain_point_snippet"] for row in first_run.query("from silver.course_painpoints")}
    assert led
    assert all(words[row["post_id"]] == row["pain_point_snippet"] for row in led)
    (overview,) = first_run.query(
        "select sum(painpoints) as painpoints, min(clusters) as least from gold.course_issue_overview"
    )
    assert overview["painpoints"] == counts["kept"]
    assert overview["least"] >= 1
    (felt,) = first_run.query("select count(*) as scored, avg(valence) as valence from silver.course_perception")
    assert felt["scored"] == counts["kept"]
    assert 0 < felt["valence"] < 0.5


def test_the_artefacts_satisfy_the_validators(first_run: Courses) -> None:
    artifacts = first_run.folder / "artifacts"
    stage2 = artifacts / "stage2" / "runs" / f"embedded-v1_s2_cluster_{CORPUS}"
    stage3 = artifacts / "stage3" / "runs" / f"embedded-v1_s3_global_{CORPUS}"
    assert validate_stage2(stage2) == []
    assert validate_stage3(stage3) == []
    assert (artifacts / "stage2" / "painpoints_llm_friendly.csv").exists()
    assert len(list((artifacts / "stage3" / "eval" / stage3.name).iterdir())) == 3
    assert "<html" in (stage3 / "report.html").read_text()
    manifest = json.loads((stage3 / "manifest.json").read_text())
    assert manifest["source_stage2_run"]["stage2_run_slug"] == stage2.name
    rows = first_run.query("select distinct run_id, run_slug, schema_version from gold.global_themes")
    assert rows == [{"run_id": manifest["run_id"], "run_slug": stage3.name, "schema_version": "1.0"}]


def test_running_again_changes_no_row_and_no_file(finished: Courses) -> None:
    rows, files = finished.hash(), finished.artifacts()
    assert finished.run().succeeded
    assert finished.hash() == rows
    assert finished.artifacts() == files


def test_a_second_corpus_leaves_the_first_as_it_is(finished: Courses) -> None:
    first = finished.query(f"from gold.course_clusters where corpus = '{CORPUS}' order by cluster_id")
    other = finished.inbox / "autumn" / "predictions_FULL.csv"
    other.parent.mkdir()
    other.write_text(finished.predictions.read_text())
    finished.instance.add_dynamic_partitions("course_corpora", ["autumn"])
    assert finished.run("autumn").succeeded
    assert finished.query(f"from gold.course_clusters where corpus = '{CORPUS}' order by cluster_id") == first
    assert {row["corpus"] for row in finished.query("select distinct corpus from gold.global_themes")} == {
        CORPUS,
        "autumn",
    }
    # The file of pain points is the last corpus's now; the first run is still judged by its own copy.
    assert validate_stage2(finished.folder / "artifacts" / "stage2" / "runs" / f"embedded-v1_s2_cluster_{CORPUS}") == []


def test_a_changed_stage_1_run_gets_a_run_of_its_own_and_the_old_one_is_kept(finished: Courses) -> None:
    (before,) = finished.query("select distinct run_id from gold.course_clusters")
    lines = finished.predictions.read_text().splitlines(keepends=True)
    finished.predictions.write_text("".join(lines[:80]))
    assert finished.run().succeeded
    (after,) = finished.query("select distinct run_id from gold.course_clusters")
    assert after != before
    runs = {path.name for path in (finished.folder / "artifacts" / "stage2" / "runs").iterdir()}
    assert runs == {f"embedded-v1_s2_cluster_{CORPUS}", before["run_id"]}


def test_a_corpus_without_pain_points_is_no_error(courses: Courses) -> None:
    header, *_ = courses.predictions.read_text().splitlines(keepends=True)
    courses.predictions.write_text(header + "p1,S100,n,,,0.9,False,False,False,False\n")
    outcome = courses.run()
    assert outcome.succeeded, outcome.failure
    assert courses.query("from gold.global_themes") == []
    (summary,) = courses.query("select num_clusters, num_themes, mean_purity from gold.global_theme_eval")
    assert summary == {"num_clusters": 0, "num_themes": 0, "mean_purity": None}


def test_rows_with_faults_are_set_aside_and_the_check_names_them(courses: Courses) -> None:
    with courses.predictions.open("a") as file:
        file.write("twin,S100,y,Vague rubric.,What?,0.9,False,False,False,False\n" * 2)
        file.write("lost,S999,y,Vague rubric.,What?,0.9,False,False,False,False\n")
    assert courses.run().succeeded
    reasons = courses.query("select row_number, drop_reason, value from silver.course_dropped_rows "
                            "where drop_reason in ('duplicate', 'unknown_course') order by row_number")  # fmt: skip
    assert reasons == [
        {"row_number": 112, "drop_reason": "duplicate", "value": "twin"},
        {"row_number": 113, "drop_reason": "unknown_course", "value": "S999"},
    ]
    record = courses.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(["silver", "course_painpoints"]), "no_row_has_a_fault"), limit=1
    )[0]
    evaluation = record.event.dagster_event.asset_check_evaluation_data
    assert not evaluation.passed
    assert f"{courses.predictions}: row 112: post_id: found 'twin'" in evaluation.description
    assert f"{courses.predictions}: row 113: course_code: found 'S999'" in evaluation.description


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda text: text.replace("pred_contains_painpoint", "verdict", 1), "pred_contains_painpoint"),
        (lambda text: text.replace(",y,", ",maybe,", 1), "maybe"),
        (lambda text: "", "empty"),
    ],
)
def test_a_file_that_cannot_be_understood_stops_the_run_and_the_old_rows_stand(
    finished: Courses, spoil: Callable[[str], str], expected: str
) -> None:
    before = finished.hash()
    finished.predictions.write_text(spoil(finished.predictions.read_text()))
    outcome = finished.run()
    assert not outcome.succeeded
    assert expected in str(outcome.failure)
    assert str(finished.predictions) in str(outcome.failure)
    assert finished.hash() == before


def test_a_missing_corpus_says_what_lies_in_the_inbox(courses: Courses) -> None:
    courses.instance.add_dynamic_partitions("course_corpora", ["winter"])
    outcome = courses.run("winter")
    assert "no predictions_FULL.csv of it" in str(outcome.failure)
    assert CORPUS in str(outcome.failure)


def test_a_stage_2_folder_that_is_gone_is_named(finished: Courses) -> None:
    runs = finished.folder / "artifacts" / "stage2" / "runs"
    (run,) = runs.iterdir()
    run.rename(finished.folder / "elsewhere")
    outcome = run_in_process(finished.definitions, "courses", instance=finished.instance, first=CORPUS, assets=STAGE_3)
    assert "is gone; materialise gold/course_clusters again" in str(outcome.failure)


def test_the_materialisation_shows_the_heat_map_the_cost_and_the_run(first_run: Courses) -> None:
    event = first_run.instance.get_latest_materialization_event(dg.AssetKey(["gold", "global_themes"]))
    assert event
    assert event.asset_materialization
    metadata = event.asset_materialization.metadata
    assert "data:image/png;base64," in str(metadata["course_theme_heat_map"].value)
    assert {"theme_ranking", "preview", "run_id", "run_dir", "report", "model_cost_usd"} <= set(metadata)
    assert metadata["dagster/row_count"].value == len(first_run.query("from gold.global_themes"))


class TestSensor:
    """The inbox sensor."""

    def evaluate(self, courses: Courses) -> dg.SensorResult:
        context = dg.build_sensor_context(instance=courses.instance)
        result = new_course_corpora(context, courses=build_resources(load_settings(None))["courses"])
        assert isinstance(result, dg.SensorResult)
        return result

    def settle(self, path: Path) -> None:
        os.utime(path, (time.time() - 60, time.time() - 60))

    def test_a_new_run_gets_its_partition_and_a_run(self, courses: Courses) -> None:
        self.settle(courses.predictions)
        result = self.evaluate(courses)
        assert result.run_requests
        assert [request.partition_key for request in result.run_requests] == [CORPUS]
        assert [list(request.partition_keys) for request in result.dynamic_partitions_requests or ()] == [[CORPUS]]

    def test_a_file_that_is_still_being_copied_is_left_alone(self, courses: Courses) -> None:
        courses.predictions.touch()
        assert not self.evaluate(courses).run_requests

    def test_a_changed_file_is_a_new_request_and_an_unchanged_one_is_not(self, courses: Courses) -> None:
        self.settle(courses.predictions)
        (first,) = self.evaluate(courses).run_requests or ()
        (same,) = self.evaluate(courses).run_requests or ()
        with courses.predictions.open("a") as file:
            file.write("x,S100,n,,,0.9,False,False,False,False\n")
        self.settle(courses.predictions)
        (changed,) = self.evaluate(courses).run_requests or ()
        assert first.run_key == same.run_key != changed.run_key

    def test_a_run_with_a_malformed_manifest_holds_up_no_other(self, courses: Courses) -> None:
        broken = courses.inbox / "broken" / "predictions_FULL.csv"
        broken.parent.mkdir()
        broken.write_text(courses.predictions.read_text())
        (broken.parent / "manifest.json").write_text("{")
        for path in (courses.predictions, broken):
            self.settle(path)
        assert [request.partition_key for request in self.evaluate(courses).run_requests or ()] == [CORPUS]
