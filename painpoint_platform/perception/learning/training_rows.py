"""What a model is trained or judged on: features with names, labels, authors, folds.

Belongs here: the shape, and refusing rows that would make any figure worthless. Does not belong here: reading a corpus
(``corpus``), dealing folds (``splits``), computing features (``text_features``).
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import length_bucket
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.wording import first_few

# Folds of fewer rows than this have no figure worth comparing.
FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """Rows of one variable.

    Attributes:
        items: item_id, user_id, timestamp, language, length_bucket (of ``corpus.length_bucket``); one row an item.
        features: a row an item; the columns that a model is fitted on are found by name.
        labels: (rows,) float64.
        folds: (rows,) int: the fold that holds a row out; all -1 for rows that are only judged on.
    """

    items: pl.DataFrame
    features: Features
    labels: Floats
    folds: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.labels)

    @property
    def users(self) -> NDArray[np.str_]:
        """The author of each row, (rows,); a row without one is its own."""
        alone = pl.format("item:{}", pl.col("item_id"))
        return self.items.select(pl.coalesce("user_id", alone)).to_series().to_numpy().astype(np.str_)

    @property
    def lengths(self) -> NDArray[np.str_]:
        """The length bucket of each row, (rows,)."""
        return self.items["length_bucket"].to_numpy().astype(np.str_)

    @property
    def languages(self) -> NDArray[np.str_]:
        """The language of each row, (rows,); ``unknown`` where it is not known."""
        return self.items["language"].fill_null("unknown").to_numpy().astype(np.str_)

    def where(self, chosen: NDArray[np.bool_]) -> "LabelledRows":
        """Return the rows that ``chosen`` (rows,) has True of, in their order."""
        return replace(
            self,
            items=self.items.filter(pl.Series(chosen)),
            features=Features(self.features.names, self.features.matrix[chosen]),
            labels=self.labels[chosen],
            folds=self.folds[chosen],
        )


def labelled_rows(rows: pl.DataFrame, features: Features, variable: str) -> LabelledRows:
    """Return the rows of a part of a corpus that have a label of ``variable``.

    Args:
        rows: as of ``splits.Splits.rows``: the corpus's columns and ``fold``.
        features: of these rows.
        variable: a regression variable; a row may lack the comparator, which needs a past.
    """
    whole = LabelledRows(
        items=rows.select("item_id", "user_id", "timestamp", "language", length_bucket=length_bucket(pl.col("text"))),
        features=features,
        labels=rows[variable].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        folds=rows["fold"].fill_null(-1).cast(pl.Int64).to_numpy(),
    )
    present = np.asarray(~np.isnan(whole.labels))
    return whole if present.all() else whole.where(present)


def at_most(rows: LabelledRows, most: int, seed: int) -> LabelledRows:
    """Return the rows, or where there are more than ``most`` so many of them by chance, in their order."""
    if len(rows) <= most:
        return rows
    return rows.where(np.random.default_rng(seed).permutation(len(rows)) < most)


def require_sound(rows: LabelledRows, variable: str, limits: tuple[float, float], *, folds: bool) -> None:
    """Refuse rows that cannot be learnt from; all findings at once.

    Args:
        rows: to look at.
        variable: for messages.
        limits: the range of its labels.
        folds: whether the rows are trained on and must therefore have folds that keep authors together.

    Raises:
        UserError: features or labels that are no numbers, labels out of range, labels that are all the same; for
            training also too few rows, too few folds, an author in two folds.
    """
    findings = [*_wrong_features(rows), *_wrong_labels(rows, limits)]
    if folds and not findings:
        findings += _wrong_folds(rows)
    if findings:
        raise UserError(f"{variable} cannot be learnt from these rows: {'; '.join(findings)}")


def _wrong_features(rows: LabelledRows) -> list[str]:
    matrix = rows.features.matrix
    if matrix.shape != (len(rows), len(rows.features.names)):
        return [f"features of shape {matrix.shape}, expected ({len(rows)}, {len(rows.features.names)})"]
    wrong = ~np.isfinite(matrix)
    if not wrong.any():
        return []
    columns = [rows.features.names[column] for column in np.flatnonzero(wrong.any(axis=0))]
    return [
        f"features {first_few(columns)} are not finite in the items {_items(rows, np.asarray(wrong.any(axis=1)))}; "
        "compute the features anew"
    ]


def _wrong_labels(rows: LabelledRows, limits: tuple[float, float]) -> list[str]:
    low, high = limits
    missing = np.asarray(~np.isfinite(rows.labels))
    outside = np.asarray(~missing & ((rows.labels < low) | (rows.labels > high)))
    findings = []
    if missing.any():
        findings.append(f"labels of the items {_items(rows, missing)} are missing; leave these rows out")
    if outside.any():
        findings.append(
            f"labels of the items {_items(rows, outside)} are outside {low:g} to {high:g}, such as "
            f"{rows.labels[outside][0]:g}; rescale them"
        )
    return findings


def _wrong_folds(rows: LabelledRows) -> list[str]:
    if len(rows) < FEWEST_ROWS:
        return [f"{len(rows)} rows to train on, expected at least {FEWEST_ROWS}; label more"]
    folds = np.unique(rows.folds)
    if (folds < 0).any():
        return [f"the items {_items(rows, rows.folds < 0)} are in no fold; split the corpus anew"]
    if len(folds) < 2:
        return [f"{len(folds)} fold, expected at least 2; add texts of other authors"]
    if np.ptp(rows.labels) == 0:
        return [f"every label is {rows.labels[0]:g}; there is nothing to learn"]
    spread = pl.DataFrame({"user": rows.users, "fold": rows.folds}).group_by("user").agg(pl.col("fold").n_unique())
    torn = spread.filter(pl.col("fold") > 1)["user"].sort().to_list()
    return [f"the authors {first_few(torn)} are in several folds; split the corpus anew"] if torn else []


def _items(rows: LabelledRows, wrong: NDArray[np.bool_]) -> str:
    return first_few(rows.items.filter(pl.Series(wrong))["item_id"].to_list())
