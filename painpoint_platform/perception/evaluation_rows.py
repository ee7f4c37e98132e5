"""A model's figures as rows of ``gold.perception_evaluation``.

Belongs here: the long form of comparisons, coverage and gates. Does not belong here: measuring (``evaluation``,
``baselines``), writing the rows (``perception_steps``).
"""

from typing import TYPE_CHECKING

import polars as pl

from painpoint_platform.perception.baselines import FIGURES, MODEL
from painpoint_platform.perception.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from painpoint_platform.perception.variable_training import TrainedModel

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


def evaluation_rows(run: TrainingRun, one: "TrainedModel") -> pl.DataFrame:
    """Return the rows of a variable: the model and its baselines on each part, coverage, and every gate.

    A gate whose figure is compared with baselines stands in that figure's row; the others have a row of their own.
    """
    figures = pl.concat([*_compared(one), *_coverage(one)])
    gates = _gates(one)
    own = ["model", "judged_on", "metric"]
    judged = figures.join(gates.select(*own, "threshold", "passed"), on=own, how="left", maintain_order="left")
    others = gates.join(figures, on=own, how="anti", maintain_order="left").with_columns(
        low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64)
    )
    return pl.concat([judged.select(*_SCHEMA), others.select(*_SCHEMA)]).select(
        pl.lit(run.corpus).alias("corpus"),
        pl.lit(run.run_id).alias("run_id"),
        pl.lit(one.variable).alias("variable"),
        pl.all(),
    )


def _compared(one: "TrainedModel") -> "Iterator[pl.DataFrame]":
    for part, frame in one.comparison.items():
        named = frame.with_columns(model=pl.col("model").replace(MODEL, one.name))
        for figure in (*FIGURES, "skill"):
            ends = [pl.col(f"{figure}{end}") if figure in FIGURES else pl.lit(None) for end in ("_low", "_high")]
            yield named.select(
                "model",
                pl.lit(part).alias("judged_on"),
                pl.lit(figure).alias("metric"),
                pl.col(figure).alias("value"),
                ends[0].cast(pl.Float64).alias("low"),
                ends[1].cast(pl.Float64).alias("high"),
            )


def _coverage(one: "TrainedModel") -> "Iterator[pl.DataFrame]":
    for part, coverage in one.coverage.items():
        yield pl.DataFrame(
            {
                "model": one.name,
                "judged_on": part,
                "metric": [f"coverage_{bucket}" for bucket in coverage],
                "value": [share for _, share in coverage.values()],
            },
            schema_overrides={"value": pl.Float64},
        ).with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))


def _gates(one: "TrainedModel") -> pl.DataFrame:
    rows = [
        {
            "model": one.name,
            "judged_on": GATED_PART,
            "metric": check.name,
            "value": check.found,
            "threshold": check.limit,
            "passed": check.passed,
        }
        for check in one.gates.checks
    ]
    return pl.DataFrame(rows, schema={name: kind for name, kind in _SCHEMA.items() if name not in ("low", "high")})
