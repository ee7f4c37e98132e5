"""What the headers of an answer say about waiting.

Belongs here: ``Retry-After`` and the two dialects of ``X-RateLimit-*``. Does not belong here: the waiting (``pace``,
``http``), limits that an API states in its body (each collector).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

# GitHub states the moment (epoch seconds), Reddit the seconds that remain, under one header name.
_SMALLEST_EPOCH = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A request was refused because of a limit. ``wait_s`` is None where the API does not say for how long."""

    what: str
    wait_s: float | None = None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (a number or an HTTP date, RFC 9110 section 10.2.3), or None."""
    value = headers.get("Retry-After", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)


def used_up(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until the limit is reset if ``X-RateLimit-Remaining`` is below one, else None.

    ``X-RateLimit-Reset`` may be an epoch (GitHub) or a duration (Reddit). GitHub says to wait until the reset before
    the next request: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
    """
    remaining = _number(headers.get("X-RateLimit-Remaining", ""))
    reset = _number(headers.get("X-RateLimit-Reset", ""))
    if remaining is None or remaining >= 1 or reset is None:
        return None
    return max(0.0, reset - now if reset >= _SMALLEST_EPOCH else reset)


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Return the wait that the headers ask for, ``Retry-After`` first, or None where they are silent."""
    told = retry_after(headers, now)
    return told if told is not None else used_up(headers, now)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
