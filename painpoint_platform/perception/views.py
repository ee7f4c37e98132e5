"""What a person wants to see of perception's partitions: facts, the first rows, pictures.

Belongs here: choosing what is shown. Does not belong here: how Dagster renders it (``layers``), drawing (``plots``).
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from painpoint_platform.perception.variables import SCORED
from painpoint_platform.views import Fact, View, first_rows
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from painpoint_platform.perception.training_run import TrainingRun
    from painpoint_platform.warehouse.access import Warehouse


def item_perception(warehouse: "Warehouse", day: date) -> View:
    """Show a day's scores: means, models, the items that feel worst."""
    with warehouse.read() as connection:
        scored = fetch(connection, "perception/scores_of_day", day=day)
    models = [f"{variable}_model" for variable in SCORED]
    facts: dict[str, Fact] = {}
    if scored.height:
        facts = scored.select(*SCORED).mean().select(pl.all().round(4).name.prefix("mean_")).row(0, named=True)
        facts |= scored.select(models).row(0, named=True)
    return View(scored.height, facts, *first_rows(scored.drop(models)))


def step(run: "TrainingRun", name: str, *, shown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Show a step of a training run whose result is files: where they lie and what the manifest says of them."""
    told = run.step(name)
    plain = {key: value for key, value in told.items() if isinstance(value, int | float | str)}
    nested = {f"{key}_{inner}": value for key, held in told.items() if key == "counts" for inner, value in held.items()}
    return {"run_id": run.run_id, "folder": str(run.folder), **plain, **nested, **(shown or {})}
