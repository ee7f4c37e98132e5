"""Out-of-fold scores come from models that have not seen the row or its author."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.out_of_fold import Recipe, items_digest, out_of_fold, write_out_of_fold
from painpoint_platform.perception.learning.regressors import Matrix, fit_ridge
from painpoint_platform.perception.learning.training_rows import LabelledRows, require_sound
from painpoint_platform_tests.perception.planted_rows import planted_rows

ROWS = planted_rows(200)
RIDGE = Recipe("lexical", "ridge", LEXICAL_NAMES, fit_ridge)


@dataclass(frozen=True)
class Memory:
    """A model that knows the label of every row that it was fitted on, and nothing else."""

    known: dict[bytes, float]
    kind: str = "memory"

    def predict(self, matrix: Matrix) -> np.ndarray:
        return np.array([self.known.get(row.tobytes(), -1.0) for row in matrix])


def remember(matrix: Matrix, labels: np.ndarray) -> Memory:
    return Memory(dict(zip((row.tobytes() for row in matrix), labels.tolist(), strict=True)))


def test_no_model_has_seen_the_row_that_it_scores() -> None:
    found = out_of_fold(ROWS, Recipe("spy", "memory", ROWS.features.names, remember))
    assert (found.scores == -1).all()


def test_scores_and_what_they_are_of_are_kept(tmp_path: Path) -> None:
    found = out_of_fold(ROWS, RIDGE)
    path = write_out_of_fold(found, ROWS, tmp_path / "valence")
    assert path.name == "lexical_oof.npy"
    metadata = json.loads(path.with_suffix(".json").read_text())
    assert metadata["rows"] == 200
    assert set(metadata["by_fold"]) == {str(fold) for fold in np.unique(ROWS.folds)}
    assert metadata["rmse"] == pytest.approx(np.sqrt(np.mean((found.scores - ROWS.labels) ** 2)))
    assert (np.load(path, allow_pickle=False) == found.scores).all()


def test_what_is_kept_names_the_rows_and_the_bytes_that_it_is_of(tmp_path: Path) -> None:
    path = write_out_of_fold(out_of_fold(ROWS, RIDGE), ROWS, tmp_path)
    metadata = json.loads(path.with_suffix(".json").read_text())
    assert metadata["scores_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert metadata["items_sha256"] == items_digest(ROWS) != items_digest(planted_rows(200, seed=1))
    assert items_digest(ROWS) != items_digest(replace(ROWS, folds=ROWS.folds[::-1]))


def with_feature(value: float) -> LabelledRows:
    matrix = ROWS.features.matrix.copy()
    matrix[3, 1] = value
    return replace(ROWS, features=Features(ROWS.features.names, matrix))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_named_with_column_and_item(value: float) -> None:
    with pytest.raises(UserError, match=r"lexical_arousal.*0-3"):
        require_sound(with_feature(value), "valence", (0, 1), folds=True)


def test_labels_out_of_range_and_missing_ones_are_named() -> None:
    labels = ROWS.labels.copy()
    labels[5], labels[9] = 1.4, np.nan
    with pytest.raises(UserError, match=r"0-9 are missing.*0-5 are outside 0 to 1, such as 1\.4"):
        require_sound(replace(ROWS, labels=labels), "valence", (0, 1), folds=False)
    with pytest.raises(UserError, match=r"every label is 0\.5"):
        require_sound(replace(ROWS, labels=np.full(200, 0.5)), "valence", (0, 1), folds=True)


def test_too_few_rows_one_fold_and_torn_authors_are_refused() -> None:
    few = ROWS.where(np.arange(200) < 19)
    with pytest.raises(UserError, match="19 rows to train on, expected at least 20"):
        require_sound(few, "valence", (0, 1), folds=True)
    one_user = ROWS.where(ROWS.folds == 0)
    with pytest.raises(UserError, match="1 fold, expected at least 2"):
        require_sound(one_user, "valence", (0, 1), folds=True)
    with pytest.raises(UserError, match=r"authors .*user.* are in several folds"):
        require_sound(replace(ROWS, folds=np.arange(200) % 5), "valence", (0, 1), folds=True)
    with pytest.raises(UserError, match="in no fold"):
        require_sound(replace(ROWS, folds=np.full(200, -1)), "valence", (0, 1), folds=True)
