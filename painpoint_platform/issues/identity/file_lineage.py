"""Issues followed over the days of anyone's file, and how well they follow the file's own labels.

Belongs here: days of a file as dates, the lineage of its clusters, continuity. Does not belong here: clustering the
file (``cluster_file``), which issue a cluster is (``lineage``).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.issues.identity.known_issues import LINEAGE_DAYS, MOST_POSTS, NEAREST_DAYS
from painpoint_platform.issues.identity.lineage import trace
from painpoint_platform.wording import counted

# Days that are numbers are counted from here; any day would do.
_DAY_ZERO = date(2000, 1, 1)
_BASIC_DATE = r"^\d{8}$"
# From which number on it is a time since 1970, greatest first: all of them are after March 1973, and more than any day.
_EPOCHS: Mapping[Literal["us", "ms", "s"], float] = {"us": 1e14, "ms": 1e11, "s": 1e8}
_MOST_DAYS = 1_000_000

_KNOWN = pl.Schema(
    {
        "cluster_id": pl.Int32(),
        "cluster_fingerprint": pl.String(),
        "texts": pl.List(pl.String()),
        "issue_key": pl.String(),
        "cluster_date": pl.Date(),
    }
)


def days_of(values: pl.Series) -> pl.Series:
    """Return a column's days as text, null where there is none.

    ISO dates and times, and dates as ``20250131``, are the date that they say; whole numbers are themselves, unless
    they are as great as seconds, milliseconds or microseconds since 1970, which are taken as their days in UTC.
    Anything else is a day's name as it is.

    Raises:
        UserError: some values are dates and others are not, or a number is no day; names the first such row.
    """
    if values.dtype.is_float():
        values = values.fill_nan(None)
    text = values.cast(pl.String).str.strip_chars().replace("", None)
    dates = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    dates = dates.zip_with(
        dates.is_not_null() | ~text.str.contains(_BASIC_DATE), text.str.to_date("%Y%m%d", strict=False)
    )
    if dates.null_count() < len(dates):
        _refuse(text, text.is_not_null() & dates.is_null(), "is no date, though others are")
        return dates.dt.to_string("%Y-%m-%d")
    numbers = text.cast(pl.Float64, strict=False)
    all_numbers = numbers.null_count() == text.null_count() < len(text)
    if all_numbers and (numbers.is_finite() & (numbers == numbers.floor())).all():
        return _days_of_numbers(text, numbers)
    return text


def _days_of_numbers(text: pl.Series, numbers: pl.Series) -> pl.Series:
    for unit, least in _EPOCHS.items():
        if (numbers >= least).all():
            days = pl.select(pl.from_epoch(numbers.cast(pl.Int64), time_unit=unit).dt.date()).to_series()
            return days.dt.to_string("%Y-%m-%d")
    _refuse(text, numbers.abs() > _MOST_DAYS, "is no number of a day, and no time since 1970 as all others")
    return numbers.cast(pl.Int64).cast(pl.String)


def _refuse(days: pl.Series, wrong: pl.Series, problem: str) -> None:
    found = wrong.arg_true()
    if len(found):
        more = f", and {counted(len(found) - 1, 'more row')} like it" if len(found) > 1 else ""
        raise UserError(
            f"column {days.name!r}, row {found[0] + 1}: {days[found[0]]!r} {problem}{more}; give each row a day "
            "such as 2025-01-31, or leave it empty"
        )


def dates_of(days: pl.Series) -> dict[str, date]:
    """Return a date for each day, in order.

    ISO dates are what they say, whole numbers days from an arbitrary one on. Where any day is neither, all are taken in
    the order of their text, one after another.
    """
    names = days.drop_nulls().unique().sort()
    said = _dates_said(names)
    return {name: _DAY_ZERO + timedelta(days=number) for number, name in enumerate(names)} if said is None else said


def are_only_names(days: pl.Series) -> bool:
    """Return whether the days say nothing of when they are, so that their text has to order them."""
    return _dates_said(days.drop_nulls().unique().sort()) is None


def _dates_said(names: pl.Series) -> dict[str, date] | None:
    parsed = names.str.to_date("%Y-%m-%d", strict=False)
    if not parsed.has_nulls():
        return dict(zip(names, parsed, strict=True))
    numbers = names.cast(pl.Int32, strict=False)
    if not numbers.has_nulls():
        ordered = sorted(zip(numbers, names, strict=True))
        return {name: _DAY_ZERO + timedelta(days=number) for number, name in ordered}
    return None


def follow(
    members: pl.DataFrame, clusters: pl.DataFrame, vectors: NDArray[np.float32], *, days: int = LINEAGE_DAYS
) -> pl.DataFrame:
    """Trace the clusters of each day to the issues of the days before it.

    Args:
        members: a row a clustered text: day, cluster_id, text, vector (its row in ``vectors``), is_representative.
        clusters: day, cluster_id, cluster_fingerprint.
        vectors: (texts, 384) of unit length.
        days: how far a problem may be away to be the same issue.

    Returns:
        day, cluster_id, issue_key and relation of each cluster; without a day its own fingerprint, and ``new``.
    """
    places: Mapping[str, int] = dict(members.select("text", "vector").iter_rows())
    portraits = clusters.join(
        members.sort("day", "cluster_id", pl.col("is_representative").not_(), "text")
        .group_by("day", "cluster_id", maintain_order=True)
        .agg(texts=pl.col("text").head(MOST_POSTS)),
        on=["day", "cluster_id"],
    )  # fmt: skip
    known, traced = _KNOWN.to_frame(), []
    nothing = pl.DataFrame(schema={"cluster_id": pl.Int32, "issue_key": pl.String, "share": pl.Float64})
    for name, day in dates_of(clusters["day"].replace("", None)).items():
        of_day = portraits.filter(pl.col("day") == name)
        # Not "since the day before": the first days of the calendar have none.
        recent = known.filter(pl.lit(day) - pl.col("cluster_date") <= timedelta(days=days))
        lineage = trace(
            day, of_day.select("cluster_id", "cluster_fingerprint", "texts"),
            earlier=recent, later=_KNOWN.to_frame(), anchors=nothing,
            embed=lambda texts: vectors[[places[text] for text in texts]], budget=None,
        )  # fmt: skip
        traced.append(lineage.select("cluster_id", "issue_key", "relation", day=pl.lit(name)))
        keyed = of_day.join(lineage, on="cluster_id").select(*_KNOWN)
        nearest = pl.col("cluster_date").rank("dense", descending=True).over("issue_key") <= NEAREST_DAYS
        known = pl.concat([recent, keyed]).filter(nearest)
    dayless = clusters.filter(pl.col("day") == "").select(
        "cluster_id", pl.col("cluster_fingerprint").alias("issue_key"), pl.lit("new").alias("relation"), "day"
    )
    return pl.concat([*traced, dayless]).select("day", "cluster_id", "issue_key", "relation")


def continuity(days: pl.Series, labels: pl.Series, keys: pl.Series) -> float | None:
    """Return the share of topics that go on from one day to the next whose items keep one key; None if none goes on.

    A topic is a label; a row without one has none. It goes on when the next day of the file has it, too. Its key on a
    day is that of most of its clustered items; a topic none of whose items was clustered keeps nothing.

    Args:
        days: (rows,) as text.
        labels: (rows,).
        keys: (rows,), null for noise.
    """
    frame = pl.DataFrame({"day": days, "topic": labels.cast(pl.String), "key": keys}).drop_nulls(["day", "topic"])
    frame = frame.filter(pl.col("topic") != "")
    if frame.is_empty():
        return None
    order = {name: number for number, name in enumerate(dates_of(frame["day"]))}
    held = (
        frame.group_by("day", "topic", "key")
        .len()
        .sort("day", "topic", pl.col("key").is_null(), "len", "key", descending=[False, False, False, True, False])
        .unique(["day", "topic"], keep="first", maintain_order=True)
        .with_columns(number=pl.col("day").replace_strict(order, return_dtype=pl.Int64))
    )
    following = held.select("topic", "key", number=pl.col("number") - 1)
    going_on = held.join(following, on=["topic", "number"], suffix="_next")
    if going_on.is_empty():
        return None
    return int((going_on["key"] == going_on["key_next"]).sum()) / going_on.height
