"""The day on which a call took place, as its names say it.

Belongs here: the forms in which file names and event ids write a day. Does not belong here: what is read besides
(``records``).
"""

import re
from datetime import date
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_NAME: Final = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY: Final = r"(?P<day>\d{1,2})"
_GAP: Final = r"[-_./, ]+"
_DATES: Final = tuple(
    re.compile(rf"(?<!\d){pattern}(?!\d)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}{_GAP}{_NAME}{_GAP}{_DAY}",
        rf"{_YEAR}(?P<gap>[-_./ ])(?P<number>\d{{1,2}})(?P=gap){_DAY}",
        rf"{_YEAR}(?P<number>\d\d)(?P<day>\d\d)",
        rf"{_DAY}{_GAP}{_NAME}{_GAP}{_YEAR}",
        rf"{_NAME}{_GAP}{_DAY}{_GAP}{_YEAR}",
    )
)


def call_date(*names: str | None) -> date | None:
    """Return the first day that a file name or event id names, such as ``2016-Apr-21-AMD`` or ``AMD_20160421``.

    Read are year first (with a month's name, or digits with one separator or none), and day, month's name, year in
    either order. A quarter or a year alone is no day; digits in an order that countries read differently are none.
    """
    for name in names:
        for pattern in _DATES:
            for found in pattern.finditer(name or ""):
                if day := _valid(found.groupdict()):
                    return day
    return None


def _valid(parts: dict[str, str | None]) -> date | None:
    name = parts.get("name")
    month = _MONTHS.index(name.lower()) + 1 if name else int(parts["number"] or 0)
    try:
        return date(int(parts["year"] or 0), month, int(parts["day"] or 0))
    except ValueError:
        return None
