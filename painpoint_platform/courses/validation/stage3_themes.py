"""Judging ``global_clusters.json``: the themes of a Stage-3 run and which clusters are in them.

Belongs here: its shape, its labels, and that every cluster has exactly one place (seed 001, sections 4 to 6).
Does not belong here: the index files that say the same in rows (``stage3_index``).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, FileFindings, Words
from painpoint_platform.courses.validation.manifest_fields import is_amount, is_filled
from painpoint_platform.courses.validation.run_files import RunFiles
from painpoint_platform.courses.validation.stage3_source import Source

THEMES = "global_clusters.json"
TOP_KEYS = ("global_clusters", "unassigned_clusters")
THEME_KEYS = ("provisional_label", "normalized_issue_label", "short_description", "member_cluster_ids")
COURSE_KEYS = ("course_code", "course_title")
SNAKE_CASE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class ReadTheme:
    """A theme as far as it could be read; ``place`` is its JSON path, ``own_id`` an id that other software gives it."""

    place: str
    own_id: str | None
    provisional_label: str
    normalized_issue_label: str
    short_description: str
    member_cluster_ids: list[str]


@dataclass(frozen=True)
class ReadThemes:
    """The themes in the order of the file, and the clusters that are in none."""

    themes: tuple[ReadTheme, ...]
    unassigned: tuple[str, ...]

    def cluster_ids(self) -> Iterator[str]:
        """Yield every id that has a place, as often as it has one."""
        for theme in self.themes:
            yield from theme.member_cluster_ids
        yield from self.unassigned


def judge_themes(files: RunFiles, source: Source | None, *, ours: bool) -> ReadThemes | None:
    """Read the themes and report what is wrong with them; None when there is no list of themes.

    Args:
        files: the run's folder.
        source: the Stage-2 run that the themes must cover; None when it is not known.
        ours: whether this project wrote the run; other software may say more about a theme than it must.
    """
    content = files.json_object(THEMES)
    if content is None:
        return None
    found = files.found.about(THEMES)
    _judge_keys(found, WHOLE_FILE, content, TOP_KEYS, ours=ours)
    listed = content.get("global_clusters")
    if not isinstance(listed, list):
        if "global_clusters" in content:
            found.add("global_clusters", "themes_are_an_array", listed, "expected an array of themes")
        return None
    themes = tuple(
        theme
        for index, value in enumerate(listed)
        if (theme := _theme(found, f"global_clusters[{index}]", value, source, ours=ours)) is not None
    )
    unassigned = _unassigned(found, content)
    read = ReadThemes(themes, unassigned)
    _judge_own_ids(found, themes)
    _judge_places(found, read)
    if source is not None:
        _judge_coverage(found, read, source.clusters.keys())
        _judge_order(found, themes, source, ours=ours)
    return read


def _judge_keys(found: FileFindings, place: str, value: Mapping[str, Any], keys: Sequence[str], *, ours: bool) -> None:
    for key in keys:
        if key not in value:
            found.add(place, "keys_are_those_of_the_schema", NOTHING, f"expected the key {key}")
    for key in value:
        if key in COURSE_KEYS:
            found.add(place, "themes_name_no_course", key, "a theme is of all courses; remove the key")
        elif ours and key not in keys:
            found.add(place, "keys_are_those_of_the_schema", key, f"expected only {', '.join(keys)}; remove it")


def _theme(found: FileFindings, place: str, value: Any, source: Source | None, *, ours: bool) -> ReadTheme | None:
    if not isinstance(value, dict):
        found.add(place, "themes_are_objects", value, f"expected an object with {', '.join(THEME_KEYS)}")
        return None
    _judge_keys(found, place, value, THEME_KEYS, ours=ours)
    phrase, label, description = (value.get(key) for key in THEME_KEYS[:3])
    if "provisional_label" in value and not _is_lower_case_phrase(phrase):
        found.add(
            f"{place}.provisional_label", "provisional_label_is_a_lower_case_phrase", phrase,
            "expected lower-case words that name the root cause",
        )  # fmt: skip
    if "normalized_issue_label" in value and not _is_snake_case(label):
        found.add(
            f"{place}.normalized_issue_label", "normalized_issue_label_is_snake_case", label,
            "expected a label such as unclear_or_ambiguous_instructions",
        )  # fmt: skip
    if "short_description" in value and not is_filled(description):
        found.add(f"{place}.short_description", "short_description_is_filled", description, "expected one sentence")
    members = _ids(found, f"{place}.member_cluster_ids", value.get("member_cluster_ids"), "member_cluster_ids" in value)
    if value.get("member_cluster_ids") == []:
        found.add(f"{place}.member_cluster_ids", "theme_has_members", [], "expected a cluster at least; drop the theme")
    for cluster_id in _repeated(members):
        found.add(
            f"{place}.member_cluster_ids", "members_are_unique_in_their_theme", cluster_id, "expected each member once"
        )
    if source is not None:
        _judge_own_counts(found, place, value, members, source)
    own_id = value.get("global_cluster_id")
    return ReadTheme(
        place,
        own_id if is_filled(own_id) else None,
        phrase if isinstance(phrase, str) else "",
        label if isinstance(label, str) else "",
        description if isinstance(description, str) else "",
        list(dict.fromkeys(members)),
    )


def _ids(found: FileFindings, place: str, listed: Any, is_there: bool) -> list[str]:
    if not isinstance(listed, list):
        if is_there:
            found.add(place, "cluster_ids_are_texts", listed, "expected an array of cluster ids")
        return []
    for index, cluster_id in enumerate(listed):
        if not is_filled(cluster_id):
            found.add(f"{place}[{index}]", "cluster_ids_are_texts", cluster_id, "expected the id of a cluster, as text")
    return [cluster_id for cluster_id in listed if is_filled(cluster_id)]


def _unassigned(found: FileFindings, content: Mapping[str, Any]) -> tuple[str, ...]:
    listed = _ids(found, "unassigned_clusters", content.get("unassigned_clusters"), "unassigned_clusters" in content)
    for cluster_id in _repeated(listed):
        found.add("unassigned_clusters", "unassigned_clusters_are_unique", cluster_id, "expected each cluster once")
    return tuple(dict.fromkeys(listed))


def _repeated(ids: Sequence[str]) -> list[str]:
    return [cluster_id for cluster_id, count in Counter(ids).items() if count > 1]


def _judge_own_counts(
    found: FileFindings, place: str, value: Mapping[str, Any], members: list[str], source: Source
) -> None:
    """Report counts that other software writes into its themes and that are wrong."""
    counts = {
        "total_num_posts": source.num_posts(members),
        "num_clusters": len(set(members)),
        "num_courses": source.num_courses(members),
    }
    for name, count in counts.items():
        if value.get(name) is not None and not (is_amount(value[name]) and value[name] == count):
            found.add(f"{place}.{name}", f"{name}_agrees", value[name], f"expected {count:,}, by its members")


def _judge_own_ids(found: FileFindings, themes: Sequence[ReadTheme]) -> None:
    for own_id in _repeated([theme.own_id for theme in themes if theme.own_id is not None]):
        found.add("global_clusters", "global_cluster_ids_are_unique", own_id, "expected one theme with this id")


def _judge_places(found: FileFindings, read: ReadThemes) -> None:
    """Report clusters that are in two themes, or in one and unassigned."""
    places: dict[str, list[str]] = {}
    for theme in read.themes:
        for cluster_id in theme.member_cluster_ids:
            places.setdefault(cluster_id, []).append(theme.place)
    for cluster_id in read.unassigned:
        places.setdefault(cluster_id, []).append("unassigned_clusters")
    for cluster_id, where in places.items():
        if len(where) > 1:
            found.add(cluster_id, "cluster_has_one_place", Words(" and ".join(where)), "expected it in one place only")


def _judge_coverage(found: FileFindings, read: ReadThemes, known: Collection[str]) -> None:
    placed = dict.fromkeys(read.cluster_ids())
    for cluster_id in placed:
        if cluster_id not in known:
            found.add(
                cluster_id, "cluster_ids_are_those_of_stage2", cluster_id, "expected only clusters of the Stage-2 run"
            )
    for cluster_id in known:
        if cluster_id not in placed:
            found.add(
                cluster_id, "every_cluster_has_a_place", NOTHING,
                "expected this cluster of the Stage-2 run in a theme or in unassigned_clusters",
            )  # fmt: skip


def _judge_order(found: FileFindings, themes: Sequence[ReadTheme], source: Source, *, ours: bool) -> None:
    """Report the first theme that stands too low; ours with as many posts are in order of label and first member."""

    def rank(theme: ReadTheme) -> tuple[int, str, str]:
        posts = source.num_posts(theme.member_cluster_ids)
        return (-posts, theme.normalized_issue_label, theme.member_cluster_ids[0]) if ours else (-posts, "", "")

    filled = [theme for theme in themes if theme.member_cluster_ids]
    for before, theme in pairwise(filled):
        if rank(theme) < rank(before):
            found.add(
                theme.place, "themes_are_sorted_by_posts", Words(f"{-rank(theme)[0]:,} posts"),
                f"expected it before {before.place} with {-rank(before)[0]:,}; most posts first, then by label "
                "and first member",
            )  # fmt: skip
            return


def _is_lower_case_phrase(value: Any) -> bool:
    """A phrase is no machine-readable label: those have underscores and no blanks."""
    return is_filled(value) and value == value.lower() and (" " in value.strip() or "_" not in value)


def _is_snake_case(value: Any) -> bool:
    return isinstance(value, str) and SNAKE_CASE.fullmatch(value) is not None
