"""What a model reads matters as much as it was planted to."""

from types import MappingProxyType

import numpy as np
import polars as pl
import pytest

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.text_features import EMBEDDING_NAMES, Features
from painpoint_platform.perception.learning.calibration import fit_calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.out_of_fold import Member
from painpoint_platform.perception.learning.regressors import Ridge
from painpoint_platform.perception.numbers.author_level import AuthorLevel
from painpoint_platform.perception.numbers.importance import AUTHOR_LEVEL, importance
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform_tests.perception.planted_rows import planted_rows

COLUMNS = ("lexical_valence", "word_count", *EMBEDDING_NAMES[:2], "middle_000")
WEIGHTS = np.array([0.12, 0.0, 0.08, 0.02, 0.03])


def planted_model(level: AuthorLevel | None = None) -> PerceptionModel:
    widths = Intervals(0.9, MappingProxyType(dict.fromkeys(LENGTH_BUCKETS, 0.1)), {}, (-9, 9))
    none = fit_calibrator("none", np.empty(0), np.empty(0), (-9, 9))
    members = (Member("linear", COLUMNS, Ridge(WEIGHTS, 0.5)),)
    return PerceptionModel("valence", members, level, None, "linear", none, widths)


def test_the_rise_is_that_of_the_planted_weights() -> None:
    rows = planted_rows(900, users=900)
    middle = np.random.default_rng(5).normal(0, 1, (900, 1)).astype(np.float32)
    features = Features((*rows.features.names, "middle_000"), np.hstack([rows.features.matrix, middle]))
    labels = features.block(COLUMNS).astype(np.float64) @ WEIGHTS + 0.5
    judged = type(rows)(rows.items, features, labels, rows.folds)
    frame = importance(planted_model(), judged, seed=1)
    rise = dict(frame.select("feature", "rmse_increase").rows())
    assert list(rise) == ["lexical_valence", "embedding", "middle layer", "word_count"]
    # Shuffling a feature of variance 1 and weight w adds the error w sqrt(2) where there was none.
    assert rise["lexical_valence"] == pytest.approx(0.12 * 2**0.5, rel=0.08)
    assert rise["embedding"] == pytest.approx((0.08**2 + 0.02**2) ** 0.5 * 2**0.5, rel=0.08)
    assert rise["word_count"] == pytest.approx(0, abs=1e-9)
    assert frame.filter(pl.col("feature") == "embedding")["columns"].item() == 2


def test_what_an_author_said_before_is_taken_away() -> None:
    rows = planted_rows(600, users=12, level=0.2)
    model = planted_model(AuthorLevel(0.5, 0.0, 7, 0.01))
    matrix = np.hstack([rows.features.matrix, np.zeros((600, 1), np.float32)])
    judged = type(rows)(rows.items, Features((*rows.features.names, "middle_000"), matrix), rows.labels, rows.folds)
    frame = importance(model, judged, seed=1)
    assert frame.filter(pl.col("feature") == AUTHOR_LEVEL)["rmse_increase"].item() > 0.03
