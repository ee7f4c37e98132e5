"""Training one variable, from rows with folds to a model that is held against its gates.

Belongs here: the order of the steps, and which rows each of them may see. Does not belong here: the steps.

Everything that is fitted or chosen sees the training rows only, through out-of-fold scores: base models compete, the
search minimises their error, the blender's weights, the calibration and the intervals are fitted to them. The tuning
rows judge (blending, calibration, coverage, gates), and the test rows, where there are any, are reported once.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from painpoint_platform.errors import UserError
from painpoint_platform.perception.author_level import AuthorLevel, Past, fit_author_level
from painpoint_platform.perception.base_models import base_recipes, best_of, kernel_recipe, trees_recipe
from painpoint_platform.perception.blender import Blender, fit_blender
from painpoint_platform.perception.calibration import best_calibrator, cross_fitted
from painpoint_platform.perception.conformal import fit_intervals
from painpoint_platform.perception.evaluation import TEMPORAL, PartReport, judged_part
from painpoint_platform.perception.features import TEMPORAL_NAMES
from painpoint_platform.perception.gates import GateReport, judge_regression
from painpoint_platform.perception.metrics import Floats
from painpoint_platform.perception.model import BLEND, PerceptionModel
from painpoint_platform.perception.out_of_fold import (
    OutOfFold,
    Recipe,
    all_fitted,
    items_digest,
    out_of_fold,
    write_out_of_fold,
)
from painpoint_platform.perception.search import Candidate, Family, SearchResult, search
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.training_rows import LabelledRows, require_sound
from painpoint_platform.perception.variables import RANGES

Progress = Callable[[int, int | None], None]


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


@dataclass(frozen=True, slots=True)
class TrainedVariable:
    """A model and its report; ``name`` says whether it was accepted."""

    model: PerceptionModel
    report: TrainingReport

    @property
    def name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return self.report.gates.model_name


@dataclass(slots=True)
class Clock:
    """How long each step of a training took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what runs inside."""
        started = perf_counter()
        yield
        self.seconds[name] = perf_counter() - started


@dataclass(frozen=True, slots=True)
class _Team:
    """The recipes of a variable's models and their out-of-fold scores, by name."""

    recipes: Mapping[str, Recipe]
    found: Mapping[str, OutOfFold]

    @property
    def scores(self) -> Floats:
        return np.stack([one.scores for one in self.found.values()], axis=1)

    @property
    def best_single(self) -> str:
        return min(self.found, key=lambda name: self.found[name].rmse)

    @property
    def best_text(self) -> str:
        """The best of those that know nothing of the author."""
        return min((name for name in self.found if name != "trees"), key=lambda name: self.found[name].rmse)


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
    limits = RANGES[variable]
    require_sound(train, variable, limits, folds=True)
    for rows in (tune, test):
        if rows is not None:
            require_sound(rows, variable, limits, folds=False)
    clock, temporal = Clock(), set(TEMPORAL_NAMES) <= set(train.features.names)
    with clock.step("base models"):
        bases = {name: best_of(train, recipes) for name, recipes in base_recipes(settings).items()}
    with clock.step("search"):
        searched = _search(
            variable, train, settings, trials or chosen.trials, temporal=temporal, storage=storage, progress=progress
        )
    with clock.step("out-of-fold"):
        team = _team(train, bases, searched, settings, temporal=temporal)
        past = _with_past(train, team) if temporal else None
        if oof_folder is not None:
            for found in (*team.found.values(), *([past] if past else [])):
                write_out_of_fold(found, train, oof_folder)
    with clock.step("blend, calibration, intervals"):
        blended = _blended_out_of_fold(train, team)
        final, text = _final(team, blended, train.labels)
        level = fit_author_level(train.items, train.labels, text) if temporal else None
        known = (
            level.past(train.items, text, train.labels) if level else Past(np.zeros(len(train)), np.ones(len(train)))
        )
        raw = text + known.level
        calibrator, calibrations = best_calibrator(raw, train.labels, train.folds, limits)
        calibrated = cross_fitted(calibrator.kind, raw, train.labels, train.folds, limits)
        intervals = fit_intervals(
            calibrated,
            train.labels,
            train.lengths,
            coverage=settings.coverage,
            fewest_rows=settings.fewest_interval_rows,
            limits=limits,
            spread=known.spread,
        )
    with clock.step("final fit"):
        members = all_fitted(train, team.recipes.values())
        blender = _blender(train, team, np.ones(len(train), np.bool_)) if final == BLEND else None
        whole = PerceptionModel(variable, members, level, blender, final, calibrator, intervals)
    with clock.step("judgement"):
        parts = {
            name: judged_part(
                whole, rows, constant=float(train.labels.mean()), settings=settings, with_past=team.best_text
            )
            for name, rows in (("tune", tune), ("test", test))
            if rows is not None
        }
        gates = _gates(variable, settings, parts["tune"], ceiling)
    report = TrainingReport(
        competitors={name: kinds for name, (_, _, kinds) in bases.items()},
        out_of_fold_rmse={
            **{name: one.rmse for name, one in team.found.items()},
            BLEND: _rmse(blended, train.labels),
            **({TEMPORAL: past.rmse} if past else {}),
        },
        search=searched,
        level=level,
        calibrations=calibrations,
        parts=parts,
        gates=gates,
        blending=_blending(parts["tune"], chosen.gates.gain_over_base or 0),
        seconds=clock.seconds,
    )
    return TrainedVariable(_needed(whole), report)


def _search(
    variable: str,
    train: LabelledRows,
    settings: PerceptionSettings,
    trials: int,
    *,
    temporal: bool,
    storage: Path | None,
    progress: Progress | None,
) -> SearchResult:
    rows = at_most(train, settings.search.most_rows, settings.seed)

    def error(candidate: Candidate) -> float:
        recipe = _recipe(candidate, settings, settings.search.landmarks, temporal=temporal)
        return out_of_fold(rows, recipe).rmse

    families = [
        Family("kernel", settings.kernel.intervals, settings.kernel.default),
        Family("trees", settings.trees.intervals, settings.trees.default),
    ]
    return search(
        error,
        families,
        name=f"{variable}-{_fingerprint(rows, settings)}",
        trials=trials,
        patience=settings.search.patience,
        least_gain=settings.search.least_gain,
        seed=settings.seed,
        storage=storage,
        progress=progress,
    )


def _recipe(candidate: Candidate, settings: PerceptionSettings, landmarks: int, *, temporal: bool) -> Recipe:
    if candidate.family == "kernel":
        return kernel_recipe(settings, candidate.params, landmarks)
    return trees_recipe(settings, candidate.params, temporal=temporal)


def _team(
    train: LabelledRows,
    bases: Mapping[str, tuple[Recipe, OutOfFold, Mapping[str, float]]],
    searched: SearchResult,
    settings: PerceptionSettings,
    *,
    temporal: bool,
) -> _Team:
    recipes = {name: recipe for name, (recipe, _, _) in bases.items()}
    found = {name: scores for name, (_, scores, _) in bases.items()}
    for family in ("kernel", "trees"):
        candidate = searched.best_of(family).candidate
        recipes[family] = _recipe(candidate, settings, settings.kernel.landmarks, temporal=temporal)
        found[family] = out_of_fold(train, recipes[family])
    return _Team(recipes, found)


def _with_past(train: LabelledRows, team: _Team) -> OutOfFold:
    """Return the base model ``temporal``: the best model of the text, and what its author's earlier labels add."""
    text = team.found[team.best_text].scores
    level = fit_author_level(train.items, train.labels, text)
    scores = text + level.past(train.items, text, train.labels).level
    return OutOfFold(TEMPORAL, "author_level", scores, _rmse(scores, train.labels), 0.0)


def _blender(train: LabelledRows, team: _Team, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Blender:
    part = train.where(rows)
    return fit_blender(team.scores[rows], part.labels, part.features, part.items, tuple(team.found))


def _blended_out_of_fold(train: LabelledRows, team: _Team) -> Floats:
    """Return blended scores of each fold with weights fitted to the others."""
    blended = np.empty(len(train))
    for fold in np.unique(train.folds):
        held_out = train.folds == fold
        part = train.where(held_out)
        blended[held_out] = _blender(train, team, ~held_out).blend(team.scores[held_out], part.features, part.items)
    return blended


def _final(team: _Team, blended: Floats, labels: Floats) -> tuple[str, Floats]:
    """Return the name of the better one of the blend and the best single model, and its out-of-fold scores."""
    single = team.found[team.best_single]
    return (BLEND, blended) if _rmse(blended, labels) < single.rmse else (team.best_single, single.scores)


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


def at_most(rows: LabelledRows, most: int, seed: int) -> LabelledRows:
    """Return the rows, or so many of them by chance."""
    if len(rows) <= most:
        return rows
    return rows.where(np.random.default_rng(seed).permutation(len(rows)) < most)


def _fingerprint(rows: LabelledRows, settings: PerceptionSettings) -> str:
    """Return what names data and ranges: trials of others are not of this search."""
    digest = hashlib.sha256(items_digest(rows).encode())
    digest.update(rows.features.matrix.tobytes())
    digest.update(rows.labels.tobytes())
    digest.update(settings.model_dump_json(include={"seed", "search", "kernel", "trees"}).encode())
    return digest.hexdigest()[:16]


def _rmse(scores: Floats, labels: Floats) -> float:
    return float(np.sqrt(np.mean((scores - labels) ** 2)))
