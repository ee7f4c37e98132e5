"""Training a classifier of paths, from rows with folds to a model that is held against its gates.

Belongs here: the order of the steps, and which rows each of them may see. Does not belong here: the steps.

The search, the temperature and the decisions see out-of-fold predictions of the training rows only. The tuning rows
judge, and the test rows, where there are any, are reported once.

What competed, on 6,000 texts of GoEmotions, judged on 3,000 others: cross-entropy of the basic emotions in nats, and
their macro-F1 without favouring any. The network .96 and .49, logistic regression on the features .98 and .44, LightGBM
on them 1.04 and .38, logistic regression on words 1.04 and .39. On all 43,000 a kernel machine of 2,500 landmarks had
.99 where the network had .89. So the network is what is searched for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.text_features import TEXT_NAMES
from painpoint_platform.perception.learning.out_of_fold import items_digest
from painpoint_platform.perception.learning.search import (
    Candidate,
    Effort,
    Family,
    SearchResult,
    search_as_set,
    search_name,
)
from painpoint_platform.perception.learning.trained import Clock, Trained
from painpoint_platform.perception.measuring.gates import GateReport, judge_paths
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.measuring.path_metrics import PathMetrics, path_metrics
from painpoint_platform.perception.paths.hierarchy import PathModel, Tree, decode, path_scores, softmax
from painpoint_platform.perception.paths.hierarchy_network import Network, fit_network, hashed_ngrams
from painpoint_platform.perception.paths.paths_decisions import cross_entropy, fit_offsets, fit_temperature
from painpoint_platform.perception.paths.paths_evaluation import PathPartReport, judged_paths
from painpoint_platform.perception.paths.paths_out_of_fold import write_path_predictions
from painpoint_platform.perception.paths.paths_rows import PathRows, require_sound_paths
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FAMILY = "network"
# A trial is judged on this many folds, by networks fitted to all others: in the same time twice as many are tried.
SEARCH_FOLDS = 2


@dataclass(frozen=True, slots=True)
class PathReport:
    """What happened, with every figure.

    Attributes:
        search: all trials; their error is the mean cross-entropy of the levels.
        out_of_fold: figures of the training rows by models that have not seen them.
        temperature: of the calibration.
        cross_entropy: out of fold, of the leaves in nats, ``before`` and ``after`` calibration; the latter with
            temperatures fitted to the other folds.
        parts: what was judged on, ``tune`` and ``test`` where there is one.
        gates: the tuning rows' figures against the thresholds.
        seconds: by step.
    """

    search: SearchResult
    out_of_fold: PathMetrics
    temperature: float
    cross_entropy: Mapping[str, float]
    parts: Mapping[str, PathPartReport]
    gates: GateReport
    seconds: Mapping[str, float]


TrainedPaths: TypeAlias = Trained[PathModel, PathReport]


def train_paths(
    variable: str,
    *,
    train: PathRows,
    tune: PathRows,
    settings: PerceptionSettings,
    test: PathRows | None = None,
    trials: int | None = None,
    storage: Path | None = None,
    oof_folder: Path | None = None,
    progress: Progress | None = None,
) -> TrainedPaths:
    """Train, judge and name the model of a variable whose labels are paths.

    The features of the text are read as far as the rows have them: the 405, and the encoder's middle states.

    Args:
        variable: of ``settings.variables``, of kind path.
        train: rows with folds.
        tune: rows that judge.
        settings: budgets, ranges and thresholds.
        test: rows that are reported.
        trials: the most of the search; default the variable's.
        storage: SQLite file of the search, with which a killed one goes on.
        oof_folder: where out-of-fold predictions are written.
        progress: called with (trials finished, trials).

    Raises:
        UserError: rows that cannot be learnt from, a variable that is no path, files that cannot be written.
    """
    chosen = settings.variable(variable)
    if chosen.kind != "path":
        raise UserError(f"{variable} is of kind {chosen.kind} and no path; train it as that")
    judging = {"tune": tune} if test is None else {"tune": tune, "test": test}
    require_sound_paths(train, variable, folds=True)
    for rows in judging.values():
        require_sound_paths(rows, variable, folds=False)
    clock, inputs = Clock(), _Inputs.of(train)
    with clock.step("search"):
        searched = _search(variable, inputs, settings, Effort(trials or chosen.trials, storage, progress))
    params = searched.best.candidate.params
    with clock.step("out-of-fold"):
        logits = _out_of_fold(inputs, params, settings, np.unique(train.folds))
    with clock.step("calibration, decisions"):
        decisions = _decisions(logits, train)
        if oof_folder is not None:
            kept = {"kind": FAMILY, "params": dict(params)}
            write_path_predictions(decisions.probabilities, train, oof_folder, kept)
    with clock.step("final fit"):
        networks = _fitted(inputs, params, settings, np.ones(len(train), np.bool_))
        model = PathModel(variable, train.tree, inputs.columns, networks, decisions.temperature, decisions.offsets)
    with clock.step("judgement"):
        parts = {
            name: judged_paths(model, rows, trained=train.paths, settings=settings) for name, rows in judging.items()
        }
    report = PathReport(
        search=searched,
        out_of_fold=decisions.figures,
        temperature=decisions.temperature,
        cross_entropy=decisions.cross_entropy,
        parts=parts,
        gates=judge_paths(variable, chosen.gates, parts["tune"].metrics),
        seconds=clock.seconds,
    )
    return Trained(model, report)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Rows as a network reads them, computed once for all trials and folds."""

    rows: PathRows
    columns: tuple[str, ...]
    matrix: NDArray[np.float32]
    grams: "csr_matrix"

    @classmethod
    def of(cls, rows: PathRows) -> "_Inputs":
        known = set(rows.rows.features.names)
        columns = tuple(name for name in TEXT_NAMES if name in known)
        return cls(rows, columns, rows.rows.features.block(columns), hashed_ngrams(rows.texts))

    def where(self, chosen: NDArray[np.bool_]) -> "_Inputs":
        return _Inputs(self.rows.where(chosen), self.columns, self.matrix[chosen], self.grams[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class _Decisions:
    """What the out-of-fold logits decide, and what it is worth there.

    Attributes:
        temperature: of the calibration.
        probabilities: (rows, leaves), with temperatures fitted to the other folds.
        offsets: what each leaf is favoured by.
        figures: of the paths that follow.
        cross_entropy: as in ``PathReport``.
    """

    temperature: float
    probabilities: Floats
    offsets: Floats
    figures: PathMetrics
    cross_entropy: Mapping[str, float]


def _decisions(logits: Floats, train: PathRows) -> _Decisions:
    tree, places = train.tree, train.places
    probabilities = _cross_fitted(logits, train)
    offsets = fit_offsets(tree, probabilities, places, train.folds)
    decided = [tree.paths[place] for place in decode(tree, probabilities, offsets).tolist()]
    figures = path_metrics(train.paths, decided, tree=tree.paths, trained=train.paths)
    entropy = {
        "before": cross_entropy(softmax(logits), places),
        "after": cross_entropy(probabilities, places),
    }
    return _Decisions(fit_temperature(logits, places), probabilities, offsets, figures, entropy)


def _search(variable: str, inputs: _Inputs, settings: PerceptionSettings, effort: Effort) -> SearchResult:
    most = settings.search.most_rows / len(inputs.rows)
    searched = (
        inputs.where(np.random.default_rng(settings.seed).random(len(inputs.rows)) < most) if most < 1 else inputs
    )
    folds = np.unique(searched.rows.folds)[:SEARCH_FOLDS]
    judged = np.isin(searched.rows.folds, folds)
    single = settings.model_copy(update={"network": settings.network.model_copy(update={"members": 1})})

    def error(candidate: Candidate) -> float:
        logits = _out_of_fold(searched, candidate.params, single, folds)[judged]
        return _mean_cross_entropy(searched.rows.tree, logits, searched.rows.places[judged])

    data = (searched.matrix, searched.grams.indices, searched.rows.places)
    name = search_name(variable, items_digest(searched.rows.rows), data, settings, "network")
    family = Family(FAMILY, settings.network.intervals, settings.network.default)
    return search_as_set(error, [family], name=name, settings=settings, effort=effort)


def _fitted(
    inputs: _Inputs, params: Mapping[str, float], settings: PerceptionSettings, chosen: NDArray[np.bool_]
) -> tuple[Network, ...]:
    part = inputs if chosen.all() else inputs.where(chosen)
    return tuple(
        fit_network(
            part.matrix,
            part.grams,
            part.rows.places,
            levels=part.rows.tree.levels,
            params=params,
            seed=settings.seed + member,
        )
        for member in range(settings.network.members)
    )


def _out_of_fold(
    inputs: _Inputs, params: Mapping[str, float], settings: PerceptionSettings, folds: NDArray[np.int64]
) -> Floats:
    """Return logits (rows, leaves) of the rows of these folds by networks fitted to all others; 0 elsewhere."""
    logits = np.zeros((len(inputs.rows), len(inputs.rows.tree.paths)))
    for fold in folds:
        held_out = inputs.rows.folds == fold
        networks = _fitted(inputs, params, settings, ~held_out)
        matrix, grams = inputs.matrix[held_out], inputs.grams[held_out]
        logits[held_out] = np.mean([network.logits(matrix, grams) for network in networks], axis=0)
    return logits


def _mean_cross_entropy(tree: Tree, logits: Floats, places: NDArray[np.int64]) -> float:
    """Return the mean of the levels' cross-entropies at the best temperature: what calibration mends is no error."""
    probabilities = softmax(logits / fit_temperature(logits, places))
    return float(-path_scores(tree, probabilities)[np.arange(len(places)), places].mean() / len(tree.levels))


def _cross_fitted(logits: Floats, rows: PathRows) -> Floats:
    """Return probabilities of each fold by a temperature that was fitted to the others."""
    found = np.empty_like(logits)
    for fold in np.unique(rows.folds):
        held_out = rows.folds == fold
        found[held_out] = softmax(logits[held_out] / fit_temperature(logits[~held_out], rows.places[~held_out]))
    return found
