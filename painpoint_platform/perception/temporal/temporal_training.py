"""Training a model of what an author's next text will show: from histories with folds to gates.

Belongs here: the order of the steps, which rows each may see, the report. Does not belong here: what is known of a past
(``temporal_inputs``), the models (``temporal_models``), calibration, intervals, figures and gates, which are those of
every other variable.

What is foreseen are texts with a label whose author wrote before. Models compete by out-of-fold error, authors whole;
the search, the calibration and the intervals see out-of-fold scores of the training rows only. The tuning rows judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.leak_audit import require_no_leaks
from painpoint_platform.perception.learning.calibration import best_calibrator, cross_fitted
from painpoint_platform.perception.learning.conformal import fit_intervals
from painpoint_platform.perception.learning.out_of_fold import (
    Member,
    OutOfFold,
    Recipe,
    fitted,
    items_digest,
    out_of_fold,
    write_out_of_fold,
)
from painpoint_platform.perception.learning.search import (
    Candidate,
    Effort,
    Family,
    SearchResult,
    search_as_set,
    search_name,
)
from painpoint_platform.perception.learning.trained import Clock, Trained
from painpoint_platform.perception.learning.training_rows import LabelledRows, at_most, require_sound
from painpoint_platform.perception.measuring.gates import GateReport, judge_regression
from painpoint_platform.perception.measuring.metrics import Floats, rmse
from painpoint_platform.perception.numbers.base_models import best_of
from painpoint_platform.perception.numbers.baselines import comparison
from painpoint_platform.perception.numbers.evaluation import JudgedRows, PartReport, part_report
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal.temporal_audit import audit_inputs
from painpoint_platform.perception.temporal.temporal_history import HistoryRows
from painpoint_platform.perception.temporal.temporal_inputs import past_inputs
from painpoint_platform.perception.temporal.temporal_limits import known_level_correlation, residual_autocorrelation
from painpoint_platform.perception.temporal.temporal_models import (
    TemporalModel,
    base_recipes,
    baseline_scores,
    has_past,
    history_lengths,
    trees_recipe,
)
from painpoint_platform.perception.variables import RANGES
from painpoint_platform.progress import Progress

SEARCHED = "trees"


@dataclass(frozen=True, slots=True)
class TemporalReport:
    """What happened, with every figure.

    Attributes:
        competitors: out-of-fold RMSE by what was read (numbers, texts) and kind.
        out_of_fold_rmse: of the better kind of each, and of the trees that were searched for.
        final: the name of the one that is kept.
        search: all trials.
        calibrations: cross-fitted RMSE by kind.
        parts: what was judged on, ``tune`` and ``test`` where there is one.
        baselines: by part, the model beside constant, persistence and author_mean (``baselines.comparison``).
        without_past: by part with train, labelled texts that nothing precedes, so that they cannot be foreseen.
        residual_autocorrelation, known_level: by part, where the limit lies (``temporal_limits``).
        gates: the tuning rows' figures against the thresholds; the base that must not be better is the best baseline.
        seconds: by step.
    """

    competitors: Mapping[str, Mapping[str, float]]
    out_of_fold_rmse: Mapping[str, float]
    final: str
    search: SearchResult
    calibrations: Mapping[str, float]
    parts: Mapping[str, PartReport]
    baselines: Mapping[str, pl.DataFrame]
    without_past: Mapping[str, int]
    residual_autocorrelation: Mapping[str, float | None]
    known_level: Mapping[str, float | None]
    gates: GateReport
    seconds: Mapping[str, float]


TrainedTemporal: TypeAlias = Trained[TemporalModel, TemporalReport]


def train_temporal(
    variable: str,
    *,
    train: HistoryRows,
    tune: HistoryRows,
    settings: PerceptionSettings,
    test: HistoryRows | None = None,
    trials: int | None = None,
    storage: Path | None = None,
    oof_folder: Path | None = None,
    progress: Progress | None = None,
) -> TrainedTemporal:
    """Train, judge and name a model that foresees a variable.

    Args:
        variable: of ``settings.variables``, of kind temporal.
        train: histories with folds.
        tune: histories that judge, of other authors.
        settings: budgets, ranges and thresholds.
        test: histories that are reported.
        trials: the most of the search; default the variable's.
        storage: SQLite file of the search, with which a killed one goes on.
        oof_folder: where out-of-fold scores are written.
        progress: called with (trials finished, trials).

    Raises:
        UserError: rows that cannot be learnt from, another kind of variable, files that cannot be written.
        DataContractError: an input knows what it is to foresee.
    """
    chosen = settings.variable(variable)
    if chosen.kind != "temporal":
        raise UserError(f"{variable} is of kind {chosen.kind} and is read from a text, not foreseen; train it as that")
    parts = {"train": train, "tune": tune} | ({} if test is None else {"test": test})
    clock, effort = Clock(), Effort(trials or chosen.trials, storage, progress)
    with clock.step("inputs"):
        rows = {part: _foreseen(whole) for part, whole in parts.items()}
        for part, known in rows.items():
            _require(known, variable, part)
        require_no_leaks(audit_inputs(train.history, past_inputs, seed=settings.seed))
    team = _compete(variable, rows["train"], settings, clock, effort=effort, oof_folder=oof_folder)
    with clock.step("calibration, intervals, final fit"):
        members = {name: fitted(rows["train"], one) for name, one in team.recipes.items()}
        model, calibrations = _model(variable, members[team.final], team.found[team.final], rows["train"], settings)
    with clock.step("judgement"):
        mean = float(rows["train"].labels.mean())
        judged = {part: _judged(model, members, rows[part], mean, settings) for part in rows if part != "train"}
        baselines = {part: baseline_scores(variable, rows[part].features, mean) for part in judged}
        compared = {part: comparison(one.judged, baselines[part], settings) for part, one in judged.items()}
    report = TemporalReport(
        competitors=team.competitors,
        out_of_fold_rmse={name: one.rmse for name, one in team.found.items()},
        final=team.final,
        search=team.searched,
        calibrations=calibrations,
        parts=judged,
        baselines=compared,
        without_past={part: parts[part].labelled - len(known) for part, known in rows.items()},
        residual_autocorrelation={part: _residual_autocorrelation(rows[part], one) for part, one in judged.items()},
        known_level={part: known_level_correlation(parts[part].history, rows[part], variable) for part in judged},
        gates=_gates(variable, settings, judged["tune"], baselines["tune"]),
        seconds=clock.seconds,
    )
    return Trained(model, report)


@dataclass(frozen=True, slots=True)
class _Team:
    """The recipes that are left, their out-of-fold scores by name, and how they were found."""

    competitors: Mapping[str, Mapping[str, float]]
    recipes: Mapping[str, Recipe]
    found: Mapping[str, OutOfFold]
    searched: SearchResult

    @property
    def final(self) -> str:
        """The one with the lowest error."""
        return min(self.found, key=lambda name: self.found[name].rmse)


def _compete(
    variable: str,
    rows: LabelledRows,
    settings: PerceptionSettings,
    clock: Clock,
    *,
    effort: Effort,
    oof_folder: Path | None,
) -> _Team:
    with clock.step("base models"):
        bases = {name: best_of(rows, both) for name, both in base_recipes(rows.features.names, settings).items()}
        best, _, _ = min(bases.values(), key=lambda one: one[1].rmse)
    with clock.step("search"):
        recipe, searched = _search(variable, rows, best.columns, settings, effort)
    with clock.step("out-of-fold"):
        found = {**{name: one for name, (_, one, _) in bases.items()}, SEARCHED: out_of_fold(rows, recipe)}
        if oof_folder is not None:
            for scores in found.values():
                write_out_of_fold(scores, rows, oof_folder)
    recipes = {**{name: one for name, (one, _, _) in bases.items()}, SEARCHED: recipe}
    return _Team({name: kinds for name, (_, _, kinds) in bases.items()}, recipes, found, searched)


def _foreseen(rows: HistoryRows) -> LabelledRows:
    """Return the texts with a label whose author wrote before, with what was known of the author then."""
    inputs = past_inputs(rows.history, rows.history.items)
    whole = LabelledRows(rows.history.items, inputs, rows.labels, rows.folds)
    return whole.where(~np.isnan(rows.labels) & has_past(inputs))


def _require(rows: LabelledRows, variable: str, part: str) -> None:
    if not len(rows):
        raise UserError(
            f"{variable} cannot be foreseen in {part}: no labelled item there has an earlier one of its author; add "
            "authors with several texts at different times"
        )
    require_sound(rows, variable, RANGES[variable], folds=part == "train")


def _search(
    variable: str, rows: LabelledRows, columns: tuple[str, ...], settings: PerceptionSettings, effort: Effort
) -> tuple[Recipe, SearchResult]:
    """Return the trees with the lowest out-of-fold error on these inputs."""
    space, some = settings.temporal_trees, at_most(rows, settings.search.most_rows, settings.seed)

    def error(candidate: Candidate) -> float:
        return out_of_fold(some, trees_recipe(columns, settings, candidate.params)).rmse

    name = search_name(variable, items_digest(some), (some.features.matrix, some.labels), settings, "temporal_trees")
    family = Family(SEARCHED, space.intervals, space.default)
    found = search_as_set(error, [family], name=name, settings=settings, effort=effort)
    return trees_recipe(columns, settings, found.best.candidate.params, name=SEARCHED), found


def _model(
    variable: str, member: Member, found: OutOfFold, rows: LabelledRows, settings: PerceptionSettings
) -> tuple[TemporalModel, dict[str, float]]:
    limits = RANGES[variable]
    calibrator, calibrations = best_calibrator(found.scores, rows.labels, rows.folds, limits)
    intervals = fit_intervals(
        cross_fitted(calibrator.kind, found.scores, rows.labels, rows.folds, limits),
        rows.labels,
        history_lengths(rows.features),
        coverage=settings.coverage,
        fewest_rows=settings.fewest_interval_rows,
        limits=limits,
    )
    return TemporalModel(variable, member, calibrator, intervals), calibrations


def _judged(
    model: TemporalModel,
    members: Mapping[str, Member],
    rows: LabelledRows,
    constant: float,
    settings: PerceptionSettings,
) -> PartReport:
    raw = model.member.predict(rows.features)
    score = model.calibrator.apply(raw)
    low, high = model.intervals.around(score, history_lengths(rows.features))
    judged = JudgedRows(
        rows.labels, raw, score, low, high, rows.users, rows.lengths, rows.languages, constant, RANGES[model.variable]
    )
    return part_report(judged, {name: member.predict(rows.features) for name, member in members.items()}, settings)


def _residual_autocorrelation(rows: LabelledRows, judged: PartReport) -> float | None:
    return residual_autocorrelation(rows, judged.judged.score - judged.judged.labels)


def _gates(
    variable: str, settings: PerceptionSettings, judged: PartReport, baselines: Mapping[str, Floats]
) -> GateReport:
    labels = judged.judged.labels
    return judge_regression(
        variable,
        settings.variable(variable).gates,
        judged.calibrated,
        judged.by_length,
        best_base_rmse=min(rmse(labels, scores) for scores in baselines.values()),
    )
