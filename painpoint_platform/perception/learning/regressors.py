"""From a matrix of features to scores: ridge regression, kernel machines, boosted trees, by one protocol.

Belongs here: the protocol, ridge and trees. Does not belong here: the kernel machine's mathematics
(``kernel_machine``), which model is taken (``base_models``, ``search``), files (``bundle``).

A fitted model is numbers or LightGBM's own text, so that a file of it can be read without running code from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.measuring.metrics import Floats

Matrix = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]

RIDGE_PENALTIES = (30.0, 100.0, 300.0, 1000.0, 3000.0)
# Trees of a few thousand rows are too little work for two threads: on a machine that others use too, waiting for the
# second one costs ten times what it saves.
THREADS = 1


class Regressor(Protocol):
    """A fitted model of one variable."""

    @property
    def kind(self) -> str:
        """What it is: ridge, kernel or trees."""
        ...

    def predict(self, matrix: Matrix) -> Floats:
        """Return a score a row of ``matrix`` (rows, features)."""
        ...


class Fit(Protocol):
    """How a model is fitted: to a matrix (rows, features) and labels (rows,)."""

    def __call__(self, matrix: Matrix, labels: Floats) -> Regressor:
        """Return the fitted model."""
        ...


@dataclass(frozen=True)
class Ridge:
    """Linear regression with an L2 penalty on standardised features."""

    weights: Floats
    intercept: float
    kind: str = "ridge"

    def predict(self, matrix: Matrix) -> Floats:
        """Return a score a row, (rows,)."""
        return np.asarray(matrix @ self.weights + self.intercept)

    @property
    def arrays(self) -> Arrays:
        """What the model is made of."""
        return {"weights": self.weights, "intercept": np.array(self.intercept)}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Return the model of ``arrays``."""
        return cls(arrays["weights"], float(arrays["intercept"]))


def fit_ridge(matrix: Matrix, labels: Floats, *, penalties: Sequence[float] = RIDGE_PENALTIES) -> Ridge:
    """Fit a ridge regression whose penalty minimises the generalised cross-validation error (Golub et al. 1979)."""
    center, scale = standardisation(matrix)
    rows = (matrix.astype(np.float64) - center) / scale
    mean = labels.mean()
    values, vectors = np.linalg.eigh(rows.T @ rows)
    values = np.maximum(values, 0)
    turned = rows @ vectors
    target = turned.T @ (labels - mean)

    def error(penalty: float) -> float:
        residuals = labels - mean - turned @ (target / (values + penalty))
        freedom = len(labels) - 1 - (values / (values + penalty)).sum()
        return float((residuals**2).sum() / max(freedom, 1e-3) ** 2)

    weights = vectors @ (target / (values + min(penalties, key=error))) / scale
    return Ridge(weights, float(mean - center @ weights))


@dataclass(frozen=True)
class Trees:
    """Gradient-boosted trees; the model is LightGBM's text format."""

    text: str
    kind: str = "trees"

    def predict(self, matrix: Matrix) -> Floats:
        """Return a score a row, (rows,)."""
        return np.asarray(self._booster.predict(matrix, num_threads=THREADS), np.float64)

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)


def fit_trees(matrix: Matrix, labels: Floats, *, params: Mapping[str, float], seed: int) -> Trees:
    """Fit LightGBM with squared loss; the same rows, parameters and seed give the same trees.

    Args:
        matrix: (rows, features).
        labels: (rows,).
        params: LightGBM's names, and ``rounds``.
        seed: of the features that each tree sees.
    """
    import lightgbm

    rounds = int(params["rounds"])
    options: dict[str, Any] = {
        **{name: value for name, value in params.items() if name != "rounds"},
        "num_leaves": int(params["num_leaves"]),
        "min_data_in_leaf": min(int(params["min_data_in_leaf"]), max(len(labels) // 5, 1)),
        "objective": "regression",
        "max_bin": 63,  # LightGBM's own advice for speed; embeddings need no finer cuts
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,  # of a tree's few features, not of all
        "num_threads": THREADS,
        "verbose": -1,
    }
    data = lightgbm.Dataset(matrix, labels, params={"max_bin": 63, "verbose": -1})
    return Trees(lightgbm.train(options, data, rounds).model_to_string())


def standardisation(matrix: Matrix) -> tuple[Floats, Floats]:
    """Return mean and standard deviation, (features,) each, of a matrix (rows, features); a constant column has 1."""
    center = matrix.mean(axis=0, dtype=np.float64)
    scale = matrix.std(axis=0, dtype=np.float64)
    return center, np.where(scale > 1e-7 * np.maximum(np.abs(center), 1), scale, 1.0)
