"""A day's clusters as labelled issues with their evidence.

Belongs here: which labels are reused and which are asked for, and the two gold tables' rows. Does not belong here:
choosing representatives (``representatives``), what is asked of the model (``labelling``), how much an issue weighs
(``impact``), publishing (``publishing``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from painpoint_platform.issues.identity.edits import Decided
from painpoint_platform.issues.impact import FEELINGS, feelings, impact_score
from painpoint_platform.issues.labelling.issue_label import IssueLabel, LabelRequest
from painpoint_platform.issues.labelling.representatives import representatives_of_clusters
from painpoint_platform.issues.labelling.voices import with_voices
from painpoint_platform.llm.tasks import Answer

# Raised when the same clusters would give other rows: part of what a partition's input hash covers.
GOLD_VERSION = "4"

LABEL_COLUMNS = tuple(IssueLabel.model_fields)


@dataclass(frozen=True)
class DayOfClusters:
    """A day's clusters, ready to be labelled.

    Attributes:
        clusters: one row a cluster: cluster_id, cluster_fingerprint, cluster_size, authors, engagement, created_at,
            voices and sources (struct list) of the items that are heard, what all of them feel like
            (``impact.FEELINGS``), titles and snippets of the representatives.
        members: one row an item, with ``is_representative``.
    """

    clusters: pl.DataFrame
    members: pl.DataFrame


def prepare(members: pl.DataFrame) -> DayOfClusters:
    """Choose representatives and fingerprints for a day's clusters.

    Args:
        members: the rows of ``queries/issues/clustered_items_of_day.sql``.
    """
    members = with_voices(members)
    representatives = representatives_of_clusters(members)
    marked = members.join(
        representatives.select("cluster_id", "url_hash", is_representative=pl.lit(value=True)),
        on=["cluster_id", "url_hash"],
        how="left",
    ).with_columns(pl.col("is_representative").fill_null(value=False))
    facts = members.group_by("cluster_id").agg(
        cluster_size=pl.len().cast(pl.Int32),
        # Items without an author count as one person: nobody can be told apart among them.
        authors=pl.col("author_hash").n_unique(),
        # Polars sums 32-bit integers in 32 bits.
        engagement=(pl.col("vote_count").clip(lower_bound=0).cast(pl.Int64) + pl.col("comment_count")).sum(),
        created_at=pl.col("created_at").min(),
        # What the model is told counts those who are heard: fifty posts that a stranger adds change nothing.
        voices=pl.col("heard").sum(),
        sources=pl.col("source").filter("heard").value_counts(sort=False),
        **feelings(),
    )
    chosen = representatives.group_by("cluster_id", maintain_order=True).agg(
        "title", "snippet", cluster_fingerprint=pl.col("cluster_fingerprint").first()
    )
    return DayOfClusters(facts.join(chosen, on="cluster_id").sort("cluster_id"), marked)


def representative_hashes(day: DayOfClusters) -> list[str]:
    """Return the ``url_hash`` of every representative of the day."""
    return day.members.filter("is_representative")["url_hash"].to_list()


def input_hash(members: pl.DataFrame, *inputs: str) -> str:
    """Return the SHA-256 over what the day's issues depend on: the clustered items, and ``inputs``."""
    digest = hashlib.sha256("\0".join((GOLD_VERSION, *inputs)).encode())
    digest.update(members.sort("url_hash").write_ndjson().encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def reused_labels(day: DayOfClusters, known: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Return the labels that need not be asked for, a row a cluster: cluster_id, label, model and ``reused_from``.

    Args:
        day: the clusters.
        known: labels known for the same representatives, by ``cluster_fingerprint``; they come first.
        kept: labels that issues keep, by ``cluster_id``.
    """
    columns = ["cluster_id", *LABEL_COLUMNS, "model", "reused_from"]
    same = day.clusters.join(known, on="cluster_fingerprint").select(columns)
    return pl.concat([same, kept.join(same, on="cluster_id", how="anti").select(columns)], how="vertical_relaxed")


def without_label(day: DayOfClusters, reused: pl.DataFrame) -> pl.DataFrame:
    """Return the clusters that have no label in ``reused``, in order of cluster id."""
    return day.clusters.join(reused, on="cluster_id", how="anti", maintain_order="left")


def label_requests(clusters: pl.DataFrame) -> list[LabelRequest]:
    """Return what the model is asked for each of ``clusters`` (of ``without_label``), in the same order."""
    return [
        LabelRequest(
            cluster_size=row["voices"],
            sources={entry["source"]: entry["count"] for entry in sorted(row["sources"], key=lambda e: e["source"])},
            representatives=tuple(zip(row["title"], row["snippet"], strict=True)),
        )
        for row in clusters.iter_rows(named=True)
    ]


def labels_from(clusters: pl.DataFrame, answers: Sequence[Answer[IssueLabel]]) -> pl.DataFrame:
    """Return a row for each of ``clusters``, by the answer in its place: its label, or why it has none."""
    rows = [
        {
            "cluster_id": cluster_id,
            **({name: getattr(answer.reply, name) for name in LABEL_COLUMNS} if answer.reply else {}),
            "failure_reason": answer.failure_reason,
            "model": answer.model,
        }
        for cluster_id, answer in zip(clusters["cluster_id"], answers, strict=True)
    ]
    return pl.DataFrame(rows, schema=_LABEL_SCHEMA)


def issue_rows(
    day: date,
    prepared: DayOfClusters,
    *,
    keys: pl.DataFrame,
    reused: pl.DataFrame,
    asked: pl.DataFrame,
    prompt_version: str,
    people: Decided,
) -> pl.DataFrame:
    """Return the day's rows of ``gold.issues``: reused labels and new ones, failed clusters included.

    ``created_at`` is when the problem was first voiced that day, so that the same input gives the same row.

    Args:
        day: the partition.
        prepared: the clusters.
        keys: cluster_id, issue_key; a row a cluster.
        reused: of ``reused_labels``.
        asked: of ``labels_from``, for the clusters that ``reused`` has not.
        prompt_version: of the prompt that was, or would have been, answered.
        people: what was decided about issues.
    """
    # A label that comes back to the day that paid for it is that day's own.
    paid_elsewhere = pl.when(pl.col("reused_from") != day).then("reused_from")
    kept = reused.with_columns(paid_elsewhere, failure_reason=pl.lit(None, pl.String))
    fresh = asked.with_columns(reused_from=pl.lit(None, pl.Date))
    labels = pl.concat([kept, fresh.select(kept.columns)], how="vertical_relaxed")
    return (
        prepared.clusters.join(labels, on="cluster_id")
        .join(keys.select("cluster_id", "issue_key"), on="cluster_id")
        .with_columns(impact_score(), model_title=pl.col("canonical_title"))
        .with_columns(
            canonical_title=pl.coalesce(_of_issue(people.titles), "model_title"), title_by=_of_issue(people.titled_by)
        )
        .select(
            pl.lit(day).alias("cluster_date"),
            "cluster_id",
            "issue_key",
            "cluster_fingerprint",
            "cluster_size",
            *LABEL_COLUMNS,
            pl.col("model_title").is_null().alias("label_failed"),
            "failure_reason",
            "model",
            pl.lit(prompt_version).alias("prompt_version"),
            "reused_from",
            "impact_score",
            "created_at",
            *FEELINGS,
            "model_title",
            "title_by",
            pl.col("issue_key").is_in(people.muted).alias("muted"),
        )
        .sort("cluster_id")
    )


def evidence_rows(day: date, prepared: DayOfClusters, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the day's rows of ``gold.issue_evidence``: every item of every cluster, labelled or failed.

    Args:
        day: the partition.
        prepared: the clusters.
        keys: cluster_id, issue_key; a row a cluster.
    """
    return (
        prepared.members.join(keys.select("cluster_id", "issue_key"), on="cluster_id")
        .with_columns(cluster_date=pl.lit(day), snippet=pl.col("snippet").fill_null(""))
        .select(
            "cluster_date",
            "cluster_id",
            "issue_key",
            "url_hash",
            "source",
            "url",
            "title",
            "snippet",
            "created_at",
            "vote_count",
            "comment_count",
            "author_hash",
            "membership",
            "is_representative",
        )
        .sort("cluster_id", "url_hash")
    )


def _of_issue(decided: Mapping[str, str]) -> pl.Expr:
    return pl.col("issue_key").replace_strict(decided, default=None, return_dtype=pl.String)


_LABEL_SCHEMA: dict[str, type[pl.DataType]] = {
    "cluster_id": pl.Int32,
    "canonical_title": pl.String,
    "category": pl.String,
    "description": pl.String,
    "would_pay_signal": pl.Boolean,
    "impact_level": pl.String,
    "failure_reason": pl.String,
    "model": pl.String,
}
