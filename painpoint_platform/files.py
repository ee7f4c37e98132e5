"""Files as every domain reads and writes them: text with a place for what is no text, and writing whole or not at all.

Belongs here: bytes, text and the disk. Does not belong here: folders that are replaced whole (``folders``), what a file
holds (the domains).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from painpoint_platform.errors import UserError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without its byte order mark.

    Raises:
        UserError: it cannot be read or is not UTF-8; says line and byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return decoded(path, raw)


def decoded(path: Path, raw: bytes) -> str:
    """Return the text of a UTF-8 file's bytes, without its byte order mark.

    Raises:
        UserError: they are not UTF-8; says line and byte.
    """
    skipped = len(BYTE_ORDER_MARK) if raw.startswith(BYTE_ORDER_MARK) else 0
    try:
        return raw[skipped:].decode("utf-8")
    except UnicodeDecodeError as error:
        at = skipped + error.start
        line = raw.count(b"\n", 0, at) + 1
        raise UserError(
            f"{path}: line {line}, byte {at}: found 0x{raw[at]:02x}, which is not UTF-8; "
            "save the file as UTF-8 (in Excel: CSV UTF-8)"
        ) from None


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of ``path`` when the block ends without an error.

    One writer at a time is taken for granted: a fixed name serves until then, and what a killed process left is written
    over.

    Args:
        path: where the file shall be; its folder is made where there is none.
        durable: wait for the disk. Without it the file survives the end of the process, not that of the machine.

    Raises:
        UserError: the file cannot be written; names it and the reason.
    """
    unfinished = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(unfinished, path)
            if durable:
                sync(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror or error}); an older file is unchanged. Free space on that "
            "disk, or choose another folder"
        ) from error


def sync_tree(folder: Path) -> None:
    """Wait until a folder and everything in it are on disk."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
