"""``painpoint courses``, ``stage2`` and ``stage3``: the course domain from a file of predictions to themes.

Belongs here: options, the order of runs, what the person sees. Does not belong here: the stages
(``painpoint_platform.courses``), the jobs (``painpoint_platform.jobs``).
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from painpoint_platform.cli.console import FINDING, AsJson, Verbose, err, out, print_json, say, table
from painpoint_platform.cli.graph import open_graph
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform.wording import counted

if TYPE_CHECKING:
    from painpoint_platform.courses.comparison import Comparison
    from painpoint_platform.courses.validation.findings import Finding
    from painpoint_platform.jobs import RunOutcome

SHOWN_THEMES = 15
SHOWN_REPAIRS = 10
SHOWN_COLUMNS = {
    "theme_rank": "", "theme": "theme", "normalized_issue_label": "label", "posts": "posts", "courses": "courses",
    "colleges": "colleges",
}  # fmt: skip

courses_app = typer.Typer(
    help="Course feedback: pain points within a course, themes across courses.", no_args_is_help=True
)
stage2_app = typer.Typer(help="Runs of Stage 2: clusters within a course.", no_args_is_help=True)
stage3_app = typer.Typer(help="Runs of Stage 3: themes across courses.", no_args_is_help=True)

RunDir = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]


@courses_app.command()
def run(
    *,
    predictions: Annotated[Path, typer.Option(help="predictions_FULL.csv of a Stage-1 run.", show_default=False)],
    courses: Annotated[Path, typer.Option(help="course_list_with_college.csv.", show_default=False)],
    artifacts: Annotated[Path | None, typer.Option(help="Folder of run artefacts; default ARTIFACTS_DIR.")] = None,
    until: Annotated[Literal["stage2"] | None, typer.Option(help="Stop after this stage.")] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Group the pain points of a Stage-1 run within each course, then across courses."""
    settings = load_settings(**({"artifacts_dir": artifacts} if artifacts else {}))
    for option, path in (("--predictions", predictions), ("--courses", courses)):
        if not path.is_file():
            raise UserError(f"{option}: {path} is not a file; give the path of the CSV")
    with err.status("loading the asset graph"):
        from painpoint_platform.courses.corpora import corpus_name

        corpus = corpus_name(predictions)
    outcomes = run_corpus(settings, corpus, predictions=predictions, course_list=courses, until=until, verbose=verbose)
    failed = [outcome.failure for outcome in outcomes if not outcome.succeeded]
    if failed:
        if as_json:
            print_json({"succeeded": False, "corpus": corpus, "failures": failed})
        raise typer.Exit(FINDING)
    result = summary_of(settings, corpus, until)
    print_json(result) if as_json else _show(result)


def run_corpus(
    settings: Settings,
    corpus: str,
    *,
    predictions: Path,
    course_list: Path,
    until: Literal["stage2"] | None = None,
    verbose: bool = False,
    snapshot: bool = True,
) -> "list[RunOutcome]":
    """Run the courses job for one corpus, then the snapshot.

    Args:
        settings: where data, artefacts and Dagster's instance lie.
        corpus: the partition; it is added where it is new.
        predictions: file of the Stage-1 run.
        course_list: the list of courses.
        until: ``stage2`` leaves out the themes.
        verbose: show Dagster's log.
        snapshot: write the analysts' copy at the end.
    """
    with err.status("loading the asset graph"):
        from painpoint_platform.courses.assets import STAGE_2
        from painpoint_platform.partitions import course_corpora
        from painpoint_platform.resources.courses import CoursesResource

    files = CoursesResource.of(settings).reading(predictions, course_list=course_list)
    with open_graph(settings, resources={"courses": files}, verbose=verbose) as graph:
        graph.instance.add_dynamic_partitions(str(course_corpora.name), [corpus])
        first = graph.run("courses", corpus, assets=STAGE_2 if until else None)
        return [first, graph.run("snapshot")] if first.succeeded and snapshot else [first]


def summary_of(settings: Settings, corpus: str, until: Literal["stage2"] | None) -> dict[str, Any]:
    """Return what a person and a script want to know of a finished run, from the manifests that it wrote."""
    from painpoint_platform.courses.corpus_steps import stage2_dir_of, stage3_dir_of
    from painpoint_platform.courses.run_folder import read_manifest
    from painpoint_platform.courses.views import faults_of
    from painpoint_platform.warehouse.queries import fetch

    with reading(settings) as connection:
        stage2 = stage2_dir_of(connection, corpus, settings.artifacts_dir)
        faults = faults_of(connection, corpus)
        stage3 = None if until else stage3_dir_of(connection, corpus, settings.artifacts_dir)
        themes = [] if until else fetch(connection, "views/theme_ranking", corpus=corpus, rows=SHOWN_THEMES).to_dicts()
    result: dict[str, Any] = {
        "succeeded": True, "corpus": corpus, "stage2_dir": str(stage2), "stage2": read_manifest(stage2),
        "faults": faults,
    }  # fmt: skip
    if stage3:
        result |= {"stage3_dir": str(stage3), "stage3": read_manifest(stage3), "top_themes": themes}
    return result | {"warehouse": str(settings.warehouse), "analytics": str(settings.analytics)}


def _show(result: dict[str, Any]) -> None:
    stage2 = result["stage2"]
    drops = ", ".join(
        f"{count:,} {reason.replace('_', ' ')}" for reason, count in stage2["drop_reasons"].items() if count
    )
    out.print(
        f"{counted(stage2['rows_read'], 'row')} read, {counted(stage2['rows_written'], 'pain point')} of "
        f"{counted(stage2['num_courses'], 'course')}{f' (left out: {drops})' if drops else ''}"
    )
    for fault in result["faults"]:
        say(fault)
    out.print(f"{counted(stage2['num_clusters'], 'cluster')} by {stage2['model_name']}{_price(stage2)}")
    _show_repairs(stage2["courses"])
    if "stage3" in result:
        stage3 = result["stage3"]
        out.print(
            f"{counted(stage3['num_global_clusters'], 'theme')}; "
            f"{counted(stage3['num_unassigned_clusters'], 'cluster')} unassigned{_price(stage3)}"
        )
        _show_themes(result["corpus"], result["top_themes"])
        out.print(f"Report      {Path(result['stage3_dir']) / 'report.html'}")
        out.print(f"Stage 3     {result['stage3_dir']}")
    out.print(f"Stage 2     {result['stage2_dir']}")
    out.print(f"Warehouse   {result['warehouse']}   gold.course_issue_overview, gold.theme_ranking")


def _show_themes(corpus: str, themes: Sequence[dict[str, Any]]) -> None:
    if not themes:
        return
    rows = [tuple(theme[column] for column in SHOWN_COLUMNS) for theme in themes]
    columns = list(SHOWN_COLUMNS.values())
    out.print(table(f"Themes of {corpus}", columns, rows, right=["", "posts", "courses", "colleges"]))


def _price(manifest: dict[str, Any]) -> str:
    cost, calls = manifest.get("total_cost_usd"), manifest.get("total_calls", 0)
    if not calls:
        return ", no model was asked"
    return f", {counted(calls, 'model call')}, {'price unknown' if cost is None else f'{cost:.4f} USD'}"


def _show_repairs(courses: Sequence[dict[str, Any]]) -> None:
    odd = [course for course in courses if course["status"] != "ok"]
    if not odd:
        return
    rows = [(course["course_code"], course["status"], "; ".join(course["findings"][:3])) for course in odd]
    more = f", the first {SHOWN_REPAIRS} of {len(odd)}" if len(odd) > SHOWN_REPAIRS else ""
    out.print(
        table(f"Courses whose answer was not taken as it came{more}", ["course", "status", "why"], rows[:SHOWN_REPAIRS])
    )


@stage2_app.command("validate")
def validate_stage2_run(run_dir: RunDir, as_json: AsJson = False) -> None:
    """Judge any Stage-2 run folder, also one that other software wrote. Exit code 1 when something is found."""
    from painpoint_platform.courses.validation.stage2 import validate_stage2

    _judge(run_dir, validate_stage2(run_dir, say=say), as_json)


@stage3_app.command("validate")
def validate_stage3_run(run_dir: RunDir, as_json: AsJson = False) -> None:
    """Judge any Stage-3 run folder against the Stage-2 run that it names. Exit code 1 when something is found."""
    from painpoint_platform.courses.validation.stage3 import validate_stage3

    _judge(run_dir, validate_stage3(run_dir, say=say), as_json)


def _judge(run_dir: Path, findings: "Sequence[Finding]", as_json: bool) -> None:
    if as_json:
        print_json({"run_dir": str(run_dir), "valid": not findings, "findings": [asdict(found) for found in findings]})
    elif findings and out.is_terminal:
        rows = [(found.file, found.place, found.rule, found.value, found.advice) for found in findings]
        columns = ["file", "place", "rule", "found", "what to do"]
        out.print(table(f"{counted(len(findings), 'finding')} in {run_dir}", columns, rows))
    elif findings:
        # Whoever filters lines needs a finding on one of them.
        typer.echo(f"{counted(len(findings), 'finding')} in {run_dir}")
        for found in findings:
            typer.echo(str(found))
    else:
        out.print(f"{run_dir}: valid, nothing found")
    if findings:
        raise typer.Exit(FINDING)


@stage3_app.command("compare")
def compare_stage3_runs(
    run_a: Annotated[Path, typer.Argument(help="Folder of one run.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(help="Folder of another run over the same corpus.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say how far two runs agree: adjusted mutual information of their assignments, themes gained and lost."""
    from painpoint_platform.courses.comparison import compare_runs

    comparison = compare_runs(run_a, run_b)
    if as_json:
        print_json(asdict(comparison))
        return
    _show_comparison(comparison)


def _show_comparison(comparison: "Comparison") -> None:
    posts = counted(comparison.common_posts, "common post")
    is_apart = comparison.ami is None
    agreement = "no post is in both" if is_apart else f"adjusted mutual information {comparison.ami:.3f} over {posts}"
    out.print(
        f"{comparison.run_a} and {comparison.run_b}: {agreement} "
        f"({comparison.posts_only_a:,} only in the first, {comparison.posts_only_b:,} only in the second)"
    )
    out.print(
        f"Themes: {comparison.num_themes_a} and {comparison.num_themes_b}, {len(comparison.themes_kept)} in both, "
        f"{len(comparison.themes_gained)} gained, {len(comparison.themes_lost)} lost"
    )
    columns = ["theme", "phrase", "label", "posts"]
    for title, changes in (("Gained", comparison.themes_gained), ("Lost", comparison.themes_lost)):
        if changes:
            rows = [
                (change.global_cluster_id, change.provisional_label, change.normalized_issue_label, change.posts)
                for change in changes
            ]
            out.print(table(f"{title} themes", columns, rows, right=["posts"]))
