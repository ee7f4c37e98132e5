"""The report of a run: from theme to course to cluster to post to verbatim snippet, as one HTML page.

Belongs here: arranging a run's tables in the order in which the page tells them. Does not belong here: the page itself
(``templates/report.html``), the shell around it (``pages``), the counts of the heat map (``heat_map``).
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from painpoint_platform.courses.heat_map import course_theme_counts
from painpoint_platform.courses.report_origin import origin_of
from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.pages.page import render_page
from painpoint_platform.pages.pictures import heat_level

# Name of the page in the folder of a Stage-3 run.
REPORT = "report.html"
TEMPLATE = Path(__file__).resolve().parent / "templates" / "report.html"
# Themes that have a column of their own in the heat map; the smaller ones share the last column.
MOST_COLUMNS = 24
# Courses that the heat map shows until the reader asks for all of them.
ROWS_AT_FIRST = 25


def render_course_report(
    *,
    corpus: str,
    themes: pl.DataFrame,
    assignments: pl.DataFrame,
    clusters: pl.DataFrame,
    cluster_posts: pl.DataFrame,
    painpoints: pl.DataFrame,
    colleges: pl.DataFrame,
    stage2: Mapping[str, object],
    stage3: Mapping[str, object],
) -> str:
    """Return the report of a Stage-3 run and the Stage-2 run under it as the text of an HTML file.

    Args:
        corpus: slug of the Stage-1 run.
        themes: a row a theme: global_cluster_id, provisional_label, normalized_issue_label, family, short_description,
            total_num_posts, num_distinct_posts, num_clusters, num_courses.
        assignments: a row a cluster: cluster_id, global_cluster_id (``UNASSIGNED`` where it has no theme).
        clusters: a row a cluster: cluster_id, course_code, course_title, issue_summary, num_posts.
        cluster_posts: a row a post of a cluster: cluster_id, course_code, post_id.
        painpoints: a row a post of a course: post_id, course_code, root_cause_summary, pain_point_snippet, confidence.
            A post of ``cluster_posts`` that it lacks is shown by its id alone.
        colleges: a row a course: course_code, colleges (list of names). A course that it lacks has none.
        stage2: manifest of the Stage-2 run; what it lacks is shown as not recorded.
        stage3: manifest of the Stage-3 run, likewise.
    """
    told = _clusters_with_posts(clusters, assignments, cluster_posts, painpoints)
    offered = _colleges_of_courses(told, colleges)
    ranked = _ranked_themes(themes, told, offered)
    return render_page(
        TEMPLATE,
        corpus=corpus,
        themes=ranked.to_dicts(),
        labels=dict(ranked.select("global_cluster_id", "provisional_label").rows()),
        places=dict(_places(told).rows()),
        courses=_courses(told, offered).to_dicts(),
        colleges=sorted(set(offered["colleges"].explode().drop_nulls())),
        heat=_heat(course_theme_counts(told, clusters), ranked["global_cluster_id"].to_list()),
        posts=cluster_posts["post_id"].n_unique(),
        recurring=ranked.filter(pl.col("num_courses") > 1).height,
        origin=origin_of(stage2, stage3),
        heat_level=heat_level,
        rows_at_first=ROWS_AT_FIRST,
        unassigned=UNASSIGNED,
    )


def _clusters_with_posts(
    clusters: pl.DataFrame, assignments: pl.DataFrame, cluster_posts: pl.DataFrame, painpoints: pl.DataFrame
) -> pl.DataFrame:
    """One row a cluster with its theme and its posts as a list, the largest cluster first."""
    own_summary = clusters.select("cluster_id", "issue_summary")
    posts = (
        cluster_posts.select("cluster_id", "course_code", "post_id")
        .join(
            painpoints.unique(["course_code", "post_id"], keep="first"),
            on=["course_code", "post_id"],
            how="left",
            maintain_order="left",
        )
        .join(own_summary, on="cluster_id", how="left", maintain_order="left")
        # A cluster of one post has mostly that post's own summary; it is not said twice.
        .with_columns(
            root_cause=pl.when(pl.col("root_cause_summary") != pl.col("issue_summary")).then("root_cause_summary")
        )
        .group_by("cluster_id")
        .agg(posts=pl.struct("post_id", "root_cause", "confidence", snippet="pain_point_snippet"))
    )
    return (
        clusters.join(assignments.select("cluster_id", "global_cluster_id"), on="cluster_id", how="left")
        .join(posts, on="cluster_id", how="left")
        .with_columns(
            pl.col("global_cluster_id").fill_null(UNASSIGNED),
            pl.col("posts").fill_null([]),
            anchor=_anchor("cluster_id"),
            course_anchor=_anchor("course_code"),
        )
        .sort("num_posts", "course_code", "cluster_id", descending=[True, False, False])
    )


def _anchor(column: str) -> pl.Expr:
    # The id of an element may hold anything but white space; the codes of some catalogues do ("CS 101").
    return pl.col(column).str.replace_all(r"\s", "_")


def _colleges_of_courses(told: pl.DataFrame, colleges: pl.DataFrame) -> pl.DataFrame:
    offered = colleges.select("course_code", "colleges").unique("course_code", keep="first")
    return (
        told.select("course_code")
        .unique()
        .join(offered, on="course_code", how="left")
        .with_columns(pl.col("colleges").fill_null([]))
    )


def _ranked_themes(themes: pl.DataFrame, told: pl.DataFrame, offered: pl.DataFrame) -> pl.DataFrame:
    """The themes in order of their posts, each with the number of colleges that it touches."""
    touched = (
        told.select("global_cluster_id", "course_code")
        .join(offered, on="course_code")
        .explode("colleges")
        .group_by("global_cluster_id")
        .agg(num_colleges=pl.col("colleges").drop_nulls().n_unique())
    )
    return themes.join(touched, on="global_cluster_id", how="left").sort(
        "total_num_posts", "global_cluster_id", descending=[True, False]
    )


def _places(told: pl.DataFrame) -> pl.DataFrame:
    """One row a theme (and one for the unassigned): its courses, each with its clusters, the largest first."""
    return (
        told.group_by("global_cluster_id", "course_code", maintain_order=True)
        .agg(
            pl.col("course_title", "course_anchor").first(),
            posts=pl.col("num_posts").sum(),
            clusters=pl.struct("cluster_id", "anchor", "issue_summary", "num_posts", "posts"),
        )
        .sort("posts", "course_code", descending=[True, False])
        .group_by("global_cluster_id")
        .agg(pl.struct("course_code", "course_title", "course_anchor", "posts", "clusters"))
    )


def _courses(told: pl.DataFrame, offered: pl.DataFrame) -> pl.DataFrame:
    """One row a course: its clusters with their themes, the course with most posts first."""
    return (
        told.group_by("course_code", maintain_order=True)
        .agg(
            pl.col("course_title", "course_anchor").first(),
            posts=pl.col("num_posts").sum(),
            clusters=pl.struct("cluster_id", "anchor", "issue_summary", "num_posts", "global_cluster_id"),
        )
        .join(offered, on="course_code")
        .sort("posts", "course_code", descending=[True, False])
    )


def _heat(counts: pl.DataFrame, ranked: list[str]) -> dict[str, object]:
    """The heat map: themes with a column, how many share the last one, and course -> posts (or None) in each column.

    The last two of a course's numbers are those of the smaller themes and of the unassigned clusters, so that a row
    adds up to the course.
    """
    columns = ranked[:MOST_COLUMNS]
    kept = pl.col("global_cluster_id").is_in([*columns, UNASSIGNED])
    cells = (
        counts.with_columns(column=pl.when(kept).then("global_cluster_id").otherwise(pl.lit("")))
        .group_by("course_code", "column")
        .agg(pl.col("posts").sum())
        .pivot("column", on_columns=[*columns, "", UNASSIGNED], index="course_code", values="posts")
    )
    rows = {row[0]: row[1:] for row in cells.iter_rows()}
    return {"columns": columns, "smaller": len(ranked) - len(columns), "rows": rows}
