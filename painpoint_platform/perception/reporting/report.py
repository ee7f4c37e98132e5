"""The report of a trained variable as one HTML page: whether it was accepted and why, and every figure behind that.

Belongs here: the page's opening, and putting the sections of each kind of variable together. Does not belong here: the
sections (``number_sections``, ``path_sections``, ``report_tables``), the page itself (``templates/report.html``).
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from painpoint_platform.pages.page import render_page
from painpoint_platform.perception.measuring.ceilings import Ceiling
from painpoint_platform.perception.measuring.gates import GateReport
from painpoint_platform.perception.measuring.metrics import correlation
from painpoint_platform.perception.numbers.training import TrainingReport
from painpoint_platform.perception.paths.paths_training import PathReport
from painpoint_platform.perception.reporting.gate_reasons import number_gates
from painpoint_platform.perception.reporting.number_sections import (
    NumberEvidence,
    NumberReport,
    number_pictures,
    number_sections,
)
from painpoint_platform.perception.reporting.path_sections import path_figures, path_gates, path_pictures, path_sections
from painpoint_platform.perception.reporting.plots import Picture
from painpoint_platform.perception.reporting.report_tables import (
    CorpusFacts,
    GateRow,
    Section,
    data_section,
    figure,
    gate_name,
    listed,
    making_section,
    share,
)
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal.temporal_training import TemporalReport

TEMPLATE = Path(__file__).resolve().parent / "templates" / "report.html"


@dataclass(frozen=True, slots=True)
class VariablePage:
    """The report of a variable and its pictures, which the Dagster UI shows too."""

    html: str
    pictures: tuple[Picture, ...]


def regression_page(
    report: TrainingReport,
    *,
    facts: CorpusFacts,
    settings: PerceptionSettings,
    comparisons: Mapping[str, pl.DataFrame],
    importance: pl.DataFrame | None = None,
    ceiling: Ceiling | None = None,
) -> VariablePage:
    """Return the report of a variable that is read from a text.

    Args:
        report: of its training.
        facts: of the corpus that it was trained on.
        settings: of the training.
        comparisons: of ``baselines.comparison``, by part.
        importance: of ``importance.importance``; None: not measured.
        ceiling: what the raters leave; None: the corpus has no labels of single raters.
    """
    about = [f"{report.blending[:1].upper()}{report.blending[1:]}."]
    if report.level is not None:
        about.append(
            f"Of authors, a level of {report.level.lasting:g} and a mood of {report.level.mood:g} times the noise's "
            f"variance are expected; a mood fades in {report.level.days:g} days."
        )
    return _number_page(report, facts, settings, NumberEvidence(comparisons, importance, ceiling, about))


def temporal_page(report: TemporalReport, *, facts: CorpusFacts, settings: PerceptionSettings) -> VariablePage:
    """Return the report of a variable that is foreseen from an author's past.

    Args:
        report: of its training; its baselines are part of it.
        facts: of the corpus that it was trained on.
        settings: of the training.
    """
    about = [f"The final model is {report.final}: it is told an author's past and nothing of the text to foresee."]
    alone = [f"{count:,} of {part}" for part, count in report.without_past.items() if count]
    if alone:
        about.append(f"Texts that nothing precedes cannot be foreseen and are left out: {listed(alone)}.")
    told = report.residual_autocorrelation.get("tune")
    if told is not None:
        about.append(f"Errors of one author's successive texts correlate by {figure(told)}; 0: nothing was missed.")
    return _number_page(report, facts, settings, NumberEvidence(report.baselines, about_models=about))


def path_page(report: PathReport, *, facts: CorpusFacts) -> VariablePage:
    """Return the report of a variable whose values are paths in a tree of classes.

    Args:
        report: of its training.
        facts: of the corpus that it was trained on.
    """
    judged = report.parts["tune"]
    pictures = path_pictures(report)
    return _page(
        report.gates,
        gates=path_gates(report),
        figures=path_figures(judged),
        sections=[*path_sections(report, pictures), data_section(facts), making_section(facts, report.seconds)],
        facts=facts,
        pictures=pictures,
    )


def _number_page(
    report: NumberReport, facts: CorpusFacts, settings: PerceptionSettings, evidence: NumberEvidence
) -> VariablePage:
    judged = report.parts["tune"]
    alone = correlation(judged.judged.labels, judged.without_past.score) if judged.without_past else None
    figures = (
        ("Pearson's r", figure(judged.calibrated.pearson)),
        *([("r without a past", figure(alone))] if judged.without_past else []),
        ("RMSE", figure(judged.calibrated.rmse)),
        ("skill against a constant", figure(judged.calibrated.skill)),
        ("calibration error", figure(judged.calibrated.ece)),
        ("labels inside their interval", share(judged.coverage["all"][1])),
        ("r within authors", figure(judged.within_author)),
    )
    pictures = number_pictures(report, evidence, settings)
    return _page(
        report.gates,
        gates=number_gates(report.gates, judged.judged, evidence.ceiling),
        figures=figures,
        sections=[
            *number_sections(report, evidence, settings, pictures),
            data_section(facts),
            making_section(facts, report.seconds),
        ],
        facts=facts,
        pictures=pictures,
    )


def verdict(gates: GateReport) -> str:
    """Say in a sentence whether a model was accepted, and what it missed."""
    missed = [gate_name(check.name) for check in gates.failures]
    if not gates.checks:
        return "Pending: no gate is configured, and what was not asked cannot be reached."
    if not missed:
        return f"Accepted: all {len(gates.checks)} gates are reached."
    count = f"{len(missed)} of {len(gates.checks)} gates {'is' if len(missed) == 1 else 'are'} missed"
    return f"Pending: {count}, {listed(missed)}."


def _page(
    report: GateReport,
    *,
    gates: Sequence[GateRow],
    figures: Sequence[tuple[str, str]],
    sections: Sequence[Section],
    facts: CorpusFacts,
    pictures: Sequence[Picture],
) -> VariablePage:
    html = render_page(
        TEMPLATE,
        variable=report.variable,
        model=report.model_name,
        accepted=report.accepted,
        verdict=verdict(report),
        gates=gates,
        figures=figures,
        sections=sections,
        facts=facts,
        source=_source,
        size=_size,
    )
    return VariablePage(html, tuple(pictures))


def _source(picture: Picture) -> str:
    return f"data:image/png;base64,{b64encode(picture.png).decode()}"


def _size(picture: Picture) -> tuple[int, int]:
    """Return width and height in pixels, from the head of the PNG: the page then keeps the place."""
    return int.from_bytes(picture.png[16:20], "big"), int.from_bytes(picture.png[20:24], "big")
