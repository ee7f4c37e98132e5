"""What the vectors go through before they are clustered by density.

Belongs here: the reducers. Does not belong here: HDBSCAN (``density``), noise afterwards (``reach``).

In 384 dimensions everything is about equally far from everything, and density says little. The graph of nearest
neighbours knows more, and both reducers read it:

- *smoothing* moves each vector towards its neighbours, so that a cluster draws together (as in mean shift, Cheng 1995).
  Neighbours weigh by the fourth power of their similarity: what has no near neighbour stays put and remains noise;
- the *spectral* embedding is made of the leading eigenvectors of the graph's random walk, rows at unit length (Ng,
  Jordan & Weiss 2001), each eigenvector weighed by its eigenvalue (one step of a diffusion map, Coifman & Lafon 2006).
  It pulls neighbouring clusters apart, and noise into clusters.

Side by side they do both at once, which neither does alone; ``python -m benchmarks.clustering`` shows it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.blocks import blockwise

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEIGHBOURS = 15  # UMAP's default as well; between 10 and 20 little changes
SMOOTHING_STEPS = 5  # after which the vectors hardly move
SIMILARITY_POWER = 4
MOST_DIMENSIONS = 80  # of the spectral embedding; between 60 and 100 little changes

Vectors = NDArray[np.float32]


def reduce_vectors(vectors: Vectors, *, reducer: str, min_cluster_size: int) -> Vectors:
    """Return the vectors in which clusters are looked for, a row for each row of ``vectors``.

    Equal rows are reduced once and stay equal: as neighbours of each other they would fill every place in the graph and
    cut it into arbitrary pieces.

    Args:
        vectors: (rows, dimensions) of unit length.
        reducer: ``none``, ``smooth``, ``spectral`` or ``smooth_spectral``.
        min_cluster_size: bounds the number of clusters, and with it the dimensions that can tell them apart.
    """
    distinct, place = _distinct_rows(vectors)
    if reducer == "none" or len(distinct) < 3:
        return vectors
    indices, similarities = nearest_neighbours(distinct, min(NEIGHBOURS, len(distinct) - 1))
    # Two clusters a dimension at most: more eigenvectors than that are noise.
    dimensions = min(MOST_DIMENSIONS, len(vectors) // (2 * min_cluster_size))
    parts = []
    if reducer != "spectral" or dimensions < 2:
        parts.append(_smoothed(distinct, indices, similarities))
    if reducer != "smooth" and dimensions >= 2:
        parts.append(_spectral(indices, similarities, dimensions))
    return np.hstack(parts)[place]


def _distinct_rows(vectors: Vectors) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the distinct rows and, for each row of ``vectors``, its place among them."""
    as_bytes = vectors.view(np.dtype((np.void, vectors.itemsize * vectors.shape[1]))).ravel()
    _, first, place = np.unique(as_bytes, return_index=True, return_inverse=True)
    return vectors[first], place


def nearest_neighbours(vectors: Vectors, count: int) -> tuple[NDArray[np.int64], Vectors]:
    """Return (rows, count) indices and cosines of each row's nearest other rows, exact, in no order.

    Args:
        vectors: (rows, dimensions) of unit length.
        count: fewer than there are rows.
    """
    rows = len(vectors)
    indices = np.empty((rows, count), np.int64)
    similarities = np.empty((rows, count), np.float32)

    def fill(block: slice) -> None:
        products = vectors[block] @ vectors.T
        products[np.arange(len(products)), np.arange(block.start, block.stop)] = -np.inf
        nearest = np.argpartition(products, rows - count, axis=1)[:, rows - count :]
        indices[block] = nearest
        similarities[block] = np.take_along_axis(products, nearest, axis=1)

    blockwise(fill, rows)
    return indices, similarities


def _smoothed(vectors: Vectors, indices: NDArray[np.int64], similarities: Vectors) -> Vectors:
    weights = _graph(indices, np.maximum(similarities, 0) ** SIMILARITY_POWER)
    smoothed = vectors
    for _ in range(SMOOTHING_STEPS):
        smoothed = _unit_rows(smoothed + weights @ smoothed)
    return smoothed


def _spectral(indices: NDArray[np.int64], similarities: Vectors, dimensions: int) -> Vectors:
    """Return the leading eigenvectors of the walk on the neighbour graph, rows at unit length.

    Edges weigh as in UMAP (McInnes, Healy & Melville 2018): ``exp(-(d - nearest) / mean(d - nearest))`` on each
    row's own scale, joined in both directions as a fuzzy union.
    """
    from scipy.sparse import diags_array

    distances = np.sqrt(np.maximum(2 - 2 * similarities, 0))
    beyond_nearest = distances - distances.min(axis=1, keepdims=True)
    scale = np.maximum(beyond_nearest.mean(axis=1, keepdims=True), 1e-6)
    directed = _graph(indices, np.exp(-beyond_nearest / scale))
    joined = directed + directed.T - directed * directed.T
    shrink = diags_array(1 / np.sqrt(joined.sum(axis=1)))
    values, vectors = _leading_eigenvectors(shrink @ joined @ shrink, dimensions)
    return _unit_rows(vectors * np.maximum(values, 0)).astype(np.float32)


def _leading_eigenvectors(matrix: "csr_array", count: int) -> tuple[Vectors, Vectors]:
    """Return the ``count`` greatest eigenvalues of a symmetric matrix and their eigenvectors as columns."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    rows = matrix.shape[0]
    if rows <= 4 * count:
        values, vectors = np.linalg.eigh(matrix.toarray())
        return values[-count:], vectors[:, -count:]
    # A start of its own instead of ARPACK's, which differs from call to call.
    start = np.random.default_rng(0).standard_normal(rows, np.float32)
    try:
        values, vectors = eigsh(matrix, k=count, which="LA", v0=start, tol=1e-3)
    except ArpackNoConvergence as error:
        # Many equal eigenvalues, as of a graph in many pieces: those found tell the pieces apart as well.
        values, vectors = error.eigenvalues, error.eigenvectors
    return values, vectors


def _graph(indices: NDArray[np.int64], weights: NDArray[Any]) -> "csr_array":
    from scipy.sparse import csr_array

    rows, count = indices.shape
    starts = np.arange(0, rows * count + 1, count, dtype=np.int32)
    return csr_array((weights.ravel(), indices.ravel().astype(np.int32), starts), shape=(rows, rows))


def _unit_rows(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
