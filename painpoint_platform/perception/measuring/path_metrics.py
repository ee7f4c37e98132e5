"""How far predicted paths of the emotion tree lie from labelled ones.

Belongs here: F1 by class and by ancestors, validity of paths, which class is taken for which. Does not belong here: the
tree (``emotions``), intervals (``paths_evaluation``), figures of regression (``metrics``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Path = tuple[str, ...]
GATED_LEVEL = 1  # from the root, counted from 0: the basic emotions


@dataclass(frozen=True, slots=True)
class PathMetrics:
    """Figures of predicted paths.

    Attributes:
        rows: that the figures are of; all others are None where it is 0.
        macro_f1: by level, from the root; see ``macro_f1``.
        hierarchical_f1: see ``hierarchical_f1``.
        path_validity: share of the predicted paths that the tree has.
        micro_f1: by level; with one class a row it is the share of rows whose class is right.
        unjudged: classes of the gated level that the model was to know and no row is labelled with: the macro-F1 of
            that level leaves them out and is no figure of the model. One class alone is unjudged too: there is nothing
            to take it for.
    """

    rows: int
    macro_f1: tuple[float, ...] | None = None
    hierarchical_f1: float | None = None
    path_validity: float | None = None
    micro_f1: tuple[float, ...] | None = None
    unjudged: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Which class is taken for which.

    Attributes:
        classes: of one level, as whole paths down to it.
        counts: (labelled, predicted) rows, in the order of ``classes``.
    """

    classes: tuple[Path, ...]
    counts: NDArray[np.int64]


def path_metrics(
    labels: Sequence[Path], predicted: Sequence[Path], *, tree: Collection[Path], trained: Collection[Path] = ()
) -> PathMetrics:
    """Return the figures of predicted paths, all of one length.

    Args:
        labels: a path a row.
        predicted: a path a row.
        tree: the paths that there are.
        trained: labels of the training rows, whose classes are to be judged.
    """
    if not labels:
        return PathMetrics(rows=0)
    known = frozenset(tree)
    depths = range(1, len(labels[0]) + 1)
    return PathMetrics(
        rows=len(labels),
        macro_f1=tuple(
            macro_f1([path[:depth] for path in labels], [path[:depth] for path in predicted]) for depth in depths
        ),
        hierarchical_f1=hierarchical_f1(labels, predicted),
        path_validity=sum(path in known for path in predicted) / len(predicted),
        micro_f1=tuple(
            sum(one[:depth] == other[:depth] for one, other in zip(labels, predicted, strict=True)) / len(labels)
            for depth in depths
        ),
        unjudged=_unjudged(labels, trained),
    )


def confusion(labels: Sequence[Path], predicted: Sequence[Path], *, classes: Sequence[Path]) -> Confusion:
    """Return how often each class of a level, labelled, was predicted as each.

    Args:
        labels: a path a row.
        predicted: a path a row.
        classes: all nodes of one level; what lies under none of them is an error.
    """
    depth, places = len(classes[0]), {path: place for place, path in enumerate(classes)}
    pairs = [
        places[one[:depth]] * len(classes) + places[other[:depth]] for one, other in zip(labels, predicted, strict=True)
    ]
    counts = np.bincount(np.array(pairs, np.int64), minlength=len(classes) ** 2)
    return Confusion(tuple(classes), counts.reshape(len(classes), len(classes)))


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


def _unjudged(labels: Sequence[Path], trained: Collection[Path]) -> tuple[Path, ...]:
    depth = min(GATED_LEVEL, len(labels[0]) - 1) + 1
    judged = {path[:depth] for path in labels}
    lacking = {path[:depth] for path in trained} - judged
    return tuple(sorted(lacking or (judged if len(judged) == 1 else ())))


def _common_prefix(one: Path, other: Path) -> int:
    return next(
        (depth for depth, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
