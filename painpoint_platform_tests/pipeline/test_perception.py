"""Perception in the asset graph: from a labelled corpus to a model, its figures and its export."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from painpoint_platform.jobs import run_in_process
from painpoint_platform.layers import bronze, gold
from painpoint_platform.perception.corpora.corpus import write_corpus
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform.settings import load_settings
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pipeline.conftest import QUICK_TRAINING, definitions_here, time_few_texts

# What all tests look at is trained once, on one worker.
pytestmark = pytest.mark.xdist_group("perception")

SMALL = f"{QUICK_TRAINING}[variables.arousal]\ntrials = 3\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dg.DagsterInstance]]:
    """A folder with a training of arousal, and the instance that recorded it."""
    folder = tmp_path_factory.mktemp("perception")
    write_corpus(generate(items=260, users=60, everyday_items=100), folder / "feelings.jsonl")
    (folder / "small.toml").write_text(SMALL)
    with pytest.MonkeyPatch.context() as environment, dg.DagsterInstance.ephemeral() as instance:
        for name, value in {
            "DATA_DIR": folder, "ARTIFACTS_DIR": folder / "artifacts", "PERCEPTION_CORPUS": folder / "feelings.jsonl",
            "PERCEPTION_SETTINGS": folder / "small.toml", "EMBEDDING_PRECISION": "fp32",
        }.items():  # fmt: skip
            environment.setenv(name, str(value))
        (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
        time_few_texts(environment)
        outcome = run_in_process(definitions_here(), "perception", instance=instance, first="arousal")
        assert outcome.succeeded, outcome.failure
        yield folder, instance


def metadata_of(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, object]:
    event = instance.get_latest_materialization_event(key)
    assert event is not None, key
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_training_leaves_models_a_report_and_an_export(trained: tuple[Path, dg.DagsterInstance]) -> None:
    folder, instance = trained
    run = Path(str(metadata_of(instance, dg.AssetKey("perception_splits"))["folder"]))
    assert run.is_relative_to(folder / "artifacts" / "perception" / "feelings")
    assert {path.name for path in run.iterdir()} >= {"manifest.json", "corpus.parquet", "models", "oof", "export"}
    manifest = json.loads((run / "manifest.json").read_text())
    assert set(manifest["steps"]) == {"corpus", "splits", "features", "models_arousal", "export"}
    assert "<html" in (run / "models" / "arousal.html").read_text()
    shown = metadata_of(instance, dg.AssetKey("perception_export"))
    assert shown["fp16_parity_rmse"] <= 0.005  # type: ignore[operator]
    assert (run / "export" / "export.json").exists()


def test_the_figures_are_in_the_warehouse_and_the_pictures_in_the_ui(
    trained: tuple[Path, dg.DagsterInstance],
) -> None:
    from painpoint_platform.definitions import build_resources

    _, instance = trained
    with build_resources(load_settings(None))["warehouse"].read() as connection:
        models = connection.sql("select distinct model from gold.perception_evaluation").fetchall()
        figures = connection.sql("select model, judged_on, metric from gold.perception_evaluation").fetchall()
        loaded = connection.sql("select corpus, item_count from bronze.perception_corpus").fetchall()
    assert {"constant", "vader", "ridge"} < {name for (name,) in models}
    without_past = {model for model, part, metric in figures if (part, metric) == ("tune", "pearson_without_past")}
    assert without_past < {"arousal_final_accepted", "arousal_final_pending"}  # one of them, and no baseline
    assert without_past
    assert loaded == [("feelings", 360)]
    shown = metadata_of(instance, gold("perception_evaluation"))
    assert {"calibration", "residuals", "importance"} <= set(shown)
    assert str(shown["calibration"]).startswith("![")
    assert metadata_of(instance, bronze("perception_corpus"))["run_id"]


def test_the_gates_and_the_leak_audit_are_checks(trained: tuple[Path, dg.DagsterInstance]) -> None:
    _, instance = trained
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(
        [
            dg.AssetCheckKey(dg.AssetKey("perception_splits"), "no_leaks"),
            dg.AssetCheckKey(dg.AssetKey("perception_models"), "gates_passed"),
        ]
    )
    assert len(records) == 2


def test_a_variable_without_labels_fails_and_names_those_there_are(
    trained: tuple[Path, dg.DagsterInstance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.csv").write_text("item_id,user_id,text,valence\n" + "".join(
        f"i{n},u{n % 9},text number {n} of many,{n % 10 / 10}\n" for n in range(60)
    ))  # fmt: skip
    monkeypatch.setenv("PERCEPTION_CORPUS", str(tmp_path / "one.csv"))
    outcome = run_in_process(definitions_here(), "perception", instance=trained[1], first="willingness")
    assert outcome.failure
    assert "has no labels of willingness; its variables: valence" in outcome.failure
