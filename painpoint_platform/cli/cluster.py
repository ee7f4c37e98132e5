"""``painpoint cluster``: the platform's clustering on anyone's file.

Belongs here: options and output. Does not belong here: the clustering (``painpoint_platform.issues.cluster_file``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from painpoint_platform import progress
from painpoint_platform.cli.console import AsJson, err, out, print_json, progress_bars, say, table
from painpoint_platform.settings import Settings, load_settings

SHOWN_CLUSTERS = 30


def cluster(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or Parquet.", show_default=False)],
    *,
    text: Annotated[str, typer.Option(help="Column of the texts.", show_default=False)],
    label: Annotated[str | None, typer.Option(help="Column of true classes; adds NMI and ARI.")] = None,
    day: Annotated[
        str | None,
        typer.Option(
            help="Column of days (dates, times, epoch seconds or numbers); each is clustered on its own, issues are "
            "followed across them. Other values are days in the order of their text."
        ),
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the rows with their clusters here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cluster any file of texts by what they mean: sizes, representatives, titles, scores where there are labels.

    With --day a problem keeps its issue key from day to day, and --label adds continuity: the share of true topics that
    go on from one day to the next whose items keep one key.
    """
    with err.status("loading"):
        from painpoint_platform.issues.cluster_file import cluster_table
        from painpoint_platform.resources.embedding import EmbeddingResource
        from painpoint_platform.table_files import read_table, require_column, require_writable, write_table

    settings = load_settings()
    if out_file:
        require_writable(out_file, "--out")
    rows = read_table(file)
    if out_file:
        require_writable(out_file, "--out", rows)
    for option, column in (("--text", text), ("--label", label), ("--day", day)):
        if column is not None:
            require_column(rows, file, option, column)
    with progress_bars():
        embedder = EmbeddingResource.of(settings).embedder()
        result = cluster_table(
            rows, text=text, label=label, day=day, embedder=embedder, reducer=settings.clustering_reducer,
            titler=lambda pairs, sizes: embedded_titles(settings, pairs, sizes),
            progress=progress.reporter(f"embedding {file.name}"),
        )  # fmt: skip
    for note in result.notes:
        say(note, style="yellow")
    if out_file:
        write_table(result.rows, out_file)
        say(f"{result.rows.height:,} rows written to {out_file}")
    if as_json:
        print_json({**result.scores, "clusters": result.clusters.to_dicts()})
        return
    shown = result.clusters.head(SHOWN_CLUSTERS)
    columns = [*(["day"] if day else []), "cluster_id", "size", *(["relation"] if day else []), "title",
               "representatives"]  # fmt: skip
    cells = [
        tuple("\n".join(value[:3]) if isinstance(value, list) else value for value in row)
        for row in shown.select(columns).iter_rows()
    ]
    more = f", the first {shown.height} of {result.clusters.height}" if result.clusters.height > shown.height else ""
    out.print(table(f"Clusters of {file.name}{more}", columns, cells, right=["cluster_id", "size"]))
    out.print("  ".join(f"{name} {'–' if value is None else f'{value:,.4g}'}" for name, value in result.scores.items()))


def embedded_titles(
    settings: Settings, representatives: Sequence[Sequence[tuple[str, str]]], sizes: Sequence[int]
) -> list[str]:
    """Return the embedded model's title for each cluster; a cluster that it cannot label keeps its central text."""
    import tempfile
    import uuid

    from painpoint_platform.issues.labelling.issue_label import ISSUE_LABEL, LabelRequest
    from painpoint_platform.resources.embedding import EmbeddingResource
    from painpoint_platform.resources.llm import LLMResource

    requests = [
        LabelRequest(cluster_size=size, sources={"file": size}, representatives=pairs)
        for pairs, size in zip(representatives, sizes, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        # Someone's file is none of the platform's business: its texts are not kept among the answers.
        client = LLMResource(state_path=str(Path(folder) / "llm.sqlite")).client(
            uuid.uuid4().hex, EmbeddingResource.of(settings).embedder
        )
        answers = client.ask_many(ISSUE_LABEL, requests)
        client.close()
    return [
        answer.reply.canonical_title if answer.reply else pairs[0][0]
        for answer, pairs in zip(answers, representatives, strict=True)
    ]
