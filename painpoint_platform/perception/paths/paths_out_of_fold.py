"""Predictions of paths by models that have not seen a row's author, on disk.

Belongs here: the files and what proves that they are of these rows. Does not belong here: making the predictions
(``paths_training``), those of numbers (``out_of_fold``).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.perception.metrics import Floats
from painpoint_platform.perception.out_of_fold import items_digest
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
    target = folder / f"{NAME}_oof.npy"
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        np.save(file, probabilities, allow_pickle=False)
    metadata = {
        "name": NAME,
        "rows": len(rows),
        "paths": rows.tree.paths,
        "items_sha256": items_digest(rows.rows),
        "probabilities_sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        **details,
    }
    with replacing(target.with_suffix(".json")) as file:
        file.write(json.dumps(metadata, indent=2, ensure_ascii=False).encode())
    return target


def read_path_predictions(path: Path, rows: PathRows) -> Floats:
    """Read the probabilities that ``write_path_predictions`` wrote of these rows.

    Raises:
        UserError: a file is missing or damaged, or is of other rows.
    """
    try:
        metadata = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: out-of-fold predictions cannot be read ({error}); train again") from None
    if digest != metadata.get("probabilities_sha256") or items_digest(rows.rows) != metadata.get("items_sha256"):
        raise UserError(f"{path}: these are not the out-of-fold predictions of these rows; train again")
    return np.asarray(np.load(path, allow_pickle=False), np.float64)
