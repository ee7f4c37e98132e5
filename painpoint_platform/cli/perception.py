"""``painpoint perception``: corpora of how a text feels.

Belongs here: options and what the person sees. Does not belong here: making and reading corpora
(``painpoint_platform.perception``).
"""

from pathlib import Path
from typing import Annotated

import typer

from painpoint_platform.cli.console import err, out, print_json, table
from painpoint_platform.settings import load_settings

app = typer.Typer(help="How a text feels: valence, arousal, willingness.", no_args_is_help=True)


@app.callback()
def perception() -> None:
    """Keep ``synth`` a command of its own while it is the only one."""


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
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Write a labelled corpus of edge cases that nobody wrote; high-risk texts await a person's review."""
    with err.status("writing texts"):
        from painpoint_platform.perception.corpus import write_corpus
        from painpoint_platform.perception.synthetic import generate

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
