"""The features of an author's past: what they are, and that the future is not in them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import cos, log1p, pi, sin

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
Item = tuple[str | None, datetime | None, float | None]
WEEK = log1p(7)


def frame(items: list[Item]) -> pl.DataFrame:
    return pl.DataFrame(
        {"user_id": [item[0] for item in items], "timestamp": [item[1] for item in items]},
        schema={"user_id": pl.String, "timestamp": pl.Datetime("us", "UTC")},
    )


def features(items: list[Item]) -> NDArray[np.float32]:
    return temporal_features(frame(items), [item[2] for item in items])


def by_definition(items: list[Item], place: int, neutral: float = 0.5) -> list[float]:
    """The thirteen features of one item, as the module's docstring defines them."""
    author, at, _ = items[place]
    clock = [0.0] * 4
    if at is not None:
        hour, day = 2 * pi * (at.hour + at.minute / 60) / 24, 2 * pi * at.weekday() / 7
        clock = [sin(hour), cos(hour), sin(day), cos(day)]
    past: list[tuple[datetime, float | None]] = []
    if author is not None and at is not None:
        past = [(when, value) for who, when, value in items if who == author and when is not None and when < at]
    if not past or at is None:
        return [neutral, neutral, neutral, 0, 0, 0, WEEK, 0, WEEK, *clock]
    instants = sorted({when for when, _ in past})
    series: list[tuple[datetime, float]] = []
    for instant in instants:
        seen = [value for when, value in past if when == instant and value is not None]
        if seen:
            series.append((instant, float(np.mean(seen))))
    means = []
    for alpha in (0.3, 0.7):
        mean = series[0][1] if series else neutral
        for _, value in series[1:]:
            mean = alpha * value + (1 - alpha) * mean
        means.append(mean)
    week_ago = at - timedelta(days=7)
    recent = [value for when, value in series if when >= week_ago]
    changes = [abs(new - old) for (_, old), (when, new) in pairwise(series) if when >= week_ago]
    gaps = [log1p((b - a) / timedelta(days=1)) for a, b in pairwise(instants)]
    return [
        *means,
        float(np.mean(recent)) if recent else means[0],
        float(np.var(recent)) if recent else 0,
        float(np.mean(changes)) if changes else 0,
        sum(when >= week_ago for when, _ in past) / 7,
        float(np.mean(gaps)) if gaps else WEEK,
        float(np.std(gaps)) if gaps else 0,
        log1p((at - instants[-1]) / timedelta(days=1)),
        *clock,
    ]


# Few moments, so that weeks are full and some items meet; not all of them a whole number of days apart.
moments = st.integers(0, 40).map(lambda steps: MONDAY + timedelta(hours=9 * steps))
levels = st.integers(0, 8).map(lambda eighths: eighths / 8)
timelines = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob", "ada", "bob", None]),
        st.one_of(moments, moments, moments, st.none()),
        st.one_of(levels, levels, levels, st.none()),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=80)
@given(timelines)
def test_every_feature_is_what_its_definition_says(items: list[Item]) -> None:
    expected = [by_definition(items, place) for place in range(len(items))]
    np.testing.assert_allclose(features(items), expected, atol=2e-4)


@settings(max_examples=40)
@given(timelines, moments, st.lists(st.tuples(moments, levels), max_size=8), st.integers(1, 300))
def test_shifting_or_changing_an_authors_future_changes_no_feature_of_the_past(
    items: list[Item], now: datetime, more: list[tuple[datetime, float]], shift: int
) -> None:
    future = [item[1] is not None and item[1] >= now for item in items]
    changed: list[Item] = [
        (who, when + timedelta(hours=shift), None if value is None else 1 - value)
        if when and later
        else (who, when, value)
        for (who, when, value), later in zip(items, future, strict=True)
    ]
    changed += [("ada", max(when, now), value) for when, value in more]
    past = [place for place, later in enumerate(future) if not later]
    np.testing.assert_array_equal(features(items)[past], features(changed)[past])


@settings(max_examples=40)
@given(timelines, st.lists(st.tuples(moments, levels), max_size=8))
def test_other_authors_change_nothing(items: list[Item], others: list[tuple[datetime, float]]) -> None:
    joined = [*items, *(("cyd", when, value) for when, value in others)]
    np.testing.assert_array_equal(features(items), features(joined)[: len(items)])


@settings(max_examples=30)
@given(timelines, st.data())
def test_an_items_own_value_is_in_none_of_its_features(items: list[Item], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(items) - 1))
    changed = [*items[:place], (*items[place][:2], data.draw(st.none() | levels)), *items[place + 1 :]]
    np.testing.assert_array_equal(features(items)[place], features(changed)[place])


@settings(max_examples=30)
@given(timelines, st.randoms())
def test_the_order_of_the_rows_does_not_matter(items: list[Item], random: object) -> None:
    order = list(range(len(items)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_allclose(features([items[place] for place in order]), features(items)[order], atol=1e-6)


def test_items_at_one_instant_do_not_see_each_other() -> None:
    found = features([("ada", MONDAY, 0.0), ("ada", MONDAY, 1.0), ("ada", MONDAY, 0.2)])
    assert found[:, 0].tolist() == [0.5] * 3
    assert found[:, TEMPORAL_NAMES.index("past_density_7d")].tolist() == [0] * 3


def test_all_items_of_an_instant_count_for_the_density() -> None:
    later = features([("ada", MONDAY, 0.0), ("ada", MONDAY, 1.0), ("ada", MONDAY + timedelta(days=1), None)])[2]
    assert later[TEMPORAL_NAMES.index("past_density_7d")] == pytest.approx(2 / 7)
    assert later[0] == 0.5  # the mean of the two


def test_an_item_without_author_or_time_has_the_neutral_values() -> None:
    history: list[Item] = [("ada", MONDAY + timedelta(days=day), 0.9) for day in range(3)]
    found = features([*history, (None, MONDAY + timedelta(days=4), 0.1), ("ada", None, 0.1)])
    neutral = np.array([0.5, 0.5, 0.5, 0, 0, 0, WEEK, 0, WEEK], np.float32)
    np.testing.assert_allclose(found[3:, :9], [neutral, neutral], atol=1e-6)
    assert found[4, 9:].tolist() == [0, 0, 0, 0]


def test_without_values_only_the_times_speak() -> None:
    items = frame([("ada", MONDAY, None), ("ada", MONDAY + timedelta(days=1), None)])
    assert temporal_features(items, neutral=0.0)[1, :6].tolist() == pytest.approx([0, 0, 0, 0, 0, 1 / 7])


def test_a_timestamp_without_zone_is_read_as_utc() -> None:
    items = frame([("ada", MONDAY + timedelta(hours=6), None)])
    naive = items.with_columns(pl.col("timestamp").dt.replace_time_zone(None))
    np.testing.assert_array_equal(temporal_features(items), temporal_features(naive))
    assert temporal_features(items)[0, 9:].tolist() == pytest.approx([1, 0, 0, 1], abs=1e-6)


def test_a_column_of_unknown_times_and_no_items_at_all_are_fine() -> None:
    nothing = pl.DataFrame({"user_id": [None, None], "timestamp": [None, None]})
    assert np.isfinite(temporal_features(nothing, [0.1, float("nan")])).all()
    assert temporal_features(frame([])).shape == (0, 13)


def test_values_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="1 values for 2 items"):
        temporal_features(frame([("ada", MONDAY, None)] * 2), [0.5])
