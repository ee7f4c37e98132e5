"""A day's items as clusters: one text an item, one vector a text, one cluster or noise a vector.

Belongs here: deduplication of a day, and the two silver tables computed from it.
Does not belong here: cleaning and embedding of a text (``text``), the clustering algorithm (``clustering``).
"""

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from painpoint_platform.issues.clustering.clusters import Clustering, cluster, map_coordinates
from painpoint_platform.progress import Progress
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.embeddings import Embedder, compute_embeddings_for_items

# Raised when the same items would give other rows: it is part of what a partition's input hash covers.
SILVER_VERSION = "1"
SNIPPET_LENGTH = 200


@dataclass(frozen=True)
class DayClusters:
    """Rows of one day for ``silver.clusters`` and, as ``assignments``, for ``silver.cluster_assignments``."""

    clusters: pl.DataFrame
    assignments: pl.DataFrame


def unique_items(items: pl.DataFrame) -> pl.DataFrame:
    """Return one row per ``url_hash``, sorted by it: of several sources' copies the first by source name.

    Args:
        items: columns of ``bronze.raw_items``.
    """
    return items.sort("url_hash", "source", "source_item_id").unique("url_hash", keep="first", maintain_order=True)


def input_hash(items: pl.DataFrame, *settings: str) -> str:
    """Return the SHA-256 over everything the day's clusters depend on: texts, votes and ``settings``.

    When an item was collected does not count, so that collecting the same items again changes nothing.
    """
    digest = hashlib.sha256("\0".join((SILVER_VERSION, *settings)).encode())
    relevant = unique_items(items).select("url_hash", "source", "title", "body", "vote_count", "comment_count")
    digest.update(relevant.write_ndjson().encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def cluster_day(
    day: date, items: pl.DataFrame, *, embedder: Embedder, reducer: str, progress: Progress | None = None
) -> DayClusters:
    """Clean, embed and cluster one day's items of all sources.

    Identical cleaned texts are embedded and clustered once; the copies follow their original's cluster.

    Args:
        day: the partition.
        items: columns of ``bronze.raw_items``; any order.
        embedder: the encoder; its vectors are not kept.
        reducer: what happens to the vectors before HDBSCAN (see ``clusters.cluster``).
        progress: called with (texts embedded, texts in all).
    """
    cleaned = _with_clean_text(unique_items(items))
    originals = cleaned.unique("text", keep="first", maintain_order=True)
    vectors = compute_embeddings_for_items(embedder, originals["text"].to_list(), progress=progress)
    clustering = cluster(vectors, ids=originals["url_hash"].to_list(), reducer=reducer)
    assigned = cleaned.join(_assignment_of_texts(originals, clustering), on="text", how="left", maintain_order="left")
    return DayClusters(_clusters(day, assigned, clustering), _assignments(day, assigned))


def texts_of(items: pl.DataFrame) -> list[str]:
    """Return the distinct texts that a day's items are embedded as: title and cleaned body."""
    return _with_clean_text(unique_items(items))["text"].unique(maintain_order=True).to_list()


def _with_clean_text(items: pl.DataFrame) -> pl.DataFrame:
    bodies = [clean_body(body, source) for body, source in items.select("body", "source").iter_rows()]
    return items.with_columns(clean=pl.Series(bodies, dtype=pl.String)).with_columns(
        text=(pl.col("title") + "\n" + pl.col("clean")).str.strip_chars(),
        snippet=pl.col("clean").str.slice(0, SNIPPET_LENGTH),
    )


def _assignment_of_texts(originals: pl.DataFrame, clustering: Clustering) -> pl.DataFrame:
    coordinates = map_coordinates(clustering)
    return originals.select("text").with_columns(
        cluster_id=pl.Series(clustering.labels, dtype=pl.Int32),
        membership=pl.Series(clustering.membership.tolist(), dtype=pl.String),
        centroid_distance=pl.Series(clustering.centroid_distance, dtype=pl.Float64, nan_to_null=True),
        probability=pl.Series(clustering.probability, dtype=pl.Float64),
        map_x=pl.Series(coordinates[:, 0], dtype=pl.Float32),
        map_y=pl.Series(coordinates[:, 1], dtype=pl.Float32),
    )


def _assignments(day: date, assigned: pl.DataFrame) -> pl.DataFrame:
    return assigned.select(
        pl.lit(day).alias("cluster_date"),
        "url_hash", "cluster_id", "membership", "centroid_distance", "probability", "snippet", "map_x", "map_y",
    )  # fmt: skip


def _clusters(day: date, assigned: pl.DataFrame, clustering: Clustering) -> pl.DataFrame:
    noise_share = int((assigned["cluster_id"] == -1).sum()) / max(assigned.height, 1)
    persistence = pl.DataFrame(
        {
            "cluster_id": np.arange(len(clustering.persistence), dtype=np.int32),
            "persistence": np.asarray(clustering.persistence, dtype=np.float64),
        }
    )
    return (
        assigned.filter(pl.col("cluster_id") >= 0)
        .group_by("cluster_id")
        .agg(
            cluster_size=pl.len().cast(pl.Int32),
            mean_distance=pl.col("centroid_distance").mean(),
            n_sources=pl.col("source").n_unique().cast(pl.Int32),
            # Polars sums 32-bit integers in 32 bits.
            votes=pl.col("vote_count").cast(pl.Int64).sum(),
            comments=pl.col("comment_count").cast(pl.Int64).sum(),
        )
        .join(persistence, on="cluster_id", how="left")
        .sort("cluster_id")
        .with_columns(cluster_date=pl.lit(day), outlier_ratio=pl.lit(noise_share))
    )
