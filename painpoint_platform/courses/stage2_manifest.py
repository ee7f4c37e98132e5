"""What a Stage-2 run records about itself.

Belongs here: the manifest's fields and sums, and what makes two runs the same. Does not belong here: the other files
(``stage2_folder``), judging a manifest (``validation.stage2_manifest``).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import polars as pl

from painpoint_platform.courses.course_clusters import COURSE_CLUSTERS, CourseClusters, CourseStatus
from painpoint_platform.courses.csv_table import csv_bytes
from painpoint_platform.courses.painpoints import PAINPOINT_SCHEMA, friendly
from painpoint_platform.courses.predictions import Stage1Provenance
from painpoint_platform.courses.run_folder import fingerprint, new_run_id, run_dir_of, stage2_run_slug
from painpoint_platform.courses.run_records import (
    SCHEMA_VERSION,
    git_commit,
    recorded_cost,
    recorded_path,
    recorded_seconds,
    recorded_time,
)
from painpoint_platform.courses.stage2_folder import (
    PAINPOINTS_FILE,
    PROMPT_PATH,
    Stage2Run,
    clusters_name,
    snapshot_name,
)


@dataclass(frozen=True, slots=True)
class Stage2Input:
    """What a Stage-2 run is made from.

    Attributes:
        corpus: name of the corpus, the Stage-1 run's slug.
        source: where the predictions come from.
        rows_read: data rows of the predictions.
        drop_reasons: rows that were dropped, by reason.
        painpoints: the rest, see ``painpoints.PAINPOINT_SCHEMA``.
    """

    corpus: str
    source: Stage1Provenance
    rows_read: int
    drop_reasons: Mapping[str, int]
    painpoints: pl.DataFrame

    def fingerprint(self, models: Sequence[str]) -> str:
        """Return the SHA-256 over all that the clusters depend on; ``models`` are the identities of those asked."""
        return fingerprint(self.painpoints.select(*PAINPOINT_SCHEMA), COURSE_CLUSTERS.prompt.sha256, *models)


def new_stage2_run(
    made_from: Stage2Input,
    courses: Sequence[CourseClusters],
    *,
    artifacts: Path,
    model: str,
    fingerprint: str,
    wallclock_s: float,
    now: datetime | None = None,
) -> Stage2Run:
    """Return a run with its id and manifest, ready to be written.

    Args:
        made_from: its input.
        courses: what became of each course.
        artifacts: the artefacts' folder.
        model: the model that was asked first; the run is called by it.
        fingerprint: see ``Stage2Input.fingerprint``.
        wallclock_s: how long grouping took, in seconds.
        now: time of the run, default the present.
    """
    now = now or datetime.now(UTC)
    run_dir = run_dir_of(artifacts, "stage2", stage2_run_slug(model, made_from.corpus))
    run_id = new_run_id(run_dir, now)
    counts = made_from.painpoints.group_by("course_code").len()
    entries = _entries(courses, dict(counts.iter_rows()), recorded_path(run_dir, artifacts))
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "run_slug": run_dir.name,
        "corpus_tag": made_from.corpus,
        "created_at": recorded_time(now),
        "model_name": model,
        "prompt_name": COURSE_CLUSTERS.name,
        "prompt_version": COURSE_CLUSTERS.version,
        "prompt_template_path": f"prompts/{PROMPT_PATH}",
        "prompt_sha256": COURSE_CLUSTERS.prompt.sha256,
        "input_sha256": hashlib.sha256(csv_bytes(friendly(made_from.painpoints))).hexdigest(),
        "fingerprint": fingerprint,
        "painpoints_csv": f"{recorded_path(run_dir, artifacts)}/{PAINPOINTS_FILE}",
        "source_stage1_run": _source(made_from.source, artifacts),
        "rows_read": made_from.rows_read,
        "rows_written": made_from.painpoints.height,
        "drop_reasons": dict(made_from.drop_reasons),
        **_totals(entries),
        "wallclock_s": recorded_seconds(wallclock_s),
        "git_commit": git_commit(),
        "courses": entries,
    }
    return Stage2Run(
        run_id, run_dir.name, made_from.corpus, run_dir, manifest, tuple(courses),
        made_from.painpoints.select(*PAINPOINT_SCHEMA),
    )  # fmt: skip


def _entries(
    courses: Sequence[CourseClusters], painpoints: Mapping[str, int], recorded_dir: str
) -> list[dict[str, Any]]:
    return [
        {
            "course_code": course.course_code,
            "course_title": course.course_title,
            "status": course.status,
            "findings": list(course.findings),
            "num_painpoints": painpoints[course.course_code],
            "num_clusters": len(course.clusters),
            "model": course.model,
            "calls": course.calls,
            "prompt_tokens": course.prompt_tokens,
            "completion_tokens": course.completion_tokens,
            "cost_usd": recorded_cost(course.cost_usd),
            "latency_s": recorded_seconds(course.latency_s),
            "clusters_path": f"{recorded_dir}/{clusters_name(course.course_code)}",
            "painpoints_path": f"{recorded_dir}/{snapshot_name(course.course_code)}",
        }
        for course in courses
    ]


def _totals(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    statuses = Counter(entry["status"] for entry in entries)
    costs = [entry["cost_usd"] for entry in entries if entry["cost_usd"] is not None]
    return {
        "num_courses": len(entries),
        "num_clusters": sum(entry["num_clusters"] for entry in entries),
        "total_painpoints": sum(entry["num_painpoints"] for entry in entries),
        **{f"num_{status}": statuses[status] for status in get_args(CourseStatus)},
        "total_calls": sum(entry["calls"] for entry in entries),
        "total_prompt_tokens": sum(entry["prompt_tokens"] for entry in entries),
        "total_completion_tokens": sum(entry["completion_tokens"] for entry in entries),
        "total_cost_usd": recorded_cost(sum(costs)) if costs else None,
    }


def _source(source: Stage1Provenance, artifacts: Path) -> dict[str, Any]:
    path = source.predictions_path
    is_artefact = path.resolve().is_relative_to(artifacts.resolve())
    return {
        "run_slug": source.run_slug,
        "model": source.model,
        "prompt": source.prompt,
        "predictions_path": recorded_path(path, artifacts) if is_artefact else path.as_posix(),
        "input_sha256": source.input_sha256,
    }
