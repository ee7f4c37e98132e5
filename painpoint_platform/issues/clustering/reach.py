"""Who is within a cluster's reach: noise that belongs to it, and members that do not.

Belongs here: the rule by which noise joins a cluster and a member leaves it. Does not belong here: HDBSCAN itself
(``density``).

HDBSCAN cuts a cluster where its density falls; on short texts a fifth of the items then lies just outside. And the
graph of neighbours, in which clusters are looked for, gives every item neighbours, also one that is near to nothing.
Both are mended in the original vectors.

An item's *affinity* to a cluster is its mean similarity to the five members nearest to it (as many as the smallest
cluster has). A member whose affinity lies far below what is usual in its cluster, under the outer fence of Tukey
(Exploratory Data Analysis, 1977: three interquartile ranges under the lower quartile), becomes noise. A cluster's
*reach* is then the least affinity that one of its members has to the others, and noise joins the cluster to which its
affinity is greatest, if that is within the reach. So a loose cluster takes in more than a tight one, and what is near
to nothing stays or becomes noise.
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.blocks import blockwise
from painpoint_platform.issues.clustering.reduction import Vectors

NEAREST_MEMBERS = 5
OUTER_FENCE = 3.0


def within_reach(vectors: Vectors, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``labels`` in which noise (-1) within a cluster's reach has joined it and members far beyond have left.

    Args:
        vectors: (rows, dimensions) of unit length, as they were before any reduction.
        labels: (rows,) clusters numbered from 0 without gaps.
    """
    noise = np.flatnonzero(labels < 0)
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return labels
    mended = labels.copy()
    members, reach = [], np.empty(count, np.float32)
    for cluster in range(count):
        rows = np.flatnonzero(labels == cluster)
        stays = _is_usual(_own_affinities(vectors[rows]))
        mended[rows[~stays]] = -1
        members.append(vectors[rows[stays]])
        reach[cluster] = _own_affinities(members[-1]).min()

    def join(block: slice) -> None:
        rows = noise[block]
        affinity = np.column_stack([_affinities(vectors[rows] @ cluster.T) for cluster in members])
        best = affinity.argmax(axis=1)
        within = affinity[np.arange(len(rows)), best] >= reach[best]
        mended[rows[within]] = best[within]

    blockwise(join, len(noise))
    return mended


def _is_usual(affinity: Vectors) -> NDArray[np.bool_]:
    lower, upper = np.quantile(affinity, (0.25, 0.75))
    return np.asarray(affinity >= lower - OUTER_FENCE * (upper - lower))


def _own_affinities(cluster: Vectors) -> Vectors:
    similarities = cluster @ cluster.T
    np.fill_diagonal(similarities, -np.inf)
    return _affinities(similarities, others=len(cluster) - 1)


def _affinities(similarities: Vectors, others: int | None = None) -> Vectors:
    """Return each row's mean of its greatest similarities; ``others``: how many of them are to other items."""
    columns = similarities.shape[1]
    count = min(NEAREST_MEMBERS, columns if others is None else others)
    nearest = np.partition(similarities, columns - count, axis=1)[:, columns - count :]
    return np.asarray(nearest.mean(axis=1), np.float32)
