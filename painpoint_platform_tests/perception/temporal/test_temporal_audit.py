"""Inputs of a text that follow what nobody knew before it are found; inputs from the past alone are not."""

from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import DataContractError
from painpoint_platform.perception.corpora.leak_audit import require_no_leaks
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.temporal.temporal_audit import audit_inputs
from painpoint_platform.perception.temporal.temporal_history import History, history_rows
from painpoint_platform.perception.temporal.temporal_inputs import past_inputs
from painpoint_platform_tests.perception.histories import features_of, part_of_corpus


def seen(history: History, targets: pl.DataFrame, until: timedelta = timedelta()) -> Features:
    """Return the inputs of targets, from a moment on that is as much later than their own as is said."""
    return past_inputs(history, targets.with_columns(pl.col("timestamp") + until))


@pytest.fixture(scope="module")
def history() -> History:
    rows = part_of_corpus(12, 6)
    return history_rows(rows, features_of(rows), "congruence").history


def test_inputs_from_the_past_alone_are_no_leak(history):
    assert audit_inputs(history, seen) == []


@pytest.mark.parametrize(
    "until", [timedelta(microseconds=1), timedelta(days=40)], ids=["the target's own", "the future"]
)
def test_inputs_that_know_the_target_or_what_follows_are_found(history, until):
    (leak,) = audit_inputs(history, partial(seen, until=until))
    assert leak.kind == "input_of_target_step"
    assert leak.count >= 12
    with pytest.raises(DataContractError, match="input of target step"):
        require_no_leaks([leak])


def test_an_input_from_the_targets_text_alone_is_found(history):
    def with_own_text(steps: History, targets: pl.DataFrame) -> Features:
        past = seen(steps, targets)
        place = steps.items.with_row_index("place").join(targets.select("item_id"), on="item_id", how="semi")["place"]
        return Features((*past.names, "own"), np.hstack([past.matrix, steps.texts.matrix[place.to_numpy(), :1]]))

    assert [leak.kind for leak in audit_inputs(history, with_own_text)] == ["input_of_target_step"]
