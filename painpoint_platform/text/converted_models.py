"""Converted models on disk: made once, whole or not at all, shared by all processes.

Belongs here: the folder of a conversion. Does not belong here: what a conversion does (``encoder_*``).
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from painpoint_platform.errors import UserError


def kept_model(folder: Path, convert: Callable[[Path], None]) -> Path:
    """Return ``folder`` after seeing that a converted model lies in it.

    Args:
        folder: the model's own folder; its name carries everything that the conversion depends on.
        convert: writes the model into the folder it is given. It works in a folder beside the final one, which is then
            renamed: of two processes that convert at once, the first one's model stays and both use it.

    Raises:
        UserError: the model cannot be written, as on a full disk. Nothing half-written stays.
    """
    if folder.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            made = Path(scratch) / folder.name
            made.mkdir()
            convert(made)
            _rename_unless_there(made, folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot keep the converted encoder ({error}); make room or set DATA_DIR") from error
    return folder


def _rename_unless_there(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(made)
