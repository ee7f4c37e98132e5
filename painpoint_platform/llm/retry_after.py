"""How long a server asks to be left alone.

Belongs here: the header Retry-After (RFC 9110, 10.2.3). Does not belong here: waiting (``pacing``, ``transport``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_to_wait(headers: Mapping[str, str] | None) -> float | None:
    """Return Retry-After in seconds, given as a number or as an HTTP date; None where it is missing or unreadable."""
    value = (headers or {}).get("retry-after")
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
