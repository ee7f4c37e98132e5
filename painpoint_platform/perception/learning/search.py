"""Looking for parameters: Optuna's TPE on disk, so that a search that was killed goes on where it was.

Belongs here: trials, when to stop, going on, what names a search. Does not belong here: what a trial fits
(``training``), the ranges (``settings_file``).

Each trial draws from a sampler whose seed is that of the search plus the number of finished trials. So a search that
was killed and taken up again makes the same trials as one that ran through.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.folders import locked
from painpoint_platform.perception.settings_file import Interval, PerceptionSettings
from painpoint_platform.progress import Progress

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

_FAMILY = "family"
_SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A family of models and one choice of its parameters."""

    family: str
    params: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Family:
    """Where to look: the parameters of a family of models, and the choice that is tried first."""

    name: str
    intervals: Mapping[str, Interval]
    default: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tried:
    """One finished trial.

    Attributes:
        candidate: what was tried.
        value: its error.
        seconds: that it took.
    """

    candidate: Candidate
    value: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes:
        trials: all finished ones, in order.
        stopped_early: whether patience ended before the trials did.
        taken_up: trials that an earlier process had finished.
    """

    trials: tuple[Tried, ...]
    stopped_early: bool
    taken_up: int

    @property
    def best(self) -> Tried:
        """The trial with the lowest error, the first of equals."""
        return min(self.trials, key=lambda trial: trial.value)

    def best_of(self, family: str) -> Tried:
        """Return the best trial of a family, which was tried at least once: with its default."""
        return min((one for one in self.trials if one.candidate.family == family), key=lambda trial: trial.value)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on a search, and where it is kept.

    Attributes:
        trials: the most.
        storage: SQLite file, with which a killed search goes on; None: it is not kept.
        progress: called with (trials finished, trials).
    """

    trials: int
    storage: Path | None = None
    progress: Progress | None = None


def search_as_set(
    error: Callable[[Candidate], float],
    families: Sequence[Family],
    *,
    name: str,
    settings: PerceptionSettings,
    effort: Effort,
) -> SearchResult:
    """Look for the candidate with the lowest error, with the settings' patience and seed; for the rest see ``search``.

    Raises:
        UserError: the file of trials cannot be used.
    """
    return search(
        error,
        families,
        name=name,
        trials=effort.trials,
        patience=settings.search.patience,
        least_gain=settings.search.least_gain,
        seed=settings.seed,
        storage=effort.storage,
        progress=effort.progress,
    )


def search_name(
    variable: str, items: str, data: Iterable[NDArray[np.generic]], settings: PerceptionSettings, *sections: str
) -> str:
    """Return a name that follows from data and ranges: trials of others are not of this search.

    Args:
        variable: whose parameters are looked for.
        items: ``out_of_fold.items_digest`` of the rows.
        data: what trials are fitted to and judged by; arrays of any shape.
        settings: of the training.
        sections: of the settings, which trials depend on beside seed and budget.
    """
    digest = hashlib.sha256(items.encode())
    for part in data:
        digest.update(part.tobytes())
    digest.update(settings.model_dump_json(include={"seed", "search", *sections}).encode())
    return f"{variable}-{digest.hexdigest()[:16]}"


def search(
    error: Callable[[Candidate], float],
    families: Sequence[Family],
    *,
    name: str,
    trials: int,
    patience: int,
    least_gain: float,
    seed: int = 137,
    storage: Path | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Look for the candidate with the lowest error.

    Args:
        error: of a candidate; above 0.
        families: to choose from; the default of each is tried first.
        name: of the search; one on other data must have another name, or its trials would count.
        trials: the most, and at least one a family is made.
        patience: trials without a gain after which the search stops.
        least_gain: the share of the best error that counts as a gain.
        seed: of all choices.
        storage: SQLite file of the trials, made where there is none; None: they are not kept.
        progress: called with (trials finished, ``trials``).

    Raises:
        UserError: the file of trials cannot be used.
    """
    study = _study(name, storage)
    _give_up_unfinished(study)
    taken_up = len(_finished(study))
    trials = max(trials, len(families))
    while len(done := _finished(study)) < trials and not _out_of_patience(done, families, patience, least_gain):
        study.sampler = _sampler(seed + len(done), families, len(done))
        trial = study.ask()
        started = perf_counter()
        found = error(_suggested(trial, families))
        trial.set_user_attr(_SECONDS, perf_counter() - started)
        study.tell(trial, found)
        if progress:
            progress(len(done) + 1, trials)
    return SearchResult(tuple(_tried(trial) for trial in done), len(done) < trials, taken_up)


def _study(name: str, storage: Path | None) -> "Study":
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if storage is None:
        return optuna.create_study(study_name=name)
    try:
        storage.parent.mkdir(parents=True, exist_ok=True)
        with locked(storage.parent):  # two that make the tables at once fail
            return optuna.create_study(study_name=name, storage=f"sqlite:///{storage.absolute()}", load_if_exists=True)
    except (SQLAlchemyError, RuntimeError, OSError, AssertionError) as error:
        raise UserError(
            f"{storage}: the trials of {name} cannot be kept there ({type(error).__name__}); remove the file to begin "
            "anew, or choose another folder"
        ) from error


def _give_up_unfinished(study: "Study") -> None:
    """A trial that is running now belongs to a process that was killed: a search has one process at a time."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _finished(study: "Study") -> "list[FrozenTrial]":
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _out_of_patience(
    done: "Sequence[FrozenTrial]", families: Sequence[Family], patience: int, least_gain: float
) -> bool:
    """Whether the last ``patience`` trials brought no gain; the defaults are where patience begins."""
    best, waited = float("inf"), 0
    for number, trial in enumerate(done):
        value = _value(trial)
        gained = value < best * (1 - least_gain)
        waited = 0 if gained or number < len(families) else waited + 1
        best = min(best, value) if not gained else value
    return waited >= patience


def _sampler(seed: int, families: Sequence[Family], number: int) -> Any:
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import PartialFixedSampler, TPESampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = TPESampler(seed=seed, constant_liar=False)
        if number >= len(families):
            return sampler
        family = families[number]
        fixed: dict[str, Any] = {f"{family.name}.{name}": value for name, value in family.default.items()}
        return PartialFixedSampler({_FAMILY: family.name, **fixed}, sampler)


def _suggested(trial: "Trial", families: Sequence[Family]) -> Candidate:
    by_name = {family.name: family for family in families}
    chosen = by_name[trial.suggest_categorical(_FAMILY, list(by_name))]
    params = {
        name: _suggested_value(trial, f"{chosen.name}.{name}", interval) for name, interval in chosen.intervals.items()
    }
    return Candidate(chosen.name, params)


def _suggested_value(trial: "Trial", name: str, interval: Interval) -> float:
    if interval.whole:
        return trial.suggest_int(name, int(interval.low), int(interval.high), log=interval.logarithmic)
    return trial.suggest_float(name, interval.low, interval.high, log=interval.logarithmic)


def _tried(trial: "FrozenTrial") -> Tried:
    family = trial.params[_FAMILY]
    params = {name.removeprefix(f"{family}."): value for name, value in trial.params.items() if name != _FAMILY}
    return Tried(Candidate(family, params), _value(trial), float(trial.user_attrs[_SECONDS]))


def _value(trial: "FrozenTrial") -> float:
    if trial.value is None:
        raise ValueError(f"trial {trial.number} is finished and has no value")
    return trial.value
