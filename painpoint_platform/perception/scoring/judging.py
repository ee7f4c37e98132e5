"""What stored models are worth on a corpus that they were not trained on.

Belongs here: scoring a corpus by bundles of any kind and comparing with its labels. Does not belong here: judging while
training (``evaluation``, ``paths_evaluation``), figures (``metrics``, ``path_metrics``).
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus, trainable
from painpoint_platform.perception.features.text_features import Features, text_features
from painpoint_platform.perception.measuring.bootstrap import bootstrap_intervals
from painpoint_platform.perception.measuring.metrics import Floats, correlation, regression_metrics, rmse
from painpoint_platform.perception.measuring.path_metrics import path_metrics
from painpoint_platform.perception.numbers.baselines import WITHOUT_PAST
from painpoint_platform.perception.numbers.evaluation import within_author
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform.perception.paths.hierarchy import PathModel
from painpoint_platform.perception.paths.paths_scoring import ARROW
from painpoint_platform.perception.runs.bundle import Bundle
from painpoint_platform.perception.runs.variable_training import require_variables
from painpoint_platform.perception.scoring.text_scores import Authors, score_texts
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal.temporal_history import history_rows
from painpoint_platform.perception.temporal.temporal_models import TemporalModel
from painpoint_platform.perception.variables import ENDS, RANGES
from painpoint_platform.text.embeddings import Embedder


def judge_on_corpus(
    corpus: Corpus, bundles: Sequence[Bundle], *, embedder: Embedder, settings: PerceptionSettings
) -> dict[str, dict[str, Any]]:
    """Return by variable the figures of a stored model on a corpus; every row that need not await review counts.

    Args:
        corpus: labelled texts.
        bundles: models of different variables.
        embedder: of the version that they were trained with.
        settings: rounds and seed of the bootstrap.

    Returns:
        For a number: rows, rmse, mae, pearson, spearman, ece, mce, skill, within_author, 95 % intervals as
        ``<figure>_low`` and ``_high``, and ``coverage``, the share of labels inside their 90 % interval. Of a model
        that is told the labels of authors' earlier texts also rmse, pearson and coverage ``_without_past``: where
        nothing is known of the author, as files are scored. For a path: rows, macro_f1 and micro_f1 by level,
        hierarchical_f1, path_validity.

    Raises:
        UserError: a model's variable is not among the corpus's, a model is of another encoder, or every row awaits
            review.
    """
    require_variables(corpus, [bundle.variable for bundle in bundles])
    rows = trainable(corpus).frame
    if rows.is_empty():
        waiting = corpus.frame.height
        raise UserError(f"{corpus.source}: all {waiting} rows wait for review (needs_review); review some first")
    texts = rows["text"].to_list()
    encoded = embedder.encode(texts)
    read = [bundle for bundle in bundles if not isinstance(bundle.model, TemporalModel)]
    labels = {bundle.variable: _labels(rows, bundle.variable) for bundle in read if bundle.variable in RANGES}
    languages = rows["language"].to_list()
    scores = score_texts(
        texts, read, embedder, encoded=encoded, languages=languages,
        authors=Authors(rows.select("user_id", "timestamp"), labels),
    )  # fmt: skip
    told = [bundle for bundle in read if isinstance(bundle.model, PerceptionModel) and bundle.model.reads_the_past]
    alone = score_texts(texts, told, embedder, encoded=encoded, languages=languages)
    judged: dict[str, dict[str, Any]] = {}
    for bundle in bundles:
        if isinstance(bundle.model, PathModel):
            judged[bundle.variable] = _paths(rows, scores, bundle.model)
        elif isinstance(bundle.model, TemporalModel):
            features = text_features(texts, embedder=embedder, encoded=encoded)
            judged[bundle.variable] = _foreseen(rows, features, bundle.model, settings)
        else:
            variable = bundle.variable
            judged[variable] = _numbers(variable, labels[variable], _ends(scores, variable), rows, settings)
            if bundle.model.reads_the_past:
                judged[variable] |= _without_past(labels[variable], _ends(alone, variable))
    return judged


def _ends(scores: pl.DataFrame, variable: str) -> list[Floats]:
    return [scores[f"{variable}{end}"].to_numpy() for end in ENDS]


def _without_past(truth: Floats, ends: Sequence[Floats]) -> dict[str, float | None]:
    present = ~np.isnan(truth)
    truth, (score, low, high) = truth[present], (end[present] for end in ends)
    figures = {
        "rmse": rmse(truth, score) if len(truth) else None,
        "pearson": correlation(truth, score),
        "coverage": _inside(truth, low, high),
    }
    return {f"{name}_{WITHOUT_PAST}": found for name, found in figures.items()}


def _inside(truth: Floats, low: Floats, high: Floats) -> float | None:
    return float(np.mean((low <= truth) & (truth <= high))) if len(truth) else None


def _numbers(
    variable: str, truth: Floats, ends: Sequence[Floats], rows: pl.DataFrame, settings: PerceptionSettings
) -> dict[str, Any]:
    present = ~np.isnan(truth) & ~np.isnan(ends[0])
    truth, (score, low, high) = truth[present], (end[present] for end in ends)
    limits = RANGES[variable]
    figures = regression_metrics(truth, score, constant=float(truth.mean()) if len(truth) else None, limits=limits)
    authors = rows.select(pl.coalesce("user_id", "item_id")).to_series().to_numpy()[present].astype(np.str_)
    intervals = bootstrap_intervals(
        truth, score, groups=authors, limits=limits, rounds=settings.bootstrap_rounds, seed=settings.seed
    )
    ends_of = {f"{name}_{end}": getattr(found, end) for name, found in intervals.items() for end in ("low", "high")}
    within = within_author(truth, score, authors)
    return {**asdict(figures), "within_author": within, **ends_of, "coverage": _inside(truth, low, high)}


def _paths(rows: pl.DataFrame, scores: pl.DataFrame, model: PathModel) -> dict[str, Any]:
    told = rows.select(label=pl.col(model.variable), said=scores[model.variable].str.split(ARROW)).drop_nulls("label")
    labels, said = ([tuple(path) for path in told[name].to_list()] for name in ("label", "said"))
    return asdict(path_metrics(labels, said, tree=model.tree.paths))


def _foreseen(
    rows: pl.DataFrame, features: Features, model: TemporalModel, settings: PerceptionSettings
) -> dict[str, Any]:
    past = history_rows(rows.with_columns(fold=pl.lit(None, pl.Int32)), features, model.variable)
    found = model.predict_next(past.history, past.history.items)
    return _numbers(model.variable, past.labels, (found.score, found.low, found.high), rows, settings)


def _labels(rows: pl.DataFrame, variable: str) -> Floats:
    return rows[variable].cast(pl.Float64).fill_null(np.nan).to_numpy()
