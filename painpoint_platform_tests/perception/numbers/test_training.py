"""A variable is trained, judged on rows that nothing was fitted on, and named by what it reached."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.temporal_features import temporal_features
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.numbers.evaluation import TEMPORAL
from painpoint_platform.perception.numbers.model import BLEND
from painpoint_platform.perception.numbers.training import TrainedVariable, train_variable
from painpoint_platform_tests.perception.planted_rows import planted_rows, quick_settings

SETTINGS = quick_settings()
TRAIN, TUNE = planted_rows(500), planted_rows(300, seed=2)


@pytest.fixture(scope="module")
def trained() -> TrainedVariable:
    return train_variable("valence", train=TRAIN, tune=TUNE, settings=SETTINGS, trials=3)


def test_a_relation_that_is_there_is_learnt_and_figures_are_of_the_tuning_rows(trained: TrainedVariable) -> None:
    figures = trained.report.parts["tune"].calibrated
    assert figures.rows == len(TUNE)
    assert figures.pearson is not None
    assert figures.pearson > 0.8
    scores = trained.model.score(TUNE.features, TUNE.items)
    assert np.sqrt(np.mean((scores.score - TUNE.labels) ** 2)) == pytest.approx(figures.rmse)
    assert set(trained.report.parts) == {"tune"}
    interval = trained.report.parts["tune"].intervals["pearson"]
    assert interval.low < figures.pearson < interval.high


def test_every_base_model_competed_and_every_member_is_reported(trained: TrainedVariable) -> None:
    report = trained.report
    assert {name: set(kinds) for name, kinds in report.competitors.items()} == {
        "lexical": {"ridge", "trees"},
        "embedding": {"ridge", "svr", "trees"},
    }
    assert set(report.out_of_fold_rmse) == {"lexical", "embedding", "kernel", "trees", BLEND}
    assert set(report.parts["tune"].member_rmse) == {"lexical", "embedding", "kernel", "trees"}
    assert report.blending.startswith("blending")


def test_intervals_surround_scores_within_the_range(trained: TrainedVariable) -> None:
    scores = trained.model.score(TUNE.features, TUNE.items)
    assert (scores.low <= scores.score).all()
    assert (scores.score <= scores.high).all()
    assert scores.low.min() >= 0
    assert scores.high.max() <= 1
    coverage = trained.report.parts["tune"].coverage
    assert set(coverage) == {"all", *LENGTH_BUCKETS}
    assert coverage["all"][1] == pytest.approx(0.9, abs=0.06)


def test_the_same_rows_make_the_same_model(trained: TrainedVariable) -> None:
    again = train_variable("valence", train=TRAIN, tune=TUNE, settings=SETTINGS, trials=3)
    first, second = (one.model.score(TUNE.features, TUNE.items).score for one in (trained, again))
    assert (first == second).all()


def test_labels_of_the_tuning_rows_change_no_score_and_no_interval(trained: TrainedVariable) -> None:
    shuffled = TUNE.where(np.arange(len(TUNE)) >= 0)
    shuffled.labels[:] = np.random.default_rng(0).permutation(TUNE.labels.copy())
    other = train_variable("valence", train=TRAIN, tune=shuffled, settings=SETTINGS, trials=3)
    first, second = (one.model.score(TUNE.features, TUNE.items) for one in (trained, other))
    assert (first.score == second.score).all()
    assert (first.low == second.low).all()
    assert (first.high == second.high).all()


def test_labels_without_relation_to_the_text_make_a_pending_model() -> None:
    noise = planted_rows(300, seed=5)
    noise.labels[:] = np.random.default_rng(1).uniform(0.4, 0.6, 300)
    trained = train_variable("valence", train=noise, tune=TUNE, settings=SETTINGS, trials=2)
    assert trained.name == "valence_final_pending"
    assert {"pearson", "skill"} <= {check.name for check in trained.report.gates.failures}


def test_the_past_of_authors_helps_where_authors_have_levels() -> None:
    train = planted_rows(500, level=0.15, temporal=True)
    tune = planted_rows(300, seed=3, level=0.15, temporal=True)
    trained = train_variable("valence", train=train, tune=tune, settings=SETTINGS, trials=2)
    members = trained.report.parts["tune"].member_pearson
    assert trained.report.level is not None
    assert members[TEMPORAL] > members["kernel"] + 0.02
    assert trained.report.parts["tune"].within_author is not None
    known = trained.model.score(tune.features, tune.items, tune.labels)
    strangers = trained.model.score(tune.features, tune.items)  # without any label it still scores, and is less sure
    assert np.std(known.score - tune.labels) < np.std(strangers.score - tune.labels) - 0.01
    assert np.mean(known.high - known.low) < np.mean(strangers.high - strangers.low)
    assert trained.report.parts["tune"].coverage["all"][1] == pytest.approx(0.9, abs=0.07)
    alone = trained.report.parts["tune"].without_past  # what a file is scored by is judged, too
    assert alone is not None
    everybody = tune.items.with_columns(user_id=pl.Series([f"nobody {row}" for row in range(len(tune))]))
    nothing = temporal_features(everybody.select("user_id", pl.lit(None, pl.Datetime("us", "UTC")).alias("timestamp")))
    unknown = Features(tune.features.names, np.hstack([tune.features.matrix[:, : -nothing.shape[1]], nothing]))
    assert alone.score == pytest.approx(trained.model.score(unknown, everybody).score)
    assert np.std(known.score - tune.labels) < np.std(alone.score - tune.labels) - 0.01
    assert alone.coverage["all"] == (len(tune), pytest.approx(0.9, abs=0.07))


def test_a_model_that_knows_no_authors_is_not_judged_without_them(trained: TrainedVariable) -> None:
    assert trained.report.parts["tune"].without_past is None


def test_a_corpus_of_twenty_rows_is_trained_and_never_accepted() -> None:
    train = planted_rows(20, users=5)
    tune = planted_rows(6, seed=4)
    trained = train_variable("valence", train=train, tune=tune, settings=SETTINGS, trials=2)
    assert np.isfinite(trained.model.score(tune.features, tune.items).score).all()
    assert not trained.report.gates.accepted


def test_out_of_fold_scores_are_written_and_a_second_run_takes_the_trials_up(tmp_path: Path) -> None:
    for taken_up in (0, 2):
        trained = train_variable(
            "valence",
            train=TRAIN,
            tune=TUNE,
            test=planted_rows(100, seed=9),
            settings=SETTINGS,
            trials=2,
            storage=tmp_path / "trials.db",
            oof_folder=tmp_path / "oof",
        )
        assert trained.report.search.taken_up == taken_up
    assert {path.name for path in (tmp_path / "oof").glob("*.npy")} == {
        "lexical_oof.npy", "embedding_oof.npy", "kernel_oof.npy", "trees_oof.npy",
    }  # fmt: skip
    assert trained.report.parts["test"].calibrated.rows == 100


def test_a_path_is_not_trained_as_a_number() -> None:
    with pytest.raises(UserError, match="hierarchy"):
        train_variable("invoked", train=TRAIN, tune=TUNE, settings=SETTINGS)
