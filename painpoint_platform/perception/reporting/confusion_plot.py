"""Which class is taken for which, and how often a path is right as often as it says: pictures of paths.

Belongs here: drawing what ``paths_evaluation`` found. Does not belong here: its figures, pictures of numbers
(``plots``).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from painpoint_platform.pages.pictures import HEAT, INK, QUIET, as_png
from painpoint_platform.perception.measuring.metrics import Floats, calibration_curve
from painpoint_platform.perception.measuring.path_metrics import Confusion
from painpoint_platform.perception.paths.paths_evaluation import JudgedPaths
from painpoint_platform.perception.reporting.plots import COLOURS, MARKERS, Picture, canvas

_CELL = 0.34  # inches
_MOST_NUMBERED = 12  # classes whose cells have their number written in
_MOST_NAMED = 30
_DARK = 0.55  # share of a class above which figures are written in white


def plot_confusion(found: Confusion, level: str) -> Picture:
    """Draw for each labelled class which share of it was predicted as each class.

    Args:
        found: rows by labelled and predicted class of one level.
        level: its name, such as ``second level``.
    """
    labelled = found.counts.sum(axis=1)
    kept = (labelled + found.counts.sum(axis=0)) > 0
    names = [path[-1] for path, one in zip(found.classes, kept, strict=True) if one]
    counts = found.counts[np.ix_(kept, kept)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    title, worst = _confusion_words(names, counts)
    size = 1.7 + _CELL * max(len(names), 4)
    figure, axes = canvas(f"{level.capitalize()}: {title}", width=max(size + 0.6, 5.4), height=size)
    _draw_shares(axes, shares, counts, numbered=len(names) <= _MOST_NUMBERED)
    shown = names if len(names) <= _MOST_NAMED else [""] * len(names)
    axes.set_xticks(range(len(names)), shown, rotation=90)
    axes.set_yticks(range(len(names)), shown)
    axes.set_xlabel("predicted; a shade is a share of the row")
    axes.set_ylabel("labelled")
    right = ", ".join(f"{name} {share:.0%}" for name, share in zip(names, np.diag(shares), strict=True))
    return Picture(
        f"confusion_{level.replace(' ', '_')}", f"{level.capitalize()}: {title}",
        f"Heat map of {int(counts.sum()):,} rows by labelled and predicted class. Right: {right}. {worst}",
        as_png(figure),
    )  # fmt: skip


def plot_confidence(judged: JudgedPaths, calibration: Mapping[str, tuple[float, float]]) -> Picture:
    """Draw the share of right paths over the confidence in ten bins, before and after calibration."""
    before, after = calibration["before"][0], calibration["after"][0]
    way = "lowers" if after < before else "does not lower"
    title = f"Calibration {way} the mean gap of the confidence: from {before:.3f} to {after:.3f}"
    figure, axes = canvas(title)
    axes.plot((0, 1), (0, 1), color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    for number, (name, confidence) in enumerate((("after", judged.confidence), ("before", judged.before))):
        _curve(axes, judged.correct, confidence, number, f"{name} calibration")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("mean confidence; a mark grows with its rows")
    axes.set_ylabel("share of right paths")
    axes.legend(frameon=False, fontsize=8.5, loc="upper left")
    return Picture(
        "confidence", title, "Line plot of the share of right paths by confidence in ten bins, and the diagonal. The "
        f"expected calibration error goes from {before:.3f} to {after:.3f}.", as_png(figure),
    )  # fmt: skip


def _confusion_words(names: list[str], counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> tuple[str, str]:
    errors = counts - np.diag(np.diag(counts))
    if not errors.any():
        return "no class is taken for another", "No class is taken for another."
    label, guess = (int(place) for place in np.unravel_index(int(errors.argmax()), errors.shape))
    rows = int(errors[label, guess])
    return (
        f"{names[label]} is most often taken for {names[guess]}",
        f"Most common error: {rows:,} of {int(counts[label].sum()):,} rows of {names[label]} were taken for "
        f"{names[guess]}.",
    )


def _draw_shares(
    axes: Any, shares: Floats, counts: np.ndarray[tuple[int, int], np.dtype[np.int64]], *, numbered: bool
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("shares", ["#ffffff", *HEAT])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1, aspect="equal")
    axes.set_frame_on(False)
    if not numbered:
        return
    for (row, column), rows in np.ndenumerate(counts):
        if rows:
            ink = "white" if shares[row, column] > _DARK else INK
            axes.text(column, row, f"{rows:,}", ha="center", va="center", fontsize=7.5, color=ink)


def _curve(axes: Any, correct: Floats, confidence: Floats, number: int, label: str) -> None:
    counts, means, shares = calibration_curve(correct, confidence)
    axes.plot(means, shares, linewidth=1.4, color=COLOURS[number])
    axes.scatter(
        means, shares, s=14 + 120 * counts / counts.sum(), linewidths=0, label=label, color=COLOURS[number],
        marker=MARKERS[number],
    )  # fmt: skip
