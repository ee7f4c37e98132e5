"""Token lists as the rectangular batches that a model takes.

Belongs here: padding and how many texts go together. Does not belong here: tokenising (``minilm``), running
(``encoder_*``).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BATCH_TEXTS = 1_000  # the most that any batch may hold
BATCH_TOKENS = 4_096  # activations of many more tokens leave the processor's caches
# Few distinct lengths mean few kernels to generate; padding a text to the next multiple of 8 costs 3 % at 120 tokens.
LENGTH_STEP = 8

# (rows of the input, token ids, attention mask); ids and mask are (texts, tokens) int64.
TokenBatch = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def token_batches(ids: Sequence[Sequence[int]], *, length_step: int = LENGTH_STEP) -> Iterator[TokenBatch]:
    """Yield batches of texts of one padded length, longest first, so that memory peaks at the start.

    A text's padded length depends on nothing but its own tokens. So its vector does not change with its neighbours.
    """
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    padded = -(-lengths // length_step) * length_step
    for length in np.unique(padded)[::-1]:
        rows = np.flatnonzero(padded == length)
        size = min(BATCH_TEXTS, max(1, BATCH_TOKENS // int(length)))
        for chunk in np.split(rows, range(size, len(rows), size)):
            mask = (np.arange(length) < lengths[chunk, None]).astype(np.int64)
            batch = np.zeros(mask.shape, np.int64)
            batch[mask.astype(bool)] = np.concatenate([ids[row] for row in chunk])
            yield chunk, batch, mask
