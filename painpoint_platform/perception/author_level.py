"""What an author's past adds to the score of a text: people rate themselves on their own scale.

Belongs here: the level of an author from earlier labels, and how far it is believed. Does not belong here: the 13
features of the past (``temporal_features``), scores of texts.

An author's level is the sum of the residuals (label minus score of the text) of strictly earlier texts, divided by
their number plus a shrinkage: the best linear unbiased prediction of a random intercept, where the shrinkage is the
ratio of the variance within authors to that between them (Robinson, Statistical Science 1991). A text never sees its
own label or one of the same instant; an author without earlier labels has the level 0, so the score is the text's.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from painpoint_platform.perception.metrics import Floats

SHRINKAGES = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class AuthorLevel:
    """A fitted rule.

    Attributes:
        text_member: whose scores it corrects.
        shrinkage: in labels.
    """

    text_member: str
    shrinkage: float

    def predict(self, items: pl.DataFrame, text_scores: Floats, observed: Floats | None) -> Floats:
        """Return the text's scores plus their authors' levels.

        Args:
            items: user_id, timestamp; null: no past.
            text_scores: (rows,) of ``text_member``.
            observed: (rows,) labels as far as they are known, else NaN; None: none is.
        """
        if observed is None:
            return text_scores
        return text_scores + past_levels(items, observed - text_scores, self.shrinkage)


def past_levels(items: pl.DataFrame, residuals: Floats, shrinkage: float) -> Floats:
    """Return the level of each row's author before it, (rows,); for the formula see the module.

    Args:
        items: user_id, timestamp; null: no past.
        residuals: (rows,), NaN where nothing was observed.
        shrinkage: above 0.
    """
    own = items.select("user_id", "timestamp").with_columns(residual=pl.Series(residuals, dtype=pl.Float64))
    known = own.drop_nulls(["user_id", "timestamp"]).with_columns(pl.col("residual").fill_nan(None))
    instants = (
        known.group_by("user_id", "timestamp")
        .agg(pl.col("residual").sum().alias("sum"), pl.col("residual").count().alias("count"))
        .sort("user_id", "timestamp")
        .select(
            "user_id",
            "timestamp",
            *[
                (pl.col(name).cum_sum() - pl.col(name)).over("user_id", order_by="timestamp").alias(f"past_{name}")
                for name in ("sum", "count")
            ],
        )
        .with_columns(level=pl.col("past_sum") / (pl.col("past_count") + shrinkage))
    )
    joined = own.join(instants, on=["user_id", "timestamp"], how="left", maintain_order="left")
    return joined["level"].fill_null(0.0).to_numpy()


def fit_author_level(items: pl.DataFrame, labels: Floats, text_member: str, text_scores: Floats) -> AuthorLevel:
    """Return the rule whose shrinkage minimises the squared error.

    Args:
        items: user_id, timestamp.
        labels: (rows,).
        text_member: name of the model that scored the texts.
        text_scores: (rows,) by models that have not seen these authors.
    """

    def error(shrinkage: float) -> float:
        scores = AuthorLevel(text_member, shrinkage).predict(items, text_scores, labels)
        return float(np.mean((scores - labels) ** 2))

    return AuthorLevel(text_member, min(SHRINKAGES, key=error))
