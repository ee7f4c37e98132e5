"""Stored models are held against labels that they have not seen."""

from dataclasses import replace

import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform.perception.scoring.judging import judge_on_corpus
from painpoint_platform.perception.settings_file import load_settings
from painpoint_platform.text.embeddings import Embedder


def test_a_corpus_that_awaits_review_as_a_whole_judges_nothing(embedder: Embedder) -> None:
    corpus = generate(items=26, users=6)
    waiting = replace(corpus, frame=corpus.frame.with_columns(needs_review=pl.lit(value=True)))
    with pytest.raises(UserError, match="all 26 rows wait for review"):
        judge_on_corpus(waiting, [], embedder=embedder, settings=load_settings())
