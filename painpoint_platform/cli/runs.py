"""``painpoint run`` and ``painpoint backfill``: the issues graph for days, run here and now.

Belongs here: order of the runs and what the person sees. Does not belong here: the jobs (``painpoint_platform.jobs``).
"""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from painpoint_platform.cli.console import FINDING, AsJson, Verbose, out, print_json, table
from painpoint_platform.cli.graph import open_graph
from painpoint_platform.errors import UserError
from painpoint_platform.issues.sources import APIS, EARNINGS_CALLS, switched_on
from painpoint_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from painpoint_platform.jobs import RunOutcome

Day = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="UTC day; default yesterday.")]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", help=f"Only this source ({', '.join(switched_on(earnings_calls=True))}); may be repeated."
    ),
]


def run(day: Day = None, source: Sources = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Collect a day, cluster it, label it, publish it, and write the analysts' copy."""
    chosen = parse_day(day, "--date") if day else datetime.now(UTC).date() - timedelta(days=1)
    settings = load_settings()
    _show(run_days(chosen, chosen, settings=settings, sources=source, verbose=verbose), as_json)


def backfill(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First UTC day.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last UTC day, inclusive.")],
    source: Sources = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Do what run does for a range of days; each day is committed on its own, one that fails does not stop the rest."""
    first_day, last_day = parse_day(first, "--from"), parse_day(last, "--to")
    if first_day > last_day:
        raise UserError(f"--from {first_day} lies after --to {last_day}; swap them")
    settings = load_settings()
    _show(run_days(first_day, last_day, settings=settings, sources=source, verbose=verbose), as_json)


def run_days(
    first: date,
    last: date,
    *,
    settings: Settings,
    sources: list[str] | None = None,
    verbose: bool = False,
    snapshot: bool = True,
) -> "list[RunOutcome]":
    """Run collect for each source, then issues for the days, then the snapshot.

    A source that fails does not hold up the others: the days go on with what is there, and the failure is in the
    outcomes.

    Args:
        first: first day.
        last: last day, inclusive.
        settings: where the data and Dagster's instance lie.
        sources: names of sources; None = all that are switched on.
        verbose: show Dagster's log.
        snapshot: write the analysts' copy at the end.
    """
    require_collectable(first, last, settings)
    chosen = parse_sources(sources, settings)
    with open_graph(settings, verbose=verbose) as graph:
        outcomes = [graph.run("collect", f"{first}|{source}", f"{last}|{source}") for source in chosen]
        outcomes.append(graph.run("issues", str(first), str(last)))
        if snapshot:
            outcomes.append(graph.run("snapshot"))
    return outcomes


def parse_day(text: str, option: str) -> date:
    """Read a day.

    Raises:
        UserError: it is not a date; names the option.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option}: {text!r} is not a day; write it as 2025-01-31") from None


def parse_sources(names: list[str] | None, settings: Settings) -> tuple[str, ...]:
    """Return the sources to collect: those named, or all that the file of queries and the settings switch on.

    Raises:
        UserError: a name is no source or one that is switched off, or the file has a mistake.
    """
    known = switched_on(earnings_calls=settings.earnings_calls_as_source)
    for name in names or []:
        if name == EARNINGS_CALLS and name not in known:
            raise UserError(f"--source: {name} is switched off; set EARNINGS_CALLS_AS_SOURCE=true")
        if name not in known:
            raise UserError(f"--source: {name!r} is no source; choose from {', '.join(known)}")
    if names:
        return tuple(dict.fromkeys(names))
    from painpoint_platform.issues.query_file import load_queries

    return (*load_queries(settings.sources).enabled, *(name for name in known if name not in APIS))


def require_collectable(first: date, last: date, settings: Settings) -> None:
    """Refuse days that have no partition.

    Raises:
        UserError: before PARTITIONS_START_DATE, or a day that is not over yet.
    """
    if first < settings.partitions_start_date:
        raise UserError(
            f"{first} lies before PARTITIONS_START_DATE ({settings.partitions_start_date}); choose a later day or "
            "change the setting"
        )
    today = datetime.now(UTC).date()
    if last >= today:
        raise UserError(f"{last} is not over yet (UTC); the last day that can be collected is {today - timedelta(1)}")


def _show(outcomes: "list[RunOutcome]", as_json: bool) -> None:
    failed = [outcome for outcome in outcomes if not outcome.succeeded]
    if as_json:
        runs: list[dict[str, Any]] = [asdict(outcome) | {"succeeded": outcome.succeeded} for outcome in outcomes]
        print_json({"succeeded": not failed, "runs": runs})
    else:
        rows = [
            (outcome.job, outcome.partitions, "done" if outcome.succeeded else "failed",
             f"{outcome.seconds:.1f}", outcome.run_id)
            for outcome in outcomes
        ]  # fmt: skip
        out.print(table("Runs", ["job", "partitions", "state", "seconds", "run"], rows, right=["seconds"]))
    if failed:
        raise typer.Exit(FINDING)
