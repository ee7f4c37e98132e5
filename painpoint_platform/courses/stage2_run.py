"""A Stage-2 run from pain points to the published folder, or the one that is there already.

Belongs here: when a run is made anew. Does not belong here: what is asked (``stage2``), what lies in the folder
(``stage2_folder``), tables of the warehouse (``corpus_steps``).
"""

import time
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.courses.course_clusters import CourseClusters
from painpoint_platform.courses.run_folder import run_dir_of, stage2_run_slug
from painpoint_platform.courses.stage2 import cluster_courses
from painpoint_platform.courses.stage2_folder import (
    Stage2Run,
    finished_stage2_run,
    write_stage2_run,
)
from painpoint_platform.courses.stage2_manifest import Stage2Input, new_stage2_run
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.progress import Progress


@dataclass(frozen=True)
class Stage2Result:
    """A run that lies in its folder. ``reused``: it lay there already, and nothing was asked."""

    run: Stage2Run
    reused: bool

    @property
    def odd_courses(self) -> list[CourseClusters]:
        """Courses whose answer was repaired, or that no model answered."""
        return [course for course in self.run.courses if course.status != "ok"]


def run_stage2(
    made_from: Stage2Input, *, client: ModelClient, artifacts: Path, progress: Progress | None = None
) -> Stage2Result:
    """Group the pain points of a corpus within each course and publish ``artifacts/stage2/runs/<run_slug>/``.

    A folder that was made from the same, and in which no course failed, is the result: nothing is asked or written.

    Args:
        made_from: the pain points and where they come from.
        client: the models; the first one's name is part of the run's.
        artifacts: folder of run artefacts.
        progress: called with (requests done, requests).

    Raises:
        UserError: a folder cannot be written or read, or no model answered for a reason that a person must mend.
        TransientError: no model answered anything; what was there before stands.
    """
    fingerprint = made_from.fingerprint(client.identities)
    run_dir = run_dir_of(artifacts, "stage2", stage2_run_slug(client.models[0], made_from.corpus))
    if finished := finished_stage2_run(run_dir, fingerprint):
        return Stage2Result(finished, reused=True)
    began = time.monotonic()
    courses = cluster_courses(made_from.painpoints, client=client, progress=progress)
    run = new_stage2_run(
        made_from,
        courses,
        artifacts=artifacts,
        model=client.models[0],
        fingerprint=fingerprint,
        wallclock_s=time.monotonic() - began,
    )
    write_stage2_run(run)
    return Stage2Result(run, reused=False)
