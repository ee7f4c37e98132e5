"""all-MiniLM-L6-v2 as an OpenVINO graph, built straight from its weights.

Belongs here: the architecture (BERT, Devlin et al. 2019; mean pooling and unit length, Reimers & Gurevych 2019) and the
one seam where a precision comes in. Does not belong here: a precision's arithmetic (``int8``), files
(``encoder_openvino``).

Built from the weights, the graph takes a second and needs neither torch nor transformers; tracing the same model
through them takes half a minute.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.minilm import MIDDLE_LAYER

HEADS, HEAD_SIZE, LAYERS = 12, 32, 6
HIDDEN = HEADS * HEAD_SIZE
LAYER_NORM_EPSILON = 1e-12  # layer_norm_eps of the model's config.json
MASKED = -3e4  # added to the score of a padded position: e^-30000 is 0 in every precision

Array = NDArray[np.float32]
Node = Any  # openvino.Node, which comes without types
Weights = Mapping[str, Array]


class Precision(Protocol):
    """How a linear layer is computed."""

    def activation(self, site: str, node: Node) -> Node:
        """Return what the linear layers that read ``node`` are given; ``site`` names the place in the model."""
        ...

    def linear(self, site: str, node: Node, weight: Array, bias: Array) -> Node:
        """Return ``node @ weight.T + bias`` for what ``activation`` returned for the same site."""
        ...

    def feed_forward(self, site: str, node: Node, first: tuple[Array, Array], second: tuple[Array, Array]) -> Node:
        """Return ``gelu(first(node))`` through ``second``: the block whose inner values spread widest."""
        ...


class SinglePrecision:
    """Plain fp32. Remembers the inputs of its linear layers, which is what calibration observes."""

    def __init__(self) -> None:
        self.activations: dict[str, Node] = {}

    def activation(self, site: str, node: Node) -> Node:
        """Return ``node`` as it is."""
        self.activations[site] = node
        return node

    def linear(self, site: str, node: Node, weight: Array, bias: Array) -> Node:
        """Return ``node @ weight.T + bias``."""
        del site
        return affine(node, weight, bias)

    def feed_forward(self, site: str, node: Node, first: tuple[Array, Array], second: tuple[Array, Array]) -> Node:
        """Return the plain feed-forward block."""
        return feed_forward(self, site, node, first, second)


def feed_forward(
    precision: Precision, site: str, node: Node, first: tuple[Array, Array], second: tuple[Array, Array]
) -> Node:
    """Return ``second(gelu(first(node)))``, both layers in ``precision``."""
    from openvino import opset13 as op

    given = precision.activation(f"{site}.in", node)
    inner = op.gelu(precision.linear(f"{site}.in", given, *first), "erf")
    return precision.linear(f"{site}.out", precision.activation(f"{site}.out", inner), *second)


def build_graph(weights: Weights, precision: Precision) -> Any:
    """Return the ``openvino.Model``: ``input_ids`` and ``attention_mask``, both (texts, tokens) int64, to
    ``sentence_embedding``, unit rows, and ``middle_states``, the mean state after ``MIDDLE_LAYER``, both (texts, 384).

    Args:
        weights: the tensors of ``model.safetensors`` by name.
        precision: how the 36 linear layers are computed; everything else is fp32.
    """
    from openvino import Model
    from openvino import opset13 as op

    ids, mask = (_token_input(name) for name in ("input_ids", "attention_mask"))
    present = op.convert(mask, "f32")
    blocked = op.multiply(op.subtract(constant(1.0), op.unsqueeze(present, integers(1, 2))), constant(MASKED))
    states = [_embedded(weights, ids)]
    for layer in range(LAYERS):
        states.append(_encoder_layer(_Scope(weights, f"encoder.layer.{layer}"), precision, states[-1], blocked))
    # The sum points the same way as the mean, and only the direction survives the normalisation.
    unit = op.normalize_l2(_token_sum(states[-1], present), integers(1), 1e-24, "max")
    unit.output(0).set_names({"sentence_embedding"})
    tokens = op.reduce_sum(present, integers(1), keep_dims=True)
    middle = op.divide(_token_sum(states[MIDDLE_LAYER], present), tokens)
    middle.output(0).set_names({"middle_states"})
    return Model([unit, middle], [ids, mask], "all-MiniLM-L6-v2")


def constant(value: float | Array) -> Node:
    """Return an fp32 constant."""
    from openvino import opset13 as op

    return op.constant(np.asarray(value, np.float32))


def integers(*values: int) -> Node:
    """Return a vector of int64: axes and shapes."""
    from openvino import opset13 as op

    return op.constant(np.asarray(values, np.int64))


def affine(node: Node, weight: Array, bias: Array) -> Node:
    """Return ``node @ weight.T + bias`` in fp32."""
    from openvino import opset13 as op

    return op.add(op.matmul(node, constant(weight), transpose_a=False, transpose_b=True), constant(bias))


class _Scope:
    """The weights of one part of the model."""

    def __init__(self, weights: Weights, name: str) -> None:
        self.name = name
        self._weights = weights

    def layer(self, part: str) -> tuple[Array, Array]:
        return self._weights[f"{self.name}.{part}.weight"], self._weights[f"{self.name}.{part}.bias"]


def _token_input(name: str) -> Node:
    from openvino import opset13 as op

    node = op.parameter([-1, -1], np.int64, name=name)
    node.output(0).set_names({name})
    return node


def _embedded(weights: Weights, ids: Node) -> Node:
    from openvino import opset13 as op

    scope = _Scope(weights, "embeddings")
    # A single text has only segment 0, so its vector is added to every word's beforehand.
    words = weights["embeddings.word_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    positions = constant(weights["embeddings.position_embeddings.weight"])
    token_count = op.gather(op.shape_of(ids), integers(1), op.constant(np.int64(0)))
    used = op.slice(positions, integers(0), token_count, integers(1), integers(0))
    summed = op.add(op.gather(constant(words), ids, op.constant(np.int64(0))), used)
    return _layer_norm(summed, *scope.layer("LayerNorm"))


def _token_sum(state: Node, present: Node) -> Node:
    from openvino import opset13 as op

    return op.reduce_sum(op.multiply(state, op.unsqueeze(present, integers(2))), integers(1), keep_dims=False)


def _encoder_layer(scope: _Scope, precision: Precision, state: Node, blocked: Node) -> Node:
    from openvino import opset13 as op

    attended = _attention(scope, precision, state, blocked)
    state = _layer_norm(op.add(attended, state), *scope.layer("attention.output.LayerNorm"))
    widened = precision.feed_forward(
        f"{scope.name}.feed_forward", state, scope.layer("intermediate.dense"), scope.layer("output.dense")
    )
    return _layer_norm(op.add(widened, state), *scope.layer("output.LayerNorm"))


def _attention(scope: _Scope, precision: Precision, state: Node, blocked: Node) -> Node:
    from openvino import opset13 as op

    given = precision.activation(f"{scope.name}.attention.in", state)
    query, key, value = (
        _split_heads(precision.linear(f"{scope.name}.attention.in", given, *scope.layer(f"attention.self.{part}")))
        for part in ("query", "key", "value")
    )
    products = op.matmul(query, key, transpose_a=False, transpose_b=True)
    scores = op.add(op.multiply(products, constant(HEAD_SIZE**-0.5)), blocked)
    mixed = op.matmul(op.softmax(scores, -1), value, transpose_a=False, transpose_b=False)
    joined = op.reshape(op.transpose(mixed, integers(0, 2, 1, 3)), integers(0, 0, HIDDEN), special_zero=True)
    site = f"{scope.name}.attention.out"
    return precision.linear(site, precision.activation(site, joined), *scope.layer("attention.output.dense"))


def _split_heads(node: Node) -> Node:
    from openvino import opset13 as op

    heads = op.reshape(node, integers(0, 0, HEADS, HEAD_SIZE), special_zero=True)
    return op.transpose(heads, integers(0, 2, 1, 3))


def _layer_norm(node: Node, scale: Array, shift: Array) -> Node:
    from openvino import opset13 as op

    normal = op.mvn(node, integers(-1), normalize_variance=True, eps=LAYER_NORM_EPSILON, eps_mode="inside_sqrt")
    return op.add(op.multiply(normal, constant(scale)), constant(shift))


_READERS = {
    "attention.in": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.out": ("attention.output.dense",),
    "feed_forward.in": ("intermediate.dense",),
    "feed_forward.out": ("output.dense",),
}


def weights_read_at(site: str, weights: Weights) -> list[Array]:
    """Return the weights of all linear layers that read at ``site``."""
    layer, place = site.rsplit(".", 2)[0], ".".join(site.rsplit(".", 2)[1:])
    return [weights[f"{layer}.{reader}.weight"] for reader in _READERS[place]]
