"""What the report of a variable of paths says.

Belongs here: arranging the figures of a classifier under a tree. Does not belong here: the figures themselves
(``paths_evaluation``), the page (``report``).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from painpoint_platform.perception.measuring.gates import Check
from painpoint_platform.perception.measuring.path_metrics import GATED_LEVEL, Confusion, PathMetrics
from painpoint_platform.perception.paths.paths_evaluation import PathPartReport
from painpoint_platform.perception.paths.paths_training import PathReport
from painpoint_platform.perception.reporting.confusion_plot import plot_confidence, plot_confusion
from painpoint_platform.perception.reporting.plots import Picture, plot_search
from painpoint_platform.perception.reporting.report_tables import (
    INTERVAL_NOTE,
    LENGTH_NOTE,
    PARTS,
    GateRow,
    Section,
    Table,
    figure,
    gate_row,
    listed,
    search_section,
    share,
)

LEVELS = ("first level", "second level", "third level")
_ERROR = "mean cross-entropy"


def path_gates(report: PathReport) -> list[GateRow]:
    """Return the gates, each beside what the most frequent path of the training rows reaches."""
    part = report.parts["tune"]
    return [
        gate_row(check, constant=_gated(part.constant, check.name), why=_why(check, part))
        for check in report.gates.checks
    ]


def path_figures(part: PathPartReport) -> tuple[tuple[str, str], ...]:
    """Return the figures that the page opens with."""
    metrics, levels = part.metrics, metrics_by_level(part.metrics.macro_f1)
    return (
        *((f"macro-F1, {level}", figure(value)) for level, value in zip(LEVELS, levels, strict=True)),
        ("hierarchical F1", figure(metrics.hierarchical_f1)),
        ("valid paths", share(metrics.path_validity)),
        ("calibration error of the confidence", figure(part.calibration["after"][0])),
    )


def path_pictures(report: PathReport) -> list[Picture]:
    """Return every picture of the report, for the Dagster UI too."""
    part = report.parts["tune"]
    drawn = [plot_confusion(one, level) for one, level in zip(part.confusions, LEVELS, strict=True)]
    drawn.append(plot_confidence(part.judged, part.calibration))
    return drawn + ([plot_search(report.search, error=_ERROR)] if report.search.trials else [])


def path_sections(report: PathReport, pictures: Sequence[Picture]) -> Iterator[Section]:
    """Yield the sections in their order, each picture in its own."""
    confusions = [picture for picture in pictures if picture.name.startswith("confusion")]
    yield _levels(report)
    yield _classes(report, confusions)
    yield _confidence(report, [picture for picture in pictures if picture.name == "confidence"])
    yield _lengths(report)
    if report.search.trials:
        yield search_section(report.search, [one for one in pictures if one.name == "search"], error=_ERROR)


def metrics_by_level(values: Sequence[float] | None) -> list[float | None]:
    """Return a value a level, None where there is none."""
    return [*(values or ()), *[None] * len(LEVELS)][: len(LEVELS)]


def _levels(report: PathReport) -> Section:
    tables = []
    heads = ("Model", *_of_levels("F1"), *_of_levels("right"), "hierarchical F1")
    for part, judged in report.parts.items():
        rows = [
            _figures("model", judged.metrics, judged),
            _figures("most frequent path", judged.constant),
        ]
        if part == "tune":
            rows.append(_figures("out of fold, training rows", report.out_of_fold))
        caption = f"Judged on {judged.metrics.rows:,} {PARTS[part]} rows. {INTERVAL_NOTE}"
        tables.append(Table(caption, heads, rows))
    told = (
        "F1 is macro-F1, the mean over a level's classes, all counting alike; hierarchical F1 counts shared ancestors. "
        "Every decoded path is one of the tree by construction. The most frequent path is what needs no training."
    )
    return Section("levels", "By level", (told, *_unjudged(report.parts["tune"].metrics)), tables)


def _figures(name: str, metrics: PathMetrics, part: PathPartReport | None = None) -> list[str]:
    intervals = part.intervals if part else {}
    cells = [
        figure(value, intervals.get(f"{kind}.{level}"))
        for kind in ("macro_f1", "micro_f1")
        for level, value in enumerate(metrics_by_level(getattr(metrics, kind)))
    ]
    return [name, *cells, figure(metrics.hierarchical_f1, intervals.get("hierarchical_f1"))]


def _classes(report: PathReport, pictures: Sequence[Picture]) -> Section:
    part = report.parts["tune"]
    rows = [row for found in part.confusions[GATED_LEVEL : GATED_LEVEL + 1] for row in _by_class(found)]
    table = Table("Classes of the second level", ("Class", "Rows", "Precision", "Recall", "F1"), rows)
    return Section("classes", "By class", (), [table], pictures)


def _by_class(found: Confusion) -> list[list[str]]:
    hits = np.diag(found.counts).tolist()
    labelled, predicted = found.counts.sum(axis=1).tolist(), found.counts.sum(axis=0).tolist()
    return [
        [
            " › ".join(path), f"{rows:,}", figure(_share(hit, guesses)), figure(_share(hit, rows)),
            figure(_share(2 * hit, rows + guesses)),
        ]
        for path, hit, rows, guesses in zip(found.classes, hits, labelled, predicted, strict=True)
    ]  # fmt: skip


def _confidence(report: PathReport, pictures: Sequence[Picture]) -> Section:
    rows = [
        (f"{PARTS[part]}, {when}", figure(errors[0], decimals=4), figure(errors[1], decimals=4))
        for part, judged in report.parts.items()
        for when, errors in judged.calibration.items()
    ]
    entropy = report.cross_entropy
    told = (
        f"Probabilities are softened by one temperature, {report.temperature:.2f}, fitted to out-of-fold predictions; "
        f"their cross-entropy goes from {figure(entropy['before'])} to {figure(entropy['after'])} nats."
    )
    table = Table("Calibration errors of ten bins", ("Rows", "Expected", "Largest"), rows)
    return Section("confidence", "Confidence", (told,), [table], pictures)


def _lengths(report: PathReport) -> Section:
    rows = [
        [
            bucket, f"{metrics.rows:,}", *(figure(value) for value in metrics_by_level(metrics.macro_f1)),
            figure(metrics.hierarchical_f1),
        ]
        for bucket, metrics in report.parts["tune"].by_length.items()
    ]  # fmt: skip
    heads = ("Length", "Rows", *_of_levels("F1"), "hierarchical F1")
    return Section("groups", "By length", (LENGTH_NOTE,), [Table("Tuning rows by length", heads, rows)])


def _of_levels(figure_name: str) -> tuple[str, ...]:
    return tuple(f"{figure_name}, level {level}" for level in range(1, len(LEVELS) + 1))


def _gated(metrics: PathMetrics, name: str) -> float | None:
    return metrics_by_level(metrics.macro_f1)[GATED_LEVEL] if name == "macro_f1" else getattr(metrics, name)


def _why(check: Check, part: PathPartReport) -> str:
    if check.name == "macro_f1" and part.metrics.unjudged:
        return " ".join(_unjudged(part.metrics))
    if check.found is None:
        return "No samples: what was not measured does not pass."
    constant = _gated(part.constant, check.name)
    return "A constant reaches it too." if check.passed and constant is not None and constant >= check.limit else ""


def _unjudged(metrics: PathMetrics) -> list[str]:
    names = listed(path[-1] for path in metrics.unjudged)
    return (
        [f"No tuning row can judge {names}, so there is no macro-F1 of the second level."] if metrics.unjudged else []
    )


def _share(hits: int, rows: int) -> float | None:
    return hits / rows if rows else None
