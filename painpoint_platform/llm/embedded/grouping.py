"""Grouping by average linkage, the same for a set whatever its order.

Belongs here: from similarities to groups. Does not belong here: what makes two texts similar.
"""

import numpy as np
from numpy.typing import NDArray


def groups_by_average_linkage(similarity: NDArray[np.float64], least: float) -> list[list[int]]:
    """Join the two groups that are most similar on average, until none are as similar as ``least``.

    Args:
        similarity: (n, n), symmetric, at most 1; rows in an order that does not depend on how the texts came.
        least: average similarity between two groups that are still joined.

    Returns:
        Groups of row numbers, each ascending, by size and then by first row.
    """
    if len(similarity) < 2:
        return [[row] for row in range(len(similarity))]
    from scipy.cluster.hierarchy import fcluster, linkage

    rows, columns = np.triu_indices(len(similarity), k=1)
    tree = linkage(np.clip(1.0 - similarity[rows, columns], 0.0, None), method="average")
    found = fcluster(tree, 1.0 - least, criterion="distance")
    groups = [np.flatnonzero(found == number).tolist() for number in np.unique(found)]
    return sorted(groups, key=lambda group: (-len(group), group[0]))
