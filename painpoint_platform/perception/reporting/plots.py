"""Pictures of what a model of numbers is worth, as PNG with a title that says the finding and words for who cannot see.

Belongs here: drawing judged rows, searches and comparisons. Does not belong here: figures (``metrics``,
``evaluation``), pictures of paths (``confusion_plot``), the page around them (``report``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from painpoint_platform.pages.pictures import INK, LINE, QUIET, as_png, new_figure
from painpoint_platform.perception.measuring.metrics import Floats, calibration_curve, calibration_errors, correlation
from painpoint_platform.perception.numbers.baselines import WITHOUT_PAST
from painpoint_platform.perception.numbers.evaluation import JudgedRows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from painpoint_platform.perception.learning.search import SearchResult

# Okabe and Ito's palette, which people with any colour vision can tell apart; every series has a marker of its own too.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D")
WIDTH, HEIGHT = 5.4, 3.7  # inches; on a phone a picture is shown at two thirds of its size and still read
MOST_FEATURES = 14
FEWEST_ROWS = 30  # of a language with a curve of its own
_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for a page and for the Dagster UI.

    Attributes:
        name: for file names and metadata, such as ``calibration``.
        title: the finding; it is part of the picture.
        alt: what is drawn, for those who do not see it.
        png: the file.
    """

    name: str
    title: str
    alt: str
    png: bytes


def plot_calibration(judged: JudgedRows) -> Picture:
    """Draw the mean label over the mean score of ten bins, before and after calibration."""
    before, after = (
        calibration_errors(judged.labels, one, limits=judged.limits)[0] for one in (judged.before, judged.score)
    )
    moved = f"from {before:.3f} to {after:.3f}"
    title = f"Calibration {'lowers' if after < before else 'does not lower'} the mean gap: {moved}"
    figure, axes = canvas(title)
    _diagonal(axes, judged.limits)
    for number, (name, scores) in enumerate((("after", judged.score), ("before", judged.before))):
        _curve(axes, judged.labels, scores, judged.limits, number=number, label=f"{name} calibration")
    _square(axes, judged)
    return _picture(
        "calibration", title, figure, "Line plot of mean label by mean score in ten bins, and the diagonal of perfect "
        f"calibration. The expected calibration error goes {moved}.",
    )  # fmt: skip


def plot_residuals(judged: JudgedRows) -> Picture:
    """Draw score minus label over the score, with the mean of tenths of the rows."""
    residuals = judged.score - judged.labels
    centres, means = _tenths(judged.score, residuals)
    worst = int(np.argmax(np.abs(means)))
    way = "high" if means[worst] > 0 else "low"
    title = f"Texts scored about {centres[worst]:.2f} come out {abs(means[worst]):.3f} too {way} at worst"
    figure, axes = canvas(title)
    axes.axhline(0, color=QUIET, linewidth=0.9)
    axes.scatter(judged.score, residuals, s=7, c=COLOURS[0], alpha=_opacity(len(judged)), linewidths=0)
    axes.plot(centres, means, color=COLOURS[1], marker=MARKERS[1], markersize=5, label="mean of a tenth of the rows")
    axes.set_xlabel("score")
    axes.set_ylabel("score − label")
    axes.legend(frameon=False, fontsize=8.5)
    return _picture(
        "residuals", title, figure, f"Scatter plot of {len(judged):,} residuals over their scores. Their mean is "
        f"{residuals.mean():+.3f}, their standard deviation {residuals.std():.3f}; the mean of a tenth of the rows is "
        f"at worst {means[worst]:+.3f}, at scores about {centres[worst]:.2f}.",
    )  # fmt: skip


def plot_predicted(judged: JudgedRows) -> Picture:
    """Draw labels over scores."""
    r = correlation(judged.labels, judged.score)
    spread = judged.score.std() / judged.labels.std() if judged.labels.std() else 0.0
    title = (
        "Scores or labels are all the same, so there is no correlation"
        if r is None
        else f"Scores follow labels with r {r:.2f} and spread {spread:.0%} as wide"
    )
    figure, axes = canvas(title)
    _diagonal(axes, judged.limits)
    axes.scatter(judged.score, judged.labels, s=7, c=COLOURS[0], alpha=_opacity(len(judged)), linewidths=0)
    _square(axes, judged, mean=False)
    low, high = np.quantile(judged.score, [0.05, 0.95])
    return _picture(
        "predicted", title, figure, f"Scatter plot of {len(judged):,} labels over their scores with the diagonal. Nine "
        f"in ten scores lie between {low:.2f} and {high:.2f}.",
    )  # fmt: skip


def plot_search(found: "SearchResult", *, error: str = "RMSE") -> Picture:
    """Draw the error of every trial, which is called ``error``, and the best so far."""
    values = np.array([trial.value for trial in found.trials])
    best = int(values.argmin())
    after = len(values) - best - 1
    title = (
        f"Best {error} {values[best]:.4f} at trial {best + 1}, {found.best.candidate.family}; {after} more brought less"
    )
    figure, axes = canvas(title)
    numbers = np.arange(1, len(values) + 1)
    families = sorted({trial.candidate.family for trial in found.trials})
    for place, family in enumerate(families):
        own = np.array([trial.candidate.family == family for trial in found.trials])
        look = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
        axes.scatter(numbers[own], values[own], s=26, label=family, linewidths=0, **look)
    axes.step(numbers, np.minimum.accumulate(values), where="post", color=QUIET, linewidth=1, label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel(f"out-of-fold {error}")
    axes.legend(frameon=False, fontsize=8.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    ended = "stopped because nothing was gained any more" if found.stopped_early else "made all its trials"
    return _picture(
        "search", title, figure, f"Scatter plot of the errors of {len(values)} trials of {' and '.join(families)}, "
        f"with a line of the lowest so far, from {values.min():.4f} to {values.max():.4f}. The search {ended}.",
    )  # fmt: skip


def plot_importance(frame: pl.DataFrame) -> Picture:
    """Draw by how much the RMSE rises without each feature; ``frame`` is of ``importance.importance``."""
    top = frame.head(MOST_FEATURES)
    feature, increase = top.select("feature", "rmse_increase").row(0)
    title = f"Without {_words(feature)} RMSE rises by {increase:.3f}, more than without anything else"
    figure, axes = canvas(title, height=0.9 + 0.27 * max(top.height, 3))
    blocks = list(dict.fromkeys(frame["block"]))
    for number, (block, rise) in enumerate(top.select("block", "rmse_increase").rows()):
        label = block if block not in axes.get_legend_handles_labels()[1] else None
        axes.barh(number, rise, height=0.66, color=COLOURS[blocks.index(block) % len(COLOURS)], label=label)
    axes.set_yticks(range(top.height), [_words(name) for name in top["feature"]])
    axes.invert_yaxis()
    axes.set_xlabel("rise of RMSE when shuffled")
    axes.legend(frameon=False, fontsize=8.5, loc="lower right")
    listed = ", ".join(
        f"{_words(name)} {rise:.4f}" for name, rise in top.head(5).select("feature", "rmse_increase").rows()
    )
    return _picture("importance", title, figure, f"Bar chart of the rise of RMSE by feature; the largest: {listed}.")


def plot_coverage(coverage: Mapping[str, tuple[int, float | None]], promised: float) -> Picture:
    """Draw which share of the labels the intervals hold, by length, with the 95 % interval of that share (Wilson)."""
    shown = {name: (rows, share) for name, (rows, share) in coverage.items() if share is not None}
    off = {name: share - promised for name, (_, share) in shown.items() if name != "all"}
    worst = max(off, key=lambda name: abs(off[name]))
    title = f"{worst} is furthest from the promised {promised:.0%}: its intervals hold {shown[worst][1]:.1%}"
    figure, axes = canvas(title, height=0.9 + 0.45 * max(len(shown), 3))
    axes.axvspan(promised - 0.02, promised + 0.02, color=LINE, linewidth=0)
    axes.axvline(promised, color=QUIET, linewidth=1)
    for number, (rows, share) in enumerate(shown.values()):
        low, high = wilson(share, rows)
        axes.plot([low, high], [number, number], color=COLOURS[0], linewidth=2)
        axes.plot(share, number, MARKERS[0], color=COLOURS[0], markersize=7)
    axes.set_yticks(range(len(shown)), [f"{name} ({rows:,})" for name, (rows, _) in shown.items()])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel(f"labels inside their interval; the band is {promised - 0.02:.0%} to {promised + 0.02:.0%}")
    listed = ", ".join(f"{name} {share:.1%} of {rows:,}" for name, (rows, share) in shown.items())
    return _picture("coverage", title, figure, f"Dots with intervals of the share of labels held, by length: {listed}.")


def plot_languages(judged: JudgedRows) -> Picture:
    """Draw the calibration of each of the largest languages."""
    names, counts = np.unique(judged.languages, return_counts=True)
    enough = [(int(rows), str(name)) for name, rows in zip(names, counts, strict=True) if rows >= FEWEST_ROWS]
    largest = [name for _, name in sorted(enough, reverse=True)[: len(COLOURS)]]
    gaps = {}
    for name in largest:
        own = judged.languages == name
        gaps[name] = calibration_errors(judged.labels[own], judged.score[own], limits=judged.limits)[0]
    title = _language_title(gaps)
    figure, axes = canvas(title)
    _diagonal(axes, judged.limits)
    for number, name in enumerate(largest):
        own = judged.languages == name
        label = f"{name} ({int(own.sum()):,})"
        _curve(axes, judged.labels[own], judged.score[own], judged.limits, number=number, label=label)
    _square(axes, judged)
    left = len(names) - len(largest)
    listed = ", ".join(f"{name} {gap:.3f}" for name, gap in gaps.items()) or "none"
    rest = f" Languages with fewer than {FEWEST_ROWS} rows or beyond the largest are left out: {left}." if left else ""
    return _picture(
        "languages", title, figure,
        f"Line plot of mean label by mean score, a line a language. Expected calibration error: {listed}.{rest}",
    )  # fmt: skip


def plot_comparison(frame: pl.DataFrame) -> Picture:
    """Draw the RMSE of the model and its baselines with 95 % intervals; ``frame`` is of ``baselines.comparison``."""
    rows = frame.select("model", "rmse", "rmse_low", "rmse_high").rows()
    (_, own, _, own_high), others = rows[0], [row for row in rows[1:] if row[0] != WITHOUT_PAST]
    name, best, best_low, _ = min(others, key=lambda row: row[1])
    if own >= best:
        title = f"The model does not beat {name}: RMSE {own:.4f} beside {best:.4f}"
    else:
        sure = own_high is not None and best_low is not None and own_high < best_low
        title = f"RMSE is {1 - own / best:.0%} below {name}, the best baseline{'' if sure else '; intervals overlap'}"
    figure, axes = canvas(title, height=0.9 + 0.45 * max(len(rows), 3))
    for number, (_, value, low, high) in enumerate(rows):
        colour, marker = (COLOURS[0], MARKERS[0]) if number == 0 else (QUIET, MARKERS[1])
        if low is not None and high is not None:
            axes.plot([low, high], [number, number], color=colour, linewidth=2)
        axes.plot(value, number, marker, color=colour, markersize=7)
        axes.annotate(f"{value:.4f}", (value, number), (0, 7), textcoords="offset points", ha="center", fontsize=8.5)
    axes.set_yticks(range(len(rows)), [row[0].replace("_", " ") for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.7)
    axes.set_xlabel("RMSE with 95 % interval; lower is better")
    listed = ", ".join(f"{model} {value:.4f}" for model, value, _, _ in rows)
    return _picture("comparison", title, figure, f"Dots with intervals of the RMSE by model: {listed}.")


def canvas(title: str, *, width: float = WIDTH, height: float = HEIGHT) -> tuple["Figure", Any]:
    """Return a figure of the size in inches with its title, and its axes."""
    figure = new_figure(width, height)
    axes = figure.subplots()
    figure.suptitle(_wrapped(title), x=0.01, ha="left", fontsize=10.5, fontweight="bold", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK)
    axes.xaxis.label.set(color=QUIET, fontsize=9)
    axes.yaxis.label.set(color=QUIET, fontsize=9)
    return figure, axes


def wilson(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of ``rows`` (Wilson 1927)."""
    z = 1.959964
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * float(np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)))
    return centre - half, centre + half


def _language_title(gaps: Mapping[str, float]) -> str:
    if not gaps:
        return f"No language has {FEWEST_ROWS} rows"
    worst = max(gaps, key=lambda name: gaps[name])
    if len(gaps) == 1:
        return f"All of the rows that can be compared are {worst}: mean gap {gaps[worst]:.3f}"
    return f"{worst} is calibrated worst: mean gap {gaps[worst]:.3f}"


def _tenths(order: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the means of ``order`` and of ``values`` in ten groups of equal size, by ``order``."""
    groups = [group for group in np.array_split(np.argsort(order, kind="stable"), _GROUPS) if len(group)]
    return np.array([order[group].mean() for group in groups]), np.array([values[group].mean() for group in groups])


def _curve(axes: Any, labels: Floats, scores: Floats, limits: tuple[float, float], *, number: int, label: str) -> None:
    counts, mean_scores, mean_labels = calibration_curve(labels, scores, limits=limits)
    look = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
    axes.plot(mean_scores, mean_labels, linewidth=1.4, color=look["color"])
    axes.scatter(mean_scores, mean_labels, s=14 + 120 * counts / counts.sum(), linewidths=0, label=label, **look)


def _diagonal(axes: Any, limits: tuple[float, float]) -> None:
    axes.plot(limits, limits, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))


def _square(axes: Any, judged: JudgedRows, *, mean: bool = True) -> None:
    """Show the same tenths of the range on both axes, those in which there are labels or scores."""
    low, high = judged.limits
    width = (high - low) / _GROUPS
    every = np.concatenate([judged.labels, judged.score])
    first, last = np.floor((every.min() - low) / width), np.ceil((every.max() - low) / width)
    ends = (low + width * first, low + width * max(last, first + 1))
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_xlabel("mean score; a mark grows with its rows" if mean else "score")
    axes.set_ylabel("mean label" if mean else "label")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=8.5, loc="upper left")


def _opacity(rows: int) -> float:
    return float(np.clip(200 / max(rows, 1), 0.15, 0.6))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _wrapped(title: str, width: int = 62) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(title, width))


def _picture(name: str, title: str, figure: "Figure", alt: str) -> Picture:
    return Picture(name, title, alt, as_png(figure))
