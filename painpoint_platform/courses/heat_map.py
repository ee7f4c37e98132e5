"""Which courses share which themes: the counts of the heat map, the theme ranking, and both as pictures.

Belongs here: the counts and their PNG. Does not belong here: the interactive heat map (``report``), finding themes
(``stage3``).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.pages.pictures import HEAT, INK, LINE, QUIET, as_png, heat_level, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COURSES = 25
MOST_THEMES = 15

_LONGEST_LABEL = 52
_CELL = 0.3  # inches
_LABELS = 4.4  # inches that the themes' labels take
_DARK = 5  # first shade on which figures are written in white


def course_theme_counts(assignments: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of the heat map, one row a course and theme that occur together.

    Args:
        assignments: a row a cluster: cluster_id, global_cluster_id (``UNASSIGNED`` where it has no theme).
        clusters: a row a cluster: cluster_id, course_code, num_posts.

    Returns:
        course_code, global_cluster_id, posts: the (post, cluster) pairs of the course in the theme, so that a theme's
        cells add up to its ``total_num_posts``. Unassigned clusters are counted under ``UNASSIGNED``.
    """
    return (
        clusters.select("cluster_id", "course_code", "num_posts")
        .join(assignments.select("cluster_id", "global_cluster_id"), on="cluster_id")
        .group_by("course_code", "global_cluster_id")
        .agg(posts=pl.col("num_posts").sum().cast(pl.Int64))
        .sort("course_code", "global_cluster_id")
    )


def busiest(counts: pl.DataFrame, key: str) -> pl.Series:
    """Return the values of ``key`` (a course's code or a theme's id) in ``counts``, those with most posts first."""
    totals = counts.group_by(key).agg(pl.col("posts").sum())
    return totals.sort("posts", key, descending=[True, False])[key]


def plot_heat_map(counts: pl.DataFrame, themes: pl.DataFrame) -> bytes:
    """Draw the busiest themes (rows) by the busiest courses (columns) as PNG, with the posts in every cell.

    Args:
        counts: as ``course_theme_counts`` returns; the unassigned are left out, and the picture says how many.
        themes: a row a theme: global_cluster_id, provisional_label.
    """
    shown = _shown(counts)
    if not shown.themes:
        return _empty_picture("No cluster of any course has a theme, so there is nothing to compare.")
    figure = new_figure(_LABELS + _CELL * max(len(shown.courses), 12), 1.5 + _CELL * max(len(shown.themes), 2))
    axes = figure.subplots()
    _draw_cells(axes, shown)
    axes.set_xticks(range(len(shown.courses)), [_shortened(code, 12) for code in shown.courses], rotation=90)
    axes.set_yticks(range(len(shown.themes)), _labels(shown.themes, themes))
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_parse_math(False)
    axes.set_frame_on(False)
    _write_around(figure, "Posts by theme and course", shown.left_out)
    return as_png(figure)


def describe_heat_map(counts: pl.DataFrame) -> str:
    """Say in a sentence or two what ``plot_heat_map`` shows, for those who do not see it."""
    shown = _shown(counts)
    if not shown.themes:
        return "Empty heat map: no cluster has a theme."
    top = shown.cells.sort("posts", "course_code", "global_cluster_id", descending=[True, False, False]).row(
        0, named=True
    )
    return (
        f"Heat map of {len(shown.themes)} themes by {len(shown.courses)} courses. Most posts in one cell: "
        f"{top['posts']} in {top['course_code']} × {top['global_cluster_id']}. {shown.left_out}"
    )


def plot_theme_ranking(themes: pl.DataFrame, *, most: int = MOST_THEMES) -> bytes:
    """Draw the themes with most posts as bars, largest on top, as PNG.

    Args:
        themes: a row a theme: global_cluster_id, provisional_label, total_num_posts, num_courses.
        most: bars.
    """
    if themes.is_empty():
        return _empty_picture("There are no themes to rank.")
    ranked = themes.sort("total_num_posts", "global_cluster_id", descending=[True, False]).head(most)
    posts = ranked["total_num_posts"].to_list()
    figure = new_figure(_LABELS + 4.6, 0.9 + _CELL * max(ranked.height, 2))
    axes = figure.subplots()
    axes.barh(range(ranked.height), posts, height=0.62, color=HEAT[4])
    axes.set_yticks(range(ranked.height), _labels(ranked["global_cluster_id"].to_list(), themes))
    # At least two places high, so that the bar of an only theme is a bar and no block.
    axes.set_ylim(max(ranked.height, 2) - 0.4, -0.6)
    axes.set_xlim(0, max(posts) * 1.35 or 1)
    axes.set_xticks([])
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(LINE)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    for place, (count, courses) in enumerate(ranked.select("total_num_posts", "num_courses").rows()):
        where = f"{courses:,} course{'' if courses == 1 else 's'}"
        axes.text(count, place, f"  {count:,}", va="center", fontsize=8.5, color=INK, fontweight="bold")
        axes.text(
            1, place, where, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8.5, color=QUIET
        )
    rest = themes.height - ranked.height
    _write_around(figure, "Themes by posts", f"{rest:,} smaller themes are not shown." if rest else "")
    return as_png(figure)


@dataclass(frozen=True)
class _Shown:
    """The part of the heat map that fits a picture, and a sentence about the rest."""

    themes: list[str]
    courses: list[str]
    cells: pl.DataFrame
    left_out: str


def _shown(counts: pl.DataFrame) -> _Shown:
    assigned = counts.filter(pl.col("global_cluster_id") != UNASSIGNED)
    top_themes = busiest(assigned, "global_cluster_id").head(MOST_THEMES).to_list()
    in_top_themes = assigned.filter(pl.col("global_cluster_id").is_in(top_themes))
    top_courses = busiest(in_top_themes, "course_code").head(MOST_COURSES).to_list()
    cells = in_top_themes.filter(pl.col("course_code").is_in(top_courses))
    every, total, seen = (int(part["posts"].sum()) for part in (counts, assigned, cells))
    without_theme = every - total
    sentences = [
        f"Shown are {seen:,} of {total:,} posts with a theme: the {len(top_themes)} largest of "
        f"{assigned['global_cluster_id'].n_unique():,} themes, the {len(top_courses)} courses with most posts in them "
        f"of {assigned['course_code'].n_unique():,}."
        if seen < total
        else "Every post with a theme is shown.",
        f"Posts without a theme: {without_theme:,}." if without_theme else "",
    ]
    return _Shown(top_themes, top_courses, cells, " ".join(filter(None, sentences)))


def _draw_cells(axes: Any, shown: _Shown) -> None:
    from matplotlib.colors import ListedColormap

    column = {course: place for place, course in enumerate(shown.courses)}
    row = {theme: place for place, theme in enumerate(shown.themes)}
    shades = np.zeros((len(row), len(column)), dtype=np.int8)
    for course, theme, posts in shown.cells.select("course_code", "global_cluster_id", "posts").rows():
        shade = heat_level(posts)
        shades[row[theme], column[course]] = shade
        colour = "white" if shade >= _DARK else INK
        axes.text(column[course], row[theme], f"{posts:,}", ha="center", va="center", fontsize=8, color=colour)
    axes.pcolormesh(
        np.arange(len(column) + 1) - 0.5,
        np.arange(len(row) + 1) - 0.5,
        shades,
        cmap=ListedColormap(["#f7f7f5", *HEAT]),
        vmin=0,
        vmax=len(HEAT),
        edgecolors="white",
        linewidth=1.5,
    )
    axes.set_xlim(-0.5, max(len(column), 12) - 0.5)
    axes.set_ylim(max(len(row), 2) - 0.5, -0.5)


def _labels(theme_ids: list[str], themes: pl.DataFrame) -> list[str]:
    names = dict(themes.select("global_cluster_id", "provisional_label").rows())
    return [f"{_shortened(names.get(theme, ''), _LONGEST_LABEL)}  {theme}" for theme in theme_ids]


def _shortened(text: str, longest: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def _write_around(figure: "Figure", title: str, below: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    if below:
        figure.supxlabel(below, x=0.01, ha="left", fontsize=8.5, color=QUIET)


def _empty_picture(message: str) -> bytes:
    figure = new_figure(6.5, 0.8)
    figure.text(0.02, 0.5, message, va="center", fontsize=9.5, color=QUIET)
    return as_png(figure)
