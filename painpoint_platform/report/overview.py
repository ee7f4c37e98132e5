"""The overview's payload: the day's issues, categories and sources, and pain points of every kind.

Belongs here: arranging what was read. Does not belong here: reading it (``reading``), the page (``site/index.html``).
"""

import json
from typing import Any

import polars as pl

from painpoint_platform.report.reading import Contents, columnar

OF_A_CATEGORY = ("category", "issues", "new", "growing", "items", "impact", "negativity")
OF_A_CATEGORY_AND_DAY = ("day", "category", "items", "issues")


def overview_payload(contents: Contents) -> dict[str, Any]:
    """Return what the overview shows; days are ``YYYY-MM-DD``, what is unknown is None."""
    rows = contents.rows
    issues = columnar(rows["issues"])
    issues["sources"] = list(map(json.loads, issues["sources"]))
    by_category = rows["category_daily"]
    day = str(contents.day) if contents.day else None
    of_the_day = pl.col("day") == pl.lit(day, pl.String)
    (facts,) = rows["facts"].to_dicts() or [dict.fromkeys(rows["facts"].columns, 0)]
    return {
        "day": day,
        "days": list(map(str, contents.days)),
        "facts": facts,
        "issues": issues,
        "categories": columnar(by_category.filter(of_the_day).select(OF_A_CATEGORY)),
        "category_daily": columnar(by_category.select(OF_A_CATEGORY_AND_DAY)),
        "sources": columnar(rows["sources"]),
        "painpoints": columnar(rows["painpoints"]),
    }
