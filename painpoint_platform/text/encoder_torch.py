"""MiniLM through sentence-transformers and torch in fp32: the reference that the other backends are measured against.

Belongs here: loading the model, the forward pass, the mean over tokens. Does not belong here: tokenising and batching
(``embeddings``).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.embeddings import Forward
from painpoint_platform.text.minilm import MIDDLE_LAYER, genuine_weights, model_folder

if TYPE_CHECKING:
    import torch


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
    model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, config_kwargs={"output_hidden_states": True}
    ).eval()

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        present = torch.from_numpy(mask)
        with torch.inference_mode():
            found = model({"input_ids": torch.from_numpy(ids), "attention_mask": present})
            middle = mean_state(found["all_layer_embeddings"][MIDDLE_LAYER], present)
        return found["sentence_embedding"].numpy().astype(np.float32), middle.numpy().astype(np.float32)

    return forward


def mean_state(states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """Return the mean of a text's own tokens, (texts, width), of ``states`` (texts, tokens, width)."""
    present = mask.unsqueeze(-1).to(states.dtype)
    return (states * present).sum(dim=1) / present.sum(dim=1)
