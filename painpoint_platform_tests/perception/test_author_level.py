"""Levels of authors come from their past alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.perception.author_level import AuthorLevel, fit_author_level, past_levels

START = datetime(2025, 1, 1, tzinfo=UTC)


def items(users: list[str | None], hours: list[int | None]) -> pl.DataFrame:
    times = [None if hour is None else START + timedelta(hours=hour) for hour in hours]
    return pl.DataFrame(
        {"user_id": users, "timestamp": times}, schema={"user_id": pl.String, "timestamp": pl.Datetime("us", "UTC")}
    )


def test_the_level_is_the_shrunken_mean_of_earlier_residuals_in_any_order_of_rows() -> None:
    frame = items(["a", "b", "a", "a"], [3, 0, 1, 2])
    levels = past_levels(frame, np.array([9.0, 9.0, 0.3, 0.6]), shrinkage=2.0)
    assert levels == pytest.approx([0.9 / 4, 0, 0, 0.3 / 3])


def test_texts_of_one_instant_do_not_see_each_other() -> None:
    levels = past_levels(items(["a"] * 4, [0, 0, 1, 1]), np.array([0.2, 0.4, 1.0, -1.0]), shrinkage=1.0)
    assert levels == pytest.approx([0, 0, 0.2, 0.2])


def test_without_author_time_or_label_there_is_no_level() -> None:
    frame = items([None, None, "a", "a", "b", "b"], [0, 1, None, 1, 0, 1])
    levels = past_levels(frame, np.array([1, 1, 1, 1, np.nan, 1.0]), shrinkage=1.0)
    assert levels == pytest.approx(np.zeros(6))
    text = np.array([0.1, 0.2])
    assert AuthorLevel("kernel", 2.0).predict(items(["a", "a"], [0, 1]), text, None) is text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.floats(-1, 1)), min_size=2, max_size=20),
    st.integers(0, 9),
    st.floats(-1, 1),
)
def test_what_comes_later_changes_no_level(rows: list[tuple[str, int, float]], now: int, shift: float) -> None:
    users, hours, residuals = (list(column) for column in zip(*rows, strict=True))
    frame, past = items(users, hours), np.array(hours) <= now
    before = past_levels(frame, np.array(residuals), shrinkage=2.0)
    changed = np.where(np.array(hours) >= now, np.array(residuals) + shift, residuals)
    assert past_levels(frame, changed, shrinkage=2.0)[past] == pytest.approx(before[past])


def test_shrinkage_is_small_where_authors_differ_and_large_where_they_do_not() -> None:
    choices = np.random.default_rng(6)
    frame = items([f"u{row // 20}" for row in range(1000)], [row % 20 for row in range(1000)])
    text = np.full(1000, 0.5)
    apart = text + np.repeat(choices.normal(0, 0.2, 50), 20) + choices.normal(0, 0.05, 1000)
    alike = text + choices.normal(0, 0.2, 1000)
    assert fit_author_level(frame, apart, "kernel", text).shrinkage == 1.0
    assert fit_author_level(frame, alike, "kernel", text).shrinkage >= 20
