"""Votes and comments of a cluster, added up: a source may send any 32-bit number."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from painpoint_platform.issues import gold, silver
from painpoint_platform.issues.clustering.clusters import DEFAULT_REDUCER
from painpoint_platform.issues.impact import impact_score
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.issues.test_cluster_file import QUESTIONS

DAY = date(2025, 3, 1)
MOST = 2**31 - 1
TITLES = [title for titles in QUESTIONS.values() for title in titles]


@pytest.fixture
def items() -> pl.DataFrame:
    """A day's items with as many votes and comments as there can be."""
    rows = [
        {"url_hash": f"u{number:02}", "source": "github", "source_item_id": str(number), "title": title, "body": "",
         "vote_count": MOST, "comment_count": MOST}
        for number, title in enumerate(TITLES)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"vote_count": pl.Int32, "comment_count": pl.Int32})


def test_a_clusters_votes_and_comments_are_their_sums(items: pl.DataFrame, embedder: Embedder) -> None:
    clusters = silver.cluster_day(DAY, items, embedder=embedder, reducer=DEFAULT_REDUCER).clusters
    assert clusters.height >= 2
    for column in ("votes", "comments"):
        assert clusters[column].to_list() == [size * MOST for size in clusters["cluster_size"]]


def test_an_issue_with_very_many_votes_weighs_more_than_one_with_none(items: pl.DataFrame) -> None:
    feelings = {
        name: None for part in ("valence", "arousal", "willingness") for name in (part, f"{part}_low", f"{part}_high")
    }
    members = items.with_columns(
        cluster_id=(pl.int_range(pl.len()) // 7).cast(pl.Int32), membership=pl.lit("core"), centroid_distance=0.5,
        snippet=pl.lit(""), url=pl.lit("https://example.org"), author_hash=pl.col("url_hash"),
        created_at=datetime(2025, 3, 1, tzinfo=UTC), body_md5=pl.lit(""),
        **{name: pl.lit(value, pl.Float64) for name, value in feelings.items()},
        vote_count=pl.when(pl.int_range(pl.len()) < 7).then(0).otherwise("vote_count"),
        comment_count=pl.when(pl.int_range(pl.len()) < 7).then(0).otherwise("comment_count"),
    )  # fmt: skip
    prepared = gold.prepare(members.cast({"vote_count": pl.Int32, "comment_count": pl.Int32})).clusters
    assert prepared["engagement"].to_list() == [0, 14 * MOST, 14 * MOST]
    judged = prepared.with_columns(impact_level=pl.lit("low"), would_pay_signal=False)
    assert judged.select(impact_score())["impact_score"].diff().to_list()[1:] == [pytest.approx(15), 0]
