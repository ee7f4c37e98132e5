"""How far two Stage-3 runs over the same corpus agree.

Belongs here: comparing two run folders, whoever wrote them. Does not belong here: judging one (``validation.stage3``,
``theme_eval``), printing (``cli``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from painpoint_platform.courses.stage3_folder import Stage3Run, read_stage3_run
from painpoint_platform.courses.theme_batches import UNASSIGNED

# Themes with other words are the same if they share this much of their posts (Jaccard).
SAME_POSTS = 0.5
POST = ["post_id", "course_code"]


@dataclass(frozen=True, slots=True)
class ThemeChange:
    """A theme that only one of the runs has; ``posts`` are its distinct posts."""

    global_cluster_id: str
    provisional_label: str
    normalized_issue_label: str
    posts: int


@dataclass(frozen=True, slots=True)
class ThemeMatch:
    """A theme that both runs have.

    Attributes:
        theme_a: its global_cluster_id in the first run.
        theme_b: in the second.
        provisional_label_a: its phrase in the first run.
        provisional_label_b: in the second.
        posts_overlap: Jaccard index of its posts, 0 to 1.
        same_by: ``label`` where label and phrase agree, else ``posts``.
    """

    theme_a: str
    theme_b: str
    provisional_label_a: str
    provisional_label_b: str
    posts_overlap: float
    same_by: Literal["label", "posts"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs have in common. Posts are posts of a course.

    Attributes:
        run_a: slug of the first run; gained and lost are seen from it.
        run_b: slug of the second.
        ami: adjusted mutual information of the two assignments of common posts to themes; 1 = the same up to names,
            about 0 = as if drawn by lot. None where no post is common.
        common_posts: posts that both runs have.
        posts_only_a: posts that only the first has.
        posts_only_b: posts that only the second has.
        num_themes_a: themes of the first run.
        num_themes_b: themes of the second.
        themes_kept: themes of both, in the order of the first.
        themes_gained: themes that only the second has, largest first.
        themes_lost: themes that only the first has, largest first.
    """

    run_a: str
    run_b: str
    ami: float | None
    common_posts: int
    posts_only_a: int
    posts_only_b: int
    num_themes_a: int
    num_themes_b: int
    themes_kept: tuple[ThemeMatch, ...]
    themes_gained: tuple[ThemeChange, ...]
    themes_lost: tuple[ThemeChange, ...]


def compare_runs(dir_a: Path, dir_b: Path) -> Comparison:
    """Compare two runs.

    A post in several clusters of its course is compared by one theme: that of its largest cluster (most posts; of equal
    ones, the first by cluster_id), an assigned cluster before an unassigned one. Unassigned posts are a class of their
    own.

    Themes are the same if label and phrase agree (the phrase without regard to case and white space), else if they
    share at least half of their posts; a theme has at most one partner, the best pairs come first.

    Raises:
        UserError: a folder is no Stage-3 run, or a file of it cannot be read.
    """
    run_a, run_b = read_stage3_run(dir_a), read_stage3_run(dir_b)
    posts_a, posts_b = _one_theme_a_post(run_a), _one_theme_a_post(run_b)
    common = posts_a.join(posts_b, on=POST, suffix="_b")
    kept = _kept(run_a, run_b)
    return Comparison(
        run_a=run_a.run_slug,
        run_b=run_b.run_slug,
        ami=_ami(common),
        common_posts=common.height,
        posts_only_a=posts_a.height - common.height,
        posts_only_b=posts_b.height - common.height,
        num_themes_a=run_a.themes.height,
        num_themes_b=run_b.themes.height,
        themes_kept=kept,
        themes_gained=_without(run_b, [match.theme_b for match in kept]),
        themes_lost=_without(run_a, [match.theme_a for match in kept]),
    )


def _one_theme_a_post(run: Stage3Run) -> pl.DataFrame:
    """Return post_id, course_code, global_cluster_id, a row a post of a course; see ``compare_runs``."""
    return (
        run.posts.with_columns(
            size=pl.col("post_id").n_unique().over("cluster_id"), unassigned=pl.col("global_cluster_id") == UNASSIGNED
        )
        .sort("unassigned", "size", "cluster_id", "global_cluster_id", descending=[False, True, False, False])
        .unique(POST, keep="first", maintain_order=True)
        .select(*POST, "global_cluster_id")
    )


def _ami(common: pl.DataFrame) -> float | None:
    if common.is_empty():
        return None
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(common["global_cluster_id"], common["global_cluster_id_b"]))


def _kept(run_a: Stage3Run, run_b: Stage3Run) -> tuple[ThemeMatch, ...]:
    """Pair themes off, those of the same words before those of the same posts, and the closest first."""
    same = pl.col("words") == pl.col("words_b")
    pairs = (
        _worded(run_a)
        .join(_worded(run_b), how="cross", suffix="_b")
        .join(_overlaps(run_a, run_b), on=["global_cluster_id", "global_cluster_id_b"], how="left")
        .with_columns(pl.col("overlap").fill_null(0.0), same=same)
        .filter(same | (pl.col("overlap") >= SAME_POSTS))
        .sort("same", "overlap", "order", "order_b", descending=[True, True, False, False])
    )
    matches: dict[str, ThemeMatch] = {}
    taken: set[str] = set()
    for row in pairs.iter_rows(named=True):
        theme_a, theme_b = row["global_cluster_id"], row["global_cluster_id_b"]
        if theme_a not in matches and theme_b not in taken:
            taken.add(theme_b)
            matches[theme_a] = ThemeMatch(
                theme_a=theme_a,
                theme_b=theme_b,
                provisional_label_a=row["provisional_label"],
                provisional_label_b=row["provisional_label_b"],
                posts_overlap=round(row["overlap"], 4),
                same_by="label" if row["same"] else "posts",
            )
    return tuple(matches[theme] for theme in run_a.themes["global_cluster_id"] if theme in matches)


def _worded(run: Stage3Run) -> pl.DataFrame:
    """Return the themes with the words that they are recognised by; other software may have left labels out."""
    labels = run.themes.select(
        "global_cluster_id", pl.col("provisional_label", "normalized_issue_label").fill_null("")
    ).with_row_index("order")
    words = [
        f"{label}\n{' '.join(phrase.casefold().split())}"
        for label, phrase in labels.select("normalized_issue_label", "provisional_label").iter_rows()
    ]
    return labels.with_columns(words=pl.Series(words, dtype=pl.String))


def _overlaps(run_a: Stage3Run, run_b: Stage3Run) -> pl.DataFrame:
    """Return the Jaccard index of the posts of every two themes that share any."""
    theme, other = "global_cluster_id", "global_cluster_id_b"
    posts_a, posts_b = _posts_of_themes(run_a), _posts_of_themes(run_b)
    size_a = posts_a.group_by(theme).agg(size_a=pl.len())
    size_b = posts_b.group_by(pl.col(theme).alias(other)).agg(size_b=pl.len())
    return (
        posts_a.join(posts_b, on=POST, suffix="_b")
        .group_by(theme, other)
        .agg(shared=pl.len())
        .join(size_a, on=theme)
        .join(size_b, on=other)
        .select(theme, other, overlap=pl.col("shared") / (pl.col("size_a") + pl.col("size_b") - pl.col("shared")))
    )


def _posts_of_themes(run: Stage3Run) -> pl.DataFrame:
    return run.posts.filter(pl.col("global_cluster_id") != UNASSIGNED).select(*POST, "global_cluster_id").unique()


def _without(run: Stage3Run, kept: Sequence[str]) -> tuple[ThemeChange, ...]:
    """Return the themes that are not among ``kept``."""
    left = run.themes.filter(~pl.col("global_cluster_id").is_in(kept))
    columns = ("global_cluster_id", "provisional_label", "normalized_issue_label", "num_distinct_posts")
    return tuple(ThemeChange(*row) for row in left.select(columns).iter_rows())
