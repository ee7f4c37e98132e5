"""Ridge, kernel machines and trees learn what they can learn, the same way every time."""

from functools import partial

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge as ReferenceRidge

from painpoint_platform.perception.kernel_machine import KernelMachine, fit_kernel_machine
from painpoint_platform.perception.regressors import Fit, Ridge, fit_ridge, fit_trees

CHOICES = np.random.default_rng(5)
MATRIX = CHOICES.normal(0, [1, 3, 0.1, 1, 1, 1], (400, 6)).astype(np.float32)
LABELS = 0.5 + 0.1 * np.sin(MATRIX[:, 0]) + 0.05 * MATRIX[:, 1] + CHOICES.normal(0, 0.01, 400)
PARAMS = {"gamma": 0.3, "penalty": 0.1, "lexical_weight": 1.0}
TREES = {
    "learning_rate": 0.1,
    "num_leaves": 7,
    "rounds": 80,
    "feature_fraction": 0.8,
    "min_data_in_leaf": 5,
    "lambda_l2": 1.0,
}
MACHINE = partial(fit_kernel_machine, blocks=[0] * 4 + [1] * 2, params=PARAMS, landmarks=200, seed=1)
FITS = {
    "ridge": fit_ridge,
    "kernel": MACHINE,
    "svr": partial(MACHINE, loss="epsilon_insensitive"),
    "trees": partial(fit_trees, params=TREES, seed=1),
}


@pytest.mark.parametrize("name", FITS)
def test_a_model_learns_and_two_fits_are_the_same(name: str) -> None:
    fit: Fit = FITS[name]
    train, held_out = slice(0, 300), slice(300, 400)
    first, second = (fit(MATRIX[train], LABELS[train]).predict(MATRIX[held_out]) for _ in range(2))
    assert np.corrcoef(first, LABELS[held_out])[0, 1] > 0.95
    assert (first == second).all()


@pytest.mark.parametrize("name", FITS)
def test_a_row_is_scored_alike_alone_and_among_others(name: str) -> None:
    model = FITS[name](MATRIX, LABELS)
    assert model.predict(MATRIX[7:8])[0] == pytest.approx(model.predict(MATRIX)[7], abs=1e-5)
    assert model.predict(MATRIX[:0]).shape == (0,)


def test_ridge_is_that_of_scikit_learn_for_the_penalty_that_it_chose() -> None:
    found = fit_ridge(MATRIX, LABELS, penalties=(10.0,))
    standard = (MATRIX - MATRIX.mean(0)) / MATRIX.std(0)
    reference = ReferenceRidge(alpha=10.0).fit(standard, LABELS).predict(standard)
    assert found.predict(MATRIX) == pytest.approx(reference, abs=1e-5)


def test_with_every_row_a_landmark_the_machine_is_kernel_ridge_regression() -> None:
    found = fit_kernel_machine(MATRIX, LABELS, blocks=[0] * 6, params=PARAMS, landmarks=10_000, seed=1)
    rows = (MATRIX - MATRIX.mean(0)) / MATRIX.std(0) / np.sqrt(6)
    reference = KernelRidge(kernel="rbf", gamma=0.3, alpha=0.1).fit(rows, LABELS - LABELS.mean())
    assert found.predict(MATRIX) == pytest.approx(reference.predict(rows) + LABELS.mean(), abs=5e-3)


def test_a_constant_column_and_a_single_row_do_no_harm() -> None:
    matrix = MATRIX.copy()
    matrix[:, 3] = 7
    for fit in FITS.values():
        assert np.isfinite(fit(matrix, LABELS).predict(matrix)).all()


def test_models_are_rebuilt_from_their_arrays_bit_for_bit() -> None:
    for kind, fit in ((Ridge, fit_ridge), (KernelMachine, MACHINE)):
        model = fit(MATRIX, LABELS)
        assert (kind.of(model.arrays).predict(MATRIX) == model.predict(MATRIX)).all()
