"""Proof that what foresees a text does not know it: its inputs may not follow a change of what comes later.

Belongs here: trying that on histories. Does not belong here: computing inputs (``temporal_inputs``), leaks of a split
(``leak_audit``).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from painpoint_platform.perception.corpora.leak_audit import Leak, leak_of
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.temporal.temporal_history import History

_ROUNDS = 2  # each looks at some two thirds of an author's texts, the last one before what is changed among them


def audit_inputs(
    history: History, inputs: Callable[[History, pl.DataFrame], Features], *, seed: int = 137
) -> list[Leak]:
    """Change what nobody can know before a text is written, and look whether any input of it follows.

    From a moment of each author on, chosen by chance, texts and values become others, and later times move. Inputs of
    the texts up to that moment, the one of the moment itself among them, have to stay as they were, bit by bit.

    Args:
        history: texts of authors; its items also have item_id.
        inputs: computes what a model reads of (history, targets), a row a target.
        seed: of moments and changes.

    Returns:
        A leak ``input_of_target_step``, or none.
    """
    choices, leaking = np.random.default_rng(seed), set[str]()
    for _ in range(_ROUNDS):
        moment = _moments(history.items, choices)
        targets = history.items.filter(pl.col("timestamp") <= moment)
        known, changed = (inputs(one, targets).matrix for one in (history, _changed(history, moment, choices)))
        follows = pl.Series((known != changed).any(axis=1))
        leaking |= set(targets.filter(follows)["item_id"].cast(pl.String))
    return list(leak_of("input_of_target_step", "inputs of what is to be foreseen", pl.Series(sorted(leaking))))


def _moments(items: pl.DataFrame, choices: np.random.Generator) -> pl.Series:
    """Return for each row a time at which its author wrote, the same for all rows of an author; null without times."""
    drawn = items.select("user_id", "timestamp").with_columns(lot=pl.Series(choices.random(items.height)))
    first = (
        pl.col("timestamp")
        .filter(pl.col("timestamp").is_not_null())
        .sort_by(pl.col("lot").filter(pl.col("timestamp").is_not_null()))
        .first()
    )
    return drawn.select(first.over("user_id")).to_series()


def _changed(history: History, moment: pl.Series, choices: np.random.Generator) -> History:
    items = history.items
    late, later = (
        items.select(compared.fill_null(value=False)).to_series().to_numpy()
        for compared in (pl.col("timestamp") >= moment, pl.col("timestamp") > moment)
    )
    shift = pl.when(pl.Series(later)).then(pl.duration(hours=int(choices.integers(1, 1_000)))).otherwise(pl.duration())
    texts = np.where(late[:, None], choices.random(history.texts.matrix.shape), history.texts.matrix)
    return replace(
        history,
        items=items.with_columns(pl.col("timestamp") + shift),
        observed={
            name: np.where(late, choices.random(len(values)), values) for name, values in history.observed.items()
        },
        texts=Features(history.texts.names, texts.astype(np.float32)),
    )
