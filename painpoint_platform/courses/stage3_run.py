"""A Stage-3 run from a Stage-2 run to the published folder, or the one that is there already.

Belongs here: when a run is made anew, under which name, in which order its parts are written. Does not belong here:
what is asked (``stage3``), what lies in the folder (``stage3_folder``), tables of the warehouse (``corpus_steps``).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.courses.global_themes import GLOBAL_THEMES
from painpoint_platform.courses.run_folder import fingerprint, new_run_id, run_dir_of, stage3_run_slug
from painpoint_platform.courses.run_records import recorded_path
from painpoint_platform.courses.stage2_folder import Stage2Run
from painpoint_platform.courses.stage3 import BATCH_SIZE, Themes, find_themes
from painpoint_platform.courses.stage3_folder import (
    RunName,
    Stage3Run,
    finished_stage3_run,
    post_index,
    write_clusters_llm,
    write_stage3_run,
)
from painpoint_platform.courses.stage3_manifest import Making, stage3_manifest
from painpoint_platform.courses.taxonomy import load_taxonomy, taxonomy_path
from painpoint_platform.courses.theme_batches import by_impact
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.progress import Progress


@dataclass(frozen=True)
class Stage3Result:
    """A run that lies in its folder. ``found`` is what was asked for it now; None when it was there already."""

    run: Stage3Run
    found: Themes | None

    @property
    def reused(self) -> bool:
        """Whether the run was there already."""
        return self.found is None

    @property
    def failed_batches(self) -> list[tuple[int, str]]:
        """Number and reason of every batch without a usable answer."""
        return [(batch.number, batch.reason or "") for batch in self.found.failed] if self.found else []

    def forget_failures(self, client: ModelClient) -> None:
        """Let the next run ask about failed batches anew; to be called once this run is committed."""
        if self.found:
            self.found.forget_failures(client)


def run_stage3(
    stage2: Stage2Run,
    *,
    client: ModelClient,
    artifacts: Path,
    taxonomy_file: Path | None = None,
    batch_size: int = BATCH_SIZE,
    progress: Progress | None = None,
) -> Stage3Result:
    """Find the themes of a Stage-2 run and publish ``artifacts/stage3/runs/<run_slug>/``.

    A folder that was made from the same, and without a failed batch, is the result: nothing is asked or written then.

    Args:
        stage2: the run whose clusters are grouped; it lies in ``artifacts``.
        client: the models; the first one's name is part of the run's.
        artifacts: folder of run artefacts.
        taxonomy_file: the labels; None = those that come with the project.
        batch_size: most clusters of a call.
        progress: called with (batches done, batches).

    Raises:
        UserError: the taxonomy is malformed, a cluster_id occurs twice, a folder cannot be written, or no model
            answered for a reason that a person must mend.
        TransientError: no model answered anything.
    """
    taxonomy = load_taxonomy(taxonomy_file)
    labels = taxonomy_path(taxonomy_file)
    taxonomy_sha256 = hashlib.sha256(labels.read_bytes()).hexdigest()
    run_dir = run_dir_of(artifacts, "stage3", stage3_run_slug(client.models[0], stage2.corpus))
    settings = (taxonomy_sha256, str((batch_size, client.context_tokens)), *client.identities)
    made_from = _fingerprint(stage2, artifacts, *settings)
    if finished := finished_stage3_run(run_dir, made_from, taxonomy):
        return Stage3Result(finished, None)
    making = Making(
        artifacts=artifacts,
        clusters_llm=write_clusters_llm(stage2, artifacts),
        taxonomy=(labels, taxonomy_sha256),
        models=client.models,
        batch_size=batch_size,
        context_tokens=client.context_tokens,
        fingerprint=made_from,
    )
    found = find_themes(
        stage2.clusters,
        stage2.cluster_posts,
        client=client,
        taxonomy=taxonomy,
        batch_size=batch_size,
        progress=progress,
    )
    run = _run(run_dir, stage2, found, making)
    write_stage3_run(run, found.batches)
    return Stage3Result(run, found)


def _fingerprint(stage2: Stage2Run, artifacts: Path, *settings: str) -> str:
    """Return the SHA-256 over all that the themes depend on: the clusters, their posts, the prompt, ``settings``."""
    return fingerprint(
        by_impact(stage2.clusters),
        fingerprint(stage2.cluster_posts.sort("cluster_id", "post_id")),
        stage2.run_id or recorded_path(stage2.run_dir, artifacts),
        GLOBAL_THEMES.prompt.sha256,
        *settings,
    )


def _run(run_dir: Path, stage2: Stage2Run, found: Themes, making: Making) -> Stage3Run:
    name = RunName(new_run_id(run_dir), run_dir.name, recorded_path(run_dir, making.artifacts))
    return Stage3Run(
        name=name,
        run_dir=run_dir,
        manifest=stage3_manifest(name, stage2, found, making),
        themes=found.themes,
        assignments=found.assignments,
        posts=post_index(found.assignments, stage2.cluster_posts),
    )
