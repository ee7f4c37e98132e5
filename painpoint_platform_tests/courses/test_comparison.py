"""Two runs side by side, written by this project or by other software."""

import csv
import json
from dataclasses import asdict

import pytest

from painpoint_platform.courses.comparison import ThemeChange, ThemeMatch, compare_runs
from painpoint_platform.errors import UserError


def foreign_run(tmp_path, name, themes, unassigned=(), reserved="unassigned", **manifest):
    """A folder with what the source document asks for and no more.

    ``themes``: (label, phrase, {cluster: posts}); the course is what stands before the underscore of a cluster's name.
    """
    folder = tmp_path / name
    folder.mkdir()
    groups, clusters, posts = [], [], []
    for number, (label, phrase, members) in enumerate(themes, 1):
        theme = f"G{number:03}"
        groups.append(
            {
                "provisional_label": phrase,
                "normalized_issue_label": label,
                "short_description": "Something.",
                "member_cluster_ids": list(members),
            }
        )
        total = sum(map(len, members.values()))
        clusters += [(cluster, theme, label, phrase, total, 1) for cluster in members]
        posts += [
            (p, cluster.split("_")[0], cluster, theme, label) for cluster, found in members.items() for p in found
        ]
    for cluster, found in dict(unassigned).items():
        clusters.append((cluster, reserved, "", "", len(found), 1))
        posts += [(post, cluster.split("_")[0], cluster, reserved, "") for post in found]
    table(folder / "cluster_global_index.csv", (
        "cluster_id", "global_cluster_id", "normalized_issue_label", "provisional_label", "total_num_posts",
        "num_courses",
    ), clusters)  # fmt: skip
    table(folder / "post_global_index.csv", (
        "post_id", "course_code", "cluster_id", "global_cluster_id", "normalized_issue_label",
    ), posts)  # fmt: skip
    document = {"global_clusters": groups, "unassigned_clusters": list(dict(unassigned))}
    (folder / "global_clusters.json").write_text(json.dumps(document))
    (folder / "manifest.json").write_text(json.dumps({"stage3_run_slug": name, **manifest}))
    return folder


def table(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


EXAMS = ("exams", "exam differs", {"A_1": ["p1", "p2", "p3"], "B_1": ["q1"]})
PACE = ("pace", "too fast", {"A_2": ["p4", "p5"]})


def test_a_run_agrees_with_itself_up_to_names(tmp_path):
    one = foreign_run(tmp_path, "one", [EXAMS, PACE], {"B_2": ["q2"]})
    two = foreign_run(tmp_path, "two", [PACE, EXAMS], {"B_2": ["q2"]})
    found = compare_runs(one, two)
    assert found.ami == pytest.approx(1.0)
    assert (found.common_posts, found.posts_only_a, found.posts_only_b) == (7, 0, 0)
    assert [(match.theme_a, match.theme_b, match.posts_overlap) for match in found.themes_kept] == [
        ("G001", "G002", 1.0), ("G002", "G001", 1.0),
    ]  # fmt: skip
    assert (found.themes_gained, found.themes_lost) == ((), ())
    json.dumps(asdict(found))


@pytest.mark.parametrize("reserved", ["none", "G000", "", "Unassigned"])
def test_other_software_may_reserve_another_id_for_what_is_in_no_theme(tmp_path, reserved):
    one = foreign_run(tmp_path, "one", [EXAMS], {"B_2": ["q2"]}, reserved=reserved)
    two = foreign_run(tmp_path, "two", [EXAMS], {"B_2": ["q2"]}, reserved="UNASSIGNED")
    found = compare_runs(one, two)
    assert (found.num_themes_a, found.num_themes_b, found.themes_lost, found.ami) == (1, 1, (), pytest.approx(1.0))


def test_themes_are_gained_and_lost(tmp_path):
    one = foreign_run(tmp_path, "one", [EXAMS, PACE])
    two = foreign_run(tmp_path, "two", [EXAMS, ("captions", "poor captions", {"C_1": ["r1", "r2"]})])
    found = compare_runs(one, two)
    assert found.themes_lost == (ThemeChange("G002", "too fast", "pace", 2),)
    assert found.themes_gained == (ThemeChange("G002", "poor captions", "captions", 2),)
    assert (found.common_posts, found.posts_only_a, found.posts_only_b) == (4, 2, 2)
    assert (found.num_themes_a, found.num_themes_b) == (2, 2)


def test_a_theme_of_other_words_is_kept_when_half_of_the_posts_are_shared(tmp_path):
    one = foreign_run(tmp_path, "one", [("exams", "exam differs", {"A_1": ["p1", "p2"]}), PACE])
    renamed = ("other", "practice is too easy", {"A_1": ["p1"], "A_9": ["p2", "p9", "p8"]})
    two = foreign_run(tmp_path, "two", [renamed, ("workload", "too fast", {"A_2": ["p4"], "A_3": ["p6", "p7"]})])
    found = compare_runs(one, two)
    assert found.themes_kept == (ThemeMatch("G001", "G001", "exam differs", "practice is too easy", 0.5, "posts"),)
    assert [theme.provisional_label for theme in found.themes_lost + found.themes_gained] == ["too fast", "too fast"]


def test_the_same_words_come_before_the_same_posts_and_case_does_not_count(tmp_path):
    one = foreign_run(tmp_path, "one", [("exams", "Exam  differs", {"A_1": ["p1", "p2"]})])
    two = foreign_run(
        tmp_path, "two", [("x", "other", {"A_1": ["p1", "p2"]}), ("exams", "exam Differs", {"B_1": ["q"]})]
    )
    (match,) = compare_runs(one, two).themes_kept
    assert (match.theme_b, match.same_by, match.posts_overlap) == ("G002", "label", 0.0)


def test_a_post_in_several_clusters_goes_by_its_largest_cluster_and_assigned_ones_first(tmp_path):
    one = foreign_run(
        tmp_path, "one", [("a", "a", {"A_1": ["p1"]}), ("b", "b", {"A_2": ["p1", "p2"]})], {"A_3": ["p1", "p3", "p4"]}
    )
    two = foreign_run(tmp_path, "two", [("b", "b", {"A_2": ["p1", "p2"]})], {"A_3": ["p3", "p4"]})
    assert compare_runs(one, two).ami == pytest.approx(1.0)


def test_assignments_drawn_by_lot_agree_little(tmp_path):
    by_two = [(f"t{k}", f"t{k}", {f"A_{k}": [f"p{n}" for n in range(60) if n % 2 == k]}) for k in range(2)]
    by_three = [(f"u{k}", f"u{k}", {f"A_{k}": [f"p{n}" for n in range(60) if n % 3 == k]}) for k in range(3)]
    found = compare_runs(foreign_run(tmp_path, "one", by_two), foreign_run(tmp_path, "two", by_three))
    assert abs(found.ami) < 0.05


def test_runs_without_a_common_post_have_no_agreement_to_speak_of(tmp_path):
    found = compare_runs(foreign_run(tmp_path, "one", [EXAMS]), foreign_run(tmp_path, "two", []))
    assert (found.ami, found.common_posts, found.num_themes_b) == (None, 0, 0)


def test_what_is_no_run_is_said_so(tmp_path):
    one = foreign_run(tmp_path, "one", [EXAMS])
    for other in (tmp_path / "two", one / "manifest.json"):
        with pytest.raises(UserError, match="there is no manifest"):
            compare_runs(one, other)
    (one / "global_clusters.json").unlink()
    with pytest.raises(UserError, match="is not the folder of a Stage-3 run"):
        compare_runs(one, one)
