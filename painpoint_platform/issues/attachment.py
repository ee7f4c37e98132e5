"""Noise that lies within a cluster's reach.

Belongs here: the rule by which an item that HDBSCAN left out joins a cluster. Does not belong here: HDBSCAN itself
(``density``).

HDBSCAN cuts a cluster where its density falls, and on short texts a fifth of the items falls just outside. The rule has
no constant to tune: an item's *affinity* to a cluster is its mean similarity to the five nearest core items of the
cluster (as many as the smallest cluster has); a cluster's *reach* is the least affinity that one of its own core items
has to the rest. An item joins the cluster to which its affinity is greatest, if that is within the reach. So a loose
cluster takes in more than a tight one, and what is near to nothing remains noise.
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.products import blockwise
from painpoint_platform.issues.reduction import Vectors

NEAREST_CORE_ITEMS = 5


def attach_noise(vectors: Vectors, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``labels`` in which noise (-1) within a cluster's reach carries that cluster's label.

    Args:
        vectors: (rows, dimensions) of unit length, as they were before any reduction.
        labels: (rows,) clusters numbered from 0 without gaps.
    """
    noise = np.flatnonzero(labels < 0)
    core = np.flatnonzero(labels >= 0)
    if not len(noise) or not len(core):
        return labels
    core = core[np.argsort(labels[core], kind="stable")]
    starts = np.searchsorted(labels[core], np.arange(labels.max() + 1))
    members = np.split(vectors[core], starts[1:])
    reach = np.array([_own_affinities(cluster).min() for cluster in members])
    attached = labels.copy()

    def attach(block: slice) -> None:
        rows = noise[block]
        affinity = np.column_stack([_affinities(vectors[rows] @ cluster.T) for cluster in members])
        best = affinity.argmax(axis=1)
        within = affinity[np.arange(len(rows)), best] >= reach[best]
        attached[rows[within]] = best[within]

    blockwise(attach, len(noise))
    return attached


def _own_affinities(cluster: Vectors) -> Vectors:
    similarities = cluster @ cluster.T
    np.fill_diagonal(similarities, -np.inf)
    return _affinities(similarities[:, : len(cluster)], others=len(cluster) - 1)


def _affinities(similarities: Vectors, others: int | None = None) -> Vectors:
    """Return each row's mean of its greatest similarities; ``others``: how many of them are to other items."""
    columns = similarities.shape[1]
    count = min(NEAREST_CORE_ITEMS, columns if others is None else others)
    nearest = np.partition(similarities, columns - count, axis=1)[:, columns - count :]
    return np.asarray(nearest.mean(axis=1), np.float32)
