"""Judging whether the posts of a Stage-2 run are the pain points it was made from, none lost and none invented.

Belongs here: the pain points' CSV, the snapshots beside the clusters, and their agreement with the clusters.
Does not belong here: what a cluster file must say taken by itself (``stage2_clusters``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, Findings
from painpoint_platform.courses.validation.manifest_fields import is_filled
from painpoint_platform.courses.validation.run_files import RunFiles
from painpoint_platform.courses.validation.stage2_clusters import ReadCourse

PAINPOINTS = "painpoints_llm_friendly.csv"
PAINPOINT_COLUMNS = ("post_id", "course_code", "root_cause_summary", "pain_point_snippet")
TEXTS = ("root_cause_summary", "pain_point_snippet")


@dataclass(frozen=True)
class Painpoint:
    """What a file says about a post of a course; ``place`` is its row or line."""

    place: str
    texts: tuple[str, str]


# Pain points of one course by post id.
Posts = Mapping[str, Painpoint]


@dataclass(frozen=True)
class PainpointsCsv:
    """The pain points' CSV that a run is judged by; ``own``: it is a copy that belongs to this run."""

    file: str
    own: bool
    courses: Mapping[str, Posts]


def find_painpoints_csv(files: RunFiles, recorded: Path | None, *, ours: bool) -> str | None:
    """Return the name of the CSV to judge a run by: its own copy, else the one two folders up, else the recorded one.

    Args:
        files: the run's folder.
        recorded: where the manifest's own path leads, if anywhere.
        ours: whether this project wrote the run, and so must have left a copy in the folder.
    """
    shared = f"../../{PAINPOINTS}"
    if ours or files.has(PAINPOINTS):
        return PAINPOINTS
    if files.has(shared):
        return shared
    return str(recorded) if recorded is not None else None


def judge_painpoints_csv(files: RunFiles, file: str) -> PainpointsCsv | None:
    """Read the pain points' CSV and report what is wrong with it; None when it cannot be read."""
    table = files.csv_table(file, PAINPOINT_COLUMNS)
    if table is None:
        return None
    courses: dict[str, dict[str, Painpoint]] = {}
    for number, row in table.rows:
        place = f"row {number}"
        for column in PAINPOINT_COLUMNS:
            if not row[column].strip():
                files.found.add(file, place, "painpoints_have_their_fields", row[column], f"expected text as {column}")
        if row["post_id"].strip() and row["course_code"].strip():
            posts = courses.setdefault(row["course_code"], {})
            _remember(files.found, file, posts, row["post_id"], Painpoint(place, _texts(row)))
    return PainpointsCsv(file, file == PAINPOINTS, courses)


def judge_snapshot(files: RunFiles, file: str, code: str) -> Posts | None:
    """Read ``painpoints_used_<course_code>.jsonl``, what a model was sent; None when it cannot be read."""
    lines = files.json_lines(file)
    if lines is None:
        return None
    found = files.found
    posts: dict[str, Painpoint] = {}
    for number, row in lines:
        place = f"line {number}"
        for key in ("post_id", *TEXTS):
            if not is_filled(row.get(key)):
                found.add(file, place, "painpoints_have_their_fields", row.get(key, NOTHING), f"expected text as {key}")
        if "course_code" in row and row["course_code"] != code:
            found.add(file, place, "painpoints_are_of_the_files_course", row["course_code"], f"expected {code}")
        post_id = row.get("post_id")
        if is_filled(post_id):
            _remember(found, file, posts, post_id, Painpoint(place, _texts(row)))
    if not lines:
        found.add(
            file, WHOLE_FILE, "painpoints_are_there", NOTHING, "expected a line for each pain point of the course"
        )
    return posts


def belongs_to_another_corpus(table: PainpointsCsv, snapshots: Mapping[str, Posts | None]) -> bool:
    """Tell whether a CSV outside of the run was written for another corpus since: it lacks most posts of the run."""
    known = [post_id in table.courses.get(code, {}) for code, posts in snapshots.items() for post_id in posts or {}]
    return not table.own and bool(known) and 2 * sum(known) < len(known)


def judge_snapshot_rows(found: Findings, file: str, code: str, posts: Posts, table: PainpointsCsv) -> None:
    """Report where what was sent about a course differs from the CSV."""
    rows = table.courses.get(code, {})
    for post_id, painpoint in posts.items():
        if post_id not in rows:
            found.add(
                file, painpoint.place, "snapshot_equals_painpoints_csv", post_id,
                f"expected a row for it and course {code} in {table.file}; a run must not invent posts",
            )  # fmt: skip
            continue
        for name, said, written in zip(TEXTS, painpoint.texts, rows[post_id].texts, strict=True):
            if said != written:
                found.add(
                    file, painpoint.place, "snapshot_equals_painpoints_csv", said,
                    f"expected {name} as in {table.file}, {rows[post_id].place}",
                )  # fmt: skip
    for post_id, row in rows.items():
        if post_id not in posts:
            found.add(
                file, f"course {code}", "snapshot_equals_painpoints_csv", NOTHING,
                f"expected a line for post {post_id}, {row.place} of {table.file}",
            )  # fmt: skip


def judge_posts(
    found: Findings, course: ReadCourse, sources: Mapping[str, Posts], course_of: Mapping[str, str]
) -> None:
    """Report posts of clusters that were not sent, and posts that were sent and are in no cluster.

    Args:
        found: takes the findings.
        course: the course's clusters.
        sources: file -> the course's posts in it. A post of a cluster must be in all of them, and a post of any of them
            in a cluster.
        course_of: post id -> a course that it is known for.
    """
    if course.clusters is None or not sources:
        return
    clustered: set[str] = set()
    for cluster in course.clusters:
        clustered.update(cluster.post_ids)
        for post_id in cluster.post_ids:
            lacking = [file for file, posts in sources.items() if post_id not in posts]
            if lacking:
                elsewhere = course_of.get(post_id)
                hint = f"; it is a post of {elsewhere}" if elsewhere not in (None, course.code) else ""
                found.add(
                    course.file, cluster.place, "post_ids_are_painpoints_of_the_course", post_id,
                    f"expected it among the posts of {course.code} in {' and in '.join(lacking)}{hint}",
                )  # fmt: skip
    sent = {post_id for posts in sources.values() for post_id in posts}
    for post_id in sorted(sent - clustered):
        found.add(
            course.file, f"course {course.code}", "every_sent_post_is_in_a_cluster", post_id,
            "expected it in at least one cluster; a post that fits no other forms its own",
        )  # fmt: skip


def _remember(found: Findings, file: str, posts: dict[str, Painpoint], post_id: str, painpoint: Painpoint) -> None:
    if post_id in posts:
        found.add(
            file,
            painpoint.place,
            "painpoints_are_unique",
            post_id,
            f"{posts[post_id].place} is the same post and course",
        )
    posts.setdefault(post_id, painpoint)


def _texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return summary and snippet as they are compared: programs differ in white space at the ends and line ends."""
    summary, snippet = (_comparable(row.get(key)) for key in TEXTS)
    return summary, snippet


def _comparable(value: Any) -> str:
    return "\n".join(value.splitlines()).strip() if isinstance(value, str) else ""
