"""MiniLM on onnxruntime in fp32: for machines on which OpenVINO does not run.

Belongs here: the exported model's file, made once, and the forward pass. Does not belong here: tokenising and batching
(``embeddings``). The export needs sentence-transformers, torch, onnx and onnxscript; running it only onnxruntime.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.text.converted_models import kept_model
from painpoint_platform.text.embeddings import Forward
from painpoint_platform.text.encoder_torch import mean_state
from painpoint_platform.text.minilm import MIDDLE_LAYER, MODEL_NAME, MODEL_SHA256, genuine_weights, model_folder

# Raised when the export changes: part of the file's name and of the embedder's version.
CONVERSION = 2


def load(threads: int, cache_dir: Path) -> Forward:
    """Return the forward pass; the model is exported on the first call and reused after that.

    Args:
        threads: threads of one forward pass.
        cache_dir: where the exported model is kept.

    Raises:
        UserError: the packaged weights are missing or not the model's, a package for the export is missing, or the
            exported model cannot be read or written.
    """
    from onnxruntime import InferenceSession, SessionOptions

    genuine_weights(model_folder())
    folder = kept_model(cache_dir / f"{MODEL_NAME}-{MODEL_SHA256[:8]}-onnx-fp32-v{CONVERSION}", _export)
    options = SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    except RuntimeError as error:
        raise UserError(f"{folder}: the exported encoder cannot be read; delete the folder and try again") from error

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        vectors, middle = session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, np.float32), np.asarray(middle, np.float32)

    return forward


def _export(folder: Path) -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
        import torch
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as error:
        raise UserError(
            f"exporting the encoder to ONNX needs the package {error.name}; `pip install 'painpoint-platform[onnx]'`"
        ) from None

    class Sentences(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return found["sentence_embedding"], mean_state(found["all_layer_embeddings"][MIDDLE_LAYER], attention_mask)

    model = SentenceTransformer(
        str(model_folder()),
        device="cpu",
        local_files_only=True,
        model_kwargs={"attn_implementation": "eager"},
        config_kwargs={"output_hidden_states": True},
    ).eval()
    # Two texts of eight tokens: torch.export takes a size of 0 or 1 for a constant.
    example = {name: torch.ones((2, 8), dtype=torch.int64) for name in ("input_ids", "attention_mask")}
    sizes = {0: torch.export.Dim("texts", min=1), 1: torch.export.Dim("tokens", min=2, max=256)}
    program = torch.onnx.export(
        Sentences(model).eval(),
        kwargs=example,
        dynamo=True,
        dynamic_shapes=dict.fromkeys(example, sizes),
        verbose=False,
    )
    program.save(str(folder / "model.onnx"))
