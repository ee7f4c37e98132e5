"""The payloads of the issue page: each issue with its posts, days, descent and people's decisions.

Belongs here: what of them the folder has room for, and in which file an issue lies. Does not belong here: reading them
(``reading``), the page (``site/issue.html``).

All issues of the report's day are told. What room is left goes to issues of the days before, to the days of each issue
and then to posts: first one of every issue, then a second of every issue, and so on.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import polars as pl

from painpoint_platform.issues.impact import impact_parts
from painpoint_platform.report.packing import packed
from painpoint_platform.report.reading import COLUMNS, Contents
from painpoint_platform.report.sizes import EARLIER_SHARE, HISTORY_SHARE, ISSUE_FRAME_BYTES, row_bytes, within

PERCEPTION = (
    "negativity", "negativity_width", "intensity", "intensity_width", "willingness", "willingness_width",
)  # fmt: skip
EVIDENCE = tuple(name for name in COLUMNS["evidence"] if name not in ("key", "place"))
HISTORY = tuple(name for name in COLUMNS["history"] if name not in ("key", "place"))
LINEAGE = tuple(name for name in COLUMNS["lineage"] if name != "key")
DECISIONS = tuple(name for name in COLUMNS["decisions"] if name != "key")
NOT_TOLD = ("issue_key", "cluster_date", "cluster_authors", "engagement")
TOLD = tuple(name for name in COLUMNS["details"] if name not in NOT_TOLD)
# Points by which the parts of a score may miss it: what they are made from is rounded.
SAME_SCORE = 0.5
# Fields that are objects (False) or lists of objects (True).
INNER = {
    "impact_parts": False, "perception": False, "history": False, "evidence": True, "lineage": True, "decisions": True,
    "previous": True,
}  # fmt: skip


def issue_files(contents: Contents, *, room: float) -> dict[str, dict[str, Any]]:
    """Return the payload of each file ``issues/<first two characters of the key>``, packed (``packing``).

    Args:
        contents: what was read.
        room: bytes that all files together may take; issues of the day are told even where it is too little.
    """
    rows = contents.rows
    if rows["details"].is_empty():
        return {}
    issues, room = _chosen(contents, room)
    places = issues.select("key").with_row_index("position")
    lineage, decisions = (rows[name].join(places, on="key") for name in ("lineage", "decisions"))
    room -= _bytes(lineage, LINEAGE) + _bytes(decisions, DECISIONS)
    history = within(_by_turns(rows["history"], places), list(HISTORY), room * HISTORY_SHARE)
    evidence = _posts(_by_turns(rows["evidence"], places), room - _bytes(history, HISTORY))
    told = (
        issues.select(*TOLD)
        .join(_parts_of_impact(issues), on="key", how="left", maintain_order="left")
        .join(_lists(evidence, EVIDENCE, "evidence"), on="key", how="left", maintain_order="left")
        .join(_days(history), on="key", how="left", maintain_order="left")
        .join(_lists(lineage, LINEAGE, "lineage"), on="key", how="left", maintain_order="left")
        .join(_lists(decisions, DECISIONS, "decisions"), on="key", how="left", maintain_order="left")
    )
    files: dict[str, dict[str, Any]] = defaultdict(dict)
    for issue in told.to_dicts():
        files[issue["key"][:2]][issue["key"]] = _detail(issue)
    return {name: packed(objects, INNER) for name, objects in sorted(files.items())}


def _chosen(contents: Contents, room: float) -> tuple[pl.DataFrame, float]:
    """Return the issues that are told, those of the day first, and the room that is left beside them."""
    details = contents.rows["details"]
    is_today = pl.col("cluster_date") == pl.lit(contents.day, pl.Date)
    today, earlier = details.filter(is_today), details.filter(~is_today)
    room = max(0.0, room - _bytes(today, TOLD) - ISSUE_FRAME_BYTES * today.height)
    earlier = within(earlier, list(TOLD), room * EARLIER_SHARE)
    return pl.concat([today, earlier]), room - _bytes(earlier, TOLD) - ISSUE_FRAME_BYTES * earlier.height


def _by_turns(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """The first row of every issue, then the second of every issue: all have something before one has much."""
    return rows.join(places, on="key").sort("place", "position")


def _posts(evidence: pl.DataFrame, room: float) -> pl.DataFrame:
    """Where there is no room for all posts with all that they say, a quoted post is told by its quote alone."""
    if _bytes(evidence, EVIDENCE) > room:
        evidence = evidence.with_columns(snippet=pl.when(pl.col("quote").is_null()).then("snippet"))
    return within(evidence, list(EVIDENCE), room)


def _lists(rows: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    return rows.group_by("key", maintain_order=True).agg(pl.struct(*columns).alias(name))


def _days(history: pl.DataFrame) -> pl.DataFrame:
    by_issue = history.sort("position", "day").group_by("key", maintain_order=True).agg(*HISTORY)
    return by_issue.select("key", history=pl.struct(*HISTORY))


def _parts_of_impact(issues: pl.DataFrame) -> pl.DataFrame:
    """The points of each part of the impact score; null where they do not add up to it, as on days before scores."""
    parts = impact_parts()
    inputs = issues.select(
        "key",
        "impact",
        "engagement",
        *PERCEPTION,
        impact_level=pl.col("level").cast(pl.String),
        authors="cluster_authors",
        would_pay_signal="would_pay",
    )
    adds_up = (pl.sum_horizontal(parts.values()) - pl.col("impact")).abs() <= SAME_SCORE
    rounded = pl.struct(*(part.round(1).alias(name) for name, part in parts.items()))
    return inputs.select("key", pl.when(adds_up).then(rounded).alias("impact_parts"))


def _detail(issue: dict[str, Any]) -> dict[str, Any]:
    """Return an issue as the page takes it; its key stands above it."""
    plain = {name: issue[name] for name in TOLD if name not in (*PERCEPTION, "key", "sources")}
    return {
        **plain,
        "impact_parts": issue["impact_parts"],
        "perception": {name: issue[name] for name in PERCEPTION},
        "sources": json.loads(issue["sources"]),
        "evidence_total": issue["items"],
        "evidence": issue["evidence"] or [],
        "history": issue["history"] or {name: [] for name in HISTORY},
        "lineage": issue["lineage"] or [],
        "decisions": issue["decisions"] or [],
    }


def _bytes(rows: pl.DataFrame, columns: Sequence[str]) -> float:
    return float(rows.select(row_bytes(list(columns)).sum()).item() or 0) if rows.height else 0.0
