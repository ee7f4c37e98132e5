"""The encoder of an export: as it is, with its large constants in half precision, or in 8 bits.

Belongs here: how constants are stored, and what short texts are encoded with. Does not belong here: 8-bit arithmetic
inside the encoder (``painpoint_platform.text.int8``), the models behind it, which are small and kept as they are
(``export_graph``).

What is stored smaller is widened where it is read. As in ``text.encoder_openvino``, the activations of texts of few
tokens are not rounded; here the branch for them reads the same 8-bit weights, which are in the file once.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.minilm import DIMENSIONS
from painpoint_platform.text.minilm_graph import Array, Node, constant

PrecisionName = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[PrecisionName, ...] = ("int8", "fp16", "fp32")
"""The smallest first: the one that a folder of several is read as."""

OUTPUTS = ("sentence_embedding", "middle_states")

_LEVELS = 127
_LARGE = 16_384  # numbers; all smaller constants of the encoder together are a hundredth of it


def serving_encoder(precision: PrecisionName, cache_dir: Path) -> Any:
    """Return the encoder as an ``openvino.Model`` with the inputs and outputs of ``minilm_graph.build_graph``.

    Args:
        precision: int8: 8-bit weights, and 8-bit arithmetic but for short texts; fp16: half-precision weights.
        cache_dir: where converted encoders are kept.

    Raises:
        UserError: the encoder cannot be converted; see ``encoder_openvino.converted``.
    """
    from openvino import Core

    from painpoint_platform.text.encoder_openvino import converted

    path = converted("int8" if precision == "int8" else "fp32", cache_dir) / "model.xml"
    encoder = Core().read_model(path)
    shrink(encoder, precision)
    if precision != "int8":
        return encoder
    unrounded = Core().read_model(path)
    shrink(unrounded, precision)
    return _with_short_texts(encoder, _without_rounding(unrounded))


def _without_rounding(encoder: Any) -> Any:
    """Take the rounding of activations out of an 8-bit encoder; its weights stay in 8 bits."""
    for node in encoder.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(node.input_value(0))
    return encoder


def _with_short_texts(encoder: Any, unrounded: Any) -> Any:
    """Return a graph that encodes batches of at most ``FEW_TOKENS`` tokens a text with ``unrounded``."""
    from openvino import Model
    from openvino import opset13 as op

    from painpoint_platform.text.encoder_openvino import FEW_TOKENS

    inputs, found = encoder.get_parameters(), [result.input_value(0) for result in encoder.get_results()]
    given = [op.parameter([-1, DIMENSIONS], np.float32) for _ in found]
    as_found = Model([op.result(node) for node in given], given, "as_found")
    tokens = op.gather(op.shape_of(inputs[0]), op.constant(np.int64(1)), op.constant(np.int64(0)))
    chosen = op.if_op(op.less_equal(tokens, op.constant(np.int64(FEW_TOKENS))).output(0))
    chosen.set_then_body(unrounded)
    chosen.set_else_body(as_found)
    for outer, inner in zip(inputs, unrounded.get_parameters(), strict=True):
        chosen.set_input(outer.output(0), inner, None)
    for outer, inner in zip(found, given, strict=True):
        chosen.set_input(outer, None, inner)
    outputs = [
        chosen.set_output(*results) for results in zip(unrounded.get_results(), as_found.get_results(), strict=True)
    ]
    for output, name in zip(outputs, OUTPUTS, strict=True):
        output.set_names({name})
    return Model(outputs, inputs, "all-MiniLM-L6-v2")


def shrink(encoder: Any, precision: PrecisionName) -> None:
    """Replace the large single-precision constants of an encoder's graph, in place.

    The table of words, half of the encoder, becomes 8-bit integers with a scale a word where the encoder is in 8 bits
    (ten bits were no closer to the models: it is the rounding of activations that differs); what else is left there in
    single precision, positions and the widest channels, becomes half precision.

    Args:
        encoder: an ``openvino.Model`` of ``minilm_graph``, with 8-bit layers for ``int8``.
        precision: to keep the constants in.
    """
    if precision == "fp32":
        return
    for node in encoder.get_ordered_ops():
        if node.get_type_name() == "Constant" and node.get_element_type().to_string() == "f32":
            values = node.get_data()
            if values.size >= _LARGE:
                _replace(node, values, precision)


def _replace(node: Any, values: Array, precision: PrecisionName) -> None:
    from openvino import opset13 as op

    for reader in node.output(0).get_target_inputs():
        read_by = reader.get_node()
        if read_by.get_type_name() == "Gather":
            # The rows that are read are widened, not the whole table.
            rows = _gathered(values, read_by.input_value(1), precision)
            for user in read_by.output(0).get_target_inputs():
                user.replace_source_output(rows.output(0))
        else:
            reader.replace_source_output(op.convert(op.constant(values.astype(np.float16)), "f32").output(0))


def _gathered(table: Array, rows: Node, precision: PrecisionName) -> Node:
    from openvino import opset13 as op

    first = op.constant(np.int64(0))
    if precision == "fp16":
        return op.convert(op.gather(op.constant(table.astype(np.float16)), rows, first), "f32")
    levels, scale = _quantised(table)
    gathered = op.convert(op.gather(op.constant(levels), rows, first), "f32")
    return op.multiply(gathered, op.gather(constant(scale), rows, first))


def _quantised(table: Array) -> tuple[NDArray[np.int8], Array]:
    """Return 8-bit levels and a scale a row."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.float32(1e-12)) / np.float32(_LEVELS)
    return np.rint(table / scale).astype(np.int8), scale
