"""A model that says what an author's next text will show, before it is written.

Belongs here: which models compete, the fitted one, its files. Does not belong here: what is known of a past
(``temporal_inputs``), fitting and judging (``temporal_training``).

Ridge regression and boosted trees compete. A recurrent network over the last five steps (GRU of 24 units, 60 epochs)
was measured beside them with folds grouped by author: its error was 2 % to 5 % higher on made-up histories and on those
of real people, and it took more than twenty times as long; so it is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.calibration import Calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.out_of_fold import Member, Recipe
from painpoint_platform.perception.learning.regressors import fit_ridge, fit_trees
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.numbers.model import PerceptionModel, Scores
from painpoint_platform.perception.numbers.regression_files import regression_from_files, regression_to_files
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal.temporal_history import History
from painpoint_platform.perception.temporal.temporal_inputs import EXPECTATION, STEPS, TEXT_PREFIX, past_inputs

# The fewest earlier steps of a history that counts as one of middle and of great length.
_MIDDLE, _LONG = 3, 8


@dataclass(frozen=True, slots=True, eq=False)
class TemporalModel:
    """A fitted model.

    Attributes:
        variable: what it foresees.
        member: ridge or trees, on columns of ``temporal_inputs.past_inputs``.
        calibrator: of its scores.
        intervals: around the calibrated scores, by ``history_lengths``: the text's own length is not known yet.
    """

    variable: str
    member: Member
    calibrator: Calibrator
    intervals: Intervals

    def predict_next(self, history: History, targets: pl.DataFrame) -> Scores:
        """Foresee texts, of which nothing but author and time is looked at.

        Args:
            history: with the series that the model was trained with; later texts than a target's are not heeded.
            targets: user_id and timestamp, a row a text that is next.

        Returns:
            A score a target; NaN where its author has no earlier text, or no author or time is known.

        Raises:
            KeyError: a series or a feature of the texts that the model reads is not in the history.
        """
        inputs = past_inputs(history, targets)
        raw = self.calibrator.apply(self.member.predict(inputs))
        score = np.where(has_past(inputs), raw, np.nan)
        return Scores(score, *self.intervals.around(score, history_lengths(inputs)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs that it reads."""
        return self.member.columns

    def to_files(self) -> dict[str, bytes]:
        """Return the model as files that hold numbers and text, no pickled objects."""
        return regression_to_files(
            PerceptionModel(
                self.variable, (self.member,), None, None, self.member.name, self.calibrator, self.intervals
            )
        )

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """Return the model of ``to_files``.

        Raises:
            KeyError, ValueError: they are not the files of such a model.
        """
        stored = regression_from_files(files)
        (member,) = stored.members
        return cls(stored.variable, member, stored.calibrator, stored.intervals)


def base_recipes(columns: tuple[str, ...], settings: PerceptionSettings) -> Mapping[str, list[Recipe]]:
    """Return the competitors by what they read: ``numbers`` alone, and with what earlier ``texts`` said.

    Args:
        columns: of ``past_inputs``; without any of texts there is no competition about them.
        settings: the trees' default parameters.
    """
    numbers = tuple(name for name in columns if not name.startswith(TEXT_PREFIX))
    blocks = {"numbers": numbers, "texts": columns} if len(numbers) < len(columns) else {"numbers": numbers}
    return {
        name: [
            Recipe(name, "ridge", block, fit_ridge),
            trees_recipe(block, settings, settings.temporal_trees.default, name=name),
        ]
        for name, block in blocks.items()
    }


def trees_recipe(
    columns: tuple[str, ...], settings: PerceptionSettings, params: Mapping[str, float], *, name: str = "trees"
) -> Recipe:
    """Return LightGBM on these inputs."""
    return Recipe(name, "trees", columns, partial(fit_trees, params=params, seed=settings.seed))


def has_past(inputs: Features) -> NDArray[np.bool_]:
    """Return which targets have an earlier step of their author, (rows,)."""
    return np.asarray(inputs.block((STEPS,))[:, 0] > 0)


def history_lengths(inputs: Features) -> NDArray[np.str_]:
    """Return how much is known of each author, (rows,): SHORT (one or two earlier steps), MEDIUM (3 to 7) or LONG."""
    steps = np.rint(np.expm1(inputs.block((STEPS,))[:, 0]))
    return np.select([steps < _MIDDLE, steps < _LONG], ["SHORT", "MEDIUM"], "LONG").astype(np.str_)


def baseline_scores(variable: str, inputs: Features, mean: float) -> dict[str, Floats]:
    """Return what anybody can say without a model, (rows,) each.

    ``constant``: the mean label of the training rows; ``persistence``: what was observed last of the author;
    ``author_mean``: the mean of all that was observed of the author. The comparator is valence less an expectation that
    is known beforehand, so where valence is observed, the last and the mean valence are what persists.
    """
    last, usual = (_past(variable, name, inputs) for name in ("lag_1", "mean"))
    return {"constant": np.full(len(last), mean), "persistence": last, "author_mean": usual}


def _past(variable: str, name: str, inputs: Features) -> Floats:
    if variable == "comparator" and EXPECTATION in inputs.names:
        valence, expected = inputs.block((f"valence.{name}", EXPECTATION)).astype(np.float64).T
        return np.asarray(valence - expected)
    return inputs.block((f"{variable}.{name}",))[:, 0].astype(np.float64)
