"""Coherence: a heap of unrelated posts is no cluster."""

import numpy as np
import pytest
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.coherence import LEAST_COHERENCE, coherence, without_incoherent
from painpoint_platform.issues.clustering.density import DensityClusters


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def a_day(clusters: int, heap: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Tight clusters of 8 and, as the last cluster, a heap of unrelated rows."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(clusters, 64))
    tight = np.repeat(centres, 8, axis=0) + random.normal(scale=0.5, size=(clusters * 8, 64))
    labels = np.concatenate([np.repeat(np.arange(clusters), 8), np.full(heap, clusters)])
    return unit(np.vstack([tight, random.normal(size=(heap, 64))])), labels.astype(np.int64)


def found(labels: NDArray[np.int64]) -> DensityClusters:
    return DensityClusters(labels, np.ones(len(labels)), np.arange(labels.max() + 1) / 10)


def test_coherence_is_what_the_cosines_of_all_pairs_say() -> None:
    vectors, labels = a_day(3, 10)
    cosines = vectors.astype(np.float64) @ vectors.T
    off_diagonal = ~np.eye(len(vectors), dtype=bool)
    background = cosines[off_diagonal].mean()
    alike = []
    for cluster in range(4):
        inside = np.ix_(labels == cluster, labels == cluster)
        alike.append(cosines[inside][off_diagonal[inside]].mean())
    expected = (np.array(alike) - background) / (np.median(alike) - background)
    assert coherence(vectors, labels) == pytest.approx(expected, abs=1e-6)


def test_a_heap_of_unrelated_rows_becomes_noise_and_the_others_keep_their_order() -> None:
    vectors, labels = a_day(6, 20)
    labels = np.where(labels == 6, 0, labels + 1)  # the heap comes first
    kept = without_incoherent(vectors, found(labels))
    assert set(kept.labels[labels == 0]) == {-1}
    assert (kept.labels[labels > 0] == labels[labels > 0] - 1).all()
    assert kept.persistence == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert (kept.probability[labels == 0] == 0).all()


def test_real_clusters_all_stay() -> None:
    vectors, labels = a_day(6, 20)
    labels[labels == 6] = -1
    kept = without_incoherent(vectors, found(labels))
    assert (kept.labels == labels).all()
    assert coherence(vectors, labels).min() > LEAST_COHERENCE


def test_a_few_clusters_have_nothing_to_be_measured_against() -> None:
    vectors, labels = a_day(3, 12)
    few = found(labels)
    assert without_incoherent(vectors, few) is few
