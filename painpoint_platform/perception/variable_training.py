"""Training variables of a corpus, whatever their kind: rows, training, baselines, the stored model.

Belongs here: what every kind of variable has in common, and which trainer a kind has. Does not belong here: training
numbers (``training``), the run's folder (``training_run``), the warehouse (``perception_steps``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from painpoint_platform import progress
from painpoint_platform.errors import UserError
from painpoint_platform.perception.baselines import baseline_scores, comparison
from painpoint_platform.perception.bundle import Bundle, Provenance, save_bundle
from painpoint_platform.perception.ceilings import Ceiling, ceiling_of, raters_file, read_raters
from painpoint_platform.perception.corpus import Corpus, trainable
from painpoint_platform.perception.features import TEMPORAL_NAMES, Features, temporal_features
from painpoint_platform.perception.gates import GateReport
from painpoint_platform.perception.metrics import RegressionMetrics, regression_metrics
from painpoint_platform.perception.scoring import Authors, score_texts
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.splits import Splits
from painpoint_platform.perception.training import TrainedVariable, train_variable
from painpoint_platform.perception.training_rows import LabelledRows, labelled_rows
from painpoint_platform.perception.training_run import TrainingRun, featurise_run, split_run
from painpoint_platform.perception.variables import RANGES, VARIABLES
from painpoint_platform.text.embeddings import Embedder


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained, judged and written.

    Attributes:
        trained: the model and its report.
        comparison: by part (tune, test): the model beside its baselines, see ``baselines.comparison``.
        ceiling: what the raters' disagreement leaves to any model; None where the corpus has no single ratings.
        folder: of the bundle.
    """

    trained: TrainedVariable
    comparison: Mapping[str, pl.DataFrame]
    ceiling: Ceiling | None
    folder: Path

    @property
    def variable(self) -> str:
        """What it scores."""
        return self.trained.model.variable

    @property
    def name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return self.trained.name

    @property
    def gates(self) -> GateReport:
        """The thresholds."""
        return self.trained.report.gates

    @property
    def coverage(self) -> dict[str, Mapping[str, tuple[int, float | None]]]:
        """By part and length bucket: rows, and the share of labels inside their interval."""
        return {part: judged.coverage for part, judged in self.trained.report.parts.items()}


@dataclass(frozen=True)
class Prepared:
    """A corpus that is ready to be trained on.

    Attributes:
        corpus: labelled texts.
        splits: where each of them goes.
        features: by part.
    """

    corpus: Corpus
    splits: Splits
    features: Mapping[str, Features]

    def rows(self, variable: str) -> dict[str, LabelledRows]:
        """Return the rows of each part that has any, with the author's past where there is one."""
        return {
            part: _rows(self.splits.rows(self.corpus, part), self.features[part], variable) for part in self.features
        }


def prepare(run: TrainingRun, corpus: Corpus, *, embedder: Embedder, settings: PerceptionSettings) -> Prepared:
    """Split and featurise a corpus, or take what the run's folder has.

    Raises:
        UserError: rows that cannot be dealt.
        DataContractError: the split leaks.
    """
    splits = split_run(run, corpus, settings)
    return Prepared(corpus, splits, featurise_run(run, corpus, splits, embedder, progress.reporter("embedding")))


def train_variables(
    run: TrainingRun,
    corpus: Corpus,
    variables: Sequence[str],
    *,
    embedder: Embedder,
    settings: PerceptionSettings,
    trials: int | None = None,
) -> Iterator[TrainedModel]:
    """Train a model of each variable and yield it once it lies in the run's folder of models.

    Rows are dealt by author, or as the corpus was published; rows that await review are left out. An author's past is
    used where the corpus has times and authors of several texts. A killed search goes on when it is started again.

    Args:
        run: whose folder is used.
        corpus: labelled texts.
        variables: those to train.
        embedder: the encoder; its version becomes part of the bundles.
        settings: budgets, ranges and thresholds.
        trials: the most trials a variable; default the settings'.

    Raises:
        UserError: a variable that the corpus lacks, or rows that cannot be learnt from.
        DataContractError: the split leaks.
    """
    require_variables(corpus, variables)
    prepared = prepare(run, corpus, embedder=embedder, settings=settings)
    for variable in variables:
        yield _train(run, prepared, variable, embedder=embedder, settings=settings, trials=trials)


def require_variables(corpus: Corpus, variables: Sequence[str]) -> None:
    """Refuse variables that there are not, or that the corpus has no labels of; raises UserError."""
    unknown = [variable for variable in variables if variable not in VARIABLES]
    lacking = [variable for variable in variables if variable in VARIABLES and variable not in corpus.variables]
    if unknown:
        raise UserError(f"there is no variable {unknown[0]!r}; choose {', '.join(VARIABLES)}")
    if lacking:
        has = ", ".join(corpus.variables) or "none"
        raise UserError(f"{corpus.source}: has no labels of {', '.join(lacking)}; its variables: {has}")


def judge_on_corpus(corpus: Corpus, bundles: Sequence[Bundle], *, embedder: Embedder) -> dict[str, RegressionMetrics]:
    """Score a corpus by stored models and compare with its labels; every row that need not await review counts.

    Raises:
        UserError: a model's variable is not among the corpus's, or a model is of another encoder.
    """
    require_variables(corpus, [bundle.variable for bundle in bundles])
    rows = trainable(corpus).frame
    labels = {bundle.variable: _labels(rows, bundle.variable) for bundle in bundles}
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


def metrics_of(one: TrainedModel) -> dict[str, Any]:
    """Return a model's figures as they are kept beside it."""
    report = one.trained.report
    return {
        **{part: asdict(judged.calibrated) for part, judged in report.parts.items()},
        "beside_baselines": {part: frame.to_dicts() for part, frame in one.comparison.items()},
        "ceiling": one.ceiling.pearson if one.ceiling else None,
        "missed_gates": [check.detail for check in report.gates.failures],
        "out_of_fold_rmse": dict(report.out_of_fold_rmse),
        "blending": report.blending,
        "seconds": dict(report.seconds),
    }


def _train(
    run: TrainingRun,
    prepared: Prepared,
    variable: str,
    *,
    embedder: Embedder,
    settings: PerceptionSettings,
    trials: int | None,
) -> TrainedModel:
    rows = prepared.rows(variable)
    if "tune" not in rows:
        raise UserError(f"{prepared.corpus.source}: no rows are left to judge {variable} on; a larger corpus is needed")
    ceiling = _ceiling(prepared.corpus, variable)
    trained = train_variable(
        variable, train=rows["train"], tune=rows["tune"], test=rows.get("test"), settings=settings, trials=trials,
        storage=run.folder / "search.sqlite", oof_folder=run.folder / "oof" / variable,
        ceiling=ceiling.pearson if ceiling else None, progress=progress.reporter(f"searching {variable}"),
    )  # fmt: skip
    texts = prepared.corpus.frame.select("item_id", "text")
    beside = {
        part: comparison(
            judged.judged, baseline_scores(rows["train"], rows[part], texts, limits=RANGES[variable]), settings
        )
        for part, judged in trained.report.parts.items()
    }
    one = TrainedModel(trained, beside, ceiling, Path())
    figures = metrics_of(one)
    provenance = Provenance(prepared.corpus.source, prepared.corpus.sha256, settings.seed, embedder.version, figures)
    folder = save_bundle(
        trained.model, accepted=trained.report.gates.accepted, provenance=provenance, folder=run.models
    )
    run.finish(f"models_{variable}", {"name": trained.name, "folder": str(folder), **figures})
    run.make_current(variable)
    return TrainedModel(trained, beside, ceiling, folder)


def _ceiling(corpus: Corpus, variable: str) -> Ceiling | None:
    path = raters_file(Path(corpus.source))
    return ceiling_of(read_raters(path), variable, corpus.frame["item_id"]) if path.exists() else None


def _rows(rows: pl.DataFrame, features: Features, variable: str) -> LabelledRows:
    if rows["timestamp"].null_count() or rows["user_id"].n_unique() > rows.height / 2:
        return labelled_rows(rows, features, variable)
    past = temporal_features(rows.select("user_id", "timestamp"), _labels(rows, variable))
    matrix = np.hstack([features.matrix, past]).astype(np.float32)
    return labelled_rows(rows, Features((*features.names, *TEMPORAL_NAMES), matrix), variable)


def _labels(rows: pl.DataFrame, variable: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return rows[variable].cast(pl.Float64).fill_null(np.nan).to_numpy()
