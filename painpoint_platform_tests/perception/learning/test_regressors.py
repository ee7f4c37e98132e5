"""Ridge, kernel machines and trees learn what they can learn, the same way every time."""

from functools import partial

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge as ReferenceRidge

from painpoint_platform.perception.learning.kernel_machine import KernelMachine, _column_weights, fit_kernel_machine
from painpoint_platform.perception.learning.regressors import Fit, Ridge, fit_ridge, fit_trees

CHOICES = np.random.default_rng(5)
MATRIX = CHOICES.normal(0, [1, 3, 0.1, 1, 1, 1], (400, 6)).astype(np.float32)
LABELS = 0.5 + 0.1 * np.sin(MATRIX[:, 0]) + 0.05 * MATRIX[:, 1] + CHOICES.normal(0, 0.01, 400)
PARAMS = {"gamma": 0.3, "penalty": 0.1, "lexical_weight": 1.0, "middle_weight": 1.0}
TREES = {
    "learning_rate": 0.1,
    "num_leaves": 7,
    "rounds": 80,
    "feature_fraction": 0.8,
    "min_data_in_leaf": 5,
    "lambda_l2": 1.0,
}
MACHINE = partial(
    fit_kernel_machine, blocks=[0] * 3 + [1] * 2 + [2], params=PARAMS, landmarks=200, directions=6, seed=1
)
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


def test_with_every_row_a_landmark_the_machine_is_kernel_ridge_regression_on_its_projection() -> None:
    found = MACHINE(MATRIX, LABELS, landmarks=10_000)
    rows = (MATRIX - found.center) @ found.projection
    reference = KernelRidge(kernel="rbf", gamma=0.3, alpha=0.1).fit(rows, LABELS - LABELS.mean())
    assert found.predict(MATRIX) == pytest.approx(reference.predict(rows) + LABELS.mean(), abs=5e-3)


def test_distances_are_measured_in_the_directions_that_labels_depend_on() -> None:
    matrix = CHOICES.normal(0, 1, (600, 40)).astype(np.float32)
    labels = np.sin(matrix[:, 3] + matrix[:, 30])
    fit = partial(fit_kernel_machine, blocks=[0] * 20 + [2] * 20, params=PARAMS, landmarks=200, seed=1)
    found = fit(matrix, labels, directions=2)
    assert found.projection.shape == (40, 2)
    assert found.landmarks.shape == (200, 2)
    strongest = found.projection[:, 0] / np.linalg.norm(found.projection[:, 0])
    assert abs(strongest[[3, 30]].sum()) / np.sqrt(2) > 0.95
    standard = (matrix - matrix.mean(0)) / matrix.std(0)
    assert ((matrix - found.center) @ found.projection).var(0).sum() == pytest.approx(
        (standard.var(0) / 40).sum(), rel=0.05
    )
    fresh = CHOICES.normal(0, 1, (300, 40)).astype(np.float32)
    truth = np.sin(fresh[:, 3] + fresh[:, 30])
    assert np.corrcoef(found.predict(fresh), truth)[0, 1] > 0.9


def test_labels_that_depend_on_nothing_make_a_constant() -> None:
    assert MACHINE(MATRIX, np.full(400, 0.4)).predict(MATRIX) == pytest.approx(np.full(400, 0.4))


def test_a_block_weighs_the_same_however_many_columns_it_has() -> None:
    weights = _column_weights([0] * 4 + [1] * 2, {"lexical_weight": 3.0, "middle_weight": 9.0})
    assert weights == pytest.approx([1 / 16] * 4 + [3 / 8] * 2)  # no middle block, so its weight goes nowhere


def test_a_constant_column_and_a_single_row_do_no_harm() -> None:
    matrix = MATRIX.copy()
    matrix[:, 3] = 7
    for fit in FITS.values():
        assert np.isfinite(fit(matrix, LABELS).predict(matrix)).all()


def test_models_are_rebuilt_from_their_arrays_bit_for_bit() -> None:
    for kind, fit in ((Ridge, fit_ridge), (KernelMachine, MACHINE)):
        model = fit(MATRIX, LABELS)
        assert (kind.of(model.arrays).predict(MATRIX) == model.predict(MATRIX)).all()
