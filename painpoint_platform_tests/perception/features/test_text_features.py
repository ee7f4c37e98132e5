"""The 405 features by name."""

import numpy as np
import pytest

from painpoint_platform.perception.features.anchors import ANCHOR_NAMES, anchor_similarities
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES, lexical_features
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import (
    EMBEDDING_NAMES,
    FEATURE_NAMES,
    MIDDLE_NAMES,
    TEXT_NAMES,
    text_features,
)
from painpoint_platform.text.embeddings import Embedder, Encoded

TEXTS = ["I love this so much!", "", "The build is broken again, I am tired of it."]


def test_there_are_405_features_and_13_of_time_by_name() -> None:
    assert len(FEATURE_NAMES) == 405
    assert len(TEMPORAL_NAMES) == 13
    assert len({*FEATURE_NAMES, *TEMPORAL_NAMES}) == 418
    assert TEXT_NAMES[:405] == FEATURE_NAMES
    assert TEXT_NAMES[405:] == MIDDLE_NAMES
    assert len({*TEXT_NAMES, *TEMPORAL_NAMES}) == 802


def test_each_block_stands_under_its_names(embedder: Embedder) -> None:
    encoded = embedder.encode(TEXTS)
    features = text_features(TEXTS, embedder=embedder)
    assert features.names == TEXT_NAMES
    assert features.matrix.shape == (3, 789)
    assert features.matrix.dtype == np.float32
    assert np.isfinite(features.matrix).all()
    np.testing.assert_array_equal(features.block(LEXICAL_NAMES), lexical_features(TEXTS))
    np.testing.assert_allclose(features.block(EMBEDDING_NAMES), encoded.vectors, atol=1e-6)
    np.testing.assert_allclose(features.block(ANCHOR_NAMES), anchor_similarities(encoded.vectors, embedder), atol=1e-5)
    np.testing.assert_array_equal(features.block(MIDDLE_NAMES), encoded.middle)


def test_what_is_encoded_already_is_not_encoded_again(embedder: Embedder) -> None:
    given = np.eye(3, 384, dtype=np.float32)
    features = text_features(TEXTS, embedder=embedder, encoded=Encoded(given, 2 * given))
    np.testing.assert_array_equal(features.block(EMBEDDING_NAMES), given)
    np.testing.assert_array_equal(features.block(MIDDLE_NAMES), 2 * given)


@pytest.mark.parametrize(("vectors", "middle", "named"), [(2, 3, "vectors"), (3, 2, "middle states")])
def test_what_was_encoded_of_other_texts_is_refused(embedder: Embedder, vectors: int, middle: int, named: str) -> None:
    other = Encoded(np.zeros((vectors, 384), np.float32), np.zeros((middle, 384), np.float32))
    with pytest.raises(ValueError, match=rf"{named} of shape \(2, 384\) for 3 texts"):
        text_features(TEXTS, embedder=embedder, encoded=other)


def test_a_text_of_any_language_or_none_has_finite_features(embedder: Embedder) -> None:
    strange = ["", "   ", "日本語の題名", "\ud800", "\0", "🙂" * 300, "zxqv blorf" * 2_000]
    assert np.isfinite(text_features(strange, embedder=embedder).matrix).all()


def test_no_texts_have_no_rows(embedder: Embedder) -> None:
    assert text_features([], embedder=embedder).matrix.shape == (0, 789)
