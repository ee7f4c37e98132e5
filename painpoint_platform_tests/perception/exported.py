"""Small models of real texts, with every part that an export can hold, for the tests of this package."""

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import FEATURE_NAMES, Features, text_features
from painpoint_platform.perception.learning.calibration import fit_calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.out_of_fold import Member, Recipe, fitted
from painpoint_platform.perception.learning.regressors import fit_ridge
from painpoint_platform.perception.learning.training_rows import LabelledRows, labelled_rows
from painpoint_platform.perception.numbers.author_level import AuthorLevel
from painpoint_platform.perception.numbers.base_models import kernel_recipe, trees_recipe
from painpoint_platform.perception.numbers.blender import Blender, context
from painpoint_platform.perception.numbers.model import BLEND, PerceptionModel
from painpoint_platform.perception.runs.bundle import Bundle, Provenance, load_bundle, save_bundle
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.perception.planted_rows import quick_settings

ROWS = generate(137, 60, 40, 30, everyday_items=40).frame.with_columns(fold=pl.lit(0))
TEXTS = ROWS["text"].to_list()
LANGUAGES = ROWS["language"].to_list()
HALF_WIDTHS = Intervals(0.9, {"SHORT": 0.11, "MEDIUM": 0.2, "LONG": 0.3}, {}, (0.0, 1.0))


def small_bundles(embedder: Embedder, folder: Path) -> list[Bundle]:
    """Return a blend of all kinds (valence), trees alone (arousal) and an author's level (willingness), once saved."""
    text = text_features(TEXTS, embedder=embedder)
    past = temporal_features(ROWS.select("user_id", "timestamp"), ROWS["valence"].to_numpy())
    features = Features((*text.names, *TEMPORAL_NAMES), np.hstack([text.matrix, past]).astype(np.float32))
    models = (
        _blend(labelled_rows(ROWS, features, "valence")),
        _trees(labelled_rows(ROWS, features, "arousal")),
        _level(labelled_rows(ROWS, features, "willingness")),
    )
    provenance = Provenance("corpus.csv", "0" * 64, 137, embedder.version, {})
    return [load_bundle(save_bundle(one, accepted=True, provenance=provenance, folder=folder)) for one in models]


def _blend(rows: LabelledRows) -> PerceptionModel:
    settings = quick_settings()
    recipes = (
        Recipe("lexical", "ridge", LEXICAL_NAMES, fit_ridge),
        Recipe("embedding", "ridge", FEATURE_NAMES[15:], partial(fit_ridge, penalties=(1000.0,))),
        kernel_recipe(settings, settings.kernel.default, 120),
        trees_recipe(settings, settings.trees.default, temporal=True),
    )
    members = tuple(fitted(rows, recipe) for recipe in recipes)
    languages = ("en", "hi-Latn")
    width = context(rows.features, rows.items, languages).shape[1]
    coefficients = np.random.default_rng(0).normal(0, 0.5, (len(members), width))
    blender = Blender(tuple(member.name for member in members), languages, coefficients)
    calibrator = fit_calibrator("isotonic", np.linspace(0, 1, 9), 0.3 + 0.4 * np.linspace(0, 1, 9) ** 2, (0, 1))
    return PerceptionModel("valence", members, None, blender, BLEND, calibrator, HALF_WIDTHS)


def _trees(rows: LabelledRows) -> PerceptionModel:
    settings = quick_settings()
    member = fitted(rows, trees_recipe(settings, settings.trees.default, temporal=False))
    labels = rows.labels
    return PerceptionModel(
        "arousal", (member,), None, None, "trees", fit_calibrator("platt", labels, labels, (0, 1)), HALF_WIDTHS
    )


def _level(rows: LabelledRows) -> PerceptionModel:
    settings = quick_settings()
    member: Member = fitted(rows, kernel_recipe(settings, settings.kernel.default, 60))
    calibrator = fit_calibrator("none", rows.labels, rows.labels, (0, 1))
    return PerceptionModel(
        "willingness", (member,), AuthorLevel(0.5, 0.1, 7, 0.01), None, "kernel", calibrator, HALF_WIDTHS
    )
