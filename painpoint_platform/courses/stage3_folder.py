"""The folder of a Stage-3 run: what is written there, and reading it again.

Belongs here: the files of ``artifacts/stage3/runs/<run_slug>/`` and ``preprocessed/``, and the run as an object. Does
not belong here: how a folder appears whole (``run_folder``), the manifest's fields (``stage3_manifest``), making a run
(``stage3_run``), judging a folder (``validation.stage3``).

``global_clusters.json`` and the two index files are the run, whoever wrote it; the other files are derived from them or
tell how they came about.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.csv_table import csv_bytes, read_csv_table
from painpoint_platform.courses.global_themes import CLUSTER_FIELDS, GLOBAL_THEMES
from painpoint_platform.courses.run_folder import (
    MANIFEST,
    publish_folder,
    published_run_id,
    read_manifest,
    recover,
    replace_file,
    write_json,
)
from painpoint_platform.courses.run_records import SCHEMA_VERSION
from painpoint_platform.courses.stage2_folder import Stage2Run
from painpoint_platform.courses.stage3 import Batch
from painpoint_platform.courses.taxonomy import ThemeLabel
from painpoint_platform.courses.theme_batches import ASSIGNMENT_SCHEMA, THEME_SCHEMA, UNASSIGNED, by_impact
from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled
from painpoint_platform.wording import listed, shown

GLOBAL_CLUSTERS = "global_clusters.json"
CLUSTER_INDEX = "cluster_global_index.csv"
POST_INDEX = "post_global_index.csv"
SUMMARY = "global_clusters_summary.csv"
PROMPT = "stage3_prompt.txt"
BATCH_LOG = "llm_batches.jsonl"
CLUSTERS_LLM = "clusters_llm.csv"

GLOBAL_CLUSTER_FIELDS = ("provisional_label", "normalized_issue_label", "short_description", "member_cluster_ids")
CLUSTER_INDEX_SCHEMA = {name: kind for name, kind in ASSIGNMENT_SCHEMA.items() if name != "course_code"}
POST_INDEX_SCHEMA = {
    "post_id": pl.String,
    "course_code": pl.String,
    "cluster_id": pl.String,
    "global_cluster_id": pl.String,
    "normalized_issue_label": pl.String,
}


@dataclass(frozen=True, slots=True)
class RunName:
    """What a run goes by in its files.

    Attributes:
        run_id: None where another program wrote none.
        run_slug: name of the run and of its folder.
        run_dir: the folder as files name it, ``artifacts/stage3/runs/<run_slug>``.
    """

    run_id: str | None
    run_slug: str
    run_dir: str

    def columns(self) -> dict[str, pl.Expr]:
        """Return the columns that every row of a run's files begins with."""
        return {
            "schema_version": pl.lit(SCHEMA_VERSION),
            "stage3_run_id": pl.lit(self.run_id, pl.String),
            "stage3_run_slug": pl.lit(self.run_slug),
            "stage3_run_dir": pl.lit(self.run_dir),
        }


@dataclass(frozen=True)
class Stage3Run:
    """A Stage-3 run, this platform's or another's.

    Attributes:
        name: what it goes by.
        run_dir: where its folder lies.
        manifest: ``manifest.json`` as an object.
        themes: a row a theme, by ``theme_batches.THEME_SCHEMA``, largest first.
        assignments: a row a cluster, by ``theme_batches.ASSIGNMENT_SCHEMA``.
        posts: a row a post, its cluster and that cluster's theme, by ``POST_INDEX_SCHEMA``.
    """

    name: RunName
    run_dir: Path
    manifest: Mapping[str, Any]
    themes: pl.DataFrame
    assignments: pl.DataFrame
    posts: pl.DataFrame

    @property
    def run_id(self) -> str | None:
        """See ``RunName``."""
        return self.name.run_id

    @property
    def run_slug(self) -> str:
        """See ``RunName``."""
        return self.name.run_slug


def write_clusters_llm(stage2: Stage2Run, artifacts: Path) -> Path:
    """Write the clusters of a Stage-2 run in the order in which they are batched; returns the file's path.

    Raises:
        UserError: the file could not be written.
    """
    path = artifacts / "stage3" / "preprocessed" / stage2.run_slug / CLUSTERS_LLM
    rows = by_impact(stage2.clusters).select(CLUSTER_FIELDS)
    replace_file(path, csv_bytes(rows))
    return path


def post_index(assignments: pl.DataFrame, cluster_posts: pl.DataFrame) -> pl.DataFrame:
    """Return a row a post of a cluster with the cluster's theme, by ``POST_INDEX_SCHEMA``, in the clusters' order.

    Args:
        assignments: by ``theme_batches.ASSIGNMENT_SCHEMA``.
        cluster_posts: cluster_id, post_id.
    """
    posts = cluster_posts.select("cluster_id", "post_id").unique(maintain_order=True)
    return assignments.join(posts, on="cluster_id", maintain_order="left_right").select(*POST_INDEX_SCHEMA)


def write_stage3_run(run: Stage3Run, batches: Sequence[Batch]) -> None:
    """Write the folder of a run; it appears whole, and an older run of the name is kept beside it.

    Raises:
        UserError: the folder could not be written; an older one is unchanged.
    """

    def write(folder: Path) -> None:
        write_json(folder / GLOBAL_CLUSTERS, _global_clusters(run))
        index = run.assignments.select(*CLUSTER_INDEX_SCHEMA)
        for file, rows in ((CLUSTER_INDEX, index), (POST_INDEX, run.posts), (SUMMARY, run.themes)):
            (folder / file).write_bytes(csv_of_run(run.name, rows))
        prompt = bundled("prompts") / GLOBAL_THEMES.name / f"{GLOBAL_THEMES.version}.md"
        (folder / PROMPT).write_bytes(prompt.read_bytes())
        lines = [json.dumps(_logged(batch), ensure_ascii=False, allow_nan=False) for batch in batches]
        (folder / BATCH_LOG).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        write_json(folder / MANIFEST, run.manifest)

    publish_folder(run.run_dir, write, published_run_id(run.run_dir))


def finished_stage3_run(run_dir: Path, fingerprint: str, taxonomy: Sequence[ThemeLabel]) -> Stage3Run | None:
    """Return the run of ``run_dir`` if it was made from the same and no batch failed; it need not be made again.

    What a killed writer of the folder left behind is finished or cleared away first. A folder that cannot be read is no
    result: a run is made that takes its place, and it is kept beside that one.

    Raises:
        UserError: what a killed writer left cannot be cleared away.
    """
    recover(run_dir)
    try:
        manifest = read_manifest(run_dir)
        is_finished = manifest.get("fingerprint") == fingerprint and manifest.get("num_failed_batches") == 0
        return read_stage3_run(run_dir, taxonomy) if is_finished else None
    except UserError:
        return None


def read_stage3_run(run_dir: Path, taxonomy: Sequence[ThemeLabel] = ()) -> Stage3Run:
    """Read a run, also one that other software wrote.

    Args:
        run_dir: its folder.
        taxonomy: where the families of themes are taken from, which no file of a run must name; without it they are
            null.

    Raises:
        UserError: a file is missing or cannot be read; names file and place.
    """
    manifest = read_manifest(run_dir)
    descriptions, unassigned = _document(run_dir / GLOBAL_CLUSTERS)
    # Other software reserves another id for clusters without a theme; the list of them tells which.
    theme = pl.when(pl.col("cluster_id").is_in(unassigned)).then(pl.lit(UNASSIGNED)).otherwise("global_cluster_id")
    index = _read_index(run_dir / CLUSTER_INDEX, CLUSTER_INDEX_SCHEMA).with_columns(global_cluster_id=theme)
    posts = read_post_index(run_dir / POST_INDEX).with_columns(global_cluster_id=theme)
    courses = posts.select("cluster_id", "course_code").unique("cluster_id", keep="first", maintain_order=True)
    assignments = index.join(courses, on="cluster_id", how="left", maintain_order="left").select(*ASSIGNMENT_SCHEMA)
    return Stage3Run(
        name=run_name(run_dir, manifest),
        run_dir=run_dir,
        manifest=manifest,
        themes=_themes(assignments, posts, descriptions, taxonomy),
        assignments=assignments,
        posts=posts,
    )


def run_name(run_dir: Path, manifest: Mapping[str, Any]) -> RunName:
    """Return what the manifest of ``run_dir`` says that the run goes by; what it lacks is taken from the folder."""
    run_id = manifest.get("run_id")
    return RunName(
        run_id=run_id if isinstance(run_id, str) and run_id else None,
        run_slug=str(manifest.get("stage3_run_slug") or run_dir.resolve().name),
        run_dir=str(manifest.get("stage3_run_dir") or run_dir),
    )


def read_post_index(path: Path) -> pl.DataFrame:
    """Read ``post_global_index.csv``, whoever wrote it, by ``POST_INDEX_SCHEMA``.

    Raises:
        UserError: the file is missing or malformed.
    """
    return _read_index(path, POST_INDEX_SCHEMA)


def csv_of_run(name: RunName, rows: pl.DataFrame) -> bytes:
    """Return a table of a run as CSV, the run's columns (``RunName.columns``) in front of its own."""
    return csv_bytes(rows.select(**name.columns(), **{column: pl.col(column) for column in rows.columns}))


def _global_clusters(run: Stage3Run) -> dict[str, Any]:
    members = run.assignments.group_by("global_cluster_id", maintain_order=True).agg(member_cluster_ids="cluster_id")
    unassigned = run.assignments.filter(pl.col("global_cluster_id") == UNASSIGNED)
    return {
        "global_clusters": run.themes.join(members, on="global_cluster_id", maintain_order="left")
        .select(GLOBAL_CLUSTER_FIELDS)
        .to_dicts(),
        "unassigned_clusters": unassigned["cluster_id"].to_list(),
    }


def _logged(batch: Batch) -> dict[str, Any]:
    answer = batch.answer
    return {
        "batch": batch.number,
        "status": batch.status,
        "reason": batch.reason,
        "model": answer.model,
        "usage": asdict(answer.usage),
        "request": {"task": GLOBAL_THEMES.name, **batch.payload},
        "reply": answer.reply.model_dump() if answer.reply and not answer.mended else None,
    }


def _read_index(path: Path, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Read the columns of ``schema``; an empty label is null, and an empty theme is the reserved one."""
    text = read_csv_table(path, {name: (name,) for name in schema})
    typed = text.with_columns(
        pl.col(name).str.strip_chars().cast(kind, strict=False) for name, kind in schema.items() if kind != pl.String
    )
    problems = [
        (row, f"{name} is {shown(value)}, expected a whole number")
        for name in schema
        for row, value in text.filter(typed[name].is_null()).select("row_number", name).iter_rows()
        if schema[name] != pl.String
    ]
    if problems:
        raise UserError("\n".join(listed(path, sorted(problems), "malformed numbers")))
    labels = [name for name in ("normalized_issue_label", "provisional_label") if name in schema]
    theme = pl.col("global_cluster_id")
    return typed.select(*schema).with_columns(
        pl.when(theme.str.to_uppercase().is_in(["", UNASSIGNED])).then(pl.lit(UNASSIGNED)).otherwise(theme).name.keep(),
        pl.col(labels).replace("", None),
    )


def _document(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Return cluster_id and short_description of every cluster in a theme, and the ids of those in none."""
    try:
        document = json.loads(path.read_bytes())
        rows = [
            (str(name), str(group["short_description"]))
            for group in document["global_clusters"]
            for name in group["member_cluster_ids"]
        ]
        unassigned = {str(name) for name in document.get("unassigned_clusters", ())}
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; {path.parent} is not the folder of a Stage-3 run") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path}: not readable as Stage 3 writes it ({type(error).__name__}: {error}); "
            "`painpoint stage3 validate` says what is wrong"
        ) from None
    schema = {"cluster_id": pl.String, "short_description": pl.String}
    described = pl.DataFrame(rows, schema=schema, orient="row").unique("cluster_id", keep="first", maintain_order=True)
    return described, sorted(unassigned - set(described["cluster_id"]))


def _themes(
    assignments: pl.DataFrame, posts: pl.DataFrame, descriptions: pl.DataFrame, taxonomy: Sequence[ThemeLabel]
) -> pl.DataFrame:
    assigned = assignments.filter(pl.col("global_cluster_id") != UNASSIGNED)
    distinct = posts.group_by("global_cluster_id").agg(num_distinct_posts=pl.col("post_id").n_unique())
    return (
        assigned.join(descriptions, on="cluster_id", how="left", maintain_order="left")
        .group_by("global_cluster_id", maintain_order=True)
        .agg(
            pl.col("provisional_label", "normalized_issue_label", "total_num_posts", "num_courses").first(),
            pl.col("short_description").drop_nulls().first(),
            num_clusters=pl.len(),
        )
        .join(distinct, on="global_cluster_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("num_distinct_posts").fill_null(0),
            family=pl.col("normalized_issue_label").replace_strict(
                {entry.label: entry.family for entry in taxonomy}, default=None, return_dtype=pl.String
            ),
        )
        .sort("total_num_posts", descending=True, maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in THEME_SCHEMA.items())
    )
