"""The models that a variable's final one is made of, and has to beat.

Belongs here: which kinds compete on which features, with which fixed parameters. Does not belong here: the kinds
themselves (``regressors``, ``kernel_machine``), parameters that are searched for (``search``), the author's past
(``author_level``).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from painpoint_platform.perception.features.anchors import ANCHOR_NAMES
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import (
    EMBEDDING_NAMES,
    FEATURE_NAMES,
    MIDDLE_NAMES,
    TEXT_NAMES,
)
from painpoint_platform.perception.learning.kernel_machine import BLOCKS, Loss, fit_kernel_machine
from painpoint_platform.perception.learning.out_of_fold import OutOfFold, Recipe, out_of_fold
from painpoint_platform.perception.learning.regressors import Fit, fit_ridge, fit_trees
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.settings_file import PerceptionSettings

_BLOCKS: Mapping[str, int] = {
    **dict.fromkeys((*EMBEDDING_NAMES, *ANCHOR_NAMES), BLOCKS.index("embedding")),
    **dict.fromkeys(LEXICAL_NAMES, BLOCKS.index("lexical")),
    **dict.fromkeys(MIDDLE_NAMES, BLOCKS.index("middle")),
}


def base_recipes(settings: PerceptionSettings) -> Mapping[str, Sequence[Recipe]]:
    """Return the competitors by name of the base model: ``lexical`` and ``embedding``."""
    trees = partial(fit_trees, params=settings.trees.default, seed=settings.seed)
    embedding = (*EMBEDDING_NAMES, *ANCHOR_NAMES)
    machine = _machine(
        settings, embedding, settings.kernel.default, settings.search.landmarks, loss="epsilon_insensitive"
    )
    return {
        "lexical": [
            Recipe("lexical", "ridge", LEXICAL_NAMES, fit_ridge),
            Recipe("lexical", "trees", LEXICAL_NAMES, trees),
        ],
        "embedding": [
            Recipe("embedding", "ridge", embedding, fit_ridge),
            Recipe("embedding", "svr", embedding, machine),
            Recipe("embedding", "trees", embedding, trees),
        ],
    }


def best_of(rows: LabelledRows, recipes: Sequence[Recipe]) -> tuple[Recipe, OutOfFold, Mapping[str, float]]:
    """Return the recipe with the lowest out-of-fold RMSE, its scores, and the RMSE of every competitor by kind."""
    tried = [(recipe, out_of_fold(rows, recipe)) for recipe in recipes]
    winner, scores = min(tried, key=lambda one: one[1].rmse)
    return winner, scores, {recipe.kind: found.rmse for recipe, found in tried}


def kernel_recipe(settings: PerceptionSettings, params: Mapping[str, float], landmarks: int) -> Recipe:
    """Return a kernel machine on the 405 features of the text and the encoder's middle states."""
    return Recipe("kernel", "kernel", TEXT_NAMES, _machine(settings, TEXT_NAMES, params, landmarks))


def trees_recipe(settings: PerceptionSettings, params: Mapping[str, float], *, temporal: bool) -> Recipe:
    """Return LightGBM on the 405 features of the text and, where they are there, the 13 of the author's past."""
    columns = (*FEATURE_NAMES, *(TEMPORAL_NAMES if temporal else ()))
    return Recipe("trees", "trees", columns, partial(fit_trees, params=params, seed=settings.seed))


def _machine(
    settings: PerceptionSettings,
    columns: Sequence[str],
    params: Mapping[str, float],
    landmarks: int,
    *,
    loss: Loss = "squared",
) -> Fit:
    return partial(
        fit_kernel_machine,
        blocks=[_BLOCKS[name] for name in columns],
        params=params,
        landmarks=landmarks,
        directions=settings.kernel.directions,
        seed=settings.seed,
        loss=loss,
    )
