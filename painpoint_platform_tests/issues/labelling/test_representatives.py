"""Representatives: central, diverse, the same whatever the order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from painpoint_platform.issues.labelling.representatives import (
    TOO_SIMILAR,
    cluster_fingerprint,
    diverse,
    jaccard,
    representatives_of_clusters,
    title_words,
)


def members(*rows: tuple[int, str, str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "cluster_id": cluster,
                "url_hash": f"{index:03}",
                "title": title,
                "snippet": f"about {title}",
                "membership": membership,
                "centroid_distance": distance,
                "heard": True,
            }
            for index, (cluster, title, membership, distance) in enumerate(rows)
        ]
    )


def test_the_most_central_posts_are_chosen_in_order() -> None:
    rows = members(*[(0, f"{word} fails", "core", 1 / (index + 1)) for index, word in enumerate("abcdefgh")])
    assert representatives_of_clusters(rows)["title"].to_list() == [f"{word} fails" for word in "hgfed"]


def test_posts_of_the_core_come_before_nearer_attached_ones() -> None:
    rows = members((0, "attached one", "attached", 0.1), (0, "core two", "core", 0.9))
    assert representatives_of_clusters(rows, k=1)["title"].to_list() == ["core two"]


def test_a_nearly_equal_title_is_passed_over_for_a_different_one() -> None:
    rows = members(
        (0, "the build fails on arm", "core", 0.1),
        (0, "The build fails on ARM!", "core", 0.2),
        (0, "cache is never used", "core", 0.3),
    )
    assert representatives_of_clusters(rows, k=2)["title"].to_list() == [
        "the build fails on arm",
        "cache is never used",
    ]


def test_a_cluster_of_copies_still_has_its_representatives() -> None:
    rows = members(*[(0, "same title", "core", index / 10) for index in range(7)])
    assert representatives_of_clusters(rows).height == 5


def test_a_post_that_is_not_heard_speaks_for_nobody() -> None:
    rows = members((0, "try our tool", "core", 0.1), (0, "the build fails", "core", 0.9))
    heard = rows.with_columns(heard=pl.col("title") == "the build fails")
    assert representatives_of_clusters(heard)["title"].to_list() == ["the build fails"]


def test_every_cluster_is_represented_by_its_own_posts_and_snippets() -> None:
    rows = members((3, "a b", "core", 0.1), (1, "c d", "core", 0.1), (3, "e f", "core", 0.2))
    chosen = representatives_of_clusters(rows)
    assert chosen["cluster_id"].to_list() == [1, 3, 3]
    assert all(row["snippet"] == f"about {row['title']}" for row in chosen.iter_rows(named=True))


@given(st.permutations(range(12)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    rows = members(*[(index % 2, f"title {index % 4} of {index}", "core", (index % 3) / 10) for index in range(12)])
    assert_frame_equal(representatives_of_clusters(rows[list(order)]), representatives_of_clusters(rows))


def test_the_fingerprint_ignores_order_case_punctuation_and_spacing() -> None:
    assert cluster_fingerprint(["Build fails!", "cache  miss"]) == cluster_fingerprint(["Cache miss", "build FAILS"])
    assert cluster_fingerprint(["build fails"]) != cluster_fingerprint(["build fails", "build fails"])
    assert cluster_fingerprint(["ab", "c"]) != cluster_fingerprint(["a", "bc"])


@given(st.lists(st.text(alphabet="ab c", max_size=8), max_size=12))
def test_what_is_chosen_first_differs_pairwise_or_the_cluster_offered_nothing_else(titles: list[str]) -> None:
    chosen = diverse(titles, 3)
    assert len(chosen) == min(3, len(titles))
    assert len(set(chosen)) == len(chosen)
    words = [title_words(title) for title in titles]
    different: list[int] = []
    for index, candidate in enumerate(words):
        if all(jaccard(candidate, words[other]) < TOO_SIMILAR for other in different):
            different.append(index)
    assert len(different) < 3 or chosen == different[:3]


def test_no_clusters_have_no_representatives() -> None:
    empty = members((0, "x", "core", 0.1)).clear()
    assert representatives_of_clusters(empty).columns == [
        "cluster_id",
        "url_hash",
        "title",
        "snippet",
        "cluster_fingerprint",
    ]
