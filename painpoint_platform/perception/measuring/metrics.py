"""How far scores lie from labels.

Belongs here: figures of regression, also by group. Does not belong here: how far they would move with other authors
(``bootstrap``), figures of emotion paths (``path_metrics``), what a figure has to reach (``gates``).

A figure that does not exist is None and never 0: the correlation of a constant, anything of no rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CALIBRATION_BINS = 10
# Below this standard deviation scores are a constant whose digits differ by rounding.
_CONSTANT = 1e-9


@dataclass(frozen=True, slots=True)
class RegressionMetrics:
    """Figures of scores against labels.

    Attributes:
        rows: that the figures are of.
        rmse, mae: in units of the label.
        pearson, spearman: correlations, None where scores or labels are constant.
        ece, mce: expected and maximum calibration error; see ``calibration_errors``.
        skill: 1 - rmse / rmse of the constant that the metrics were asked to compare with; None without one.
    """

    rows: int
    rmse: float | None = None
    mae: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    ece: float | None = None
    mce: float | None = None
    skill: float | None = None


def regression_metrics(
    labels: Floats, scores: Floats, *, constant: float | None = None, limits: tuple[float, float] = (0.0, 1.0)
) -> RegressionMetrics:
    """Return the figures of ``scores`` against ``labels``, both (rows,).

    Args:
        labels: what annotators said.
        scores: what a model said.
        constant: what a model without features would say: the mean of the training labels.
        limits: the variable's range, which the calibration bins divide.
    """
    if not len(labels):
        return RegressionMetrics(rows=0)
    error = rmse(labels, scores)
    ece, mce = calibration_errors(labels, scores, limits=limits)
    return RegressionMetrics(
        rows=len(labels),
        rmse=error,
        mae=float(np.abs(scores - labels).mean()),
        pearson=correlation(labels, scores),
        spearman=rank_correlation(labels, scores),
        ece=ece,
        mce=mce,
        skill=None if constant is None else _skill(error, rmse(labels, constant)),
    )


def rmse(labels: Floats, scores: Floats | float) -> float:
    """Return the root of the mean squared error, in units of the label; ``labels`` (rows,), at least one."""
    return float(np.sqrt(np.mean((scores - labels) ** 2)))


def metrics_by_group(
    labels: Floats,
    scores: Floats,
    groups: NDArray[np.str_],
    *,
    names: Sequence[str] = (),
    constant: float | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
) -> dict[str, RegressionMetrics]:
    """Return the figures of each group; a group of ``names`` without rows is there with ``rows`` 0.

    Args:
        labels: (rows,).
        scores: (rows,).
        groups: (rows,) the group of each row.
        names: groups to be there in any case, first and in this order; the others follow by the alphabet.
        constant: as of ``regression_metrics``.
        limits: likewise.
    """
    found = sorted(set(groups.tolist()) - set(names))
    return {
        name: regression_metrics(labels[groups == name], scores[groups == name], constant=constant, limits=limits)
        for name in (*names, *found)
    }


def correlation(first: Floats, second: Floats) -> float | None:
    """Return Pearson's r of two columns (rows,), or None where one is constant or has fewer than two values."""
    if len(first) < 2 or first.std() < _CONSTANT or second.std() < _CONSTANT:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Return Spearman's rho: Pearson's r of ranks, ties sharing their mean rank; None as for ``correlation``."""
    from scipy.stats import rankdata

    if correlation(first, second) is None:
        return None
    return correlation(rankdata(first), rankdata(second))


def within_group_correlation(labels: Floats, scores: Floats, groups: NDArray[np.str_]) -> float | None:
    """Return Pearson's r of what remains when each group's means are taken away: how well change is followed.

    All three are (rows,); None as for ``correlation``.
    """
    _, member = np.unique(groups, return_inverse=True)
    rows = np.maximum(np.bincount(member), 1)
    centred = [values - (np.bincount(member, values) / rows)[member] for values in (labels, scores)]
    return correlation(*centred)


def calibration_errors(
    labels: Floats, scores: Floats, *, limits: tuple[float, float] = (0.0, 1.0), bins: int = CALIBRATION_BINS
) -> tuple[float, float]:
    """Return expected and maximum calibration error of a regression.

    The range is cut into ``bins`` of equal width by the score. A bin's error is the distance between its mean score and
    its mean label; the first figure is their mean weighted by rows, the second the largest. (Naeini et al., AAAI 2015,
    with the mean label in the place of the share of hits.) A constant at the labels' mean has errors of 0, so a gate on
    these alone says nothing.
    """
    counts, mean_scores, mean_labels = calibration_curve(labels, scores, limits=limits, bins=bins)
    gaps = np.abs(mean_scores - mean_labels)
    return float(gaps @ counts / counts.sum()), float(gaps.max())


def calibration_curve(
    labels: Floats, scores: Floats, *, limits: tuple[float, float] = (0.0, 1.0), bins: int = CALIBRATION_BINS
) -> tuple[Floats, Floats, Floats]:
    """Return rows, mean score and mean label, (bins that have rows,) each; for the bins see ``calibration_errors``."""
    places = bin_of(scores, limits, bins)
    counts = np.bincount(places, minlength=bins).astype(np.float64)
    present = counts > 0
    sums = [np.bincount(places, values, minlength=bins)[present] for values in (scores, labels)]
    return counts[present], sums[0] / counts[present], sums[1] / counts[present]


def bin_of(scores: Floats, limits: tuple[float, float], bins: int) -> NDArray[np.int64]:
    """Return the bin of each score, (rows,), 0 to ``bins`` - 1, where ``bins`` of equal width divide the range."""
    low, high = limits
    return np.clip(((scores - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)


def _skill(error: float, of_constant: float) -> float | None:
    return None if of_constant < _CONSTANT else 1 - error / of_constant
