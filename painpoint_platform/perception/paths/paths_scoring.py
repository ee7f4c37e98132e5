"""Paths of texts as columns of a frame of scores.

Belongs here: how a path is written in a table. Does not belong here: choosing it (``hierarchy``), features and the
frame of all models' scores (``text_scores``).
"""

from collections.abc import Sequence

import polars as pl

from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.paths.hierarchy import PathModel

ARROW = " > "


def path_columns(model: PathModel, name: str, features: Features, texts: Sequence[str]) -> list[pl.Series]:
    """Return ``<variable>`` such as ``negative > anger > annoyance``, ``<variable>_confidence``, ``<variable>_model``.

    The confidence (Float64, 0 to 1) is the calibrated probability of the whole path.

    Args:
        model: a classifier of paths.
        name: of the model, which each row carries.
        features: of the texts, with every column that the model reads.
        texts: whose words the model reads beside them.
    """
    scores = model.predict(features, texts)
    return [
        pl.Series(model.variable, [ARROW.join(path) for path in scores.paths], pl.String),
        pl.Series(f"{model.variable}_confidence", scores.confidence, pl.Float64),
        pl.Series(f"{model.variable}_model", [name] * len(texts), pl.String),
    ]
