"""From the clusters of all courses to batches, and from the replies about them to numbered themes.

Belongs here: the order and size of batches, what one reply's ids and labels come to, merging the groups of all batches.
Everything is pure, and whatever a reply says, every cluster ends in exactly one theme or in none.
Does not belong here: asking (``stage3``), the shape of a reply (``global_themes``).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from painpoint_platform.courses.global_themes import GlobalThemes, ThemeGroup
from painpoint_platform.courses.replies import one_line
from painpoint_platform.courses.taxonomy import ThemeLabel, canonical_label

Row = TypeVar("Row")

UNASSIGNED = "UNASSIGNED"

THEME_SCHEMA = {
    "global_cluster_id": pl.String,
    "provisional_label": pl.String,
    "normalized_issue_label": pl.String,
    "family": pl.String,
    "short_description": pl.String,
    "total_num_posts": pl.Int32,
    "num_distinct_posts": pl.Int32,
    "num_clusters": pl.Int32,
    "num_courses": pl.Int32,
}
ASSIGNMENT_SCHEMA = {
    "cluster_id": pl.String,
    "course_code": pl.String,
    "global_cluster_id": pl.String,
    "normalized_issue_label": pl.String,
    "provisional_label": pl.String,
    "total_num_posts": pl.Int32,
    "num_courses": pl.Int32,
}


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """A group of one batch, with labels and description as they are published; members largest first."""

    provisional_label: str
    normalized_issue_label: str
    short_description: str
    member_cluster_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettledBatch:
    """What a reply came to once each cluster of its batch is in one place.

    Attributes:
        groups: those that have members left, in the order of the reply.
        unassigned: clusters in no group, whether the reply says so or leaves them out; largest first.
        omitted: those of ``unassigned`` that the reply does not mention at all.
        unknown: ids that were not sent, as the reply spells them; dropped.
        repeated: ids of second and later mentions, the first of which counts; dropped.
    """

    groups: tuple[BatchGroup, ...]
    unassigned: tuple[str, ...]
    omitted: tuple[str, ...]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]


def by_impact(clusters: pl.DataFrame) -> pl.DataFrame:
    """Order clusters for batching: by ``num_posts``, most first, then by ``cluster_id``."""
    return clusters.sort("num_posts", "cluster_id", descending=[True, False])


def batches(clusters: Sequence[Row], *, size: int, fits: Callable[[Sequence[Row]], bool]) -> Iterator[Sequence[Row]]:
    """Cut a row of clusters into batches, each as long as may be.

    Args:
        clusters: in the order of ``by_impact``.
        size: most clusters of a batch.
        fits: whether the model can take these clusters at once; if so, it can take fewer. A cluster that does not fit
            alone is a batch of its own all the same: nothing is cut off.
    """
    start = 0
    while start < len(clusters):
        most = clusters[start : start + size]
        lengths = range(1, len(most) + 1)
        fitting = len(most) if fits(most) else bisect_left(lengths, True, key=lambda length: not fits(most[:length]))
        yield most[: max(fitting, 1)]
        start += max(fitting, 1)


def settle(summaries: Mapping[str, str], reply: GlobalThemes, taxonomy: Sequence[ThemeLabel]) -> SettledBatch:
    """Give each cluster of a batch one place: the first that the reply mentions it in, groups before unassigned.

    Args:
        summaries: cluster_id -> issue_summary of the batch, in the order of ``by_impact``.
        reply: what the model said about it.
        taxonomy: the labels that a spelling may stand for.
    """
    sent = {one_line(cluster_id): cluster_id for cluster_id in summaries}
    place: dict[str, int | None] = {}
    unknown: list[str] = []
    repeated: list[str] = []
    mentions: list[tuple[int | None, str]] = [
        *((number, name) for number, group in enumerate(reply.global_clusters) for name in group.member_cluster_ids),
        *((None, name) for name in reply.unassigned_clusters),
    ]
    for number, mentioned in mentions:
        cluster_id = sent.get(mentioned)
        if cluster_id is None:
            unknown.append(mentioned)
        elif cluster_id in place:
            repeated.append(cluster_id)
        else:
            place[cluster_id] = number
    members: dict[int | None, list[str]] = defaultdict(list)
    for cluster_id in summaries:
        members[place.get(cluster_id)].append(cluster_id)
    return SettledBatch(
        groups=tuple(
            _published(group, members[number], summaries, taxonomy)
            for number, group in enumerate(reply.global_clusters)
            if number in members
        ),
        unassigned=tuple(members[None]),
        omitted=tuple(cluster_id for cluster_id in summaries if cluster_id not in place),
        unknown=tuple(unknown),
        repeated=tuple(repeated),
    )


def merge(
    settled: Sequence[SettledBatch],
    clusters: pl.DataFrame,
    cluster_posts: pl.DataFrame,
    taxonomy: Sequence[ThemeLabel],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make one theme of all groups that agree in label and phrase, and number the themes.

    Phrases are compared without regard to case and white space. The description of the group with most posts stays, of
    the first such group where several have as many. Themes are numbered ``G001``, ... by ``total_num_posts``, most
    first, then by label, then by first member; members stand in the order of ``by_impact``.

    Args:
        settled: the batches; together they hold each of ``clusters`` once.
        clusters: cluster_id, course_code, num_posts.
        cluster_posts: cluster_id, post_id; a row a post of a cluster.

    Returns:
        Themes by ``THEME_SCHEMA``, and a row a cluster by ``ASSIGNMENT_SCHEMA``, in the order of their themes, those
        without one last: their labels are null, and their totals are the cluster's own.
    """
    members = _members(settled).join(by_impact(clusters).with_row_index("impact"), on="cluster_id")
    key = ["normalized_issue_label", "phrase"]
    wording = (
        members.group_by("batch", "group", *key, "provisional_label", "short_description")
        .agg(posts=pl.col("num_posts").sum())
        .sort("posts", "batch", "group", descending=[True, False, False])
        .unique(key, keep="first", maintain_order=True)
        .select(*key, "provisional_label", "short_description")
    )
    posts = members.select(*key, "cluster_id").join(cluster_posts.select("cluster_id", "post_id"), on="cluster_id")
    totals = members.group_by(key).agg(
        total_num_posts=pl.col("num_posts").sum(),
        num_clusters=pl.len(),
        num_courses=pl.col("course_code").n_unique(),
        first_member=pl.col("cluster_id").sort_by("impact").first(),
    )
    numbered = (
        totals.join(wording, on=key)
        .join(posts.group_by(key).agg(num_distinct_posts=pl.col("post_id").n_unique()), on=key, how="left")
        .sort("total_num_posts", "normalized_issue_label", "first_member", descending=[True, False, False])
        .with_row_index("number", offset=1)
        .with_columns(
            global_cluster_id=pl.format("G{}", pl.col("number").cast(pl.String).str.zfill(3)),
            num_distinct_posts=pl.col("num_distinct_posts").fill_null(0),
            family=pl.col("normalized_issue_label").replace_strict(
                {entry.label: entry.family for entry in taxonomy}, default=None, return_dtype=pl.String
            ),
        )
    )
    themes = numbered.select(pl.col(name).cast(kind) for name, kind in THEME_SCHEMA.items())
    placed = members.select("cluster_id", *key).join(numbered.drop("num_clusters", "first_member"), on=key)
    return themes, _assignments(clusters, placed)


def new_labels(themes: pl.DataFrame, taxonomy: Sequence[ThemeLabel]) -> tuple[str, ...]:
    """Return the labels of themes that are not in the taxonomy, in alphabetical order."""
    return tuple(sorted(set(themes["normalized_issue_label"]) - {entry.label for entry in taxonomy}))


def _published(
    group: ThemeGroup, members: Sequence[str], summaries: Mapping[str, str], taxonomy: Sequence[ThemeLabel]
) -> BatchGroup:
    label = canonical_label(group.normalized_issue_label, taxonomy)
    return BatchGroup(
        provisional_label=_phrase(group.provisional_label) or _phrase(label),
        normalized_issue_label=label,
        short_description=group.short_description or summaries[members[0]],
        member_cluster_ids=tuple(members),
    )


def _phrase(text: str) -> str:
    """A provisional label is a lower-case phrase, whatever a model makes of it."""
    return one_line(text.lower().replace("_", " "))


def _members(settled: Sequence[SettledBatch]) -> pl.DataFrame:
    """Return a row a cluster that is in a group: its group, and what that is merged by."""
    groups = [(batch, number, group) for batch, each in enumerate(settled) for number, group in enumerate(each.groups)]
    return pl.DataFrame(
        {
            "batch": [batch for batch, _, _ in groups],
            "group": [number for _, number, _ in groups],
            "normalized_issue_label": [group.normalized_issue_label for _, _, group in groups],
            "phrase": [group.provisional_label.casefold() for _, _, group in groups],
            "provisional_label": [group.provisional_label for _, _, group in groups],
            "short_description": [group.short_description for _, _, group in groups],
            "cluster_id": [list(group.member_cluster_ids) for _, _, group in groups],
        },
        schema={
            "batch": pl.Int32,
            "group": pl.Int32,
            "normalized_issue_label": pl.String,
            "phrase": pl.String,
            "provisional_label": pl.String,
            "short_description": pl.String,
            "cluster_id": pl.List(pl.String),
        },
    ).explode("cluster_id")


def _assignments(clusters: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    return (
        by_impact(clusters)
        .select("cluster_id", "course_code", "num_posts")
        .join(placed, on="cluster_id", how="left", maintain_order="left")
        .sort("number", nulls_last=True, maintain_order=True)
        .with_columns(
            pl.col("global_cluster_id").fill_null(UNASSIGNED),
            pl.coalesce("total_num_posts", "num_posts").alias("total_num_posts"),
            pl.col("num_courses").fill_null(1),
        )
        .select(pl.col(name).cast(kind) for name, kind in ASSIGNMENT_SCHEMA.items())
    )
