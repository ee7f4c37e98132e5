"""Clustering: planted clusters are found, noise stays noise, and order and threads do not show."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score

from painpoint_platform.errors import UserError
from painpoint_platform.issues.clustering import density
from painpoint_platform.issues.clustering.clusters import REDUCERS, Clustering, cluster, map_coordinates
from painpoint_platform.issues.clustering.density import density_clusters
from painpoint_platform.issues.clustering.reach import within_reach
from painpoint_platform.text.embeddings import Embedder

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def planted(
    clusters: int, each: int, noise: int, *, spread: float = 0.7, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around ``clusters`` directions, and lonely ones; with the truth, -1 for noise."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(clusters, 384)), each, axis=0)
    rows = np.vstack([centres + spread * random.normal(size=centres.shape), random.normal(size=(noise, 384))])
    return unit(rows), np.append(np.repeat(np.arange(clusters), each), np.full(noise, -1))


def names(count: int) -> list[str]:
    return [f"{number:05}" for number in range(count)]


def assert_same(one: Clustering, other: Clustering, order: np.ndarray) -> None:
    np.testing.assert_array_equal(one.labels[order], other.labels)
    np.testing.assert_array_equal(one.membership[order], other.membership)
    np.testing.assert_array_equal(one.probability[order], other.probability)
    np.testing.assert_array_equal(one.centroid_distance[order], other.centroid_distance)
    np.testing.assert_array_equal(one.persistence, other.persistence)
    np.testing.assert_array_equal(one.size, other.size)


@pytest.mark.parametrize("reducer", REDUCERS)
def test_planted_clusters_are_found(reducer: str) -> None:
    vectors, truth = planted(12, 30, 0)
    found = cluster(vectors, ids=names(len(vectors)), reducer=reducer)
    assert normalized_mutual_info_score(truth, found.labels) > 0.9
    assert 12 <= len(found.size) <= 18


def test_lonely_items_remain_noise() -> None:
    vectors, truth = planted(12, 25, 90)
    found = cluster(vectors, ids=names(len(vectors)))
    assert (found.labels[truth < 0] < 0).mean() > 0.6
    assert (found.labels[truth >= 0] >= 0).mean() > 0.95


@pytest.mark.parametrize("reducer", REDUCERS)
def test_the_order_of_the_items_does_not_show(reducer: str) -> None:
    vectors, _ = planted(15, 40, 200, spread=1.1)
    ids = names(len(vectors))
    found = cluster(vectors, ids=ids, reducer=reducer)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(ids))
        assert_same(found, cluster(vectors[order], ids=[ids[row] for row in order], reducer=reducer), order)


def test_the_number_of_threads_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_limits

    vectors, _ = planted(20, 60, 300, spread=1.1)
    ids = names(len(vectors))
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        with threadpool_limits(threads):
            found.append(cluster(vectors, ids=ids))
    for other in found[1:]:
        assert_same(found[0], other, np.arange(len(ids)))


def test_clusters_are_numbered_by_size() -> None:
    vectors, _ = planted(6, 20, 0)
    vectors = np.vstack([vectors, vectors[:20], vectors[60:75]])
    found = cluster(vectors, ids=names(len(vectors)))
    assert list(found.size) == sorted(found.size, reverse=True)
    assert list(found.size) == list(np.bincount(found.labels[found.labels >= 0]))


def test_distances_are_to_the_mean_of_the_cluster_in_the_original_vectors() -> None:
    vectors, _ = planted(5, 20, 30)
    found = cluster(vectors, ids=names(len(vectors)))
    assert np.isnan(found.centroid_distance[found.labels < 0]).all()
    for number in range(len(found.size)):
        members = vectors[found.labels == number].astype(float)
        expected = np.linalg.norm(members - members.mean(axis=0), axis=1)
        np.testing.assert_allclose(found.centroid_distance[found.labels == number], expected, rtol=1e-5)


def test_membership_and_probability_follow_the_labels() -> None:
    vectors, _ = planted(10, 30, 60, spread=1.2)
    found = cluster(vectors, ids=names(len(vectors)))
    assert set(found.membership) == {"core", "attached", "noise"}
    np.testing.assert_array_equal(found.membership == "noise", found.labels < 0)
    assert (found.probability[found.membership != "core"] == 0).all()
    assert (found.probability[found.membership == "core"] > 0).all()
    assert ((found.persistence >= 0) & (found.persistence <= 1)).all()


@pytest.mark.parametrize("reducer", REDUCERS)
@pytest.mark.parametrize("count", [*range(13), 20, 50])
def test_few_items_are_no_mistake(count: int, reducer: str) -> None:
    vectors = unit(np.random.default_rng(count).normal(size=(count, 384)))
    found = cluster(vectors, ids=names(count), reducer=reducer)
    assert len(found.labels) == len(found.membership) == count
    assert map_coordinates(found).shape == (count, 2)
    if count < 5:
        assert len(found.size) == 0
        assert (found.labels == -1).all()


@pytest.mark.parametrize("reducer", REDUCERS)
def test_identical_vectors_never_part(reducer: str) -> None:
    distinct = unit(np.random.default_rng(3).normal(size=(40, 384)))
    for copies, rows in ((100, distinct[:1]), (50, distinct[:2]), (20, distinct), (3, distinct)):
        place = np.tile(np.arange(len(rows)), copies)
        found = cluster(rows[place], ids=names(len(place)), reducer=reducer)
        for row in range(len(rows)):
            assert len(set(found.labels[place == row])) == 1
    assert (cluster(np.zeros((20, 384), np.float32), ids=names(20), reducer=reducer).labels == -1).all()


def test_two_points_with_many_copies_are_two_clusters() -> None:
    vectors = np.repeat(unit(np.random.default_rng(4).normal(size=(2, 384))), 30, axis=0)
    assert list(cluster(vectors, ids=names(60)).size) == [30, 30]


def test_noise_within_reach_is_attached_and_noise_beyond_is_not() -> None:
    vectors, _ = planted(2, 12, 1, spread=0.4)
    labels = np.append(np.repeat([0, 1], 12), -1)
    labels[[3, 15]] = -1
    attached = within_reach(vectors, labels)
    assert attached[3] == 0
    assert attached[15] == 1
    assert attached[-1] == -1


@pytest.mark.parametrize(("size", "samples"), [(5, 2), (5, 5), (15, 7), (60, 30)])
@pytest.mark.parametrize("kind", ["planted", "random", "duplicates", "line"])
def test_labels_are_those_of_the_library(kind: str, size: int, samples: int) -> None:
    import hdbscan

    random = np.random.default_rng(7)
    rows = {
        "planted": planted(9, 50, 80, spread=1.3)[0],
        "random": random.normal(size=(400, 20)),
        "duplicates": random.normal(size=(150, 30))[random.integers(0, 150, 500)],
        "line": np.cumsum(random.exponential(size=(300, 1)), axis=0),
    }[kind]
    ours = density_clusters(rows, min_cluster_size=size, min_samples=samples)
    theirs = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=samples, algorithm="prims_kdtree").fit(rows)
    np.testing.assert_array_equal(ours.labels, theirs.labels_)
    np.testing.assert_allclose(ours.probability, theirs.probabilities_, atol=1e-6)
    np.testing.assert_allclose(ours.persistence, theirs.cluster_persistence_, atol=1e-6)


def test_single_precision_finds_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = planted(20, 50, 100)
    double = density_clusters(vectors, min_cluster_size=5, min_samples=2)
    monkeypatch.setattr(density, "MOST_ROWS_IN_DOUBLE", 0)
    np.testing.assert_array_equal(density_clusters(vectors, min_cluster_size=5, min_samples=2).labels, double.labels)


@settings(max_examples=25)
@given(st.integers(5, 60), st.integers(0, 10_000), st.sampled_from(REDUCERS), st.integers(1, 8))
def test_any_items_give_a_sound_answer_in_any_order(count: int, seed: int, reducer: str, distinct: int) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(distinct, 24)))[random.integers(0, distinct, count)]
    vectors = unit(vectors + random.choice([0.0, 0.05]) * random.normal(size=vectors.shape))
    found = cluster(vectors, ids=names(count), reducer=reducer)
    assert found.labels.min() >= -1
    assert found.labels.max() == len(found.size) - 1
    order = random.permutation(count)
    assert_same(found, cluster(vectors[order], ids=[names(count)[row] for row in order], reducer=reducer), order)


def test_mistakes_are_named() -> None:
    vectors, _ = planted(2, 5, 0)
    with pytest.raises(UserError, match=r"'tsne' is unknown; choose none, smooth"):
        cluster(vectors, ids=names(10), reducer="tsne")
    with pytest.raises(ValueError, match="10 vectors but 3 ids"):
        cluster(vectors, ids=names(3))
    with pytest.raises(ValueError, match="at least 2"):
        cluster(vectors, ids=names(10), min_cluster_size=1)


def test_clustering_imports_neither_scikit_learn_nor_the_whole_of_hdbscan() -> None:
    script = (
        "import sys, json, numpy as np; from painpoint_platform.issues.clustering.clusters import cluster\n"
        "v = np.random.default_rng(0).normal(size=(50, 384)).astype('f'); cluster(v, ids=[str(i) for i in range(50)])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    modules = json.loads(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    assert not {"hdbscan", "sklearn", "torch", "joblib"} & set(modules)


def test_map_coordinates_keep_clusters_together() -> None:
    vectors, truth = planted(3, 40, 0)
    found = cluster(vectors, ids=names(len(vectors)))
    places = map_coordinates(found)
    centres = np.array([places[truth == number].mean(axis=0) for number in range(3)])
    within = np.linalg.norm(places - centres[truth], axis=1).max()
    between = min(np.linalg.norm(centres[one] - centres[other]) for one, other in ((0, 1), (0, 2), (1, 2)))
    assert between > 5 * within


@pytest.mark.skipif(not (DATA / "banking77").is_dir(), reason="the data to measure with is not part of the project")
def test_real_questions_are_clustered_as_well_as_asked(embedder: Embedder) -> None:
    import polars as pl

    questions = pl.read_csv(DATA / "banking77" / "test.csv")
    found = cluster(embedder.embed(questions["text"].to_list()), ids=names(questions.height))
    assert normalized_mutual_info_score(questions["category"], found.labels) >= 0.81
    assert (found.labels >= 0).mean() >= 0.85
