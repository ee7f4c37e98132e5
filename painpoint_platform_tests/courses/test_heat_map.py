"""The heat map's counts add up; its pictures can be drawn of any run, stay small, and say what they leave out."""

import io

import polars as pl
import pytest
from PIL import Image

from painpoint_platform.courses.heat_map import (
    MOST_COURSES,
    MOST_THEMES,
    busiest,
    course_theme_counts,
    describe_heat_map,
    plot_heat_map,
    plot_theme_ranking,
)
from painpoint_platform_tests.courses.report_run import run_frames

MOST_BYTES = 60_000


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def counts_of(courses: int, themes: int) -> pl.DataFrame:
    """Every course in every theme, the first theme and the first course with most posts."""
    grid = pl.DataFrame({"course": range(courses)}).join(pl.DataFrame({"theme": range(themes)}), how="cross")
    return grid.select(
        course_code=pl.format("D{}", 100 + pl.col("course")),
        global_cluster_id=pl.format("G{}", 100 + pl.col("theme")),
        posts=1 + 40 // (1 + pl.col("course") + pl.col("theme")),
    )


def themes_of(
    counts: pl.DataFrame, label: str = "a theme with a rather long label, as models write them"
) -> pl.DataFrame:
    return counts.group_by("global_cluster_id").agg(
        provisional_label=pl.lit(label), total_num_posts=pl.col("posts").sum(), num_courses=pl.len()
    )


def test_the_cells_of_a_theme_add_up_to_its_posts() -> None:
    frames = run_frames()
    counts = course_theme_counts(frames["assignments"], frames["clusters"])
    assert counts.rows() == [
        ("C 101", "G001", 2),
        ("C 101", "G002", 1),
        ("D200", "G001", 1),
        ("E300", "UNASSIGNED", 1),
    ]
    assert busiest(counts, "course_code").to_list() == ["C 101", "D200", "E300"]


def test_a_large_run_is_drawn_in_part_and_says_so() -> None:
    counts = counts_of(170, 60)
    png = plot_heat_map(counts, themes_of(counts))
    assert 900 < opened(png).width < 1300
    assert len(png) < MOST_BYTES
    said = describe_heat_map(counts)
    assert f"{MOST_THEMES} largest of 60 themes" in said
    assert f"{MOST_COURSES} courses with most posts in them of 170" in said


def test_what_has_no_theme_is_not_drawn_but_counted() -> None:
    frames = run_frames()
    said = describe_heat_map(course_theme_counts(frames["assignments"], frames["clusters"]))
    assert "2 themes by 2 courses" in said
    assert "2 in C 101 × G001" in said
    assert said.endswith("Every post with a theme is shown. Posts without a theme: 1.")


@pytest.mark.parametrize(("courses", "themes"), [(0, 0), (1, 1), (1, 60), (170, 1)])
def test_a_run_of_any_shape_can_be_drawn(courses: int, themes: int) -> None:
    counts = counts_of(courses, themes)
    for png in (plot_heat_map(counts, themes_of(counts)), plot_theme_ranking(themes_of(counts))):
        picture = opened(png)
        assert picture.width > 100
        assert picture.height > 30
        assert len(png) < MOST_BYTES
    assert describe_heat_map(counts)


@pytest.mark.parametrize("label", ["", "$x^", "日本語の題名", "a" * 500, "line\nbreak", "\\frac{", "مرحبا"])
def test_any_label_can_be_drawn(label: str) -> None:
    counts = counts_of(2, 2).with_columns(course_code=pl.format("{}{}", "course_code", pl.lit(label)))
    for png in (plot_heat_map(counts, themes_of(counts, label)), plot_theme_ranking(themes_of(counts, label))):
        # However long a label is, it is cut and leaves the picture its size.
        assert 300 < opened(png).width < 2_000


def test_more_posts_are_darker() -> None:
    shades = [dominant_shade(one_cell(posts)) for posts in (1, 2, 4, 8, 16, 32)]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == len(shades)


def one_cell(posts: int) -> pl.DataFrame:
    return counts_of(1, 1).with_columns(posts=pl.lit(posts))


def dominant_shade(counts: pl.DataFrame) -> int:
    """The shade of grey that most of the picture has, the white ground apart."""
    shades = opened(plot_heat_map(counts, themes_of(counts))).convert("L").getcolors(256) or []
    return max((number, shade) for number, shade in shades if isinstance(shade, int) and shade < 254)[1]
