"""How far a variable can be foreseen at all: where a model that misses its gates has nothing left to hear.

Belongs here: figures that say so. Does not belong here: models, gates.

The comparator is valence less an exponential average of the author's past with weight a = 0.3. Of an author whose
valence varies without memory around a level, it can only be foreseen how far that average is off the level. Its
variance is a / (2 - a) of that of the valence, so that even who knows the level reaches r = sqrt(a / 2) = 0.39 and no
more. Only courses that are heard in the past, such as ups and downs that take turns, allow for more.
"""

import numpy as np
import polars as pl

from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.metrics import Floats, correlation
from painpoint_platform.perception.temporal.temporal_history import History
from painpoint_platform.perception.temporal.temporal_inputs import EXPECTATION


def residual_autocorrelation(rows: LabelledRows, errors: Floats) -> float | None:
    """Return how errors correlate with those of the same author's text before; None without successive texts.

    About 0: the past says no more than the model heard.

    Args:
        rows: that were foreseen.
        errors: (rows,) score less label.
    """
    pairs = (
        rows.items.select("user_id", "timestamp", error=pl.Series(errors))
        .sort("user_id", "timestamp")
        .with_columns(before=pl.col("error").shift(1).over("user_id"))
        .drop_nulls("before")
    )
    return correlation(pairs["error"].to_numpy(), pairs["before"].to_numpy())


def known_level_correlation(history: History, rows: LabelledRows, variable: str) -> float | None:
    """Return Pearson's r of who knows each author's level from all other texts, later ones too; None without any.

    No model may know that. One that comes near it, and whose errors do not hang together, has heard what there is.

    Args:
        history: all texts of the part.
        rows: those that were foreseen, with ``temporal_inputs`` as features.
        variable: of the rows' labels.
    """
    of_valence = variable == "comparator" and EXPECTATION in rows.features.names
    value = pl.col("value")
    others = (value.sum() - value) / (value.count() - 1)
    known = history.items.select(
        "item_id", "user_id", value=pl.Series(history.observed["valence" if of_valence else variable]).fill_nan(None)
    ).select("item_id", level=pl.when(value.count().over("user_id") > 1).then(others.over("user_id")))
    levels = rows.items.select("item_id").join(known, on="item_id", how="left", maintain_order="left")["level"]
    said = levels.fill_null(np.nan).to_numpy()
    if of_valence:
        said = said - rows.features.block((EXPECTATION,))[:, 0]
    heard = np.isfinite(said)
    return correlation(said[heard], rows.labels[heard])
