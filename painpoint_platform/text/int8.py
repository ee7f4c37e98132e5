"""MiniLM in 8-bit integers: static quantisation of its linear layers.

Belongs here: scales from observed activations, quantised linear layers. Does not belong here: the architecture
(``minilm_graph``), the observed texts (``calibration``).

Two things make MiniLM hard to quantise, and each has its published cure:

- Some input channels are many times wider than others. SmoothQuant (Xiao et al. 2023) divides a channel by
  ``max|x|^α / max|w|^(1-α)`` and multiplies its weights by the same, so that both fit 8 bits.
- Inside the feed-forward blocks one to three channels hold values of up to 25 where the others stay below 6, and only
  at one or two tokens. Those channels are computed in fp32 beside the integers, as LLM.int8 does (Dettmers et al.
  2022); four of 1,536 cost 5 % of the time and take two thirds of the error away.

General-purpose quantisation (NNCF 3.4, transformer preset) of the same graph was measured beside this on real issues,
titles, questions and sentences: cosine to fp32 0.996 on average and 0.91 at worst there, 0.999 and 0.988 here; 15 s to
convert there, 2 s here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.minilm_graph import Array, Node, Weights, affine, constant, feed_forward, weights_read_at

SMOOTHING = 0.7  # α of SmoothQuant; the activations spread wider than the weights, so these take more than half
OUTLIER_CHANNELS = 4
WEIGHT_LEVELS, ACTIVATION_LEVELS = 127, 256


@dataclass(frozen=True)
class Range:
    """The least and the greatest value of each channel that reached a linear layer in calibration."""

    low: Array
    high: Array

    @property
    def width(self) -> Array:
        """Greatest absolute value of each channel."""
        return np.maximum(np.maximum(np.abs(self.low), np.abs(self.high)), np.float32(1e-6))


class Int8:
    """Linear layers with 8-bit weights (symmetric, a scale a row) and 8-bit activations (one scale a layer)."""

    def __init__(self, ranges: Mapping[str, Range], weights: Weights) -> None:
        """Prepare the scales.

        Args:
            ranges: site -> observed range of its input.
            weights: the tensors of ``model.safetensors`` by name.
        """
        self._smoothing: dict[str, Array] = {}
        self._ends: dict[str, tuple[float, float]] = {}
        self._outliers: dict[str, NDArray[np.int64]] = {}
        for site, observed in ranges.items():
            if site.endswith("feed_forward.out"):
                # Unsmoothed: GELU never goes below -0.17, and stretching the narrow channels would stretch that too.
                self._outliers[site] = np.sort(np.argsort(-observed.width, kind="stable")[:OUTLIER_CHANNELS])
                self._smoothing[site] = np.ones_like(observed.width)
                ordinary = np.delete(np.arange(len(observed.width)), self._outliers[site])
            else:
                self._smoothing[site] = _smoothing(observed, weights_read_at(site, weights))
                ordinary = np.arange(len(observed.width))
            self._ends[site] = _ends(observed, self._smoothing[site], ordinary)

    def activation(self, site: str, node: Node) -> Node:
        """Return ``node`` smoothed and rounded to 8 bits."""
        from openvino import opset13 as op

        if site not in self._outliers:
            node = op.multiply(node, constant((1 / self._smoothing[site][None, None]).astype(np.float32)))
        ends = [constant(np.full((1, 1, 1), end, np.float32)) for end in self._ends[site]]
        return op.fake_quantize(node, *ends, *ends, ACTIVATION_LEVELS)

    def linear(self, site: str, node: Node, weight: Array, bias: Array) -> Node:
        """Return ``node @ weight.T + bias`` with weights of 8 bits."""
        from openvino import opset13 as op

        smoothed = weight * self._smoothing[site]
        scale = np.maximum(np.abs(smoothed).max(axis=1, keepdims=True), np.float32(1e-8)) / WEIGHT_LEVELS
        levels = op.constant(np.rint(smoothed / scale).astype(np.int8))
        restored = op.multiply(op.convert(levels, "f32"), constant(scale))
        return op.add(op.matmul(node, restored, transpose_a=False, transpose_b=True), constant(bias))

    def feed_forward(self, site: str, node: Node, first: tuple[Array, Array], second: tuple[Array, Array]) -> Node:
        """Return the block in 8 bits, save for its widest inner channels, which are added in fp32."""
        from openvino import opset13 as op

        outliers = self._outliers[f"{site}.out"]
        (widen, widen_bias), (narrow, narrow_bias) = first, second
        ordinary = narrow.copy()
        ordinary[:, outliers] = 0
        in_integers = feed_forward(self, site, node, first, (ordinary, narrow_bias))
        widest = op.gelu(affine(node, widen[outliers], widen_bias[outliers]), "erf")
        aside = op.matmul(widest, constant(narrow[:, outliers]), transpose_a=False, transpose_b=True)
        return op.add(in_integers, aside)


def _smoothing(observed: Range, weights: Sequence[Array]) -> Array:
    columns = np.max([np.abs(weight).max(axis=0) for weight in weights], axis=0)
    factors = observed.width**SMOOTHING / np.maximum(columns, np.float32(1e-6)) ** (1 - SMOOTHING)
    return np.asarray(factors / np.exp(np.log(factors).mean()), np.float32)


def _ends(observed: Range, smoothing: Array, channels: NDArray[np.int64]) -> tuple[float, float]:
    low = min(float((observed.low / smoothing)[channels].min()), 0.0)
    high = max(float((observed.high / smoothing)[channels].max()), 1e-6)
    # Zero must be one of the levels: integer arithmetic subtracts it as a whole number.
    step = (high - low) / (ACTIVATION_LEVELS - 1)
    zero_level = round(-low / step)
    return -zero_level * step, (ACTIVATION_LEVELS - 1 - zero_level) * step
