"""Models are accepted by every threshold or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from painpoint_platform.perception.corpora.corpus import LENGTH_BUCKETS
from painpoint_platform.perception.measuring.gates import GateReport, judge_paths, judge_regression
from painpoint_platform.perception.measuring.metrics import RegressionMetrics, metrics_by_group, regression_metrics
from painpoint_platform.perception.measuring.path_metrics import PathMetrics, path_metrics
from painpoint_platform.perception.settings_file import load_settings

SETTINGS = load_settings()
REGRESSIONS = [name for name, one in SETTINGS.variables.items() if one.kind != "path"]
GOOD = RegressionMetrics(500, rmse=0.05, mae=0.04, pearson=0.9, spearman=0.9, ece=0.01, mce=0.02, skill=0.5)
GOOD_LENGTHS = dict.fromkeys(LENGTH_BUCKETS, GOOD)


def judged(variable: str, **changes: object) -> GateReport:
    return judge_regression(
        variable,
        SETTINGS.variable(variable).gates,
        replace(GOOD, **changes),  # type: ignore[arg-type]
        GOOD_LENGTHS,
        best_base_rmse=0.06,
    )


@pytest.mark.parametrize("variable", REGRESSIONS)
def test_a_model_that_reaches_every_threshold_is_accepted(variable: str) -> None:
    report = judged(variable)
    assert report.accepted, report.failures
    assert report.model_name == f"{variable}_final_accepted"


@pytest.mark.parametrize(
    ("variable", "figure", "limit", "sign"),
    [
        ("valence", "rmse", 0.09, 1), ("valence", "pearson", 0.80, -1), ("valence", "spearman", 0.40, -1),
        ("valence", "mae", 0.12, 1), ("valence", "ece", 0.05, 1), ("valence", "skill", 0.20, -1),
        ("arousal", "rmse", 0.11, 1), ("arousal", "pearson", 0.75, -1), ("arousal", "ece", 0.06, 1),
        ("willingness", "mae", 0.10, 1), ("willingness", "spearman", 0.45, -1),
        ("congruence", "rmse", 0.12, 1), ("congruence", "pearson", 0.55, -1),
        ("comparator", "rmse", 0.12, 1), ("comparator", "pearson", 0.55, -1),
    ],
)  # fmt: skip
def test_every_threshold_is_held_on_both_of_its_sides(variable: str, figure: str, limit: float, sign: int) -> None:
    best_base = 0.5
    gates = SETTINGS.variable(variable).gates
    reached = judge_regression(
        variable, gates, replace(GOOD, **{figure: limit}), GOOD_LENGTHS, best_base_rmse=best_base
    )
    missed = judge_regression(
        variable, gates, replace(GOOD, **{figure: limit + sign * 1e-6}), GOOD_LENGTHS, best_base_rmse=best_base
    )
    assert reached.accepted, reached.failures
    assert [check.name for check in missed.failures] == [figure]
    assert missed.model_name == f"{variable}_final_pending"


@pytest.mark.parametrize("variable", REGRESSIONS)
@pytest.mark.parametrize("bucket", LENGTH_BUCKETS)
def test_an_empty_length_bucket_never_passes(variable: str, bucket: str) -> None:
    lengths = {**GOOD_LENGTHS, bucket: RegressionMetrics(rows=0)}
    gates = SETTINGS.variable(variable).gates
    for by_length in (lengths, {name: one for name, one in lengths.items() if name != bucket}):
        report = judge_regression(variable, gates, GOOD, by_length, best_base_rmse=0.06)
        assert [check.name for check in report.failures] == [f"rmse_by_length.{bucket}"]
        assert "no samples" in report.failures[0].detail


@pytest.mark.parametrize("variable", REGRESSIONS)
def test_a_constant_never_passes_however_narrow_the_labels(variable: str) -> None:
    labels = np.random.default_rng(4).normal(0.5, 0.03, 900)
    lengths = np.array(LENGTH_BUCKETS)[np.arange(900) % 3]
    constant = np.full(900, labels.mean())
    figures = regression_metrics(labels, constant, constant=float(labels.mean()))
    by_length = metrics_by_group(labels, constant, lengths, names=LENGTH_BUCKETS)
    report = judge_regression(
        variable, SETTINGS.variable(variable).gates, figures, by_length, best_base_rmse=figures.rmse
    )
    assert not report.accepted
    assert "skill" in {check.name for check in report.failures}


def test_what_is_not_a_number_fails() -> None:
    assert not judged("valence", rmse=float("nan")).accepted


def test_a_small_gain_over_the_best_base_model_is_said_and_a_loss_fails() -> None:
    gates = SETTINGS.variable("valence").gates
    for base, passed, words in ((0.0505, True, "does not pay"), (0.049, False, "at least"), (0.06, True, "at least")):
        report = judge_regression("valence", gates, GOOD, GOOD_LENGTHS, best_base_rmse=base)
        (check,) = (check for check in report.checks if check.name == "gain_over_base")
        assert check.passed is passed
        assert words in check.detail


def test_the_share_of_the_ceiling_is_asked_where_there_is_one() -> None:
    gates = SETTINGS.variable("valence").gates
    without = judge_regression("valence", gates, GOOD, GOOD_LENGTHS, best_base_rmse=0.06)
    assert "ceiling_share" not in {check.name for check in without.checks}
    figures = replace(GOOD, pearson=0.81)
    assert judge_regression("valence", gates, figures, GOOD_LENGTHS, best_base_rmse=0.06, ceiling=0.9).accepted
    strict = gates.model_copy(update={"ceiling_share": 0.95})
    report = judge_regression("valence", strict, figures, GOOD_LENGTHS, best_base_rmse=0.06, ceiling=0.9)
    assert [check.name for check in report.failures] == ["ceiling_share"]


def test_a_variable_without_thresholds_is_not_accepted() -> None:
    assert not GateReport("valence", ()).accepted


@pytest.mark.parametrize(("variable", "macro", "hierarchical"), [("invoked", 0.75, 0.60), ("expressed", 0.73, 0.58)])
def test_paths_are_held_against_their_own_thresholds(variable: str, macro: float, hierarchical: float) -> None:
    gates = SETTINGS.variable(variable).gates
    good = PathMetrics(100, (0.9, macro, 0.1), hierarchical, 0.92)
    assert judge_paths(variable, gates, good).accepted
    for missed in (
        replace(good, macro_f1=(0.9, macro - 1e-6, 0.9)),
        replace(good, hierarchical_f1=hierarchical - 1e-6),
        replace(good, path_validity=0.9199),
        PathMetrics(0),
    ):
        assert not judge_paths(variable, gates, missed).accepted


@pytest.mark.parametrize("variable", SETTINGS.variables)
def test_saying_always_the_same_is_accepted_for_no_variable(variable: str) -> None:
    """Labels that are as easy for a constant as labels that differ at all can be."""
    gates = SETTINGS.variable(variable).gates
    if variable in REGRESSIONS:
        labels = np.full(900, 0.5) + np.tile([-1e-6, 0, 1e-6], 300)
        figures = regression_metrics(labels, np.full(900, 0.5), constant=0.5)
        by_length = dict.fromkeys(LENGTH_BUCKETS, figures)
        report = judge_regression(variable, gates, figures, by_length, best_base_rmse=figures.rmse, ceiling=1.0)
        assert {"skill", "pearson"} & {check.name for check in report.failures}
    else:
        labels = [("positive", "joy", "joy")] * 999 + [("negative", "fear", "fear")]
        figures = path_metrics(labels, [labels[0]] * 1000, tree=set(labels))
        report = judge_paths(variable, gates, figures)
        assert [check.name for check in report.failures] == ["macro_f1"]
    assert not report.accepted


def test_paths_are_accepted_on_no_rows_that_are_all_of_one_class() -> None:
    labels = [("positive", "joy", "joy"), ("positive", "joy", "love")] * 50
    figures = path_metrics(labels, labels, tree=set(labels))
    report = judge_paths("invoked", SETTINGS.variable("invoked").gates, figures)
    assert [check.name for check in report.failures] == ["macro_f1"]


def test_raters_who_do_not_agree_at_all_leave_a_share_that_nothing_reaches() -> None:
    gates = SETTINGS.variable("valence").gates
    report = judge_regression("valence", gates, GOOD, GOOD_LENGTHS, best_base_rmse=0.06, ceiling=0.0)
    assert [check.name for check in report.failures] == ["ceiling_share"]


def test_of_errors_less_is_better_and_of_all_others_more() -> None:
    checks = [*judged("valence").checks, *judged("willingness").checks]
    assert {check.name for check in checks if check.at_most} == {
        "rmse", "mae", "ece", *(f"rmse_by_length.{name}" for name in LENGTH_BUCKETS),
    }  # fmt: skip
    assert all(("at most" in check.detail) is check.at_most for check in checks)
