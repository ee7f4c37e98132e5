"""Boosted trees as a few products and comparisons of an OpenVINO graph, which has no operation for trees.

Belongs here: LightGBM's trees as tables, and the nodes that read them. Does not belong here: the rest of the graph
(``export_graph``), fitting trees (``regressors``).

Every split of every tree is decided at once; a leaf is the one whose path agrees with all decisions on it. Counting
the agreements is one product with a matrix of 1 (left), -1 (right) and 0 (not on the path) a tree: the GEMM strategy
of Hummingbird (Nakandala et al., OSDI 2020). Hummingbird itself is no dependency: it was last released in 2024 and
forbids the ONNX that the ``onnx`` extra needs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.learning.regressors import Trees
from painpoint_platform.text.minilm_graph import Node, constant, integers


@dataclass(frozen=True, eq=False)
class TreeTables:
    """Trees of unlike sizes, filled up to the largest.

    Attributes:
        columns: (trees, splits) int32, the feature that a split reads.
        thresholds: (trees, splits) float32; a row goes left where its feature is at most this.
        paths: (trees, leaves, splits) int8: 1 where the path to the leaf goes left at the split, -1 right, 0 elsewhere.
        lefts: (trees, leaves) float32, how often it goes left.
        values: (trees, leaves) float32.
    """

    columns: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    paths: NDArray[np.int8]
    lefts: NDArray[np.float32]
    values: NDArray[np.float32]


def tree_tables(trees: Trees) -> TreeTables:
    """Return the tables of fitted trees. Features are taken to be finite, as ``Features`` promises.

    Raises:
        ValueError: a split compares in another way than ``<=``, as LightGBM's categorical ones do.
    """
    import lightgbm

    roots = [tree["tree_structure"] for tree in lightgbm.Booster(model_str=trees.text).dump_model()["tree_info"]]
    listed = [(list(_splits(root)), list(_leaves(root, {}))) for root in roots]
    count, splits, leaves = (len(listed), *(max(map(len, part)) for part in zip(*listed, strict=True)))
    tables = TreeTables(
        np.zeros((count, splits), np.int32),
        np.zeros((count, splits), np.float32),
        np.zeros((count, leaves, splits), np.int8),
        # A leaf that a smaller tree has not got asks for more agreements than there can be.
        np.full((count, leaves), splits + 1, np.float32),
        np.zeros((count, leaves), np.float32),
    )
    for tree, (inner, outer) in enumerate(listed):
        place = {id(split): number for number, split in enumerate(inner)}
        for number, split in enumerate(inner):
            tables.columns[tree, number] = split["split_feature"]
            tables.thresholds[tree, number] = _single_precision(split["threshold"])
        for leaf, (value, path) in enumerate(outer):
            tables.values[tree, leaf] = value
            tables.lefts[tree, leaf] = sum(direction > 0 for direction in path.values())
            for split_id, direction in path.items():
                tables.paths[tree, leaf, place[split_id]] = direction
    return tables


def trees_node(rows: Node, tables: TreeTables) -> Node:
    """Return the sum of the trees, (rows, 1), for ``rows`` (rows, features)."""
    from openvino import opset13 as op

    by_feature = op.transpose(rows, integers(1, 0))
    # (trees, splits, rows): products of a whole batch a tree, instead of as many small ones as there are rows.
    read = op.gather(by_feature, op.constant(tables.columns), op.constant(np.int64(0)))
    goes_left = op.convert(op.less_equal(read, constant(tables.thresholds[:, :, None])), "f32")
    paths = op.convert(op.constant(tables.paths), "f32")
    agreeing = op.matmul(paths, goes_left, transpose_a=False, transpose_b=False)
    reached = op.convert(op.equal(agreeing, constant(tables.lefts[:, :, None])), "f32")
    summed = op.reduce_sum(op.multiply(reached, constant(tables.values[:, :, None])), integers(0, 1), keep_dims=False)
    return op.unsqueeze(summed, integers(1))


def _splits(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "split_feature" in node:
        yield node
        yield from _splits(node["left_child"])
        yield from _splits(node["right_child"])


def _leaves(node: Mapping[str, Any], path: Mapping[int, int]) -> Iterator[tuple[float, Mapping[int, int]]]:
    """Yield each leaf's value and the directions on the way to it, by the identity of the split."""
    if "split_feature" not in node:
        yield float(node["leaf_value"]), path
        return
    if node["decision_type"] != "<=":
        raise ValueError(f"a split by {node['decision_type']!r} is no comparison of numbers: {json.dumps(node)[:200]}")
    yield from _leaves(node["left_child"], {**path, id(node): 1})
    yield from _leaves(node["right_child"], {**path, id(node): -1})


def _single_precision(threshold: float) -> np.float32:
    """Return the largest single-precision number that is not above: what the features' comparisons come out alike."""
    rounded = np.float32(threshold)
    # As Python's numbers: NumPy would compare a float32 with a float in single precision.
    return rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf))
