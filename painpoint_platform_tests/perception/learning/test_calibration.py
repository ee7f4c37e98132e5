"""Calibration and intervals, judged on rows that they have not seen."""

import numpy as np
import pytest

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.learning.calibration import (
    KINDS,
    CalibrationKind,
    best_calibrator,
    cross_fitted,
    fit_calibrator,
)
from painpoint_platform.perception.learning.conformal import covered, fit_intervals
from painpoint_platform.perception.measuring.metrics import regression_metrics

UNIT = (0.0, 1.0)
CHOICES = np.random.default_rng(8)
TRUTH = CHOICES.uniform(0.05, 0.95, 3000)
SQUEEZED = 0.5 + 0.4 * (TRUTH - 0.5) + CHOICES.normal(0, 0.01, 3000)
FOLDS = np.arange(3000) % 5
SEEN, UNSEEN = slice(0, 2000), slice(2000, 3000)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_calibration_mends_squeezed_scores_of_rows_that_it_has_not_seen(kind: CalibrationKind) -> None:
    calibrator = fit_calibrator(kind, SQUEEZED[SEEN], TRUTH[SEEN], UNIT)
    before = regression_metrics(TRUTH[UNSEEN], SQUEEZED[UNSEEN])
    after = regression_metrics(TRUTH[UNSEEN], calibrator.apply(SQUEEZED[UNSEEN]))
    assert before.ece > 0.1
    assert after.ece < 0.02
    assert (np.diff(calibrator.apply(np.linspace(-1, 2, 200))) >= 0).all()


def test_the_best_calibration_is_taken_and_none_where_none_helps() -> None:
    chosen, rmse = best_calibrator(SQUEEZED, TRUTH, FOLDS, UNIT)
    assert chosen.kind != "none"
    assert set(rmse) == set(KINDS)
    right = TRUTH + CHOICES.normal(0, 0.02, 3000)  # labels lie around these scores, so nothing is to be mended
    noisy = CHOICES.normal(0.5, 0.01, 3000)
    assert best_calibrator(TRUTH[:400], right[:400], FOLDS[:400], UNIT)[0].kind == "none"
    cross = cross_fitted("isotonic", noisy, TRUTH, FOLDS, UNIT)
    assert abs(np.corrcoef(cross, TRUTH)[0, 1]) < 0.1  # a map that saw its rows would correlate with them


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limits", [UNIT, (-1.0, 1.0)])
def test_calibrated_scores_stay_in_the_range(kind: CalibrationKind, limits: tuple[float, float]) -> None:
    low, high = limits
    labels = low + (high - low) * TRUTH
    calibrator = fit_calibrator(kind, low + (high - low) * SQUEEZED, labels, limits)
    found = calibrator.apply(np.array([-9.0, low, 0.0, high, 9.0]))
    assert found.min() >= low
    assert found.max() <= high


def test_intervals_hold_nine_labels_of_ten_in_every_length_bucket() -> None:
    choices = np.random.default_rng(9)
    lengths = np.array(LENGTH_BUCKETS)[np.arange(6000) % 3]
    noise = np.array([0.05, 0.1, 0.2])[np.arange(6000) % 3]
    labels = choices.uniform(0, 1, 6000)
    scores = np.clip(labels + choices.normal(0, noise), 0, 1)
    half = slice(0, 3000), slice(3000, 6000)
    intervals = fit_intervals(
        scores[half[0]], labels[half[0]], lengths[half[0]], coverage=0.9, fewest_rows=50, limits=UNIT
    )
    low, high = intervals.around(scores[half[1]], lengths[half[1]])
    for name, (rows, share) in covered(labels[half[1]], low, high, lengths[half[1]]).items():
        assert rows == (3000 if name == "all" else 1000)
        assert share == pytest.approx(0.9, abs=0.03)
    assert intervals.half_widths["SHORT"] < intervals.half_widths["MEDIUM"] < intervals.half_widths["LONG"]


def test_the_half_width_is_the_conformal_quantile_of_the_residuals() -> None:
    residuals = np.linspace(0, 0.5, 99)
    lengths = np.array(["SHORT"] * 99)
    intervals = fit_intervals(np.full(99, 0.5), 0.5 + residuals, lengths, coverage=0.9, fewest_rows=50, limits=UNIT)
    rank = int(np.ceil(100 * 0.9))  # of n + 1
    assert intervals.half_widths["SHORT"] == pytest.approx(residuals[rank - 1])


def test_a_bucket_with_few_rows_takes_the_interval_of_all_and_says_so() -> None:
    lengths = np.array(["SHORT"] * 200 + ["LONG"] * 10)
    intervals = fit_intervals(SQUEEZED[:210], TRUTH[:210], lengths, coverage=0.9, fewest_rows=50, limits=UNIT)
    assert intervals.rows == {"SHORT": 200, "MEDIUM": 0, "LONG": 0}
    assert intervals.half_widths["LONG"] == intervals.half_widths["MEDIUM"]
    assert covered(TRUTH[:2], TRUTH[:2], TRUTH[:2], lengths[:2])["LONG"] == (0, None)


def test_intervals_are_as_wide_as_a_rows_spread_and_hold_for_every_kind_of_author() -> None:
    choices = np.random.default_rng(3)
    spread = np.repeat([0.5, 1.0, 2.0], 1000)
    labels = choices.uniform(0.4, 0.6, 3000)
    scores = labels + spread * choices.normal(0, 0.05, 3000)
    seen, new = np.arange(3000) % 2 == 0, np.arange(3000) % 2 == 1
    lengths = np.array(["SHORT"] * 3000)
    given = {"coverage": 0.9, "fewest_rows": 50, "limits": UNIT}
    intervals = fit_intervals(scores[seen], labels[seen], lengths[seen], spread=spread[seen], **given)
    low, high = intervals.around(scores[new], lengths[new], spread[new])
    inside = (labels[new] >= low) & (labels[new] <= high)
    for kind in (0.5, 1.0, 2.0):
        assert inside[spread[new] == kind].mean() == pytest.approx(0.9, abs=0.04)
    plain = fit_intervals(scores, labels, lengths, **given)
    assert plain == fit_intervals(scores, labels, lengths, spread=np.ones(3000), **given)
    for one, other in zip(plain.around(scores, lengths), plain.around(scores, lengths, np.ones(3000)), strict=True):
        np.testing.assert_array_equal(one, other)
