"""One corpus of the courses domain, from table to table.

Belongs here: for each asset, what is read under the lock, what is computed outside it, and what is written in one
transaction with which facts checked. Does not belong here: the computations (``painpoints``, ``stage2_run``,
``stage3_run``, ``theme_eval``), Dagster (``assets``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl

from painpoint_platform import progress
from painpoint_platform.courses.course_clusters import CourseClusters
from painpoint_platform.courses.painpoints import drop_counts, split_painpoints, write_llm_friendly
from painpoint_platform.courses.predictions import (
    Stage1Provenance,
    read_course_list,
    read_predictions,
    read_provenance,
)
from painpoint_platform.courses.report import REPORT, render_course_report
from painpoint_platform.courses.run_folder import MANIFEST, read_manifest, replace_file, run_dir_of, safe_slug
from painpoint_platform.courses.run_records import SCHEMA_VERSION, recorded_path
from painpoint_platform.courses.stage2_folder import Stage2Run, read_stage2_run
from painpoint_platform.courses.stage2_manifest import Stage2Input
from painpoint_platform.courses.stage2_run import run_stage2
from painpoint_platform.courses.stage3_folder import RunName, Stage3Run, run_name
from painpoint_platform.courses.stage3_run import run_stage3
from painpoint_platform.courses.theme_eval import eval_tables, summary_of, write_eval
from painpoint_platform.errors import UserError
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.totals import Totals
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.checks import named_check
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch

LLM_FRIENDLY = Path("stage2") / "painpoints_llm_friendly.csv"
# Types of what may be null in the only row.
SUMMARY_TYPES = {
    "unassigned_post_share": pl.Float64,
    "largest_theme_share": pl.Float64,
    "mean_purity": pl.Float64,
    "warning": pl.String,
}


@dataclass(frozen=True)
class Grouped:
    """What grouping a corpus within its courses did. ``totals``: what this run asked of models."""

    run: Stage2Run
    changed: bool
    odd_courses: Sequence[CourseClusters]
    totals: Totals


@dataclass(frozen=True)
class Themed:
    """What finding themes across courses did. ``failed_batches``: number and reason of each."""

    run: Stage3Run
    changed: bool
    failed_batches: Sequence[tuple[int, str]]
    totals: Totals


def load_corpus(warehouse: Warehouse, corpus: str, *, predictions: Path, course_list: Path) -> None:
    """Load a Stage-1 run and the list of courses into ``bronze``.

    Raises:
        UserError: a file cannot be understood; names file, row and value. What was loaded before stands.
    """
    rows, catalogue = read_predictions(predictions), read_course_list(course_list)
    source = read_provenance(predictions)
    origin = pl.DataFrame(
        {
            "stage1_model": [source.model],
            "stage1_prompt": [source.prompt],
            "predictions_path": [str(predictions)],
            "input_sha256": [source.input_sha256],
            "course_list_sha256": [hashlib.sha256(course_list.read_bytes()).hexdigest()],
            "row_count": [rows.height],
        },
        schema_overrides={"stage1_model": pl.String, "stage1_prompt": pl.String},
    )
    with warehouse.write() as connection:
        _replace(connection, "bronze.course_predictions", corpus, rows, unique=["row_number"])
        _replace(connection, "bronze.course_catalogue", corpus, catalogue, unique=["course_code"])
        _replace(connection, "bronze.course_corpora", corpus, origin)


def filter_painpoints(warehouse: Warehouse, corpus: str, *, artifacts: Path) -> None:
    """Split a corpus into pain points and dropped rows, into ``silver`` and ``painpoints_llm_friendly.csv``."""
    with warehouse.read() as connection:
        predictions = fetch(connection, "courses/predictions", corpus=corpus)
        catalogue = fetch(connection, "courses/catalogue", corpus=corpus)
    painpoints, dropped = split_painpoints(predictions, catalogue)
    with warehouse.write() as connection:
        _replace(connection, "silver.course_dropped_rows", corpus, dropped, unique=["row_number"])
        _replace(
            connection, "silver.course_painpoints", corpus, painpoints, unique=["course_code", "post_id"],
            checks=["every_row_is_accounted_for"],
        )  # fmt: skip
    write_llm_friendly(painpoints, artifacts / LLM_FRIENDLY)


def group_within_courses(warehouse: Warehouse, corpus: str, *, client: ModelClient, artifacts: Path) -> Grouped:
    """Run Stage 2: clusters of each course, as a run's folder and in ``gold``.

    Raises:
        UserError: no model answered for a reason that a person must mend, or a folder cannot be written.
        TransientError: no model answered; tables and folders stand as they were.
    """
    with warehouse.read() as connection:
        made_from = _stage2_input(connection, corpus)
    before = client.totals
    result = run_stage2(
        made_from, client=client, artifacts=artifacts, progress=progress.reporter(f"grouping courses of {corpus}")
    )
    run = result.run
    courses = pl.DataFrame(
        [(course.course_code, course.status, course.model) for course in run.courses],
        schema={"course_code": pl.String, "course_status": pl.String, "model": pl.String},
        orient="row",
    )
    clusters = _of_run(run.clusters.join(courses, on="course_code", how="left"), run)
    posts = run.cluster_posts.join(
        run.painpoints.select("post_id", "course_code", "root_cause_summary", "pain_point_snippet"),
        on=["post_id", "course_code"],
        how="left",
    )
    with warehouse.write() as connection:
        _replace(connection, "gold.course_cluster_posts", corpus, _of_run(posts, run), unique=["cluster_id", "post_id"])
        _replace(
            connection, "gold.course_clusters", corpus, clusters, unique=["cluster_id"],
            checks=["sizes_are_counts_of_posts", "no_post_lost_or_invented"],
        )  # fmt: skip
        _remember_run(connection, corpus, "stage2", run, artifacts)
        client.drain(connection)
    client.forget_drained()
    return Grouped(run, not result.reused, result.odd_courses, client.totals.since(before))


def find_themes_across(
    warehouse: Warehouse,
    corpus: str,
    *,
    client: ModelClient,
    artifacts: Path,
    taxonomy_file: Path | None,
    batch_size: int,
) -> Themed:
    """Run Stage 3: themes across courses, as a run's folder with its report and in ``gold``.

    Raises:
        UserError: the Stage-2 run's folder is gone, the taxonomy is malformed, or no model answered for a reason that a
            person must mend.
        TransientError: no model answered; tables and folders stand as they were.
    """
    with warehouse.read() as connection:
        stage2 = read_stage2_run(stage2_dir_of(connection, corpus, artifacts))
        catalogue = fetch(connection, "courses/catalogue", corpus=corpus)
    before = client.totals
    result = run_stage3(
        stage2, client=client, artifacts=artifacts, taxonomy_file=taxonomy_file, batch_size=batch_size,
        progress=progress.reporter(f"finding themes of {corpus}"),
    )  # fmt: skip
    run = result.run
    _write_report(corpus, stage2, run, catalogue)
    with warehouse.write() as connection:
        _replace(
            connection, "gold.post_global_index", corpus, _of_run(run.posts, run.name),
            unique=["post_id", "cluster_id", "global_cluster_id"],
        )  # fmt: skip
        _replace(
            connection, "gold.cluster_global_index", corpus, _of_run(run.assignments, run.name), unique=["cluster_id"],
            checks=["every_cluster_is_assigned_once"],
        )  # fmt: skip
        _replace(
            connection, "gold.global_themes", corpus, _of_run(run.themes, run.name), unique=["global_cluster_id"],
            checks=["themes_agree_with_their_posts"],
        )  # fmt: skip
        _remember_run(connection, corpus, "stage3", run, artifacts)
        client.drain(connection)
    client.forget_drained()
    result.forget_failures(client)
    return Themed(run, not result.reused, result.failed_batches, client.totals.since(before))


def judge_themes(warehouse: Warehouse, corpus: str, *, artifacts: Path) -> str | None:
    """Write the diagnostics of a corpus's Stage-3 run, as files and in ``gold``.

    Returns:
        Why they are empty, where the index of posts is missing or malformed; None otherwise.

    Raises:
        UserError: the run's folder is gone, or a file cannot be written.
    """
    with warehouse.read() as connection:
        run_dir = stage3_dir_of(connection, corpus, artifacts)
    found = eval_tables(run_dir)
    write_eval(found, run_dir, artifacts)
    name = run_name(run_dir, read_manifest(run_dir))
    summary = pl.DataFrame([asdict(summary_of(found))], schema_overrides=SUMMARY_TYPES)
    tables: dict[str, tuple[pl.DataFrame, list[str]]] = {
        "gold.cluster_global_alignment_long": (found.alignment, ["cluster_id", "global_cluster_id"]),
        "gold.global_issue_coverage": (found.issue_coverage, ["normalized_issue_label", "global_cluster_id"]),
        "gold.cluster_issue_coverage": (found.cluster_coverage, ["cluster_id"]),
        "gold.global_theme_eval": (summary, ["run_slug"]),
    }
    with warehouse.write() as connection:
        for table, (rows, unique) in tables.items():
            _replace(connection, table, corpus, _of_run(rows, name), unique=unique)
    return found.warning


def stage2_dir_of(connection: duckdb.DuckDBPyConnection, corpus: str, artifacts: Path) -> Path:
    """Return the folder of the Stage-2 run whose clusters the warehouse has.

    Raises:
        UserError: there is none, or its folder is gone.
    """
    return _run_dir(connection, corpus, artifacts, stage="stage2", asset="gold/course_clusters")


def stage3_dir_of(connection: duckdb.DuckDBPyConnection, corpus: str, artifacts: Path) -> Path:
    """Return the folder of the Stage-3 run whose themes the warehouse has.

    Raises:
        UserError: there is none, or its folder is gone.
    """
    return _run_dir(connection, corpus, artifacts, stage="stage3", asset="gold/global_themes")


def _run_dir(connection: duckdb.DuckDBPyConnection, corpus: str, artifacts: Path, *, stage: str, asset: str) -> Path:
    found = fetch(connection, "courses/run", corpus=corpus, stage=stage)
    if found.is_empty():
        raise UserError(f"corpus {corpus!r} has no {stage} run yet; materialise {asset} first")
    run = found.row(0, named=True)
    current = run_dir_of(artifacts, stage, str(run["run_slug"]))
    # A run whose place another has taken since is kept beside it, under its run id.
    superseded = current.with_name(safe_slug(run["run_id"])) if run["run_id"] else current
    for folder in (superseded, current):
        if (folder / MANIFEST).is_file():
            return folder
    raise UserError(f"corpus {corpus!r}: the folder {current} of its {stage} run is gone; materialise {asset} again")


def _stage2_input(connection: duckdb.DuckDBPyConnection, corpus: str) -> Stage2Input:
    painpoints = fetch(connection, "courses/painpoints", corpus=corpus)
    dropped = fetch(connection, "courses/dropped", corpus=corpus)
    found = fetch(connection, "courses/corpus", corpus=corpus)
    if found.is_empty():
        raise UserError(f"corpus {corpus!r} is not loaded; materialise bronze/course_predictions first")
    origin = found.row(0, named=True)
    source = Stage1Provenance(
        run_slug=corpus,
        model=origin["stage1_model"],
        prompt=origin["stage1_prompt"],
        input_sha256=origin["input_sha256"],
        predictions_path=Path(origin["predictions_path"]),
    )
    return Stage2Input(corpus, source, origin["row_count"], drop_counts(dropped), painpoints)


def _write_report(corpus: str, stage2: Stage2Run, run: Stage3Run, catalogue: pl.DataFrame) -> None:
    page = render_course_report(
        corpus=corpus,
        themes=run.themes,
        assignments=run.assignments,
        clusters=stage2.clusters,
        cluster_posts=stage2.cluster_posts,
        painpoints=stage2.painpoints,
        colleges=catalogue.select("course_code", "colleges"),
        stage2=stage2.manifest,
        stage3=run.manifest,
    )
    replace_file(run.run_dir / REPORT, page.encode())


def _of_run(rows: pl.DataFrame, run: Stage2Run | RunName) -> pl.DataFrame:
    return rows.with_columns(
        schema_version=pl.lit(SCHEMA_VERSION), run_id=pl.lit(run.run_id, pl.String), run_slug=pl.lit(run.run_slug)
    )


def _remember_run(
    connection: duckdb.DuckDBPyConnection, corpus: str, stage: str, run: Stage2Run | Stage3Run, artifacts: Path
) -> None:
    row = {
        "run_id": run.run_id,
        "run_slug": run.run_slug,
        "run_dir": recorded_path(run.run_dir, artifacts),
        "model_name": run.manifest.get("model_name"),
        "created_at": run.manifest.get("created_at"),
    }
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)).with_columns(
        corpus=pl.lit(corpus), stage=pl.lit(stage)
    )
    replace_partition(connection, "ops.course_runs", where={"corpus": corpus, "stage": stage}, rows=frame)


def _replace(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    corpus: str,
    rows: pl.DataFrame,
    *,
    unique: Sequence[str] = (),
    checks: Sequence[str] = (),
) -> None:
    replace_partition(
        connection, table, where={"corpus": corpus}, rows=rows.with_columns(corpus=pl.lit(corpus)), key=unique,
        checks=[named_check(name, corpus=corpus) for name in checks],
    )  # fmt: skip
