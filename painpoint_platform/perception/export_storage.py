"""How a graph keeps its large constants: as they are, in half precision, or as 8-bit integers with scales.

Belongs here: the encoder's tables and matrices, and products with a model's landmarks. Does not belong here: 8-bit
arithmetic inside the encoder (``painpoint_platform.text.int8``), what the constants mean (``export_graph``).

Arithmetic stays in single precision: what is stored smaller is widened where it is read.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.minilm_graph import Array, Node, constant

PrecisionName = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[PrecisionName, ...] = ("int8", "fp16", "fp32")
"""The smallest first: the one that a folder of several is read as."""

_LEVELS = 127
_LARGE = 16_384  # numbers; all constants of the encoder below that are a hundredth of it


@dataclass(frozen=True, slots=True)
class Storage:
    """One way of keeping."""

    precision: PrecisionName

    def product(self, rows: Node, points: Array, exact: NDArray[np.bool_]) -> Node:
        """Return ``rows @ points.T``.

        Args:
            rows: (rows, columns).
            points: that half precision holds exactly, as the landmarks of a kernel machine.
            exact: the columns in which even 8 bits are too few: counts of words, of which most are 0 and some are 20
                deviations away (three quarters of the error for 15 of 405 columns).
        """
        from openvino import opset13 as op

        if self.precision != "int8" or exact.all():
            return _half_product(rows, points)
        levels, scale = _quantised(points[:, ~exact], axis=0)
        scaled = op.multiply(_columns(rows, ~exact), constant(scale))
        product = op.matmul(scaled, op.convert(op.constant(levels), "f32"), transpose_a=False, transpose_b=True)
        return op.add(product, _half_product(_columns(rows, exact), points[:, exact])) if exact.any() else product

    def shrink(self, encoder: Any) -> None:
        """Replace the large single-precision constants of an encoder's graph, in place.

        The table of words, half of the encoder, becomes 8-bit integers with a scale a word where the encoder is in 8
        bits; what else is left there in single precision (positions, the widest channels) becomes half precision.
        """
        if self.precision == "fp32":
            return
        for node in encoder.get_ordered_ops():
            if node.get_type_name() == "Constant" and node.get_element_type().to_string() == "f32":
                values = node.get_data()
                if values.size >= _LARGE:
                    self._replace(node, values)

    def _replace(self, node: Any, values: Array) -> None:
        from openvino import opset13 as op

        for reader in node.output(0).get_target_inputs():
            read_by = reader.get_node()
            if read_by.get_type_name() == "Gather":
                # The rows that are read are widened, not the whole table.
                rows = self._gathered(values, read_by.input_value(1))
                for user in read_by.output(0).get_target_inputs():
                    user.replace_source_output(rows.output(0))
            else:
                reader.replace_source_output(op.convert(op.constant(values.astype(np.float16)), "f32").output(0))

    def _gathered(self, table: Array, rows: Node) -> Node:
        from openvino import opset13 as op

        first = op.constant(np.int64(0))
        if self.precision == "fp16":
            return op.convert(op.gather(op.constant(table.astype(np.float16)), rows, first), "f32")
        levels, scale = _quantised(table, axis=1)
        gathered = op.convert(op.gather(op.constant(levels), rows, first), "f32")
        return op.multiply(gathered, op.gather(constant(scale), rows, first))


def _half_product(rows: Node, points: Array) -> Node:
    from openvino import opset13 as op

    kept = op.convert(op.constant(points.astype(np.float16)), "f32")
    return op.matmul(rows, kept, transpose_a=False, transpose_b=True)


def _columns(rows: Node, chosen: NDArray[np.bool_]) -> Node:
    from openvino import opset13 as op

    return op.gather(rows, op.constant(np.flatnonzero(chosen)), op.constant(np.int64(1)))


def _quantised(values: Array, *, axis: int) -> tuple[NDArray[np.int8], Array]:
    """Return 8-bit levels and their scale, one for all numbers along ``axis``."""
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=True), np.float32(1e-12)) / np.float32(_LEVELS)
    return np.rint(values / scale).astype(np.int8), scale
