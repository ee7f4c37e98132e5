"""Judging the manifest of a Stage-3 run, ours or another program's.

Belongs here: its fields, and whether its sums agree with its batches. Does not belong here: whether it agrees with the
themes (``stage3``), the Stage-2 run that it names (``stage3_source``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.validation.findings import NOTHING, FileFindings
from painpoint_platform.courses.validation.manifest_fields import (
    AMOUNT,
    COUNT,
    HASH,
    LIST,
    TEXT,
    TEXTS,
    TIME,
    Field,
    is_ours,
    judge_cost,
    judge_fields,
    judge_identity,
    judge_signs,
    judge_sums,
    judge_total,
)
from painpoint_platform.courses.validation.run_files import RunFiles

BATCH_STATUSES = ("ok", "failed")
BATCH_STATUS = Field(lambda value: value in BATCH_STATUSES, f"one of {', '.join(BATCH_STATUSES)}", everywhere=False)
# What the source document asks of every program.
REQUIRED = ("schema_version", "run_id")
FIELDS: Mapping[str, Field] = {
    "run_slug": TEXT,
    "stage3_run_slug": TEXT,
    "stage3_run_dir": TEXT,
    "created_at": TIME,
    "clusters_llm_csv": TEXT,
    "model_name": TEXT,
    "models": TEXTS,
    "prompt_name": TEXT,
    "prompt_version": TEXT,
    "prompt_template_path": TEXT,
    "prompt_sha256": HASH,
    "taxonomy_path": TEXT,
    "taxonomy_sha256": HASH,
    "fingerprint": HASH,
    "batch_size": COUNT,
    "context_tokens": COUNT.or_null(),
    "num_input_clusters": COUNT,
    "num_global_clusters": COUNT,
    "num_unassigned_clusters": COUNT,
    "num_normalized_labels": COUNT,
    "total_input_posts": COUNT,
    "num_distinct_posts": COUNT,
    "num_courses": COUNT,
    "num_batches": COUNT,
    "num_failed_batches": COUNT,
    "wallclock_s": AMOUNT,
    "total_cost_usd": AMOUNT.or_null(),
    "total_calls": COUNT,
    "total_prompt_tokens": COUNT,
    "total_completion_tokens": COUNT,
    "total_latency_s": AMOUNT,
    "git_commit": TEXT.or_null(),
    "new_labels": TEXTS,
    "unassigned_clusters": TEXTS,
    "batches": LIST,
}
BATCH_FIELDS: Mapping[str, Field] = {
    "batch": COUNT,
    "status": BATCH_STATUS,
    "reason": TEXT.or_null(),
    "num_clusters": COUNT,
    "num_groups": COUNT,
    "num_unassigned": COUNT,
    "model": TEXT.or_null(),
    "calls": COUNT,
    "prompt_tokens": COUNT,
    "completion_tokens": COUNT,
    "cost_usd": AMOUNT.or_null(),
    "latency_s": AMOUNT,
}
# What neither the source documents nor the specification ask of other software.
OUR_MARKS = (
    "fingerprint", "taxonomy_sha256", "taxonomy_path", "clusters_llm_csv", "models", "batch_size", "context_tokens",
    "num_normalized_labels", "num_distinct_posts", "num_failed_batches", "total_calls", "batches",
)  # fmt: skip
SLUG_NAMES = ("stage3_run_slug", "run_slug")


@dataclass(frozen=True)
class Stage3Manifest:
    """A manifest as far as it could be read; ``fields`` is empty when it could not."""

    fields: Mapping[str, Any]
    ours: bool


def judge_stage3_manifest(files: RunFiles) -> Stage3Manifest:
    """Read the manifest of a Stage-3 run and report what is wrong with it taken by itself."""
    fields = files.json_object(MANIFEST)
    if fields is None:
        return Stage3Manifest({}, ours=False)
    found, ours = files.found.about(MANIFEST), is_ours(fields, OUR_MARKS)
    for name in REQUIRED:
        if fields.get(name) is None:
            found.add(name, "manifest_has_its_fields", fields.get(name, NOTHING), "expected text")
    judge_fields(found, "", fields, FIELDS, ours=ours)
    judge_signs(found, fields, {*FIELDS, *BATCH_FIELDS})
    judge_identity(files, fields, SLUG_NAMES, slug_field="stage3_run_slug", ours=ours)
    if ours:
        _judge_batches(found, fields)
    return Stage3Manifest(fields, ours)


def _judge_batches(found: FileFindings, fields: Mapping[str, Any]) -> None:
    listed = fields.get("batches")
    if not isinstance(listed, list):
        return
    batches: list[Mapping[str, Any]] = []
    for index, batch in enumerate(listed):
        if isinstance(batch, dict):
            judge_fields(found, f"batches[{index}].", batch, BATCH_FIELDS, ours=True)
            batches.append(batch)
        else:
            found.add(f"batches[{index}]", "manifest_fields_have_their_kind", batch, "expected an object")
    failed = sum(batch.get("status") == "failed" for batch in batches)
    judge_total(found, "num_batches", fields.get("num_batches"), len(listed), "the batches that are listed")
    judge_total(found, "num_failed_batches", fields.get("num_failed_batches"), failed, "the batches that failed")
    sums = {
        "num_input_clusters": "num_clusters",
        "total_calls": "calls",
        "total_prompt_tokens": "prompt_tokens",
        "total_completion_tokens": "completion_tokens",
    }
    if len(batches) == len(listed):
        judge_sums(found, fields, batches, sums, over="batches")
    judge_cost(found, fields.get("total_cost_usd"), [batch.get("cost_usd") for batch in batches])
