"""Who is within a cluster's reach: noise that belongs to it, and members that do not.

Belongs here: the rule by which noise joins a cluster and a member leaves it. Does not belong here: HDBSCAN itself
(``density``).

HDBSCAN cuts a cluster where its density falls; on short texts a fifth of the items then lies just outside. And the
graph of neighbours, in which clusters are looked for, gives every item neighbours, also one that is near to nothing.
Both are mended in the original vectors.

An item's *affinity* to a cluster is its mean similarity to the five members nearest to it (as many as the smallest
cluster has). What is usual in a cluster follows from its own members' affinities, by the fences of Tukey (Exploratory
Data Analysis, 1977). Noise joins the cluster to which its affinity is greatest where that is not below the inner fence,
1.5 interquartile ranges under the lower quartile; a member below the outer fence, at 3, becomes noise. So a loose
cluster takes in more than a tight one, and what is near to nothing stays or becomes noise.
"""

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.issues.products import blockwise
from painpoint_platform.issues.reduction import Vectors

NEAREST_MEMBERS = 5
INNER_FENCE, OUTER_FENCE = 1.5, 3.0


def within_reach(vectors: Vectors, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``labels`` in which noise (-1) within a cluster's reach has joined it and members far beyond have left.

    Args:
        vectors: (rows, dimensions) of unit length, as they were before any reduction.
        labels: (rows,) clusters numbered from 0 without gaps.
    """
    noise = np.flatnonzero(labels < 0)
    clustered = np.flatnonzero(labels >= 0)
    if not len(clustered):
        return labels
    clustered = clustered[np.argsort(labels[clustered], kind="stable")]
    places = np.split(clustered, np.searchsorted(labels[clustered], np.arange(1, labels.max() + 1)))
    members = [vectors[rows] for rows in places]
    own = [_own_affinities(cluster) for cluster in members]
    lower, upper = np.array([np.quantile(affinity, (0.25, 0.75)) for affinity in own]).T
    inner, outer = (lower - fence * (upper - lower) for fence in (INNER_FENCE, OUTER_FENCE))
    mended = labels.copy()
    for rows, affinity, fence in zip(places, own, outer, strict=True):
        mended[rows[affinity < fence]] = -1

    def join(block: slice) -> None:
        rows = noise[block]
        affinity = np.column_stack([_affinities(vectors[rows] @ cluster.T) for cluster in members])
        best = affinity.argmax(axis=1)
        reached = affinity[np.arange(len(rows)), best] >= inner[best]
        mended[rows[reached]] = best[reached]

    blockwise(join, len(noise))
    return mended


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
