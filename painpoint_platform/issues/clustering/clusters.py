"""Items into clusters by what their texts mean.

Belongs here: the steps and what comes out of them. Does not belong here: each step (``reduction``, ``density``,
``coherence``, ``reach``), tables (``silver``), choosing who speaks for a cluster (``representatives``).

The same items give the same clusters in any order, on any number of threads: rows are sorted by id before anything is
computed, and matrix products are done in blocks of fixed size by one BLAS thread each (``blocks``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.issues.clustering.blocks import one_blas_thread
from painpoint_platform.issues.clustering.coherence import without_incoherent
from painpoint_platform.issues.clustering.density import DensityClusters, density_clusters
from painpoint_platform.issues.clustering.reach import within_reach
from painpoint_platform.issues.clustering.reduction import Vectors, reduce_vectors

REDUCERS = ("none", "smooth", "spectral", "smooth_spectral")
DEFAULT_REDUCER = "smooth_spectral"
SMALLEST_CLUSTER = 5


@dataclass(frozen=True)
class Clustering:
    """The clusters of some items. Clusters are numbered from 0 by size, the largest first, then by smallest id.

    Attributes:
        labels: (items,) int32, cluster of each item; -1 is noise.
        membership: (items,) str: ``core`` (HDBSCAN's own), ``attached`` (noise within a cluster's reach) or
            ``noise`` (see ``reach``).
        probability: (items,) float64, HDBSCAN's: how deep in its cluster an item lies, 0 to 1; 0 outside the core.
        centroid_distance: (items,) float64, Euclidean distance to the mean of the item's cluster in the original
            vectors; nan for noise.
        reduced: (items, dimensions) float32, the vectors in which the clusters were found.
        size: (clusters,) int64, items of each cluster, attached ones included.
        persistence: (clusters,) float64, HDBSCAN's: how long a cluster lasts while the density rises, 0 to 1.
    """

    labels: NDArray[np.int32]
    membership: NDArray[np.str_]
    probability: NDArray[np.float64]
    centroid_distance: NDArray[np.float64]
    reduced: Vectors
    size: NDArray[np.int64]
    persistence: NDArray[np.float64]


def cluster(
    vectors: NDArray[np.float32],
    *,
    ids: Sequence[str],
    reducer: str = DEFAULT_REDUCER,
    min_cluster_size: int | None = None,
) -> Clustering:
    """Cluster unit vectors by density; how many clusters there are follows from the data.

    Fewer than 5 items have no clusters.

    Args:
        vectors: (items, dimensions), rows of unit length.
        ids: a distinct id for each row; they settle ties.
        reducer: ``none`` (HDBSCAN as it is, nothing before and nothing after), ``smooth``, ``spectral`` or
            ``smooth_spectral``.
        min_cluster_size: default ``max(5, items // 200)``; HDBSCAN's ``min_samples`` is half of it.

    Raises:
        UserError: an unknown reducer.
        ValueError: ids and vectors differ in number, or ``min_cluster_size`` is below 2.
    """
    if reducer not in REDUCERS:
        raise UserError(f"clustering reducer {reducer!r} is unknown; choose {', '.join(REDUCERS)}")
    if len(ids) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors but {len(ids)} ids")
    smallest = max(SMALLEST_CLUSTER, len(ids) // 200) if min_cluster_size is None else min_cluster_size
    if smallest < 2:
        raise ValueError(f"min_cluster_size must be at least 2, not {smallest}")
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
    ordered = np.ascontiguousarray(np.asarray(vectors)[order], np.float32)
    place = np.argsort(order)
    found = _cluster_ordered(ordered, reducer, smallest)
    return replace(
        found,
        labels=found.labels[place],
        membership=found.membership[place],
        probability=found.probability[place],
        centroid_distance=found.centroid_distance[place],
        reduced=found.reduced[place],
    )


def map_coordinates(clustering: Clustering) -> NDArray[np.float32]:
    """Return where each item lies on a map, (items, 2): the first two principal components of the reduced vectors.

    Fewer than three items all lie in the middle.
    """
    items = len(clustering.labels)
    if items < 3:
        return np.zeros((items, 2), np.float32)
    with one_blas_thread():
        centred = clustering.reduced - clustering.reduced.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes[:, [-1, -2]]
        # An axis has no direction of its own: its largest entry is taken to be positive.
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
        return np.asarray(centred @ axes, np.float32)


def _cluster_ordered(vectors: Vectors, reducer: str, min_cluster_size: int) -> Clustering:
    if len(vectors) < SMALLEST_CLUSTER:
        nothing = np.full(len(vectors), -1, np.int64)
        return _described(vectors, vectors, nothing, DensityClusters(nothing, np.zeros(len(nothing)), np.zeros(0)))
    _import_numerics()
    with one_blas_thread():
        reduced = reduce_vectors(vectors, reducer=reducer, min_cluster_size=min_cluster_size)
        found = density_clusters(reduced, min_cluster_size=min_cluster_size, min_samples=max(1, min_cluster_size // 2))
        if reducer == "none":
            return _described(vectors, reduced, found.labels, found)
        found = without_incoherent(vectors, found)
        return _described(vectors, reduced, within_reach(vectors, found.labels), found)


def _import_numerics() -> None:
    # SciPy brings a BLAS of its own, which must be loaded when the hold on threads is taken.
    import scipy.sparse.linalg  # noqa: F401


def _described(vectors: Vectors, reduced: Vectors, labels: NDArray[np.int64], found: DensityClusters) -> Clustering:
    count = len(found.persistence)
    order = _by_size(labels, count)
    new_number = np.append(np.argsort(order), -1)
    labels = new_number[labels]
    size = np.bincount(labels[labels >= 0], minlength=count)
    membership = np.where(labels >= 0, np.where(found.labels >= 0, "core", "attached"), "noise")
    return Clustering(
        labels=labels.astype(np.int32),
        membership=membership,
        probability=np.where(membership == "core", found.probability, 0.0),
        centroid_distance=_centroid_distances(vectors, labels, size),
        reduced=reduced,
        size=size,
        persistence=found.persistence[order],
    )


def _by_size(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the clusters, largest first; of equal ones first the one whose first row comes first."""
    size = np.bincount(labels[labels >= 0], minlength=count)
    first_row = np.full(count, len(labels))
    np.minimum.at(first_row, labels[labels >= 0], np.flatnonzero(labels >= 0))
    return np.lexsort((first_row, -size))


def _centroid_distances(vectors: Vectors, labels: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float64]:
    distance = np.full(len(labels), np.nan)
    clustered = labels >= 0
    sums: NDArray[Any] = np.zeros((len(size), vectors.shape[1]))
    np.add.at(sums, labels[clustered], vectors[clustered].astype(np.float64))
    centroids = sums / np.maximum(size, 1)[:, None]
    distance[clustered] = np.linalg.norm(vectors[clustered] - centroids[labels[clustered]], axis=1)
    return distance
