"""Names of files and folders that belong to one transcript.

Belongs here: making a safe name of a key that anyone may have chosen. Does not belong here: which files there are
(``finished``, ``review_pages``, ``transcript_steps``).
"""

import hashlib
import re
from typing import Final

UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME: Final = 80
# What stands beside the files of transcripts: the list of pages.
TAKEN: Final = frozenset({"index"})


def file_name(key: str, suffix: str = "") -> str:
    """Return the name of a transcript's file: its key where that is safe and free, else one that no other key gets."""
    safe = UNSAFE.sub("-", key)[:LONGEST_NAME].lstrip(".")
    if safe == key and key not in TAKEN:
        return key + suffix
    # Keys come from files of anyone; the digest keeps two keys apart that are spelled alike without their signs.
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{safe}-{digest}{suffix}"
