"""What every command shares: where text goes, how errors end, how progress is drawn.

Belongs here: consoles, tables, exit codes, options that every command has. Does not belong here: what a command does.

Standard output carries results (one JSON object with ``--json``), standard error everything else.
"""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from painpoint_platform import progress

# A pipe or a file has no width of its own; 80 columns would fold every title.
WIDTH_OF_A_PIPE = 140

out = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)
err = Console(stderr=True)

FINDING, USAGE = 1, 2

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show Dagster's log.")]


def print_json(value: Any) -> None:
    """Write one JSON object to standard output, untouched by the terminal's width."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> Table:
    """Make a table; cells are shown as they are, never read as markup."""
    grid = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    return grid


def say(text: str, style: str | None = None) -> None:
    """Tell the person something that is not the result."""
    err.print(escape(text), style=style, highlight=False)


class _Said(logging.Handler):
    """Tells the person what is logged. Python's own last resort is silent where a run has a handler of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record, without its level and logger."""
        say(record.getMessage(), style="yellow")


_said = _Said(logging.WARNING)


def say_warnings() -> None:
    """Tell the person from now on what the platform warns of, such as a source that is asked again later."""
    logging.getLogger("painpoint_platform").addHandler(_said)


@contextmanager
def progress_bars() -> Iterator[None]:
    """Draw a bar for every task that reports progress while the block runs."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def listen(task: str, done: int, total: int | None) -> None:
        if task not in tasks:
            tasks[task] = bars.add_task(escape(task), total=total, rate="")
        speed = bars.tasks[tasks[task]].speed
        bars.update(tasks[task], completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")

    with bars, progress.listening(listen):
        yield
