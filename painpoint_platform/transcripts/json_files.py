"""JSON files: read strictly, and written so that they appear whole or not at all.

Belongs here: reading and writing one, whatever it holds. Does not belong here: what the files of a run say
(``records``, ``outputs``, ``error_files``, ``summary``).
"""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from painpoint_platform.errors import UserError
from painpoint_platform.files import decoded, replacing


def read_json(path: Path) -> Any:
    """Parse a file of records.

    Raises:
        UserError: it cannot be read, is empty, is not UTF-8 or not JSON; says line and byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; expected a JSON file of records") from None
    text = decoded(path, raw)
    if not text.strip():
        raise UserError(f"{path}: the file is empty; expected a JSON list of records, or an object that carries it")
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        byte = len(text[: error.pos].encode()) + len(raw) - len(text.encode())
        place = f"{path}: line {error.lineno}, byte {byte}"
        if error.pos >= len(text.rstrip()) or not text.rstrip().endswith(("]", "}")):
            raise UserError(f"{place}: the JSON is cut off ({error.msg}); export the file again, whole") from None
        raise UserError(f"{place}: not JSON ({error.msg}); mend it or export the file again") from None
    except RecursionError:
        raise UserError(f"{path}: nested too deeply; expected a list of flat records") from None
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None


def write_json(path: Path, value: Any) -> None:
    """Write a value, indented for people; an older file is replaced.

    Raises:
        UserError: the file cannot be written; the older one is unchanged.
    """
    with replacing(path) as file:
        file.write(_encoded(value, indent=2) + b"\n")


def write_json_list(path: Path, head: Mapping[str, Any], name: str, entries: Iterable[Any]) -> None:
    """Write an object that ends with a long list, one entry a line; the list is never held as text.

    Args:
        path: the file; an older one is replaced.
        head: the fields before the list.
        name: the list's field.
        entries: what the list holds.

    Raises:
        UserError: the file cannot be written; the older one is unchanged.
        ValueError: an entry is not JSON; the older file is unchanged.
    """
    opening = _encoded({**head, name: []}, indent=2).removesuffix(b"[]\n}")
    with replacing(path) as file:
        file.write(opening + b"[")
        separator = b"\n"
        for entry in entries:
            file.write(separator + _encoded(entry))
            separator = b",\n"
        file.write(b"\n]}\n")


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise ValueError(f"holds the number {written}, which is too large for a program to keep; write it as text")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which is not JSON; write null instead")


def _encoded(value: Any, *, indent: int | None = None) -> bytes:
    """Return JSON in UTF-8; half a surrogate pair, which UTF-8 cannot hold, stays the escape that it was read from."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False).encode()
