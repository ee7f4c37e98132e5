"""How far a figure would move with other authors: percentile intervals from resamples (Efron 1979).

Belongs here: intervals of regression figures. Does not belong here: the figures themselves (``metrics``).

Authors are drawn whole, because texts of one author say the same thing more than once. Every figure is a function of
sums over authors, so a resample is a vector of how often each author was drawn and all resamples are one matrix
product; ranks are those of the resample, ties sharing their mean rank.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.measuring.metrics import CALIBRATION_BINS, Floats, bin_of

# Numbers of a block of resamples times rows, which bounds the memory of ranking them.
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class ConfidenceInterval:
    """Where a figure lies in the given share of resamples."""

    low: float
    high: float


def bootstrap_intervals(
    labels: Floats,
    scores: Floats,
    *,
    groups: NDArray[np.str_] | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 137,
) -> Mapping[str, ConfidenceInterval]:
    """Return intervals of rmse, mae, pearson, spearman, ece and within_author; empty for fewer than two groups.

    A figure that does not exist in every resample has none: a correlation of a constant, one within authors where none
    has two texts. The interval of ``ece`` may lie above the figure: it is a mean of distances, and a resample has more
    of them than the rows that it was drawn from.

    Args:
        labels: (rows,).
        scores: (rows,).
        groups: whose rows are drawn together; None: each row alone.
        limits: the variable's range, which the calibration bins divide.
        rounds: resamples.
        level: share of the resamples inside an interval.
        seed: of the draws; the same for two models gives them the same resamples.
    """
    _, member = np.unique(np.arange(len(labels)) if groups is None else groups, return_inverse=True)
    size = int(member.max(initial=-1)) + 1
    if size < 2:
        return {}
    draws = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), rounds).astype(np.float64)
    figures = {
        **_from_moments(draws, labels, scores, member),
        "ece": _calibration_errors(draws, labels, scores, member, limits),
        "spearman": _rank_correlations(draws, labels, scores, member),
    }
    ends = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: ConfidenceInterval(*(float(end) for end in np.quantile(values, ends)))
        for name, values in figures.items()
        if np.isfinite(values).all()
    }


def _from_moments(draws: Floats, labels: Floats, scores: Floats, member: NDArray[np.int64]) -> dict[str, Floats]:
    columns = (
        np.ones_like(labels), labels, scores, labels**2, scores**2, labels * scores, np.abs(labels - scores),
    )  # fmt: skip
    rows, sum_y, sum_p, sum_yy, sum_pp, sum_yp, sum_abs = (draws @ _by_group(columns, member)).T
    spread = (rows * sum_yy - sum_y**2, rows * sum_pp - sum_p**2)
    counts = np.bincount(member)[member]
    around = [values - (np.bincount(member, values))[member] / counts for values in (labels, scores)]
    within = draws @ _by_group((around[0] * around[1], around[0] ** 2, around[1] ** 2), member)
    return {
        "rmse": np.sqrt(np.maximum(sum_yy - 2 * sum_yp + sum_pp, 0) / rows),
        "mae": sum_abs / rows,
        "pearson": _ratio(rows * sum_yp - sum_y * sum_p, *spread),
        "within_author": _ratio(*within.T),
    }


def _calibration_errors(
    draws: Floats, labels: Floats, scores: Floats, member: NDArray[np.int64], limits: tuple[float, float]
) -> Floats:
    gaps = np.zeros((draws.shape[1], CALIBRATION_BINS))
    np.add.at(gaps, (member, bin_of(scores, limits, CALIBRATION_BINS)), scores - labels)
    return np.asarray(np.abs(draws @ gaps).sum(axis=1) / (draws @ np.bincount(member)))


def _rank_correlations(draws: Floats, labels: Floats, scores: Floats, member: NDArray[np.int64]) -> Floats:
    at_once = max(1, _BLOCK // len(labels))
    found = []
    for start in range(0, len(draws), at_once):
        weights = draws[start : start + at_once][:, member]
        rows = weights.sum(axis=1, keepdims=True)
        # The mean rank of a whole sample is the same whatever the ties.
        ranks = [_weighted_ranks(values, weights) - (rows + 1) / 2 for values in (labels, scores)]
        products = [np.einsum("ij,ij,ij->i", weights, one, other) for one, other in _pairs(*ranks)]
        found.append(_ratio(*products))
    return np.asarray(np.concatenate(found))


def _pairs(first: Floats, second: Floats) -> tuple[tuple[Floats, Floats], ...]:
    return (first, second), (first, first), (second, second)


def _weighted_ranks(values: Floats, weights: Floats) -> Floats:
    """Return the mid-rank of each row among rows that stand there ``weights`` times, (resamples, rows)."""
    _, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(place[order]) > 0])
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    return np.asarray((np.cumsum(tied, axis=1) - (tied - 1) / 2)[:, place])


def _by_group(columns: tuple[Floats, ...], member: NDArray[np.int64]) -> Floats:
    return np.stack([np.bincount(member, column) for column in columns], axis=1)


def _ratio(shared: Floats, first: Floats, second: Floats) -> Floats:
    """Return a correlation from sums of products; NaN where one of both does not vary."""
    spread = np.sqrt(np.maximum(first, 0) * np.maximum(second, 0))
    return np.asarray(np.divide(shared, spread, out=np.full(len(shared), np.nan), where=spread > 1e-12))
