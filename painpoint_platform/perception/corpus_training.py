"""From a labelled corpus to models: split, audit, features, one training a variable, bundles.

Belongs here: the order of the steps over a whole corpus, and judging stored models on one. Does not belong here: the
training of one variable (``training``), how rows are dealt (``splits``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.adapters import RANGES
from painpoint_platform.perception.bundle import Bundle, Provenance, save_bundle
from painpoint_platform.perception.corpus import Corpus, trainable
from painpoint_platform.perception.features import TEMPORAL_NAMES, Features, temporal_features, text_features
from painpoint_platform.perception.leak_audit import audit, require_no_leaks
from painpoint_platform.perception.metrics import RegressionMetrics, regression_metrics
from painpoint_platform.perception.scoring import Authors, score_texts
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.splits import split_corpus
from painpoint_platform.perception.training import TrainedVariable, train_variable
from painpoint_platform.perception.training_rows import LabelledRows, labelled_rows
from painpoint_platform.text.embeddings import Embedder

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class TrainedBundle:
    """A model that was trained, judged and written."""

    trained: TrainedVariable
    folder: Path


def train_on_corpus(
    corpus: Corpus,
    variables: Sequence[str],
    *,
    embedder: Embedder,
    settings: PerceptionSettings,
    out_dir: Path,
    trials: int | None = None,
    progress: Progress | None = None,
) -> Iterator[TrainedBundle]:
    """Train a model of each variable and yield it once it lies in ``out_dir``.

    Rows are dealt by author, or as the corpus was published; rows that await review are left out. An author's past is
    used where the corpus has times and authors of several texts. A killed search goes on when it is started again.

    Args:
        corpus: labelled texts.
        variables: those to train; regression variables that the corpus has.
        embedder: the encoder; its version becomes part of the bundles.
        settings: budgets, ranges and thresholds.
        out_dir: where bundles, out-of-fold scores and the searches' state go.
        trials: the most trials a variable; default the settings'.
        progress: called with (what, done, in all).

    Raises:
        UserError: a variable that the corpus lacks, or rows that cannot be learnt from.
        DataContractError: the split leaks.
    """
    _require(corpus, variables)
    splits = split_corpus(corpus, seed=settings.seed)
    require_no_leaks(audit(corpus, splits))
    parts = {part: splits.rows(corpus, part) for part in ("train", "tune", "test")}
    features = {part: _text_features(part, rows, embedder, progress) for part, rows in parts.items() if rows.height}
    for variable in variables:
        rows = {part: _rows(parts[part], features[part], variable) for part in features}
        if "tune" not in rows:
            raise UserError(f"{corpus.source}: no rows are left to judge {variable} on; a larger corpus is needed")
        trained = train_variable(
            variable, train=rows["train"], tune=rows["tune"], test=rows.get("test"), settings=settings, trials=trials,
            storage=out_dir / "search.sqlite", oof_folder=out_dir / "oof" / variable,
            progress=_named(progress, f"searching {variable}"),
        )  # fmt: skip
        provenance = Provenance(corpus.source, corpus.sha256, settings.seed, embedder.version, metrics_of(trained))
        folder = save_bundle(
            trained.model, accepted=trained.report.gates.accepted, provenance=provenance, folder=out_dir
        )
        yield TrainedBundle(trained, folder)


def metrics_of(trained: TrainedVariable) -> Mapping[str, object]:
    """Return a model's figures as they are kept beside it."""
    report = trained.report
    return {
        **{part: asdict(judged.calibrated) for part, judged in report.parts.items()},
        "missed_gates": [check.detail for check in report.gates.failures],
        "out_of_fold_rmse": dict(report.out_of_fold_rmse),
        "blending": report.blending,
        "seconds": dict(report.seconds),
    }


def judge_on_corpus(corpus: Corpus, bundles: Sequence[Bundle], *, embedder: Embedder) -> dict[str, RegressionMetrics]:
    """Score a corpus by stored models and compare with its labels; every row that need not await review counts.

    Raises:
        UserError: a model's variable is not among the corpus's, or a model is of another encoder.
    """
    _require(corpus, [bundle.model.variable for bundle in bundles])
    rows = trainable(corpus).frame
    labels = {bundle.model.variable: _labels(rows, bundle.model.variable) for bundle in bundles}
    scores = score_texts(
        rows["text"].to_list(), bundles, embedder, languages=rows["language"].to_list(),
        authors=Authors(rows.select("user_id", "timestamp"), labels),
    )  # fmt: skip
    judged = {}
    for variable, truth in labels.items():
        present = ~np.isnan(truth)
        judged[variable] = regression_metrics(
            truth[present], scores[variable].to_numpy()[present], constant=float(truth[present].mean())
        )
    return judged


def _require(corpus: Corpus, variables: Sequence[str]) -> None:
    unknown = [variable for variable in variables if variable not in RANGES]
    lacking = [variable for variable in variables if variable in RANGES and variable not in corpus.variables]
    has = ", ".join(variable for variable in corpus.variables if variable in RANGES) or "none"
    if unknown:
        raise UserError(f"{unknown[0]!r} is no variable that is a number; choose {', '.join(RANGES)}")
    if lacking:
        raise UserError(f"{corpus.source}: has no labels of {', '.join(lacking)}; its variables: {has}")


def _text_features(part: str, rows: pl.DataFrame, embedder: Embedder, progress: Progress | None) -> Features:
    vectors = embedder.embed(rows["text"].to_list(), progress=_named(progress, f"embedding {part}"))
    return text_features(rows["text"].to_list(), embedder=embedder, vectors=vectors)


def _rows(rows: pl.DataFrame, features: Features, variable: str) -> LabelledRows:
    """Return the labelled rows of a part, with the author's past where there is one."""
    if rows["timestamp"].null_count() or rows["user_id"].n_unique() > rows.height / 2:
        return labelled_rows(rows, features, variable)
    past = temporal_features(rows.select("user_id", "timestamp"), _labels(rows, variable))
    matrix = np.hstack([features.matrix, past]).astype(np.float32)
    return labelled_rows(rows, Features((*features.names, *TEMPORAL_NAMES), matrix), variable)


def _labels(rows: pl.DataFrame, variable: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return rows[variable].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _named(progress: Progress | None, what: str) -> Callable[[int, int | None], None] | None:
    return (lambda done, total: progress(what, done, total)) if progress else None
