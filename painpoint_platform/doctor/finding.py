"""One thing that was looked at, and the two ways of looking that can fail.

Belongs here: what every area shares. Does not belong here: what is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from painpoint_platform.errors import PainpointError

State = Literal["ok", "missing", "off"]
# A person waits for the answer; a server that takes longer is as good as down.
REACH_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``off`` is a choice, ``missing`` something to mend; no text holds a secret."""

    area: str
    what: str
    state: State
    detail: str


def tried(area: str, what: str, look: Callable[[], str]) -> Finding:
    """Return what ``look`` says, or as missing the error of the platform that it raised."""
    try:
        return Finding(area, what, "ok", look())
    except PainpointError as error:
        return Finding(area, what, "missing", str(error))


def reached(area: str, what: str, url: str, shown: str) -> Finding:
    """Ask ``url`` and say as ``shown`` whether somebody answered; never raises."""
    import httpx

    try:
        status = httpx.get(url, timeout=REACH_TIMEOUT_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(area, what, "missing", f"{shown} cannot be reached: {type(error).__name__}")
    # Any answer but a server's own failure shows that somebody is there; credentials are tried by the run itself.
    return Finding(area, what, "ok" if status < 500 else "missing", f"{shown} answers {status}")
