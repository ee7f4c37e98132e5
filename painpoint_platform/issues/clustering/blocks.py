"""Work on the rows of a large matrix, block by block, on all cores, with the same result on any number of them.

Belongs here: how blocks are cut and run, and the hold on BLAS. Does not belong here: what is computed (``density``,
``reduction``, ``reach``).

BLAS splits a product differently for every number of threads and rounds differently with it; one flipped bit can move a
neighbour, and with it a cluster. So each block is computed by one BLAS thread, and the blocks run side by side.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 512

Floats = NDArray[np.floating[Any]]

# BLAS knows one limit a process: two holds that overlap in time would undo each other.
_hold = threading.RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread in the whole process until the block ends. Libraries must be imported before."""
    from threadpoolctl import threadpool_limits

    with _hold, threadpool_limits(1, user_api="blas"):
        yield


def blockwise(work: Callable[[slice], None], rows: int) -> None:
    """Call ``work`` once for each block of rows, several at a time; ``work`` writes into arrays of its caller.

    Matrix products in ``work`` are reproducible only under ``one_blas_thread``.
    """
    blocks = [slice(start, min(start + BLOCK_ROWS, rows)) for start in range(0, rows, BLOCK_ROWS)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(work, blocks))
