"""Judging the diagnostics of a Stage-3 run, the three tables of ``artifacts/stage3/eval/<run_slug>/``.

Belongs here: their columns, and their agreement with the posts' index. Does not belong here: that index
(``stage3_index``), making the tables (``theme_eval``).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from painpoint_platform.courses.validation.findings import NOTHING, FileFindings
from painpoint_platform.courses.validation.run_files import RunFiles, Table
from painpoint_platform.courses.validation.stage3_index import RUN_COLUMNS, RunNames

ALIGNMENT, ISSUES, CLUSTERS = (
    "cluster_global_alignment_long.csv", "global_issue_coverage.csv", "cluster_issue_coverage.csv",
)  # fmt: skip
KEYS = {
    ALIGNMENT: ("cluster_id", "global_cluster_id", "normalized_issue_label"),
    ISSUES: ("normalized_issue_label", "global_cluster_id"),
    CLUSTERS: ("cluster_id",),
}
VALUES = {
    ALIGNMENT: ("post_count",),
    ISSUES: ("total_posts", "num_clusters"),
    CLUSTERS: ("dominant_issue_post_count", "total_posts", "purity"),
}
DOMINANT = ("dominant_global_cluster_id", "dominant_normalized_issue_label")
# Programs round shares.
PURITY_STEP = 1e-3

Key = tuple[str, ...]
# File -> key of a row -> what the row says.
Contents = Mapping[str, Mapping[Key, Mapping[str, float]]]


def judge_eval(files: RunFiles, slug: str, posts: Table | None, names: RunNames) -> None:
    """Report diagnostics that do not follow from the posts' index; a run need not have any.

    Args:
        files: the run's folder.
        slug: name of the run.
        posts: the posts' index; None when it cannot be read. Tables that were made then have no rows, and those that
            were made before cannot be judged.
        names: what their rows must call the run.
    """
    folder = f"../../eval/{slug}"
    if files.root.parent.name != "runs" or not files.has_folder(folder):
        return
    tables = {}
    for name, key in KEYS.items():
        dominant = DOMINANT if name == CLUSTERS else ()
        tables[name] = files.csv_table(f"{folder}/{name}", (*RUN_COLUMNS, *key, *dominant, *VALUES[name]))
    if _are_of_another_run(files.root, slug, tables.values(), names):
        return
    expected = None if posts is None else _expected(posts)
    for name, table in tables.items():
        if table is None:
            continue
        found = files.found.about(table.file)
        names.judge(found, table)
        if expected is not None:
            _judge_rows(found, table, name, expected[name])
        if expected is not None and name == CLUSTERS:
            _judge_dominant(found, table, expected)


def _are_of_another_run(root: Path, slug: str, tables: Iterable[Table | None], names: RunNames) -> bool:
    """Tell whether a later run of the same name has taken this one's place, and its diagnostics with it."""
    run_id = names.stated.get("stage3_run_id")
    named = {row["stage3_run_id"] for table in tables if table is not None for _, row in table.rows}
    return root.name != slug and run_id is not None and run_id not in named


def _expected(posts: Table) -> Contents:
    """Return what each table must say by its key, counted from the posts' index."""
    pairs = {(row["post_id"], *(row[column] for column in KEYS[ALIGNMENT])) for _, row in posts.rows}
    alignment: Counter[Key] = Counter(pair[1:] for pair in pairs)
    issues: dict[Key, dict[str, float]] = defaultdict(lambda: {"total_posts": 0, "num_clusters": 0})
    clusters: dict[Key, list[int]] = defaultdict(list)
    for (cluster_id, theme_id, label), count in alignment.items():
        issues[label, theme_id]["total_posts"] += count
        issues[label, theme_id]["num_clusters"] += 1
        clusters[(cluster_id,)].append(count)
    return {
        ALIGNMENT: {key: {"post_count": count} for key, count in alignment.items()},
        ISSUES: issues,
        CLUSTERS: {
            key: {
                "dominant_issue_post_count": max(counts),
                "total_posts": sum(counts),
                "purity": max(counts) / sum(counts),
            }
            for key, counts in clusters.items()
        },
    }


def _judge_rows(found: FileFindings, table: Table, name: str, expected: Mapping[Key, Mapping[str, float]]) -> None:
    seen: dict[Key, int] = {}
    for number, row in table.rows:
        key = tuple(row[column] for column in KEYS[name])
        if key in seen or key not in expected:
            found.add(
                f"row {number}", "eval_rows_are_those_of_the_posts_index", list(key),
                f"row {seen[key]} is the same" if key in seen else "expected what is in the posts' index",
            )  # fmt: skip
        else:
            for column, value in expected[key].items():
                if not _is_close(row[column], value, PURITY_STEP if column == "purity" else 0.0):
                    found.add(
                        f"row {number}",
                        "eval_agrees_with_the_posts_index",
                        row[column],
                        f"expected {column} {value:,.6g}",
                    )
        seen.setdefault(key, number)
    for key in expected.keys() - seen.keys():
        found.add(
            ", ".join(key), "eval_rows_are_those_of_the_posts_index", NOTHING, "expected a row; write the tables again"
        )


def _judge_dominant(found: FileFindings, table: Table, expected: Contents) -> None:
    """Report a dominant theme that has fewer posts of its cluster than another."""
    for number, row in table.rows:
        cluster_id, *theme = (row[column] for column in ("cluster_id", *DOMINANT))
        most = expected[CLUSTERS].get((cluster_id,), {}).get("dominant_issue_post_count")
        shared = expected[ALIGNMENT].get((cluster_id, *theme), {}).get("post_count")
        if most is not None and shared != most:
            found.add(
                f"row {number}", "eval_names_the_dominant_theme", row[DOMINANT[0]],
                f"expected the theme that most posts of {cluster_id} are in",
            )  # fmt: skip


def _is_close(text: str, value: float, tolerance: float) -> bool:
    try:
        return math.isclose(float(text), value, rel_tol=0.0, abs_tol=tolerance)
    except ValueError:
        return False
