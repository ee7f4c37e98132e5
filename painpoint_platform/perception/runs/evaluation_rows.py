"""A model's figures as rows of ``gold.perception_evaluation``.

Belongs here: the long form of comparisons, coverage and gates. Does not belong here: measuring (``evaluation``,
``baselines``), writing the rows (``perception_steps``).
"""

from typing import TYPE_CHECKING

import polars as pl

from painpoint_platform.perception.numbers.baselines import FIGURES, MODEL, WITHOUT_PAST
from painpoint_platform.perception.paths.paths_training import PathReport
from painpoint_platform.perception.runs.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from painpoint_platform.perception.numbers.evaluation import PartReport
    from painpoint_platform.perception.paths.paths_evaluation import PathPartReport
    from painpoint_platform.perception.runs.variable_training import TrainedModel

_SCHEMA: dict[str, type[pl.DataType]] = {
    "model": pl.String,
    "judged_on": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "threshold": pl.Float64,
    "passed": pl.Boolean,
}
# Gates are about the part that nothing was fitted on and that is looked at while training.
GATED_PART = "tune"
CONSTANT = "constant"


def evaluation_rows(run: TrainingRun, one: "TrainedModel") -> pl.DataFrame:
    """Return the rows of a variable: the model and its baselines on each part, coverage, and every gate.

    What the model is worth where nothing is known of the author are figures of it: ``pearson_without_past`` and so on.
    A gate whose figure has a row of its own stands there; the others get one.
    """
    report = one.trained.report
    if isinstance(report, PathReport):
        figures = _paths(one.name, report.parts)
    else:
        figures = pl.concat([*_compared(one), *_coverage(one.name, report.parts)], how="diagonal")
    gates = _gates(one)
    own = ["model", "judged_on", "metric"]
    judged = figures.join(gates.drop("value"), on=own, how="left", maintain_order="left")
    others = gates.join(figures, on=own, how="anti", maintain_order="left")
    return pl.concat([judged, others], how="diagonal").select(
        pl.lit(run.corpus).alias("corpus"),
        pl.lit(run.run_id).alias("run_id"),
        pl.lit(one.variable).alias("variable"),
        *_SCHEMA,
    )


def _compared(one: "TrainedModel") -> "Iterator[pl.DataFrame]":
    for part, frame in one.comparison.items():
        without = pl.when(pl.col("model") == WITHOUT_PAST).then(pl.lit(f"_{WITHOUT_PAST}")).otherwise(pl.lit(""))
        named = frame.with_columns(
            pl.col("model").replace({MODEL: one.name, WITHOUT_PAST: one.name}), judged_on=pl.lit(part), which=without
        )
        for figure in (*FIGURES, "skill"):
            ends = {end: pl.col(f"{figure}_{end}") for end in ("low", "high") if f"{figure}_{end}" in frame.columns}
            metric = pl.concat_str(pl.lit(figure), "which").alias("metric")
            yield named.select("model", "judged_on", metric, value=pl.col(figure), **ends)


def _coverage(name: str, parts: "Mapping[str, PartReport]") -> "Iterator[pl.DataFrame]":
    for part, judged in parts.items():
        rows = [
            {"model": name, "judged_on": part, "metric": f"coverage_{bucket}", "value": share}
            for bucket, (_, share) in judged.coverage.items()
        ]
        if judged.without_past:
            _, share = judged.without_past.coverage["all"]
            rows.append({"model": name, "judged_on": part, "metric": f"coverage_all_{WITHOUT_PAST}", "value": share})
        yield _frame(rows)


def _paths(name: str, parts: "Mapping[str, PathPartReport]") -> pl.DataFrame:
    rows = []
    for part, judged in parts.items():
        for model, metrics in ((name, judged.metrics), (CONSTANT, judged.constant)):
            figures = {
                **{f"macro_f1.{level}": value for level, value in enumerate(metrics.macro_f1 or ())},
                **{f"micro_f1.{level}": value for level, value in enumerate(metrics.micro_f1 or ())},
                "hierarchical_f1": metrics.hierarchical_f1,
                "path_validity": metrics.path_validity,
            }
            for metric, value in figures.items():
                interval = judged.intervals.get(metric) if model == name else None
                rows.append(
                    {"model": model, "judged_on": part, "metric": metric, "value": value,
                     "low": interval.low if interval else None, "high": interval.high if interval else None}
                )  # fmt: skip
    return _frame(rows)


def _gates(one: "TrainedModel") -> pl.DataFrame:
    return _frame(
        [
            {
                "model": one.name,
                "judged_on": GATED_PART,
                "metric": check.name,
                "value": check.found,
                "threshold": check.limit,
                "passed": check.passed,
            }
            for check in one.trained.report.gates.checks
        ]
    )


def _frame(rows: "Sequence[Mapping[str, object]]") -> pl.DataFrame:
    present = [name for name in _SCHEMA if any(name in row for row in rows)]
    return pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in present})
