"""Thirteen numbers about when an author wrote before, and what was observed of those texts.

Belongs here: features of an item from items of the same author with an earlier timestamp, and from its own clock.
Does not belong here: features of the text (``text_features``), models of a course over time.

Strictly causal: of items at the same instant none sees another, an author's later items change nothing, and neither do
other authors. The values are an observed series, such as labels or predictions of past items; an item's own value is
never part of its features. All timestamps are UTC.

Over the author's strictly earlier items (after the colon: the value of an item that has none such):

- past_ema_slow, past_ema_fast: exponential mean of the values, e = a x + (1 - a) e with a = 0.3 and 0.7: ``neutral``
- past_mean_7d: mean of the values of the last seven days: past_ema_slow
- past_variance_7d: population variance of those values: 0
- past_volatility_7d: mean absolute change from one value to the next, of the last seven days' changes: 0
- past_density_7d: items a day in the last seven days: 0
- past_gap_mean, past_gap_deviation: mean and population standard deviation of log(1 + days) between the instants of
  writing: a gap of seven days; 0
- time_since_last: log(1 + days) since the last instant of writing: seven days

Of the item's own clock, 0 where it has no timestamp:

- hour_sin, hour_cos: the hour with its minutes on a circle of 24
- weekday_sin, weekday_cos: the weekday on a circle of 7, Monday at angle 0

An item without author or timestamp has no past and is part of nobody's. Values at one instant count as their mean.
"""

from collections.abc import Sequence
from math import log1p, pi

import numpy as np
import polars as pl
from numpy.typing import NDArray

TEMPORAL_NAMES = (
    "past_ema_slow",
    "past_ema_fast",
    "past_mean_7d",
    "past_variance_7d",
    "past_volatility_7d",
    "past_density_7d",
    "past_gap_mean",
    "past_gap_deviation",
    "time_since_last",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
)

_WINDOW_DAYS = 7
_SLOW, _FAST = 0.3, 0.7
_DAY_US = 86_400_000_000


def temporal_features(
    items: pl.DataFrame,
    values: pl.Series | NDArray[np.floating] | Sequence[float | None] | None = None,
    *,
    neutral: float = 0.5,
) -> NDArray[np.float32]:
    """Return the temporal features of items, shape (len(items), 13), columns as in ``TEMPORAL_NAMES``.

    Args:
        items: columns user_id (null: unknown) and timestamp (Datetime, naive or UTC; null: unknown), in any order.
        values: one observed value an item, null or NaN where nothing was observed; None: nothing was observed at all.
        neutral: what stands for a level that is not known.

    Raises:
        ValueError: the number of values is not the number of items.
    """
    if values is not None and len(values) != items.height:
        raise ValueError(f"{len(values)} values for {items.height} items")
    observed = pl.Series("value", [None] * items.height if values is None else values, dtype=pl.Float64)
    clock = items.select(pl.col("user_id"), at=pl.col("timestamp").cast(pl.Datetime("us", "UTC"))).with_columns(
        observed.fill_nan(None)
    )
    past = _pasts(clock.filter(pl.col("user_id").is_not_null() & pl.col("at").is_not_null()))
    joined = clock.join(past, on=["user_id", "at"], how="left", maintain_order="left")
    return joined.select(_features(neutral)).to_numpy().astype(np.float32)


def _pasts(items: pl.DataFrame) -> pl.DataFrame:
    """Return one row an author and instant: what was known of the author just before it."""
    days = (pl.col("at").cast(pl.Int64) - pl.col("at").cast(pl.Int64).shift(1)).over("user_id") / _DAY_US
    instants = (
        items.group_by("user_id", "at")
        .agg(pl.col("value").mean(), pl.len().alias("items"))
        .sort("user_id", "at")
        .with_columns(gap=days.log1p(), change=_change())
    )
    before = instants.select(
        "user_id",
        "at",
        time_since_last="gap",
        past_ema_slow=_ema(_SLOW),
        past_ema_fast=_ema(_FAST),
        past_gap_mean=_running_mean("gap"),
        gap_square=_running_mean("gap", power=2),
    )
    # Closed on the left: an item a week ago counts, the instant itself does not.
    window = instants.rolling("at", period=f"{_WINDOW_DAYS}d", closed="left", group_by="user_id").agg(
        pl.col("value").mean().alias("past_mean_7d"),
        pl.col("value").var(ddof=0).alias("past_variance_7d"),
        pl.col("change").mean().alias("past_volatility_7d"),
        (pl.col("items").sum() / _WINDOW_DAYS).alias("past_density_7d"),
    )
    return before.join(window, on=["user_id", "at"], how="left")


def _change() -> pl.Expr:
    """The absolute difference to the author's last observed value; null where this or that was not observed."""
    return (pl.col("value") - pl.col("value").forward_fill().shift(1)).abs().over("user_id")


def _ema(alpha: float) -> pl.Expr:
    mean = pl.col("value").ewm_mean(alpha=alpha, adjust=False, ignore_nulls=True)
    return mean.forward_fill().shift(1).over("user_id")


def _running_mean(column: str, *, power: int = 1) -> pl.Expr:
    """The mean over the author's earlier instants of a column whose first value is null."""
    total = (pl.col(column) ** power).fill_null(0.0).cum_sum()
    return (total / pl.col(column).cum_count()).shift(1).over("user_id").fill_nan(None)


def _features(neutral: float) -> list[pl.Expr]:
    week = log1p(_WINDOW_DAYS)
    hour = (pl.col("at").dt.hour() + pl.col("at").dt.minute() / 60) * (2 * pi / 24)
    weekday = (pl.col("at").dt.weekday() - 1) * (2 * pi / 7)
    deviation = (pl.col("gap_square") - pl.col("past_gap_mean") ** 2).clip(lower_bound=0.0).sqrt()
    filled = {
        "past_ema_slow": pl.col("past_ema_slow").fill_null(neutral),
        "past_ema_fast": pl.col("past_ema_fast").fill_null(neutral),
        "past_mean_7d": pl.coalesce("past_mean_7d", "past_ema_slow", pl.lit(neutral)),
        "past_gap_mean": pl.col("past_gap_mean").fill_null(week),
        "past_gap_deviation": deviation.fill_null(0.0),
        "time_since_last": pl.col("time_since_last").fill_null(week),
        "hour_sin": hour.sin().fill_null(0.0),
        "hour_cos": hour.cos().fill_null(0.0),
        "weekday_sin": weekday.sin().fill_null(0.0),
        "weekday_cos": weekday.cos().fill_null(0.0),
    }
    return [filled.get(name, pl.col(name).fill_null(0.0)).cast(pl.Float64).alias(name) for name in TEMPORAL_NAMES]
