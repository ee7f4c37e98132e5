"""Training a model of what an author's next text will show: from histories with folds to gates.

Belongs here: the order of the steps, which rows each may see, the report. Does not belong here: what is known of a past
(``temporal_inputs``), the models (``temporal_models``), calibration, intervals, figures and gates, which are those of
every other variable.

What is foreseen are texts with a label whose author wrote before. Models compete by out-of-fold error, authors whole;
the search, the calibration and the intervals see out-of-fold scores of the training rows only. The tuning rows judge.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.base_models import best_of
from painpoint_platform.perception.baselines import comparison
from painpoint_platform.perception.calibration import best_calibrator, cross_fitted
from painpoint_platform.perception.conformal import fit_intervals
from painpoint_platform.perception.evaluation import JudgedRows, PartReport, part_report
from painpoint_platform.perception.gates import GateReport, judge_regression
from painpoint_platform.perception.leak_audit import audit_inputs, require_no_leaks
from painpoint_platform.perception.metrics import Floats, correlation
from painpoint_platform.perception.out_of_fold import (
    Member,
    OutOfFold,
    Recipe,
    fitted,
    items_digest,
    out_of_fold,
    write_out_of_fold,
)
from painpoint_platform.perception.search import Candidate, Family, SearchResult, search
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal_history import HistoryRows
from painpoint_platform.perception.temporal_inputs import past_inputs
from painpoint_platform.perception.temporal_models import (
    TemporalModel,
    base_recipes,
    baseline_scores,
    has_past,
    history_lengths,
    trees_recipe,
)
from painpoint_platform.perception.training import Clock, Progress, at_most
from painpoint_platform.perception.training_rows import LabelledRows, require_sound
from painpoint_platform.perception.variables import RANGES

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
        residual_autocorrelation: by part, of the errors of one author's successive texts: about 0 where the past says
            no more than the model heard; None without successive texts.
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
    gates: GateReport
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrainedTemporal:
    """A model and its report; ``name`` says whether it was accepted."""

    model: TemporalModel
    report: TemporalReport

    @property
    def name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return self.report.gates.model_name


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
    clock = Clock()
    with clock.step("inputs"):
        rows = {"train": _foreseen(train), "tune": _foreseen(tune)} | ({"test": _foreseen(test)} if test else {})
        for part, known in rows.items():
            _require(known, variable, part)
        require_no_leaks(audit_inputs(train.history, past_inputs, seed=settings.seed))
    learnt = rows["train"]
    with clock.step("base models"):
        bases = {name: best_of(learnt, both) for name, both in base_recipes(learnt.features.names, settings).items()}
    with clock.step("search"):
        best = min(bases, key=lambda name: bases[name][1].rmse)
        recipe, searched = _search(
            variable,
            learnt,
            bases[best][0].columns,
            settings,
            trials=trials or chosen.trials,
            storage=storage,
            progress=progress,
        )
    with clock.step("out-of-fold"):
        recipes = {**{name: one for name, (one, _, _) in bases.items()}, SEARCHED: recipe}
        found = {**{name: one for name, (_, one, _) in bases.items()}, SEARCHED: out_of_fold(learnt, recipe)}
        if oof_folder is not None:
            for scores in found.values():
                write_out_of_fold(scores, learnt, oof_folder)
    with clock.step("calibration, intervals, final fit"):
        final = min(found, key=lambda name: found[name].rmse)
        members = {name: fitted(learnt, one) for name, one in recipes.items()}
        model, calibrations = _model(variable, members[final], found[final], learnt, settings)
    with clock.step("judgement"):
        mean = float(learnt.labels.mean())
        judged = {
            part: _judged(model, members, known, mean, settings) for part, known in rows.items() if part != "train"
        }
        baselines = {part: baseline_scores(variable, rows[part].features, mean) for part in judged}
        gates = _gates(variable, settings, judged["tune"], baselines["tune"])
        compared = {part: comparison(one.judged, baselines[part], settings) for part, one in judged.items()}
    report = TemporalReport(
        competitors={name: kinds for name, (_, _, kinds) in bases.items()},
        out_of_fold_rmse={name: one.rmse for name, one in found.items()},
        final=final,
        search=searched,
        calibrations=calibrations,
        parts=judged,
        baselines=compared,
        without_past={
            part: int(np.isfinite(whole.labels).sum()) - len(rows[part])
            for part, whole in (("train", train), ("tune", tune), ("test", test))
            if whole is not None
        },
        residual_autocorrelation={part: _autocorrelation(rows[part], one.judged) for part, one in judged.items()},
        gates=gates,
        seconds=clock.seconds,
    )
    return TrainedTemporal(model, report)


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
    variable: str,
    rows: LabelledRows,
    columns: tuple[str, ...],
    settings: PerceptionSettings,
    *,
    trials: int,
    storage: Path | None,
    progress: Progress | None,
) -> tuple[Recipe, SearchResult]:
    """Return the trees with the lowest out-of-fold error on these inputs."""
    space, some = settings.temporal_trees, at_most(rows, settings.search.most_rows, settings.seed)

    def error(candidate: Candidate) -> float:
        return out_of_fold(some, trees_recipe(columns, settings, candidate.params)).rmse

    found = search(
        error,
        [Family(SEARCHED, space.intervals, space.default)],
        name=f"{variable}-{_fingerprint(some, settings)}",
        trials=trials,
        patience=settings.search.patience,
        least_gain=settings.search.least_gain,
        seed=settings.seed,
        storage=storage,
        progress=progress,
    )
    return trees_recipe(columns, settings, found.best.candidate.params, name=SEARCHED), found


def _fingerprint(rows: LabelledRows, settings: PerceptionSettings) -> str:
    """Return what names data and ranges: trials of others are not of this search."""
    digest = hashlib.sha256(items_digest(rows).encode())
    digest.update(rows.features.matrix.tobytes())
    digest.update(rows.labels.tobytes())
    digest.update(settings.model_dump_json(include={"seed", "search", "temporal_trees"}).encode())
    return digest.hexdigest()[:16]


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


def _gates(
    variable: str, settings: PerceptionSettings, judged: PartReport, baselines: Mapping[str, Floats]
) -> GateReport:
    labels = judged.judged.labels
    return judge_regression(
        variable,
        settings.variable(variable).gates,
        judged.calibrated,
        judged.by_length,
        best_base_rmse=min(float(np.sqrt(np.mean((scores - labels) ** 2))) for scores in baselines.values()),
    )


def _autocorrelation(rows: LabelledRows, judged: JudgedRows) -> float | None:
    """Return the correlation of an author's errors with those of the text before."""
    errors = rows.items.select("user_id", "timestamp", error=pl.Series(judged.score - judged.labels))
    pairs = (
        errors.sort("user_id", "timestamp")
        .with_columns(before=pl.col("error").shift(1).over("user_id"))
        .drop_nulls("before")
    )
    return correlation(pairs["error"].to_numpy(), pairs["before"].to_numpy())
