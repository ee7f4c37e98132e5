"""The models that a variable's final one is made of: how each is made, what it said out of fold, and their blend.

Belongs here: who is in the team, and its out-of-fold scores alone and blended. Does not belong here: the kinds of base
models (``base_models``), the blender's arithmetic (``blender``), the order of the steps (``training``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.learning.out_of_fold import OutOfFold, Recipe, out_of_fold
from painpoint_platform.perception.learning.search import Candidate, SearchResult
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.metrics import Floats, rmse
from painpoint_platform.perception.numbers.author_level import fit_author_level
from painpoint_platform.perception.numbers.base_models import kernel_recipe, trees_recipe
from painpoint_platform.perception.numbers.blender import Blender, fit_blender
from painpoint_platform.perception.numbers.evaluation import TEMPORAL
from painpoint_platform.perception.numbers.model import BLEND
from painpoint_platform.perception.settings_file import PerceptionSettings

KERNEL, TREES = "kernel", "trees"


@dataclass(frozen=True, slots=True)
class Team:
    """The recipes of a variable's models and their out-of-fold scores, by name."""

    recipes: Mapping[str, Recipe]
    found: Mapping[str, OutOfFold]

    @property
    def scores(self) -> Floats:
        """Out-of-fold scores, (rows, models)."""
        return np.stack([one.scores for one in self.found.values()], axis=1)

    @property
    def best_single(self) -> str:
        """The model with the lowest out-of-fold error."""
        return min(self.found, key=lambda name: self.found[name].rmse)

    @property
    def best_text(self) -> str:
        """The best of those that know nothing of the author."""
        return min((name for name in self.found if name != TREES), key=lambda name: self.found[name].rmse)


def searched_recipe(candidate: Candidate, settings: PerceptionSettings, landmarks: int, *, temporal: bool) -> Recipe:
    """Return how a candidate of the search is made.

    Args:
        candidate: of the family ``KERNEL`` or ``TREES``.
        settings: directions of kernel machines, seed.
        landmarks: of a kernel machine.
        temporal: whether the rows have the features of an author's past, which trees then read.
    """
    if candidate.family == KERNEL:
        return kernel_recipe(settings, candidate.params, landmarks)
    return trees_recipe(settings, candidate.params, temporal=temporal)


def assembled(
    train: LabelledRows,
    bases: Mapping[str, tuple[Recipe, OutOfFold, Mapping[str, float]]],
    searched: SearchResult,
    settings: PerceptionSettings,
    *,
    temporal: bool,
) -> Team:
    """Return the base models and the best of each family that was searched for, fitted out of fold.

    Args:
        train: rows with folds.
        bases: of ``base_models.best_of``, by name.
        searched: which parameters are best.
        settings: landmarks, directions, seed.
        temporal: as of ``searched_recipe``.
    """
    recipes = {name: recipe for name, (recipe, _, _) in bases.items()}
    found = {name: scores for name, (_, scores, _) in bases.items()}
    for family in (KERNEL, TREES):
        candidate = searched.best_of(family).candidate
        recipes[family] = searched_recipe(candidate, settings, settings.kernel.landmarks, temporal=temporal)
        found[family] = out_of_fold(train, recipes[family])
    return Team(recipes, found)


def with_past(train: LabelledRows, team: Team) -> OutOfFold:
    """Return the base model ``temporal``: the best model of the text, and what its author's earlier labels add."""
    text = team.found[team.best_text].scores
    level = fit_author_level(train.items, train.labels, text)
    scores = text + level.past(train.items, text, train.labels).level
    return OutOfFold(TEMPORAL, "author_level", scores, rmse(train.labels, scores), 0.0)


def team_blender(train: LabelledRows, team: Team, chosen: NDArray[np.bool_]) -> Blender:
    """Return the blender of the team, fitted to its out-of-fold scores of the ``chosen`` rows, (rows,)."""
    part = train.where(chosen)
    return fit_blender(team.scores[chosen], part.labels, part.features, part.items, tuple(team.found))


def blended_out_of_fold(train: LabelledRows, team: Team) -> Floats:
    """Return blended scores of each fold with weights fitted to the others, (rows,)."""
    blended = np.empty(len(train))
    for fold in np.unique(train.folds):
        held_out = train.folds == fold
        part = train.where(held_out)
        blender = team_blender(train, team, ~held_out)
        blended[held_out] = blender.blend(team.scores[held_out], part.features, part.items)
    return blended


def better_of(team: Team, blended: Floats, labels: Floats) -> tuple[str, Floats]:
    """Return the name of the better one of the blend and the best single model, and its out-of-fold scores, (rows,)."""
    single = team.found[team.best_single]
    return (BLEND, blended) if rmse(labels, blended) < single.rmse else (team.best_single, single.scores)
