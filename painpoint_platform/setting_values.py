"""What a setting may hold: addresses, folders and files, spans of time, as types that check and tidy a value.

Belongs here: what is wrong with one value, as a ``ValueError`` that says what was expected. Does not belong here: which
settings there are, and in which file and line the value stands (``settings``).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

QUOTES = "\"'"
DAY_S = 86_400
# Buckets, addresses (of whose slashes a path keeps one), and what DuckDB takes for its memory or a service.
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]+:/|:memory:|md:|motherduck:", re.IGNORECASE)


def tidied(text: str) -> str:
    """Return a value without the blanks around it.

    Raises:
        ValueError: it still has its quotes, as from ``docker run --env-file``, or holds a control character.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in QUOTES:
        raise ValueError("stands in quotes; leave them out")
    if any(ord(character) < 32 for character in text):
        raise ValueError("holds a line break or another control character; expected one line")
    return text


def shown_address(address: str) -> str:
    """Return an address as messages show it: without the user, the password and the query that it may hold."""
    before, separator, rest = address.partition("://")
    host = rest.partition("?")[0].rpartition("@")[2]
    return f"{before}{separator}{host}" if separator else before.rpartition("@")[2]


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        is_one = False
    if not is_one or any(character.isspace() for character in text):
        raise ValueError("is no address; expected http://HOST:PORT or https://HOST")
    return text


def _secret_address(secret: SecretStr) -> SecretStr:
    _address(secret.get_secret_value())
    return secret


def _folder(path: Path) -> Path:
    path = _local(path)
    with _explained():
        in_the_way = next((place for place in (path, *path.parents) if place.is_file()), None)
    if in_the_way:
        raise ValueError(f"{in_the_way} is a file; expected a folder, or a place where one can be made")
    return path


def _file(path: Path) -> Path:
    path = _local(path)
    with _explained():
        is_folder = path.is_dir()
    if is_folder:
        raise ValueError("is a folder; expected a file")
    _folder(path.parent)
    return path


def _local(path: Path) -> Path:
    """A shell replaces ``~``; nobody does it in ``.env``, where it would name a folder of that name."""
    if ELSEWHERE.match(str(path)):
        raise ValueError("is no path; expected one on a local disk")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such user; expected a path") from None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ValueError(f"cannot be looked at ({error.strerror}); expected a path that can") from None


Address = Annotated[str, AfterValidator(_address)]
SecretAddress = Annotated[SecretStr, AfterValidator(_secret_address)]
Folder = Annotated[Path, AfterValidator(_folder)]
File = Annotated[Path, AfterValidator(_file)]
FileOrFolder = Annotated[Path, AfterValidator(_local)]
Seconds = Annotated[float, Field(gt=0, le=DAY_S)]
