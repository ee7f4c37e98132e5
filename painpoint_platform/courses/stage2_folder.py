"""The folder of a Stage-2 run: what is written there, and reading it again.

Belongs here: the files of ``artifacts/stage2/runs/<run_slug>/`` and the run as an object. Does not belong here: how a
folder appears whole (``run_folder``), the manifest's fields (``stage2_manifest``), what is asked of models
(``stage2``), judging a folder (``validation.stage2``).

The cluster files are the run, whoever wrote it; ``painpoint_clusters.csv`` is derived from them. The folder has a copy
of the pain points' CSV, because a later corpus overwrites the shared one and a run must stay judgeable.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import BaseModel, ValidationError

from painpoint_platform.courses.course_clusters import COURSE_CLUSTERS, Cluster, CourseClusters, CourseStatus
from painpoint_platform.courses.csv_table import csv_bytes
from painpoint_platform.courses.painpoints import PAINPOINT_SCHEMA, friendly, read_llm_friendly, write_llm_friendly
from painpoint_platform.courses.run_folder import (
    MANIFEST,
    file_stem,
    publish_folder,
    published_run_id,
    read_manifest,
    recover,
    write_json,
)
from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled

ModelT = TypeVar("ModelT", bound=BaseModel)

CLUSTERS_FOLDER = "clusters"
CLUSTERS_FILE = "painpoint_clusters.csv"
PAINPOINTS_FILE = "painpoints_llm_friendly.csv"
SNAPSHOT_PREFIX = "painpoints_used_"
PROMPT_FILE = "stage2_prompt.txt"
PROMPT_PATH = f"{COURSE_CLUSTERS.name}/{COURSE_CLUSTERS.version}.md"

CLUSTERS_SCHEMA = {
    "cluster_id": pl.String,
    "course_code": pl.String,
    "course_title": pl.String,
    "issue_summary": pl.String,
    "num_posts": pl.Int32,
}
CLUSTER_POSTS_SCHEMA = {"cluster_id": pl.String, "course_code": pl.String, "post_id": pl.String}

# An id with one of these would be torn apart in a cell of ids joined by semicolons.
_SEPARATOR = re.compile(r"[;,|\s\[]")


@dataclass(frozen=True, eq=False)
class Stage2Run:
    """A Stage-2 run, this platform's or another's.

    Attributes:
        run_id: None for a legacy run, which has none.
        run_slug: name of the run and of its folder.
        corpus: slug of the Stage-1 run; empty where the manifest does not say.
        run_dir: the folder.
        manifest: ``manifest.json`` as an object.
        courses: every course's clusters.
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


def clusters_name(course_code: str) -> str:
    """Return the name of a course's cluster file within the run's folder."""
    return f"{CLUSTERS_FOLDER}/{file_stem(course_code)}.json"


def snapshot_name(course_code: str) -> str:
    """Return the name of the file that holds what was asked about a course."""
    return f"{SNAPSHOT_PREFIX}{file_stem(course_code)}.jsonl"


def write_stage2_run(run: Stage2Run) -> None:
    """Let a run's folder appear, whole; an older run of the same slug is kept under its run id.

    Raises:
        UserError: the folder could not be written; an older one is unchanged.
    """
    publish_folder(run.run_dir, lambda folder: _write(run, folder), published_run_id(run.run_dir))


def finished_stage2_run(run_dir: Path, fingerprint: str) -> Stage2Run | None:
    """Return the run of ``run_dir`` if it was made from the same and no course failed; it need not be made again.

    What a killed writer of the folder left behind is finished or cleared away first. A folder that cannot be read is no
    result: a run is made that takes its place, and it is kept beside that one.

    Raises:
        UserError: what a killed writer left cannot be cleared away.
    """
    recover(run_dir)
    try:
        manifest = read_manifest(run_dir)
        is_finished = manifest.get("fingerprint") == fingerprint and manifest.get("num_failed") == 0
        return read_stage2_run(run_dir) if is_finished else None
    except UserError:
        return None


def read_stage2_run(run_dir: Path) -> Stage2Run:
    """Read a run's folder, this platform's or another's.

    What only this platform records (status, calls and cost of a course) is taken from the manifest where it is there.

    Raises:
        UserError: manifest, a cluster file or the pain points are missing or malformed; names the file and the place.
    """
    manifest = read_manifest(run_dir)
    records = _records(run_dir, manifest)
    courses = tuple(course for path in _cluster_files(run_dir, records) for course in _read_clusters(path, records))
    titles = {course.course_code: course.course_title for course in courses}
    source = manifest.get("source_stage1_run")
    from_stage1 = source.get("run_slug") if isinstance(source, dict) else None
    return Stage2Run(
        run_id=manifest.get("run_id"),
        run_slug=manifest.get("run_slug") or manifest.get("stage2_run_slug") or run_dir.resolve().name,
        corpus=manifest.get("corpus_tag") or from_stage1 or "",
        run_dir=run_dir,
        manifest=manifest,
        courses=courses,
        painpoints=_read_painpoints(run_dir, titles),
    )


def _write(run: Stage2Run, folder: Path) -> None:
    (folder / CLUSTERS_FOLDER).mkdir()
    for course in run.courses:
        write_json(folder / clusters_name(course.course_code), _cluster_file(course))
    for (code,), painpoints in run.painpoints.group_by("course_code", maintain_order=True):
        friendly(painpoints).write_ndjson(folder / snapshot_name(str(code)))
    post_ids = [_joined(cluster.post_ids) for course in run.courses for cluster in course.clusters]
    table = run.clusters.with_columns(post_ids=pl.Series(post_ids, dtype=pl.String))
    (folder / CLUSTERS_FILE).write_bytes(csv_bytes(table))
    write_llm_friendly(run.painpoints, folder / PAINPOINTS_FILE)
    # The bytes, not the text as sent: the manifest has their SHA-256.
    shutil.copyfile(bundled("prompts") / PROMPT_PATH, folder / PROMPT_FILE)
    write_json(folder / MANIFEST, run.manifest)


def _cluster_file(course: CourseClusters) -> dict[str, Any]:
    """The authoritative shape of a course's clusters, seed of Stage 2, section 6."""
    clusters = [
        {
            "cluster_id": cluster.cluster_id,
            "issue_summary": cluster.issue_summary,
            "num_posts": cluster.num_posts,
            "post_ids": list(cluster.post_ids),
        }
        for cluster in course.clusters
    ]
    whole = {"course_code": course.course_code, "course_title": course.course_title}
    return {"courses": [{**whole, "total_posts": course.total_posts, "clusters": clusters}]}


def _joined(post_ids: Sequence[str]) -> str:
    """Ids joined by semicolons; a JSON array where that would be ambiguous."""
    if any(map(_SEPARATOR.search, post_ids)):
        return json.dumps(post_ids, ensure_ascii=False)
    return ";".join(post_ids)


class _ClusterEntry(BaseModel, coerce_numbers_to_str=True):
    cluster_id: str
    issue_summary: str
    post_ids: list[str]


class _CourseEntry(BaseModel, coerce_numbers_to_str=True):
    course_code: str
    course_title: str = ""
    clusters: list[_ClusterEntry]


class _ClusterFile(BaseModel):
    courses: list[_CourseEntry]


class _SnapshotRow(BaseModel, coerce_numbers_to_str=True):
    post_id: str
    course_code: str
    root_cause_summary: str
    pain_point_snippet: str
    confidence_pred: float | None = None


_SNAPSHOT_SCHEMA = {name: pl.Float64 if name == "confidence_pred" else pl.String for name in _SnapshotRow.model_fields}


class _CourseRecord(BaseModel):
    """What this platform's manifest records of a course beyond its clusters."""

    course_code: str
    status: CourseStatus
    findings: tuple[str, ...]
    model: str | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    latency_s: float


class _Manifest(BaseModel):
    courses: list[_CourseRecord]


def _records(run_dir: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the manifest records of each course, in its order; nothing where another program wrote it."""
    if "fingerprint" not in manifest:
        return {}
    courses = _parsed(_Manifest, run_dir / MANIFEST, json.dumps(manifest).encode()).courses
    return {course.course_code: course.model_dump(exclude={"course_code"}) for course in courses}


def _cluster_files(run_dir: Path, codes: Iterable[str]) -> list[Path]:
    """The cluster files in the order of ``codes``, others after them by name."""
    folder = run_dir / CLUSTERS_FOLDER
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; expected a file of clusters for each course")
    order = {clusters_name(code): place for place, code in enumerate(codes)}
    found = sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))
    return sorted(found, key=lambda path: order.get(f"{CLUSTERS_FOLDER}/{path.name}", len(order)))


def _read_clusters(path: Path, records: Mapping[str, dict[str, Any]]) -> Iterator[CourseClusters]:
    for course in _parsed(_ClusterFile, path, path.read_bytes()).courses:
        clusters = tuple(Cluster(c.cluster_id, c.issue_summary, tuple(c.post_ids)) for c in course.clusters)
        yield CourseClusters(course.course_code, course.course_title, clusters, **records.get(course.course_code, {}))


def _read_painpoints(run_dir: Path, titles: Mapping[str, str]) -> pl.DataFrame:
    """The run's own CSV, or what it says it asked; no rows where another program's run has neither."""
    if (run_dir / PAINPOINTS_FILE).exists():
        rows = read_llm_friendly(run_dir / PAINPOINTS_FILE)
    else:
        snapshots = sorted(run_dir.glob(f"{SNAPSHOT_PREFIX}*.jsonl"))
        read = [row.model_dump() for path in snapshots for row in _snapshot_rows(path)]
        rows = pl.DataFrame(read, schema=_SNAPSHOT_SCHEMA).rename({"confidence_pred": "confidence"})
    title = pl.col("course_code").replace_strict(titles, default="", return_dtype=pl.String)
    return rows.with_columns(course_title=title).select(*PAINPOINT_SCHEMA)


def _snapshot_rows(path: Path) -> Iterator[_SnapshotRow]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            yield _parsed(_SnapshotRow, path, line, f", line {number}")


def _parsed(model: type[ModelT], path: Path, text: bytes, place: str = "") -> ModelT:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
        raise UserError(
            f"{path}{place}: {where}{first['msg']}; `painpoint stage2 validate` lists every finding"
        ) from None
