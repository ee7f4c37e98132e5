"""What is known of a past: what it is by definition, and that the target and what follows it have no way in."""

from datetime import datetime, timedelta
from math import log1p

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import CORPUS_SCHEMA, comparator
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.temporal.temporal_history import History
from painpoint_platform.perception.temporal.temporal_inputs import past_inputs
from painpoint_platform_tests.perception.histories import BEGIN

# author, hours after the beginning, valence, congruence, a feature of the text
Step = tuple[str | None, int | None, float | None, float | None, float]

levels = st.integers(0, 8).map(lambda eighths: eighths / 8)
steps = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob", "ada", None]),
        st.one_of(st.integers(0, 12).map(lambda step: step * 17), st.none()),
        st.one_of(levels, levels, st.none()),
        st.one_of(levels, levels, st.none()),
        levels,
    ),
    min_size=4,
    max_size=18,
)


def items(made: list[Step]) -> pl.DataFrame:
    times = [None if hours is None else BEGIN + timedelta(hours=hours) for _, hours, *_ in made]
    return pl.DataFrame(
        {
            "item_id": [f"i{place}" for place in range(len(made))],
            "user_id": [step[0] for step in made],
            "timestamp": times,
        },
        schema_overrides={"user_id": pl.String, "timestamp": CORPUS_SCHEMA["timestamp"]},
    )


def history(made: list[Step]) -> History:
    valence, congruence, text = (np.array([step[place] for step in made], np.float64) for place in (2, 3, 4))
    texts = Features(("tone",), text[:, None].astype(np.float32))
    return History(items(made), {"valence": valence, "congruence": congruence}, texts)


def inputs(made: list[Step], asked: list[Step] | None = None) -> Features:
    return past_inputs(history(made), items(made if asked is None else asked))


def column(found: Features, name: str) -> list[float]:
    return found.block((name,))[:, 0].tolist()


@settings(max_examples=30)
@given(steps, st.data())
def test_neither_the_target_nor_anything_later_changes_what_is_known_before_it(
    made: list[Step], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(made) - 1))
    who, when = made[place][:2]
    other = data.draw(st.tuples(st.none() | levels, st.none() | levels, levels))
    later = data.draw(st.integers(0, 400))
    changed: list[Step] = [
        (step[0], step[1] + (later if step[1] > when else 0), *other)
        if step[0] == who and when is not None and step[1] is not None and step[1] >= when
        else step
        for step in made
    ]
    changed[place] = (who, when, *other)
    changed += [(who, when + later, 0.3, 0.1, 1.0)] if when is not None else []
    np.testing.assert_array_equal(inputs(made).matrix[place], inputs(changed).matrix[place])


@settings(max_examples=20)
@given(steps, st.integers(0, 200), st.integers(1, 500))
def test_shifting_an_authors_future_changes_no_input_of_the_past(made: list[Step], now: int, shift: int) -> None:
    moved: list[Step] = [
        (who, hours + shift if hours is not None and hours >= now else hours, *rest) for who, hours, *rest in made
    ]
    past = [place for place, step in enumerate(made) if step[1] is not None and step[1] < now]
    np.testing.assert_array_equal(inputs(made).matrix[past], inputs(moved).matrix[past])


@settings(max_examples=20)
@given(steps, steps)
def test_other_authors_and_the_order_of_rows_change_nothing(made: list[Step], others: list[Step]) -> None:
    strangers: list[Step] = [("cyd" if who else None, *rest) for who, *rest in others]
    alone, among = inputs(made).matrix, past_inputs(history([*strangers, *made]), items(made)).matrix
    np.testing.assert_array_equal(alone, among)


def test_of_a_long_history_no_step_knows_itself_or_a_later_one() -> None:
    choices = np.random.default_rng(2)
    made: list[Step] = [("ada", 7 * place, *choices.random(3).tolist()) for place in range(14)]
    before = inputs(made).matrix
    for place in range(14):
        changed: list[Step] = [*made[:place], *((who, hours, 0.9, 0.8, 7.0) for who, hours, *_ in made[place:])]
        np.testing.assert_array_equal(inputs(changed).matrix[: place + 1], before[: place + 1])


def by_definition(series: list[float]) -> dict[str, float]:
    slow, fast = series[0], series[0]
    for value in series[1:]:
        slow, fast = 0.3 * value + 0.7 * slow, 0.7 * value + 0.3 * fast
    changes = np.abs(np.diff(series))[-5:]
    lags = {f"lag_{lag}": series[-min(lag, len(series))] for lag in range(1, 6)}
    return lags | {
        "mean": float(np.mean(series)),
        "level": (sum(series) + 3 * 0.5) / (len(series) + 3),
        "deviation": float(np.std(series)),
        "recent": float(np.mean(series[-5:])),
        "ema_slow": slow,
        "ema_fast": fast,
        "trend": fast - slow,
        "volatility": float(np.mean(changes)) if len(changes) else 0.0,
    }


@settings(max_examples=20)
@given(st.lists(levels, min_size=1, max_size=9))
def test_every_number_is_what_its_definition_says(series: list[float]) -> None:
    made: list[Step] = [("ada", 24 * place, value, value, value) for place, value in enumerate(series)]
    found = inputs(made, [("ada", 24 * len(series) + 6, None, None, 0)])
    for name, expected in by_definition(series).items():
        assert column(found, f"valence.{name}") == pytest.approx([expected], abs=1e-5)
    assert column(found, "text.tone") == pytest.approx([np.mean(series[-3:])])
    assert column(found, "steps") == pytest.approx([log1p(len(series))])
    assert column(found, "time_since_last") == pytest.approx([log1p(30 / 24)])
    assert column(found, "gap_mean") == pytest.approx([log1p(1) if len(series) > 1 else log1p(7)])
    assert column(found, "hour_sin") == pytest.approx([1.0])


def test_the_expectation_is_the_one_that_the_comparator_compares_with() -> None:
    choices = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "user_id": ["ada", "bob"] * 20,
            "timestamp": [BEGIN + timedelta(hours=int(hour)) for hour in np.repeat(np.arange(20), 2) * 9],
            "valence": choices.uniform(0, 1, 40),
        }
    ).with_columns(pl.col("timestamp").cast(CORPUS_SCHEMA["timestamp"]))
    compared = comparator(frame).cast(pl.Float64)
    expected = (frame["valence"] - compared).to_numpy()
    observed = {"valence": frame["valence"].to_numpy(), "comparator": compared.fill_null(np.nan).to_numpy()}
    known = np.flatnonzero(~np.isnan(expected))
    # Texts that a part lacks are in the expectation all the same: the last comparator tells it.
    for kept in (np.arange(40), np.arange(12, 40)):
        past = History(
            frame[kept.tolist()].select("user_id", "timestamp"),
            {name: values[kept] for name, values in observed.items()},
            Features((), np.zeros((len(kept), 0), np.float32)),
        )
        found = np.array(column(past_inputs(past, frame), "expectation"))
        asked = known[known >= kept[0] + 2]
        np.testing.assert_allclose(found[asked], expected[asked], atol=1e-5)


def test_texts_of_one_instant_are_one_step_and_do_not_see_each_other() -> None:
    made: list[Step] = [("ada", 0, 0.0, None, 0.0), ("ada", 0, 1.0, None, 1.0), ("ada", 5, None, None, 0.0)]
    found = inputs(made)
    assert column(found, "steps") == pytest.approx([0, 0, log1p(1)])
    assert column(found, "valence.lag_1")[2] == 0.5
    assert column(found, "text.tone")[2] == 0.5


def test_of_an_unknown_author_or_time_nothing_is_known() -> None:
    made: list[Step] = [("ada", 0, 0.9, 0.9, 0.9), (None, 4, 0.9, 0.9, 0.9), ("ada", None, 0.9, 0.9, 0.9)]
    found = inputs(made, [("eve", 9, None, None, 0), (None, 9, None, None, 0), ("ada", None, None, None, 0)])
    assert column(found, "steps") == [0, 0, 0]
    assert column(found, "valence.lag_3") == [0.5] * 3
    assert np.isfinite(found.matrix).all()


def test_a_step_of_which_nothing_was_observed_still_counts_as_one() -> None:
    made: list[Step] = [("ada", 0, 0.2, None, 0.0), ("ada", 24, None, None, 1.0)]
    found = inputs(made, [("ada", 48, None, None, 0)])
    assert (column(found, "steps"), column(found, "valence.lag_1")) == (pytest.approx([log1p(2)]), pytest.approx([0.2]))
    assert column(found, "congruence.mean") == [0.5]


def test_an_empty_history_knows_nothing() -> None:
    found = inputs([], [("ada", 3, None, None, 0)])
    assert column(found, "steps") == [0]


def times(found: Features) -> NDArray[np.float32]:
    return found.block(("hour_sin", "hour_cos", "weekday_sin", "weekday_cos"))


def test_the_clock_is_the_targets_own() -> None:
    late: datetime = BEGIN + timedelta(hours=18)
    found = past_inputs(history([("ada", 0, 0.1, 0.1, 0.1)]), pl.DataFrame({"user_id": ["ada"], "timestamp": [late]}))
    np.testing.assert_allclose(times(found)[0, :2], [-1, 0], atol=1e-6)
