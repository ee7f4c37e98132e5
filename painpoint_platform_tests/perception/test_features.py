"""The 405 features by name."""

import numpy as np
import pytest

from painpoint_platform.perception.features import (
    ANCHOR_NAMES,
    EMBEDDING_NAMES,
    FEATURE_NAMES,
    LEXICAL_NAMES,
    TEMPORAL_NAMES,
    anchor_similarities,
    lexical_features,
    text_features,
)
from painpoint_platform.text.embeddings import Embedder

TEXTS = ["I love this so much!", "", "The build is broken again, I am tired of it."]


def test_there_are_405_features_and_13_of_time_by_name() -> None:
    assert len(FEATURE_NAMES) == 405
    assert len(TEMPORAL_NAMES) == 13
    assert len({*FEATURE_NAMES, *TEMPORAL_NAMES}) == 418


def test_each_block_stands_under_its_names(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    features = text_features(TEXTS, embedder=embedder)
    assert features.names == FEATURE_NAMES
    assert features.matrix.shape == (3, 405)
    assert features.matrix.dtype == np.float32
    assert np.isfinite(features.matrix).all()
    np.testing.assert_array_equal(features.block(LEXICAL_NAMES), lexical_features(TEXTS))
    np.testing.assert_allclose(features.block(EMBEDDING_NAMES), vectors, atol=1e-6)
    np.testing.assert_allclose(features.block(ANCHOR_NAMES), anchor_similarities(vectors, embedder), atol=1e-5)


def test_vectors_that_are_there_are_not_made_again(embedder: Embedder) -> None:
    given = np.eye(3, 384, dtype=np.float32)
    np.testing.assert_array_equal(text_features(TEXTS, embedder=embedder, vectors=given).block(EMBEDDING_NAMES), given)


def test_vectors_of_other_texts_are_refused(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="for 3 texts"):
        text_features(TEXTS, embedder=embedder, vectors=np.zeros((2, 384), np.float32))


def test_no_texts_have_no_rows(embedder: Embedder) -> None:
    assert text_features([], embedder=embedder).matrix.shape == (0, 405)
