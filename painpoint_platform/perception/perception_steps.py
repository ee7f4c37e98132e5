"""The steps of a training, from table to table: what the warehouse keeps of files.

Belongs here: which run is current, and the rows that a step leaves in the warehouse. Does not belong here: the files
(``training_run``), training (``variable_training``), Dagster (``assets``).
"""

from pathlib import Path

import polars as pl

from painpoint_platform import progress
from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus
from painpoint_platform.perception.runs.bundle import bundle_folders, load_bundle
from painpoint_platform.perception.runs.evaluation_rows import evaluation_rows
from painpoint_platform.perception.runs.training_run import TrainingRun, begin_run, corpus_of_run, run_at
from painpoint_platform.perception.runs.variable_training import TrainedModel, train_variables
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch


def load_corpus(
    warehouse: Warehouse, corpus: Corpus, *, name: str, root: Path, settings: PerceptionSettings, encoder_version: str
) -> TrainingRun:
    """Put a corpus into its run's folder, and into ``bronze.perception_corpus`` which run that is."""
    run = begin_run(corpus, name=name, root=root, settings=settings, encoder_version=encoder_version)
    times = corpus.frame["timestamp"].dt.replace_time_zone(None)
    row = pl.DataFrame(
        {
            "corpus": [name],
            "run_id": [run.run_id],
            "source": [corpus.source],
            "sha256": [corpus.sha256],
            "variables": [list(corpus.variables)],
            "item_count": [corpus.frame.height],
            "author_count": [corpus.frame["user_id"].n_unique()],
            "awaiting_review": [int(corpus.frame["needs_review"].sum())],
            "first_at": [times.min()],
            "last_at": [times.max()],
        },
        schema_overrides={"first_at": pl.Datetime("us"), "last_at": pl.Datetime("us")},
    )
    with warehouse.write() as connection:
        replace_partition(connection, "bronze.perception_corpus", where={"corpus": name}, rows=row, key=["corpus"])
    return run


def current_run(warehouse: Warehouse, name: str, root: Path) -> TrainingRun:
    """Return the run that the corpus was loaded into last.

    Raises:
        UserError: it was never loaded, or its folder is gone.
    """
    with warehouse.read() as connection:
        found = fetch(connection, "perception/current_run", corpus=name)
    if not found.height:
        raise UserError(f"the corpus {name} was not loaded yet; materialise bronze/perception_corpus first")
    run = run_at(root, name, found["run_id"][0])
    if not run.is_done("corpus"):
        raise UserError(f"{run.folder}: the training run's folder is gone; materialise bronze/perception_corpus again")
    return run


def train(
    warehouse: Warehouse,
    run: TrainingRun,
    variable: str,
    *,
    settings: PerceptionSettings,
    embedder: Embedder,
    trials: int | None = None,
) -> TrainedModel:
    """Train a variable in the run's folder, and replace its rows of ``gold.perception_evaluation``.

    Raises:
        UserError: the corpus has no labels of it, or rows that cannot be learnt from.
        DataContractError: the split leaks.
    """
    corpus = corpus_of_run(run)
    (trained,) = train_variables(run, corpus, [variable], embedder=embedder, settings=settings, trials=trials)
    where = {"corpus": run.corpus, "run_id": run.run_id, "variable": variable}
    with warehouse.write() as connection:
        replace_partition(
            connection, "gold.perception_evaluation", where=where, rows=evaluation_rows(run, trained),
            key=["model", "judged_on", "metric"],
        )  # fmt: skip
    return trained


def export(run: TrainingRun, *, embedder: Embedder, cache_dir: Path) -> tuple[str, ...]:
    """Export the run's models that a graph can hold, measured on rows that they were not trained on.

    Args:
        run: with models.
        embedder: of the version that they were trained with.
        cache_dir: of the converted encoder.

    Returns:
        Why each precision that was left out was.

    Raises:
        ParityError: the scores of no precision are the models'.
        UserError: OpenVINO is not installed, or there is no model yet.
    """
    from painpoint_platform.perception.serving.export import export_models, exportable

    chosen, left_out = exportable([load_bundle(folder) for folder in bundle_folders(run.models).values()])
    corpus = corpus_of_run(run)
    parts = pl.read_parquet(run.folder / "splits.parquet").filter(pl.col("split").is_in(["tune", "test"]))
    rows = corpus.frame.join(parts.select("item_id"), on="item_id", how="semi").select("text", "language")
    made = export_models(
        chosen, rows, embedder=embedder, out_dir=run.folder / "export", cache_dir=cache_dir, progress=progress.report,
        leave_out_worse=True,
    )  # fmt: skip
    figures = {
        f"{graph.precision}_{name}": round(value, 5)
        for graph in made.graphs
        for name, value in {
            "size_mb": graph.size_mb,
            "parity_rmse": max(graph.parity.values()),
            "one_text_p95_ms": graph.latency.one_text_p95,
        }.items()
    }
    run.finish(
        "export",
        {"path": str(made.folder), "models": ", ".join(made.models), "left_out": ", ".join(left_out), **figures},
    )
    return made.worse
