"""Paired calls that are kept as soon as they are finished, so that a killed run goes on where it stopped.

Belongs here: the folder they lie in, and when what is kept still holds. Does not belong here: the output that readers
use (``outputs``), single answers of models (kept by ``llm``).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.transcripts.file_names import file_name
from painpoint_platform.transcripts.paired_calls import PairedCall
from painpoint_platform.transcripts.records import Transcript

# Raised when the same records and answers would be paired otherwise: part of every fingerprint.
PAIRING_VERSION: Final = "2"


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: str
    call: PairedCall


_KEPT: Final = TypeAdapter(_Kept)


class FinishedCalls:
    """The folder of finished calls of one output folder; made if it is not there.

    Args:
        folder: its parent exists.
        settings: what else than its records a pairing depends on.

    Raises:
        UserError: the folder cannot be made.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder}: cannot be made ({error.strerror}); choose another output folder") from None
        self._settings = (PAIRING_VERSION, *settings)

    def get(self, transcript: Transcript) -> PairedCall | None:
        """Return the call if it was finished with the same records and settings.

        Raises:
            UserError: what is kept of it cannot be read.
        """
        path = self._path(transcript.key)
        try:
            kept = _KEPT.validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None  # never finished; or by another version of this program, or torn by a power cut
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror}); delete it, then run again") from None
        return kept.call if kept.fingerprint == self._fingerprint(transcript) else None

    def put(self, transcript: Transcript, call: PairedCall) -> None:
        """Keep a call. Safe against the end of the process; after a power cut it may have to be paired again.

        Raises:
            UserError: the folder cannot be written to.
        """
        with replacing(self._path(transcript.key), durable=False) as file:
            file.write(_KEPT.dump_json(_Kept(self._fingerprint(transcript), call)))

    def forget_others(self, keys: Iterable[str]) -> None:
        """Delete what belongs to calls that the input no longer has; what was never one is left alone."""
        wanted = {self._path(key) for key in keys}
        for path in self._folder.iterdir():
            if path not in wanted and path.is_file():
                path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / file_name(key, ".json")

    def _fingerprint(self, transcript: Transcript) -> str:
        digest = hashlib.sha256("\0".join(self._settings).encode())
        digest.update(json.dumps(transcript.records, sort_keys=True).encode())
        return digest.hexdigest()
