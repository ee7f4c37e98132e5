"""How well models of perception follow real labels, each beside baselines on the same rows, and what training costs.

Run ``python -m benchmarks.perception [--emobank FILE] [--semeval FILE] [--trials N] [--json]``. EmoBank is trained on
its train part and judged on dev, by the code of ``painpoint perception train``. SemEval's authors are dealt to five
folds; each author is scored once, by models that were trained, searched and calibrated without that fold. Where a file
``<corpus>.raters.csv`` lies beside a corpus, the ceiling that its raters leave is told.
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measured_texts import DEFAULT_DATA
from benchmarks.table import Row, machine, print_rows
from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus, read_corpus
from painpoint_platform.perception.features.temporal_features import temporal_features
from painpoint_platform.perception.features.text_features import text_features
from painpoint_platform.perception.learning.conformal import covered
from painpoint_platform.perception.learning.training_rows import labelled_rows
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.numbers.baselines import baseline_scores, comparison
from painpoint_platform.perception.numbers.evaluation import JudgedRows
from painpoint_platform.perception.runs.training_run import begin_run
from painpoint_platform.perception.runs.variable_training import TrainedModel, prepare, train_variables
from painpoint_platform.perception.settings_file import PerceptionSettings, load_settings
from painpoint_platform.perception.variables import RANGES
from painpoint_platform.text.embeddings import Embedder, load_embedder
from painpoint_platform.text.recent import RememberingEmbedder

VARIABLES = {"valence": 0.70, "arousal": 0.52}
"""With the Pearson correlation that is asked of each."""
FOLDS = 5
TRIALS = 30
FEWEST_COVERED = 100  # a length with fewer rows is told without being asked
SYNTHETIC_ITEMS = 5_200
PRECISIONS = ("int8", "fp16", "fp32")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emobank", type=Path, help="EmoBank's texts with their parts; default under --data")
    parser.add_argument("--semeval", type=Path, help="SemEval-2026 Task 2, subtask 1; default under --data")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with emobank/ and semeval2026_affect/")
    parser.add_argument("--trials", type=int, default=TRIALS, help="of the search of a variable")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    try:
        corpora = {
            "EmoBank": corpus_file(options.emobank, options.data / "emobank" / "emobank_train_dev.csv", "--emobank"),
            "SemEval": corpus_file(
                options.semeval, options.data / "semeval2026_affect" / "train_subtask1.csv", "--semeval"
            ),
        }
        with tempfile.TemporaryDirectory() as folder:
            rows = [*measured(corpora, Path(folder), options.trials)]
    except UserError as error:
        sys.exit(f"error: {error}")
    print_rows("Perception", rows, as_json=options.json, note=machine())


def corpus_file(given: Path | None, usual: Path, option: str) -> Path | None:
    """Return the file to measure on; None where none was asked for and none lies where it usually does.

    Raises:
        UserError: the file that was asked for is not there.
    """
    if given is not None and not given.is_file():
        raise UserError(f"{option} {given}: there is no such file; name the labelled corpus")
    found = given or (usual if usual.is_file() else None)
    if found is None:
        print(f"{option}: no file was given, so nothing is measured on it", file=sys.stderr)
    return found


def measured(corpora: dict[str, Path | None], folder: Path, trials: int) -> Iterator[Row]:
    """Yield every figure, those that need no corpus first."""
    embedder = load_embedder(cache_dir=folder)
    settings = load_settings()
    yield from feature_rows(embedder)
    yield from default_model_rows(embedder, folder)
    if corpora["EmoBank"]:
        yield from emobank_rows(read_corpus(corpora["EmoBank"]), embedder, settings, folder, trials)
    if corpora["SemEval"]:
        yield from semeval_rows(read_corpus(corpora["SemEval"]), embedder, settings, folder, trials)


def feature_rows(embedder: Embedder) -> Iterator[Row]:
    """Time the features of the synthetic corpus beyond the encoder's pass."""
    from painpoint_platform.perception.corpora.synthetic import generate

    frame = generate(137, SYNTHETIC_ITEMS).frame
    texts = frame["text"].to_list()
    started = time.monotonic()
    encoded = embedder.encode(texts)
    between = time.monotonic()
    text_features(texts, embedder=embedder, encoded=encoded)
    temporal_features(frame.select("user_id", "timestamp"), frame["valence"].to_numpy())
    done = time.monotonic()
    yield Row(f"encoder, {SYNTHETIC_ITEMS:,} synthetic texts", between - started, "s")
    yield Row(f"all other features of {SYNTHETIC_ITEMS:,} texts, first call", done - between, "s", limit=20)


def default_model_rows(embedder: Embedder, folder: Path) -> Iterator[Row]:
    """Time the models that a new installation trains itself."""
    from painpoint_platform.perception.scoring.default_model import default_models

    started = time.monotonic()
    default_models(folder / "models", embedder)
    yield Row("default models from the synthetic corpus", time.monotonic() - started, "s", limit=120)


def emobank_rows(
    corpus: Corpus, embedder: Embedder, settings: PerceptionSettings, folder: Path, trials: int
) -> Iterator[Row]:
    """Train on train, judge on dev; then export what was trained."""
    run = begin_run(corpus, name="emobank", root=folder, settings=settings, encoder_version=embedder.version)
    started = time.monotonic()
    prepare(run, corpus, embedder=embedder, settings=settings)
    yield Row(f"EmoBank: split, audit, features of {corpus.frame.height:,} texts", time.monotonic() - started, "s")
    for one in train_variables(run, corpus, [*VARIABLES], embedder=embedder, settings=settings, trials=trials):
        yield from figure_rows(f"EmoBank dev, {one.variable}", one.comparison["tune"], VARIABLES[one.variable])
        yield from coverage_rows(
            f"EmoBank dev, {one.variable}", one.trained.report.parts["tune"].coverage, settings.coverage
        )
        yield from ceiling_rows(one)
        yield from time_rows(one)
    yield from export_rows(run.models, embedder, folder)


def figure_rows(what: str, frame: pl.DataFrame, asked: float) -> Iterator[Row]:
    """Yield r, rho, RMSE, ECE and r within authors of the model, each beside those of the baselines."""
    for row in frame.to_dicts():
        ours = row["model"] == "model"
        for figure in ("pearson", "spearman", "rmse", "ece", "within_author"):
            if row[figure] is not None:
                name = f"{what}: {figure} of {row['model']} [{row[f'{figure}_low']:.3f}, {row[f'{figure}_high']:.3f}]"
                limit = asked if ours and figure == "pearson" else None
                yield Row(name, row[figure], "", limit, "less" if figure in ("rmse", "ece") else "more")


def coverage_rows(what: str, coverage: Mapping[str, tuple[int, float | None]], promised: float) -> Iterator[Row]:
    """Yield how far each length is from what its intervals promise."""
    for bucket, (rows, held) in coverage.items():
        if held is not None:
            limit = 2.0 if bucket != "all" and rows >= FEWEST_COVERED else None
            name = f"{what}: coverage of {bucket} ({rows:,} rows) is {held:.1%}, off by"
            yield Row(name, 100 * abs(held - promised), "points", limit)


def ceiling_rows(one: TrainedModel) -> Iterator[Row]:
    """Yield the highest r that the raters leave, where they are known."""
    if one.ceiling:
        yield Row(
            f"{one.variable}: highest r that {one.ceiling.raters:.1f} raters an item leave", one.ceiling.pearson, ""
        )


def time_rows(one: TrainedModel) -> Iterator[Row]:
    """Yield the seconds of each step of a training."""
    seconds, trials = one.trained.report.seconds, len(one.trained.report.search.trials)
    yield from (Row(f"{one.variable}: {step}", took, "s") for step, took in seconds.items())
    yield Row(f"{one.variable}: training with {trials} trials", sum(seconds.values()), "s", limit=300)


def semeval_rows(
    corpus: Corpus, embedder: Embedder, settings: PerceptionSettings, folder: Path, trials: int
) -> Iterator[Row]:
    """Score every author once, by models that have not seen them."""
    found: dict[str, list[tuple[JudgedRows, dict[str, Floats]]]] = {variable: [] for variable in VARIABLES}
    remembering = RememberingEmbedder(embedder)  # the folds of a corpus share their texts
    for fold, part in enumerate(author_folds(corpus, settings.seed)):
        run = begin_run(part, name=f"semeval_{fold}", root=folder, settings=settings, encoder_version=embedder.version)
        prepared = prepare(run, part, embedder=remembering, settings=settings)
        texts = part.frame.select("item_id", "text")
        for one in train_variables(run, part, [*VARIABLES], embedder=remembering, settings=settings, trials=trials):
            rows = prepared.rows(partial(labelled_rows, variable=one.variable), one.variable)
            baselines = baseline_scores(rows["train"], rows["test"], texts, limits=RANGES[one.variable])
            found[one.variable].append((one.trained.report.parts["test"].judged, baselines))
    for variable, folds in found.items():
        judged = pooled([one for one, _ in folds])
        baselines = {name: np.concatenate([scores[name] for _, scores in folds]) for name in folds[0][1]}
        # The means of the folds differ; a mixture of five constants has no correlation of its own worth telling.
        baselines["constant"] = np.full(len(judged), judged.constant)
        frame = comparison(judged, baselines, settings)
        yield from figure_rows(f"SemEval by author, {variable}", frame, VARIABLES[variable])
        coverage = covered(judged.labels, judged.low, judged.high, judged.lengths)
        yield from coverage_rows(f"SemEval by author, {variable}", coverage, settings.coverage)


def author_folds(corpus: Corpus, seed: int) -> Iterator[Corpus]:
    """Yield the corpus once a fold, the fold's authors as its test part."""
    from sklearn.model_selection import GroupKFold

    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for _, held_out in folds.split(corpus.frame, groups=corpus.frame["user_id"].to_numpy()):
        chosen = np.isin(np.arange(corpus.frame.height), held_out)
        frame = corpus.frame.with_columns(official_split=pl.Series(np.where(chosen, "test", "train")))
        yield replace(corpus, frame=frame)


def pooled(parts: Sequence[JudgedRows]) -> JudgedRows:
    """Return the rows of all folds as one; each is a fold's test part."""
    arrays = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(JudgedRows)
        if one.name not in ("constant", "limits")
    }
    return JudgedRows(**arrays, constant=float(np.mean([part.constant for part in parts])), limits=parts[0].limits)


def export_rows(models: Path, embedder: Embedder, folder: Path) -> Iterator[Row]:
    """Yield parity, latency and size of every precision of the exported models."""
    if not importlib.util.find_spec("openvino"):
        print("export: openvino is not installed, so nothing is exported", file=sys.stderr)
        return
    from painpoint_platform.perception.runs.bundle import bundle_folders, load_bundle
    from painpoint_platform.perception.serving.export import corpus_rows, export_models, exportable, known_precisions

    chosen, _ = exportable([load_bundle(one) for one in bundle_folders(models).values()])
    made = export_models(
        chosen, corpus_rows(chosen), embedder=embedder, out_dir=folder / "export", cache_dir=folder,
        precisions=known_precisions(PRECISIONS), device="CPU",
    )  # fmt: skip
    for graph in made.graphs:
        small = graph.precision == "int8"
        for variable, rmse in graph.parity.items():
            yield Row(
                f"export {graph.precision}: parity of {variable}, {graph.parity_rows:,} texts", rmse, "RMSE", 0.005
            )
        for what, value, limit in (
            ("one text, p50", graph.latency.one_text_p50, None),
            ("one text, p95", graph.latency.one_text_p95, 25 if small else None),
            ("batch of 64, p50", graph.latency.batch_p50, None),
            ("batch of 64, p95", graph.latency.batch_p95, None),
        ):
            yield Row(f"export {graph.precision}: text to scores, {what}", value, "ms", limit)
        yield Row(f"export {graph.precision}: size", graph.size_mb, "MB", 30 if small else None)


if __name__ == "__main__":
    main()
