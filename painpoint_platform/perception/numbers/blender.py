"""One score from several models, weighted by what kind of text it is.

Belongs here: the weights, fitting them, the context that they depend on. Does not belong here: the models
(``base_models``).

A row's weights are the softmax of a linear function of its context, so they are at least 0 and sum to 1, and the blend
lies between the lowest and the highest score. They are fitted on out-of-fold scores by least squares, with a penalty
that keeps them near equal where rows are too few to say otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.measuring.metrics import Floats

_COUNTS = ("profanity_count", "negation_count", "emoji_count")
_MOST = 5.0  # of a count; what is more says no more about whom to believe
_MOST_WORDS = 300.0
_FEWEST_OF_A_LANGUAGE = 50
# Of the squared coefficients, beside the sum of squared errors in units of the labels' variance. On folds of EmoBank's
# training part 5 to 20 are alike; a twentieth of it costs authors of SemEval-2026, who are fewer, 0.003 of r.
_PENALTY = 5.0


@dataclass(frozen=True, slots=True)
class Blender:
    """Fitted weights.

    Attributes:
        members: names of the models, in the order of the columns of scores.
        languages: that have a weight of their own; all others share one.
        coefficients: (members, context) of the linear function; its last column is the constant.
    """

    members: tuple[str, ...]
    languages: tuple[str, ...]
    coefficients: Floats

    def weights(self, features: Features, items: pl.DataFrame) -> Floats:
        """Return the weights, shape (rows, members): at least 0, each row's sum is 1."""
        return _softmax(context(features, items, self.languages) @ self.coefficients.T)

    def blend(self, scores: Floats, features: Features, items: pl.DataFrame) -> Floats:
        """Return the blended scores, (rows,), of ``scores`` (rows, members)."""
        return np.asarray((self.weights(features, items) * scores).sum(axis=1))


def context(features: Features, items: pl.DataFrame, languages: Sequence[str]) -> Floats:
    """Return what the weights depend on, a row a text.

    Columns: one per length bucket and per language (0 or 1), counts of profanity, negations and emoji (at most 5),
    words / 100 (at most 3), 1.
    """
    lengths = [(items["length_bucket"] == name).to_numpy() for name in LENGTH_BUCKETS]
    spoken = [(items["language"] == name).fill_null(value=False).to_numpy() for name in languages]
    counts = np.minimum(features.block(_COUNTS), _MOST)
    words = np.minimum(features.block(("word_count",)), _MOST_WORDS) / 100
    flags = np.array([*lengths, *spoken], np.float64).T
    return np.hstack([flags, counts, words, np.ones((len(items), 1))])


def fit_blender(
    scores: Floats, labels: Floats, features: Features, items: pl.DataFrame, members: Sequence[str]
) -> Blender:
    """Fit the weights.

    Args:
        scores: (rows, members) out-of-fold.
        labels: (rows,).
        features: of the rows.
        items: length_bucket and language of the rows.
        members: names of the columns of ``scores``.
    """
    from scipy.optimize import minimize

    common = items["language"].value_counts().filter(pl.col("count") >= _FEWEST_OF_A_LANGUAGE)["language"]
    languages = tuple(sorted(common.drop_nulls().to_list()))
    known = context(features, items, languages)
    variance, penalty = max(float(labels.var()), 1e-12), _PENALTY / len(labels)

    def loss(flat: Floats) -> tuple[float, Floats]:
        coefficients = flat.reshape(len(members), -1)
        weights = _softmax(known @ coefficients.T)
        blended = (weights * scores).sum(axis=1)
        errors = blended - labels
        slope = 2 * errors[:, None] * weights * (scores - blended[:, None]) / (len(labels) * variance)
        gradient = slope.T @ known + 2 * penalty * coefficients
        return float((errors**2).mean() / variance + penalty * (flat**2).sum()), gradient.ravel()

    start = np.zeros(len(members) * known.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Blender(tuple(members), languages, found.x.reshape(len(members), -1))


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
