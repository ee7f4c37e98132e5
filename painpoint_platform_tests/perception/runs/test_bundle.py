"""Models on disk: whole, genuine and of this version, or refused; texts scored by them."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.learning.calibration import fit_calibrator
from painpoint_platform.perception.learning.conformal import fit_intervals
from painpoint_platform.perception.learning.out_of_fold import Recipe, fitted
from painpoint_platform.perception.learning.regressors import fit_ridge
from painpoint_platform.perception.numbers.author_level import AuthorLevel
from painpoint_platform.perception.numbers.base_models import kernel_recipe, trees_recipe
from painpoint_platform.perception.numbers.blender import Blender, context
from painpoint_platform.perception.numbers.model import BLEND, PerceptionModel
from painpoint_platform.perception.numbers.training import TrainedVariable, train_variable
from painpoint_platform.perception.runs.bundle import Provenance, find_bundle, load_bundle, save_bundle
from painpoint_platform.perception.scoring.text_scores import Authors, score_texts
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.perception.planted_rows import planted_rows, quick_settings

TEXTS = ["I am so happy about this!", "", "This is terrible, it crashed again.", "word " * 50, "\ud800 \x00"]
ROWS = planted_rows(200, seed=12, temporal=True)


@pytest.fixture(scope="module")
def trained() -> TrainedVariable:
    train = planted_rows(300, level=0.1, temporal=True)
    return train_variable("valence", train=train, tune=ROWS, settings=quick_settings(), trials=2)


@pytest.fixture(scope="module")
def blend() -> PerceptionModel:
    """A model with every part that a bundle can hold."""
    rows = planted_rows(300, level=0.1, temporal=True)
    settings = quick_settings()
    recipes = (
        Recipe("lexical", "ridge", LEXICAL_NAMES, fit_ridge),
        kernel_recipe(settings, settings.kernel.default, 50),
        trees_recipe(settings, settings.trees.default, temporal=True),
    )
    members = tuple(fitted(rows, recipe) for recipe in recipes)
    names = tuple(member.name for member in members)
    columns = context(ROWS.features, ROWS.items, ("en",)).shape[1]
    coefficients = np.random.default_rng(0).normal(0, 1, (len(names), columns))
    calibrator = fit_calibrator("isotonic", np.linspace(0, 1, 50), np.linspace(0.1, 0.9, 50), (0, 1))
    intervals = fit_intervals(rows.labels, rows.labels[::-1], rows.lengths, coverage=0.9, fewest_rows=50, limits=(0, 1))
    level, blender = AuthorLevel(0.5, 0.1, 7, 0.01), Blender(names, ("en",), coefficients)
    return PerceptionModel("valence", members, level, blender, BLEND, calibrator, intervals)


def provenance(encoder: str = "encoder-1") -> Provenance:
    return Provenance("corpus.csv", "0" * 64, 137, encoder, {"pearson": 0.7})


def saved(model: PerceptionModel, folder: Path, *, accepted: bool = False, encoder: str = "encoder-1") -> Path:
    return save_bundle(model, accepted=accepted, provenance=provenance(encoder), folder=folder)


def test_a_model_comes_back_bit_for_bit(blend: PerceptionModel, trained: TrainedVariable, tmp_path: Path) -> None:
    for model in (blend, trained.model):
        bundle = load_bundle(saved(model, tmp_path))
        for observed in (None, ROWS.labels):
            before, after = (one.score(ROWS.features, ROWS.items, observed) for one in (model, bundle.model))
            assert (before.score == after.score).all()
            assert (before.low == after.low).all()
            assert (before.high == after.high).all()


def test_the_manifest_says_what_the_model_is(blend: PerceptionModel, tmp_path: Path) -> None:
    folder = saved(blend, tmp_path, accepted=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == manifest["name"] == "valence_final_accepted"
    assert manifest["encoder_version"] == "encoder-1"
    assert set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(TEMPORAL_NAMES) <= set(manifest["feature_names"])
    assert {"numpy", "lightgbm"} <= set(manifest["versions"])
    assert datetime.fromisoformat(manifest["created_at"]).tzinfo is not None


def test_saving_again_leaves_one_whole_bundle(trained: TrainedVariable, tmp_path: Path) -> None:
    saved(trained.model, tmp_path)
    saved(trained.model, tmp_path, encoder="encoder-2")
    assert [path.name for path in tmp_path.iterdir()] == ["valence_final_pending"]
    assert load_bundle(tmp_path / "valence_final_pending").encoder_version == "encoder-2"


def test_an_accepted_model_is_used_before_a_pending_one(trained: TrainedVariable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model of valence"):
        find_bundle(tmp_path, "valence")
    pending = saved(trained.model, tmp_path)
    assert find_bundle(tmp_path, "valence") == pending
    accepted = saved(trained.model, tmp_path, accepted=True)
    assert find_bundle(tmp_path, "valence") == accepted


@pytest.mark.parametrize("suffix", [".npz", ".txt", "model.json"])
def test_a_changed_file_is_named(blend: PerceptionModel, tmp_path: Path, suffix: str) -> None:
    folder = saved(blend, tmp_path)
    path = next(path for path in sorted(folder.iterdir()) if path.name.endswith(suffix))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path.name}: is damaged or was changed"):
        load_bundle(folder)
    path.unlink()
    with pytest.raises(UserError, match=f"{path.name}: a file of the model is missing"):
        load_bundle(folder)


def test_a_bundle_of_another_version_is_refused(trained: TrainedVariable, tmp_path: Path) -> None:
    folder = saved(trained.model, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    others = {file: digest for file, digest in manifest["files"].items() if file != "model.json"}
    for change, named in (
        ({"format": 99}, "format 99"),
        ({"kind": "graph"}, "kind 'graph', expected regression, path, temporal"),
        ({"feature_names": ["word_length"]}, "word_length"),
        ({"files": others}, "its files are not those of a regression model"),
    ):
        (folder / "manifest.json").write_text(json.dumps({**manifest, **change}))
        with pytest.raises(UserError, match=named):
            load_bundle(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1, "files": 3}', '{"format": 99}'])
def test_a_damaged_manifest_is_refused(trained: TrainedVariable, tmp_path: Path, content: str) -> None:
    folder = saved(trained.model, tmp_path)
    (folder / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=r"manifest"):
        load_bundle(folder)
    with pytest.raises(UserError, match="no model bundle"):
        load_bundle(tmp_path / "nothing")


def test_texts_are_scored_with_intervals_and_the_name_of_the_model(
    blend: PerceptionModel, tmp_path: Path, embedder: Embedder
) -> None:
    bundle = load_bundle(saved(blend, tmp_path, encoder=embedder.version))
    scores = score_texts(TEXTS, [bundle], embedder)
    assert scores.columns == ["valence", "valence_low", "valence_high", "valence_model"]
    assert scores.height == len(TEXTS)
    assert scores["valence_model"].unique().to_list() == ["valence_final_pending"]
    assert scores.select((pl.col("valence_low") <= pl.col("valence")) & (pl.col("valence") <= pl.col("valence_high")))[
        "valence_low"
    ].all()
    assert score_texts([], [bundle], embedder).height == 0
    again = score_texts(TEXTS, [bundle], embedder, encoded=embedder.encode(TEXTS))
    assert again.equals(scores)


def test_an_authors_earlier_labels_move_later_scores_only(
    trained: TrainedVariable, tmp_path: Path, embedder: Embedder
) -> None:
    bundle = load_bundle(saved(trained.model, tmp_path, encoder=embedder.version))
    items = pl.DataFrame(
        {"user_id": ["a"] * 5, "timestamp": ROWS.items["timestamp"][:5]},
    )
    runs = [
        score_texts(TEXTS, [bundle], embedder, authors=Authors(items, {"valence": np.array([first, *[np.nan] * 4])}))
        for first in (0.1, 0.9)
    ]
    low, high = (run["valence"].to_numpy() for run in runs)
    assert low[0] == high[0]
    assert (low[1:] < high[1:]).all()


def test_vectors_of_another_encoder_and_two_models_of_a_variable_are_refused(
    trained: TrainedVariable, tmp_path: Path, embedder: Embedder
) -> None:
    foreign = load_bundle(saved(trained.model, tmp_path / "a"))
    with pytest.raises(UserError, match="was trained on vectors of encoder-1"):
        score_texts(TEXTS, [foreign], embedder)
    own = load_bundle(saved(trained.model, tmp_path / "b", encoder=embedder.version))
    with pytest.raises(UserError, match="several models of one variable"):
        score_texts(TEXTS, [own, own], embedder)
