"""Training variables of a corpus, whatever their kind: rows, training, the stored model, its report.

Belongs here: what every kind of variable has in common, and which trainer a kind has. Does not belong here: training
(``training``, ``paths_training``, ``temporal_training``), the run's folder (``training_run``), the warehouse
(``perception_steps``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from painpoint_platform import progress
from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.perception.corpora.corpus import Corpus
from painpoint_platform.perception.corpora.splits import PARTS, Splits
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES, temporal_features
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.training_rows import LabelledRows, labelled_rows
from painpoint_platform.perception.measuring.ceilings import Ceiling, ceiling_of, raters_file, read_raters
from painpoint_platform.perception.numbers.baselines import baseline_scores, comparison
from painpoint_platform.perception.numbers.importance import importance
from painpoint_platform.perception.numbers.training import TrainedVariable, TrainingReport, train_variable
from painpoint_platform.perception.paths.paths_rows import path_rows
from painpoint_platform.perception.paths.paths_training import PathReport, TrainedPaths, train_paths
from painpoint_platform.perception.reporting.report import VariablePage, path_page, regression_page, temporal_page
from painpoint_platform.perception.reporting.report_tables import CorpusFacts
from painpoint_platform.perception.runs.bundle import Provenance, save_bundle
from painpoint_platform.perception.runs.training_run import TrainingRun, alone, featurise_run, split_run
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.perception.temporal.temporal_history import history_rows
from painpoint_platform.perception.temporal.temporal_training import TrainedTemporal, train_temporal
from painpoint_platform.perception.variables import RANGES, VARIABLES
from painpoint_platform.text.embeddings import Embedder

Rows = TypeVar("Rows")
Trained = TrainedVariable | TrainedPaths | TrainedTemporal


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained, judged and written.

    Attributes:
        trained: the model and its report.
        comparison: by part (tune, test) the model beside its baselines, see ``baselines.comparison``; empty for paths.
        ceiling: what the raters' disagreement leaves to any model; None where the corpus has no single ratings.
        page: the report as a page, and its pictures.
        folder: of the bundle; the page lies beside it.
    """

    trained: Trained
    comparison: Mapping[str, pl.DataFrame]
    ceiling: Ceiling | None
    page: VariablePage
    folder: Path

    @property
    def variable(self) -> str:
        """What it scores."""
        return self.trained.model.variable

    @property
    def name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return self.trained.name


@dataclass(frozen=True)
class Prepared:
    """A corpus that is ready to be trained on.

    Attributes:
        run: whose folder is used.
        corpus: labelled texts.
        splits: where each of them goes.
        features: by part.
        settings: budgets, ranges and thresholds.
        encoder_version: of the features.
    """

    run: TrainingRun
    corpus: Corpus
    splits: Splits
    features: Mapping[str, Features]
    settings: PerceptionSettings
    encoder_version: str

    def rows(self, make: Callable[[pl.DataFrame, Features], Rows], variable: str) -> dict[str, Rows]:
        """Return the rows of each part that has any.

        Raises:
            UserError: there are none to judge on.
        """
        found = {part: make(self.splits.rows(self.corpus, part), self.features[part]) for part in self.features}
        if "tune" not in found:
            raise UserError(f"{self.corpus.source}: no rows are left to judge {variable} on; a larger corpus is needed")
        return found

    @property
    def facts(self) -> CorpusFacts:
        """What the report says of the data."""
        counts = self.splits.counts
        return CorpusFacts(
            source=self.corpus.source,
            sha256=self.corpus.sha256,
            adapter=self.corpus.adapter,
            encoder=self.encoder_version,
            seed=self.settings.seed,
            split=self.splits.kind,
            folds=self.splits.folds,
            rows={part: counts[part] for part in PARTS},
            purged={
                name.removeprefix("purged_"): rows
                for name, rows in counts.items()
                if name.startswith("purged_") and rows
            },
            notes=self.splits.notes,
            leaks=self.run.step("splits")["leaks"],
            versions=self.run.manifest["versions"],
        )


def prepare(run: TrainingRun, corpus: Corpus, *, embedder: Embedder, settings: PerceptionSettings) -> Prepared:
    """Split and featurise a corpus, or take what the run's folder has.

    Raises:
        UserError: rows that cannot be dealt.
        DataContractError: the split leaks.
    """
    splits = split_run(run, corpus, settings)
    features = featurise_run(run, corpus, splits, embedder, progress.reporter("embedding"))
    return Prepared(run, corpus, splits, features, settings, embedder.version)


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
        yield _trained(prepared, variable, trials)


def _trained(prepared: Prepared, variable: str, trials: int | None) -> TrainedModel:
    train = _TRAINERS[prepared.settings.variable(variable).kind]
    try:
        with alone(prepared.run.folder / "oof" / variable, wait=False):
            return _stored(prepared, *train(prepared, variable, trials))
    except BlockingIOError:
        raise UserError(
            f"{prepared.run.folder}: another process trains {variable} there; wait for that one to end"
        ) from None


def number_rows(prepared: Prepared, variable: str) -> dict[str, LabelledRows]:
    """Return the rows of each part that have a label of a number, with the author's past where there is one.

    Raises:
        UserError: there are none to judge on.
    """
    return prepared.rows(lambda part, features: _labelled(part, features, variable), variable)


def require_variables(corpus: Corpus, variables: Sequence[str]) -> None:
    """Refuse variables that there are not, or that the corpus has no labels of; raises UserError."""
    unknown = [variable for variable in variables if variable not in VARIABLES]
    lacking = [variable for variable in variables if variable in VARIABLES and variable not in corpus.variables]
    if unknown:
        raise UserError(f"there is no variable {unknown[0]!r}; choose {', '.join(VARIABLES)}")
    if lacking:
        has = ", ".join(corpus.variables) or "none"
        raise UserError(f"{corpus.source}: has no labels of {', '.join(lacking)}; its variables: {has}")


def metrics_of(one: TrainedModel) -> dict[str, Any]:
    """Return a model's figures as they are kept beside it."""
    return _figures(one.trained, one.comparison, one.ceiling)


# What a trainer returns: the model, its comparison with baselines by part, the ceiling, the page.
_Found = tuple[Trained, Mapping[str, pl.DataFrame], Ceiling | None, VariablePage]


def _number(prepared: Prepared, variable: str, trials: int | None) -> _Found:
    settings = prepared.settings
    rows = number_rows(prepared, variable)
    ceiling = _ceiling(prepared.corpus, variable)
    trained = train_variable(
        variable, train=rows["train"], tune=rows["tune"], test=rows.get("test"), settings=settings, trials=trials,
        ceiling=ceiling.pearson if ceiling else None, **_places(prepared.run, variable),
    )  # fmt: skip
    texts = prepared.corpus.frame.select("item_id", "text")
    compared = {
        part: comparison(
            judged.judged, baseline_scores(rows["train"], rows[part], texts, limits=RANGES[variable]), settings,
            without_past=judged.without_past.score if judged.without_past else None,
        )
        for part, judged in trained.report.parts.items()
    }  # fmt: skip
    page = regression_page(
        trained.report, facts=prepared.facts, settings=settings, comparisons=compared, ceiling=ceiling,
        importance=importance(trained.model, rows["tune"], seed=settings.seed),
    )  # fmt: skip
    return trained, compared, ceiling, page


def _path(prepared: Prepared, variable: str, trials: int | None) -> _Found:
    rows = prepared.rows(lambda part, features: path_rows(part, features, variable), variable)
    trained = train_paths(
        variable, train=rows["train"], tune=rows["tune"], test=rows.get("test"), settings=prepared.settings,
        trials=trials, **_places(prepared.run, variable),
    )  # fmt: skip
    return trained, {}, None, path_page(trained.report, facts=prepared.facts)


def _foresight(prepared: Prepared, variable: str, trials: int | None) -> _Found:
    rows = prepared.rows(lambda part, features: history_rows(part, features, variable), variable)
    trained = train_temporal(
        variable, train=rows["train"], tune=rows["tune"], test=rows.get("test"), settings=prepared.settings,
        trials=trials, **_places(prepared.run, variable),
    )  # fmt: skip
    page = temporal_page(trained.report, facts=prepared.facts, settings=prepared.settings)
    return trained, trained.report.baselines, None, page


_TRAINERS = {"regression": _number, "path": _path, "temporal": _foresight}


def _places(run: TrainingRun, variable: str) -> dict[str, Any]:
    return {
        "storage": run.folder / "search.sqlite",
        "oof_folder": run.folder / "oof" / variable,
        "progress": progress.reporter(f"searching {variable}"),
    }


def _stored(
    prepared: Prepared,
    trained: Trained,
    compared: Mapping[str, pl.DataFrame],
    ceiling: Ceiling | None,
    page: VariablePage,
) -> TrainedModel:
    run, figures = prepared.run, _figures(trained, compared, ceiling)
    provenance = Provenance(
        prepared.corpus.source, prepared.corpus.sha256, prepared.settings.seed, prepared.encoder_version, figures
    )
    folder = save_bundle(
        trained.model, accepted=trained.report.gates.accepted, provenance=provenance, folder=run.models
    )
    variable = trained.model.variable
    with replacing(run.models / f"{variable}.html") as file:
        file.write(page.html.encode())
    run.finish(f"models_{variable}", {"name": trained.name, "folder": str(folder), **figures})
    run.make_current(variable)
    return TrainedModel(trained, compared, ceiling, page, folder)


def _figures(trained: Trained, compared: Mapping[str, pl.DataFrame], ceiling: Ceiling | None) -> dict[str, Any]:
    report = trained.report
    if isinstance(report, PathReport):
        parts = {part: asdict(judged.metrics) for part, judged in report.parts.items()}
    else:
        parts = {part: asdict(judged.calibrated) for part, judged in report.parts.items()}
    return {
        **parts,
        "beside_baselines": {part: frame.to_dicts() for part, frame in compared.items()},
        "ceiling": ceiling.pearson if ceiling else None,
        "missed_gates": [check.detail for check in report.gates.failures],
        **({"blending": report.blending} if isinstance(report, TrainingReport) else {}),
        "seconds": dict(report.seconds),
    }


def _ceiling(corpus: Corpus, variable: str) -> Ceiling | None:
    path = raters_file(Path(corpus.source))
    return ceiling_of(read_raters(path), variable, corpus.frame["item_id"]) if path.exists() else None


def _labelled(rows: pl.DataFrame, features: Features, variable: str) -> LabelledRows:
    if rows["timestamp"].null_count() or rows["user_id"].n_unique() > rows.height / 2:
        return labelled_rows(rows, features, variable)
    labels = rows[variable].cast(pl.Float64).fill_null(np.nan).to_numpy()
    past = temporal_features(rows.select("user_id", "timestamp"), labels)
    matrix = np.hstack([features.matrix, past]).astype(np.float32)
    return labelled_rows(rows, Features((*features.names, *TEMPORAL_NAMES), matrix), variable)
