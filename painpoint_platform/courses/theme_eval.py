"""Diagnostics of a Stage-3 run: how posts of clusters spread over themes. Nothing depends on them.

Belongs here: the three tables of ``artifacts/stage3/eval/<run_slug>/`` and their summary. Does not belong here: judging
whether a run keeps the rules (``validation.stage3``), comparing runs (``comparison``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from painpoint_platform.courses.run_folder import read_manifest, replace_file, safe_slug
from painpoint_platform.courses.stage3_folder import POST_INDEX, csv_of_run, read_post_index, run_name
from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.errors import UserError

ALIGNMENT_SCHEMA = {
    "cluster_id": pl.String,
    "global_cluster_id": pl.String,
    "normalized_issue_label": pl.String,
    "post_count": pl.Int32,
}
ISSUE_COVERAGE_SCHEMA = {
    "normalized_issue_label": pl.String,
    "global_cluster_id": pl.String,
    "total_posts": pl.Int32,
    "num_clusters": pl.Int32,
}
CLUSTER_COVERAGE_SCHEMA = {
    "cluster_id": pl.String,
    "dominant_global_cluster_id": pl.String,
    "dominant_normalized_issue_label": pl.String,
    "dominant_issue_post_count": pl.Int32,
    "total_posts": pl.Int32,
    "purity": pl.Float64,
}


@dataclass(frozen=True)
class EvalTables:
    """The diagnostics of a run.

    Attributes:
        alignment: a row a cluster and theme: how many posts they share.
        issue_coverage: a row a label and theme: (post, cluster) pairs and clusters that it covers.
        cluster_coverage: a row a cluster: the theme that most of its posts are in, and their share (purity).
        warning: why the tables are empty though there is a run; None otherwise.
    """

    alignment: pl.DataFrame
    issue_coverage: pl.DataFrame
    cluster_coverage: pl.DataFrame
    warning: str | None = None

    @property
    def files(self) -> Mapping[str, pl.DataFrame]:
        """The tables by the names of their files."""
        return {
            "cluster_global_alignment_long.csv": self.alignment,
            "global_issue_coverage.csv": self.issue_coverage,
            "cluster_issue_coverage.csv": self.cluster_coverage,
        }


@dataclass(frozen=True)
class EvalSummary:
    """The diagnostics in one row. Shares are of (post, cluster) pairs, 0 to 1; None where there is nothing to share."""

    num_clusters: int
    num_unassigned_clusters: int
    num_themes: int
    num_labels: int
    unassigned_post_share: float | None
    largest_theme_share: float | None
    mean_purity: float | None
    warning: str | None


def eval_tables(run_dir: Path) -> EvalTables:
    """Return the diagnostics of a run, whoever wrote it.

    A ``post_global_index.csv`` that is missing or malformed gives empty tables with all columns, and a warning.
    """
    try:
        return tables_of(read_post_index(run_dir / POST_INDEX))
    except UserError as error:
        return EvalTables(
            pl.DataFrame(schema=ALIGNMENT_SCHEMA),
            pl.DataFrame(schema=ISSUE_COVERAGE_SCHEMA),
            pl.DataFrame(schema=CLUSTER_COVERAGE_SCHEMA),
            warning=f"no diagnostics, for the posts' index cannot be read: {error}",
        )


def tables_of(posts: pl.DataFrame) -> EvalTables:
    """Return the diagnostics of a post index.

    Unassigned clusters count as one theme, ``UNASSIGNED``, without a label. Of themes that share as many posts of a
    cluster, the first by id is dominant.

    Args:
        posts: by ``stage3_folder.POST_INDEX_SCHEMA``.
    """
    key = ["cluster_id", "global_cluster_id", "normalized_issue_label"]
    alignment = posts.group_by(key).agg(post_count=pl.col("post_id").n_unique()).sort(key)
    themes = ["normalized_issue_label", "global_cluster_id"]
    issue_coverage = (
        alignment.group_by(themes)
        .agg(total_posts=pl.col("post_count").sum(), num_clusters=pl.col("cluster_id").n_unique())
        .sort("total_posts", "global_cluster_id", "normalized_issue_label", descending=[True, False, False])
    )
    totals = posts.group_by("cluster_id").agg(total_posts=pl.col("post_id").n_unique())
    cluster_coverage = (
        alignment.sort("cluster_id", "post_count", "global_cluster_id", descending=[False, True, False])
        .unique("cluster_id", keep="first", maintain_order=True)
        .join(totals, on="cluster_id", maintain_order="left")
        .select(
            "cluster_id",
            "total_posts",
            dominant_global_cluster_id="global_cluster_id",
            dominant_normalized_issue_label="normalized_issue_label",
            dominant_issue_post_count="post_count",
            purity=pl.col("post_count") / pl.col("total_posts"),
        )
    )
    return EvalTables(
        _typed(alignment, ALIGNMENT_SCHEMA),
        _typed(issue_coverage, ISSUE_COVERAGE_SCHEMA),
        _typed(cluster_coverage, CLUSTER_COVERAGE_SCHEMA),
    )


def summary_of(tables: EvalTables) -> EvalSummary:
    """Return the diagnostics in one row."""
    coverage, clusters = tables.issue_coverage, tables.cluster_coverage
    assigned = coverage.filter(pl.col("global_cluster_id") != UNASSIGNED)
    pairs = int(coverage["total_posts"].sum())
    largest = assigned.group_by("global_cluster_id").agg(pl.col("total_posts").sum())["total_posts"].max()
    unassigned = clusters.filter(pl.col("dominant_global_cluster_id") == UNASSIGNED)
    return EvalSummary(
        num_clusters=clusters.height,
        num_unassigned_clusters=unassigned.height,
        num_themes=assigned["global_cluster_id"].n_unique(),
        num_labels=assigned["normalized_issue_label"].n_unique(),
        unassigned_post_share=1 - int(assigned["total_posts"].sum()) / pairs if pairs else None,
        largest_theme_share=largest / pairs if isinstance(largest, int) else None,
        mean_purity=_mean(clusters["purity"]),
        warning=tables.warning,
    )


def write_eval(tables: EvalTables, run_dir: Path, artifacts: Path) -> Path:
    """Write the files of ``artifacts/stage3/eval/<run_slug>/`` and return that folder.

    Args:
        tables: the diagnostics.
        run_dir: folder of the run that they are of.
        artifacts: folder of run artefacts.

    Raises:
        UserError: ``run_dir`` has no manifest, or a file could not be written.
    """
    name = run_name(run_dir, read_manifest(run_dir))
    folder = artifacts / "stage3" / "eval" / safe_slug(name.run_slug)
    for file, rows in tables.files.items():
        replace_file(folder / file, csv_of_run(name, rows))
    return folder


def _typed(frame: pl.DataFrame, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _mean(shares: pl.Series) -> float | None:
    mean = shares.mean()
    return mean if isinstance(mean, float) else None
