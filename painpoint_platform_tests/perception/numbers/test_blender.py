"""Blends are convex, and follow the context that says whom to believe."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.text_features import FEATURE_NAMES, Features
from painpoint_platform.perception.numbers.blender import Blender, context, fit_blender
from painpoint_platform_tests.perception.planted_rows import planted_rows

ROWS = planted_rows(600)
COLUMNS = context(ROWS.features, ROWS.items, ("en", "hi")).shape[1]


@settings(max_examples=40)
@given(arrays(np.float64, (3, COLUMNS), elements=st.floats(-50, 50)))
def test_weights_are_shares_whatever_the_coefficients(coefficients: np.ndarray) -> None:
    blender = Blender(("a", "b", "c"), ("en", "hi"), coefficients)
    weights = blender.weights(ROWS.features, ROWS.items)
    assert (weights >= 0).all()
    assert weights.sum(axis=1) == pytest.approx(np.ones(len(ROWS)))
    scores = np.random.default_rng(0).uniform(0, 1, (len(ROWS), 3))
    blended = blender.blend(scores, ROWS.features, ROWS.items)
    assert (blended >= scores.min(axis=1) - 1e-12).all()
    assert (blended <= scores.max(axis=1) + 1e-12).all()


def test_a_model_that_is_right_about_short_texts_is_believed_about_short_texts() -> None:
    choices = np.random.default_rng(7)
    short = ROWS.lengths == "SHORT"
    good, bad = ROWS.labels + choices.normal(0, 0.01, 600), ROWS.labels + choices.normal(0, 0.2, 600)
    scores = np.stack([np.where(short, good, bad), np.where(short, bad, good)], axis=1)
    blender = fit_blender(scores, ROWS.labels, ROWS.features, ROWS.items, ("first", "second"))
    weights = blender.weights(ROWS.features, ROWS.items)
    assert weights[short, 0].mean() > 0.85
    assert weights[~short, 0].mean() < 0.15


def test_equal_models_are_weighted_alike() -> None:
    scores = np.repeat(ROWS.labels[:, None], 2, axis=1)
    blender = fit_blender(scores, ROWS.labels, ROWS.features, ROWS.items, ("first", "second"))
    assert blender.weights(ROWS.features, ROWS.items) == pytest.approx(np.full((600, 2), 0.5))


def test_the_context_of_an_absurd_text_stays_in_bounds() -> None:
    matrix = np.full((1, len(FEATURE_NAMES)), 1e6, np.float32)
    items = pl.DataFrame({"length_bucket": ["LONG"], "language": [None]}, schema_overrides={"language": pl.String})
    row = context(Features(FEATURE_NAMES, matrix), items, ("en",))
    assert row.tolist() == [[*(float(name == "LONG") for name in LENGTH_BUCKETS), 0, 5, 5, 5, 3, 1]]


def test_only_languages_with_enough_rows_get_a_weight_of_their_own() -> None:
    items = ROWS.items.with_columns(language=pl.Series(["en"] * 560 + ["fr"] * 40))
    blender = fit_blender(
        np.stack([ROWS.labels, ROWS.labels], axis=1), ROWS.labels, ROWS.features, items, ("first", "second")
    )
    assert blender.languages == ("en",)
