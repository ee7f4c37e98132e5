"""Histories: what authors wrote when, and what was observed of it.

Belongs here: the shape, making it from a part of a corpus, refusing histories that nothing can be foreseen from. Does
not belong here: what is computed of a past (``temporal_inputs``), models (``temporal_models``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import length_bucket
from painpoint_platform.perception.features.text_features import FEATURE_NAMES, Features
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.wording import first_few

# What is observed of a text and tells something of those that follow, where a corpus has it.
SERIES = ("valence", "arousal", "congruence", "comparator")
_KEPT = frozenset(FEATURE_NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Texts of authors, in any order.

    Attributes:
        items: user_id and timestamp at least (null: in nobody's past); a row a text.
        observed: by series, (rows,) values, NaN where nothing was observed.
        texts: features of the texts, a row a text; without columns where no text is looked at.
    """

    items: pl.DataFrame
    observed: Mapping[str, Floats]
    texts: Features


@dataclass(frozen=True, slots=True, eq=False)
class HistoryRows:
    """A part of a corpus for a variable that is to be foreseen.

    Attributes:
        history: all texts of the part; its items also have item_id, language, length_bucket.
        labels: (rows,) of the variable; NaN: the text is in the past of others and is not itself foreseen.
        folds: (rows,) the fold that holds a row out; -1 for rows that are only judged on.
    """

    history: History
    labels: Floats
    folds: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.labels)

    @property
    def labelled(self) -> int:
        """How many of them have a label."""
        return int(np.isfinite(self.labels).sum())


def history_rows(rows: pl.DataFrame, features: Features, variable: str, *, now: datetime | None = None) -> HistoryRows:
    """Return a part of a corpus as histories.

    Args:
        rows: as of ``splits.Splits.rows``: the corpus's columns and ``fold``, whole authors.
        features: of these texts, of which those of ``text_features.FEATURE_NAMES`` are kept.
        variable: congruence or comparator.
        now: later timestamps are refused; default the clock.

    Raises:
        UserError: no text has a time, no author has texts at two times, times that lie ahead, features that are no
            numbers; all findings at once.
    """
    observed = {name: _numbers(rows, name) for name in SERIES if name in rows.columns}
    items = rows.select("item_id", "user_id", "timestamp", "language", length_bucket=length_bucket(pl.col("text")))
    made = HistoryRows(
        History(items, observed, _kept(features)),
        _numbers(rows, variable),
        rows["fold"].fill_null(-1).cast(pl.Int64).to_numpy(),
    )
    findings = [*_wrong_times(items, now or datetime.now(UTC)), *_wrong_features(items, features)]
    if findings:
        raise UserError(f"{variable} cannot be foreseen from these rows: {'; '.join(findings)}")
    return made


def _kept(features: Features) -> Features:
    names = tuple(name for name in features.names if name in _KEPT)
    return Features(names, features.block(names))


def _numbers(rows: pl.DataFrame, name: str) -> Floats:
    return rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _wrong_times(items: pl.DataFrame, now: datetime) -> Iterator[str]:
    times = items.drop_nulls(["user_id", "timestamp"])
    if times.is_empty():
        yield f"none of the {items.height} items has an author and a time; add user_id and timestamp"
        return
    if times.select(pl.struct("user_id", "timestamp").n_unique() == pl.col("user_id").n_unique()).item():
        yield (
            f"no author has items at two times ({times.height} items, {times['user_id'].n_unique()} authors), so "
            "nothing lies before anything; add earlier or later texts of the same authors"
        )
    ahead = times.filter(pl.col("timestamp") > now)
    if ahead.height:
        yield f"the times of the items {_some(ahead)} lie after {now:%Y-%m-%d %H:%M} UTC; correct them"


def _wrong_features(items: pl.DataFrame, features: Features) -> Iterator[str]:
    if len(features.matrix) != items.height:
        yield f"{len(features.matrix)} rows of features for {items.height} items; compute the features anew"
        return
    wrong = ~np.isfinite(features.matrix).all(axis=1)
    if wrong.any():
        yield f"features of the items {_some(items.filter(pl.Series(wrong)))} are not finite; compute them anew"


def _some(items: pl.DataFrame) -> str:
    return first_few(items["item_id"].cast(pl.String).to_list())
