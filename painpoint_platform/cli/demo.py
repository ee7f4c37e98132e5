"""``painpoint demo``: the whole main job on bundled sample days, without key or network.

Belongs here: the servers that the demo starts and what it prints. Does not belong here: the job itself, which is the
one that ``painpoint run`` runs.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from painpoint_platform.cli.console import FINDING, AsJson, out, print_json, say, table
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled
from painpoint_platform.sample.course_feedback import CORPUS
from painpoint_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from painpoint_platform.jobs import RunOutcome
    from painpoint_platform.sample.corpus import Corpus

TOP_ISSUES = 12
TOP_THEMES = 5
STOP_WITHIN_S = 5.0


def demo(
    days: Annotated[int, typer.Option(min=1, max=3, help="How many of the three sample days.")] = 1,
    ui: Annotated[
        bool, typer.Option("--ui", help="Then open the Dagster UI, with the sample servers still up.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the UI.")] = 3000,
    as_json: AsJson = False,
) -> None:
    """Collect sample days from four sample APIs on loopback, cluster, label, publish, and show the top issues.

    Before that, pair the questions and answers of sample earnings calls: analysts' questions are a fifth source. Then
    group sample course feedback.
    """
    from painpoint_platform.sample.corpus import load_corpus
    from painpoint_platform.sample.world import sample_world

    started = time.monotonic()
    settings = load_settings()
    corpus = load_corpus()
    _refuse_to_mix(settings, corpus)
    first, last = corpus.days[0], corpus.days[days - 1]
    with sample_world(corpus.items, settings.data_dir) as environment:
        os.environ.update(environment | {"EARNINGS_CALLS_AS_SOURCE": "true"})  # before the asset graph is loaded
        from painpoint_platform.cli.runs import run_days

        settings = load_settings()
        outcomes = [
            *run_sample_calls(settings),
            *run_days(first, last, settings=settings, snapshot=False),
            *run_sample_feedback(settings),
        ]
        failed = [outcome for outcome in outcomes if not outcome.succeeded]
        result = _result(settings, corpus, corpus.days[:days], failed, seconds=time.monotonic() - started)
        if as_json:
            print_json(result)
        elif settings.analytics.exists():
            _show(result)
        if failed:
            raise typer.Exit(FINDING)
        if ui:
            _open_ui(port)


def _refuse_to_mix(settings: Settings, corpus: "Corpus") -> None:
    """Sample posts among collected ones would make issues that nobody has."""
    if not settings.warehouse.exists():
        return
    from painpoint_platform.warehouse.queries import fetch

    with reading(settings) as connection:
        others = fetch(connection, "issues/collected_outside", first=corpus.days[0], last=corpus.days[-1])
    if others["item_count"][0]:
        raise UserError(
            f"{settings.warehouse} holds {others['item_count'][0]} items of other days than the demo's; "
            "run the demo in a folder of its own: DATA_DIR=data/demo painpoint demo"
        )


def run_sample_feedback(settings: Settings) -> "list[RunOutcome]":
    """Run the courses graph on a sample Stage-1 run, then write the analysts' copy and the report of everything."""
    from painpoint_platform.cli.courses import run_corpus
    from painpoint_platform.sample.course_feedback import write_sample

    predictions, course_list = write_sample(settings.data_dir / "sample")
    return run_corpus(settings, CORPUS, predictions=predictions, course_list=course_list)


def run_sample_calls(settings: Settings) -> "list[RunOutcome]":
    """Run the transcripts graph on sample calls."""
    from painpoint_platform.cli.qa import run_transcripts
    from painpoint_platform.sample.earnings_calls import CALLS, write_sample_calls

    inbox = write_sample_calls(settings.data_dir / "sample" / "calls").parent
    return run_transcripts(settings, CALLS, inbox=inbox)


def _result(
    settings: Settings, corpus: "Corpus", days: Sequence[date], failed: "Sequence[RunOutcome]", *, seconds: float
) -> dict[str, Any]:
    """Return what there is to show; where runs failed before the analysts' copy was written, only which and why."""
    from painpoint_platform.sample.truth import compare_with_truth

    ran = {
        "seconds": round(seconds, 1),
        "days": [str(day) for day in days],
        "failed": [f"{outcome.job} {outcome.partitions}".strip() for outcome in failed],
    }
    if not settings.analytics.exists():
        return ran
    return ran | {
        "ground_truth": compare_with_truth(settings.warehouse, corpus, days),
        "issues": _from_copy(settings, "views/top_issues", rows=TOP_ISSUES),
        "themes": _from_copy(settings, "views/theme_ranking", corpus=CORPUS, rows=TOP_THEMES),
        "calls": _from_copy(settings, "views/calls"),
        "warehouse": str(settings.warehouse),
        "analytics": str(settings.analytics),
        "report": str(settings.report / "index.html"),
        "artifacts": str(settings.artifacts_dir),
        "pocketbase_records": _published(settings),
    }


def _from_copy(settings: Settings, query: str, **values: Any) -> list[dict[str, Any]]:
    import duckdb

    from painpoint_platform.warehouse.queries import fetch

    # As an analyst would: from the copy, which is no warehouse and has no lock.
    with duckdb.connect(settings.analytics, read_only=True) as connection:
        return fetch(connection, query, **values).to_dicts()


def _published(settings: Settings) -> int:
    from painpoint_platform.warehouse.queries import fetch

    with reading(settings) as connection:
        return fetch(connection, "views/live_issues")["synced_at"].count()


def _show(result: Mapping[str, Any]) -> None:
    rows = [tuple(issue.values()) for issue in result["issues"]]
    columns = list(result["issues"][0]) if rows else ["impact", "title"]
    out.print(table(f"Top issues of {', '.join(result['days'])}", columns, rows, right=["impact", "posts", "authors"]))
    for day, score in result["ground_truth"].items():
        out.print(
            f"{day}: {score['items']} items, {score['clusters']} clusters for {score['problems']} planted problems; "
            f"NMI {score['nmi']:.3f}, coverage {score['coverage']:.1%} (noise counted as a class of its own)"
        )
    _show_themes(result["themes"])
    _show_calls(result["calls"])
    out.print(f"\nWarehouse        {result['warehouse']}")
    out.print(f"Analysts' copy   {result['analytics']}")
    out.print(f"Report           {result['report']} (open it in a browser)")
    out.print(f"PocketBase       {result['pocketbase_records']} issues published")
    out.print(f"Run artefacts    {result['artifacts']} (a course report, pages of calls to review)")
    out.print(f"All in {result['seconds']} s. Next:")
    for line in _next_steps(str(result["analytics"])):
        out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _next_steps(analytics: str) -> list[str]:
    """Return commands as the reader can paste them: ``make`` calls this one from a .venv that is not on their PATH."""
    called = Path(sys.argv[0])
    is_elsewhere = called.name == "painpoint" and not shutil.which("painpoint")
    painpoint = shlex.quote(os.path.relpath(called)) if is_elsewhere else "painpoint"
    steps = {
        "make dev": "the Dagster UI: graph, runs, checks, plots",
        f"{painpoint} demo --ui": "the same with the sample servers up, to materialise days there",
        f"{painpoint} cluster FILE --text COLUMN": "the same clustering on your own texts",
    }
    width = max(map(len, steps))
    question = "from gold.issue_overview order by impact_score desc"
    return [
        *(f"{command:<{width}}  # {meaning}" for command, meaning in steps.items()),
        f'duckdb -readonly {shlex.quote(analytics)} "{question}"',
    ]


def _show_themes(themes: list[dict[str, Any]]) -> None:
    rows = [(theme["posts"], theme["courses"], theme["theme"], theme["normalized_issue_label"]) for theme in themes]
    out.print(
        table(
            "Top themes of sample course feedback",
            ["posts", "courses", "theme", "label"],
            rows,
            right=["posts", "courses"],
        )
    )


def _show_calls(calls: list[dict[str, Any]]) -> None:
    rows = [(call["transcript"], call["exchanges"], call["analysts"], call["questions"]) for call in calls]
    columns = ["call", "exchanges", "analysts", "questions"]
    out.print(table("Sample earnings calls", columns, rows, right=columns[1:]))


def _open_ui(port: int) -> None:
    say(f"Dagster UI on http://127.0.0.1:{port} (Ctrl-C ends it and the sample servers)")
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(bundled("workspace.yaml"))]
    # A session of its own, so that all of its processes can be ended together: webserver, daemon, code servers.
    process = subprocess.Popen([*command, "-h", "127.0.0.1", "-p", str(port)], start_new_session=True)
    for stop in (signal.SIGTERM, signal.SIGINT):  # a run in this process leaves Dagster's own handlers behind
        signal.signal(stop, _end_politely)
    try:
        process.wait()
    except KeyboardInterrupt:
        say("stopping")
    finally:
        _end_session(process)


def _end_session(process: "subprocess.Popen[bytes]") -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_S)


def _end_politely(_signal: int, _frame: object) -> None:
    """End as Ctrl-C does, so that the servers that the demo started are stopped too."""
    raise KeyboardInterrupt
