"""The two ways to split a module's ``corpus``, which each module makes as large as it needs."""

import pytest

from painpoint_platform.perception.corpora.corpus import Corpus
from painpoint_platform.perception.corpora.splits import Splits, split_corpus


@pytest.fixture(scope="module")
def by_user(corpus: Corpus) -> Splits:
    """Parts that share no author."""
    return split_corpus(corpus)


@pytest.fixture(scope="module")
def by_time(corpus: Corpus) -> Splits:
    """Parts of which each lies after the one before."""
    return split_corpus(corpus, ordered_by_time=True)
