"""How the encoder's large constants are kept in a graph: as they are, in half precision, or in 8 bits with scales.

Belongs here: its table of words, its matrices. Does not belong here: 8-bit arithmetic inside the encoder
(``painpoint_platform.text.int8``), the models behind it, which are small and kept as they are (``export_graph``).

Arithmetic stays in single precision: what is stored smaller is widened where it is read.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.minilm_graph import Array, Node, constant

PrecisionName = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[PrecisionName, ...] = ("int8", "fp16", "fp32")
"""The smallest first: the one that a folder of several is read as."""

_LEVELS = 127
_LARGE = 16_384  # numbers; all smaller constants of the encoder together are a hundredth of it


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
