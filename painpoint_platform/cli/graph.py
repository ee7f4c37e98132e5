"""The asset graph as commands run it: job after job in this process, each told how it ended.

Belongs here: what all commands that run jobs do alike. Does not belong here: which jobs and in which order (the
commands), running one (``painpoint_platform.jobs``).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painpoint_platform.cli.console import err, progress_bars, say
from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from painpoint_platform.jobs import Graph, RunOutcome

# What Dagster makes of Ctrl-C and SIGTERM while a run is under way: a failure of the step like any other.
INTERRUPTED = "DagsterExecutionInterruptedError"


@contextmanager
def open_graph(
    settings: Settings, *, resources: Mapping[str, Any] | None = None, verbose: bool = False
) -> "Iterator[Graph]":
    """Load the asset graph and yield it; until the block ends, bars show the progress of runs, lines how they ended.

    Args:
        settings: where the data and Dagster's instance lie, and what the resources are made from.
        resources: other resources than the settings', by resource key.
        verbose: show Dagster's log.

    Raises:
        UserError: a setting or the header of a SQL model is wrong, or Dagster cannot keep its runs.
        KeyboardInterrupt: from ``Graph.run``, when that run was interrupted: nothing else is begun.
    """
    with err.status("loading the asset graph"):
        from painpoint_platform.definitions import build_defs, build_resources
        from painpoint_platform.jobs import Graph, open_instance

        definitions = build_defs(build_resources(settings) | dict(resources or {}))
    with _explained(settings):
        instance = open_instance(settings.data_dir)
    with instance, progress_bars():
        yield Graph(definitions, instance, _tell, verbose)


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    home = os.environ.get("DAGSTER_HOME")
    if home is not None and not Path(home).is_absolute():
        raise UserError(f"DAGSTER_HOME: found {home!r}, expected an absolute path, or unset it for DATA_DIR/dagster")
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{error.filename or settings.data_dir}: Dagster cannot keep its runs there ({error.strerror}); make the "
            "place writable and free some space, or set DATA_DIR or DAGSTER_HOME to another one"
        ) from error


def _tell(outcome: "RunOutcome") -> None:
    what = f"{outcome.job} {outcome.partitions}".strip()
    if outcome.failure and INTERRUPTED in outcome.failure:
        say(f"✗ {what} was stopped; the same command goes on where it left off", style="red")
        raise KeyboardInterrupt
    if outcome.succeeded:
        say(f"✓ {what} in {outcome.seconds:.1f} s", style="green")
    else:
        say(f"✗ {what}\n{outcome.failure}", style="red")
