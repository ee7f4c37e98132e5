"""Whose voice counts in a cluster: posts that report something, before choruses, and never those that give orders.

Belongs here: telling the three apart, and which posts may speak for a cluster. Does not belong here: what an order
looks like (``text.directives``), choosing among the posts that may speak (``representatives``).

A stranger can post as often as he likes under as many names as he likes, so fifty posts that agree are no evidence
against one that does not. A post that gives orders to a machine is *hostile* and never speaks. Posts that repeat each
other's wording, many posts of one author, advertisements and posts of a word or two speak only where nobody else does.
What a cluster is labelled from is then the same with and without them, however many there are.
"""

import polars as pl

from painpoint_platform.text.directives import directive

# Fewer copies are cross-posts, or a turn of phrase; measured on the sample corpus, where ten find no honest post.
CHORUS = 10
# A post that has this share of its runs of words in common with a chorus sings along.
SHARED_RUNS = 0.5
MANY_BY_ONE_AUTHOR = 5
RUN_WORDS = 4
# "Is it down?" is said by many people alike; a longer text is not.
FEWEST_RUNS = 8
FEWEST_WORDS = 3
_ADVERTISES = (
    r"(?i)\b(?:try|get|grab|check out|buy|order)\s+\S+(?:\s\S+)?\s+(?:for free|today|right now)\b"
    r"|\buse (?:my )?(?:promo |discount )?code [A-Z0-9]{4,}\b|\b(?:best|finest) money (?:i|we) ever spent\b"
)
_ORDINARY, _ASIDE, _HOSTILE = 0, 1, 2


def with_voices(members: pl.DataFrame) -> pl.DataFrame:
    """Mark each post of each cluster with ``hostile`` and ``heard`` (both Boolean).

    Heard are a cluster's ordinary posts; where there are none those set aside; where all are hostile all of them, so
    that the cluster keeps its rows and its label is refused (``issue_label``). The order of the rows does not matter.

    Args:
        members: a row an item: cluster_id, url_hash, title, snippet, perhaps author_hash.
    """
    texts = members["title"] + "\n" + members["snippet"].fill_null("")
    hostile = pl.Series("hostile", [directive(text) is not None for text in texts.to_list()], dtype=pl.Boolean)
    marked = members.with_columns(hostile)
    aside = (
        _in_chorus(marked, texts) | texts.str.contains(_ADVERTISES) | (texts.str.count_matches(r"\w+") < FEWEST_WORDS)
    )
    rank = pl.when("hostile").then(_HOSTILE).when(aside).then(_ASIDE).otherwise(_ORDINARY)
    ranked = marked.with_columns(rank.cast(pl.UInt8).alias("_rank"))
    return ranked.with_columns(heard=pl.col("_rank") == pl.col("_rank").min().over("cluster_id")).drop("_rank")


def _in_chorus(members: pl.DataFrame, texts: pl.Series) -> pl.Series:
    """Tell which posts repeat the wording of others of their cluster, or are one of many by their author."""
    chorus = _same_wording(members, texts)
    if "author_hash" in members.columns:
        by_author = members.select(
            (pl.len().over("cluster_id", "author_hash") >= MANY_BY_ONE_AUTHOR) & pl.col("author_hash").is_not_null()
        ).to_series()
        # One person's cluster is nobody else's to protect, and stays as it is.
        alone = members.select(pl.col("author_hash").n_unique().over("cluster_id") == 1).to_series()
        chorus = chorus | (by_author & ~alone)
    return chorus


def _same_wording(members: pl.DataFrame, texts: pl.Series) -> pl.Series:
    posts = members.select("cluster_id", words=texts.str.to_lowercase().str.extract_all(r"\w+")).with_row_index("post")
    runs = (
        posts.explode("words")
        .with_columns(
            run=pl.concat_str([pl.col("words").shift(-ahead).over("post") for ahead in range(RUN_WORDS)], separator=" ")
        )
        .drop_nulls("run")
        .unique(["post", "run"])
    )
    shares = (
        runs.with_columns(shared=pl.len().over("cluster_id", "run") >= CHORUS)
        .group_by("post")
        .agg(chorus=(pl.col("shared").mean() >= SHARED_RUNS) & (pl.len() >= FEWEST_RUNS))
    )
    return posts.join(shares, on="post", how="left", maintain_order="left")["chorus"].fill_null(value=False)
