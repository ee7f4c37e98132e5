"""Judging the index files of a Stage-3 run: which theme every cluster and every post is in.

Belongs here: ``cluster_global_index.csv``, ``post_global_index.csv`` and ``global_clusters_summary.csv``, and their
agreement with the themes and with Stage 2. Does not belong here: the themes (``stage3_themes``).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from painpoint_platform.courses.validation.findings import NOTHING, FileFindings, Words
from painpoint_platform.courses.validation.run_files import RunFiles, Table
from painpoint_platform.courses.validation.stage3_source import Source
from painpoint_platform.courses.validation.stage3_themes import ReadTheme, ReadThemes

CLUSTER_INDEX, POST_INDEX = "cluster_global_index.csv", "post_global_index.csv"
SUMMARY = "global_clusters_summary.csv"
RUN_COLUMNS = ("schema_version", "stage3_run_id", "stage3_run_slug", "stage3_run_dir")
CLUSTER_COLUMNS = (
    *RUN_COLUMNS, "cluster_id", "global_cluster_id", "normalized_issue_label", "provisional_label", "total_num_posts",
    "num_courses",
)  # fmt: skip
SUMMARY_COLUMNS = (
    *RUN_COLUMNS, "global_cluster_id", "provisional_label", "normalized_issue_label", "family", "short_description",
    "total_num_posts", "num_distinct_posts", "num_clusters", "num_courses",
)  # fmt: skip
POST_COLUMNS = (*RUN_COLUMNS, "post_id", "course_code", "cluster_id", "global_cluster_id", "normalized_issue_label")
UNASSIGNED = "UNASSIGNED"

# Cluster id -> the number of its row, and the row.
Rows = Mapping[str, tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class RunNames:
    """What the rows of a run's tables must call it: column -> name. What the manifest does not state is left out."""

    stated: Mapping[str, str]

    def judge(self, found: FileFindings, table: Table) -> None:
        """Report rows that name another run: one finding for each other name, at the first row that has it."""
        for column, name in self.stated.items():
            others: dict[str, list[int]] = {}
            for number, row in table.rows:
                if row.get(column, name) != name:
                    others.setdefault(row[column], []).append(number)
            for other, numbers in others.items():
                found.add(
                    f"row {numbers[0]}", "rows_name_their_run", other,
                    f"expected {name} as {column}, as the manifest says; {len(numbers):,} rows have this",
                )  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """What the index files must say.

    Attributes:
        names: what their rows call the run.
        ours: whether this project wrote the run; other software may leave out what is in no theme.
        source: the Stage-2 run; None when it is not known.
        theme_of: cluster id -> its theme; of two, the first.
        id_of: JSON path of a theme -> its id.
        unassigned: clusters that are in no theme.
        unassigned_id: the id that those have; None where that cannot be told.
    """

    names: RunNames
    ours: bool
    source: Source | None
    theme_of: Mapping[str, ReadTheme]
    id_of: Mapping[str, str]
    unassigned: Collection[str]
    unassigned_id: str | None

    def theme_id(self, cluster_id: str) -> str | None:
        """Return the id that a cluster must have; None where that cannot be told."""
        theme = self.theme_of.get(cluster_id)
        if theme is None:
            return self.unassigned_id if cluster_id in self.unassigned else None
        return self.id_of.get(theme.place)

    def columns(self, theme: ReadTheme) -> dict[str, str]:
        """Return what rows about a theme must say; a label that is no text is reported where it stands."""
        members = theme.member_cluster_ids
        said = {
            "normalized_issue_label": theme.normalized_issue_label,
            "provisional_label": theme.provisional_label,
            "short_description": theme.short_description,
            "num_clusters": str(len(members)),
        }
        if self.source is not None:
            said |= {
                "total_num_posts": str(self.source.num_posts(members)),
                "num_distinct_posts": str(self.source.num_distinct_posts(members)),
                "num_courses": str(self.source.num_courses(members)),
            }
        return {column: value.strip() for column, value in said.items() if value.strip()}

    def columns_of_unassigned(self, cluster_id: str) -> dict[str, str]:
        """Return what the row of a cluster without a theme must say; other software may say it in its own way."""
        said = {"normalized_issue_label": "", "provisional_label": "", "num_courses": "1"} if self.ours else {}
        if self.ours and self.source is not None:
            said["total_num_posts"] = str(self.source.num_posts([cluster_id]))
        return said


def judge_cluster_index(
    files: RunFiles, themes: ReadThemes | None, source: Source | None, names: RunNames, *, ours: bool
) -> Expected | None:
    """Read the clusters' index and report where it differs from the themes.

    Returns:
        What the other files must say; None where the themes could not be read.
    """
    table = files.csv_table(CLUSTER_INDEX, CLUSTER_COLUMNS)
    found = files.found.about(CLUSTER_INDEX)
    rows = {} if table is None else _by_cluster(found, table)
    if table is not None:
        names.judge(found, table)
    if themes is None:
        return None
    expected = _expected(themes, rows, source, names, ours=ours)
    if table is None:
        return expected
    _judge_ids(found, rows, expected)
    for cluster_id, (number, row) in rows.items():
        if cluster_id in expected.theme_of:
            theme = expected.theme_of[cluster_id]
            _judge_columns(found, number, row, expected.columns(theme), theme.place)
        elif cluster_id in expected.unassigned:
            _judge_columns(found, number, row, expected.columns_of_unassigned(cluster_id), "unassigned_clusters")
        else:
            found.add(
                f"row {number}", "index_rows_are_of_clusters", cluster_id,
                "expected a cluster of the themes or of unassigned_clusters",
            )  # fmt: skip
    for cluster_id in dict.fromkeys(themes.cluster_ids()):
        if cluster_id not in rows:
            found.add(cluster_id, "index_has_one_row_per_cluster", NOTHING, "expected a row for this cluster")
    return expected


def judge_post_index(files: RunFiles, names: RunNames, expected: Expected | None) -> Table | None:
    """Read the posts' index and report where it differs from the themes and from the posts of Stage 2."""
    table = files.csv_table(POST_INDEX, POST_COLUMNS)
    if table is None:
        return None
    found = files.found.about(POST_INDEX)
    names.judge(found, table)
    seen: dict[tuple[str, str], int] = {}
    for number, row in table.rows:
        pair = (row["cluster_id"], row["post_id"])
        if pair in seen:
            found.add(
                f"row {number}", "post_index_rows_are_unique", Words(f"{pair[1]} in {pair[0]}"),
                f"row {seen[pair]} is the same",
            )  # fmt: skip
        elif expected is not None:
            _judge_post(found, number, row, expected)
        seen.setdefault(pair, number)
    for cluster_id, post_id in _expected_posts(expected):
        if (cluster_id, post_id) not in seen:
            found.add(
                cluster_id, "post_index_has_every_post", NOTHING, f"expected a row for post {post_id} of this cluster"
            )
    return table


def judge_summary(files: RunFiles, listed: Iterable[str], expected: Expected) -> None:
    """Report where the summary of themes, which other software need not have, differs from them."""
    if not expected.ours and SUMMARY not in listed:
        return
    table = files.csv_table(SUMMARY, SUMMARY_COLUMNS if expected.ours else ())
    if table is None or "global_cluster_id" not in table.columns:
        return
    found = files.found.about(SUMMARY)
    expected.names.judge(found, table)
    themes = {theme.place: theme for theme in expected.theme_of.values()}
    by_id = {theme_id: themes[place] for place, theme_id in expected.id_of.items() if place in themes}
    seen: set[str] = set()
    for number, row in table.rows:
        theme_id = row["global_cluster_id"]
        if theme_id in seen or theme_id not in by_id:
            found.add(
                f"row {number}", "summary_has_one_row_per_theme", theme_id, "expected each theme once, and no other"
            )
        else:
            _judge_columns(found, number, row, expected.columns(by_id[theme_id]), by_id[theme_id].place)
        seen.add(theme_id)
    for theme_id in by_id.keys() - seen:
        found.add(theme_id, "summary_has_one_row_per_theme", NOTHING, f"expected a row for {by_id[theme_id].place}")


def _by_cluster(found: FileFindings, table: Table) -> Rows:
    rows: dict[str, tuple[int, Mapping[str, str]]] = {}
    for number, row in table.rows:
        cluster_id = row["cluster_id"]
        if cluster_id in rows:
            found.add(
                f"row {number}", "index_has_one_row_per_cluster", cluster_id,
                f"row {rows[cluster_id][0]} is for it already",
            )  # fmt: skip
        rows.setdefault(cluster_id, (number, row))
    return rows


def _expected(themes: ReadThemes, rows: Rows, source: Source | None, names: RunNames, *, ours: bool) -> Expected:
    """Ids of ours are numbered in order; those of other software are what its index calls a theme first."""

    def indexed(cluster_ids: Iterable[str]) -> str | None:
        return next((rows[name][1]["global_cluster_id"] for name in cluster_ids if name in rows), None)

    theme_of: dict[str, ReadTheme] = {}
    ids: dict[str, str] = {}
    for number, theme in enumerate(themes.themes, 1):
        theme_id = f"G{number:03d}" if ours else theme.own_id or indexed(theme.member_cluster_ids)
        ids |= {} if theme_id is None else {theme.place: theme_id}
        theme_of = dict.fromkeys(theme.member_cluster_ids, theme) | theme_of
    unassigned = dict.fromkeys(name for name in themes.unassigned if name not in theme_of)
    unassigned_id = UNASSIGNED if ours else indexed(unassigned)
    return Expected(names, ours, source, theme_of, ids, unassigned, unassigned_id)


def _judge_ids(found: FileFindings, rows: Rows, expected: Expected) -> None:
    """Report rows whose id is not their theme's, and ids that stand for two themes, or for one and for none."""
    place_of: dict[str, str] = {} if expected.unassigned_id is None else {expected.unassigned_id: "unassigned_clusters"}
    for place, theme_id in expected.id_of.items():
        if place_of.setdefault(theme_id, place) != place:
            found.add(
                "global_cluster_id", "index_has_one_id_per_theme", theme_id,
                f"expected different ids for {place_of[theme_id]} and {place}",
            )  # fmt: skip
    for cluster_id, (number, row) in rows.items():
        wanted, theme = expected.theme_id(cluster_id), expected.theme_of.get(cluster_id)
        if wanted is not None and row["global_cluster_id"] != wanted:
            found.add(
                f"row {number}", "index_agrees_with_themes", row["global_cluster_id"],
                f"expected global_cluster_id {wanted}: {cluster_id} is in "
                f"{'unassigned_clusters' if theme is None else theme.place}",
            )  # fmt: skip


def _judge_columns(
    found: FileFindings, number: int, row: Mapping[str, str], said: Mapping[str, str], place: str
) -> None:
    for column, value in said.items():
        # A program that reads counts as fractions writes 5.0; a phrase may end so itself.
        if column in row and value not in (row[column].strip(), row[column].strip().removesuffix(".0")):
            found.add(
                f"row {number}", "index_agrees_with_themes", row[column],
                f"expected {column} {value or 'to be empty'}, by {place}",
            )  # fmt: skip


def _judge_post(found: FileFindings, number: int, row: Mapping[str, str], expected: Expected) -> None:
    cluster_id, said = row["cluster_id"], {}
    if expected.source is not None:
        cluster = expected.source.clusters.get(cluster_id)
        if cluster is None or row["post_id"] not in cluster.post_ids:
            found.add(
                f"row {number}", "post_index_rows_are_posts_of_stage2", Words(f"{row['post_id']} in {cluster_id}"),
                "expected a post of a cluster of the Stage-2 run",
            )  # fmt: skip
            return
        said["course_code"] = cluster.course_code
    if (theme_id := expected.theme_id(cluster_id)) is not None:
        said["global_cluster_id"] = theme_id
    if (theme := expected.theme_of.get(cluster_id)) is not None and theme.normalized_issue_label:
        said["normalized_issue_label"] = theme.normalized_issue_label
    for column, value in said.items():
        if row[column] != value:
            found.add(
                f"row {number}",
                "post_index_agrees_with_themes",
                row[column],
                f"expected {column} {value}, by {cluster_id}",
            )


def _expected_posts(expected: Expected | None) -> Iterable[tuple[str, str]]:
    """Yield (cluster id, post id) of the rows that must be there."""
    if expected is None or expected.source is None:
        return
    for cluster_id, cluster in expected.source.clusters.items():
        if cluster_id in expected.theme_of or (expected.ours and cluster_id in expected.unassigned):
            for post_id in cluster.post_ids:
                yield cluster_id, post_id
