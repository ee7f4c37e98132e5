"""Files that people drop into a folder: when they are whole, and how to tell a changed one.

Belongs here: what the inboxes of all domains share. Does not belong here: what a file must hold (the domains).
"""

import time
from pathlib import Path

# A file that is being copied grows; one that has been still for so long is taken to be whole.
SETTLED_AFTER_S = 10.0


def is_settled(path: Path, *, now_s: float | None = None) -> bool:
    """Say whether a file has been left alone for ``SETTLED_AFTER_S``; ``now_s`` is the time (epoch seconds)."""
    return (time.time() if now_s is None else now_s) - path.stat().st_mtime >= SETTLED_AFTER_S


def state_of(path: Path) -> str:
    """Return what changes when the file is replaced or written to: its time of change and its size."""
    found = path.stat()
    return f"{found.st_mtime_ns}-{found.st_size}"
