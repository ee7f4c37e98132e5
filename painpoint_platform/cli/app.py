"""The command ``painpoint``: its sub-commands and how a mistake ends.

Belongs here: putting the commands together. Does not belong here: what they do.
"""

import sys

import typer

from painpoint_platform.cli import (
    cluster,
    courses,
    demo,
    doctor,
    forget,
    issue,
    llm,
    perception,
    qa,
    report,
    runs,
    snapshot,
)
from painpoint_platform.cli.console import FINDING, USAGE, say, say_warnings
from painpoint_platform.errors import PainpointError, UserError

app = typer.Typer(
    name="painpoint",
    help="What people complain about, as ranked, evidenced issues.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(runs.run)
app.command()(runs.backfill)
app.command()(cluster.cluster)
app.command()(snapshot.snapshot)
app.command()(report.report)
app.command()(forget.forget)
app.command()(doctor.doctor)
app.add_typer(issue.app, name="issue")
app.add_typer(courses.courses_app, name="courses")
app.add_typer(courses.stage2_app, name="stage2")
app.add_typer(courses.stage3_app, name="stage3")
app.add_typer(qa.app, name="qa")
app.add_typer(perception.app, name="perception")
app.add_typer(llm.app, name="llm")


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 a finding or a failed run, 2 a mistake that a person can mend."""
    say_warnings()
    try:
        app()
    except UserError as error:
        say(str(error), style="red")
        sys.exit(USAGE)
    except PainpointError as error:
        say(str(error), style="red")
        sys.exit(FINDING)


if __name__ == "__main__":
    main()
