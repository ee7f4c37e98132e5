"""Levels and moods of authors come from their past alone, and so does how sure a score is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.perception.numbers.author_level import STEADINESS, AuthorLevel, filtered, fit_author_level

START = datetime(2025, 1, 1, tzinfo=UTC)
RULE = AuthorLevel(lasting=0.5, mood=0.3, days=2.0, noise=0.04)


def items(users: list[str | None], hours: list[int | None]) -> pl.DataFrame:
    times = [None if hour is None else START + timedelta(hours=hour) for hour in hours]
    return pl.DataFrame(
        {"user_id": users, "timestamp": times}, schema={"user_id": pl.String, "timestamp": pl.Datetime("us", "UTC")}
    )


def by_definition(rule: AuthorLevel, days: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance (noise of 1 included) of each residual given the earlier ones: normal equations."""
    apart = np.abs(days[:, None] - days)
    covariance = rule.lasting + rule.mood * np.exp(-apart / rule.days)
    mean, variance = np.zeros(len(days)), np.zeros(len(days))
    for now in range(len(days)):
        past = days < days[now]
        gain = np.linalg.solve(covariance[np.ix_(past, past)] + np.eye(past.sum()), covariance[past, now])
        mean[now] = gain @ residuals[past]
        variance[now] = covariance[now, now] - gain @ covariance[past, now] + 1
    return mean, variance


def test_the_filter_is_the_best_linear_prediction_from_strictly_earlier_texts() -> None:
    choices = np.random.default_rng(2)
    hours = np.sort(choices.integers(0, 400, 30))  # some at one instant
    residuals = choices.normal(0, 0.2, 30)
    mean, variance = by_definition(RULE, hours / 24, residuals)
    order = choices.permutation(30)
    past = filtered(RULE, items(["a"] * 30, hours[order].tolist()), residuals[order])
    assert past.level == pytest.approx(mean[order])
    # Of an author who never errs, what is left is the filter's variance; n errors of 0 are believed as n of n + 10.
    unerring = filtered(replace(RULE, noise=1e12), items(["a"] * 30, hours.tolist()), residuals)
    seen = np.array([len(np.unique(hours[hours < hour])) for hour in hours])
    left = variance / (RULE.lasting + RULE.mood + 1) * STEADINESS / (STEADINESS + seen)
    assert unerring.spread == pytest.approx(np.sqrt(left))


def test_a_lasting_level_alone_is_the_shrunken_mean_of_earlier_residuals() -> None:
    rule = AuthorLevel(lasting=0.5, mood=0.0, days=7.0, noise=1.0)
    frame = items(["a", "b", "a", "a"], [3, 0, 1, 2])
    past = filtered(rule, frame, np.array([9.0, 9.0, 0.3, 0.6]))
    assert past.level == pytest.approx([0.9 / (2 + 2), 0, 0, 0.3 / (1 + 2)])


def test_a_mood_is_forgotten_and_a_level_is_not() -> None:
    frame = items(["a", "a", "b", "b"], [0, 1, 0, 24 * 365])
    mood = filtered(AuthorLevel(0.0, 1.0, 3.0, 1.0), frame, np.ones(4)).level
    lasting = filtered(AuthorLevel(1.0, 0.0, 3.0, 1.0), frame, np.ones(4)).level
    assert mood[1] == pytest.approx(0.5, abs=0.01)
    assert mood[3] == pytest.approx(0)
    assert lasting[[1, 3]] == pytest.approx([0.5, 0.5])


def test_a_spread_is_small_of_an_author_whose_texts_tell_and_large_of_one_whose_do_not() -> None:
    frame = items(["plain"] * 40 + ["riddle"] * 40, [*range(40), *range(40)])
    turns = np.where(np.arange(80) % 2, 1, -1) * np.repeat([0.02, 0.6], 40)
    spread = filtered(RULE, frame, turns).spread
    assert spread[[0, 40]].tolist() == [1, 1]
    assert spread[39] < 0.6
    assert spread[79] > 1.4
    # With errors as large as was expected only the filter's variance is left, which is below a stranger's.
    known = filtered(AuthorLevel(0.0, 0.0, 1.0, 0.04), frame, np.full(80, 0.2)).spread
    assert known == pytest.approx(np.ones(80))


def test_without_author_time_or_label_there_is_no_level() -> None:
    frame = items([None, None, "a", "a", "b", "b"], [0, 1, None, 1, 0, 1])
    past = filtered(RULE, frame, np.array([1, 1, 1, 1, np.nan, 1.0]))
    assert past.level == pytest.approx(np.zeros(6))
    assert past.spread == pytest.approx(np.ones(6))
    nothing = RULE.past(items(["a", "a"], [0, 1]), np.array([0.1, 0.2]), None)
    assert nothing.level.tolist() == [0, 0]
    assert nothing.spread.tolist() == [1, 1]
    assert filtered(RULE, items([], []), np.empty(0)).level.tolist() == []


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.floats(-1, 1)), min_size=2, max_size=20),
    st.integers(0, 9),
    st.floats(-1, 1),
)
def test_what_comes_later_changes_nothing(rows: list[tuple[str, int, float]], now: int, shift: float) -> None:
    users, hours, residuals = (list(column) for column in zip(*rows, strict=True))
    frame, earlier = items(users, hours), np.array(hours) <= now
    before = filtered(RULE, frame, np.array(residuals))
    changed = np.where(np.array(hours) >= now, np.array(residuals) + shift, residuals)
    after = filtered(RULE, frame, changed)
    assert after.level[earlier] == pytest.approx(before.level[earlier])
    assert after.spread[earlier] == pytest.approx(before.spread[earlier])


def test_what_is_planted_is_found() -> None:
    choices = np.random.default_rng(6)
    frame = items([f"u{row // 20}" for row in range(1000)], [12 * (row % 20) for row in range(1000)])
    text = np.full(1000, 0.5)
    levels = np.repeat(choices.normal(0, 0.2, 50), 20)
    moods = np.repeat(choices.normal(0, 0.2, 200), 5)  # two and a half days each
    noise = choices.normal(0, 0.1, 1000)
    lasting = fit_author_level(frame, text + levels + noise, text)
    assert lasting.lasting >= 0.8
    assert lasting.noise == pytest.approx(0.01, rel=0.2)
    moody = fit_author_level(frame, text + moods + noise, text)
    assert moody.mood >= 0.4
    assert moody.days <= 7
    alike = fit_author_level(frame, text + noise, text)
    assert alike.lasting + alike.mood <= 0.07
