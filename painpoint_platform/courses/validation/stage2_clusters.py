"""Judging the cluster file of one course.

Belongs here: the shape of ``clusters/<course_code>.json`` and what it must say taken by itself (seed 000, section 6).
Does not belong here: whether its posts are the course's pain points (``stage2_posts``).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, FileFindings, Words
from painpoint_platform.courses.validation.manifest_fields import is_count, is_filled
from painpoint_platform.courses.validation.run_files import RunFiles

COURSE_KEYS = ("course_code", "course_title", "total_posts", "clusters")
CLUSTER_KEYS = ("cluster_id", "issue_summary", "num_posts", "post_ids")


@dataclass(frozen=True)
class ReadCluster:
    """A cluster as far as it could be read: ``place`` is its id, or where it has none its JSON path."""

    place: str
    cluster_id: str | None
    issue_summary: str
    post_ids: tuple[str, ...]


@dataclass(frozen=True)
class ReadCourse:
    """A cluster file as far as it could be read; ``clusters`` is None where it holds none that could be judged."""

    file: str
    code: str
    title: str
    clusters: tuple[ReadCluster, ...] | None


def judge_course(files: RunFiles, file: str, code: str, *, named_by_code: bool = True, ours: bool = True) -> ReadCourse:
    """Read the cluster file of a course and report what is wrong with it.

    Args:
        files: the run's folder.
        file: name of the file.
        code: the course that the file is for, by its name and by the manifest.
        named_by_code: whether the file's name is the code; else only the manifest tells which course it is for.
        ours: whether this project wrote the run, and so must have put the largest cluster first.
    """
    content = files.json_object(file)
    if content is None:
        return ReadCourse(file, code, "", None)
    found = files.found.about(file)
    _judge_keys(found, WHOLE_FILE, content, ("courses",))
    courses = content.get("courses")
    if not isinstance(courses, list) or len(courses) != 1 or not isinstance(courses[0], dict):
        found.add(
            "courses", "file_holds_one_course", NOTHING if courses is None else courses,
            "expected an array of exactly one course, an object",
        )  # fmt: skip
        return ReadCourse(file, code, "", None)
    course: dict[str, Any] = courses[0]
    _judge_keys(found, "courses[0]", course, COURSE_KEYS)
    declared = course.get("course_code")
    if "course_code" in course and declared != code:
        found.add(
            "courses[0].course_code", "course_code_is_the_file_name", declared,
            f"expected {code}, as the {'name of the file' if named_by_code else 'manifest'} says",
        )  # fmt: skip
    title = course.get("course_title")
    if "course_title" in course and not is_filled(title):
        found.add("courses[0].course_title", "course_title_is_filled", title, "expected the title of the course")
    # One wrong code is one finding: ids that agree with it are not findings, too.
    prefixes = (code, declared) if is_filled(declared) else (code,)
    clusters = _clusters(found, course, prefixes)
    if clusters is not None:
        _judge_total_posts(found, course)
    if clusters is not None and ours:
        _judge_order(found, course["clusters"])
    return ReadCourse(file, code, title if is_filled(title) else "", clusters)


def _judge_keys(found: FileFindings, place: str, value: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in keys:
        if key not in value:
            found.add(place, "keys_are_those_of_the_schema", NOTHING, f"expected the key {key}")
    for key in value:
        if key not in keys:
            found.add(
                place, "keys_are_those_of_the_schema", key, f"expected only the keys {', '.join(keys)}; remove it"
            )


def _clusters(
    found: FileFindings, course: Mapping[str, Any], prefixes: Sequence[str]
) -> tuple[ReadCluster, ...] | None:
    listed = course.get("clusters")
    if not isinstance(listed, list) or not listed:
        if "clusters" in course:
            found.add("courses[0].clusters", "course_has_clusters", listed, "expected an array of clusters")
        return None
    clusters = [
        _cluster(found, f"courses[0].clusters[{index}]", cluster, prefixes) for index, cluster in enumerate(listed)
    ]
    read = tuple(cluster for cluster in clusters if cluster is not None)
    _judge_unique(found, read)
    return read


def _cluster(found: FileFindings, path: str, cluster: Any, prefixes: Sequence[str]) -> ReadCluster | None:
    if not isinstance(cluster, dict):
        found.add(path, "clusters_are_objects", cluster, f"expected an object with {', '.join(CLUSTER_KEYS)}")
        return None
    cluster_id = cluster.get("cluster_id")
    place = cluster_id if is_filled(cluster_id) else path
    _judge_keys(found, place, cluster, CLUSTER_KEYS)
    if "cluster_id" in cluster and not _is_cluster_id(cluster_id, prefixes):
        found.add(
            place, "cluster_id_is_course_code_and_integer", cluster_id,
            f"expected {prefixes[0]}_ and an integer, such as {prefixes[0]}_1",
        )  # fmt: skip
    summary = cluster.get("issue_summary")
    if "issue_summary" in cluster and not is_filled(summary):
        found.add(place, "issue_summary_is_filled", summary, "expected what the cluster's posts have in common")
    return ReadCluster(
        place,
        cluster_id if is_filled(cluster_id) else None,
        summary if is_filled(summary) else "",
        _post_ids(found, place, cluster),
    )


def _post_ids(found: FileFindings, place: str, cluster: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids that are text, each once, and report the others, repeated ones and a wrong count."""
    listed, count = cluster.get("post_ids"), cluster.get("num_posts")
    if not isinstance(listed, list):
        if "post_ids" in cluster:
            found.add(place, "post_ids_are_texts", listed, "expected an array of post ids")
        return ()
    if not listed:
        found.add(place, "cluster_has_posts", listed, "expected at least one post id; drop an empty cluster")
    post_ids: dict[str, None] = {}
    for post_id in listed:
        if not is_filled(post_id):
            found.add(place, "post_ids_are_texts", post_id, "expected the id of a post, as text")
        elif post_id in post_ids:
            found.add(place, "post_ids_are_unique_in_their_cluster", post_id, "expected each post once a cluster")
        else:
            post_ids[post_id] = None
    if "num_posts" in cluster and not is_count(count):
        found.add(place, "num_posts_is_an_integer", count, f"expected {len(listed)}, as an integer from 0")
    elif is_count(count) and count != len(listed):
        found.add(place, "num_posts_is_len_of_post_ids", count, f"expected {len(listed)}, the length of post_ids")
    return tuple(post_ids)


def _is_cluster_id(cluster_id: Any, prefixes: Sequence[str]) -> bool:
    return isinstance(cluster_id, str) and any(
        cluster_id.startswith(f"{prefix}_") and re.fullmatch(r"[0-9]+", cluster_id[len(prefix) + 1 :])
        for prefix in prefixes
    )


def _judge_unique(found: FileFindings, clusters: Sequence[ReadCluster]) -> None:
    counts = Counter(cluster.cluster_id for cluster in clusters if cluster.cluster_id is not None)
    for cluster_id, count in counts.items():
        if count > 1:
            found.add(
                cluster_id,
                "cluster_ids_are_unique",
                Words(f"{count} clusters"),
                "expected one cluster with this id",
            )


def _judge_order(found: FileFindings, listed: Sequence[Any]) -> None:
    """Report the first cluster that stands after a smaller one, by the posts that clusters hold."""
    sizes = [len(cluster["post_ids"]) for cluster in listed if _has_post_ids(cluster)]
    names = [cluster.get("cluster_id") for cluster in listed if _has_post_ids(cluster)]
    for (before, size), (name, larger) in pairwise(zip(names, sizes, strict=True)):
        if larger > size:
            found.add(
                name if is_filled(name) else "courses[0].clusters", "clusters_are_sorted_by_size",
                Words(f"{larger} posts, after {before} with {size}"), "expected the largest cluster first",
            )  # fmt: skip
            return


def _has_post_ids(cluster: Any) -> bool:
    return isinstance(cluster, dict) and isinstance(cluster.get("post_ids"), list)


def _judge_total_posts(found: FileFindings, course: Mapping[str, Any]) -> None:
    if "total_posts" not in course:
        return
    stated = course["total_posts"]
    listed = [cluster["post_ids"] for cluster in course["clusters"] if _has_post_ids(cluster)]
    # What is no text is reported where it stands, and no post.
    distinct = len({post_id for post_ids in listed for post_id in post_ids if isinstance(post_id, str)})
    if not is_count(stated):
        found.add("courses[0].total_posts", "total_posts_is_an_integer", stated, f"expected {distinct}, as an integer")
    elif stated != distinct:
        found.add(
            "courses[0].total_posts", "total_posts_is_number_of_distinct_posts", stated,
            f"expected {distinct}, the distinct posts over all clusters",
        )  # fmt: skip
