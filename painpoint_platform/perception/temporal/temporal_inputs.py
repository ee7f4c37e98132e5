"""What is known of an author before a text is written: the only inputs of models that look ahead.

Belongs here: the state of an author after each step, and the last state before a target's time. Does not belong here:
models of it (``temporal_models``), the 13 features that accompany a text's own (``temporal_features``).

A step is all that an author wrote at one instant; values and texts of one instant count as their mean. A state is
computed from a step and those before it; a target is joined to the last state that is strictly earlier than itself. So
the target's own text, label and instant, later steps and other authors have no way in, by construction and not by care.

After a step, of every observed series (midway of its range where nothing was observed yet):

- ``<series>.lag_1`` to ``lag_5``: the last values, the oldest known one where there are fewer
- ``<series>.mean``, ``deviation``: of all values so far; ``recent``: mean of the last five
- ``<series>.level``: their mean with three values more from the middle of the range, which a short past keeps near it
- ``<series>.ema_slow``, ``ema_fast``: exponential means, e = a x + (1 - a) e with a = 0.3 and 0.7
- ``<series>.trend``: fast less slow; ``volatility``: mean absolute change from one value to the next, of the last five
- ``expectation``: what the comparator compares the next valence with, where valence and comparator are observed

Of the texts ``text.<feature>``: the mean of the last three steps. Of the clock, of which only the target's time is its
own: ``steps`` (log(1 + number)), ``gap_mean`` and ``gap_deviation`` of log(1 + days) between steps, ``time_since_last``
(log(1 + days)), hour and weekday as sine and cosine.
"""

from collections.abc import Iterator, Sequence
from math import pi

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import EXPECTATION_SMOOTHING
from painpoint_platform.perception.features.text_features import FEATURE_NAMES, Features
from painpoint_platform.perception.temporal.temporal_history import SERIES, History
from painpoint_platform.perception.variables import RANGES

LAGS = 5
STEPS, EXPECTATION, TEXT_PREFIX = "steps", "expectation", "text."
_POOLED_STEPS = 3
_SLOW, _FAST = 0.3, 0.7
_SHRINKAGE = 3.0  # values within an author differ somewhat more than authors do
_DAY_US = 86_400_000_000
_LEVELS = (*(f"lag_{lag + 1}" for lag in range(LAGS)), "mean", "level", "recent", "ema_slow", "ema_fast")
_CHANGES = ("deviation", "trend", "volatility")
_CLOCK = ("time_since_last", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
# All that a model of a past may read; a corpus without a series or texts has not got all of them.
INPUT_NAMES = (
    *(f"{name}.{part}" for name in SERIES for part in (*_LEVELS, *_CHANGES)),
    *(EXPECTATION, STEPS, "gap_mean", "gap_deviation"),
    *(f"{TEXT_PREFIX}{name}" for name in FEATURE_NAMES),
    *_CLOCK,
)


def past_inputs(history: History, targets: pl.DataFrame) -> Features:
    """Return what was known before each target, a row a target; 0 in ``steps`` says that nothing was.

    Args:
        history: steps of any authors, in any order; what has no author or no time is nobody's past.
        targets: user_id and timestamp (Datetime, UTC), nothing else is read.
    """
    steps, texts = _steps(history)
    states = _states(steps, tuple(history.observed))
    numbers = states.drop("user_id", "at")
    names = (*numbers.columns, *(f"{TEXT_PREFIX}{name}" for name in history.texts.names))
    known = np.hstack([numbers.to_numpy().astype(np.float32), _pooled(texts, steps["number"].to_numpy())])
    # The last row stands for an author of whom nothing is known.
    nothing = np.array([[_neutral(name) for name in names]], np.float32)
    asked = _asked(targets, states)
    matrix = np.vstack([known, nothing])[asked["state"].fill_null(len(known)).to_numpy()]
    return Features((*names, *_CLOCK), np.hstack([matrix, asked.select(_CLOCK).to_numpy()]).astype(np.float32))


def _steps(history: History) -> tuple[pl.DataFrame, NDArray[np.float32]]:
    """Return one row an author and instant, in order, with the mean of each series and of the texts' features."""
    rows = (
        history.items.select("user_id", at=_utc("timestamp"))
        .with_columns(**{name: pl.Series(values, dtype=pl.Float64) for name, values in history.observed.items()})
        .with_columns(pl.col(*history.observed).fill_nan(None) if history.observed else [])
        .with_row_index("row")
        .drop_nulls(["user_id", "at"])
        .sort("user_id", "at", "row")
    )
    steps = rows.group_by("user_id", "at", maintain_order=True).agg(
        pl.col(*history.observed).mean() if history.observed else [], rows=pl.len()
    )
    steps = steps.with_columns(number=pl.int_range(pl.len()).over("user_id"))
    texts = history.texts.matrix[rows["row"].to_numpy()]
    if steps.is_empty():
        return steps, texts
    sizes = steps["rows"].to_numpy().astype(np.int64)
    sums = np.add.reduceat(texts, np.cumsum(sizes) - sizes, axis=0)
    return steps, np.asarray(sums / sizes[:, None], np.float32)


def _states(steps: pl.DataFrame, series: Sequence[str]) -> pl.DataFrame:
    gap = ((pl.col("at") - pl.col("at").shift(1)).dt.total_microseconds() / _DAY_US).log1p().over("user_id")
    steps = steps.with_columns(gap=gap, **{f"{name}.change": _change(name) for name in series})
    expected = [_expectation()] if {"valence", "comparator"} <= set(series) else []
    return steps.select(
        "user_id",
        "at",
        *[expression.over("user_id") for name in series for expression in _of_series(name)],
        *[expression.over("user_id") for expression in expected],
        (pl.col("number") + 1).log1p().alias(STEPS),
        _running_mean("gap").over("user_id").fill_null(_neutral("gap_mean")).alias("gap_mean"),
        _deviation("gap").over("user_id").alias("gap_deviation"),
    )


def _of_series(name: str) -> Iterator[pl.Expr]:
    neutral = _neutral(name)
    last = pl.col(name).forward_fill()
    lags = [last.shift(lag) for lag in range(LAGS)]
    for lag in range(LAGS):
        yield pl.coalesce(*lags[lag::-1], pl.lit(neutral)).alias(f"{name}.lag_{lag + 1}")
    slow, fast = (pl.col(name).ewm_mean(alpha=alpha, adjust=False).forward_fill() for alpha in (_SLOW, _FAST))
    yield _running_mean(name).fill_null(neutral).alias(f"{name}.mean")
    yield _shrunk_mean(name, neutral).alias(f"{name}.level")
    yield _deviation(name).alias(f"{name}.deviation")
    yield last.rolling_mean(LAGS, min_samples=1).fill_null(neutral).alias(f"{name}.recent")
    yield slow.fill_null(neutral).alias(f"{name}.ema_slow")
    yield fast.fill_null(neutral).alias(f"{name}.ema_fast")
    yield (fast - slow).fill_null(0.0).alias(f"{name}.trend")
    yield pl.col(f"{name}.change").rolling_mean(LAGS, min_samples=1).fill_null(0.0).alias(f"{name}.volatility")


def _expectation() -> pl.Expr:
    """The average that the comparator's definition goes on with, also where a part lacks some of the author's texts.

    Each comparator tells the expectation of its own step: valence less comparator.
    """
    valence, before = pl.col("valence"), pl.col("valence") - pl.col("comparator")
    carried = EXPECTATION_SMOOTHING * valence + (1 - EXPECTATION_SMOOTHING) * before
    observed = valence.ewm_mean(alpha=EXPECTATION_SMOOTHING, adjust=False)
    return pl.coalesce(carried, observed).forward_fill().fill_null(_neutral(EXPECTATION)).alias(EXPECTATION)


def _change(name: str) -> pl.Expr:
    return (pl.col(name) - pl.col(name).forward_fill().shift(1)).abs().over("user_id")


def _running_mean(name: str, power: int = 1) -> pl.Expr:
    count = pl.col(name).cum_count()
    return pl.when(count > 0).then((pl.col(name) ** power).fill_null(0.0).cum_sum() / count)


def _shrunk_mean(name: str, neutral: float) -> pl.Expr:
    count = pl.col(name).cum_count()
    return (pl.col(name).fill_null(0.0).cum_sum() + _SHRINKAGE * neutral) / (count + _SHRINKAGE)


def _deviation(name: str) -> pl.Expr:
    variance = _running_mean(name, power=2) - _running_mean(name) ** 2
    return variance.clip(lower_bound=0.0).sqrt().fill_null(0.0)


def _pooled(texts: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the mean of each step's texts and those of the two steps before it."""
    total, count = np.zeros_like(texts), np.zeros(len(texts), np.float32)
    places = np.arange(len(texts))
    for lag in range(_POOLED_STEPS):
        has = numbers >= lag
        total[has] += texts[places[has] - lag]
        count += has
    return np.asarray(total / np.maximum(count, 1)[:, None], np.float32)


def _asked(targets: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Return for each target the row of its author's last earlier state (null: none) and its clock."""
    asked = targets.select("user_id", at=_utc("timestamp")).with_row_index("target")
    before = states.select("user_id", "at", last="at").with_row_index("state").sort("at")
    found = (
        asked.drop_nulls()
        .sort("at")
        .join_asof(before, on="at", by="user_id", allow_exact_matches=False, check_sortedness=False)
        .select("target", "state", "last")
    )
    joined = asked.join(found, on="target", how="left", maintain_order="left")
    since = ((pl.col("at") - pl.col("last")).dt.total_microseconds() / _DAY_US).log1p()
    hour = (pl.col("at").dt.hour() + pl.col("at").dt.minute() / 60) * (2 * pi / 24)
    weekday = (pl.col("at").dt.weekday() - 1) * (2 * pi / 7)
    return joined.select(
        "state",
        time_since_last=since.fill_null(_neutral("time_since_last")),
        hour_sin=hour.sin().fill_null(0.0),
        hour_cos=hour.cos().fill_null(0.0),
        weekday_sin=weekday.sin().fill_null(0.0),
        weekday_cos=weekday.cos().fill_null(0.0),
    )


def _neutral(name: str) -> float:
    """Return what stands for a number that is not known: a gap of a week, the middle of a level's range, or 0."""
    if name in ("gap_mean", "time_since_last"):
        return float(np.log1p(7))
    series, _, part = name.partition(".")
    if name == EXPECTATION:
        series = "valence"
    return sum(RANGES[series]) / 2 if series in RANGES and part in ("", *_LEVELS) else 0.0


def _utc(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("us", "UTC"))
