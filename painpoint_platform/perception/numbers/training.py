"""Training one variable, from rows with folds to a model that is held against its gates.

Belongs here: the order of the steps, and which rows each of them may see. Does not belong here: the steps.

Everything that is fitted or chosen sees the training rows only, through out-of-fold scores: base models compete, the
search minimises their error, the blender's weights, the calibration and the intervals are fitted to them. The tuning
rows judge (blending, calibration, coverage, gates), and the test rows, where there are any, are reported once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.learning.calibration import Calibrator, best_calibrator, cross_fitted
from painpoint_platform.perception.learning.conformal import Intervals, fit_intervals
from painpoint_platform.perception.learning.out_of_fold import (
    OutOfFold,
    all_fitted,
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
from painpoint_platform.perception.measuring.metrics import rmse
from painpoint_platform.perception.numbers.author_level import AuthorLevel, Past, fit_author_level
from painpoint_platform.perception.numbers.base_models import base_recipes, best_of
from painpoint_platform.perception.numbers.evaluation import TEMPORAL, PartReport, judged_part
from painpoint_platform.perception.numbers.model import BLEND, PerceptionModel
from painpoint_platform.perception.numbers.team import (
    KERNEL,
    TREES,
    Team,
    assembled,
    better_of,
    blended_out_of_fold,
    searched_recipe,
    team_blender,
    with_past,
)
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.variables import RANGES
from painpoint_platform.progress import Progress


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What happened, with every figure.

    Attributes:
        competitors: out-of-fold RMSE by base model and kind.
        out_of_fold_rmse: by member, of the cross-fitted ``blend``, of the base model ``temporal`` where there is one.
        search: all trials.
        level: of the authors; None without authors and times.
        calibrations: cross-fitted RMSE by kind.
        parts: what was judged on, ``tune`` and ``test`` where there is one.
        gates: the tuning rows' figures against the thresholds.
        blending: whether it pays, in a sentence.
        seconds: by step.
    """

    competitors: Mapping[str, Mapping[str, float]]
    out_of_fold_rmse: Mapping[str, float]
    search: SearchResult
    level: AuthorLevel | None
    calibrations: Mapping[str, float]
    parts: Mapping[str, PartReport]
    gates: GateReport
    blending: str
    seconds: Mapping[str, float]


TrainedVariable: TypeAlias = Trained[PerceptionModel, TrainingReport]


def train_variable(
    variable: str,
    *,
    train: LabelledRows,
    tune: LabelledRows,
    settings: PerceptionSettings,
    test: LabelledRows | None = None,
    trials: int | None = None,
    storage: Path | None = None,
    oof_folder: Path | None = None,
    ceiling: float | None = None,
    progress: Progress | None = None,
) -> TrainedVariable:
    """Train, judge and name the model of a regression variable.

    The author's past is used where ``train`` has the columns of ``TEMPORAL_NAMES``.

    Args:
        variable: of ``settings.variables``, of kind regression or temporal.
        train: rows with folds.
        tune: rows that judge.
        settings: budgets, ranges and thresholds.
        test: rows that are reported.
        trials: the most of the search; default the variable's.
        storage: SQLite file of the search, with which a killed one goes on.
        oof_folder: where out-of-fold scores are written.
        ceiling: the highest correlation that the annotators' noise allows.
        progress: called with (trials finished, trials).

    Raises:
        UserError: rows that cannot be learnt from, a variable that is no number, files that cannot be written.
    """
    chosen = settings.variable(variable)
    if chosen.kind == "path":
        raise UserError(f"{variable} is a path and not a number; it is trained as a hierarchy")
    judging = {"tune": tune} if test is None else {"tune": tune, "test": test}
    require_sound(train, variable, RANGES[variable], folds=True)
    for rows in judging.values():
        require_sound(rows, variable, RANGES[variable], folds=False)
    clock, effort = Clock(), Effort(trials or chosen.trials, storage, progress)
    found = _compete(variable, train, settings, clock, effort=effort, oof_folder=oof_folder)
    with clock.step("blend, calibration, intervals"):
        final = _final(train, found.team, settings, RANGES[variable], temporal=found.past is not None)
    with clock.step("final fit"):
        whole = _fitted(variable, train, found.team, final)
    with clock.step("judgement"):
        parts = _judged(whole, judging, settings, constant=float(train.labels.mean()), with_past=found.team.best_text)
        gates = _gates(variable, settings, parts["tune"], ceiling)
    report = TrainingReport(
        competitors=found.competitors,
        out_of_fold_rmse=_out_of_fold_rmse(found, final),
        search=found.searched,
        level=final.level,
        calibrations=final.calibrations,
        parts=parts,
        gates=gates,
        blending=_blending(parts["tune"], chosen.gates.gain_over_base or 0),
        seconds=clock.seconds,
    )
    return Trained(_needed(whole), report)


@dataclass(frozen=True, slots=True)
class _Competition:
    """Who is in the team, and how that was found.

    Attributes:
        competitors: out-of-fold RMSE by base model and kind.
        searched: all trials.
        team: with out-of-fold scores.
        past: scores of the base model that knows the author's past; None without authors and times.
    """

    competitors: Mapping[str, Mapping[str, float]]
    searched: SearchResult
    team: Team
    past: OutOfFold | None


def _compete(
    variable: str,
    train: LabelledRows,
    settings: PerceptionSettings,
    clock: Clock,
    *,
    effort: Effort,
    oof_folder: Path | None,
) -> _Competition:
    temporal = set(TEMPORAL_NAMES) <= set(train.features.names)
    with clock.step("base models"):
        bases = {name: best_of(train, recipes) for name, recipes in base_recipes(settings).items()}
    with clock.step("search"):
        searched = _search(variable, train, settings, effort, temporal=temporal)
    with clock.step("out-of-fold"):
        team = assembled(train, bases, searched, settings, temporal=temporal)
        past = with_past(train, team) if temporal else None
        if oof_folder is not None:
            for scores in (*team.found.values(), *([past] if past else [])):
                write_out_of_fold(scores, train, oof_folder)
    return _Competition({name: kinds for name, (_, _, kinds) in bases.items()}, searched, team, past)


def _search(
    variable: str, train: LabelledRows, settings: PerceptionSettings, effort: Effort, *, temporal: bool
) -> SearchResult:
    rows = at_most(train, settings.search.most_rows, settings.seed)

    def error(candidate: Candidate) -> float:
        recipe = searched_recipe(candidate, settings, settings.search.landmarks, temporal=temporal)
        return out_of_fold(rows, recipe).rmse

    families = [
        Family(KERNEL, settings.kernel.intervals, settings.kernel.default),
        Family(TREES, settings.trees.intervals, settings.trees.default),
    ]
    name = search_name(variable, items_digest(rows), (rows.features.matrix, rows.labels), settings, "kernel", "trees")
    return search_as_set(error, families, name=name, settings=settings, effort=effort)


@dataclass(frozen=True, slots=True)
class _Final:
    """What the out-of-fold scores decide.

    Attributes:
        name: ``blend`` or that of the best single model.
        blend_rmse: of the cross-fitted blend, whether it is the final one or not.
        level: of the authors; None without authors and times.
        calibrator: of the final score with the author's level.
        calibrations: cross-fitted RMSE by kind.
        intervals: around the calibrated score.
    """

    name: str
    blend_rmse: float
    level: AuthorLevel | None
    calibrator: Calibrator
    calibrations: Mapping[str, float]
    intervals: Intervals


def _final(
    train: LabelledRows, team: Team, settings: PerceptionSettings, limits: tuple[float, float], *, temporal: bool
) -> _Final:
    blended = blended_out_of_fold(train, team)
    name, text = better_of(team, blended, train.labels)
    level = fit_author_level(train.items, train.labels, text) if temporal else None
    known = level.past(train.items, text, train.labels) if level else Past(np.zeros(len(train)), np.ones(len(train)))
    raw = text + known.level
    calibrator, calibrations = best_calibrator(raw, train.labels, train.folds, limits)
    intervals = fit_intervals(
        cross_fitted(calibrator.kind, raw, train.labels, train.folds, limits),
        train.labels,
        train.lengths,
        coverage=settings.coverage,
        fewest_rows=settings.fewest_interval_rows,
        limits=limits,
        spread=known.spread,
    )
    return _Final(name, rmse(train.labels, blended), level, calibrator, calibrations, intervals)


def _fitted(variable: str, train: LabelledRows, team: Team, final: _Final) -> PerceptionModel:
    """Return the model fitted to all training rows, with every member of the team."""
    members = all_fitted(train, team.recipes.values())
    blender = team_blender(train, team, np.ones(len(train), np.bool_)) if final.name == BLEND else None
    return PerceptionModel(variable, members, final.level, blender, final.name, final.calibrator, final.intervals)


def _judged(
    whole: PerceptionModel,
    judging: Mapping[str, LabelledRows],
    settings: PerceptionSettings,
    *,
    constant: float,
    with_past: str,
) -> dict[str, PartReport]:
    return {
        name: judged_part(whole, rows, constant=constant, settings=settings, with_past=with_past)
        for name, rows in judging.items()
    }


def _out_of_fold_rmse(found: _Competition, final: _Final) -> dict[str, float]:
    errors = {**{name: one.rmse for name, one in found.team.found.items()}, BLEND: final.blend_rmse}
    return errors | ({TEMPORAL: found.past.rmse} if found.past else {})


def _gates(variable: str, settings: PerceptionSettings, judged: PartReport, ceiling: float | None) -> GateReport:
    return judge_regression(
        variable,
        settings.variable(variable).gates,
        judged.calibrated,
        judged.by_length,
        best_base_rmse=min(judged.base_rmse.values()),
        ceiling=ceiling,
    )


def _blending(judged: PartReport, least: float) -> str:
    blend, best = judged.final_rmse, min(judged.member_rmse, key=lambda name: judged.member_rmse[name])
    gain = 1 - blend / judged.member_rmse[best]
    verdict = "pays" if gain >= least else "does not pay"
    return f"blending {verdict}: RMSE {blend:.4f} beside {judged.member_rmse[best]:.4f} of {best} alone ({gain:+.1%})"


def _needed(model: PerceptionModel) -> PerceptionModel:
    """Return the model without members that its score does not depend on."""
    if model.blender is not None:
        return model
    return replace(model, members=tuple(member for member in model.members if member.name == model.final))
