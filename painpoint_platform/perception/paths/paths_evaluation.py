"""What a trained classifier of paths is worth on rows that nothing was fitted on.

Belongs here: all figures of one part of a corpus, intervals of F1. Does not belong here: a figure's formula
(``path_metrics``), thresholds (``gates``), pages and plots.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.measuring.bootstrap import ConfidenceInterval
from painpoint_platform.perception.measuring.metrics import Floats, calibration_errors
from painpoint_platform.perception.measuring.path_metrics import Confusion, Path, PathMetrics, confusion, path_metrics
from painpoint_platform.perception.paths.hierarchy import PathModel, Tree
from painpoint_platform.perception.paths.paths_rows import PathRows
from painpoint_platform.perception.settings_file import PerceptionSettings

_LEVEL_SHARE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPaths:
    """Rows with what a model said of them, for plots.

    Attributes:
        labels, predicted: a path a row.
        confidence: (rows,) calibrated probability of the predicted path.
        before: (rows,) the same before calibration.
        correct: (rows,) 1 where the whole path is right, else 0.
        users: (rows,).
    """

    labels: Sequence[Path]
    predicted: Sequence[Path]
    confidence: Floats
    before: Floats
    correct: Floats
    users: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class PathPartReport:
    """Figures of one part.

    Attributes:
        metrics: macro-F1 and micro-F1 by level, hierarchical F1, validity.
        constant: of a model that always says the most frequent path of the training rows.
        by_length: every length bucket is there, with 0 rows where it is empty.
        intervals: bootstrap, authors drawn whole, by figure: ``macro_f1.0`` (the root's children) and deeper,
            ``micro_f1.0`` and deeper, ``hierarchical_f1``; empty for a single author.
        confusions: by level.
        calibration: expected and maximum calibration error of the confidence (10 bins) ``before`` and ``after``.
        judged: the rows.
    """

    metrics: PathMetrics
    constant: PathMetrics
    by_length: Mapping[str, PathMetrics]
    intervals: Mapping[str, ConfidenceInterval]
    confusions: tuple[Confusion, ...]
    calibration: Mapping[str, tuple[float, float]]
    judged: JudgedPaths


def judged_paths(
    model: PathModel, rows: PathRows, *, trained: Sequence[Path], settings: PerceptionSettings
) -> PathPartReport:
    """Return the figures of a model.

    Args:
        model: fitted on other rows.
        rows: with labels.
        trained: labels of the training rows.
        settings: rounds and seed of the bootstrap.
    """
    labels, tree = rows.paths, rows.tree
    scores = model.predict(rows.rows.features, rows.texts)
    predicted = scores.paths
    correct = np.array([one == other for one, other in zip(labels, predicted, strict=True)], np.float64)
    before = model.uncalibrated(scores)
    most_frequent = Counter(trained).most_common(1)[0][0]
    lengths = rows.rows.lengths
    return PathPartReport(
        metrics=path_metrics(labels, predicted, tree=tree.paths, trained=trained),
        constant=path_metrics(labels, [most_frequent] * len(labels), tree=tree.paths),
        by_length={
            name: path_metrics(_of(labels, lengths == name), _of(predicted, lengths == name), tree=tree.paths)
            for name in LENGTH_BUCKETS
        },
        intervals=f1_intervals(
            tree, rows.places, scores.places, rows.rows.users, rounds=settings.bootstrap_rounds, seed=settings.seed
        ),
        confusions=tuple(confusion(labels, predicted, classes=nodes) for nodes in tree.nodes),
        calibration={
            "before": calibration_errors(correct, before),
            "after": calibration_errors(correct, scores.confidence),
        },
        judged=JudgedPaths(labels, predicted, scores.confidence, before, correct, rows.rows.users),
    )


def f1_intervals(
    tree: Tree,
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: NDArray[np.str_],
    *,
    rounds: int = 1000,
    seed: int = 137,
) -> Mapping[str, ConfidenceInterval]:
    """Return percentile intervals of 95 % of resamples (Efron 1979); empty for fewer than two groups.

    The classes of a macro-F1 are those of the whole sample; one that a resample lacks counts in none of its means.

    Args:
        tree: of the paths.
        labels, predicted: (rows,) places in the tree.
        groups: whose rows are drawn together.
        rounds: resamples.
        seed: of the draws.
    """
    _, member = np.unique(groups, return_inverse=True)
    size = int(member.max(initial=-1)) + 1
    if size < 2:
        return {}
    draws = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), rounds).astype(np.float64)
    rows = draws @ np.bincount(member, minlength=size)
    figures: dict[str, Floats] = {}
    shared = np.zeros(len(draws))
    for depth, level in enumerate(tree.levels):
        truth, guess = level[labels], level[predicted]
        counts = [draws @ _by_class(member, node, size, level, kept) for node, kept in (
            (truth, truth == guess), (truth, None), (guess, None))]  # fmt: skip
        hits, total = counts[0], counts[1] + counts[2]
        f1 = np.divide(2 * hits, total, out=np.full_like(total, np.nan), where=total > 0)
        figures[f"macro_f1.{depth}"] = np.nanmean(f1[:, np.isfinite(f1).any(axis=0)], axis=1)
        figures[f"micro_f1.{depth}"] = hits.sum(axis=1) / rows
        shared += hits.sum(axis=1)
    figures["hierarchical_f1"] = shared / (rows * len(tree.levels))
    ends = [(1 - _LEVEL_SHARE) / 2, (1 + _LEVEL_SHARE) / 2]
    return {
        name: ConfidenceInterval(*(float(end) for end in np.quantile(values, ends))) for name, values in figures.items()
    }


def _by_class(
    member: NDArray[np.int64],
    nodes: NDArray[np.int64],
    groups: int,
    level: NDArray[np.int64],
    kept: NDArray[np.bool_] | None,
) -> Floats:
    """Return rows by group and node, (groups, nodes)."""
    classes = int(level.max()) + 1
    weights = None if kept is None else kept.astype(np.float64)
    counts = np.bincount(member * classes + nodes, weights, minlength=groups * classes)
    return np.asarray(counts.reshape(groups, classes), np.float64)


def _of(paths: Sequence[Path], chosen: NDArray[np.bool_]) -> list[Path]:
    return [paths[row] for row in np.flatnonzero(chosen).tolist()]
