"""The manifest of a Stage-3 run: what it was made from, how, and what became of every batch.

Belongs here: the names and values of its fields. Does not belong here: writing and reading it (``stage3_folder``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.global_themes import GLOBAL_THEMES
from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.run_records import (
    SCHEMA_VERSION,
    git_commit,
    recorded_cost,
    recorded_path,
    recorded_seconds,
    recorded_time,
)
from painpoint_platform.courses.stage2_folder import Stage2Run
from painpoint_platform.courses.stage3 import Batch, Themes
from painpoint_platform.courses.stage3_folder import RunName
from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.llm.tasks import Usage


@dataclass(frozen=True)
class Making:
    """What a run is made from and with, beside the Stage-2 run.

    Attributes:
        artifacts: folder of run artefacts.
        clusters_llm: the file of clusters that was batched.
        taxonomy: path and SHA-256 (hex) of the taxonomy file.
        models: the models that may answer, the one that is asked first in front.
        batch_size: most clusters of a call.
        context_tokens: what the models' context holds; None = any number.
        fingerprint: hash of all of it.
    """

    artifacts: Path
    clusters_llm: Path
    taxonomy: tuple[Path, str]
    models: tuple[str, ...]
    batch_size: int
    context_tokens: int | None
    fingerprint: str


def stage3_manifest(name: RunName, stage2: Stage2Run, found: Themes, making: Making) -> Mapping[str, Any]:
    """Return the manifest of a run.

    Args:
        name: what the run goes by.
        stage2: the run whose clusters were grouped; it lies among the artefacts.
        found: themes and batches.
        making: what else the run was made from.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": name.run_id,
        "run_slug": name.run_slug,
        "stage3_run_slug": name.run_slug,
        "stage3_run_dir": name.run_dir,
        "corpus_tag": stage2.corpus,
        "created_at": recorded_time(datetime.now(UTC)),
        "source_stage2_run": _source(stage2, making.artifacts),
        "clusters_llm_csv": recorded_path(making.clusters_llm, making.artifacts),
        "model_name": making.models[0],
        "models": list(making.models),
        "prompt_name": GLOBAL_THEMES.name,
        "prompt_version": GLOBAL_THEMES.version,
        "prompt_template_path": f"prompts/{GLOBAL_THEMES.name}/{GLOBAL_THEMES.version}.md",
        "prompt_sha256": GLOBAL_THEMES.prompt.sha256,
        "taxonomy_path": making.taxonomy[0].name,
        "taxonomy_sha256": making.taxonomy[1],
        "fingerprint": making.fingerprint,
        "batch_size": making.batch_size,
        "context_tokens": making.context_tokens,
        **_counts(stage2, found),
        **_totals(found),
        "git_commit": git_commit(),
        "new_labels": list(found.new_labels),
        "unassigned_clusters": _unassigned(found)["cluster_id"].to_list(),
        "batches": [_batch(batch) for batch in found.batches],
    }


def _source(stage2: Stage2Run, artifacts: Path) -> dict[str, Any]:
    return {
        "run_id": stage2.run_id,
        "stage2_run_dir": recorded_path(stage2.run_dir, artifacts),
        "stage2_run_slug": stage2.run_slug,
        "manifest_path": recorded_path(stage2.run_dir / MANIFEST, artifacts),
    }


def _counts(stage2: Stage2Run, found: Themes) -> dict[str, int]:
    return {
        "num_input_clusters": found.assignments.height,
        "num_global_clusters": found.themes.height,
        "num_unassigned_clusters": _unassigned(found).height,
        "num_normalized_labels": found.themes["normalized_issue_label"].n_unique(),
        # Pairs of post and cluster, as a theme's total_num_posts counts them.
        "total_input_posts": int(stage2.clusters["num_posts"].sum()),
        "num_distinct_posts": stage2.cluster_posts["post_id"].n_unique(),
        "num_courses": stage2.clusters["course_code"].n_unique(),
        "num_batches": len(found.batches),
        "num_failed_batches": len(found.failed),
    }


def _totals(found: Themes) -> dict[str, Any]:
    usage = reduce(add, (batch.answer.usage for batch in found.batches), Usage())
    return {
        "wallclock_s": recorded_seconds(found.wallclock_s),
        "total_cost_usd": recorded_cost(usage.cost_usd),
        "total_calls": usage.calls,
        "total_prompt_tokens": usage.prompt_tokens,
        "total_completion_tokens": usage.completion_tokens,
        "total_latency_s": recorded_seconds(usage.latency_s),
    }


def _unassigned(found: Themes) -> pl.DataFrame:
    return found.assignments.filter(pl.col("global_cluster_id") == UNASSIGNED)


def _batch(batch: Batch) -> dict[str, Any]:
    settled, usage = batch.settled, batch.answer.usage
    return {
        "batch": batch.number,
        "status": batch.status,
        "reason": batch.reason,
        "num_clusters": len(batch.clusters),
        "made_smaller_to_fit_the_context": batch.made_smaller,
        "num_groups": len(settled.groups),
        "num_unassigned": len(settled.unassigned),
        "omitted_cluster_ids": list(settled.omitted),
        "unknown_ids_dropped": list(settled.unknown),
        "repeated_ids_dropped": list(settled.repeated),
        "model": batch.answer.model,
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": recorded_cost(usage.cost_usd),
        "latency_s": recorded_seconds(usage.latency_s),
    }
