"""Trees in a graph decide as LightGBM does, on the thresholds too."""

import numpy as np
import pytest

from painpoint_platform.perception.learning.regressors import Matrix, Trees, fit_trees
from painpoint_platform.perception.serving.export_trees import tree_tables, trees_node

CHOICES = np.random.default_rng(3)
# Coarse values, so that thresholds fall between and rows fall together.
MATRIX = np.round(CHOICES.normal(0, 1, (400, 6)), 1).astype(np.float32)
LABELS = np.sin(MATRIX[:, 0] * 2) + MATRIX[:, 1] * MATRIX[:, 2]
PARAMS = {"num_leaves": 9, "learning_rate": 0.2, "min_data_in_leaf": 3}


def in_graph(trees: Trees, matrix: Matrix) -> Matrix:
    from openvino import Core, Model
    from openvino import opset13 as op

    rows = op.parameter([-1, matrix.shape[1]], np.float32)
    graph = Model([trees_node(rows, tree_tables(trees))], [rows], "trees")
    return np.array(Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([matrix])[0][:, 0])


@pytest.mark.parametrize(("rounds", "rows"), [(1, 400), (60, 400), (60, 1)])
def test_the_graph_gives_lightgbms_scores(rounds: int, rows: int) -> None:
    trees = fit_trees(MATRIX, LABELS, params={**PARAMS, "rounds": rounds}, seed=0)
    np.testing.assert_allclose(in_graph(trees, MATRIX[:rows]), trees.predict(MATRIX[:rows]), atol=2e-5)


def test_rows_on_a_threshold_and_just_beside_it_go_the_same_way() -> None:
    trees = fit_trees(MATRIX, LABELS, params={**PARAMS, "rounds": 40}, seed=0)
    tables = tree_tables(trees)
    apart = np.abs(tables.thresholds) > 1e-30  # LightGBM reads what is nearer to 0 as 0
    columns, thresholds = tables.columns[apart], tables.thresholds[apart]
    found = CHOICES.integers(0, len(MATRIX), len(thresholds))
    for direction in (-np.inf, None, np.inf):
        rows = MATRIX[found].copy()
        beside = thresholds if direction is None else np.nextafter(thresholds, np.float32(direction))
        rows[np.arange(len(rows)), columns] = beside
        np.testing.assert_allclose(in_graph(trees, rows), trees.predict(rows), atol=2e-5)


def test_a_tree_without_a_split_is_a_number() -> None:
    trees = fit_trees(MATRIX, np.full(len(MATRIX), 0.3), params={**PARAMS, "rounds": 3}, seed=0)
    np.testing.assert_allclose(in_graph(trees, MATRIX[:5]), trees.predict(MATRIX[:5]), atol=1e-6)
