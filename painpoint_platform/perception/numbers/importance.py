"""What a model looks at: how much worse it becomes when one thing that it reads is shuffled.

Belongs here: permutation importance (Breiman 2001) by feature and block. Does not belong here: drawing it (``plots``).

The numbers of an embedding say nothing alone and stand in for one another, so each embedding is shuffled whole; every
other feature alone. The author's past is taken away, not shuffled: a row is then scored without earlier labels.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from painpoint_platform.perception.features.anchors import ANCHOR_NAMES
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import EMBEDDING_NAMES, MIDDLE_NAMES, Features
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.metrics import Floats, rmse
from painpoint_platform.perception.numbers.model import PerceptionModel

MOST_ROWS = 1_000  # of the judged ones; more would cost seconds and change no order
REPEATS = 2
AUTHOR_LEVEL = "author's earlier labels"
_BLOCKS: Mapping[str, Sequence[str]] = {
    "words": LEXICAL_NAMES, "embedding": EMBEDDING_NAMES, "anchors": ANCHOR_NAMES, "past": TEMPORAL_NAMES,
    "middle layer": MIDDLE_NAMES,
}  # fmt: skip
_WHOLE = ("embedding", "middle layer")


def importance(model: PerceptionModel, rows: LabelledRows, *, seed: int) -> pl.DataFrame:
    """Return by how much the RMSE rises without each thing that the model reads.

    Args:
        model: fitted on other rows.
        rows: with labels; at most ``MOST_ROWS`` of them are used.
        seed: of the rows and the shuffling.

    Returns:
        feature, block (words, embedding, middle layer, anchors, past), columns (how many were shuffled together),
        rmse_increase; the most important first.
    """
    choices = np.random.default_rng(seed)
    if len(rows) > MOST_ROWS:
        rows = rows.where(choices.permutation(len(rows)) < MOST_ROWS)
    whole = _rmse(model, rows, rows.features.matrix, rows.labels)
    found = []
    for feature, (block, columns) in _shuffled_together(model).items():
        places = [rows.features.names.index(name) for name in columns]
        worse = [
            _rmse(model, rows, _shuffled(rows.features.matrix, places, choices), rows.labels) for _ in range(REPEATS)
        ]
        found.append((feature, block, len(columns), float(np.mean(worse)) - whole))
    if model.level is not None:
        found.append((AUTHOR_LEVEL, "past", 0, _rmse(model, rows, rows.features.matrix, None) - whole))
    frame = pl.DataFrame(found, schema=["feature", "block", "columns", "rmse_increase"], orient="row")
    return frame.sort("rmse_increase", "feature", descending=[True, False])


def _shuffled_together(model: PerceptionModel) -> dict[str, tuple[str, list[str]]]:
    """Return block and columns of each thing that the model reads."""
    block_of = {name: block for block, names in _BLOCKS.items() for name in names}
    found: dict[str, tuple[str, list[str]]] = {}
    for name in model.columns:
        block = block_of[name]
        feature = block if block in _WHOLE else name
        found.setdefault(feature, (block, []))[1].append(name)
    return found


def _shuffled(
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]], places: list[int], choices: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    mixed = matrix.copy()
    mixed[:, places] = matrix[choices.permutation(len(matrix))][:, places]
    return mixed


def _rmse(
    model: PerceptionModel,
    rows: LabelledRows,
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    observed: Floats | None,
) -> float:
    scores = model.score(Features(rows.features.names, matrix), rows.items, observed).score
    return rmse(rows.labels, scores)
