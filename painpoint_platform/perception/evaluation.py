"""What a trained model is worth on rows that nothing was fitted on.

Belongs here: all figures of one part of a corpus. Does not belong here: a figure's formula (``metrics``), thresholds
(``gates``), pages and plots.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from painpoint_platform.perception.adapters import RANGES
from painpoint_platform.perception.conformal import covered
from painpoint_platform.perception.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.metrics import (
    ConfidenceInterval,
    Floats,
    RegressionMetrics,
    bootstrap_intervals,
    metrics_by_group,
    regression_metrics,
    within_group_correlation,
)
from painpoint_platform.perception.model import TEMPORAL, PerceptionModel, final_scores, member_scores
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.training_rows import LabelledRows

BASES = ("lexical", "embedding", TEMPORAL)


@dataclass(frozen=True, slots=True)
class PartReport:
    """Figures of one part.

    Attributes:
        before, calibrated: of the final score before and after calibration.
        by_length, by_language: of the calibrated score; every length bucket is there, with 0 rows where it is empty.
        intervals: bootstrap, authors drawn whole.
        within_author: Pearson's r around each author's means; None without authors of several texts.
        coverage: rows and share of labels inside their interval, by length bucket and for ``all``.
        interval_width: mean of high - low.
        member_rmse: of each model alone.
        member_pearson: likewise.
        final_rmse: of the final score before calibration.
    """

    before: RegressionMetrics
    calibrated: RegressionMetrics
    by_length: Mapping[str, RegressionMetrics]
    by_language: Mapping[str, RegressionMetrics]
    intervals: Mapping[str, ConfidenceInterval]
    within_author: float | None
    coverage: Mapping[str, tuple[int, float | None]]
    interval_width: float
    member_rmse: Mapping[str, float]
    member_pearson: Mapping[str, float | None]
    final_rmse: float

    @property
    def base_rmse(self) -> Mapping[str, float]:
        """The RMSE of the base models among the members."""
        return {name: rmse for name, rmse in self.member_rmse.items() if name in BASES}


def judged_part(
    model: PerceptionModel, rows: LabelledRows, *, constant: float, settings: PerceptionSettings
) -> PartReport:
    """Return the figures of a model that still has all its members.

    Args:
        model: fitted on other rows.
        rows: with labels; each row is told only those of its author's earlier rows, where the model asks for a past.
        constant: the mean label of the training rows.
        settings: rounds and seed of the bootstrap.
    """
    limits = RANGES[model.variable]
    members = member_scores(model.members, model.level, rows.features, rows.items, rows.labels)
    raw = final_scores(model, members, rows.features, rows.items)
    score = model.calibrator.apply(raw)
    low, high = model.intervals.around(score, rows.lengths)
    users = rows.users
    groups = {
        name: metrics_by_group(rows.labels, score, values, names=names, constant=constant, limits=limits)
        for name, values, names in (("length", rows.lengths, LENGTH_BUCKETS), ("language", rows.languages, ()))
    }
    of_members = {name: regression_metrics(rows.labels, one, limits=limits) for name, one in members.items()}
    before = regression_metrics(rows.labels, raw, constant=constant, limits=limits)
    return PartReport(
        before=before,
        calibrated=regression_metrics(rows.labels, score, constant=constant, limits=limits),
        by_length=groups["length"],
        by_language=groups["language"],
        intervals=bootstrap_intervals(
            rows.labels, score, groups=users, rounds=settings.bootstrap_rounds, seed=settings.seed
        ),
        within_author=_within_author(rows.labels, score, users),
        coverage=covered(rows.labels, low, high, rows.lengths),
        interval_width=float(np.mean(high - low)),
        member_rmse={name: _known(one.rmse) for name, one in of_members.items()},
        member_pearson={name: one.pearson for name, one in of_members.items()},
        final_rmse=_known(before.rmse),
    )


def _within_author(labels: Floats, scores: Floats, users: np.ndarray[tuple[int], np.dtype[np.str_]]) -> float | None:
    several = len(np.unique(users)) < len(users)
    return within_group_correlation(labels, scores, users) if several else None


def _known(figure: float | None) -> float:
    if figure is None:
        raise ValueError("a part without rows has no figures")
    return figure
