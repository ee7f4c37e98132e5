"""Regression in the space of a Gaussian kernel, by landmarks: small, fast, and as good as the whole kernel.

Belongs here: the kernel, Nyström's approximation (Williams and Seeger, NIPS 2000), the two losses. Does not belong
here: which of its parameters are best (``search``), the protocol (``regressors``).

Features are standardised on the training rows and scaled so that a block's weight does not grow with its number of
columns. The kernel of two rows is exp(-gamma d²). With the squared loss this is kernel ridge regression restricted to
the landmarks' span, with the epsilon-insensitive one support-vector regression in it. A score is one matrix product,
one exponential and another product: what an accelerator or a serving graph does best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.metrics import Floats
from painpoint_platform.perception.regressors import Arrays, Matrix, standardisation

Loss = Literal["squared", "epsilon_insensitive"]

# Keeps the landmarks' kernel matrix, computed in single precision, positive definite.
_JITTER = 1e-4
_BLOCK = 4_096  # rows whose kernel is computed at once
# Half-width of the tube of support-vector regression: a tenth of a step of a five-point scale.
_EPSILON = 0.02


@dataclass(frozen=True)
class KernelMachine:
    """A fitted machine.

    Attributes:
        center, scale: (features,) of the standardisation, the blocks' weights included in ``scale``.
        landmarks: (landmarks, features) float16, standardised: exactly the numbers that it was fitted with.
        gamma: of the kernel.
        weights: (landmarks,).
        intercept: the mean label.
    """

    center: Matrix
    scale: Matrix
    landmarks: NDArray[np.float16]
    gamma: float
    weights: Floats
    intercept: float
    kind: str = "kernel"

    def predict(self, matrix: Matrix) -> Floats:
        """Return a score a row."""
        landmarks = self.landmarks.astype(np.float32)
        rows = ((matrix - self.center) * self.scale).astype(np.float32, copy=False)
        return np.concatenate(
            [
                gaussian_kernel(rows[start : start + _BLOCK], landmarks, self.gamma) @ self.weights + self.intercept
                for start in range(0, max(len(rows), 1), _BLOCK)
            ]
        )

    @property
    def arrays(self) -> Arrays:
        """What the machine is made of."""
        return {
            "center": self.center,
            "scale": self.scale,
            "landmarks": self.landmarks,
            "gamma": np.array(self.gamma),
            "weights": self.weights,
            "intercept": np.array(self.intercept),
        }

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Return the machine of ``arrays``."""
        return cls(
            arrays["center"],
            arrays["scale"],
            arrays["landmarks"],
            float(arrays["gamma"]),
            arrays["weights"],
            float(arrays["intercept"]),
        )


def fit_kernel_machine(
    matrix: Matrix,
    labels: Floats,
    *,
    blocks: Sequence[int],
    params: Mapping[str, float],
    landmarks: int,
    seed: int,
    loss: Loss = "squared",
) -> KernelMachine:
    """Fit a machine; the same rows, parameters and seed give the same one.

    Args:
        matrix: (rows, features).
        labels: (rows,).
        blocks: of each column, 0 for the embedding and 1 for the lexical block.
        params: ``gamma``, ``penalty`` and ``lexical_weight`` (of block 1; block 0 weighs 1).
        landmarks: training rows that span the solution; all where there are fewer.
        seed: of their choice.
        loss: squared, or epsilon-insensitive.
    """
    center, deviation = standardisation(matrix)
    scale = np.sqrt(_column_weights(blocks, params["lexical_weight"])) / deviation
    rows = ((matrix - center) * scale).astype(np.float32)
    chosen = np.random.default_rng(seed).permutation(len(rows))[:landmarks]
    kept = rows[chosen].astype(np.float16)
    points = kept.astype(np.float32)
    mean = float(labels.mean())
    solve = _ridge_weights if loss == "squared" else _support_weights
    weights = solve(rows, points, labels - mean, params["gamma"], params["penalty"])
    return KernelMachine(center.astype(np.float32), scale.astype(np.float32), kept, params["gamma"], weights, mean)


def gaussian_kernel(rows: Matrix, points: Matrix, gamma: float) -> Floats:
    """Return exp(-gamma |row - point|²), shape (rows, points)."""
    distances = (rows**2).sum(1)[:, None] + (points**2).sum(1) - 2 * (rows @ points.T)
    return np.asarray(np.exp(-gamma * np.maximum(distances, 0)), np.float64)


def _column_weights(blocks: Sequence[int], lexical_weight: float) -> Floats:
    sizes = np.maximum(np.bincount(blocks, minlength=2), 1)
    return np.asarray((np.array([1.0, lexical_weight]) / sizes)[np.asarray(blocks)])


def _ridge_weights(rows: Matrix, points: Matrix, target: Floats, gamma: float, penalty: float) -> Floats:
    """Minimise |K w - target|² + penalty wᵀ K_landmarks w."""
    from scipy.linalg import solve

    normal = penalty * _landmark_kernel(points, gamma)
    right = np.zeros(len(points))
    for start in range(0, len(rows), _BLOCK):
        kernel = gaussian_kernel(rows[start : start + _BLOCK], points, gamma)
        normal += kernel.T @ kernel
        right += kernel.T @ target[start : start + _BLOCK]
    return np.asarray(solve(normal, right, assume_a="pos", overwrite_a=True, check_finite=False))


def _support_weights(rows: Matrix, points: Matrix, target: Floats, gamma: float, penalty: float) -> Floats:
    """Linear support-vector regression on whitened kernel columns, which is RBF SVR in the landmarks' span."""
    from scipy.linalg import cholesky, solve_triangular
    from sklearn.svm import LinearSVR

    root = cholesky(_landmark_kernel(points, gamma), lower=True)
    columns = solve_triangular(root, gaussian_kernel(rows, points, gamma).T, lower=True).T
    machine = LinearSVR(
        C=1 / (2 * penalty),
        epsilon=_EPSILON,
        loss="squared_epsilon_insensitive",
        dual=False,
        fit_intercept=False,
        tol=1e-3,
    )
    machine.fit(columns, target)
    return np.asarray(solve_triangular(root.T, machine.coef_.ravel(), lower=False))


def _landmark_kernel(points: Matrix, gamma: float) -> Floats:
    kernel = gaussian_kernel(points, points, gamma)
    kernel[np.diag_indices_from(kernel)] += _JITTER
    return kernel
