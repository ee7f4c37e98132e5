"""``painpoint stage3 validate``: every finding about the folder of a Stage-3 run, whoever wrote it.

Belongs here: which files a run has, and whether its manifest agrees with them. Does not belong here: the rules of each
file (``stage3_manifest``, ``stage3_themes``, ``stage3_index``, ``stage3_eval``), the Stage-2 run (``stage3_source``).

The rules are those of the source document of Stage 3, sections 4 to 9. A run of other software is held to them, and to
nothing that only this project writes; a run of ours is held to both.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.taxonomy import load_taxonomy, taxonomy_path
from painpoint_platform.courses.validation.findings import (
    NOTHING,
    WHOLE_FILE,
    FileFindings,
    Finding,
    Findings,
    Say,
    Words,
)
from painpoint_platform.courses.validation.manifest_fields import (
    first_of,
    is_count,
    is_file_name,
    is_filled,
    is_sha256,
    judge_prompt,
    judge_total,
)
from painpoint_platform.courses.validation.run_files import RunFiles
from painpoint_platform.courses.validation.stage3_eval import judge_eval
from painpoint_platform.courses.validation.stage3_index import (
    RunNames,
    judge_cluster_index,
    judge_post_index,
    judge_summary,
)
from painpoint_platform.courses.validation.stage3_manifest import SLUG_NAMES, Stage3Manifest, judge_stage3_manifest
from painpoint_platform.courses.validation.stage3_source import Source, judge_source
from painpoint_platform.courses.validation.stage3_themes import THEMES, ReadThemes, judge_themes

PROMPT, BATCH_LOG = "stage3_prompt.txt", "llm_batches.jsonl"


def validate_stage3(run_dir: Path, *, say: Say = lambda _: None) -> list[Finding]:
    """Judge the folder of a Stage-3 run against itself and the Stage-2 run that it names.

    Args:
        run_dir: the folder, ``artifacts/stage3/runs/<run_slug>``.
        say: told what is no finding but limits what could be judged.

    Returns:
        Every finding; none for a good run.

    Raises:
        UserError: there is nothing at ``run_dir``.
    """
    found = Findings()
    files = RunFiles(run_dir, found)
    if not files.is_folder():
        return found.listed()
    listed = files.names()
    manifest = judge_stage3_manifest(files)
    fields, ours = manifest.fields, manifest.ours
    source = judge_source(files, fields, ours=ours) if fields else None
    themes = judge_themes(files, source, ours=ours)
    names = _run_names(manifest)
    expected = judge_cluster_index(files, themes, source, names, ours=ours)
    posts = judge_post_index(files, names, expected)
    if expected is not None:
        judge_summary(files, listed, expected)
    judge_eval(files, _slug(files, fields), posts, names)
    if ours or PROMPT in listed:
        judge_prompt(files, PROMPT, fields)
    if ours or BATCH_LOG in listed:
        _judge_batch_log(files, fields)
    if themes is not None:
        _judge_counts(found.about(MANIFEST), manifest, themes, source)
        _judge_labels(found.about(MANIFEST), fields, themes, say)
    return found.listed()


def _slug(files: RunFiles, fields: Mapping[str, Any]) -> str:
    slug = first_of(fields, SLUG_NAMES)
    return slug if is_file_name(slug) else files.root.name


def _run_names(manifest: Stage3Manifest) -> RunNames:
    """Rows of ours say what the manifest says; other software may write versions and paths in other ways there."""
    fields = manifest.fields
    names = {"stage3_run_id": fields.get("run_id"), "stage3_run_slug": first_of(fields, SLUG_NAMES)}
    if manifest.ours:
        names |= {name: fields.get(name) for name in ("schema_version", "stage3_run_dir")}
    return RunNames({column: name for column, name in names.items() if is_filled(name)})


def _judge_batch_log(files: RunFiles, fields: Mapping[str, Any]) -> None:
    lines = files.json_lines(BATCH_LOG)
    stated = fields.get("num_batches")
    if lines is not None and is_count(stated) and stated != len(lines):
        files.found.add(
            BATCH_LOG, WHOLE_FILE, "log_has_one_line_per_batch", Words(f"{len(lines):,} lines"),
            f"expected {stated:,}, num_batches of the manifest",
        )  # fmt: skip


def _judge_counts(found: FileFindings, manifest: Stage3Manifest, themes: ReadThemes, source: Source | None) -> None:
    """Report counts of the manifest that are not those of the themes and of Stage 2."""
    fields, labels = manifest.fields, {theme.normalized_issue_label for theme in themes.themes}
    counts = {
        "num_global_clusters": (len(themes.themes), f"the themes in {THEMES}"),
        "num_unassigned_clusters": (len(themes.unassigned), f"unassigned_clusters in {THEMES}"),
        "num_normalized_labels": (len(labels), f"the different labels in {THEMES}"),
    }
    if source is not None:
        pairs, distinct = source.num_posts(source.clusters), source.num_distinct_posts(source.clusters)
        counts |= {
            "num_input_clusters": (len(source.clusters), "the clusters of the Stage-2 run"),
            "num_distinct_posts": (distinct, "the posts of the Stage-2 run, each once"),
            "num_courses": (source.num_courses(source.clusters), "the courses of the Stage-2 run"),
        }
        # Other software may count a post once although it is in several clusters.
        if manifest.ours or fields.get("total_input_posts") != distinct:
            counts["total_input_posts"] = (pairs, "the (post, cluster) pairs of the Stage-2 run")
    for name, (count, meaning) in counts.items():
        judge_total(found, name, fields.get(name), count, meaning)
    stated = fields.get("unassigned_clusters")
    if isinstance(stated, list) and _texts(stated) != sorted(themes.unassigned):
        found.add(
            "unassigned_clusters",
            "unassigned_clusters_agree",
            stated,
            f"expected {list(themes.unassigned)}, as {THEMES} says",
        )


def _judge_labels(found: FileFindings, fields: Mapping[str, Any], themes: ReadThemes, say: Say) -> None:
    """Report labels that are neither in the taxonomy nor recorded as new, where the manifest records new ones."""
    recorded = fields.get("new_labels")
    if not isinstance(recorded, list):
        return
    used = {theme.normalized_issue_label for theme in themes.themes} - {""}
    for label in recorded:
        if not isinstance(label, str) or label not in used:
            found.add("new_labels", "new_labels_are_used", label, "expected only labels of themes")
    digest = fields.get("taxonomy_sha256")
    if is_sha256(digest) and digest.lower() != hashlib.sha256(taxonomy_path().read_bytes()).hexdigest():
        say("the run was made with another taxonomy than the one that comes with the project; new_labels is not judged")
        return
    known = {entry.label for entry in load_taxonomy()}
    for label in sorted(used - known - set(_texts(recorded))):
        found.add("new_labels", "new_labels_are_recorded", NOTHING, f"expected {label}, which the taxonomy lacks")
    for label in sorted(known & set(_texts(recorded))):
        found.add("new_labels", "new_labels_are_new", label, "expected only labels that the taxonomy lacks")


def _texts(values: list[Any]) -> list[str]:
    """Return what of an array is text, sorted; anything else is reported as the wrong kind."""
    return sorted(value for value in values if isinstance(value, str))
