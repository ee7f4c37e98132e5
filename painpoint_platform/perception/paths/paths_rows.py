"""What a classifier of paths is trained or judged on: rows with texts, whose label is a leaf of the tree.

Belongs here: the shape, and refusing rows that would make any figure worthless. Does not belong here: reading a corpus
(``corpus``), dealing folds (``splits``), features (``text_features``), rows of numbers (``training_rows``).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.training_rows import LabelledRows, labelled_rows, require_sound
from painpoint_platform.perception.measuring.path_metrics import Path
from painpoint_platform.perception.paths.hierarchy import EMOTIONS, Tree
from painpoint_platform.perception.variables import PATH_SEPARATOR
from painpoint_platform.wording import first_few


@dataclass(frozen=True, slots=True, eq=False)
class PathRows:
    """Rows of one variable.

    Attributes:
        rows: items, features and folds; ``labels`` are places of leaves in the tree, as numbers.
        texts: of the rows.
        tree: that the labels are leaves of.
    """

    rows: LabelledRows
    texts: tuple[str, ...]
    tree: Tree

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.texts)

    @property
    def places(self) -> NDArray[np.int64]:
        """The place of each row's leaf in the tree, (rows,)."""
        return self.rows.labels.astype(np.int64)

    @property
    def paths(self) -> list[Path]:
        """The labelled path of each row."""
        return [self.tree.paths[place] for place in self.places.tolist()]

    @property
    def folds(self) -> NDArray[np.int64]:
        """The fold that holds each row out, (rows,)."""
        return self.rows.folds

    def where(self, chosen: NDArray[np.bool_]) -> "PathRows":
        """Return the rows that ``chosen`` (rows,) has True of, in their order."""
        texts = tuple(self.texts[row] for row in np.flatnonzero(chosen))
        return PathRows(self.rows.where(chosen), texts, self.tree)


def path_rows(rows: pl.DataFrame, features: Features, variable: str, *, tree: Tree = EMOTIONS) -> PathRows:
    """Return the rows of a part of a corpus with the places of their paths in the tree.

    Args:
        rows: as of ``splits.Splits.rows``: the corpus's columns and ``fold``.
        features: of these rows.
        variable: a column of paths (List[String]).
        tree: that they have to be in.

    Raises:
        UserError: labels are missing or are no paths of the tree; names items and labels.
    """
    missing = rows.filter(pl.col(variable).is_null())["item_id"].to_list()
    labels = [None if path is None else tuple(path) for path in rows[variable].to_list()]
    strange = {path for path in labels if path is not None and path not in tree.places}
    findings = []
    if missing:
        findings.append(f"labels of the items {first_few(missing)} are missing; leave these rows out")
    if strange:
        items = [item for item, path in zip(rows["item_id"], labels, strict=True) if path in strange]
        shown = first_few(sorted(PATH_SEPARATOR.join(path) for path in strange))
        near = PATH_SEPARATOR.join(tree.paths[0])
        findings.append(f"{shown} of the items {first_few(items)}: no path of the tree, expected one such as {near}")
    if findings:
        raise UserError(f"{variable} cannot be learnt from these rows: {'; '.join(findings)}")
    places = pl.Series("place", [tree.places[path] for path in labels if path is not None], pl.Float64)
    plain = labelled_rows(rows.with_columns(places), features, "place")
    return PathRows(plain, tuple(rows["text"].to_list()), tree)


def require_sound_paths(rows: PathRows, variable: str, *, folds: bool) -> None:
    """Refuse rows that cannot be learnt from; all findings at once.

    Args:
        rows: to look at.
        variable: for messages.
        folds: whether the rows are trained on and must therefore have folds that keep authors together.

    Raises:
        UserError: features that are no numbers; for training also too few rows or folds, an author in two folds, or
            labels that are all one path.
    """
    paths = set(rows.paths)
    if folds and len(paths) == 1:
        only = PATH_SEPARATOR.join(paths.pop())
        raise UserError(
            f"{variable} cannot be learnt from these rows: every label is {only}; label texts of other paths"
        )
    require_sound(rows.rows, variable, (0, len(rows.tree.paths) - 1), folds=folds)
