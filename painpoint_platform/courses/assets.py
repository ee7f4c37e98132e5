"""The assets of the courses domain: load a Stage-1 run, filter it, group within courses, group across, judge.

Belongs here: keys, partitions, pools, checks and metadata. Does not belong here: what is done for a corpus
(``corpus_steps``), what a person sees of it (``views``).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from painpoint_platform.automation import after_new_rows
from painpoint_platform.layers import bronze, fact, gold, silver, table_spec, view_metadata, warning
from painpoint_platform.partitions import Committed, course_corpora, materialize_each, one_run_a_range
from painpoint_platform.resources.courses import CoursesResource
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.warehouse import WarehouseResource

if TYPE_CHECKING:
    from painpoint_platform.views import View

PREDICTIONS, PAINPOINTS = bronze("course_predictions"), silver("course_painpoints")
CLUSTERS, CLUSTER_POSTS = gold("course_clusters"), gold("course_cluster_posts")
THEMES, CLUSTER_INDEX, POST_INDEX = gold("global_themes"), gold("cluster_global_index"), gold("post_global_index")
EVALUATION, ALIGNMENT = gold("global_theme_eval"), gold("cluster_global_alignment_long")
ISSUE_COVERAGE, CLUSTER_COVERAGE = gold("global_issue_coverage"), gold("cluster_issue_coverage")
STAGE_2 = (PREDICTIONS, PAINPOINTS, CLUSTERS, CLUSTER_POSTS)

corpus_asset = partial(dg.multi_asset, partitions_def=course_corpora, backfill_policy=one_run_a_range)


def table(key: dg.AssetKey, description: str, *, deps: Sequence[dg.AssetKey], kind: str = "python") -> dg.AssetSpec:
    """Describe a table of this domain; one that is made from others follows when they have new rows."""
    follows = after_new_rows if deps else None
    starts = None if deps else "The sensor new_course_corpora, when a Stage-1 run comes into COURSES_INBOX or changes."
    return table_spec(
        key, group="courses", description=description, kinds={"python", kind}, deps=deps, starts=starts,
        automation_condition=follows,
    )  # fmt: skip


PREDICTION_CHECKS = (fact("unique_row_number", PREDICTIONS, "A row of the file is one row here."),)


@corpus_asset(
    name="course_predictions",
    specs=[
        table(
            PREDICTIONS,
            "The Stage-1 run of a corpus as it lies in COURSES_INBOX. bronze.course_catalogue has the list of courses.",
            deps=[],
            kind="csv",
        )
    ],
    check_specs=PREDICTION_CHECKS,
)
def course_predictions(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, courses: CoursesResource
) -> Iterator[Any]:
    """Load each corpus of the run."""
    from painpoint_platform.courses import corpus_steps, views  # Polars comes with it

    def one_corpus(corpus: str) -> Committed:
        predictions = courses.predictions_of(corpus)
        corpus_steps.load_corpus(warehouse, corpus, predictions=predictions, course_list=Path(courses.course_list))
        return Committed(_metadata({PREDICTIONS: views.predictions(warehouse, corpus)}))

    yield from materialize_each(context, one_corpus, checks=PREDICTION_CHECKS)


PAINPOINT_CHECKS = (
    fact("unique_course_code_post_id", PAINPOINTS, "A post counts once in a course."),
    fact("every_row_is_accounted_for", PAINPOINTS, "A row of the file is a pain point or was dropped for a reason."),
    warning("no_row_has_a_fault", PAINPOINTS, "No row came twice, and no course is missing from the list."),
)


@corpus_asset(
    name="course_painpoints",
    specs=[
        table(
            PAINPOINTS,
            "The pain points that Stage 2 groups. Rows without one, with an error flag, that came twice or name an "
            "unknown course stand in silver.course_dropped_rows, each with its reason.",
            deps=[PREDICTIONS],
        )
    ],
    check_specs=PAINPOINT_CHECKS,
)
def course_painpoints(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, courses: CoursesResource
) -> Iterator[Any]:
    """Filter each corpus of the run."""
    from painpoint_platform.courses import corpus_steps, views

    def one_corpus(corpus: str) -> Committed:
        corpus_steps.filter_painpoints(warehouse, corpus, artifacts=courses.artifacts)
        faults = views.faulty_rows(warehouse, corpus)
        warnings = {"no_row_has_a_fault": faults} if faults else {}
        return Committed(_metadata({PAINPOINTS: views.painpoints(warehouse, corpus)}), warnings)

    yield from materialize_each(context, one_corpus, checks=PAINPOINT_CHECKS)


CLUSTER_CHECKS = (
    fact("unique_cluster_id", CLUSTERS, "A cluster occurs once in a corpus."),
    fact("sizes_are_counts_of_posts", CLUSTERS, "The size of a cluster is the number of its posts."),
    fact("no_post_lost_or_invented", CLUSTER_POSTS, "Every pain point is in a cluster, and nothing else is."),
    warning("every_course_was_grouped", CLUSTERS, "A model gave a valid answer for every course."),
)


@corpus_asset(
    name="course_clusters",
    specs=[
        table(
            CLUSTERS,
            "Pain points of each course grouped by the root cause that they share: one model call a course.",
            deps=[PAINPOINTS],
            kind="llm",
        ),
        table(CLUSTER_POSTS, "The posts behind each cluster, with the students' own words.", deps=[PAINPOINTS]),
    ],
    check_specs=CLUSTER_CHECKS,
    pool="llm",
)
def course_clusters(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    courses: CoursesResource,
    llm: LLMResource,
    embedding: EmbeddingResource,
) -> Iterator[Any]:
    """Run Stage 2 for each corpus of the run."""
    from painpoint_platform.courses import corpus_steps, views

    client = llm.client(run_id=context.run.run_id, embedder_factory=embedding.embedder)

    def one_corpus(corpus: str) -> Committed:
        grouped = corpus_steps.group_within_courses(warehouse, corpus, client=client, artifacts=courses.artifacts)
        shown = views.clusters(warehouse, corpus, grouped)
        warnings = {"every_course_was_grouped": views.odd_courses(grouped)} if grouped.odd_courses else {}
        return Committed(_metadata(dict(zip((CLUSTERS, CLUSTER_POSTS), shown, strict=True)), grouped.changed), warnings)

    yield from materialize_each(context, one_corpus, checks=CLUSTER_CHECKS)


THEME_CHECKS = (
    fact("unique_global_cluster_id", THEMES, "A theme occurs once in a corpus."),
    fact("themes_agree_with_their_posts", THEMES, "The totals of a theme are counts of its posts."),
    fact("unique_post_id_cluster_id_global_cluster_id", POST_INDEX, "A post has a theme once by each of its clusters."),
    fact("every_cluster_is_assigned_once", CLUSTER_INDEX, "A cluster has one theme or is unassigned."),
    warning("every_batch_was_answered", THEMES, "A model gave a valid answer for every batch."),
)


@corpus_asset(
    name="global_themes",
    specs=[
        table(
            THEMES,
            "Root causes that recur across courses: clusters grouped by a model in batches, the groups then merged.",
            deps=[CLUSTERS, CLUSTER_POSTS],
            kind="llm",
        ),
        table(CLUSTER_INDEX, "The theme of each cluster.", deps=[CLUSTERS, CLUSTER_POSTS]),
        table(POST_INDEX, "The themes of each post.", deps=[CLUSTERS, CLUSTER_POSTS]),
    ],
    check_specs=THEME_CHECKS,
    pool="llm",
)
def global_themes(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    courses: CoursesResource,
    llm: LLMResource,
    embedding: EmbeddingResource,
) -> Iterator[Any]:
    """Run Stage 3 for each corpus of the run."""
    from painpoint_platform.courses import corpus_steps, views

    client = llm.client(run_id=context.run.run_id, embedder_factory=embedding.embedder)

    def one_corpus(corpus: str) -> Committed:
        themed = corpus_steps.find_themes_across(
            warehouse, corpus, client=client, artifacts=courses.artifacts,
            taxonomy_file=courses.taxonomy, batch_size=courses.theme_batch_size,
        )  # fmt: skip
        shown = dict(zip((THEMES, CLUSTER_INDEX, POST_INDEX), views.themes(warehouse, corpus, themed), strict=True))
        warnings = {"every_batch_was_answered": views.failed_batches(themed)} if themed.failed_batches else {}
        return Committed(_metadata(shown, themed.changed), warnings)

    yield from materialize_each(context, one_corpus, checks=THEME_CHECKS)


EVALUATION_CHECKS = (
    warning("diagnostics_are_there", EVALUATION, "The index of posts could be read."),
    fact("unique_cluster_id_global_cluster_id", ALIGNMENT, "A cluster and a theme meet once."),
    fact("unique_normalized_issue_label_global_cluster_id", ISSUE_COVERAGE, "A label and a theme meet once."),
    fact("unique_cluster_id", CLUSTER_COVERAGE, "A cluster is judged once."),
)


@corpus_asset(
    name="global_theme_eval",
    specs=[
        table(EVALUATION, "How well themes cover the clusters, in a row a run.", deps=[CLUSTER_INDEX, POST_INDEX]),
        table(ALIGNMENT, "How the posts of clusters spread over themes.", deps=[POST_INDEX]),
        table(ISSUE_COVERAGE, "How much each label and theme covers.", deps=[POST_INDEX]),
        table(CLUSTER_COVERAGE, "How pure each cluster is.", deps=[POST_INDEX]),
    ],
    check_specs=EVALUATION_CHECKS,
)
def global_theme_eval(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, courses: CoursesResource
) -> Iterator[Any]:
    """Judge each corpus of the run; a diagnosis, nothing depends on it."""
    from painpoint_platform.courses import corpus_steps, views

    def one_corpus(corpus: str) -> Committed:
        warning = corpus_steps.judge_themes(warehouse, corpus, artifacts=courses.artifacts)
        tables = (EVALUATION, ALIGNMENT, ISSUE_COVERAGE, CLUSTER_COVERAGE)
        shown = dict(zip(tables, views.evaluation(warehouse, corpus), strict=True))
        return Committed(_metadata(shown), {"diagnostics_are_there": warning} if warning else {})

    yield from materialize_each(context, one_corpus, checks=EVALUATION_CHECKS)


def _metadata(shown: "Mapping[dg.AssetKey, View]", changed: bool = True) -> dict[dg.AssetKey, dict[str, Any]]:
    return {key: view_metadata(view, changed) for key, view in shown.items()}


ASSETS = [course_predictions, course_painpoints, course_clusters, global_themes, global_theme_eval]
