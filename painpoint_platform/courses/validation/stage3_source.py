"""Finding the Stage-2 run that a Stage-3 run was made from, for judging the one by the other.

Belongs here: what the manifest says about it, where it lies now, and what clusters it has. Does not belong here:
judging it (``stage2``) or the themes (``stage3_themes``).
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.validation.findings import NOTHING, FileFindings, Findings, Words
from painpoint_platform.courses.validation.manifest_fields import (
    Field,
    first_of,
    is_file_name,
    is_filled,
    judge_fields,
    posix_path,
)
from painpoint_platform.courses.validation.run_files import RunFiles, located
from painpoint_platform.courses.validation.stage2 import file_stems, judge_courses
from painpoint_platform.courses.validation.stage2_manifest import SLUG_NAMES, judge_stage2_manifest
from painpoint_platform.wording import first_few

SOURCE = "source_stage2_run"
FILLED = Field(is_filled, "text")
SOURCE_FIELDS: Mapping[str, Field] = {
    "run_id": FILLED.or_null(),
    "stage2_run_dir": FILLED,
    "stage2_run_slug": FILLED,
    "manifest_path": FILLED,
}


@dataclass(frozen=True)
class SourceCluster:
    """A cluster of Stage 2."""

    course_code: str
    post_ids: Collection[str]


@dataclass(frozen=True)
class Source:
    """The clusters of the Stage-2 run by their ids."""

    clusters: Mapping[str, SourceCluster]

    def num_posts(self, cluster_ids: Iterable[str]) -> int:
        """Return the (post, cluster) pairs of some clusters; ids that are none count nothing."""
        return sum(len(self.clusters[name].post_ids) for name in cluster_ids if name in self.clusters)

    def num_courses(self, cluster_ids: Iterable[str]) -> int:
        """Return the number of courses that some clusters are of."""
        return len({self.clusters[name].course_code for name in cluster_ids if name in self.clusters})

    def num_distinct_posts(self, cluster_ids: Iterable[str]) -> int:
        """Return the number of posts in some clusters, each counted once."""
        return len(
            {post_id for name in cluster_ids if name in self.clusters for post_id in self.clusters[name].post_ids}
        )


def judge_source(files: RunFiles, fields: Mapping[str, Any], *, ours: bool) -> Source | None:
    """Find and read the Stage-2 run that the manifest names.

    Returns:
        None, with a finding, when it is gone, another run has taken its place, or its clusters cannot all be read.
    """
    found, source = files.found.about(MANIFEST), fields.get(SOURCE)
    if not isinstance(source, dict):
        found.add(
            SOURCE, "manifest_names_its_source", source if SOURCE in fields else NOTHING,
            "expected an object with run_id, stage2_run_dir, stage2_run_slug and manifest_path; run Stage 3 again",
        )  # fmt: skip
        return None
    judge_fields(found, f"{SOURCE}.", source, SOURCE_FIELDS, ours=ours)
    run_dir, manifest_path = (posix_path(source.get(name)) for name in ("stage2_run_dir", "manifest_path"))
    if run_dir and manifest_path and (manifest_path.parent.name, manifest_path.name) != (run_dir.name, MANIFEST):
        found.add(f"{SOURCE}.manifest_path", "source_paths_agree", str(manifest_path), f"expected {run_dir}/{MANIFEST}")
    recorded = run_dir or (manifest_path.parent if manifest_path is not None else None)
    if recorded is None:
        found.add(
            f"{SOURCE}.stage2_run_dir", "manifest_names_its_source", source.get("stage2_run_dir", NOTHING),
            "expected the path of the Stage-2 run's folder; run Stage 3 again",
        )  # fmt: skip
        return None
    folder = _folder(found, files.root, str(recorded), source.get("run_id"))
    return None if folder is None else _read(found, folder, source.get("stage2_run_slug"))


def _folder(found: FileFindings, root: Path, recorded: str, run_id: Any) -> Path | None:
    """Return the folder of the run with this id: the recorded one, or the one that is kept beside it under its id."""
    folder = located(recorded, root)
    if folder is None or not os.path.isdir(folder):
        # Its place may be empty while the run itself is kept.
        beside = located(str(PurePosixPath(recorded).parent / run_id), root) if is_file_name(run_id) else None
        if beside is not None and os.path.isdir(beside):
            return beside
        found.add(
            f"{SOURCE}.stage2_run_dir", "source_stage2_run_is_there", recorded,
            "expected this folder; restore it, or run Stage 2 and Stage 3 again",
        )  # fmt: skip
        return None
    manifest = RunFiles(folder, Findings()).json_object(MANIFEST)
    if manifest is None:
        _report_unread(found, folder, MANIFEST)
        return None
    there = manifest.get("run_id")
    if run_id is None and is_filled(there):
        found.add(
            f"{SOURCE}.run_id", "source_run_id_is_that_of_the_folder", None,
            f"expected {there}, as {recorded}/{MANIFEST} says; only a legacy run has none",
        )  # fmt: skip
    if not is_filled(run_id) or run_id in (there, folder.name):
        return folder
    beside = folder.with_name(run_id) if is_file_name(run_id) else folder
    if beside != folder and os.path.isdir(beside):
        return beside
    found.add(
        f"{SOURCE}.run_id", "source_run_id_is_that_of_the_folder", run_id,
        f"{recorded} holds {there or 'a run without id'}, and no folder {run_id} lies beside it: another run has taken "
        "its place; run Stage 3 again",
    )  # fmt: skip
    return None


def _report_unread(found: FileFindings, folder: Path, what: str) -> None:
    found.add(
        f"{SOURCE}.stage2_run_dir", "source_stage2_run_is_readable", Words(what),
        f"expected that it can be read in {folder}; `painpoint stage2 validate` says why not",
    )  # fmt: skip


def _read(found: FileFindings, folder: Path, slug: Any) -> Source | None:
    """Read the clusters; what is wrong with them is the other validator's business, unless nothing can be judged."""
    files = RunFiles(folder, Findings())
    manifest = judge_stage2_manifest(files)
    stated = first_of(manifest.fields, SLUG_NAMES)
    if is_filled(slug) and slug not in (stated, folder.name) and not folder.name.startswith(f"{slug}_"):
        found.add(
            f"{SOURCE}.stage2_run_slug", "source_slug_is_that_of_the_folder", slug,
            f"expected {stated or folder.name}, the name of the run in {folder}",
        )  # fmt: skip
    courses = judge_courses(files, manifest, file_stems(files, files.names(), manifest))
    unread = [course.file for course in courses.values() if course.clusters is None]
    if unread or (not courses and manifest.count("num_courses") != 0):
        _report_unread(found, folder, first_few(unread, most=3) if unread else "no clusters")
        return None
    return Source(
        {
            cluster.cluster_id: SourceCluster(code, dict.fromkeys(cluster.post_ids))
            for code, course in courses.items()
            for cluster in course.clusters or ()
            if cluster.cluster_id is not None
        }
    )
