"""HDBSCAN (Campello, Moulavi & Sander 2013) on dense vectors: exact, in one pass of matrix products.

Belongs here: the hierarchy of mutual reachability and what is selected from it. Does not belong here: what the vectors
went through before (``reduction``), what becomes of noise after (``clusters``).

``hdbscan.HDBSCAN`` walks a tree of neighbours that is of no use in 384 dimensions, and importing it costs four seconds.
The minimum spanning tree is therefore built here, from distances that BLAS computes, in the order in which the library
builds it; condensing the tree and choosing clusters is the library's own compiled code. Labels and
probabilities are those of ``hdbscan.HDBSCAN(metric="euclidean", cluster_selection_method="eom")``.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.blocks import Floats, blockwise, one_blas_thread

# Up to this many rows distances are kept in double precision, as the library has them (512 MB); beyond, in single.
MOST_ROWS_IN_DOUBLE = 8_192


@dataclass(frozen=True)
class DensityClusters:
    """What HDBSCAN found.

    Attributes:
        labels: (rows,) int; -1 is noise.
        probability: (rows,) how deep in its cluster a row lies, 0 to 1; 0 for noise.
        persistence: (clusters,) the library's ``cluster_persistence_``, 0 to 1.
    """

    labels: NDArray[np.int64]
    probability: NDArray[np.float64]
    persistence: NDArray[np.float64]


def density_clusters(vectors: NDArray[Any], *, min_cluster_size: int, min_samples: int) -> DensityClusters:
    """Cluster ``vectors`` (rows, dimensions) by density, Euclidean, excess of mass.

    The caller sees to ``2 <= min_cluster_size``, ``1 <= min_samples`` and at least two rows.
    """
    with one_blas_thread():
        distances = _distances(vectors)
    core = _core_distances(distances, min_samples)
    edges = _minimum_spanning_tree(distances, core)
    del distances
    tree = _tree_module()
    condensed = tree.condense_tree(_single_linkage(edges), min_cluster_size)
    stability = tree.compute_stability(condensed)
    labels, probability, persistence = tree.get_clusters(condensed, stability, "eom", False, False, 0.0, 0)
    return DensityClusters(np.asarray(labels, np.int64), np.asarray(probability), np.asarray(persistence))


def _distances(vectors: NDArray[Any]) -> Floats:
    rows = len(vectors)
    kind = np.float64 if rows <= MOST_ROWS_IN_DOUBLE else np.float32
    # Centred, so that the subtraction below cancels less.
    points = np.ascontiguousarray(vectors, np.float64)
    points = (points - points.mean(axis=0)).astype(kind)
    squares = np.einsum("ij,ij->i", points, points)
    distances = np.empty((rows, rows), kind)

    def fill(block: slice) -> None:
        # From the diagonal on; what lies before it is the mirror image, which another block writes.
        part = points[block] @ points[block.start :].T
        part *= -2
        part += squares[block, None]
        part += squares[block.start :]
        np.maximum(part, 0, out=part)
        np.sqrt(part, out=part)
        size = len(part)
        # Within the block itself the product rounds differently from a to b than from b to a.
        own = part[:, :size]
        own[np.tril_indices(size, -1)] = own.T[np.tril_indices(size, -1)]
        distances[block, block.start :] = part
        distances[block.stop :, block] = part[:, size:].T

    blockwise(fill, rows)
    np.fill_diagonal(distances, 0)
    return distances


def _core_distances(distances: Floats, min_samples: int) -> NDArray[np.float64]:
    """Return each row's distance to its ``min_samples``-th nearest other row, which is how the library counts."""
    rows = len(distances)
    nth = min(min_samples, rows - 1)
    core = np.empty(rows)

    def fill(block: slice) -> None:
        core[block] = np.partition(distances[block], nth, axis=1)[:, nth]

    blockwise(fill, rows)
    return core


def _minimum_spanning_tree(distances: Floats, core: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges (from, to, mutual reachability) of Prim's algorithm, starting at row 0.

    Among equals the first row wins, as in the library: which of several equal trees is taken shows in the labels.
    """
    rows = len(distances)
    edges = np.empty((rows - 1, 3))
    # Rows that are not in the tree yet; those in it sit at infinity.
    nearest = np.full(rows, np.inf)
    source = np.zeros(rows, np.int64)
    outside = np.ones(rows, bool)
    reach = np.empty(rows)
    closer = np.empty(rows, bool)
    current = 0
    for place in range(rows - 1):
        outside[current] = False
        nearest[current] = np.inf
        np.maximum(distances[current], core, out=reach)
        np.maximum(reach, core[current], out=reach)
        np.less(reach, nearest, out=closer)
        closer &= outside
        nearest[closer] = reach[closer]
        source[closer] = current
        current = int(nearest.argmin())
        edges[place] = source[current], current, nearest[current]
    return edges


def _single_linkage(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the merges in SciPy's form: (one part, other part, height, size), parts numbered as they come to be."""
    edges = edges[np.argsort(edges[:, 2])]
    rows = len(edges) + 1
    merges = np.empty((rows - 1, 4))
    parent = list(range(2 * rows - 1))
    size = [1] * rows + [0] * (rows - 1)

    def root_of(node: int) -> int:
        root = node
        while parent[root] != root:
            root = parent[root]
        while parent[node] != root:
            parent[node], node = root, parent[node]
        return root

    for place, (one, other, height) in enumerate(edges.tolist()):
        left, right, joined = root_of(int(one)), root_of(int(other)), rows + place
        parent[left] = parent[right] = joined
        size[joined] = size[left] + size[right]
        merges[place] = left, right, height, size[joined]
    return merges


@cache
def _tree_module() -> ModuleType:
    """Load the library's compiled tree code by its file; the package would bring scikit-learn and joblib along."""
    package = importlib.util.find_spec("hdbscan")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("hdbscan is not installed", name="hdbscan")
    (path,) = Path(package.origin).parent.glob("_hdbscan_tree.*[!xc]")
    spec = importlib.util.spec_from_file_location("hdbscan._hdbscan_tree", path)
    assert spec is not None and spec.loader is not None  # noqa: PT018 - a path was given
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
