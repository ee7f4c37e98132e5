"""Which issue each cluster of a day is: the same as on other days, a new one, a part of one, several in one.

Belongs here: matching a day's clusters with known issues, keys, relations. Does not belong here: how much two groups of
posts resemble each other (``resemblance``), reading and writing, labels that are kept (``known_issues``), what people
decided (``edits`` are applied to what comes out of here).

Keys. An issue's key is the fingerprint of its first cluster: the same content gives the same key on every machine. A
cluster takes the key of the issue that it is matched with by an optimal assignment (at most one cluster an issue) over
the days before *and after* it:

- a day that is run again keeps its keys: items that stood for an issue on that day (``ops.issue_anchors``) bring their
  cluster its key back, whatever the clustering settings, and whether gold was emptied in between;
- a day that is filled in later takes over the keys of later days; keys that exist never change for its sake;
- clusters of a day with the same representatives, or that resemble each other as much as one problem's posts do, are
  one issue, unless each of them is known as an issue of its own.

Relations look back only, so that they do not depend on the order in which days were run: a day that is run again while
the keys around it stand gets the relations that it had, and one that was filled in changes those of later days when
they are run again. "There" means seen on one of the last days (``RECENT_DAYS``).

- ``continues``: the issue was seen before;
- ``merges``: so was another one, that was there, resembled it little, and is today found in this cluster only;
- ``splits``: it was not seen on the last day with clusters, but was a part of an issue that goes on beside it;
- ``new``: nothing like it was seen within ``LINEAGE_DAYS``.

The clustering joins and tears topics for a day, which is nothing that happened to them. Pieces of an issue resemble
each other in their words and keep its key; the parts of a split have nothing in common. And a whole is one only if its
posts speak of both parts: a cluster half of whose posts are about one problem and half about another is a heap.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
import polars as pl

from painpoint_platform.issues.identity.resemblance import Embed, Floats, Groups, by_words, resemblances

# Below this resemblance two clusters are not one issue. Clusters of different problems reach 0.3 on made streams and
# 0.45 on banking questions (99 of 100), clusters of one problem on neighbouring days 0.6 and more (95 of 100).
SAME_ISSUE = 0.4
# The same for an issue that has not been seen for days: it has had its end, and what comes near it is rarely it.
SAME_ISSUE_ASLEEP = 0.55
# The share of the items that stood for an issue on a day which brings a cluster of that day its key back.
ANCHORED = 0.5
# What a whole must have of each of two parts to have split into them, or to have been merged from them.
LEAST_SHARE = 0.25
# A cluster that resembles an issue less than this has no part of it. One of 1,000 pairs of different problems do more.
NEAR = 0.15
# Two that resemble each other this much are not two problems: halves of a split reach 0.5 to 0.8 of their whole.
PART = 0.3
# Two clusters of a day that resemble each other this much in their words are one issue, torn apart by the clustering.
# Of clusters of different problems 2 in 1,000 do on banking questions, none on made streams.
TWINS = 0.75
# The same where one of them is an issue that the other resembles as much as a part does. On made streams 1 in 1,000
# pairs of different problems, the halves of a split among them, reach 0.13; pieces of one problem 0.18 and more.
PIECES = 0.15
# Posts of a whole that are nearer to one of its parts resemble those nearer to the other this much. In a cluster of two
# problems that the clustering put together they have nothing in common; nothing has merged there.
IN_COMMON = 0.4
# An issue that was not seen on one or two days may have been too small for a cluster: it is still there. Counted in
# days up to the last one with clusters.
RECENT_DAYS = 3
# What an issue that was there on the last day with clusters has over one that was not, where a cluster resembles both.
STILL_THERE = 0.1

LINEAGE = pl.Schema(
    {
        "cluster_date": pl.Date(),
        "cluster_id": pl.Int32(),
        "issue_key": pl.String(),
        "relation": pl.String(),
        "similarity": pl.Float64(),
        "previous_keys": pl.List(pl.String()),
    }
)


@dataclass(frozen=True, slots=True)
class _Side:
    """The known portraits of one side of the day, the days before it or those after.

    Attributes:
        rows: the portraits, those of the nearest days first.
        found: (clusters, portraits) resemblances.
        words: clusters, then portraits, compared by words.
    """

    rows: pl.DataFrame
    found: Floats
    words: Groups

    def of_issues(self, keys: Sequence[str]) -> Floats:
        """Return the best resemblance of each cluster to any portrait of each issue, (clusters, keys), at least 0."""
        best = np.zeros((len(keys), self.found.shape[0]))
        place = {key: index for index, key in enumerate(keys)}
        np.maximum.at(best, [place[key] for key in self.rows["issue_key"]], self.found.T)
        return best.T

    def seen(self, days: int = 1) -> frozenset[str]:
        """Return the issues of the nearest ``days``, counted from the nearest one with clusters."""
        away = (pl.col("cluster_date") - pl.col("cluster_date").first()).abs()
        return frozenset(self.rows.filter(away < timedelta(days=days))["issue_key"])


@dataclass(frozen=True, slots=True)
class _Past:
    """What relations are told from: the issues of the days before.

    Attributes:
        found: the best resemblance of each cluster to each issue, (clusters, issues).
        column: the issue's column in it.
        portraits: its portraits, those of the nearest day first, by place among the groups compared.
        last: the issues of the last day with clusters.
        recent: those of the last days.
        words: clusters, then portraits, compared by words.
    """

    found: Floats
    column: dict[str, int]
    portraits: dict[str, list[int]]
    last: frozenset[str]
    recent: frozenset[str]
    words: Groups

    @classmethod
    def of(cls, side: _Side) -> "_Past":
        placed = side.rows.with_row_index("place", offset=side.found.shape[0])
        portraits = dict(placed.group_by("issue_key", maintain_order=True).agg("place").sort("issue_key").iter_rows())
        return cls(
            side.of_issues(list(portraits)).round(6),
            {key: column for column, key in enumerate(portraits)},
            portraits,
            side.seen(),
            side.seen(RECENT_DAYS),
            side.words,
        )

    def resembling(self, row: int) -> list[str]:
        """Return the issues of the last days that a cluster resembles at least as much as a whole does its part."""
        return [key for key in sorted(self.recent) if self.found[row, self.column[key]] >= NEAR]

    def apart(self, one: int, other: int) -> bool:
        """Return whether two portraits are of different problems: neither is in the other, or a piece of it."""
        return bool(self.words.resemblance(np.array([one]), np.array([other]))[0, 0] < PART)

    def made_of(self, whole: int, one: int, other: int) -> bool:
        """Return whether both are parts of the whole, and its posts speak of both: no two heaps in one cluster."""
        return min(self.words.shares(whole, one, other)) >= LEAST_SHARE and (
            self.words.camps(whole, one, other) >= IN_COMMON
        )


def trace(
    day: date,
    clusters: pl.DataFrame,
    *,
    earlier: pl.DataFrame,
    later: pl.DataFrame,
    anchors: pl.DataFrame,
    embed: Embed,
    budget: int | None,
) -> pl.DataFrame:
    """Say which issue each of a day's clusters is.

    Args:
        day: the day.
        clusters: a row a cluster: cluster_id, cluster_fingerprint, texts (its posts, representatives first).
        earlier: known clusters of days before it, likewise, with issue_key and cluster_date.
        later: those of days after it.
        anchors: cluster_id, issue_key, share: how many of the items that stood for the issue on this very day, when it
            was run before, are in the cluster now.
        embed: texts to unit vectors.
        budget: most texts to embed a side, of which only a day that is filled in has two; None for as many as words
            leave open.

    Returns:
        A row a cluster, in order of cluster_id, with the columns of ``LINEAGE``. ``similarity`` is the resemblance to
        the earlier issue that it comes from, for a new one to that which comes nearest, null where there is none;
        ``previous_keys`` are the earlier issues that went into it.
    """
    if clusters.is_empty():
        return LINEAGE.to_frame()
    units = clusters.sort("cluster_id").unique("cluster_fingerprint", keep="first", maintain_order=True)
    before = _compared(units, earlier, day, embed, budget)
    # Where every cluster is known from the day itself, later days have nothing to say.
    anchored = anchors.filter(pl.col("share") >= ANCHORED)["cluster_id"]
    is_settled = set(units["cluster_id"]) <= set(anchored)
    after = None if is_settled else _compared(units, later, day, embed, budget)
    keys = _keys(day, units, before, after, anchors)
    past = _Past.of(before) if before else None
    traced = pl.DataFrame(
        [_related(row, keys, past) for row in range(units.height)],
        schema=["relation", "similarity", "previous_keys"], orient="row",
        schema_overrides={name: LINEAGE[name] for name in ("relation", "similarity", "previous_keys")},
    )  # fmt: skip
    found = pl.concat([units.select("cluster_fingerprint"), traced], how="horizontal")
    return (
        clusters.join(found.with_columns(issue_key=pl.Series(keys, dtype=pl.String)), on="cluster_fingerprint")
        .with_columns(cluster_date=pl.lit(day))
        .select(pl.col(name).cast(dtype) for name, dtype in LINEAGE.items())
        .sort("cluster_id")
    )


def _compared(units: pl.DataFrame, known: pl.DataFrame, day: date, embed: Embed, budget: int | None) -> _Side | None:
    if known.is_empty():
        return None
    distance = (pl.col("cluster_date") - pl.lit(day)).abs()
    rows = known.sort(distance, "cluster_date", "cluster_id")
    groups = [*units["texts"].to_list(), *rows["texts"].to_list()]
    words = by_words(groups, today=units.height)
    numbers = rows["issue_key"].rank("dense").cast(pl.Int64).to_numpy()
    found = resemblances(groups, words, today=units.height, issues=numbers, embed=embed, budget=budget)
    same = units["cluster_fingerprint"].to_numpy()[:, None] == rows["cluster_fingerprint"].to_numpy()[None, :]
    return _Side(rows, np.where(same, 1.0, found.clip(0.0, 1.0)), words)


def _keys(
    day: date, units: pl.DataFrame, before: _Side | None, after: _Side | None, anchors: pl.DataFrame
) -> list[str]:
    """Return the key of each unit: a known issue's by optimal assignment, else its own."""
    from scipy.optimize import linear_sum_assignment

    sides = [side for side in (before, after) if side]
    known = sorted({*anchors["issue_key"], *(key for side in sides for key in side.rows["issue_key"])})
    score = np.zeros((units.height, len(known)))
    for side in sides:
        score = np.maximum(score, side.of_issues(known))
    share = _anchored(units, known, anchors)
    recent = frozenset().union(*(side.seen(RECENT_DAYS) for side in sides))
    least = np.where(np.isin(known, list(recent)), SAME_ISSUE, SAME_ISSUE_ASLEEP)
    there = STILL_THERE * np.isin(known, list(before.seen() if before else ()))
    # What an issue was on this day counts more than any resemblance.
    gain = np.where((score >= least) | (share >= ANCHORED), score + there + 2 * share, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    keys = {int(row): known[column] for row, column in zip(rows, columns, strict=True) if gain[row, column] > 0}
    used = set(keys.values())
    everyone = np.arange(units.height)
    words = sides[0].words if sides else by_words(units["texts"].to_list(), today=units.height)
    twins = words.resemblance(everyone, everyone)
    place = {key: column for column, key in enumerate(known)}
    awake = {key: column for key, column in place.items() if key in recent}
    for row, key in sorted(keys.items()):
        # A piece of an issue that is there would wake up one that it took in long ago.
        asleep = key not in awake and share[row, place[key]] < ANCHORED
        if asleep and (whole := _torn_from(row, keys, twins, score, awake)):
            keys[row] = whole
    for row, fingerprint in enumerate(units["cluster_fingerprint"]):
        if row not in keys:
            keys[row] = _torn_from(row, keys, twins, score, place) or _own_key(day, fingerprint, used)
            used.add(keys[row])
    return [keys[row] for row in range(units.height)]


def _torn_from(row: int, keys: Mapping[int, str], twins: Floats, score: Floats, place: Mapping[str, int]) -> str | None:
    """Return the key of the cluster of the day that a cluster is a piece of.

    The pieces of an issue resemble each other, if less than two days of it do; the halves of one that split do not.
    """
    others = [
        (twins[row, other], key)
        for other, key in keys.items()
        if other != row and twins[row, other] >= (PIECES if key in place and score[row, place[key]] >= PART
                                                  else TWINS)
    ]  # fmt: skip
    return max(others)[1] if others else None


def _anchored(units: pl.DataFrame, known: Sequence[str], anchors: pl.DataFrame) -> Floats:
    share = np.zeros((units.height, len(known)))
    row_of = {cluster_id: row for row, cluster_id in enumerate(units["cluster_id"])}
    column_of = {key: column for column, key in enumerate(known)}
    for cluster_id, key, value in anchors.select("cluster_id", "issue_key", "share").iter_rows():
        if cluster_id in row_of:
            share[row_of[cluster_id], column_of[key]] = value
    return share


def _own_key(day: date, fingerprint: str, used: set[str]) -> str:
    """The fingerprint, but where an issue that moved on bears it today."""
    if fingerprint not in used:
        return fingerprint
    return hashlib.sha256(f"{fingerprint} {day.isoformat()}".encode()).hexdigest()


def _related(row: int, keys: Sequence[str], past: _Past | None) -> tuple[str, float | None, list[str]]:
    """Return relation, similarity and previous keys of the unit ``row``, from the days before."""
    if past is None:
        return "new", None, []
    key = keys[row]
    if key not in past.last and (parent := _split_from(row, keys, past)):
        return "splits", past.found[row, past.column[parent]], [parent]
    if key in past.column:
        others = _merged_into(row, keys, past)
        return ("merges" if others else "continues"), past.found[row, past.column[key]], [key, *others]
    return "new", past.found[row].max(), []


def _merged_into(row: int, keys: Sequence[str], past: _Past) -> list[str]:
    """Return the issues of the last days that are no cluster of their own today and have become a part of this one."""
    parts = []
    for key in past.resembling(row):
        if key not in keys:
            # One that was there yesterday may have been a piece of the whole by then, and in a heap for that day.
            days = slice(None) if key in past.last else slice(1)
            pairs = product(past.portraits[keys[row]][days], past.portraits[key][days])
            if any(past.apart(own, part) and past.made_of(row, own, part) for own, part in pairs):
                parts.append(key)
    return parts


def _split_from(row: int, keys: Sequence[str], past: _Past) -> str | None:
    """Return the issue of the last days that goes on in another cluster and had this one as a part."""
    parents = [
        (past.found[row, past.column[key]], key)
        for key in past.resembling(row)
        for beside in (place for place, other in enumerate(keys) if other == key and place != row)
        if any(past.made_of(whole, row, beside) for whole in past.portraits[key])
    ]
    return max(parents)[1] if parents else None
