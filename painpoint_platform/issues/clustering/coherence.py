"""Clusters that are none: posts which have in common only that they resemble nothing.

Belongs here: how alike the items of a cluster are against those of the day. Does not belong here: finding clusters
(``density``).

Reducing the vectors pulls true noise together, and density then finds a cluster in it. In the original vectors such a
cluster is no more alike than any posts of the day, which tells it from a real one however small.
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.density import DensityClusters

# A cluster must stand out from the day's items by this share of what the median cluster does. Catch-alls of noise reach
# 0.1 to 0.3, the loosest true clusters of the benchmark's sets 0.44 and more.
LEAST_COHERENCE = 0.4
# The median of fewer says little, and the day's items are then mostly the clusters themselves.
FEWEST_CLUSTERS = 5


def without_incoherent(vectors: NDArray[np.float32], found: DensityClusters) -> DensityClusters:
    """Turn clusters into noise whose items are hardly more alike than any two items of the day.

    Args:
        vectors: (rows, dimensions) of unit length, as embedded.
        found: the clusters of these rows.

    Returns:
        The clusters that stand out, numbered anew in the same order.
    """
    if len(found.persistence) < FEWEST_CLUSTERS:
        return found
    coherent = coherence(vectors, found.labels) >= LEAST_COHERENCE
    number = np.append(np.where(coherent, np.cumsum(coherent) - 1, -1), -1)
    labels = number[found.labels]
    return DensityClusters(labels, np.where(labels < 0, 0.0, found.probability), found.persistence[coherent])


def coherence(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each cluster's mean pairwise cosine stands out from that of all rows; the median cluster has 1.

    Args:
        vectors: (rows, dimensions) of unit length.
        labels: (rows,) cluster of each row from 0, -1 for none; every cluster has two rows at least.
    """
    count = int(labels.max()) + 1
    size = np.bincount(labels[labels >= 0], minlength=count)
    order = np.argsort(labels, kind="stable")[np.count_nonzero(labels < 0) :]
    starts = np.concatenate(([0], np.cumsum(size)[:-1]))
    sums = np.add.reduceat(vectors[order].astype(np.float64), starts, axis=0)
    alike = _mean_pairwise_cosine(np.square(sums).sum(axis=1), size)
    everything = vectors.astype(np.float64).sum(axis=0)
    background = _mean_pairwise_cosine(np.square(everything).sum(), np.array(len(vectors)))
    typical = float(np.median(alike))
    return (alike - background) / max(typical - float(background), 1e-9)


def _mean_pairwise_cosine(squared_sum: NDArray[np.float64], size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of unit vectors: the squared length of their sum is their number plus twice the sum of the cosines of pairs."""
    return np.asarray((squared_sum - size) / (size * (size - 1)))
