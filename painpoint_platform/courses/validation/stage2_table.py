"""Judging whether ``painpoint_clusters.csv`` says what the cluster files say.

Belongs here: the one table that a Stage-2 run derives from its cluster files. Does not belong here: those files.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from painpoint_platform.courses.validation.findings import NOTHING, FileFindings, Words
from painpoint_platform.courses.validation.run_files import RunFiles
from painpoint_platform.courses.validation.stage2_clusters import ReadCluster, ReadCourse

CLUSTERS_TABLE = "painpoint_clusters.csv"
COLUMNS = ("cluster_id", "course_code", "course_title", "issue_summary", "num_posts", "post_ids")
# What every program's table has, by the source document of Stage 3.
LEAST_COLUMNS = ("cluster_id", "course_code", "num_posts")
POST_SEPARATORS = re.compile(r"[;,|\s]+")


def judge_clusters_table(files: RunFiles, names: Sequence[str], courses: Iterable[ReadCourse], *, ours: bool) -> None:
    """Report rows that differ from the cluster files, are of no cluster, or are missing.

    Args:
        files: the run's folder.
        names: the files in it.
        courses: what the cluster files say; a course whose file cannot be read is left out.
        ours: whether this project wrote the run; other software may have no such table.
    """
    if not ours and CLUSTERS_TABLE not in names:
        return
    table = files.csv_table(CLUSTERS_TABLE, COLUMNS if ours else LEAST_COLUMNS)
    if table is None:
        return
    found, courses = files.found.about(CLUSTERS_TABLE), list(courses)
    unread = {course.code for course in courses if course.clusters is None}
    expected = {
        cluster.cluster_id: (course, cluster)
        for course in courses
        for cluster in course.clusters or ()
        if cluster.cluster_id is not None
    }
    seen: dict[str, int] = {}
    for number, row in table.rows:
        cluster_id = row["cluster_id"]
        if cluster_id in seen:
            found.add(
                f"row {number}", "table_has_one_row_per_cluster", cluster_id,
                f"row {seen[cluster_id]} is for it already",
            )  # fmt: skip
        elif cluster_id in expected:
            _judge_row(found, number, row, *expected[cluster_id])
        elif row["course_code"] not in unread:
            found.add(
                f"row {number}", "table_rows_are_of_clusters", cluster_id,
                "expected the id of a cluster in the cluster files",
            )  # fmt: skip
        seen.setdefault(cluster_id, number)
    for cluster_id, (course, _) in expected.items():
        if cluster_id not in seen:
            found.add(
                cluster_id, "table_has_one_row_per_cluster", NOTHING,
                f"expected a row for this cluster of {course.file}",
            )  # fmt: skip


def _judge_row(
    found: FileFindings, number: int, row: Mapping[str, str], course: ReadCourse, cluster: ReadCluster
) -> None:
    expected = {
        "course_code": course.code,
        "course_title": course.title,
        "issue_summary": cluster.issue_summary,
        "num_posts": str(len(cluster.post_ids)),
    }
    for column, value in expected.items():
        if column in row and row[column].strip() != value.strip():
            found.add(
                f"row {number}", "table_agrees_with_cluster_files", row[column],
                f"expected {column} as in {course.file}, {cluster.place}: {value}",
            )  # fmt: skip
    if "post_ids" in row and sorted(_post_ids(row["post_ids"])) != sorted(cluster.post_ids):
        found.add(
            f"row {number}", "table_agrees_with_cluster_files", Words(row["post_ids"]),
            f"expected post_ids as in {course.file}, {cluster.place}",
        )  # fmt: skip


def _post_ids(joined: str) -> list[str]:
    """Return the ids of a cell: joined by semicolons as ours, by something else, or a JSON array."""
    try:
        parsed = json.loads(joined)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, list):
        return [post_id for post_id in parsed if isinstance(post_id, str)]
    return [post_id for post_id in POST_SEPARATORS.split(joined.strip()) if post_id]
