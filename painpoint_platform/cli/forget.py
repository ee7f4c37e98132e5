"""``painpoint forget``: a post, or everything of its author, out of every place, with a proof.

Belongs here: options, and what the person sees. Does not belong here: the takedown (``painpoint_platform.takedown``).
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from painpoint_platform.cli.console import FINDING, AsJson, err, out, print_json, say, table
from painpoint_platform.settings import load_settings
from painpoint_platform.wording import counted

if TYPE_CHECKING:
    from painpoint_platform.takedown.forgetting import Takedown


def forget(
    url: Annotated[str, typer.Argument(help="Address of the post.", show_default=False)],
    author: Annotated[bool, typer.Option("--author", help="Everything of its author at that source.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also where it was never collected: keep it from being collected.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the tombstone.")] = "asked for",
    as_json: AsJson = False,
) -> None:
    """Remove a post from every table, cache, log, report and PocketBase, prove it, and never collect it again.

    Exit code 1 when something could not be proven gone; running the command again goes on where it stopped.
    """
    from painpoint_platform.sql_models.model import load_models
    from painpoint_platform.takedown.forgetting import forget as take_down
    from painpoint_platform.takedown.installation import places_of, publisher

    settings = load_settings()
    with publisher(settings) as publish, err.status("looking for it") as status:
        done = take_down(
            [url], places=places_of(settings), publish=publish, author=author, anyway=anyway, reason=reason,
            models=load_models(), variables={"publish_min_authors": settings.publish_min_authors}, tell=status.update,
        )  # fmt: skip
    print_json(as_report(done)) if as_json else _show(done)
    if not done.proven:
        raise typer.Exit(FINDING)


def as_report(done: "Takedown") -> dict[str, Any]:
    """Return what a machine wants to know of a takedown; no text of what was forgotten is in it."""
    target = done.target
    return {
        "proven": done.proven,
        "items": [{"url_hash": page, "source": source} for page, source in target.items],
        "removed": [{"place": one.place, "what": one.what, "count": one.count} for one in done.removed],
        "labels_taken": len(target.labels),
        "tombstones": done.tombstones,
        "run_again": [str(day) for day in target.stale_days],
        "problems": list(done.problems),
        "proof": {
            "files": done.proof.files,
            "size_bytes": done.proof.size_bytes,
            "values": done.proof.values,
            "remainders": [
                {"path": str(left.path), "place": left.place, "problem": left.problem} for left in done.proof.remainders
            ],
        },
    }


def _show(done: "Takedown") -> None:
    target, proof = done.target, done.proof
    if done.removed:
        rows = [(one.place, one.what, f"{one.count:,}") for one in done.removed]
        out.print(table("Removed", ["place", "what", "count"], rows, right=["count"]))
    else:
        out.print("Nothing of it was left to remove.")
    out.print(f"{counted(done.tombstones, 'tombstone keeps', 'tombstones keep')} it from being collected again")
    out.print(
        f"Searched: {proof.files:,} files, {proof.size_bytes / 1e6:,.1f} MB, and {proof.values:,} values of tables"
    )
    if proof.remainders:
        left = [(str(one.path), one.place, one.problem) for one in proof.remainders]
        out.print(table("Still there", ["file", "place", "what"], left))
        say("Remove these, or end the processes that hold them, and run the command again.", style="red")
    for problem in done.problems:
        say(problem, style="red")
    if done.proven:
        out.print("Proven: nothing of it is left in any of them.")
    if target.stale_days:
        out.print(f"Run these days again, so that their clusters follow: {', '.join(map(str, target.stale_days))}")
