"""``painpoint qa``: question-and-answer groups of earnings calls, from a file to files and pages.

Belongs here: options and what the person sees. Does not belong here: pairing, scores, pages
(``painpoint_platform.transcripts``).
"""

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from painpoint_platform import progress
from painpoint_platform.cli.console import FINDING, AsJson, err, out, print_json, progress_bars, say, table
from painpoint_platform.cli.graph import open_graph
from painpoint_platform.settings import QaMode, Settings, load_settings
from painpoint_platform.wording import counted, first_few

if TYPE_CHECKING:
    from painpoint_platform.jobs import RunOutcome
    from painpoint_platform.llm.client import ModelClient
    from painpoint_platform.transcripts.evaluation import Measures
    from painpoint_platform.transcripts.qa_run import RunReport

SHOWN_TRANSCRIPTS = 20
SHOWN_NAMES = 10
SHOWN_MEASURES = {
    "blocks": "blocks", "reference_groups": "reference", "predicted_groups": "predicted", "pk": "Pk",
    "window_diff": "WindowDiff", "boundary_f1": "boundary F1", "pairwise_f1": "pairwise F1", "exact_groups": "exact",
}  # fmt: skip

app = typer.Typer(help="Earnings calls: which question was asked, and what was answered.", no_args_is_help=True)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="classified_transcript_sections.json.", show_default=False)],
    *,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the output.", show_default=False)],
    mode: Annotated[QaMode | None, typer.Option("--model", help="When a model decides; default QA_MODEL.")] = None,
    margin: Annotated[float | None, typer.Option(min=0, max=1, help="Margin of auto; default QA_MARGIN.")] = None,
    dev_max_transcripts: Annotated[
        int | None, typer.Option(min=1, help="Take only the first so many transcripts, for trying things out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pair questions with answers. Exit code 1 when a transcript could not be paired or a model gave no answer."""
    with err.status("loading"):
        from painpoint_platform.transcripts.qa_run import run_file

    settings = load_settings()
    chosen = mode or settings.qa_model
    client = open_client(settings) if chosen != "never" else None
    try:
        with progress_bars():
            report = run_file(
                file, out_dir, client=client, mode=chosen, margin=settings.qa_margin if margin is None else margin,
                dev_max_transcripts=dev_max_transcripts, progress=progress.reporter(f"pairing {file.name}"),
            )  # fmt: skip
    finally:
        if client:
            client.close()
    print_json(report.summary.to_dict()) if as_json else _show_run(report, out_dir)
    if report.has_findings:
        raise typer.Exit(FINDING)


def open_client(settings: Settings) -> "ModelClient":
    """Make a client of the configured models, with a run of its own in the ledger."""
    from painpoint_platform.resources.embedding import EmbeddingResource
    from painpoint_platform.resources.llm import LLMResource
    from painpoint_platform.resources.secrets import in_hand

    return in_hand(LLMResource.of(settings)).client(uuid.uuid4().hex, EmbeddingResource.of(settings).embedder)


def run_transcripts(settings: Settings, keys: Sequence[str], *, inbox: Path) -> "list[RunOutcome]":
    """Run the transcripts job for calls of an inbox: one run, or more where other calls lie between these.

    Args:
        settings: where data, artefacts and Dagster's instance lie.
        keys: the partitions; they are added where they are new.
        inbox: folder of their files.
    """
    with err.status("loading the asset graph"):
        from painpoint_platform.partitions import consecutive, transcripts
        from painpoint_platform.resources.transcripts import TranscriptsResource

    files = TranscriptsResource.of(settings).reading(inbox)
    with open_graph(settings, resources={"transcript_files": files}) as graph:
        graph.instance.add_dynamic_partitions(str(transcripts.name), list(keys))
        known = graph.instance.get_dynamic_partitions(str(transcripts.name))
        stretches = consecutive(keys, known, most=len(keys))
        return [graph.run("transcripts", stretch[0], stretch[-1]) for stretch in stretches]


@app.command()
def evaluate(
    predicted: Annotated[Path, typer.Argument(help="Output of qa run.", show_default=False)],
    reference: Annotated[Path, typer.Argument(help="Reference groups, or another output.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Compare groups with a reference: Pk, WindowDiff, boundary F1, pairwise F1, exact groups."""
    with err.status("loading"):
        from painpoint_platform.transcripts.evaluation import evaluate as judge
        from painpoint_platform.transcripts.evaluation import read_groups

    scores = judge(read_groups(predicted), read_groups(reference))
    if as_json:
        print_json(scores.to_dict())
        return
    rows = [("all", *_measures(scores.overall))]
    rows += [(name, *_measures(measures)) for name, measures in scores.by_transcript.items()]
    columns = ["transcript", *SHOWN_MEASURES.values()]
    out.print(table(f"{predicted.name} against {reference.name}", columns, rows, right=columns[1:]))
    for there, names in (("prediction", scores.only_in_predicted), ("reference", scores.only_in_reference)):
        if names:
            say(f"only in the {there}, not judged: {first_few(names, most=SHOWN_NAMES)}", style="yellow")
    for there, blocks in (
        ("prediction", scores.blocks_only_in_predicted), ("reference", scores.blocks_only_in_reference),
    ):  # fmt: skip
        for name, ids in blocks.items():
            say(f"{name}: blocks only in the {there}: {first_few(ids, most=SHOWN_NAMES)}", style="yellow")


def _measures(measures: "Measures") -> Iterable[str]:
    values = [getattr(measures, name) for name in SHOWN_MEASURES]
    return ["–" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value) for value in values]


@app.command()
def review(
    folder: Annotated[Path, typer.Argument(help="Output folder of qa run.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write a page a transcript to read and review, and an index of them."""
    with err.status("loading"):
        from painpoint_platform.transcripts.review_pages import write_review_pages

    with progress_bars():
        index = write_review_pages(folder, progress=progress.reporter("writing pages"))
    print_json({"index": str(index)}) if as_json else out.print(f"Open {index}")


def _show_run(report: "RunReport", out_dir: Path) -> None:
    from painpoint_platform.transcripts.error_files import ERROR_FILES

    summary = report.summary
    rows = [
        (one.transcript, one.work.groups, one.work.low_confidence_groups, one.work.blocks, one.work.blocks_asked,
         one.work.model_calls, _cost(one.work.cost_usd), f"{one.work.seconds:.2f}{' (before)' if one.reused else ''}")
        for one in summary.transcripts[:SHOWN_TRANSCRIPTS]
    ]  # fmt: skip
    total = summary.total
    rows.append(
        ("all", total.groups, total.low_confidence_groups, total.blocks, total.blocks_asked, total.model_calls,
         _cost(total.cost_usd), f"{summary.seconds:.2f}")
    )  # fmt: skip
    columns = ["transcript", "groups", "unsure", "blocks", "asked", "calls", "USD", "seconds"]
    count = len(summary.transcripts)
    more = f", the first {SHOWN_TRANSCRIPTS}" if count > SHOWN_TRANSCRIPTS else ""
    out.print(table(f"{count} transcripts{more}", columns, rows, right=columns[1:]))
    for kind, number in summary.errors.items():
        if number:
            entries = counted(number, f"{kind} entry", f"{kind} entries")
            say(f"{entries} in {out_dir / ERROR_FILES[kind]}", style="yellow")
    out.print(f"Output   {report.output}")
    out.print(f"Next     painpoint qa review {out_dir}")


def _cost(usd: float | None) -> str:
    return "unknown" if usd is None else f"{usd:.4f}"
