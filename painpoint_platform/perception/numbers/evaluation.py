"""What a trained model is worth on rows that nothing was fitted on.

Belongs here: all figures of one part of a corpus, and the rows that they are of. Does not belong here: a figure's
formula (``metrics``, ``bootstrap``), thresholds (``gates``), pages and plots.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.conformal import covered
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.bootstrap import ConfidenceInterval, bootstrap_intervals
from painpoint_platform.perception.measuring.metrics import (
    Floats,
    RegressionMetrics,
    metrics_by_group,
    regression_metrics,
    within_group_correlation,
)
from painpoint_platform.perception.numbers.model import PerceptionModel, final_scores, member_scores
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.variables import RANGES

TEMPORAL = "temporal"
BASES = ("lexical", "embedding", TEMPORAL)
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRows:
    """What a model said of rows and what was right, each (rows,).

    Attributes:
        labels: what annotators said.
        before: the final score before calibration.
        score: after it.
        low, high: the interval around the score.
        users, lengths, languages: of the rows, as of ``LabelledRows``.
        constant: the mean label of the training rows, the model to beat.
        limits: the variable's range.
    """

    labels: Floats
    before: Floats
    score: Floats
    low: Floats
    high: Floats
    users: Names
    lengths: Names
    languages: Names
    constant: float
    limits: tuple[float, float]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class WithoutPast:
    """What a model that is told of authors' pasts says where nothing is known of the author.

    That is how files, exports and the tables of the warehouse are scored.

    Attributes:
        score: after calibration, (rows,).
        coverage: as in ``PartReport``.
    """

    score: Floats
    coverage: Mapping[str, tuple[int, float | None]]


@dataclass(frozen=True, slots=True)
class PartReport:
    """Figures of one part.

    Attributes:
        before, calibrated: of the final score before and after calibration.
        by_length, by_language: of the calibrated score; every length bucket is there, with 0 rows where it is empty.
        intervals: bootstrap of the calibrated score's figures, authors drawn whole.
        within_author: Pearson's r around each author's means; None without authors of several texts.
        coverage: rows and share of labels inside their interval, by length bucket and for ``all``.
        interval_width: mean of high - low.
        member_rmse: of each model alone.
        member_pearson: likewise.
        final_rmse: of the final score before calibration.
        judged: the rows themselves.
        without_past: of a model that is told of authors' pasts; None where it is not.
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
    judged: JudgedRows
    without_past: WithoutPast | None = None

    @property
    def base_rmse(self) -> Mapping[str, float]:
        """The RMSE of the base models among the members."""
        return {name: rmse for name, rmse in self.member_rmse.items() if name in BASES}


def judged_part(
    model: PerceptionModel,
    rows: LabelledRows,
    *,
    constant: float,
    settings: PerceptionSettings,
    with_past: str | None = None,
) -> PartReport:
    """Return the figures of a model that still has all its members.

    Args:
        model: fitted on other rows.
        rows: with labels; each row is told only those of its author's earlier rows, where the model asks for a past.
        constant: the mean label of the training rows.
        settings: rounds and seed of the bootstrap.
        with_past: the member that makes the base model ``temporal`` with its authors' levels; None: there is none.

    Raises:
        ValueError: there are no rows.
    """
    members = member_scores(model.members, rows.features)
    raw, spread = final_scores(model, members, rows.features, rows.items, rows.labels)
    if model.level is not None and with_past is not None:
        text = members[with_past]
        members[TEMPORAL] = text + model.level.past(rows.items, text, rows.labels).level
    score = model.calibrator.apply(raw)
    low, high = model.intervals.around(score, rows.lengths, spread)
    judged = JudgedRows(
        rows.labels, raw, score, low, high, rows.users, rows.lengths, rows.languages, constant, RANGES[model.variable]
    )
    return replace(part_report(judged, members, settings), without_past=_without_past(model, rows))


def part_report(judged: JudgedRows, members: Mapping[str, Floats], settings: PerceptionSettings) -> PartReport:
    """Return the figures of judged rows.

    Args:
        judged: at least one row.
        members: (rows,) scores of the models that the final one is made of, by name.
        settings: rounds and seed of the bootstrap.

    Raises:
        ValueError: there are no rows.
    """
    labels, score, users, limits = judged.labels, judged.score, judged.users, judged.limits
    of_members = {name: regression_metrics(labels, one, limits=limits) for name, one in members.items()}
    before = regression_metrics(labels, judged.before, constant=judged.constant, limits=limits)
    return PartReport(
        before=before,
        calibrated=regression_metrics(labels, score, constant=judged.constant, limits=limits),
        by_length=_by_group(judged, judged.lengths, LENGTH_BUCKETS),
        by_language=_by_group(judged, judged.languages),
        intervals=bootstrap_intervals(
            labels, score, groups=users, limits=limits, rounds=settings.bootstrap_rounds, seed=settings.seed
        ),
        within_author=within_author(labels, score, users),
        coverage=covered(labels, judged.low, judged.high, judged.lengths),
        interval_width=float(np.mean(judged.high - judged.low)),
        member_rmse={name: _known(one.rmse) for name, one in of_members.items()},
        member_pearson={name: one.pearson for name, one in of_members.items()},
        final_rmse=_known(before.rmse),
        judged=judged,
    )


def _without_past(model: PerceptionModel, rows: LabelledRows) -> WithoutPast | None:
    if not model.reads_the_past:
        return None
    items = rows.items.with_columns(
        pl.lit(None, rows.items.schema[name]).alias(name) for name in ("user_id", "timestamp")
    )
    others = tuple(name for name in rows.features.names if name not in TEMPORAL_NAMES)
    nothing = temporal_features(items.select("user_id", "timestamp"))
    features = Features((*others, *TEMPORAL_NAMES), np.hstack([rows.features.block(others), nothing]))
    told = model.score(features, items)
    return WithoutPast(told.score, covered(rows.labels, told.low, told.high, rows.lengths))


def within_author(labels: Floats, scores: Floats, users: Names) -> float | None:
    """Return Pearson's r around each author's means, or None where no author has several rows; all three (rows,)."""
    several = len(np.unique(users)) < len(users)
    return within_group_correlation(labels, scores, users) if several else None


def _by_group(judged: JudgedRows, groups: Names, names: tuple[str, ...] = ()) -> dict[str, RegressionMetrics]:
    return metrics_by_group(
        judged.labels, judged.score, groups, names=names, constant=judged.constant, limits=judged.limits
    )


def _known(figure: float | None) -> float:
    if figure is None:
        raise ValueError("a part without rows has no figures")
    return figure
