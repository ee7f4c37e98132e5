"""Who wrote a post, without a name: the salted hash that stands for an author, and the salt.

Belongs here: the hash, making and reading the salt's file. Does not belong here: where the file is (``settings``),
taking an author's posts down (``painpoint_platform.takedown``).
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from painpoint_platform.errors import UserError
from painpoint_platform.issues.storable import storable

_SHORTEST_SALT = 16


def author_hash(author: str | None, *, source: str, salt: str) -> str | None:
    """Return the HMAC-SHA-256 of the user name under the salt, as hex; None for a deleted account.

    The source is part of it: the same name at two sites is not the same person. Keyed (RFC 2104) rather than appended,
    so that a known name cannot be looked up without the salt.
    """
    if not author:
        return None
    return hmac.new(salt.encode(), f"{source}\n{storable(author)}".encode(), hashlib.sha256).hexdigest()


def load_author_salt(path: Path) -> str:
    """Return the salt kept in ``path``; make it on first use, readable by its owner only.

    Two processes that start at once agree: the file appears whole, by a hard link that only the first can make.

    Raises:
        UserError: the file holds no usable salt or cannot be read or written. It is never replaced: a new salt would
            make strangers of all authors collected so far.
    """
    try:
        if not path.exists():
            _make_salt(path)
        salt = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: the salt of author hashes cannot be read or made ({error}); set AUTHOR_SALT"
        ) from None
    if len(salt) < _SHORTEST_SALT:
        raise UserError(
            f"{path}: holds {len(salt)} characters, expected at least {_SHORTEST_SALT}; restore it from a backup, or "
            "delete it to begin with a new salt (authors collected so far will not be recognised)"
        )
    return salt


def _make_salt(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first; its salt is the salt
    finally:
        draft.unlink()
