"""What the warehouse remembers of issues, and a day's lineage in its light.

Belongs here: reading what is known around a day, tracing the day's clusters, writing the outcome, the labels that
issues keep. Does not belong here: which issue a cluster is (``lineage``), asking for labels (``labelling``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.issues.identity.lineage import trace
from painpoint_platform.issues.identity.resemblance import by_words
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.checks import named_check
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINEAGE_DAYS = 30
# Of the day's items one in so many may be embedded for its lineage. Their texts are cut to title and 200 characters, so
# that the time lies well below a tenth of the day's embedding.
ITEMS_AN_EMBEDDED_POST = 24
# A share of anchors that no resemblance and no other share comes up to.
BY_DECISION = 10.0
# Posts of a cluster whose words are compared.
MOST_POSTS = 20
# Days of an issue that it is recognised by, those next to the day.
NEAREST_DAYS = 2
# A label is kept as long as the day's posts resemble those that it was made from by this much: an issue that drifts is
# relabelled once what is said has little to do with its label, however small the daily steps.
LABEL_HOLDS = 0.5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of issues around a day.

    Attributes:
        earlier: portraits of issues on days before it (``queries/lineage/portraits.sql``).
        later: of those after it.
        anchors: issue_key, url_hash: the items that stood for issues when the day was last run.
        keys: hash of all keys around the day: another one means that somebody has written meanwhile.
        keys_before: the same of the days before it; see ``keys_before``.
        item_count: items of the day, clustered or not.
    """

    earlier: pl.DataFrame
    later: pl.DataFrame
    anchors: pl.DataFrame
    keys: int
    keys_before: int
    item_count: int


def surroundings(connection: "DuckDBPyConnection", day: date, days: int = LINEAGE_DAYS) -> Surroundings:
    """Read what is known of issues within ``days`` before and after ``day``."""
    first, last = day - timedelta(days=days), day + timedelta(days=days)
    one = timedelta(days=1)
    most: dict[str, Any] = {"most_posts": MOST_POSTS, "nearest_days": NEAREST_DAYS}
    return Surroundings(
        earlier=fetch(connection, "lineage/portraits", day=day, first=first, last=day - one, **most),
        later=fetch(connection, "lineage/portraits", day=day, first=day + one, last=last, **most),
        anchors=fetch(connection, "lineage/anchors", day=day),
        **_state(connection, day, days),
    )


def unchanged_since(connection: "DuckDBPyConnection", day: date, known: Surroundings, days: int = LINEAGE_DAYS) -> bool:
    """Return whether the keys around a day are still those that were read."""
    return _state(connection, day, days)["keys"] == known.keys


def keys_before(connection: "DuckDBPyConnection", day: date, days: int = LINEAGE_DAYS) -> int:
    """Return a hash of the keys of the ``days`` before ``day``: relations are to be made anew where it is another."""
    return _state(connection, day, days)["keys_before"]


def _state(connection: "DuckDBPyConnection", day: date, days: int) -> dict[str, int]:
    first, last = day - timedelta(days=days), day + timedelta(days=days)
    return fetch(connection, "lineage/state", day=day, first=first, last=last).row(0, named=True)


def trace_day(
    day: date,
    clusters: pl.DataFrame,
    members: pl.DataFrame,
    known: Surroundings,
    *,
    embedder_factory: Callable[[], Embedder],
    decided: Mapping[int, str] | None = None,
) -> pl.DataFrame:
    """Return the day's rows of ``gold.issue_lineage``.

    Args:
        day: the day.
        clusters: cluster_id, cluster_fingerprint.
        members: a row an item: cluster_id, url_hash, title, snippet, is_representative.
        known: what is known around the day.
        embedder_factory: gives the encoder, if words leave anything open.
        decided: by cluster_id, the issue that people made of it; it is taken before anything is matched.
    """

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return embedder_factory().embed(texts)

    shares = (
        known.anchors.with_columns(total=pl.len().over("issue_key"))
        .join(members.select("cluster_id", "url_hash"), on="url_hash")
        .group_by("cluster_id", "issue_key")
        .agg(share=pl.len() / pl.col("total").first())
    )
    certain = pl.DataFrame(
        [(cluster_id, key, BY_DECISION) for cluster_id, key in (decided or {}).items()],
        schema=shares.schema,
        orient="row",
    )
    traced = trace(
        day,
        clusters.select("cluster_id", "cluster_fingerprint").join(posts_of_clusters(members), on="cluster_id"),
        earlier=known.earlier,
        later=known.later,
        anchors=pl.concat([shares, certain]),
        embed=embed,
        budget=known.item_count // ITEMS_AN_EMBEDDED_POST,
    )
    # An issue is matched with one cluster; what people split off may be found in several.
    key = pl.col("cluster_id").replace_strict(decided or {}, default=pl.col("issue_key"), return_dtype=pl.String)
    return traced.with_columns(issue_key=key)


def replace_lineage(connection: "DuckDBPyConnection", day: date, lineage: pl.DataFrame, members: pl.DataFrame) -> None:
    """Write a day's lineage and what stands for its issues, once its issues are written; the caller commits.

    Args:
        connection: the warehouse, in a transaction.
        day: the partition.
        lineage: rows of ``gold.issue_lineage``.
        members: a row an item: cluster_id, url_hash, is_representative.

    Raises:
        DataContractError: an issue of the day has no lineage, or nothing that stands for it.
    """
    partition = {"cluster_date": day}
    replace_partition(connection, "gold.issue_lineage", where=partition, rows=lineage, key=["cluster_id"])
    anchors = (
        members.filter("is_representative")
        .join(lineage, on="cluster_id")
        .select("cluster_date", "issue_key", "url_hash")
    )
    # An issue of which nothing is left that day gets its key back, and what people decided about it, should it return.
    waiting = (
        fetch(connection, "lineage/anchors", day=day)
        .join(lineage, on="issue_key", how="anti")
        .join(members, on="url_hash", how="anti")
        .select(pl.lit(day).alias("cluster_date"), "issue_key", "url_hash")
    )
    anchors = pl.concat([anchors, waiting]).sort("issue_key", "url_hash")
    replace_partition(
        connection, "ops.issue_anchors", where=partition, rows=anchors, key=["url_hash"],
        checks=[named_check("every_issue_has_a_lineage", day=day)],
    )  # fmt: skip


def labels_of_issues(
    connection: "DuckDBPyConnection", day: date, lineage: pl.DataFrame, *, prompt_version: str, days: int = LINEAGE_DAYS
) -> pl.DataFrame:
    """Read the last label of each issue of a day, and the posts that it was made from (``lineage/labels.sql``)."""
    return fetch(
        connection, "lineage/labels", day=day, prompt_version=prompt_version, most_posts=MOST_POSTS,
        first=day - timedelta(days=days), last=day + timedelta(days=days),
        keys=lineage["issue_key"].unique().sort().to_list(),
    )  # fmt: skip


def kept_labels(lineage: pl.DataFrame, members: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return the labels that issues keep: those from which the day's posts have not moved away.

    A cluster that took in another issue is labelled anew. Any other keeps its issue's label as long as its posts
    resemble those that the label was made from by ``LABEL_HOLDS``, whatever lies between; they are compared by words,
    which costs nothing.

    Args:
        lineage: the day's rows of ``gold.issue_lineage``.
        members: a row an item, as for ``trace_day``.
        labels: the rows of ``lineage/labels.sql``.

    Returns:
        cluster_id with the columns of ``labels`` but for its texts.
    """
    asked = (
        lineage.filter(pl.col("relation") != "merges")
        .join(labels.rename({"texts": "label_texts"}), on="issue_key")
        .join(posts_of_clusters(members), on="cluster_id")
        .sort("cluster_id")
    )
    if asked.is_empty():
        return asked.select("cluster_id", *(name for name in labels.columns if name != "texts"))
    count = asked.height
    groups = [*asked["texts"].to_list(), *asked["label_texts"].to_list()]
    each = np.arange(count)
    resembles = by_words(groups, today=count).resemblance(each, each + count).diagonal()
    return asked.filter(pl.Series(resembles >= LABEL_HOLDS)).select(
        "cluster_id", *(name for name in labels.columns if name != "texts")
    )


def posts_of_clusters(members: pl.DataFrame) -> pl.DataFrame:
    """Return cluster_id and texts: each cluster's posts as title and snippet, representatives first."""
    posts = members.sort("cluster_id", pl.col("is_representative").not_(), "url_hash")
    text = pl.col("title") + "\n" + pl.col("snippet").fill_null("")
    return posts.group_by("cluster_id", maintain_order=True).agg(texts=text.head(MOST_POSTS))
