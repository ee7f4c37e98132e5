"""Why a threshold was missed, and what passing it is worth.

Belongs here: reading a gate's result. Does not belong here: the verdict itself (``gates``), what the raters leave
(``ceilings``).
"""

from math import sqrt

import numpy as np

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.measuring.ceilings import Ceiling
from painpoint_platform.perception.measuring.gates import Check, GateReport
from painpoint_platform.perception.measuring.metrics import RegressionMetrics, metrics_by_group, regression_metrics
from painpoint_platform.perception.numbers.evaluation import JudgedRows
from painpoint_platform.perception.reporting.report_tables import GateRow, figure, gate_row


def number_gates(gates: GateReport, judged: JudgedRows, ceiling: Ceiling | None) -> list[GateRow]:
    """Return the gates of a variable that is a number, each beside what a constant reaches and what the raters leave.

    Args:
        gates: the verdict.
        judged: the rows that it is of.
        ceiling: what the raters leave; None where the corpus has no labels of single raters.
    """
    constant = _of_constant(judged)
    return [
        gate_row(
            check,
            constant=constant.get(check.name),
            best=_best(check, ceiling, judged),
            why=_why(check, ceiling, judged, constant.get(check.name)),
        )
        for check in gates.checks
    ]


def _of_constant(judged: JudgedRows) -> dict[str, float | None]:
    constant = np.full(len(judged), judged.constant)
    whole = regression_metrics(judged.labels, constant, constant=judged.constant, limits=judged.limits)
    lengths = metrics_by_group(judged.labels, constant, judged.lengths, names=LENGTH_BUCKETS, limits=judged.limits)
    return {
        **{name: getattr(whole, name) for name in RegressionMetrics.__dataclass_fields__ if name != "rows"},
        **{f"rmse_by_length.{name}": metrics.rmse for name, metrics in lengths.items()},
    }


def _best(check: Check, ceiling: Ceiling | None, judged: JudgedRows) -> float | None:
    """Return the figure that no model can beat, as far as the raters tell."""
    if ceiling is None:
        return None
    bounds = {
        "pearson": ceiling.pearson,
        "skill": ceiling.skill,
        "rmse": ceiling.rmse(float(judged.labels.std())),
        "ceiling_share": 1.0,
    }
    return bounds.get(check.name)


def _why(check: Check, ceiling: Ceiling | None, judged: JudgedRows, constant: float | None) -> str:
    if check.found is None:
        return "No samples, or labels or scores that are all the same: what was not measured does not pass."
    if check.passed:
        reached = constant is not None and (constant <= check.limit if check.at_most else constant >= check.limit)
        return "A constant reaches it too." if reached else _gain(check)
    best = _best(check, ceiling, judged)
    if best is not None and (best > check.limit if check.at_most else best < check.limit):
        return f"Cannot be met on these labels: raters' disagreement leaves {figure(best)} at best."
    words = []
    if check.name == "skill" and 0 < check.limit < 1:
        words.append(
            f"A skill of {check.limit:g} needs r {sqrt(1 - (1 - check.limit) ** 2):.2f}, perfectly calibrated."
        )
    if best is not None:
        words.append(f"Within reach of the labels: {figure(best)} is possible.")
    elif check.name in ("pearson", "skill", "rmse"):
        words.append("Whether the labels allow it is unknown without ratings of single raters.")
    return " ".join(words)


def _gain(check: Check) -> str:
    below = check.name == "gain_over_base" and check.found is not None and check.found < check.limit
    return "Blending does not pay here; it is said and not failed." if below else ""
