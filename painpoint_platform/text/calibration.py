"""What the linear layers of MiniLM get to see: the ranges that 8 bits must cover.

Belongs here: running the fp32 graph over the bundled texts and keeping each channel's extremes. Does not belong here:
what is made of the ranges (``int8``).

``calibration_texts.jsonl`` was written for this project: posts as the four sources send them, and what posts are seldom
made of (single signs, emoji, other scripts, code, numbers, one sign two hundred times), because the widest values come
from the oddest tokens. A change to that file changes the vectors: raise ``encoder_openvino.CONVERSION`` with it.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from painpoint_platform.text.batches import token_batches
from painpoint_platform.text.int8 import Range
from painpoint_platform.text.minilm import token_ids
from painpoint_platform.text.minilm_graph import Array, SinglePrecision, build_graph

TEXTS = Path(__file__).with_name("calibration_texts.jsonl")


def observed_ranges(weights: Mapping[str, Array]) -> dict[str, Range]:
    """Return the range of every channel at every site of the model, over all bundled texts.

    Args:
        weights: the tensors of ``model.safetensors`` by name.
    """
    from openvino import Core, Model

    watched = SinglePrecision()
    graph = build_graph(weights, watched)
    # The extremes are taken inside the graph: copying every activation out would take longer than the model itself.
    outputs = [extreme for node in watched.activations.values() for extreme in _extremes(node)]
    compiled = Core().compile_model(Model(outputs, graph.get_parameters()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    texts = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    # Without padding, whose activations no text has.
    batches = token_batches(token_ids(texts), length_step=1)
    seen = [list(compiled([ids, mask]).values()) for _, ids, mask in batches]
    lows = [np.min([batch[2 * place] for batch in seen], axis=0) for place in range(len(watched.activations))]
    highs = [np.max([batch[2 * place + 1] for batch in seen], axis=0) for place in range(len(watched.activations))]
    return {site: Range(low, high) for site, low, high in zip(watched.activations, lows, highs, strict=True)}


def _extremes(node: object) -> list[object]:
    from openvino import opset13 as op

    over_tokens = op.constant(np.asarray([0, 1], np.int64))
    return [op.reduce_min(node, over_tokens, keep_dims=False), op.reduce_max(node, over_tokens, keep_dims=False)]
