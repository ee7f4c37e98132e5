"""What a person wants to see of a corpus that was just committed: facts, the first rows, pictures.

Belongs here: reading a committed partition back and choosing what to show. Does not belong here: how Dagster renders it
(``layers``), drawing (``heat_map``).
"""

from typing import TYPE_CHECKING

from painpoint_platform.courses.heat_map import (
    course_theme_counts,
    describe_heat_map,
    plot_heat_map,
    plot_theme_ranking,
)
from painpoint_platform.courses.painpoints import told_faults
from painpoint_platform.courses.report import REPORT
from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.views import Fact, View, first_rows, picture
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

    from painpoint_platform.courses.corpus_steps import Grouped, Themed
    from painpoint_platform.warehouse.access import Warehouse

NAMED = 10
# What is looked at of a prediction and a theme; the rest stands in their tables.
PREDICTION = (
    "row_number", "post_id", "course_code", "contains_painpoint", "root_cause_summary", "pain_point_snippet",
    "confidence",
)  # fmt: skip
THEME = (
    "global_cluster_id", "provisional_label", "normalized_issue_label", "family", "total_num_posts", "num_courses",
)  # fmt: skip


def predictions(warehouse: "Warehouse", corpus: str) -> View:
    """Show what was loaded of a Stage-1 run."""
    with warehouse.read() as connection:
        rows = fetch(connection, "courses/predictions", corpus=corpus)
        origin = fetch(connection, "courses/corpus", corpus=corpus).row(0, named=True)
    answers = dict(rows["contains_painpoint"].value_counts().sort("contains_painpoint").iter_rows())
    facts: dict[str, Fact] = {
        "courses": rows["course_code"].n_unique(),
        **{f"answered_{answer}": count for answer, count in answers.items()},
        **{name: value for name, value in origin.items() if value is not None and name != "row_count"},
    }
    return View(rows.height, facts, *first_rows(rows.select(PREDICTION)))


def painpoints(warehouse: "Warehouse", corpus: str) -> View:
    """Show what Stage 2 will group, and why the other rows were dropped."""
    with warehouse.read() as connection:
        kept = fetch(connection, "courses/painpoints", corpus=corpus)
        dropped = fetch(connection, "courses/drop_reasons", corpus=corpus)
    facts: dict[str, Fact] = {
        "courses": kept["course_code"].n_unique(),
        "rows_read": kept.height + int(dropped["row_count"].sum()),
        **{f"dropped_{reason}": count for reason, count in dropped.iter_rows()},
    }
    return View(kept.height, facts, *first_rows(kept))


def faulty_rows(warehouse: "Warehouse", corpus: str) -> str:
    """Name the rows that came twice or name an unknown course; empty without any."""
    with warehouse.read() as connection:
        return "\n".join(faults_of(connection, corpus))


def faults_of(connection: "DuckDBPyConnection", corpus: str) -> list[str]:
    """Name the rows that came twice or name an unknown course: file, row and value, a sentence each."""
    found = fetch(connection, "courses/set_aside", corpus=corpus)
    origin = fetch(connection, "courses/corpus", corpus=corpus).row(0, named=True)
    return list(told_faults(found, origin["predictions_path"]))


def clusters(warehouse: "Warehouse", corpus: str, grouped: "Grouped") -> tuple[View, View]:
    """Show the clusters of a corpus and their posts, and what grouping them cost."""
    with warehouse.read() as connection:
        found = fetch(connection, "courses/clusters", corpus=corpus)
        posts = fetch(connection, "courses/cluster_posts", corpus=corpus)
    statuses = dict(found.unique("course_code")["course_status"].value_counts().iter_rows())
    facts: dict[str, Fact] = {
        "courses": found["course_code"].n_unique(),
        **{f"courses_{status}": count for status, count in sorted(statuses.items())},
        "run_id": grouped.run.run_id or "",
        "run_dir": grouped.run.run_dir,
        **grouped.totals.facts(),
    }
    return View(found.height, facts, *first_rows(found)), View(posts.height, {}, *first_rows(posts))


def odd_courses(grouped: "Grouped") -> str:
    """Name the courses whose answer was not taken as it came."""
    odd = grouped.odd_courses
    return _listed(
        [f"{course.course_code} {course.status}: {'; '.join(course.findings)}" for course in odd[:NAMED]], len(odd)
    )


def themes(warehouse: "Warehouse", corpus: str, themed: "Themed") -> tuple[View, View, View]:
    """Show the themes of a corpus with the heat map, and where each cluster and post went."""
    with warehouse.read() as connection:
        found = fetch(connection, "courses/themes", corpus=corpus)
        index = fetch(connection, "courses/index", corpus=corpus)
        posts = fetch(connection, "courses/post_index", corpus=corpus)
        grouped = fetch(connection, "courses/clusters", corpus=corpus)
    facts: dict[str, Fact] = {
        "labels": found["normalized_issue_label"].n_unique(),
        "clusters": index.height,
        "clusters_unassigned": index.filter(index["global_cluster_id"] == UNASSIGNED).height,
        "run_id": themed.run.run_id or "",
        "run_dir": themed.run.run_dir,
        "report": themed.run.run_dir / REPORT,
        **themed.totals.facts(),
    }
    view = View(found.height, facts, *first_rows(found.select(THEME)), _pictures(corpus, found, index, grouped))
    return view, View(index.height, {}, *first_rows(index)), View(posts.height, {}, *first_rows(posts))


def failed_batches(themed: "Themed") -> str:
    """Name the batches without a usable answer."""
    failed = themed.failed_batches
    return _listed([f"batch {number}: {reason}" for number, reason in failed[:NAMED]], len(failed))


def evaluation(warehouse: "Warehouse", corpus: str) -> tuple[View, View, View, View]:
    """Show the diagnostics of a corpus: the summary, alignment, coverage of labels, purity of clusters."""
    with warehouse.read() as connection:
        summary = fetch(connection, "courses/evaluation", corpus=corpus)
        alignment = fetch(connection, "courses/alignment", corpus=corpus)
        coverage = fetch(connection, "courses/issue_coverage", corpus=corpus)
        purity = fetch(connection, "courses/cluster_coverage", corpus=corpus)
    facts = {name: value for name, value in summary.row(0, named=True).items() if value is not None}
    return (
        View(summary.height, facts),
        View(alignment.height, {}, *first_rows(alignment)),
        View(coverage.height, {}, *first_rows(coverage)),
        View(purity.height, {}, *first_rows(purity)),
    )


def _pictures(corpus: str, themes: "pl.DataFrame", index: "pl.DataFrame", clusters: "pl.DataFrame") -> dict[str, str]:
    if themes.is_empty():
        return {}
    counts = course_theme_counts(index, clusters)
    return {
        "course_theme_heat_map": picture(plot_heat_map(counts, themes), describe_heat_map(counts)),
        "theme_ranking": picture(plot_theme_ranking(themes), f"Themes of {corpus} by posts"),
    }


def _listed(named: list[str], total: int) -> str:
    more = f"; and {total - len(named)} more" if total > len(named) else ""
    return "; ".join(named) + more
