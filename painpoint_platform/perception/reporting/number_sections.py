"""What the report of a variable that is a number says: regression and temporal variables.

Belongs here: arranging a training's figures, with what a constant reaches and what the raters leave. Does not belong
here: the figures themselves (``evaluation``, ``baselines``, ``ceilings``), the page (``report``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.learning.search import SearchResult
from painpoint_platform.perception.measuring.bootstrap import ConfidenceInterval, bootstrap_intervals
from painpoint_platform.perception.measuring.ceilings import Ceiling
from painpoint_platform.perception.measuring.gates import GateReport
from painpoint_platform.perception.measuring.metrics import metrics_by_group
from painpoint_platform.perception.numbers.baselines import FIGURES, WITHOUT_PAST
from painpoint_platform.perception.numbers.evaluation import JudgedRows, PartReport
from painpoint_platform.perception.reporting.plots import (
    Picture,
    plot_calibration,
    plot_comparison,
    plot_coverage,
    plot_importance,
    plot_languages,
    plot_predicted,
    plot_residuals,
    plot_search,
    wilson,
)
from painpoint_platform.perception.reporting.report_tables import (
    INTERVAL_NOTE,
    LENGTH_NOTE,
    PARTS,
    Section,
    Table,
    figure,
    search_section,
    share,
)  # fmt: skip
from painpoint_platform.perception.settings_file import PerceptionSettings

_HEADS = {
    "rmse": "RMSE", "mae": "MAE", "pearson": "r", "spearman": "ρ", "ece": "ECE", "within_author": "r within authors",
}  # fmt: skip
FEWEST_ROWS = 5  # of a group with an interval


class NumberReport(Protocol):
    """What is told of every training of a number, by ``training`` and by ``temporal_training``."""

    @property
    def competitors(self) -> Mapping[str, Mapping[str, float]]: ...
    @property
    def out_of_fold_rmse(self) -> Mapping[str, float]: ...
    @property
    def search(self) -> SearchResult: ...
    @property
    def calibrations(self) -> Mapping[str, float]: ...
    @property
    def parts(self) -> Mapping[str, PartReport]: ...
    @property
    def gates(self) -> GateReport: ...
    @property
    def seconds(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """What is told beside the figures that every training has.

    Attributes:
        comparisons: of ``baselines.comparison`` by part.
        importance: of ``importance.importance``; None where it was not measured.
        ceiling: of ``ceilings.ceiling_of``; None where the corpus has no labels of single raters.
        about_models: sentences on how the final model was chosen.
    """

    comparisons: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    importance: pl.DataFrame | None = None
    ceiling: Ceiling | None = None
    about_models: Sequence[str] = ()


def ceiling_words(ceiling: Ceiling | None) -> str:
    """Say how good a model could be at all."""
    if ceiling is None:
        return (
            "How high r could be is unknown: the corpus has no labels of single raters, so what a model missed cannot "
            "be told from what raters disagreed on."
        )
    return (
        f"Raters disagree: on {ceiling.items:,} items with {ceiling.raters:.1f} raters each, the reliability of one "
        f"rater is {ceiling.single:.2f} and that of their mean {ceiling.reliability:.2f}. A model that knew every true "
        f"value would have r {ceiling.pearson:.2f} and a skill of {ceiling.skill:.2f} (Spearman and Brown)."
    )


def number_pictures(report: NumberReport, evidence: NumberEvidence, settings: PerceptionSettings) -> list[Picture]:
    """Return every picture of the report, for the Dagster UI too."""
    judged = report.parts["tune"].judged
    comparison = evidence.comparisons.get("tune")
    found = [plot_comparison(comparison)] if comparison is not None else []
    found += [plot_calibration(judged), plot_predicted(judged), plot_residuals(judged)]
    found += [plot_coverage(report.parts["tune"].coverage, settings.coverage), plot_languages(judged)]
    found += [plot_search(report.search)] if report.search.trials else []
    return found + ([plot_importance(evidence.importance)] if evidence.importance is not None else [])


def number_sections(
    report: NumberReport, evidence: NumberEvidence, settings: PerceptionSettings, pictures: Sequence[Picture]
) -> Iterator[Section]:
    """Yield the sections in their order, each picture in its own."""
    drawn = {picture.name: picture for picture in pictures}
    yield _beside_baselines(report, evidence, _some(drawn, "comparison"))
    yield _calibration(report, _some(drawn, "calibration", "predicted", "residuals"))
    yield _coverage(report, settings, _some(drawn, "coverage"))
    yield _groups(report, settings, _some(drawn, "languages"))
    yield _models(report, evidence)
    if report.search.trials:
        yield search_section(report.search, _some(drawn, "search"))
    if evidence.importance is not None:
        yield _importance(evidence.importance, _some(drawn, "importance"))


def _beside_baselines(report: NumberReport, evidence: NumberEvidence, pictures: Sequence[Picture]) -> Section:
    tables = []
    for part, judged in report.parts.items():
        frame = evidence.comparisons.get(part)
        rows = _of_part(judged) if frame is None else _of_comparison(frame)
        caption = f"Judged on {len(judged.judged):,} {PARTS[part]} rows. {INTERVAL_NOTE}"
        tables.append(Table(caption, ("Model", "skill", *_HEADS.values()), rows))
    named = {name for frame in evidence.comparisons.values() for name in frame["model"]}
    meant = [f"{_MODELS.get(name, name)} is {words}" for name, words in _BASELINES.items() if name in named]
    told = [
        f"{'; '.join([*meant, 'skill is 1 − RMSE / RMSE of the constant'])}; r within authors is that around each "
        "author's own mean."
    ]
    if WITHOUT_PAST in named:
        told.append(
            "The model is told the labels of the author's earlier texts. Without a past it is the same model where "
            "nothing is known of the author: so are files, exports and the tables of the warehouse scored, and no "
            "better figure is to be expected there."
        )
    told.append(ceiling_words(evidence.ceiling))
    return Section("baselines", "Beside what needs no training", told, tables, pictures)


def _of_comparison(frame: pl.DataFrame) -> list[list[str]]:
    rows = []
    for row in frame.to_dicts():
        cells = [figure(row[name], _interval(row[f"{name}_low"], row[f"{name}_high"])) for name in FIGURES]
        rows.append([_MODELS.get(row["model"], row["model"]), figure(row["skill"]), *cells])
    return rows


def _of_part(part: PartReport) -> list[list[str]]:
    found = [part.within_author if name == "within_author" else getattr(part.calibrated, name) for name in FIGURES]
    cells = [figure(value, part.intervals.get(name)) for name, value in zip(FIGURES, found, strict=True)]
    return [["model", figure(part.calibrated.skill), *cells]]


def _calibration(report: NumberReport, pictures: Sequence[Picture]) -> Section:
    rows = [
        (f"{PARTS[part]}, {when}", *(figure(one, decimals=4) for one in (metrics.ece, metrics.mce, metrics.rmse)))
        for part, judged in report.parts.items()
        for when, metrics in (("before", judged.before), ("after", judged.calibrated))
    ]
    tried = [(kind, figure(rmse, decimals=4)) for kind, rmse in report.calibrations.items()]
    return Section(
        "calibration",
        "Calibration",
        ("The map from score to label is fitted to out-of-fold scores of the training rows and judged on others.",),
        [
            Table("Calibration errors of ten bins", ("Rows", "Expected", "Largest", "RMSE"), rows),
            *([Table("Kinds, cross-fitted on the training rows", ("Kind", "RMSE"), tried)] if tried else []),
        ],
        pictures,
    )


def _coverage(report: NumberReport, settings: PerceptionSettings, pictures: Sequence[Picture]) -> Section:
    rows = [
        (f"{PARTS[part]}, {bucket}", f"{count:,}", share(held), _of_share(held, count))
        for part, judged in report.parts.items()
        for bucket, (count, held) in [
            *judged.coverage.items(),
            *([("without a past", judged.without_past.coverage["all"])] if judged.without_past else []),
        ]
    ]
    widths = ", ".join(
        f"{figure(judged.interval_width)} on {PARTS[part]} rows" for part, judged in report.parts.items()
    )
    told = (
        f"Every score comes with an interval that is to hold the label {settings.coverage:.0%} of the time, its width "
        f"by the length of the text. Mean width: {widths}."
    )
    heads = ("Rows", "Count", "Held", "95 % interval of the share")
    return Section("intervals", "Intervals", (told,), [Table("Labels inside their interval", heads, rows)], pictures)


def _groups(report: NumberReport, settings: PerceptionSettings, pictures: Sequence[Picture]) -> Section:
    judged = report.parts["tune"].judged
    tables = [
        Table(f"By {name}. {INTERVAL_NOTE}", (name.capitalize(), "Rows", "RMSE", "MAE", "r", "ECE"), rows)
        for name, rows in (
            ("length", _by_group(judged, judged.lengths, settings, LENGTH_BUCKETS)),
            ("language", _by_group(judged, judged.languages, settings)),
        )
    ]
    told = f"{LENGTH_NOTE} A length without rows fails its gate."
    return Section("groups", "By length and language", (told,), tables, pictures)


def _by_group(
    judged: JudgedRows, groups: np.ndarray[tuple[int], np.dtype[np.str_]], settings: PerceptionSettings,
    names: Sequence[str] = (),
) -> list[list[str]]:  # fmt: skip
    rows = []
    for name, metrics in metrics_by_group(
        judged.labels, judged.score, groups, names=names, limits=judged.limits
    ).items():
        own = groups == name
        intervals = (
            bootstrap_intervals(
                judged.labels[own], judged.score[own], groups=judged.users[own], limits=judged.limits,
                rounds=settings.bootstrap_rounds, seed=settings.seed,
            )
            if metrics.rows >= FEWEST_ROWS
            else {}
        )  # fmt: skip
        cells = [figure(getattr(metrics, each), intervals.get(each)) for each in ("rmse", "mae", "pearson", "ece")]
        rows.append([name, f"{metrics.rows:,}", *cells])
    return rows


def _models(report: NumberReport, evidence: NumberEvidence) -> Section:
    tune = report.parts["tune"]
    rows = [
        (
            name,
            figure(rmse, decimals=4),
            figure(tune.member_rmse.get(name), decimals=4),
            figure(tune.member_pearson.get(name)),
        )
        for name, rmse in report.out_of_fold_rmse.items()
    ]
    competed = [
        (f"{name}: {kind}", figure(rmse, decimals=4))
        for name, kinds in report.competitors.items()
        for kind, rmse in kinds.items()
    ]
    return Section(
        "models",
        "Models",
        evidence.about_models,
        [
            Table("Each model alone", ("Model", "RMSE out of fold", "RMSE of tuning rows", "r of tuning rows"), rows),
            *(
                [Table("Kinds that competed for a base model, out of fold", ("Kind", "RMSE"), competed)]
                if competed
                else []
            ),
        ],
    )


def _importance(frame: pl.DataFrame, pictures: Sequence[Picture]) -> Section:
    told = (
        "By how much the RMSE on tuning rows rises when a feature is shuffled between them. Features that say the same "
        "stand in for one another, so a small rise does not mean that a feature says nothing."
    )
    rows = [
        (feature, block, figure(rise, decimals=4))
        for feature, block, rise in frame.select("feature", "block", "rmse_increase").head(12).rows()
    ]
    table = Table("Rise of RMSE", ("Feature", "Block", "Rise"), rows)
    return Section("importance", "What the model looks at", (told,), [table], pictures)


def _of_share(held: float | None, rows: int) -> str:
    if held is None:
        return "–"
    low, high = wilson(held, rows)
    return f"{low:.1%} to {high:.1%}"


def _interval(low: float | None, high: float | None) -> ConfidenceInterval | None:
    return None if low is None or high is None else ConfidenceInterval(low, high)


def _some(drawn: Mapping[str, Picture], *names: str) -> list[Picture]:
    return [drawn[name] for name in names if name in drawn]


_MODELS = {
    WITHOUT_PAST: "model without a past", "constant": "Constant", "vader": "VADER", "ridge": "ridge on MiniLM",
    "author_mean": "author's mean",
}  # fmt: skip
_BASELINES = {
    "constant": "the mean of the training labels",
    "vader": "its compound score on a line fitted to them",
    "ridge": "linear in the 384 numbers of the embedding",
    "persistence": "the author's label before",
    "author_mean": "the mean of the author's labels before",
}
