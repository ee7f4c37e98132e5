"""MiniLM through sentence-transformers and torch in fp32: the reference that the other backends are measured against.

Does not belong here: tokenising and batching (``embeddings``).
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.embeddings import Forward
from painpoint_platform.text.minilm import genuine_weights, model_folder


def load(threads: int) -> Forward:
    """Return the forward pass of the packaged model.

    Args:
        threads: threads of torch, set for the whole process: torch knows no other way.

    Raises:
        UserError: the packaged weights are missing or not the model's.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    folder = model_folder()
    genuine_weights(folder)
    torch.set_num_threads(threads)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            return np.asarray(model(features)["sentence_embedding"].numpy(), np.float32)

    return forward
