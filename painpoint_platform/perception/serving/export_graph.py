"""From tokens to scores as one OpenVINO graph.

Belongs here: the arithmetic of ``model`` as nodes, in single precision. Does not belong here: the encoder's layers
(``painpoint_platform.text.minilm_graph``), how the encoder's constants are stored (``export_encoder``), trees
(``export_trees``), files and measurements (``export``).

Inputs, with one row a text: ``input_ids`` and ``attention_mask`` (rows, tokens) int64, ``lexical`` (rows, 15) float32
as of ``lexical_features``, ``context`` (rows, contexts) float32 as of ``blender.context`` with all blenders' languages.
Outputs: for each variable its score and the ends of its interval, (rows, 1) float32, by the names that
``text_scores.score_texts`` gives them. Of an author's past nothing is known, as with ``observed=None`` there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.features.anchors import ANCHOR_NAMES
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import EMBEDDING_NAMES, MIDDLE_NAMES
from painpoint_platform.perception.learning.calibration import EDGE, Calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.kernel_machine import KernelMachine
from painpoint_platform.perception.learning.regressors import Regressor, Ridge, Trees
from painpoint_platform.perception.numbers.blender import Blender
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform.perception.serving.export_encoder import OUTPUTS
from painpoint_platform.perception.serving.export_trees import tree_tables, trees_node
from painpoint_platform.perception.variables import ENDS
from painpoint_platform.text.minilm_graph import Node, constant, integers


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of the texts: features by name, context."""

    rows: Node
    places: Mapping[str, int]
    context: Node

    def columns(self, names: Sequence[str]) -> Node:
        return _columns(self.rows, [self.places[name] for name in names])


def build_export_graph(
    encoder: Any,
    models: Sequence[PerceptionModel],
    *,
    anchors: NDArray[np.float32],
    languages: Sequence[str],
) -> Any:
    """Return the ``openvino.Model`` from tokens to scores; for inputs and outputs see the module.

    Args:
        encoder: the ``openvino.Model`` of ``minilm_graph``; its nodes become part of the graph.
        models: of different variables.
        anchors: (6, 384), of ``anchor_similarities``.
        languages: those that ``context`` has a column of, in order.

    Raises:
        TypeError, ValueError: a model has a member, or a tree a split, that there are no nodes for.
    """
    from openvino import Model

    lexical, context = _input("lexical", len(LEXICAL_NAMES)), _input("context", context_width(languages))
    known = _known(encoder, lexical, context, anchors)
    outputs = [
        _named(node, f"{model.variable}{end}")
        for model in models
        for end, node in zip(ENDS, _scored(model, known, languages), strict=True)
    ]
    return Model(outputs, [*encoder.get_parameters(), lexical, context], "perception")


def context_width(languages: Sequence[str]) -> int:
    """Return how many columns ``blender.context`` has with these languages."""
    return len(LENGTH_BUCKETS) + len(languages) + 5


def _known(encoder: Any, lexical: Node, context: Node, anchors: NDArray[np.float32]) -> _Known:
    from openvino import opset13 as op

    unit, middle = (encoder.output(name).get_node().input_value(0) for name in OUTPUTS)
    row = pl.DataFrame(
        {"user_id": [None], "timestamp": [None]}, schema={"user_id": pl.String, "timestamp": pl.Datetime("us", "UTC")}
    )
    no_past = constant(temporal_features(row, None).astype(np.float32))
    row_count = op.gather(op.shape_of(lexical), integers(0), op.constant(np.int64(0)))
    past = op.broadcast(no_past, op.concat([row_count, integers(len(TEMPORAL_NAMES))], 0))
    similarities = op.matmul(unit, constant(anchors), transpose_a=False, transpose_b=True)
    names = (*LEXICAL_NAMES, *EMBEDDING_NAMES, *ANCHOR_NAMES, *MIDDLE_NAMES, *TEMPORAL_NAMES)
    rows = op.concat([lexical, unit, similarities, middle, past], 1)
    return _Known(rows, {name: place for place, name in enumerate(names)}, context)


def _scored(model: PerceptionModel, known: _Known, languages: Sequence[str]) -> tuple[Node, Node, Node]:
    scores = {member.name: _predicted(member.regressor, known.columns(member.columns)) for member in model.members}
    raw = scores[model.final] if model.blender is None else _blended(model.blender, scores, known.context, languages)
    score = _calibrated(model.calibrator, raw)
    return score, *_around(model.intervals, score, known.context)


def _predicted(regressor: Regressor, rows: Node) -> Node:
    """Return the scores, (rows, 1), of a fitted model for its columns."""
    from openvino import opset13 as op

    if isinstance(regressor, Trees):
        return trees_node(rows, tree_tables(regressor))
    if isinstance(regressor, KernelMachine):
        return _kernel_scores(regressor, rows)
    if isinstance(regressor, Ridge):
        return op.add(_product(rows, regressor.weights[None]), constant(regressor.intercept))
    raise TypeError(f"there is no graph of a {type(regressor).__name__}")


def _kernel_scores(machine: KernelMachine, rows: Node) -> Node:
    """Return ``KernelMachine.predict``: exp(-gamma d²) @ weights, with d² = x² + l² - 2xl."""
    from openvino import opset13 as op

    turned = _product(op.subtract(rows, constant(machine.center[None])), machine.projection.T)
    lengths = op.reduce_sum(op.multiply(turned, turned), integers(1), keep_dims=True)
    both = op.add(lengths, constant((machine.landmarks.astype(np.float32) ** 2).sum(1)[None]))
    landmarks = op.convert(op.constant(machine.landmarks), "f32")
    products = op.matmul(turned, landmarks, transpose_a=False, transpose_b=True)
    distances = op.relu(op.subtract(both, op.multiply(constant(2.0), products)))
    kernel = op.exp(op.multiply(distances, constant(-machine.gamma)))
    return op.add(_product(kernel, machine.weights[None]), constant(machine.intercept))


def _blended(blender: Blender, scores: Mapping[str, Node], context: Node, languages: Sequence[str]) -> Node:
    from openvino import opset13 as op

    # A context of all languages has columns that this blender knows nothing of.
    lengths, width = len(LENGTH_BUCKETS), context_width(languages)
    own = [lengths + languages.index(name) for name in blender.languages]
    read = [*range(lengths), *own, *range(lengths + len(languages), width)]
    weights = op.softmax(_product(_columns(context, read), blender.coefficients), 1)
    columns = op.concat([scores[name] for name in blender.members], 1)
    return op.reduce_sum(op.multiply(weights, columns), integers(1), keep_dims=True)


def _calibrated(calibrator: Calibrator, scores: Node) -> Node:
    from openvino import opset13 as op

    low, high = calibrator.limits
    if calibrator.kind == "platt":
        slope, intercept = calibrator.knots
        shares = op.clamp(_line(scores, 1 / (high - low), -low / (high - low)), EDGE, 1 - EDGE)
        logits = op.subtract(op.log(shares), op.log(op.subtract(constant(1.0), shares)))
        return _line(op.sigmoid(_line(logits, slope, intercept)), high - low, low)
    if calibrator.kind == "isotonic":
        scores = _interpolated(scores, calibrator.knots, calibrator.values)
    return op.clamp(scores, low, high)


def _interpolated(scores: Node, knots: NDArray[np.float64], values: NDArray[np.float64]) -> Node:
    """Return ``numpy.interp``, as the sum of what each piece adds: a rise times the share of the piece passed."""
    from openvino import opset13 as op

    # A flat last piece, so that there is one even where the map is a single number.
    knots, values = np.append(knots, knots[-1] + 1), np.append(values, values[-1])
    starts = knots[:-1].astype(np.float32)
    # Two knots may be one number in single precision: a step.
    widths = np.maximum(np.diff(knots), 1e-12).astype(np.float32)
    passed = op.clamp(op.divide(op.subtract(scores, constant(starts[None])), constant(widths[None])), 0.0, 1.0)
    return op.add(_product(passed, np.diff(values)[None]), constant(values[0]))


def _around(intervals: Intervals, score: Node, context: Node) -> tuple[Node, Node]:
    from openvino import opset13 as op

    halves = np.array([[intervals.half_widths[name] for name in LENGTH_BUCKETS]])
    half = _product(_columns(context, range(len(LENGTH_BUCKETS))), halves)
    ends: tuple[Callable[[Node, Node], Node], ...] = (op.subtract, op.add)
    low, high = (op.clamp(move(score, half), *intervals.limits) for move in ends)
    return low, high


def _product(rows: Node, matrix: NDArray[Any]) -> Node:
    """Return ``rows @ matrix.T``."""
    from openvino import opset13 as op

    return op.matmul(rows, constant(matrix.astype(np.float32)), transpose_a=False, transpose_b=True)


def _line(node: Node, slope: float, intercept: float) -> Node:
    from openvino import opset13 as op

    return op.add(op.multiply(node, constant(slope)), constant(intercept))


def _columns(rows: Node, places: Sequence[int]) -> Node:
    from openvino import opset13 as op

    return op.gather(rows, integers(*places), op.constant(np.int64(1)))


def _input(name: str, width: int) -> Node:
    from openvino import opset13 as op

    node = op.parameter([-1, width], np.float32, name=name)
    node.output(0).set_names({name})
    return node


def _named(node: Node, name: str) -> Node:
    node.output(0).set_names({name})
    return node
