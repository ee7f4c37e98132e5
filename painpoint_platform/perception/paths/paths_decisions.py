"""How probabilities of paths become honest and decisions fair: temperature, and what rare classes are favoured by.

Belongs here: fitting both to out-of-fold predictions. Does not belong here: applying them (``hierarchy``), the figures
that they are judged by (``path_metrics``).
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.paths.hierarchy import Tree, path_scores, softmax

_TEMPERATURES = (0.05, 20.0)
# A class is favoured or not by steps of its log-probability; a gain of less than this share is chance.
_STEPS = (-1.0, -0.5, -0.2, -0.1, 0.1, 0.2, 0.5, 1.0)
_LEAST_GAIN = 1e-4
_MOST_ROUNDS = 8
_FURTHEST = 4.0


def fit_temperature(logits: Floats, places: NDArray[np.int64]) -> float:
    """Return the temperature with the lowest cross-entropy of the leaves (Guo et al., ICML 2017).

    Args:
        logits: (rows, leaves), of rows that the network has not seen.
        places: (rows,) the labelled leaves.
    """
    from scipy.optimize import minimize_scalar

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(lambda log: cross_entropy(softmax(logits / np.exp(log)), places), bounds=(low, high))
    return float(np.exp(found.x))


def cross_entropy(probabilities: Floats, places: NDArray[np.int64]) -> float:
    """Return the mean of -log of the labelled leaf's probability, in nats.

    Args:
        probabilities: (rows, leaves).
        places: (rows,) the labelled leaves.
    """
    return float(-np.log(np.maximum(probabilities[np.arange(len(places)), places], 1e-12)).mean())


def fit_offsets(tree: Tree, probabilities: Floats, places: NDArray[np.int64], folds: NDArray[np.int64]) -> Floats:
    """Return what each path is favoured by in ``hierarchy.decode``, (leaves,): the offsets of best macro-F1.

    Choosing the most probable path serves accuracy: rare classes are hardly ever chosen. Macro-F1 is served by choosing
    them sooner (Lipton et al., ECML 2014). But what is best for rows of few rare classes is mostly their chance: so the
    offsets of two halves of the folds are fitted apart, each is judged on the other half, and their mean is kept where
    it pays there; else nothing is favoured.

    Args:
        tree: of the classes.
        probabilities: (rows, leaves), calibrated, of rows that the network has not seen.
        places: (rows,) the labelled leaves.
        folds: (rows,) that keep authors together, at least two.
    """
    first = np.isin(folds, np.unique(folds)[::2])
    halves = [_best_offsets(tree, probabilities[half], places[half]) for half in (first, ~first)]
    base = path_scores(tree, probabilities)
    crossed = np.where(first[:, None], halves[1], halves[0])
    plain, favoured = (_mean_macro_f1(tree, places, np.argmax(base + by, axis=1)) for by in (0, crossed))
    return np.mean(halves, axis=0) if favoured > plain + _LEAST_GAIN else np.zeros(len(tree.paths))


def _best_offsets(tree: Tree, probabilities: Floats, places: NDArray[np.int64]) -> Floats:
    """Coordinate ascent on the mean of the levels' macro-F1: the leaves of one node after the other move together."""
    base = path_scores(tree, probabilities)
    offsets = np.zeros(len(tree.paths))
    best = _mean_macro_f1(tree, places, base.argmax(axis=1))
    for _ in range(_MOST_ROUNDS):
        before = best
        for group in _groups(tree):
            inside, outside = (_best_of(base + offsets, part) for part in (group, ~group))
            found = {
                step: _mean_macro_f1(tree, places, np.where(inside[1] + step > outside[1], inside[0], outside[0]))
                for step in _STEPS
                if np.abs(offsets[group] + step).max() <= _FURTHEST
            }
            step = max(found, key=lambda one: found[one])
            if found[step] > best + _LEAST_GAIN:
                best, offsets = found[step], offsets + step * group
        if best == before:
            break
    return offsets


def _groups(tree: Tree) -> list[NDArray[np.bool_]]:
    """Return the leaves of each node that is not the only one of its level, coarse nodes first."""
    masks = [level == node for level in tree.levels for node in range(int(level.max()) + 1) if level.max() > 0]
    return list({mask.tobytes(): mask for mask in masks}.values())


def _best_of(scores: Floats, leaves: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    places = np.flatnonzero(leaves)
    best = places[scores[:, places].argmax(axis=1)]
    return best, scores[np.arange(len(scores)), best]


def _mean_macro_f1(tree: Tree, places: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
    return float(np.mean([_macro_f1(level[places], level[chosen]) for level in tree.levels]))


def _macro_f1(labels: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
    """Return ``path_metrics.macro_f1``, of numbers."""
    size = int(max(labels.max(), chosen.max())) + 1
    rows = np.bincount(labels, minlength=size) + np.bincount(chosen, minlength=size)
    hits = np.bincount(labels[labels == chosen], minlength=size)
    return float((2 * hits[rows > 0] / rows[rows > 0]).mean())
