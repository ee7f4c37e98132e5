"""JSON files that appear whole or not at all.

Belongs here: writing one, whatever it holds. Does not belong here: what the files of a run say (``outputs``,
``error_files``, ``summary``), reading (``records.read_json``).
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from painpoint_platform.files import replacing


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


def _encoded(value: Any, *, indent: int | None = None) -> bytes:
    """Return JSON in UTF-8; half a surrogate pair, which UTF-8 cannot hold, stays the escape that it was read from."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False).encode()
