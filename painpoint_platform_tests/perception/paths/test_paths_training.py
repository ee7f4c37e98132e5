"""Classifiers of paths: learnt, calibrated, held against gates that a constant does not pass."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.emotions import EMOTION_PATHS
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import FEATURE_NAMES, TEXT_NAMES, Features
from painpoint_platform.perception.learning.out_of_fold import items_digest
from painpoint_platform.perception.measuring.gates import judge_paths
from painpoint_platform.perception.measuring.path_metrics import confusion, path_metrics
from painpoint_platform.perception.paths.hierarchy import EMOTIONS, decode
from painpoint_platform.perception.paths.paths_decisions import fit_offsets, fit_temperature
from painpoint_platform.perception.paths.paths_evaluation import f1_intervals
from painpoint_platform.perception.paths.paths_rows import PathRows, path_rows
from painpoint_platform.perception.paths.paths_training import TrainedPaths, train_paths
from painpoint_platform.perception.runs.bundle import Provenance, load_bundle, save_bundle
from painpoint_platform.perception.scoring.text_scores import score_texts
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.perception.planted_paths import KNOWN, planted_paths, quick_path_settings

SETTINGS = quick_path_settings()
TRAIN, TUNE = planted_paths(300), planted_paths(150, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("paths")


@pytest.fixture(scope="module")
def trained(folder: Path) -> TrainedPaths:
    return train_paths(
        "expressed", train=TRAIN, tune=TUNE, test=planted_paths(60, seed=4), settings=SETTINGS, trials=2,
        storage=folder / "search.sqlite", oof_folder=folder,
    )  # fmt: skip


def test_planted_paths_are_learnt_and_accepted(trained: TrainedPaths) -> None:
    assert trained.name == "expressed_final_accepted", trained.report.gates.failures
    for part in trained.report.parts.values():
        assert part.metrics.path_validity == 1
        assert part.metrics.macro_f1 is not None
        assert min(part.metrics.macro_f1) > 0.9
        assert (part.metrics.hierarchical_f1 or 0) > (part.constant.hierarchical_f1 or 0) + 0.3


def test_figures_have_intervals_by_author_and_confusions_by_level(trained: TrainedPaths) -> None:
    judged = trained.report.parts["tune"]
    assert judged.metrics.micro_f1 is not None
    for name, found in (
        ("macro_f1.1", judged.metrics.macro_f1[1]),
        ("micro_f1.2", judged.metrics.micro_f1[2]),
        ("hierarchical_f1", judged.metrics.hierarchical_f1),
    ):
        assert judged.intervals[name].low <= found <= judged.intervals[name].high
    assert [len(one.classes) for one in judged.confusions] == [4, 7, 28]
    for one in judged.confusions:
        assert one.counts.sum() == len(TUNE)
    assert set(judged.calibration) == {"before", "after"}
    assert len(judged.judged.confidence) == len(TUNE)
    assert set(judged.by_length) == {"SHORT", "MEDIUM", "LONG"}


def test_out_of_fold_predictions_are_kept_and_are_those_of_these_rows(trained: TrainedPaths, folder: Path) -> None:
    kept = np.load(folder / "paths_oof.npy", allow_pickle=False)
    assert kept.shape == (len(TRAIN), len(EMOTIONS.paths))
    assert kept.sum(axis=1) == pytest.approx(1)
    metadata = json.loads((folder / "paths_oof.json").read_text())
    assert metadata["items_sha256"] == items_digest(TRAIN.rows) != items_digest(TUNE.rows)


def test_a_search_is_taken_up_where_it_was(trained: TrainedPaths, folder: Path) -> None:
    again = train_paths(
        "expressed", train=TRAIN, tune=TUNE, settings=SETTINGS, trials=2, storage=folder / "search.sqlite"
    )
    assert again.report.search.taken_up == len(trained.report.search.trials) == 2
    assert (again.model.offsets == trained.model.offsets).all()


def test_texts_are_scored_by_a_stored_classifier(trained: TrainedPaths, tmp_path: Path, embedder: Embedder) -> None:
    provenance = Provenance("corpus", "0" * 64, 137, embedder.version, {})
    bundle = load_bundle(save_bundle(trained.model, accepted=True, provenance=provenance, folder=tmp_path))
    assert bundle.manifest["kind"] == "path"
    scores = score_texts(["thanks a lot", ""], [bundle], embedder)
    assert scores.columns == ["expressed", "expressed_confidence", "expressed_model"]
    assert set(scores["expressed"]) <= {" > ".join(path) for path in EMOTION_PATHS.values()}
    assert scores["expressed_confidence"].is_between(0, 1).all()
    assert scores["expressed_model"].unique().to_list() == ["expressed_final_accepted"]


def test_what_the_rows_have_is_read_and_an_authors_past_is_not() -> None:
    def with_columns(rows: PathRows, names: tuple[str, ...]) -> PathRows:
        return replace(rows, rows=replace(rows.rows, features=Features(names, columns[:, : len(names)])))

    part = planted_paths(80)
    columns = np.hstack([part.rows.features.matrix, np.zeros((80, len(TEXT_NAMES)), np.float32)])
    for names, read in ((FEATURE_NAMES, FEATURE_NAMES), ((*TEXT_NAMES, *TEMPORAL_NAMES), TEXT_NAMES)):
        rows = with_columns(part, names)
        assert train_paths("invoked", train=rows, tune=rows, settings=SETTINGS, trials=1).model.columns == read


def test_a_constant_and_an_empty_class_pass_no_gate() -> None:
    gates = SETTINGS.variable("expressed").gates
    for labels in ([KNOWN[0]] * 90 + [KNOWN[2]] * 10, [KNOWN[0]] * 100, [KNOWN[0]] * 100 + [KNOWN[1]] * 50):
        figures = path_metrics(labels, [KNOWN[0]] * len(labels), tree=EMOTIONS.paths, trained=KNOWN[:3])
        assert not judge_paths("expressed", gates, figures).accepted
        alone = path_metrics(labels, [KNOWN[0]] * len(labels), tree=EMOTIONS.paths, trained=set(labels))
        assert not judge_paths("expressed", gates, alone).accepted
    perfect = [path for path in KNOWN[:4] for _ in range(20)]
    figures = path_metrics(perfect, perfect, tree=EMOTIONS.paths, trained=KNOWN)
    assert figures.unjudged == (("negative", "sadness"), ("neutral", "neutral"))
    report = judge_paths("expressed", gates, figures)
    assert [check.name for check in report.failures] == ["macro_f1"]
    assert "no samples" in report.failures[0].detail
    known = path_metrics(perfect, perfect, tree=EMOTIONS.paths, trained=KNOWN[:4])
    assert judge_paths("expressed", gates, known).accepted


def corpus_rows(labels: list[list[str] | None]) -> tuple[pl.DataFrame, Features]:
    base = planted_paths(len(labels)).rows
    columns = {"text": ["words"] * len(labels), "fold": base.folds, "expressed": labels}
    return base.items.with_columns(**{name: pl.Series(name, one) for name, one in columns.items()}), base.features


def test_missing_labels_and_paths_outside_the_tree_are_named() -> None:
    labels = [list(KNOWN[row % 3]) for row in range(30)]
    frame, features = corpus_rows(labels)
    assert path_rows(frame, features, "expressed").paths == [KNOWN[row % 3] for row in range(30)]
    wrong = [None, ["negative", "joy", "anger"], *labels[2:]]
    frame, features = corpus_rows(wrong)
    with pytest.raises(UserError, match=r"items 0-0 are missing.*negative/joy/anger of the items 0-1: no path of the"):
        path_rows(frame, features, "expressed")


def test_one_class_twenty_rows_nan_and_torn_authors_are_refused_or_learnt() -> None:
    with pytest.raises(UserError, match="every label is positive/joy/joy"):
        train_paths("expressed", train=planted_paths(60, classes=1), tune=TUNE, settings=SETTINGS, trials=1)
    with pytest.raises(UserError, match="19 rows to train on, expected at least 20"):
        train_paths("expressed", train=planted_paths(19), tune=TUNE, settings=SETTINGS, trials=1)
    broken = planted_paths(60)
    broken.rows.features.matrix[7, 3] = np.nan
    with pytest.raises(UserError, match=r"features .* are not finite in the items 0-7"):
        train_paths("expressed", train=broken, tune=TUNE, settings=SETTINGS, trials=1)
    torn = planted_paths(60)
    torn.rows.folds[:] = np.arange(60) % 5
    with pytest.raises(UserError, match="are in several folds"):
        train_paths("expressed", train=torn, tune=TUNE, settings=SETTINGS, trials=1)
    with pytest.raises(UserError, match="valence is of kind regression and no path"):
        train_paths("valence", train=TRAIN, tune=TUNE, settings=SETTINGS, trials=1)
    few = planted_paths(20)
    found = train_paths("expressed", train=few, tune=few, settings=SETTINGS, trials=1)
    assert found.report.parts["tune"].metrics.path_validity == 1


def test_temperature_undoes_overconfidence() -> None:
    choices = np.random.default_rng(0)
    logits = choices.normal(0, 2, (4000, 6))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    places = (shares.cumsum(axis=1) > choices.random((4000, 1))).argmax(axis=1)
    assert fit_temperature(logits * 3, places) == pytest.approx(3, rel=0.1)


def test_offsets_raise_macro_f1_of_rare_classes_out_of_sample() -> None:
    def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
        choices = np.random.default_rng(seed)
        places = choices.choice([0, 15, 27], 3000, p=[0.9, 0.06, 0.04])
        logits = choices.normal(0, 1, (3000, len(EMOTIONS.paths)))
        logits[np.arange(3000), places] += 2
        logits += np.log(np.where(np.isin(np.arange(28), [0, 15, 27]), 0.3, 1e-4)) + np.log([0.9] * 1 + [0.05] * 27)
        return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), places

    probabilities, places = drawn(1)
    offsets = fit_offsets(EMOTIONS, probabilities, places, np.arange(3000) % 5)
    unseen, truth = drawn(2)
    labels = [EMOTIONS.paths[place] for place in truth.tolist()]
    plain, favoured = (
        path_metrics(
            labels, [EMOTIONS.paths[one] for one in decode(EMOTIONS, unseen, by).tolist()], tree=EMOTIONS.paths
        )
        for by in (np.zeros(28), offsets)
    )
    assert plain.macro_f1 is not None
    assert favoured.macro_f1 is not None
    assert favoured.macro_f1[1] > plain.macro_f1[1] + 0.02


def test_what_pays_on_its_own_rows_only_is_not_kept() -> None:
    choices = np.random.default_rng(2)
    probabilities = choices.dirichlet(np.ones(len(EMOTIONS.paths)), 200)
    places = choices.integers(0, len(EMOTIONS.paths), 200)
    truthful = [fit_offsets(EMOTIONS, probabilities, np.roll(places, shift), np.arange(200) % 5) for shift in range(4)]
    assert sum(not offsets.any() for offsets in truthful) >= 2


def test_intervals_draw_authors_whole() -> None:
    labels = np.repeat([0, 15], 60)
    predicted = labels.copy()
    predicted[:30] = 15  # one author's texts are all mistaken
    authors = np.repeat(["a", "b", "c", "d"], 30)
    together = f1_intervals(EMOTIONS, labels, predicted, authors, rounds=300)["micro_f1.2"]
    alone = f1_intervals(EMOTIONS, labels, predicted, np.arange(120).astype(str), rounds=300)["micro_f1.2"]
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert f1_intervals(EMOTIONS, labels, predicted, np.repeat(["a"], 120)) == {}


def test_confusion_counts_labelled_rows_by_what_they_were_taken_for() -> None:
    found = confusion([KNOWN[0], KNOWN[0], KNOWN[2]], [KNOWN[1], KNOWN[2], KNOWN[2]], classes=EMOTIONS.nodes[0])
    positive, negative = (found.classes.index((name,)) for name in ("positive", "negative"))
    assert (found.counts[positive, positive], found.counts[positive, negative]) == (1, 1)
    assert (found.counts[negative, negative], found.counts.sum()) == (1, 3)
