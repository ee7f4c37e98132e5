"""Scores that mean what they say: of texts scored 0.3 the mean label is 0.3.

Belongs here: Platt's and isotonic calibration of a regression, which of them helps. Does not belong here: measuring the
error (``metrics``), intervals (``conformal``).

Fitted on out-of-fold scores and judged on rows that neither the models nor the calibration have seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.measuring.metrics import Floats, rmse

CalibrationKind = Literal["none", "platt", "isotonic"]
KINDS: tuple[CalibrationKind, ...] = ("none", "platt", "isotonic")
# A calibration has to lower the cross-fitted RMSE by this share to be worth a step more between text and score.
_LEAST_GAIN = 0.001
EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A fitted monotone map of scores.

    Attributes:
        kind: none (only clips to the range), platt or isotonic.
        limits: the variable's range.
        knots: scores at which the isotonic map is given, or for platt (slope, intercept) of the logit.
        values: the map at the knots; empty for platt.
    """

    kind: CalibrationKind
    limits: tuple[float, float]
    knots: Floats
    values: Floats

    def apply(self, scores: Floats) -> Floats:
        """Return calibrated scores within the range, (rows,)."""
        low, high = self.limits
        if self.kind == "platt":
            slope, intercept = self.knots
            return np.asarray(low + (high - low) / (1 + np.exp(-(slope * _logit(scores, self.limits) + intercept))))
        if self.kind == "isotonic":
            return np.clip(np.interp(scores, self.knots, self.values), low, high)
        return np.clip(scores, low, high)


def fit_calibrator(kind: CalibrationKind, scores: Floats, labels: Floats, limits: tuple[float, float]) -> Calibrator:
    """Fit a map from scores to labels, both (rows,).

    Platt: a logistic curve of the score's logit, by cross-entropy against the labels as shares of the range (Platt
    1999). Isotonic: the monotone steps of least squares (Zadrozny and Elkan 2002), linear in between.
    """
    none = np.empty(0)
    if kind == "platt":
        return Calibrator(kind, limits, _platt(_logit(scores, limits), _share(labels, limits)), none)
    if kind == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        steps = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
        return Calibrator(kind, limits, np.asarray(steps.X_thresholds_), np.asarray(steps.y_thresholds_))
    return Calibrator(kind, limits, none, none)


def cross_fitted(
    kind: CalibrationKind, scores: Floats, labels: Floats, folds: NDArray[np.int64], limits: tuple[float, float]
) -> Floats:
    """Return the scores calibrated by maps that have not seen their fold, (rows,), like scores, labels and folds."""
    return _by_fold(folds, lambda rest: fit_calibrator(kind, scores[rest], labels[rest], limits).apply, scores)


def best_calibrator(
    scores: Floats, labels: Floats, folds: NDArray[np.int64], limits: tuple[float, float]
) -> tuple[Calibrator, dict[str, float]]:
    """Return the calibration with the lowest cross-fitted RMSE, fitted on all rows, and the RMSE of each kind.

    Args:
        scores: (rows,) by models that have not seen the rows.
        labels: (rows,).
        folds: (rows,) that keep authors together.
        limits: the variable's range.
    """
    errors: dict[CalibrationKind, float] = {
        kind: rmse(labels, cross_fitted(kind, scores, labels, folds, limits)) for kind in KINDS
    }
    best = min(KINDS, key=lambda kind: errors[kind])
    chosen = best if errors[best] < errors["none"] * (1 - _LEAST_GAIN) else "none"
    return fit_calibrator(chosen, scores, labels, limits), {str(kind): found for kind, found in errors.items()}


def _by_fold(
    folds: NDArray[np.int64], fit: Callable[[NDArray[np.bool_]], Callable[[Floats], Floats]], scores: Floats
) -> Floats:
    mapped = np.empty_like(scores)
    for fold in np.unique(folds):
        mapped[folds == fold] = fit(folds != fold)(scores[folds == fold])
    return mapped


def _share(values: Floats, limits: tuple[float, float]) -> Floats:
    low, high = limits
    return (values - low) / (high - low)


def _logit(scores: Floats, limits: tuple[float, float]) -> Floats:
    shares = np.clip(_share(scores, limits), EDGE, 1 - EDGE)
    return np.asarray(np.log(shares / (1 - shares)))


def _platt(logits: Floats, shares: Floats) -> Floats:
    from scipy.optimize import minimize

    def loss(line: Floats) -> tuple[float, Floats]:
        heights = line[0] * logits + line[1]
        errors = 1 / (1 + np.exp(-heights)) - shares
        entropy = np.logaddexp(0, heights) - shares * heights
        return float(entropy.mean()), np.array([(errors * logits).mean(), errors.mean()])

    return np.asarray(minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x)
