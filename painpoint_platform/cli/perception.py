"""``painpoint perception``: corpora of how a text feels, models of it, and scores.

Belongs here: options and what the person sees. Does not belong here: making and reading corpora, training and scoring
(``painpoint_platform.perception``).
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from painpoint_platform import progress
from painpoint_platform.cli.console import AsJson, err, out, print_json, progress_bars, say, table
from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl
    from rich.table import Table

    from painpoint_platform.perception.runs.bundle import Bundle
    from painpoint_platform.perception.runs.variable_training import TrainedModel
    from painpoint_platform.perception.serving.export import ExportedGraph
    from painpoint_platform.text.embeddings import Embedder

app = typer.Typer(help="How a text feels: valence, arousal, willingness.", no_args_is_help=True)


Models = Annotated[Path, typer.Option(help="Folder of trained models.", show_default=False)]


@app.command()
def synth(
    *,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="JSONL, CSV or Parquet; default in ARTIFACTS_DIR/perception.")
    ] = None,
    items: Annotated[int, typer.Option(min=1, help="Edge cases.")] = 5200,
    users: Annotated[int, typer.Option(min=1, help="Authors.")] = 800,
    days: Annotated[int, typer.Option(min=1, help="Days that they write in.")] = 90,
    everyday: Annotated[int, typer.Option(min=0, help="Ordinary texts beside the edge cases.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 137,
    as_json: AsJson = False,
) -> None:
    """Write a labelled corpus of edge cases that nobody wrote; high-risk texts await a person's review."""
    with err.status("writing texts"):
        from painpoint_platform.perception.corpora.corpus import write_corpus
        from painpoint_platform.perception.corpora.synthetic import generate

        target = out_file or load_settings().artifacts_dir / "perception" / "perception_synth.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        corpus = generate(seed, items, users, days, everyday_items=everyday)
        write_corpus(corpus, target)
    counts = corpus.frame.group_by("category").len().sort("len", "category", descending=[True, False])
    waiting = int(corpus.frame["needs_review"].sum())
    if as_json:
        categories = dict(counts.iter_rows())
        print_json(
            {"path": str(target), "items": corpus.frame.height, "categories": categories, "needs_review": waiting}
        )
        return
    out.print(table(f"{corpus.frame.height:,} texts", ["category", "texts"], counts.iter_rows(), right=["texts"]))
    out.print(f"{waiting:,} await review and are not trained on.\nWritten to {target}")


@app.command()
def train(
    *,
    corpus: Annotated[Path, typer.Option(help="Labelled texts: JSONL, CSV or Parquet.", show_default=False)],
    variable: Annotated[list[str], typer.Option(help="What to train; may be repeated.", show_default=False)],
    trials: Annotated[int | None, typer.Option(min=1, help="Most trials of the search; default the settings'.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="TOML of what differs from the defaults.")
    ] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the models; default in the training run's, in ARTIFACTS_DIR/perception."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train, calibrate and judge a model of each variable. One that misses a gate is kept as pending, and says so."""
    with err.status("loading"):
        from painpoint_platform.perception.corpora.corpus import read_corpus
        from painpoint_platform.perception.runs.training_run import begin_run, corpus_name
        from painpoint_platform.perception.runs.variable_training import require_variables, train_variables
        from painpoint_platform.perception.settings_file import load_settings as load_perception

    settings, perception = load_settings(), load_perception(settings_file)
    labelled = read_corpus(corpus)
    variables = list(dict.fromkeys(variable))
    require_variables(labelled, variables)
    embedder = _embedder(settings)
    run = begin_run(
        labelled, name=corpus_name(corpus), root=settings.artifacts_dir / "perception", settings=perception,
        encoder_version=embedder.version, models=out_dir,
    )  # fmt: skip
    with progress_bars():
        trained = list(train_variables(run, labelled, variables, embedder=embedder, settings=perception, trials=trials))
    if as_json:
        print_json({"run": str(run.folder), "models": [_told(one) for one in trained]})
        return
    for one in trained:
        _show_training(one)
    out.print(f"Training run in {run.folder}")


@app.command()
def evaluate(
    *,
    corpus: Annotated[Path, typer.Option(help="Labelled texts that no model was trained on.", show_default=False)],
    models: Models,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="TOML of what differs from the defaults.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare stored models with the labels of a corpus."""
    with err.status("loading"):
        from painpoint_platform.perception.corpora.corpus import read_corpus
        from painpoint_platform.perception.scoring.judging import judge_on_corpus
        from painpoint_platform.perception.settings_file import load_settings as load_perception

    labelled = read_corpus(corpus)
    bundles = [one for one in _bundles(models) if one.variable in labelled.variables]
    if not bundles:
        raise UserError(
            f"{models}: no model of a variable that {corpus} has labels of ({', '.join(labelled.variables)})"
        )
    waiting = int(labelled.frame["needs_review"].sum())
    if waiting:
        say(f"{counted(waiting, 'row')} not judged: a person has to review what is of high risk first", style="yellow")
    seen = [one.name for one in bundles if one.manifest.get("corpus_sha256") == labelled.sha256]
    if seen:
        say(f"trained on this very file: {', '.join(seen)}; these are no figures of texts never seen", style="yellow")
    judged = judge_on_corpus(
        labelled, bundles, embedder=_embedder(load_settings()), settings=load_perception(settings_file)
    )
    if as_json:
        print_json(judged)
        return
    for variable, metrics in judged.items():
        out.print(table(f"{variable} on {corpus.name}", ["figure", "value"], _judged(metrics), right=["value"]))
    if any("pearson_without_past" in metrics for metrics in judged.values()):
        out.print("Told the labels of the author's earlier texts; without_past: told nothing, as files are scored.")


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or Parquet.", show_default=False)],
    *,
    text: Annotated[str, typer.Option(help="Column of the texts.", show_default=False)],
    models: Models,
    out_file: Annotated[Path, typer.Option("--out", help="Where the rows with their scores go.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Score texts by trained or exported models: of each variable score, 90 % interval and the model's name."""
    with err.status("loading"):
        import polars as pl

        from painpoint_platform.table_files import read_table, require_column, require_writable, write_table

    require_writable(out_file, "--out")
    rows = read_table(file)
    require_writable(out_file, "--out", rows)
    require_column(rows, file, "--text", text)
    texts = rows[text].cast(pl.String).fill_null("").to_list()
    variables, scored = _scorer(models)
    _require_room(rows, file, variables)
    scores = scored(texts)
    write_table(rows.with_columns(scores.get_columns()), out_file)
    wordless = sum(not one.strip() for one in texts)
    named = {name.removesuffix("_model"): scores[name] for name in scores.columns if name.endswith("_model")}
    pending = sorted({name for column in named.values() for name in column.unique() if name.endswith("_pending")})
    if as_json:
        print_json({"rows": rows.height, "variables": list(named), "pending": pending, "without_text": wordless})
        return
    if pending:
        say(f"not accepted by their gates: {', '.join(pending)}", style="yellow")
    if wordless:
        say(f"{counted(wordless, 'row')} without a text; what stands there is the score of nothing", style="yellow")
    out.print(f"{counted(rows.height, 'row')} with {', '.join(named)} written to {out_file}")


@app.command()
def export(
    *,
    models: Models,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder of the export; default MODELS/export.")] = None,
    precision: Annotated[
        list[str] | None, typer.Option(help="int8, fp16 or fp32; may be repeated. Default int8 and fp16.")
    ] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="What to export; may be repeated. Default all that a graph can hold.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Labelled texts to measure on; default those that the models were trained on.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="OpenVINO's, such as CPU; AUTO: of GPU, NPU, CPU what there is.")
    ] = "AUTO",
    as_json: AsJson = False,
) -> None:
    """Write models as one graph from text to scores, for serving; refused where its scores are not the models'."""
    with err.status("loading"):
        from painpoint_platform.perception.serving.export import (
            DEFAULT_PRECISIONS,
            corpus_rows,
            export_models,
            exportable,
            known_precisions,
        )

    settings = load_settings()
    precisions = known_precisions(precision) if precision else DEFAULT_PRECISIONS
    chosen, left_out = exportable(_bundles(models), variable or ())
    with progress_bars():
        made = export_models(
            chosen, corpus_rows(chosen, corpus), embedder=_embedder(settings), out_dir=out_dir or models / "export",
            cache_dir=settings.model_cache, precisions=precisions, leave_out_worse=not precision, device=device,
            progress=progress.report,
        )  # fmt: skip
    if as_json:
        graphs = {graph.precision: asdict(graph) for graph in made.graphs}
        print_json(
            {
                "folder": str(made.folder),
                "models": made.models,
                "left_out": left_out,
                "worse": made.worse,
                "precisions": graphs,
            }
        )
        return
    columns = ["precision", "device", "MB", "parity (RMSE)", "one text p50, p95", "batch of 64 p50, p95"]
    out.print(
        table(", ".join(made.models), columns, [_graph_figures(graph) for graph in made.graphs], right=columns[2:])
    )
    for reason in made.worse:
        say(reason, style="yellow")
    if left_out:
        say(f"left out, because they need more than one text by itself: {', '.join(left_out)}", style="yellow")
    out.print(f"Milliseconds from text to scores on one thread. Written to {made.folder}")


def _graph_figures(graph: "ExportedGraph") -> list[str]:
    times = graph.latency
    return [
        graph.precision,
        graph.device,
        f"{graph.size_mb:.1f}",
        f"{max(graph.parity.values()):.5f}",
        f"{times.one_text_p50:.1f}, {times.one_text_p95:.1f}",
        f"{times.batch_p50:.0f}, {times.batch_p95:.0f}",
    ]


def _embedder(settings: Settings) -> "Embedder":
    from painpoint_platform.resources.embedding import EmbeddingResource

    return EmbeddingResource.of(settings).embedder()


def _scorer(models: Path) -> "tuple[list[str], Callable[[list[str]], pl.DataFrame]]":
    """Return what the models of a folder, or its export, score, and how: texts -> a row a text."""
    from painpoint_platform.perception.scoring.text_scores import score_texts
    from painpoint_platform.perception.serving.export_runtime import is_export, load_export

    if is_export(models):
        exported = load_export(models)
        return list(exported.models), exported.score
    # Nothing in a text foresees the author's next one: temporal models have no say here.
    bundles = [one for one in _bundles(models) if one.kind != "temporal"]
    if not bundles:
        raise UserError(
            f"--models {models}: every model there foresees an author's next text; train one that reads a text, such "
            "as valence"
        )
    return [one.variable for one in bundles], lambda texts: score_texts(texts, bundles, _embedder(load_settings()))


def _require_room(rows: "pl.DataFrame", file: Path, variables: "Iterable[str]") -> None:
    """Refuse to write scores over columns of the file."""
    from painpoint_platform.perception.variables import score_columns

    taken = [name for variable in variables for name in score_columns(variable) if name in rows.columns]
    if taken:
        raise UserError(
            f"{file}: the scores go to columns that it has already ({', '.join(taken)}); rename these or leave them out"
        )


def _bundles(models: Path) -> "list[Bundle]":
    """Read the models of a folder: of each variable the accepted one, else the pending one."""
    from painpoint_platform.perception.runs.bundle import bundle_folders, load_bundle

    folders = bundle_folders(models)
    if not folders:
        raise UserError(f"--models {models}: there is no model; train one with `painpoint perception train`")
    return [load_bundle(folder) for folder in folders.values()]


def _told(one: "TrainedModel") -> dict[str, Any]:
    from painpoint_platform.perception.runs.variable_training import metrics_of

    return {"name": one.trained.name, "folder": str(one.folder), **metrics_of(one)}


def _show_training(one: "TrainedModel") -> None:
    from painpoint_platform.perception.paths.paths_training import PathReport

    report = one.trained.report
    for part, compared in one.comparison.items():
        title = f"{one.name} beside what needs no training, judged on {part} (95 % bootstrap intervals)"
        out.print(_comparison(title, compared))
    if isinstance(report, PathReport):
        rows = [(part, *_figures(asdict(judged.metrics).values())) for part, judged in report.parts.items()]
        out.print(table(one.name, ["judged on", *asdict(report.parts["tune"].metrics)], rows))
    for check in report.gates.failures:
        out.print(f"gate missed: {check.detail}")
    if one.ceiling:
        out.print(f"highest r that the raters' disagreement allows: {one.ceiling.pearson:.3f}")
    out.print(f"{sum(report.seconds.values()):.0f} s in all; {one.folder}, report {one.variable}.html beside it\n")


def _comparison(title: str, compared: "pl.DataFrame") -> "Table":
    """Show a frame of ``baselines.comparison``: a figure and its interval in one cell."""
    figures = ["rmse", "mae", "pearson", "spearman", "ece", "within_author"]
    rows = [
        (row["model"], f"{row['rows']:,}", *(_with_interval(row, figure) for figure in figures), _figure(row["skill"]))
        for row in compared.iter_rows(named=True)
    ]
    columns = ["model", "rows", *figures, "skill"]
    return table(title, columns, rows, right=columns[1:])


def _with_interval(row: dict[str, Any], figure: str) -> str:
    low, high = row[f"{figure}_low"], row[f"{figure}_high"]
    interval = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return _figure(row[figure]) + interval


def _judged(metrics: dict[str, Any]) -> "list[tuple[str, str]]":
    """Show figures by name, each with its 95 % interval in its cell."""
    ends = {f"{name}_{end}" for name in metrics for end in ("low", "high")}
    rows = []
    for name, value in metrics.items():
        if name in ends:
            continue
        low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
        interval = f" [{low:.4f}, {high:.4f}]" if low is not None and high is not None else ""
        rows.append((name, _figures([value])[0] + interval))
    return rows


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _figures(values: "Iterable[Any]") -> list[str]:
    return [
        "–" if value is None
        else f"{value:.4f}" if isinstance(value, float)
        else f"{value:,}" if isinstance(value, int)
        else ", ".join(_figures(value))
        for value in values
    ]  # fmt: skip
