"""Rows whose path follows from a few features and one word of their text, quick to learn from."""

import numpy as np

from painpoint_platform.perception.emotions import EMOTION_PATHS
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.paths.hierarchy import EMOTIONS
from painpoint_platform.perception.paths.paths_rows import PathRows
from painpoint_platform.perception.settings_file import Interval, PerceptionSettings
from painpoint_platform_tests.perception.planted_rows import planted_rows, quick_settings

KNOWN = tuple(EMOTION_PATHS[name] for name in ("joy", "gratitude", "anger", "fear", "sadness", "neutral"))
WORDS = ("hooray", "thanks", "furious", "afraid", "mourning", "table")
FIRST, EACH = 20, 8  # columns that a path is planted in


def planted_paths(count: int, *, seed: int = 0, noise: float = 0.3, classes: int = len(KNOWN)) -> PathRows:
    """Return rows of the first ``classes`` of ``KNOWN``, each as frequent as the others."""
    base = planted_rows(count, seed=seed)
    kind = np.random.default_rng(seed + 7).integers(0, classes, count)
    matrix = base.features.matrix.copy()
    planted = np.repeat(np.eye(classes)[kind], EACH, axis=1)
    width = planted.shape[1]
    matrix[:, FIRST : FIRST + width] = planted + np.random.default_rng(seed).normal(0, noise, (count, width))
    places = np.array([EMOTIONS.places[KNOWN[number]] for number in kind.tolist()], np.float64)
    texts = tuple(f"{WORDS[number]} number {row % 7}" for row, number in enumerate(kind.tolist()))
    rows = type(base)(base.items, Features(base.features.names, matrix), places, base.folds)
    return PathRows(rows, texts, EMOTIONS)


def quick_path_settings() -> PerceptionSettings:
    """Return settings with budgets that a test can wait for."""
    settings = quick_settings()
    quick = {"hidden": 8, "epochs": 3, "rate": 0.005, "word_rate": 0.3}
    network = settings.network.model_copy(
        update={
            "members": 1,
            "default": {**settings.network.default, **quick},
            **{name: Interval(low=value, high=value, whole=value >= 1) for name, value in quick.items()},
        }
    )
    return settings.model_copy(update={"network": network})
