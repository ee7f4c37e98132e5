"""How far predicted paths of the emotion tree lie from labelled ones.

Belongs here: F1 by class and by ancestors, validity of paths. Does not belong here: the tree (``emotions``), figures of
regression (``metrics``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathMetrics:
    """Figures of predicted paths.

    Attributes:
        rows: that the figures are of; all others are None where it is 0.
        macro_f1: by level, from the root; see ``macro_f1``.
        hierarchical_f1: see ``hierarchical_f1``.
        path_validity: share of the predicted paths that the tree has.
    """

    rows: int
    macro_f1: tuple[float, ...] | None = None
    hierarchical_f1: float | None = None
    path_validity: float | None = None


def path_metrics(labels: Sequence[Path], predicted: Sequence[Path], *, tree: Collection[Path]) -> PathMetrics:
    """Return the figures of predicted paths, all of one length.

    Args:
        labels: a path a row.
        predicted: a path a row.
        tree: the paths that there are.
    """
    if not labels:
        return PathMetrics(rows=0)
    known = frozenset(tree)
    return PathMetrics(
        rows=len(labels),
        macro_f1=tuple(
            macro_f1([path[:depth] for path in labels], [path[:depth] for path in predicted])
            for depth in range(1, len(labels[0]) + 1)
        ),
        hierarchical_f1=hierarchical_f1(labels, predicted),
        path_validity=sum(path in known for path in predicted) / len(predicted),
    )


def macro_f1(labels: Sequence[Path], predicted: Sequence[Path]) -> float:
    """Return the mean F1 of all classes that are labelled or predicted; classes are whole paths down to a level."""
    _, numbers = np.unique(["/".join(path) for path in (*labels, *predicted)], return_inverse=True)
    truth, guess = numbers[: len(labels)], numbers[len(labels) :]
    classes = int(numbers.max()) + 1
    hits = np.bincount(truth[truth == guess], minlength=classes)
    return float((2 * hits / (np.bincount(truth, minlength=classes) + np.bincount(guess, minlength=classes))).mean())


def hierarchical_f1(labels: Sequence[Path], predicted: Sequence[Path]) -> float:
    """Return F1 over ancestors: a path counts as the set of its prefixes (Kiritchenko et al., 2006, micro-averaged)."""
    shared = sum(_common_prefix(one, other) for one, other in zip(labels, predicted, strict=True))
    return 2 * shared / (sum(map(len, labels)) + sum(map(len, predicted)))


def _common_prefix(one: Path, other: Path) -> int:
    return next(
        (depth for depth, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
