"""Paths are valid whatever is predicted; probability adds up along the tree; models come back from their files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.perception.paths.hierarchy import EMOTIONS, PathModel, PathScores, Tree, decode, softmax
from painpoint_platform.perception.paths.hierarchy_network import fit_network, hashed_ngrams
from painpoint_platform_tests.perception.planted_paths import planted_paths, quick_path_settings

UNEVEN = Tree.of([("a", "b", "c"), ("a", "b", "d"), ("a", "e", "f"), ("g", "h", "i")])
TEXTS = ["so happy!", "", "why is it broken again?", "\ud800 \x00", "😡😡"]


@pytest.fixture(scope="module")
def model() -> PathModel:
    rows, params = planted_paths(120), quick_path_settings().network.default
    networks = tuple(
        fit_network(
            rows.rows.features.matrix, hashed_ngrams(rows.texts), rows.places, levels=EMOTIONS.levels, params=params,
            seed=seed,
        )
        for seed in (1, 2)
    )  # fmt: skip
    offsets = np.random.default_rng(3).normal(0, 1, len(EMOTIONS.paths))
    return PathModel("expressed", EMOTIONS, rows.rows.features.names, networks, 1.7, offsets)


@given(st.integers(0, 10_000), st.floats(0.01, 30))
def test_every_decoded_path_is_in_the_tree_and_no_node_outweighs_its_parent(seed: int, spread: float) -> None:
    choices = np.random.default_rng(seed)
    for tree in (EMOTIONS, UNEVEN):
        probabilities = softmax(choices.normal(0, spread, (20, len(tree.paths))))
        offsets = choices.normal(0, spread, len(tree.paths))
        scores = PathScores(tree, decode(tree, probabilities, offsets), probabilities)
        assert set(scores.paths) <= set(tree.paths)
        assert (np.diff(scores.by_level, axis=1) <= 1e-12).all()
        assert (scores.by_level <= 1 + 1e-12).all()
        for mass in tree.masses(probabilities):
            assert mass.sum(axis=1) == pytest.approx(1)


def test_a_crowd_of_small_leaves_outweighs_one_that_is_larger_than_each() -> None:
    probabilities = np.array([[0.28, 0.27, 0.1, 0.35]])  # a/b has 0.55 together, g/h/i alone 0.35
    assert UNEVEN.paths[decode(UNEVEN, probabilities, np.zeros(4))[0]] == ("a", "b", "c")


def test_a_tree_has_paths_of_one_length() -> None:
    for wrong in ([], [("a", "b"), ("a",)]):
        with pytest.raises(ValueError, match="all of one length"):
            Tree.of(wrong)


def test_a_model_comes_back_from_its_files_bit_for_bit(model: PathModel) -> None:
    rows = planted_paths(30, seed=5)
    before, after = (
        one.predict(rows.rows.features, rows.texts) for one in (model, PathModel.from_files(model.to_files()))
    )
    assert (before.probabilities == after.probabilities).all()
    assert before.paths == after.paths


def test_a_text_is_scored_alike_whatever_stands_beside_it(model: PathModel) -> None:
    features = planted_paths(len(TEXTS), seed=6).rows.features
    whole = model.predict(features, TEXTS)
    for row, text in enumerate(TEXTS):
        alone = model.predict(type(features)(features.names, features.matrix[row : row + 1]), [text])
        assert alone.probabilities[0] == pytest.approx(whole.probabilities[row], abs=1e-5)
    assert model.predict(type(features)(features.names, features.matrix[:0]), []).paths == []


def test_the_same_seed_gives_the_same_network() -> None:
    rows, params = planted_paths(60), quick_path_settings().network.default
    first, second, other = (
        fit_network(
            rows.rows.features.matrix, hashed_ngrams(rows.texts), rows.places, levels=EMOTIONS.levels, params=params,
            seed=seed,
        )
        for seed in (1, 1, 2)
    )  # fmt: skip
    assert (first.outward == second.outward).all()
    assert (first.outward != other.outward).any()
