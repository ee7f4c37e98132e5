"""Figures of regression and of paths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr, spearmanr

from painpoint_platform.perception.emotions import EMOTION_PATHS
from painpoint_platform.perception.measuring.metrics import (
    RegressionMetrics,
    calibration_curve,
    metrics_by_group,
    regression_metrics,
    within_group_correlation,
)
from painpoint_platform.perception.measuring.path_metrics import hierarchical_f1, macro_f1, path_metrics

SHARES = arrays(np.float64, 40, elements=st.floats(0, 1))
TREE = set(EMOTION_PATHS.values())
JOY, ANGER, FEAR = ("positive", "joy", "joy"), ("negative", "anger", "anger"), ("negative", "fear", "fear")


def test_figures_are_those_of_their_formulas() -> None:
    choices = np.random.default_rng(1)
    labels = choices.uniform(0, 1, 200)
    scores = np.clip(labels + choices.normal(0, 0.1, 200), 0, 1)
    figures = regression_metrics(labels, scores, constant=float(labels.mean()))
    assert figures.rows == 200
    assert figures.rmse == pytest.approx(np.sqrt(((labels - scores) ** 2).mean()))
    assert figures.mae == pytest.approx(np.abs(labels - scores).mean())
    assert figures.pearson == pytest.approx(pearsonr(labels, scores).statistic)
    assert figures.spearman == pytest.approx(spearmanr(labels, scores).statistic)
    assert figures.skill == pytest.approx(1 - figures.rmse / labels.std())


def test_calibration_error_is_the_distance_of_means_by_bin() -> None:
    scores = np.array([0.11, 0.19, 0.95])
    labels = np.array([0.25, 0.25, 0.75])
    figures = regression_metrics(labels, scores)
    assert figures.ece == pytest.approx(2 / 3 * 0.10 + 1 / 3 * 0.20)
    assert figures.mce == pytest.approx(0.20)


def test_bins_divide_the_range_of_the_variable() -> None:
    counts, mean_scores, _ = calibration_curve(np.zeros(4), np.array([-1.0, -0.81, 0.79, 1.0]), limits=(-1, 1))
    assert counts.tolist() == [2, 1, 1]
    assert mean_scores.tolist() == pytest.approx([-0.905, 0.79, 1.0])


def test_a_constant_has_no_correlation_and_no_skill() -> None:
    labels = np.random.default_rng(2).uniform(0.4, 0.6, 100)
    figures = regression_metrics(labels, np.full(100, labels.mean()), constant=float(labels.mean()))
    assert figures.pearson is None
    assert figures.spearman is None
    assert figures.skill == pytest.approx(0)
    assert figures.ece == pytest.approx(0)  # which is why calibration alone accepts nothing


def test_no_rows_have_no_figures() -> None:
    assert regression_metrics(np.empty(0), np.empty(0)) == RegressionMetrics(rows=0)
    by_length = metrics_by_group(np.ones(2), np.ones(2), np.array(["SHORT", "SHORT"]), names=("SHORT", "LONG"))
    assert by_length["LONG"] == RegressionMetrics(rows=0)


@given(SHARES, SHARES)
def test_no_figure_is_ever_not_a_number(labels: np.ndarray, scores: np.ndarray) -> None:
    figures = regression_metrics(labels, scores, constant=0.5)
    found = [getattr(figures, name) for name in RegressionMetrics.__dataclass_fields__]
    assert all(value is None or np.isfinite(value) for value in found)
    assert figures.mae <= figures.rmse + 1e-12
    assert figures.ece <= figures.mce + 1e-12


def test_levels_of_authors_do_not_count_within_them() -> None:
    users = np.repeat(np.array(["a", "b"]), 50)
    labels = np.r_[np.full(50, 0.2), np.full(50, 0.8)] + np.tile([0.01, -0.01], 50)
    scores = np.r_[np.full(50, 0.2), np.full(50, 0.8)] - np.tile([0.01, -0.01], 50)
    assert regression_metrics(labels, scores).pearson > 0.99
    assert within_group_correlation(labels, scores, users) == pytest.approx(-1)


def test_macro_f1_counts_every_class_alike() -> None:
    labels = [JOY] * 8 + [ANGER] * 2
    assert macro_f1(labels, [JOY] * 10) == pytest.approx((2 * 8 / 18 + 0) / 2)
    assert macro_f1(labels, labels) == 1


def test_hierarchical_f1_rewards_a_shared_ancestor() -> None:
    assert hierarchical_f1([ANGER], [FEAR]) == pytest.approx(1 / 3)
    assert hierarchical_f1([ANGER], [JOY]) == 0
    assert hierarchical_f1([ANGER], [ANGER]) == 1


def test_paths_outside_the_tree_are_counted() -> None:
    figures = path_metrics([JOY, ANGER], [JOY, ("positive", "anger", "anger")], tree=TREE)
    assert figures.path_validity == 0.5
    assert figures.macro_f1 is not None
    assert len(figures.macro_f1) == 3
    assert path_metrics([], [], tree=TREE).path_validity is None
