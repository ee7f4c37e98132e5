"""A training run's folder, and the models that score items."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from painpoint_platform.errors import DataContractError, UserError
from painpoint_platform.perception import perception_steps
from painpoint_platform.perception.corpora.corpus import Corpus
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform.perception.runs.bundle import bundle_folders
from painpoint_platform.perception.runs.training_run import (
    TrainingRun,
    alone,
    begin_run,
    corpus_of_run,
    current_runs,
    featurise_run,
    split_run,
)
from painpoint_platform.perception.runs.variable_training import (
    TrainedModel,
    metrics_of,
    require_variables,
    train_variables,
)
from painpoint_platform.perception.scoring.default_model import NAME, default_models
from painpoint_platform.perception.scoring.scored_tables import ITEMS, score_partition
from painpoint_platform.perception.scoring.scoring_models import models_to_score_with
from painpoint_platform.perception.settings_file import PerceptionSettings, load_settings
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.text.embeddings import Embedder

pytestmark = pytest.mark.xdist_group("training_run")

SETTINGS = load_settings()
QUICK = SETTINGS.model_copy(
    update={"bootstrap_rounds": 100, "kernel": SETTINGS.kernel.model_copy(update={"landmarks": 60})}
)
DAY = date(2025, 1, 6)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(items=260, users=60, everyday_items=100)


@dataclass(frozen=True)
class Trained:
    """A training of arousal: its root folder, its warehouse, its run, what came of it."""

    root: Path
    warehouse: WarehouseResource
    run: TrainingRun
    model: TrainedModel


@pytest.fixture(scope="module")
def trained(corpus: Corpus, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("perception")
    warehouse = WarehouseResource(database=str(root / "w.duckdb"))
    run = perception_steps.load_corpus(
        warehouse, corpus, name="small", root=root, settings=QUICK, encoder_version=embedder.version
    )
    assert perception_steps.current_run(warehouse, "small", root) == run
    model = perception_steps.train(warehouse, run, "arousal", settings=QUICK, embedder=embedder, trials=2)
    return Trained(root, warehouse, run, model)


@pytest.fixture(scope="module")
def defaults(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return default_models(tmp_path_factory.mktemp("models"), embedder, items=260, everyday=100)


def test_the_same_training_has_the_same_folder_and_another_one_another(corpus: Corpus, tmp_path: Path) -> None:
    def folder(settings: PerceptionSettings = SETTINGS, encoder: str = "e") -> Path:
        return begin_run(corpus, name="c", root=tmp_path, settings=settings, encoder_version=encoder).folder

    assert folder() == folder()
    assert len({folder(), folder(encoder="f"), folder(QUICK)}) == 3


def test_the_run_that_trained_last_is_the_current_one(trained: Trained) -> None:
    assert current_runs(trained.root, "small") == {"arousal": trained.run}


def test_the_manifest_says_what_a_run_was_made_from(trained: Trained) -> None:
    manifest = json.loads((trained.run.folder / "manifest.json").read_text())
    assert manifest["data_sha256"] == corpus_of_run(trained.run).sha256
    assert manifest["seed"] == 137
    assert manifest["versions"]["numpy"] == np.__version__
    assert set(manifest["steps"]) == {"corpus", "splits", "features", "models_arousal"}
    assert manifest["steps"]["models_arousal"]["tune"]["rmse"] > 0


def test_the_corpus_of_a_run_is_the_one_that_was_read(trained: Trained, corpus: Corpus) -> None:
    back = corpus_of_run(trained.run)
    assert back.frame.equals(corpus.frame)
    assert (back.sha256, back.source, back.variables) == (corpus.sha256, corpus.source, corpus.variables)


def test_features_are_computed_once(trained: Trained, corpus: Corpus, embedder: Embedder) -> None:

    class Refusing:
        version = embedder.version

    run = trained.run
    kept = featurise_run(run, corpus, split_run(run, corpus, QUICK), Refusing())  # type: ignore[arg-type]
    assert {part: len(one.matrix) for part, one in kept.items()} == {
        part: file["rows"]
        for part, file in zip(("train", "tune", "test"), run.step("features")["files"].values(), strict=True)
    }


def test_steps_that_finish_at_once_are_all_in_the_manifest(tmp_path: Path) -> None:
    run = TrainingRun("c", "0", tmp_path / "c" / "0", tmp_path / "models")
    names = [f"step_{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: run.finish(name, {"told": name}), names))
    assert set(run.manifest) == set(names)


def test_a_variable_is_trained_by_one_process_at_a_time(trained: Trained, corpus: Corpus, embedder: Embedder) -> None:
    again = train_variables(trained.run, corpus, ["arousal"], embedder=embedder, settings=QUICK, trials=2)
    with (
        alone(trained.run.folder / "oof" / "arousal"),
        pytest.raises(UserError, match="another process trains arousal there; wait for that one"),
    ):
        next(again)


def test_models_that_no_folder_can_hold_are_refused_before_the_training(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match=r"taken/models: no models can be kept there, .*taken is a file"):
        begin_run(
            corpus, name="c", root=tmp_path, settings=SETTINGS, encoder_version="e", models=tmp_path / "taken/models"
        )
    assert not (tmp_path / "c").exists()


def test_damaged_features_are_refused(corpus: Corpus, embedder: Embedder, tmp_path: Path) -> None:
    run = begin_run(corpus, name="c", root=tmp_path, settings=QUICK, encoder_version=embedder.version)
    splits = split_run(run, corpus, QUICK)
    featurise_run(run, corpus, splits, embedder)
    with (run.folder / "features_tune.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")
    with pytest.raises(UserError, match=r"features_tune\.npy: is missing or damaged"):
        featurise_run(run, corpus, splits, embedder)


def test_a_leak_stops_the_split(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from painpoint_platform.perception.runs import training_run

    def leaking(*args: object, **more: object) -> object:
        splits = split_corpus(*args, **more)  # type: ignore[arg-type]
        object.__setattr__(splits, "frame", splits.frame.with_columns(split=splits.frame["split"].shuffle(1)))
        return splits

    split_corpus = training_run.split_corpus
    monkeypatch.setattr(training_run, "split_corpus", leaking)
    run = begin_run(corpus, name="c", root=tmp_path, settings=QUICK, encoder_version="e")
    with pytest.raises(DataContractError, match="seen before") as caught:
        split_run(run, corpus, QUICK)
    assert caught.value.check_name == "no_leaks"
    assert not run.is_done("splits")


def test_variables_without_labels_are_refused_with_those_there_are(corpus: Corpus) -> None:
    with pytest.raises(UserError, match="no variable 'joy'"):
        require_variables(corpus, ["joy"])


def test_the_figures_stand_beside_the_baselines(trained: Trained) -> None:
    assert metrics_of(trained.model)["beside_baselines"]["tune"][0]["model"] == "model"
    with trained.warehouse.read() as connection:
        rows = connection.sql("select * from gold.perception_evaluation").pl()
    assert set(rows["model"]) == {trained.model.name, "constant", "vader", "ridge"}
    assert set(rows["judged_on"]) == {"tune", "test"}
    gates = rows.filter(rows["threshold"].is_not_null())
    assert gates.height == len(trained.model.trained.report.gates.checks)
    assert gates["passed"].all() == trained.model.trained.report.gates.accepted


def test_a_corpus_that_was_never_loaded_is_named(tmp_path: Path) -> None:
    warehouse = WarehouseResource(database=str(tmp_path / "w.duckdb"))
    with warehouse.write():
        pass
    with pytest.raises(UserError, match="materialise bronze/perception_corpus first"):
        perception_steps.current_run(warehouse, "none", tmp_path)


def test_what_was_trained_here_scores_and_the_default_fills_the_gaps(trained: Trained, defaults: Path) -> None:
    models = models_to_score_with(chosen=None, root=trained.root, corpus="small", default=lambda: defaults)
    names = {model.bundle.variable: model.name.rsplit("_", 1)[0] for model in models}
    assert names == {
        "valence": f"{NAME}/valence_final",
        "arousal": f"small/{trained.run.run_id}/arousal_final",
        "willingness": f"{NAME}/willingness_final",
    }


def test_a_chosen_folder_without_models_is_refused(tmp_path: Path, defaults: Path) -> None:
    with pytest.raises(UserError, match="there is no model"):
        models_to_score_with(chosen=tmp_path, root=tmp_path, corpus="c", default=lambda: defaults)


def test_default_models_are_trained_once(defaults: Path, embedder: Embedder) -> None:
    before = {path: path.stat().st_mtime_ns for path in defaults.rglob("*")}
    assert default_models(defaults.parent, embedder, items=260, everyday=100) == defaults
    assert {path: path.stat().st_mtime_ns for path in defaults.rglob("*")} == before
    assert set(bundle_folders(defaults)) == {"valence", "arousal", "willingness"}


def test_every_item_of_a_day_is_scored_and_a_repeat_does_nothing(
    defaults: Path, embedder: Embedder, tmp_path: Path
) -> None:
    warehouse = WarehouseResource(database=str(tmp_path / "w.duckdb"))
    texts = ["I hate this, it is broken and I want to cry", "Thank you, this is wonderful!", "", "ok"]
    with warehouse.write() as connection:
        for source in ("github", "reddit"):
            connection.execute(
                "insert into bronze.raw_items by name select $source as source, n::varchar as source_item_id, 'u' || n "
                "as url_hash, '' as url, $day as collection_date, $texts[n] as title, '' as body, timestamp "
                "'2025-01-06' as created_at, 0 as comment_count, 0 as vote_count, timestamp '2025-01-06' as "
                "collected_at from range(1, 5) as t(n)",
                {"source": source, "day": DAY, "texts": texts},
            )
    models = models_to_score_with(chosen=None, root=tmp_path, corpus="none", default=lambda: defaults)
    assert score_partition(warehouse, ITEMS, DAY, models=models, embedder=embedder)
    assert not score_partition(warehouse, ITEMS, DAY, models=models, embedder=embedder)
    with warehouse.read() as connection:
        rows = connection.sql("select * from silver.item_perception order by url_hash").pl()
    assert rows["url_hash"].to_list() == ["u1", "u2", "u3", "u4"]
    assert rows["valence"][0] < rows["valence"][1]
    for variable in ("valence", "arousal", "willingness"):
        low, score, high = rows[f"{variable}_low"], rows[variable], rows[f"{variable}_high"]
        assert ((low >= 0) & (low <= score) & (score <= high) & (high <= 1)).all()
        assert rows[f"{variable}_model"].str.starts_with(f"{NAME}/").all()


def test_a_day_without_items_has_no_scores(defaults: Path, embedder: Embedder, tmp_path: Path) -> None:
    warehouse = WarehouseResource(database=str(tmp_path / "w.duckdb"))
    with warehouse.write():
        pass
    models = models_to_score_with(chosen=None, root=tmp_path, corpus="none", default=lambda: defaults)
    assert score_partition(warehouse, ITEMS, DAY, models=models, embedder=embedder)
    with warehouse.read() as connection:
        assert connection.sql("select count(*) from silver.item_perception").fetchall() == [(0,)]
