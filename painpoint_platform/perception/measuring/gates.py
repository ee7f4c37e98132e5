"""Whether a model is accepted: every threshold of its variable against what was measured.

Belongs here: the checks and the names that follow from them. Does not belong here: measuring (``metrics``,
``path_metrics``), the thresholds (``settings_file``).

What was not measured fails: a correlation that a constant has not got, a length bucket without rows, a figure that is
not a number. So neither a constant nor a model that was never shown a length passes.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from painpoint_platform.perception.measuring.metrics import RegressionMetrics
from painpoint_platform.perception.measuring.path_metrics import GATED_LEVEL, PathMetrics
from painpoint_platform.perception.settings_file import Gates

ACCEPTED, PENDING = "accepted", "pending"
_AT_MOST = frozenset({"rmse", "mae", "ece", "rmse_by_length"})


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold.

    Attributes:
        name: the figure, such as ``pearson`` or ``rmse_by_length.SHORT``.
        found: what was measured; None where there is no such figure.
        limit: the threshold.
        passed: whether it was reached.
        detail: the same as a sentence.
    """

    name: str
    found: float | None
    limit: float
    passed: bool
    detail: str

    @property
    def at_most(self) -> bool:
        """Whether less is better."""
        return self.name.partition(".")[0] in _AT_MOST


@dataclass(frozen=True, slots=True)
class GateReport:
    """All thresholds of a variable."""

    variable: str
    checks: tuple[Check, ...]

    @property
    def accepted(self) -> bool:
        """Whether all thresholds were reached; never without any."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def model_name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return final_name(self.variable, accepted=self.accepted)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The thresholds that were missed."""
        return tuple(check for check in self.checks if not check.passed)


def final_name(variable: str, *, accepted: bool) -> str:
    """Return the name that a variable's final model is saved under."""
    return f"{variable}_final_{ACCEPTED if accepted else PENDING}"


def judge_regression(
    variable: str,
    gates: Gates,
    metrics: RegressionMetrics,
    by_length: Mapping[str, RegressionMetrics],
    *,
    best_base_rmse: float | None,
    ceiling: float | None = None,
) -> GateReport:
    """Hold a regression model against its gates.

    Args:
        variable: its name.
        gates: the thresholds.
        metrics: of data that nothing was fitted on, with ``skill``.
        by_length: of the same data by length bucket.
        best_base_rmse: of the best single base model on the same data.
        ceiling: the highest correlation that the annotators' noise allows, where the corpus has labels of each rater;
            without it the gate on its share is not asked.
    """
    # Where raters do not agree at all there is no share to reach, and so the gate fails.
    share = metrics.pearson / ceiling if ceiling and metrics.pearson is not None else None
    checks = [
        *_at_most("rmse", metrics.rmse, gates.rmse),
        *_at_most("mae", metrics.mae, gates.mae),
        *_at_most("ece", metrics.ece, gates.ece),
        *_at_least("pearson", metrics.pearson, gates.pearson),
        *_at_least("spearman", metrics.spearman, gates.spearman),
        *_at_least("skill", metrics.skill, gates.skill),
        *_gain(metrics.rmse, best_base_rmse, gates.gain_over_base),
        *(_at_least("ceiling_share", share, gates.ceiling_share) if ceiling is not None else ()),
    ]
    for bucket, limit in gates.rmse_by_length.items():
        figures = by_length.get(bucket, RegressionMetrics(rows=0))
        checks += _at_most(f"rmse_by_length.{bucket}", figures.rmse, limit)
    return GateReport(variable, tuple(checks))


def judge_paths(variable: str, gates: Gates, metrics: PathMetrics) -> GateReport:
    """Hold a classifier of paths against its gates; its macro-F1 is that of the second level (Ekman's emotions)."""
    judged = metrics.macro_f1 and len(metrics.macro_f1) > GATED_LEVEL and not metrics.unjudged
    ekman = metrics.macro_f1[GATED_LEVEL] if metrics.macro_f1 and judged else None
    checks = (
        *_at_least("macro_f1", ekman, gates.macro_f1),
        *_at_least("hierarchical_f1", metrics.hierarchical_f1, gates.hierarchical_f1),
        *_at_least("path_validity", metrics.path_validity, gates.path_validity),
    )
    return GateReport(variable, checks)


def _at_most(name: str, found: float | None, limit: float | None) -> Iterator[Check]:
    if limit is not None:
        yield _check(name, found, limit, passed=found is not None and found <= limit, wanted="at most")


def _at_least(name: str, found: float | None, limit: float | None) -> Iterator[Check]:
    if limit is not None:
        yield _check(name, found, limit, passed=found is not None and found >= limit, wanted="at least")


def _gain(rmse: float | None, base: float | None, limit: float | None) -> Iterator[Check]:
    """A smaller gain than asked for is said and not failed: one model then does as well as several.

    A loss fails: the final model is worse than one of its parts.
    """
    if limit is None:
        return
    gain = None if rmse is None or base is None or base <= 0 else 1 - rmse / base
    if gain is not None and 0 <= gain < limit:
        detail = f"gain_over_base: {gain:.4f} is below {limit:g}: blending does not pay here"
        yield Check("gain_over_base", gain, limit, passed=True, detail=detail)
    else:
        yield from _at_least("gain_over_base", gain, limit)


def _check(name: str, found: float | None, limit: float, *, passed: bool, wanted: str) -> Check:
    if found is None or not math.isfinite(found):
        return Check(
            name, None, limit, passed=False, detail=f"{name}: no samples or no such figure, expected {wanted} {limit:g}"
        )
    return Check(name, found, limit, passed, f"{name}: {found:.4f}, expected {wanted} {limit:g}")
