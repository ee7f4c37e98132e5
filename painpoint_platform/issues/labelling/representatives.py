"""Which posts speak for a cluster, and the fingerprint of what they say.

Belongs here: central posts with diverse titles, and the fingerprint over those titles. Does not belong here: which
posts may speak at all (``voices``), what is asked about them (``issue_label``), when a label is reused (``gold``).
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import polars as pl

REPRESENTATIVES = 5
TOO_SIMILAR = 0.8
# Far down the list of central posts nothing new is said; this bounds the comparisons in a cluster of copies.
MOST_CANDIDATES = 100

_WORD = re.compile(r"\w+")


def representatives_of_clusters(members: pl.DataFrame, k: int = REPRESENTATIVES) -> pl.DataFrame:
    """Choose the ``k`` most central posts of each cluster whose titles differ, and fingerprint their titles.

    Posts of the core come before attached ones, then those nearer to the centroid; ties go by ``url_hash``, so the
    order of the rows does not matter. A title that shares four fifths of its words (Jaccard) with one already chosen is
    passed over, and taken after all where the cluster offers nothing else. Only posts that are heard are taken.

    Args:
        members: a row an item: cluster_id, url_hash, title, snippet, membership, centroid_distance, and ``heard`` of
            ``voices.with_voices``.
        k: posts a cluster.

    Returns:
        The chosen rows in order of cluster and rank: cluster_id, url_hash, title, snippet, cluster_fingerprint.
    """
    candidates = (
        members.filter("heard")
        .sort("cluster_id", pl.col("membership") != "core", "centroid_distance", "url_hash", nulls_last=True)
        .group_by("cluster_id", maintain_order=True)
        .agg(pl.col("url_hash", "title", "snippet").head(MOST_CANDIDATES))
    )
    chosen = [diverse(titles, k) for titles in candidates["title"].to_list()]
    fingerprints = [
        cluster_fingerprint([titles[index] for index in indices])
        for titles, indices in zip(candidates["title"].to_list(), chosen, strict=True)
    ]
    return (
        candidates.with_columns(
            chosen=pl.Series(chosen, dtype=pl.List(pl.UInt32)),
            cluster_fingerprint=pl.Series(fingerprints, dtype=pl.String),
        )
        .with_columns(pl.col("url_hash", "title", "snippet").list.gather(pl.col("chosen")))
        .drop("chosen")
        .explode("url_hash", "title", "snippet")
        .select("cluster_id", "url_hash", "title", "snippet", "cluster_fingerprint")
    )


def diverse(titles: Sequence[str], k: int = REPRESENTATIVES) -> list[int]:
    """Return the indices of at most ``k`` titles, the first first, that differ from each other; filled up in order."""
    words = [title_words(title) for title in titles]
    chosen: list[int] = []
    passed_over: list[int] = []
    for index, candidate in enumerate(words):
        if len(chosen) == k:
            break
        similar = any(jaccard(candidate, words[other]) >= TOO_SIMILAR for other in chosen)
        (passed_over if similar else chosen).append(index)
    return sorted([*chosen, *passed_over[: k - len(chosen)]])


def cluster_fingerprint(titles: Sequence[str]) -> str:
    """Return the SHA-256, as hex, over the sorted normalised titles: case, punctuation and spacing do not count."""
    normalized = sorted(" ".join(_WORD.findall(_folded(title))) for title in titles)
    return hashlib.sha256("\n".join(normalized).encode("utf-8", "surrogatepass")).hexdigest()


def title_words(title: str) -> frozenset[str]:
    """Return the set of a title's words, case-folded."""
    return frozenset(_WORD.findall(_folded(title)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the share of words that two titles have in common; two titles without any word are the same."""
    union = len(left | right)
    return len(left & right) / union if union else 1.0


def _folded(title: str) -> str:
    return unicodedata.normalize("NFKC", title).casefold()
