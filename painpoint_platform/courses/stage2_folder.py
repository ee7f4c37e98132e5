"""The folder of a Stage-2 run: what is written there, and reading it again.

Belongs here: the files of ``artifacts/stage2/runs/<run_slug>/`` and the run as an object. Does not belong here: how a
folder appears whole (``run_folder``), what is asked of models (``stage2``), judging a folder (``stage2_validation``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.course_clusters import CourseClusters

CLUSTERS_SCHEMA = {
    "cluster_id": pl.String,
    "course_code": pl.String,
    "course_title": pl.String,
    "issue_summary": pl.String,
    "num_posts": pl.Int32,
}
CLUSTER_POSTS_SCHEMA = {"cluster_id": pl.String, "course_code": pl.String, "post_id": pl.String}


@dataclass(frozen=True)
class Stage2Run:
    """A Stage-2 run, this platform's or another's.

    Attributes:
        run_id: None for a legacy run, which has none.
        run_slug: name of the run and of its folder.
        corpus: slug of the Stage-1 run.
        run_dir: the folder.
        manifest: ``manifest.json`` as an object.
        courses: every course's clusters, by course code.
        painpoints: what was grouped: post_id, course_code, course_title, root_cause_summary, pain_point_snippet,
            confidence.
    """

    run_id: str | None
    run_slug: str
    corpus: str
    run_dir: Path
    manifest: Mapping[str, Any]
    courses: tuple[CourseClusters, ...]
    painpoints: pl.DataFrame

    @cached_property
    def clusters(self) -> pl.DataFrame:
        """One row a cluster: cluster_id, course_code, course_title, issue_summary, num_posts."""
        rows = [
            (cluster.cluster_id, course.course_code, course.course_title, cluster.issue_summary, cluster.num_posts)
            for course in self.courses
            for cluster in course.clusters
        ]
        return pl.DataFrame(rows, schema=CLUSTERS_SCHEMA, orient="row")

    @cached_property
    def cluster_posts(self) -> pl.DataFrame:
        """One row a post in a cluster: cluster_id, course_code, post_id."""
        rows = [
            (cluster.cluster_id, course.course_code, post_id)
            for course in self.courses
            for cluster in course.clusters
            for post_id in cluster.post_ids
        ]
        return pl.DataFrame(rows, schema=CLUSTER_POSTS_SCHEMA, orient="row")
