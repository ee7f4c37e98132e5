"""The payload of the costs' page: what models were asked, day by day, task by task, model by model.

Belongs here: summing up days. Does not belong here: the ledger (``llm.ledger``), the page (``site/costs.html``).
"""

from typing import Any

import polars as pl

from painpoint_platform.report.reading import Contents, columnar

COUNTS = ("calls", "cached", "failed", "prompt_tokens", "completion_tokens", "unpriced")


def costs_payload(contents: Contents) -> dict[str, Any]:
    """Return daily and summed costs in US dollars; None where no call had a known price."""
    daily = contents.rows["costs"]
    (total,) = daily.select(_costs()).to_series().to_list() if daily.height else [None]
    return {
        "daily": columnar(daily),
        "by_task": columnar(_by(daily, "task")),
        "by_model": columnar(_by(daily, "model")),
        "unpriced_calls": int(daily["unpriced"].sum() or 0),
        "total_usd": total,
    }


def _by(daily: pl.DataFrame, name: str) -> pl.DataFrame:
    summed = daily.group_by(name).agg(pl.col(*COUNTS).sum(), _costs())
    order = (name, "calls", "cached", "failed", "prompt_tokens", "completion_tokens", "cost_usd", "unpriced")
    return summed.select(order).sort("calls", name, descending=[True, False])


def _costs() -> pl.Expr:
    """The sum of the known costs; that of none is not 0."""
    known = pl.col("cost_usd").cast(pl.Float64).drop_nulls()
    return pl.when(known.len() > 0).then(known.sum().round(6)).alias("cost_usd")
