"""A model on loopback that groups clusters by the first word of their summaries, and runs for it to work on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.course_clusters import Cluster, CourseClusters
from painpoint_platform.courses.stage2_folder import Stage2Run
from painpoint_platform.llm.client import Limits, ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform_tests.llm.model_server import ModelServer, Seen

MODEL = "openai/small"
LABELS = {"exam": "assessment_material_misalignment", "pace": "Course-Pacing or workload", "captions": "Poor captions"}


def by_first_word(seen: Seen) -> dict[str, Any]:
    """Group by the first word; what begins with none of ``LABELS`` is unassigned."""
    clusters = seen.user_json["clusters"]
    word_of = {cluster["cluster_id"]: cluster["issue_summary"].split()[0] for cluster in clusters}
    return {
        "global_clusters": [
            {
                "provisional_label": f"{word} trouble",
                "normalized_issue_label": label,
                "short_description": f"The {word} does not fit, says a batch of {len(clusters)}.",
                "member_cluster_ids": [name for name, first in word_of.items() if first == word],
            }
            for word, label in LABELS.items()
            if word in word_of.values()
        ],
        "unassigned_clusters": [name for name, first in word_of.items() if first not in LABELS],
    }


@contextmanager
def client_of(
    server: ModelServer, state: Path, *, model: str = MODEL, context_tokens: int = 100_000, **limits: Any
) -> Iterator[ModelClient]:
    """A client whose one model lies on ``server``."""
    endpoint = Endpoint(model, "LOCAL", server.base_url, "sk-secret", context_tokens=context_tokens)
    route = open_route(endpoint, endpoint, _none)
    client = ModelClient(route, state_path=state, run_id="run", limits=Limits(**({"timeout_s": 5.0} | limits)))
    try:
        yield client
    finally:
        client.close()


def stage2_run(artifacts: Path, *courses: tuple[str, list[tuple[str, int]]], run_id: str | None = "run-2") -> Stage2Run:
    """A Stage-2 run of courses given as (code, [(issue summary, posts)]); it lies in no folder."""
    made = tuple(
        CourseClusters(
            code,
            f"Course {code}",
            tuple(
                Cluster(f"{code}_{number}", summary, tuple(f"{code}p{number}-{post}" for post in range(posts)))
                for number, (summary, posts) in enumerate(clusters, 1)
            ),
        )
        for code, clusters in courses
    )
    slug = "model_s2_cluster_corpus"
    run_dir = artifacts / "stage2" / "runs" / slug
    return Stage2Run(run_id, slug, "corpus", run_dir, {}, made, pl.DataFrame())


def _none() -> Any:
    raise AssertionError("no test here embeds anything")
