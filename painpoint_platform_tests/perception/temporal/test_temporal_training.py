"""Models that foresee: trained, judged beside what anybody could say, stored; what cannot be foreseen is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import DataContractError, UserError
from painpoint_platform.perception.corpora.corpus import comparator
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.calibration import fit_calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.out_of_fold import Member
from painpoint_platform.perception.learning.regressors import Ridge
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.runs.bundle import Provenance, load_bundle, save_bundle
from painpoint_platform.perception.settings_file import Interval
from painpoint_platform.perception.temporal import temporal_training
from painpoint_platform.perception.temporal.temporal_history import History, HistoryRows, history_rows
from painpoint_platform.perception.temporal.temporal_inputs import INPUT_NAMES, past_inputs
from painpoint_platform.perception.temporal.temporal_limits import known_level_correlation
from painpoint_platform.perception.temporal.temporal_models import TemporalModel
from painpoint_platform.perception.temporal.temporal_training import TrainedTemporal, train_temporal
from painpoint_platform_tests.perception.histories import BEGIN, features_of, part_of_corpus
from painpoint_platform_tests.perception.planted_rows import quick_settings


def settings():
    quick = quick_settings()
    space = quick.temporal_trees
    narrow = {"rounds": Interval(low=30, high=60, whole=True), "num_leaves": Interval(low=4, high=8, whole=True)}
    default = {**space.default, "rounds": 60, "num_leaves": 6, "learning_rate": 0.12}
    return quick.model_copy(update={"temporal_trees": space.model_copy(update={**narrow, "default": default})})


SETTINGS = settings()
TRAIN, TUNE = part_of_corpus(50, 8), part_of_corpus(30, 8, seed=1)


def rows(frame: pl.DataFrame, variable: str = "congruence") -> HistoryRows:
    return history_rows(frame, features_of(frame), variable)


def trained_on(frame: pl.DataFrame, **options) -> TrainedTemporal:
    return train_temporal("congruence", train=rows(frame), tune=rows(TUNE), settings=SETTINGS, trials=1, **options)


@pytest.fixture(scope="module")
def trained() -> TrainedTemporal:
    return train_temporal(
        "congruence", train=rows(TRAIN), tune=rows(TUNE), test=rows(part_of_corpus(20, 8, seed=2)), settings=SETTINGS,
        trials=3,
    )  # fmt: skip


def test_a_course_that_is_there_is_foreseen_and_the_model_accepted(trained: TrainedTemporal) -> None:
    figures = trained.report.parts["tune"].calibrated
    assert trained.name == "congruence_final_accepted"
    assert figures.pearson > 0.8
    assert trained.report.parts["tune"].within_author > 0.7
    assert trained.report.parts["test"].calibrated.skill > 0.4


def test_the_figures_stand_beside_what_anybody_could_say(trained: TrainedTemporal) -> None:
    compared = trained.report.baselines["tune"]
    assert compared["model"].to_list() == ["model", "constant", "persistence", "author_mean"]
    assert compared["rmse"][0] == min(compared["rmse"])
    assert set(trained.report.competitors["numbers"]) == {"ridge", "trees"}
    assert set(trained.report.competitors) == {"numbers", "texts"}


def test_an_authors_first_text_is_not_foreseen_and_counted(trained: TrainedTemporal) -> None:
    assert trained.report.without_past == {"train": 50, "tune": 30, "test": 20}
    assert trained.report.parts["tune"].calibrated.rows == 30 * 7


def test_intervals_hold_what_they_promise_whatever_the_length_of_text(trained: TrainedTemporal) -> None:
    coverage = trained.report.parts["tune"].coverage
    assert all(share == pytest.approx(0.9, abs=0.07) for _, share in coverage.values())


def test_what_the_past_tells_is_not_left_in_the_errors(trained: TrainedTemporal) -> None:
    assert abs(trained.report.residual_autocorrelation["tune"]) < 0.35


def test_a_level_that_nobody_can_know_says_how_much_there_is_to_foresee(trained: TrainedTemporal) -> None:
    # These authors swing: the model hears it, and who knows their levels does not.
    assert trained.report.known_level["tune"] < trained.report.parts["tune"].calibrated.pearson


def test_of_authors_without_memory_the_comparator_has_the_limit_of_its_formula() -> None:
    choices = np.random.default_rng(5)
    frame = part_of_corpus(40, 60, seed=6).drop("congruence")
    frame = frame.with_columns(valence=pl.Series(choices.uniform(0.3, 0.7, frame.height)))
    frame = frame.with_columns(comparator=comparator(frame))
    history = rows(frame, "comparator").history
    inputs = past_inputs(history, frame)
    later = (inputs.block(("steps",))[:, 0] > np.log1p(8)) & frame["comparator"].is_not_null().to_numpy()
    foreseen = LabelledRows(frame, inputs, frame["comparator"].to_numpy(), frame["fold"].to_numpy()).where(later)
    assert known_level_correlation(history, foreseen, "comparator") == pytest.approx(np.sqrt(0.3 / 2), abs=0.04)


def test_a_stored_model_foresees_the_same(trained: TrainedTemporal) -> None:
    history = rows(TUNE).history
    asked = pl.DataFrame({"user_id": ["1-user0", "1-user1", "nobody"], "timestamp": [BEGIN + timedelta(days=30)] * 3})
    again = TemporalModel.from_files(trained.model.to_files())
    first, second = (model.predict_next(history, asked) for model in (trained.model, again))
    np.testing.assert_array_equal(first.score, second.score)
    np.testing.assert_array_equal(first.low, second.low)
    assert np.isfinite(first.score[:2]).all()
    assert np.isnan([first.score[2], first.low[2], first.high[2]]).all()
    assert ((first.low <= first.score) & (first.score <= first.high))[:2].all()


def test_a_bundle_holds_the_model_and_every_input_is_known_by_name(trained: TrainedTemporal, tmp_path: Path) -> None:
    told = Provenance("histories", "0" * 64, 137, "an encoder", {})
    bundle = load_bundle(save_bundle(trained.model, accepted=True, provenance=told, folder=tmp_path))
    assert (bundle.name, bundle.variable) == ("congruence_final_accepted", "congruence")
    assert isinstance(bundle.model, TemporalModel)
    assert set(past_inputs(rows(TUNE).history, TUNE).names) <= set(INPUT_NAMES)


def test_a_ridge_that_wins_is_stored_too() -> None:
    member = Member("numbers", ("congruence.lag_2",), Ridge(np.array([0.8]), 0.1))
    none = fit_calibrator("none", np.zeros(2), np.zeros(2), (0.0, 1.0))
    widths = dict.fromkeys(("SHORT", "MEDIUM", "LONG"), 0.2)
    model = TemporalModel("congruence", member, none, Intervals(0.9, widths, dict.fromkeys(widths, 50), (0.0, 1.0)))
    asked = TUNE.select("user_id", "timestamp")
    stored = TemporalModel.from_files(model.to_files())
    history = rows(TUNE).history
    np.testing.assert_array_equal(stored.predict_next(history, asked).score, model.predict_next(history, asked).score)
    assert stored.columns == ("congruence.lag_2",)


def test_what_is_foreseen_does_not_change_with_what_is_foreseen_or_what_follows(trained: TrainedTemporal) -> None:
    history, now = rows(TUNE).history, BEGIN + timedelta(days=5)
    targets = TUNE.filter((pl.col("timestamp") <= now) & (pl.col("timestamp") > now - timedelta(days=1.5)))
    targets = targets.group_by("user_id", maintain_order=True).last().select("user_id", "timestamp")
    moments = TUNE.join(targets.rename({"timestamp": "moment"}), on="user_id", how="left", maintain_order="left")
    late = (moments["timestamp"] >= moments["moment"]).to_numpy()
    other = History(
        history.items,
        {name: np.where(late, 0.123, values) for name, values in history.observed.items()},
        Features(history.texts.names, np.where(late[:, None], 9, history.texts.matrix).astype(np.float32)),
    )
    first, second = (trained.model.predict_next(one, targets).score for one in (history, other))
    assert targets.height == 30
    np.testing.assert_array_equal(first, second)


def test_inputs_that_know_their_target_stop_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def knowing(history: History, targets: pl.DataFrame) -> Features:
        return past_inputs(history, targets.with_columns(pl.col("timestamp") + timedelta(microseconds=1)))

    monkeypatch.setattr(temporal_training, "past_inputs", knowing)
    with pytest.raises(DataContractError, match="input of target step"):
        trained_on(TRAIN)


def test_out_of_fold_scores_are_written_and_a_second_run_takes_the_trials_up(tmp_path: Path) -> None:
    for taken_up in (0, 1):
        found = trained_on(TRAIN, storage=tmp_path / "trials.db", oof_folder=tmp_path / "oof")
        assert found.report.search.taken_up == taken_up
    assert {path.name for path in (tmp_path / "oof").glob("*.npy")} == {
        "numbers_oof.npy",
        "texts_oof.npy",
        "trees_oof.npy",
    }


def test_labels_that_follow_from_no_past_make_a_pending_model() -> None:
    chance = TRAIN.with_columns(congruence=pl.Series(np.random.default_rng(0).uniform(0, 1, TRAIN.height)))
    found = trained_on(chance)
    assert found.name == "congruence_final_pending"
    assert "skill" in {check.name for check in found.report.gates.failures}


def test_an_author_with_nine_tenths_of_the_items_is_trained_on_beside_others() -> None:
    long = part_of_corpus(1, 405, seed=7, folds=1).with_columns(fold=pl.lit(0, pl.Int32))
    few = part_of_corpus(15, 3, seed=8)
    found = trained_on(pl.concat([long, few]))
    assert np.isfinite(found.report.parts["tune"].calibrated.rmse)


def test_authors_with_a_single_item_are_in_nobodys_way() -> None:
    single = part_of_corpus(20, 1, seed=9)
    found = trained_on(pl.concat([TRAIN, single]))
    assert found.report.without_past["train"] == 70


def test_one_author_alone_is_refused() -> None:
    with pytest.raises(UserError, match="1 fold"):
        trained_on(part_of_corpus(1, 60, folds=1))


def test_times_that_are_all_the_same_or_single_items_only_are_refused() -> None:
    with pytest.raises(UserError, match=r"no author has items at two times \(400 items, 50 authors"):
        rows(TRAIN.with_columns(timestamp=pl.lit(BEGIN)))
    with pytest.raises(UserError, match="no author has items at two times"):
        rows(part_of_corpus(30, 1))


def test_a_corpus_without_times_is_refused() -> None:
    with pytest.raises(UserError, match="none of the 400 items has an author and a time"):
        rows(TRAIN.with_columns(timestamp=pl.lit(None, TRAIN["timestamp"].dtype)))


def test_times_that_lie_ahead_are_refused() -> None:
    with pytest.raises(UserError, match=r"times of the items 0-7, 0-15.* and 45 more lie after 2025-01-09"):
        history_rows(TRAIN, features_of(TRAIN), "congruence", now=datetime(2025, 1, 9, 12, tzinfo=UTC))


def test_features_that_are_no_numbers_are_refused() -> None:
    features = features_of(TRAIN)
    features.matrix[3, 1] = np.nan
    with pytest.raises(UserError, match="features of the items 0-3 are not finite"):
        history_rows(TRAIN, features, "congruence")


def test_labels_out_of_range_are_refused_and_missing_ones_only_are_past() -> None:
    with pytest.raises(UserError, match="outside 0 to 1"):
        trained_on(TRAIN.with_columns(congruence=pl.col("congruence") * 3))
    some = TRAIN.with_columns(congruence=pl.when(pl.int_range(pl.len()) % 8 > 4).then("congruence"))
    assert trained_on(some).report.without_past["train"] == 0


def test_a_part_in_which_nothing_can_be_foreseen_is_named() -> None:
    unlabelled = replace(rows(TUNE), labels=np.full(TUNE.height, np.nan))
    with pytest.raises(UserError, match="cannot be foreseen in tune"):
        train_temporal("congruence", train=rows(TRAIN), tune=unlabelled, settings=SETTINGS, trials=1)


def test_what_is_read_from_a_text_is_not_foreseen() -> None:
    with pytest.raises(UserError, match="valence is of kind regression"):
        train_temporal("valence", train=rows(TRAIN), tune=rows(TUNE), settings=SETTINGS)
