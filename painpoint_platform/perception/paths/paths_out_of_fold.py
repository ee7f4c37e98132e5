"""Predictions of paths by models that have not seen a row's author, on disk.

Belongs here: what is told of them. Does not belong here: making the predictions (``paths_training``), the files and
those of numbers (``out_of_fold``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from painpoint_platform.perception.learning.out_of_fold import items_digest, write_metadata, write_predictions
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.paths.paths_rows import PathRows

NAME = "paths"


def write_path_predictions(probabilities: Floats, rows: PathRows, folder: Path, details: Mapping[str, Any]) -> Path:
    """Write ``paths_oof.npy`` and, beside it, what it is as ``paths_oof.json``; returns the path of the former.

    Args:
        probabilities: (rows, leaves), calibrated.
        rows: that they are of.
        folder: made where there is none.
        details: further metadata.

    Raises:
        UserError: the files cannot be written.
    """
    target, digest = write_predictions(folder, NAME, probabilities)
    metadata = {
        "name": NAME,
        "rows": len(rows),
        "paths": rows.tree.paths,
        "items_sha256": items_digest(rows.rows),
        "probabilities_sha256": digest,
        **details,
    }
    write_metadata(target, metadata)
    return target
