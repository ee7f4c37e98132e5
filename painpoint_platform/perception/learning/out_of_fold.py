"""Scores of rows by models that have not seen their authors.

Belongs here: fitting a model a fold, keeping what it said of the fold that it did not see, how such predictions lie on
disk. Does not belong here: which models there are (``base_models``), dealing the folds (``splits``).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from painpoint_platform.files import replacing
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.regressors import Fit, Regressor
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.metrics import Floats, regression_metrics, rmse

_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is made.

    Attributes:
        name: the model's among all of a variable, such as ``embedding``.
        kind: what it is, such as ``svr``.
        columns: names of the features that it reads.
        fit: to those columns.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    fit: Fit


@dataclass(frozen=True, slots=True)
class Member:
    """A fitted model that knows its columns."""

    name: str
    columns: tuple[str, ...]
    regressor: Regressor

    def predict(self, features: Features) -> Floats:
        """Return a score a row, (rows,)."""
        return self.regressor.predict(features.block(self.columns))


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What models said of rows that they had not seen.

    Attributes:
        name, kind: of the recipe.
        scores: (rows,), in the order of the training rows.
        rmse: of the scores.
        seconds: that fitting took, all folds together.
    """

    name: str
    kind: str
    scores: Floats
    rmse: float
    seconds: float


def out_of_fold(rows: LabelledRows, recipe: Recipe) -> OutOfFold:
    """Fit the recipe once a fold to the other folds, and score the fold. Authors are in one fold only."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-not-found, import-untyped, unused-ignore]

    started = perf_counter()
    matrix = rows.features.block(recipe.columns)
    scores = np.empty(len(rows))

    def score(fold: int) -> None:
        held_out = rows.folds == fold
        scores[held_out] = recipe.fit(matrix[~held_out], rows.labels[~held_out]).predict(matrix[held_out])

    # LightGBM and BLAS work without the interpreter's lock. A thread a fold, and no more within: threads that wait for
    # each other spin, and on a machine that others use too that costs several times the work.
    with threadpool_limits(1), ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(score, np.unique(rows.folds).tolist()))
    return OutOfFold(recipe.name, recipe.kind, scores, rmse(rows.labels, scores), perf_counter() - started)


def fitted(rows: LabelledRows, recipe: Recipe) -> Member:
    """Fit the recipe to all rows."""
    return Member(recipe.name, recipe.columns, recipe.fit(rows.features.block(recipe.columns), rows.labels))


def all_fitted(rows: LabelledRows, recipes: Iterable[Recipe]) -> tuple[Member, ...]:
    """Fit each recipe to all rows."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-not-found, import-untyped, unused-ignore]

    with threadpool_limits(1), ThreadPoolExecutor(_AT_ONCE) as pool:  # for the reason of ``out_of_fold``
        return tuple(pool.map(lambda recipe: fitted(rows, recipe), recipes))


def write_out_of_fold(found: OutOfFold, rows: LabelledRows, folder: Path) -> Path:
    """Write ``<name>_oof.npy`` and, beside it, what it is as ``<name>_oof.json``; returns the path of the former.

    Raises:
        UserError: the files cannot be written.
    """
    by_fold = {str(fold): _figures(rows, found, rows.folds == fold) for fold in np.unique(rows.folds).tolist()}
    target, digest = write_predictions(folder, found.name, found.scores)
    metadata = {
        "name": found.name,
        "kind": found.kind,
        "rows": len(rows),
        "items_sha256": items_digest(rows),
        "scores_sha256": digest,
        "seconds": round(found.seconds, 3),
        "rmse": found.rmse,
        "by_fold": by_fold,
    }
    write_metadata(target, metadata)
    return target


def write_predictions(folder: Path, name: str, predictions: Floats) -> tuple[Path, str]:
    """Write ``<name>_oof.npy`` into a folder, which is made where there is none; return its path and SHA-256 (hex).

    Raises:
        UserError: the file cannot be written.
    """
    target = folder / f"{name}_oof.npy"
    with replacing(target) as file:
        np.save(file, predictions, allow_pickle=False)
    return target, hashlib.sha256(target.read_bytes()).hexdigest()


def write_metadata(predictions: Path, metadata: Mapping[str, Any]) -> None:
    """Write what predictions are as JSON beside their file.

    Raises:
        UserError: the file cannot be written.
    """
    with replacing(predictions.with_suffix(".json")) as file:
        file.write(json.dumps(metadata, indent=2, ensure_ascii=False).encode())


def items_digest(rows: LabelledRows) -> str:
    """Return the SHA-256 (hex) of the rows' ids and folds, in their order."""
    listed = rows.items["item_id"].to_list()
    return hashlib.sha256(json.dumps([listed, rows.folds.tolist()]).encode()).hexdigest()


def _figures(rows: LabelledRows, found: OutOfFold, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    figures = regression_metrics(rows.labels[chosen], found.scores[chosen])
    return {"rows": figures.rows, "rmse": figures.rmse, "pearson": figures.pearson}
