"""Which process this is, and whether another one is still there.

Belongs here: a name for a process that outlives its number. Does not belong here: what is done about a dead one.
"""

import os
import socket
from pathlib import Path


def own() -> str:
    """Return a name for this process: machine, number and time of start."""
    return _name(os.getpid())


def is_alive(name: str) -> bool:
    """Tell whether the process of that name still runs. One of another machine cannot be seen and counts as alive."""
    host, pid, _ = name.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's, but there
    return _name(int(pid)) == name


def _name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{_started_at(pid)}"


def _started_at(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty where no /proc says it, as on macOS."""
    stat = Path(f"/proc/{pid}/stat")
    # The command in parentheses may hold blanks; the start is the 22nd field of all, the 20th after it (proc(5)).
    return stat.read_text().rpartition(")")[2].split()[19] if stat.exists() else ""
