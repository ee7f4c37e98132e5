"""MiniLM on OpenVINO's CPU plugin: the fast backend. At run time it needs openvino and tokenizers only.

Belongs here: the converted model's file, made once, and the forward pass. Does not belong here: the graph
(``minilm_graph``), quantisation (``int8``, ``calibration``).
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.text.converted_models import kept_model
from painpoint_platform.text.embeddings import Forward
from painpoint_platform.text.minilm import MODEL_NAME, MODEL_SHA256, genuine_weights, model_folder

# Raised when graph, quantisation or calibration texts change: part of the file's name and of the embedder's version.
CONVERSION = 4
# A text of so few tokens is run in fp32 even where int8 is asked for. With little to average over, the rounding of a
# single token shows (cosine 0.988 for "Thank you!"), and such texts cost next to nothing.
FEW_TOKENS = 8


def load(precision: str, threads: int, cache_dir: Path) -> Forward:
    """Return the forward pass; the converted model is made on the first call and reused after that.

    Args:
        precision: ``int8`` or ``fp32``.
        threads: threads of one forward pass.
        cache_dir: where the converted model is kept.

    Raises:
        UserError: the packaged weights are missing or not the model's, or the converted model cannot be read or
            written.
    """
    main = _compiled(precision, threads, cache_dir)
    if precision == "fp32":
        return lambda ids, mask: _run(main, ids, mask)
    loading = threading.Lock()

    @cache
    def precise() -> Any:
        return _compiled("fp32", threads, cache_dir)

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if ids.shape[1] > FEW_TOKENS:
            return _run(main, ids, mask)
        with loading:
            model = precise()
        return _run(model, ids, mask)

    return forward


def converted(precision: str, cache_dir: Path) -> Path:
    """Return the folder of the converted model, made on the first call.

    Raises:
        UserError: as ``load`` does.
    """
    weights = genuine_weights(model_folder())
    name = f"{MODEL_NAME}-{MODEL_SHA256[:8]}-openvino-{precision}-v{CONVERSION}"
    return kept_model(cache_dir / name, lambda made: _save(convert(weights, precision), made))


def _compiled(precision: str, threads: int, cache_dir: Path) -> Any:
    from openvino import Core

    folder = converted(precision, cache_dir)
    # OpenVINO would take bf16 where the processor has it; f32 keeps the vectors the same. The latency hint puts all
    # threads on one batch: as quick on few cores as two batches at once, with half the memory.
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
    }
    try:
        model = Core().compile_model(folder / "model.xml", "CPU", hints)
    except RuntimeError as error:
        raise UserError(f"{folder}: the converted encoder cannot be read; delete the folder and try again") from error
    # OpenVINO 2026.4 hangs now and then when the first inferences of a process run in several threads at once.
    one_token = np.ones((1, 1), dtype=np.int64)
    _run(model, one_token, one_token)
    return model


def _run(
    model: Any, ids: NDArray[np.int64], mask: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    # A request of its own a call: requests are not to be shared between threads.
    found = model.create_infer_request().infer([ids, mask], share_inputs=True)
    return np.array(found[0]), np.array(found[1])


def convert(weights: Path, precision: str) -> Any:
    """Return the model as an ``openvino.Model``, built from ``weights`` and calibrated where ``precision`` is int8."""
    from safetensors.numpy import load_file

    from painpoint_platform.text.minilm_graph import SinglePrecision, build_graph

    tensors = load_file(weights)
    if precision == "fp32":
        return build_graph(tensors, SinglePrecision())
    from painpoint_platform.text.calibration import observed_ranges
    from painpoint_platform.text.int8 import Int8

    return build_graph(tensors, Int8(observed_ranges(tensors), tensors))


def _save(model: Any, folder: Path) -> None:
    from openvino import save_model

    try:
        # As it is: the default would round what stayed fp32 to half precision.
        save_model(model, folder / "model.xml", compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(str(error)) from error
