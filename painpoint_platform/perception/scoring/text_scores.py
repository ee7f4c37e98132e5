"""Texts to scores: valence, arousal and what else there is a model of.

Belongs here: features of the texts, once for all models, and the frame of scores. Does not belong here: a model's
arithmetic (``model``), finding bundles (``bundle``), tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import length_buckets
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import Features, text_features
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.paths.hierarchy import PathModel
from painpoint_platform.perception.paths.paths_scoring import path_columns
from painpoint_platform.perception.runs.bundle import Bundle
from painpoint_platform.perception.temporal.temporal_models import TemporalModel
from painpoint_platform.text.embeddings import Embedder, Encoded


@dataclass(frozen=True, slots=True)
class Authors:
    """Who wrote the texts and when, where that is known.

    Attributes:
        items: user_id, timestamp; a row a text.
        observed: by variable, (rows,) labels that are known already, else NaN; a text is told those of its author's
            earlier texts only.
    """

    items: pl.DataFrame
    observed: Mapping[str, Floats]


def score_texts(
    texts: Sequence[str],
    bundles: Sequence[Bundle],
    embedder: Embedder,
    *,
    encoded: Encoded | None = None,
    languages: Sequence[str | None] | None = None,
    authors: Authors | None = None,
) -> pl.DataFrame:
    """Return a row a text, and for each bundle ``<variable>``, ``<variable>_low``, ``<variable>_high`` (Float64) and
    ``<variable>_model``, the name of the model; for a path the columns of ``paths_scoring.path_columns``.

    Args:
        texts: anything, empty texts too.
        bundles: models of different variables.
        embedder: of the version that the models were trained with.
        encoded: what this embedder made of the texts, where a caller has it already.
        languages: of the texts; None: not known.
        authors: for models that know of an author's past; None: nothing is known.

    Raises:
        UserError: two models of one variable, a model of another encoder, or one that scores no texts.
    """
    _require_one_a_variable(bundles)
    _require_encoder(bundles, embedder)
    items = _items(texts, languages, authors)
    features = text_features(texts, embedder=embedder, encoded=encoded)
    columns: list[pl.Series] = []
    for bundle in bundles:
        if isinstance(bundle.model, PathModel):
            columns += path_columns(bundle.model, bundle.name, features, texts)
            continue
        if isinstance(bundle.model, TemporalModel):
            raise UserError(f"{bundle.name} foresees what a history leads to and scores no texts; choose another model")
        variable = bundle.model.variable
        observed = authors.observed.get(variable) if authors else None
        scores = bundle.model.score(_with_past(features, bundle, items, observed), items, observed)
        columns += [
            pl.Series(variable, scores.score, pl.Float64),
            pl.Series(f"{variable}_low", scores.low, pl.Float64),
            pl.Series(f"{variable}_high", scores.high, pl.Float64),
            pl.Series(f"{variable}_model", [bundle.name] * len(texts), pl.String),
        ]
    return pl.DataFrame(columns)


def _items(texts: Sequence[str], languages: Sequence[str | None] | None, authors: Authors | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": authors.items["user_id"] if authors else pl.Series([None] * len(texts), dtype=pl.String),
            "timestamp": authors.items["timestamp"]
            if authors
            else pl.Series([None] * len(texts), dtype=pl.Datetime("us", "UTC")),
            "language": pl.Series(languages or [None] * len(texts), dtype=pl.String),
            "length_bucket": length_buckets(texts),
        }
    )


def _with_past(features: Features, bundle: Bundle, items: pl.DataFrame, observed: Floats | None) -> Features:
    if not set(bundle.model.columns) & set(TEMPORAL_NAMES):
        return features
    past = temporal_features(items.select("user_id", "timestamp"), observed)
    return Features((*features.names, *TEMPORAL_NAMES), np.hstack([features.matrix, past]).astype(np.float32))


def _require_one_a_variable(bundles: Sequence[Bundle]) -> None:
    names = [bundle.model.variable for bundle in bundles]
    if len(set(names)) < len(names):
        raise UserError(f"several models of one variable were given ({', '.join(names)}); choose one of each")


def _require_encoder(bundles: Sequence[Bundle], embedder: Embedder) -> None:
    for bundle in bundles:
        if bundle.encoder_version != embedder.version:
            raise UserError(
                f"{bundle.name} was trained on vectors of {bundle.encoder_version}, but the encoder is "
                f"{embedder.version}; choose that encoder (EMBEDDING_BACKEND, EMBEDDING_PRECISION) or train again"
            )
