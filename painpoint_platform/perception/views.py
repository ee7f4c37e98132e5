"""What a person wants to see of perception's partitions: facts, the first rows, pictures.

Belongs here: choosing what is shown. Does not belong here: how Dagster renders it (``layers``), drawing (``plots``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from painpoint_platform.perception.variables import SCORED
from painpoint_platform.views import Fact, View, first_rows, picture
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from painpoint_platform.perception.runs.training_run import TrainingRun
    from painpoint_platform.perception.runs.variable_training import TrainedModel
    from painpoint_platform.perception.scoring.scored_tables import ScoredTable
    from painpoint_platform.warehouse.access import Warehouse


# A 90 % interval does its work where between these shares of at least so many labels lie in it.
LEAST_COVERAGE, MOST_COVERAGE, FEWEST_COVERED = 0.88, 0.92, 100


@dataclass(frozen=True)
class TrainingView:
    """A trained variable: metadata of its files, a view of its figures, checks that did not hold."""

    out_of_fold: Mapping[str, Fact]
    model: Mapping[str, Fact]
    evaluation: View
    warnings: Mapping[str, str]


def scores(warehouse: "Warehouse", table: "ScoredTable", partition: date | str) -> View:
    """Show a partition's scores: means, models, the texts that feel worst."""
    with warehouse.read() as connection:
        scored = fetch(connection, table.scores_query, partition=partition)
    models = [f"{variable}_model" for variable in SCORED]
    facts: dict[str, Fact] = {}
    if scored.height:
        facts = scored.select(*SCORED).mean().select(pl.all().round(4).name.prefix("mean_")).row(0, named=True)
        facts |= scored.select(models).row(0, named=True)
    return View(scored.height, facts, *first_rows(scored.drop(models)))


def training(one: "TrainedModel") -> TrainingView:
    """Show a trained variable: its verdict and figures, and the pictures of its report."""
    report = one.trained.report
    failed = [check.detail for check in report.gates.failures]
    facts: dict[str, Fact] = {"model": one.name, **{name: round(value, 4) for name, value in _judged(one).items()}}
    seconds: dict[str, Fact] = {f"seconds_{name}": round(value, 2) for name, value in report.seconds.items()}
    compared = pl.concat(
        [frame.select(pl.lit(part).alias("judged_on"), pl.all()) for part, frame in one.comparison.items()]
        or [pl.DataFrame()]
    )
    pictures = {shown.name: picture(shown.png, shown.title) for shown in one.page.pictures}
    evaluation = View(compared.height, facts, *first_rows(compared), pictures)
    outside = _outside(one)
    return TrainingView(
        out_of_fold={**seconds, "trials": len(report.search.trials)},
        model={**facts, "folder": one.folder, "report": one.folder.parent / f"{one.variable}.html"},
        evaluation=evaluation,
        warnings={
            **({"gates_passed": f"{one.name}: {'; '.join(failed)}"} if failed else {}),
            **({"intervals_cover": outside} if outside else {}),
        },
    )


def _judged(one: "TrainedModel") -> dict[str, float]:
    """Return the figures that gates ask for, as measured."""
    return {check.name: check.found for check in one.trained.report.gates.checks if check.found is not None}


def _outside(one: "TrainedModel") -> str:
    """Return which length buckets with enough rows have a coverage outside the promised one; empty where none has."""
    from painpoint_platform.perception.paths.paths_training import PathReport

    report = one.trained.report
    if isinstance(report, PathReport):
        return ""
    found = report.parts["tune"].coverage
    return "; ".join(
        f"{one.variable} {bucket}: {share:.1%} of {rows} labels lie in their interval"
        for bucket, (rows, share) in found.items()
        if share is not None and rows >= FEWEST_COVERED and not LEAST_COVERAGE <= share <= MOST_COVERAGE
    )


def corpora(warehouse: "Warehouse", run: "TrainingRun") -> View:
    """Show the corpora that there are, and what the manifest says of the one that was loaded."""
    with warehouse.read() as connection:
        loaded = fetch(connection, "perception/corpora")
    return View(loaded.height, step(run, "corpus"), *first_rows(loaded))


def step(run: "TrainingRun", name: str) -> dict[str, Any]:
    """Show a step of a training run whose result is files: where they lie and what the manifest says of them."""
    told = run.step(name)
    plain = {key: value for key, value in told.items() if isinstance(value, int | float | str)}
    nested = {f"{key}_{inner}": value for key, held in told.items() if key == "counts" for inner, value in held.items()}
    return {"run_id": run.run_id, "folder": run.folder, **plain, **nested}
