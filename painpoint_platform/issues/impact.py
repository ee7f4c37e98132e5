"""How much an issue weighs: what its items feel like, and the score that analysts rank by.

Belongs here: formula and weights. Does not belong here: scoring an item (the table ``silver.item_perception``), the
issue's other columns (``gold``).
"""

from functools import reduce
from operator import add

import polars as pl

# Weights of the impact score, 100 in all. Severity is the model's or a person's judgement and counts most; reach counts
# people, not posts; engagement is what others did with the posts; feeling is measured in the posts' own words.
WEIGHT_SEVERITY, WEIGHT_REACH, WEIGHT_ENGAGEMENT, WEIGHT_FEELING = 35, 25, 15, 15
WEIGHT_WOULD_PAY, WEIGHT_WILLINGNESS = 5, 5
SEVERITY = {"low": 1 / 3, "medium": 2 / 3, "high": 1.0}
FULL_REACH_AUTHORS, FULL_ENGAGEMENT = 100, 5_000
# A score about which a model knows nothing stands here: an interval as wide as the scale pulls a score to it.
NEUTRAL = 0.5

FEELINGS = ("negativity", "negativity_width", "intensity", "intensity_width", "willingness", "willingness_width")


def feelings() -> dict[str, pl.Expr]:
    """Return the aggregates of an issue's items by name (``FEELINGS``); items without scores do not count.

    Negativity is the mean of 1 - valence, intensity the mean arousal; a width is the mean width of the items' 90 %
    intervals. Rounded to four digits: the sum of the same items in another order is the same number.
    """
    return {
        "negativity": (1 - pl.col("valence")).mean().round(4),
        "negativity_width": _width("valence"),
        "intensity": pl.col("arousal").mean().round(4),
        "intensity_width": _width("arousal"),
        "willingness": pl.col("willingness").mean().round(4),
        "willingness_width": _width("willingness"),
    }


def impact_score() -> pl.Expr:
    """Return the impact score, 0 to 100: the sum of ``impact_parts``, rounded to three digits."""
    return reduce(add, impact_parts().values()).round(3).alias("impact_score")


def impact_parts() -> dict[str, pl.Expr]:
    """Return the points of each part, of impact_level, authors, engagement, would_pay_signal and ``FEELINGS``.

    35 severity + 25 reach + 15 engagement + 15 feeling + 5 would pay + 5 willingness, each from 0 to 1:

    - severity is 1/3, 2/3 or 1 for low, medium, high (a failed label counts as low);
    - reach is log(1 + authors) / log(1 + 100), engagement log(1 + votes + comments) / log(1 + 5,000), each cut at 1:
      the tenth voice says more than the hundredth;
    - feeling is negativity · (1 + intensity) / 2: what feels bad and stirs people up;
    - would pay is 1 where the label says so.

    Negativity, intensity and willingness are first drawn towards 0.5 by the width of their intervals, so that models
    that know little hardly move an issue. An issue whose items were not scored counts as neutral.
    """
    severity = pl.col("impact_level").replace_strict(SEVERITY, default=SEVERITY["low"], return_dtype=pl.Float64)
    would_pay = pl.col("would_pay_signal").fill_null(value=False).cast(pl.Float64)
    feeling = _believed("negativity") * (1 + _believed("intensity")) / 2
    return {
        "severity": WEIGHT_SEVERITY * severity,
        "reach": WEIGHT_REACH * _saturating(pl.col("authors"), FULL_REACH_AUTHORS),
        "engagement": WEIGHT_ENGAGEMENT * _saturating(pl.col("engagement"), FULL_ENGAGEMENT),
        "feeling": WEIGHT_FEELING * feeling,
        "would_pay": WEIGHT_WOULD_PAY * would_pay,
        "willingness": WEIGHT_WILLINGNESS * _believed("willingness"),
    }


def _width(variable: str) -> pl.Expr:
    return (pl.col(f"{variable}_high") - pl.col(f"{variable}_low")).mean().round(4)


def _believed(name: str) -> pl.Expr:
    width = pl.col(f"{name}_width").clip(0.0, 1.0)
    return (NEUTRAL + (pl.col(name) - NEUTRAL) * (1 - width)).fill_null(NEUTRAL)


def _saturating(count: pl.Expr, full: int) -> pl.Expr:
    return (count.cast(pl.Float64).log1p() / pl.lit(float(full)).log1p()).clip(0.0, 1.0)
