"""Intervals of figures hold what other authors would have given."""

import numpy as np
import pytest
from scipy.stats import rankdata

from painpoint_platform.perception.measuring.bootstrap import _rank_correlations, bootstrap_intervals
from painpoint_platform.perception.measuring.metrics import regression_metrics, within_group_correlation

CHOICES = np.random.default_rng(3)
USERS = np.repeat(np.arange(20), 20).astype(np.str_)
LABELS = CHOICES.uniform(0, 1, 400).round(1)
SCORES = np.clip(LABELS + np.repeat(CHOICES.normal(0, 0.1, 20), 20) + CHOICES.normal(0, 0.1, 400), 0, 1)


def test_the_figure_lies_in_its_interval_which_is_wider_where_authors_repeat_themselves() -> None:
    alone, together = (bootstrap_intervals(LABELS, SCORES, groups=groups) for groups in (None, USERS))
    figures = regression_metrics(LABELS, SCORES)
    for name in ("rmse", "mae", "pearson", "spearman"):
        assert alone[name].low < getattr(figures, name) < alone[name].high
    assert together["rmse"].high - together["rmse"].low > 1.5 * (alone["rmse"].high - alone["rmse"].low)
    within = within_group_correlation(LABELS, SCORES, USERS)
    assert together["within_author"].low < within < together["within_author"].high
    assert "within_author" not in alone


def test_a_resample_has_the_figures_of_the_rows_that_were_drawn() -> None:
    labels, scores = LABELS[:6], SCORES[:6].round(1)
    draw = np.array([[2.0, 0, 1, 3, 0, 1]])
    drawn = np.repeat(np.arange(6), draw[0].astype(int))
    expected = np.corrcoef(rankdata(labels[drawn]), rankdata(scores[drawn]))[0, 1]
    assert _rank_correlations(draw, labels, scores, np.arange(6))[0] == pytest.approx(expected)


def test_intervals_are_those_of_resampling_by_hand() -> None:
    found = bootstrap_intervals(LABELS, SCORES, groups=USERS, rounds=300, seed=5)
    draws = np.random.default_rng(5).multinomial(20, np.full(20, 1 / 20), 300)
    order = np.unique(USERS, return_inverse=True)[1]
    rows = [np.repeat(np.arange(400), draw[order]) for draw in draws]
    figures = [regression_metrics(LABELS[chosen], SCORES[chosen]) for chosen in rows]
    for name in ("rmse", "mae", "pearson", "spearman", "ece"):
        low, high = np.quantile([getattr(one, name) for one in figures], [0.025, 0.975])
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=1e-9)


def test_what_does_not_exist_has_no_interval() -> None:
    assert bootstrap_intervals(np.ones(1), np.ones(1)) == {}
    assert set(bootstrap_intervals(LABELS, np.full(400, 0.5))) == {"rmse", "mae", "ece"}
