"""``painpoint issue``: look at issues, and decide about them. What a person decided outlives every re-clustering.

Belongs here: options and what the person sees. Does not belong here: the log (``issues.identity.edit_log``), what an
edit means (``issues.identity.edits``), running days (``graph``).
"""

import getpass
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from painpoint_platform.cli.console import FINDING, AsJson, err, out, print_json, say, table
from painpoint_platform.cli.graph import open_graph
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform.wording import counted

if TYPE_CHECKING:
    import polars as pl

    from painpoint_platform.issues.identity.edits import EditKind
    from painpoint_platform.resources.pocketbase import PocketBaseResource
    from painpoint_platform.warehouse.access import Warehouse

app = typer.Typer(help="Look at issues, and rename, merge, split or mute them.", no_args_is_help=True)

SHOWN_KEY = 12
Key = Annotated[str, typer.Argument(help="The issue's key, or its beginning.", show_default=False)]
By = Annotated[str | None, typer.Option(help="Who decides; default the user of this machine.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the history.")]
Later = Annotated[bool, typer.Option("--later", help="Only note it; the next run of the days applies it.")]


@app.command(name="list")
def list_issues(
    *,
    muted: Annotated[bool, typer.Option("--muted", help="Those that were muted instead of the open ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List issues, those seen last and the weightiest first."""
    import polars as pl

    issues = _fetched("edits/issues").filter(pl.col("muted").fill_null(value=False) == muted)
    if as_json:
        print_json({"issues": issues.head(limit).to_dicts()})
        return
    columns = ["issue_key", "title", "category", "impact", "items", "authors", "days", "last_seen"]
    shown = issues.head(limit).with_columns(pl.col("issue_key").str.slice(0, SHOWN_KEY)).select(columns)
    more = f", the first {shown.height} of {issues.height}" if issues.height > shown.height else ""
    right = ["impact", "items", "authors", "days"]
    out.print(table(f"{'Muted issues' if muted else 'Issues'}{more}", columns, shown.iter_rows(), right=right))


@app.command()
def show(key: Key, *, as_json: AsJson = False) -> None:
    """Show an issue: what it is called, its days, its posts."""
    import polars as pl

    full = _full(key)
    whole = _fetched("edits/issues").filter(issue_key=full)
    days, posts = _fetched("edits/history", issue_key=full), _fetched("edits/evidence", issue_key=full)
    if as_json:
        print_json({"issue": whole.to_dicts()[:1], "days": days.to_dicts(), "posts": posts.to_dicts()})
        return
    if whole.is_empty():
        raise UserError(_gone(full))
    for name, value in whole.row(0, named=True).items():
        out.print(f"{name:12} {'' if value is None else value}", markup=False, highlight=False)
    _print("Days", days)
    speaks = pl.when("speaks").then(pl.lit("yes")).otherwise(pl.lit(""))
    shown = posts.with_columns(pl.col("url_hash").str.slice(0, SHOWN_KEY), speaks=speaks).drop("snippet")
    _print("Posts", shown, right=["votes", "comments"])


@app.command()
def rename(
    key: Key,
    title: Annotated[str, typer.Argument(help="What it is called from now on.", show_default=False)],
    *,
    by: By = None,
    reason: Reason = None,
    later: Later = False,
    as_json: AsJson = False,
) -> None:
    """Give an issue a title that no model changes."""
    _decide("rename", key, by=by, reason=reason, later=later, as_json=as_json, title=title)


@app.command()
def merge(
    key: Key,
    into: Annotated[str, typer.Argument(help="The issue that it is part of from now on.", show_default=False)],
    *,
    by: By = None,
    reason: Reason = None,
    later: Later = False,
    as_json: AsJson = False,
) -> None:
    """Make an issue part of another one, with all its days to come."""
    _decide("merge", key, by=by, reason=reason, later=later, as_json=as_json, target=into)


@app.command()
def split(
    key: Key,
    *,
    url: Annotated[
        list[str], typer.Option(help="Post to split off, by address or hash; repeated.", show_default=False)
    ],
    title: Annotated[str | None, typer.Option(help="What is split off is called so.")] = None,
    by: By = None,
    reason: Reason = None,
    later: Later = False,
    as_json: AsJson = False,
) -> None:
    """Make some posts of an issue an issue of their own."""
    _decide("split", key, by=by, reason=reason, later=later, as_json=as_json, title=title, urls=url)


@app.command()
def mute(key: Key, *, by: By = None, reason: Reason = None, later: Later = False, as_json: AsJson = False) -> None:
    """Take an issue out of sight: it is no longer published, and its record disappears."""
    _decide("mute", key, by=by, reason=reason, later=later, as_json=as_json)


@app.command()
def unmute(key: Key, *, by: By = None, reason: Reason = None, later: Later = False, as_json: AsJson = False) -> None:
    """Take a mute back."""
    _decide("unmute", key, by=by, reason=reason, later=later, as_json=as_json)


@app.command()
def history(
    key: Annotated[str | None, typer.Argument(help="Only this issue.", show_default=False)] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what people decided: who, when, what, why."""
    import polars as pl

    log = _fetched("edits/log")
    if key:
        full = _full(key)
        log = log.filter((pl.col("issue_key") == full) | (pl.col("target_key") == full))
    if as_json:
        print_json({"edits": log.to_dicts()})
        return
    short = [pl.col(name).str.slice(0, SHOWN_KEY) for name in ("issue_key", "target_key")]
    when = pl.col("edited_at").dt.strftime("%Y-%m-%d %H:%M")
    _print("Decisions", log.with_columns(*short, when, posts=pl.col("url_hashes").list.len()).drop("url_hashes"))


@app.command()
def verify(*, as_json: AsJson = False) -> None:
    """Compare PocketBase with gold, record by record, and put right what somebody changed or deleted there.

    Gold wins: a record that differs or is missing is sent again, one that gold does not know is removed.
    """
    from dataclasses import asdict

    from painpoint_platform.issues.days import publish_day

    settings = load_settings()
    with _pocketbase(settings).client() as client, err.status("comparing PocketBase with gold"):
        report = publish_day(
            _warehouse(settings), None, client=client, min_authors=settings.publish_min_authors, verify=True
        )
    if as_json:
        print_json(asdict(report) | {"writes": report.writes})
    else:
        sent = f"{report.created + report.updated} issues and {report.evidence_sent} posts sent again"
        gone = f"{report.deleted} issues, {report.evidence_deleted} posts and {report.foreign} unknown records removed"
        say(f"{report.unchanged} issues were as they should be; {sent}; {gone}" if report.writes else "nothing differs")
        for note in report.notes:
            say(note, style="red")
    if report.failed or report.outage:
        raise typer.Exit(FINDING)


def _decide(
    kind: "EditKind",
    key: str,
    *,
    by: str | None,
    reason: str | None,
    later: bool,
    as_json: bool,
    target: str | None = None,
    title: str | None = None,
    urls: list[str] | None = None,
) -> None:
    """Write one edit, and run the days again that it concerns."""
    from painpoint_platform.issues.identity.edit_log import append_edit, hashes_of
    from painpoint_platform.issues.identity.edits import IssueEdit, split_key

    full = _full(key)
    hashes = hashes_of(_fetched("edits/evidence", issue_key=full), urls or [])
    chosen = split_key(full, hashes) if kind == "split" else _full(target) if target else None
    settings = load_settings()
    edit, days = append_edit(
        _warehouse(settings),
        IssueEdit(kind, full, by or user_name(), chosen, title, url_hashes=hashes, reason=reason),
    )
    failures = [] if later else _run_again(days, settings)
    keys = [key for key in (full, chosen) if key]
    unpublished = [] if later else _fetched("edits/not_published", keys=keys)["last_error"].to_list()
    if as_json:
        print_json(
            {"edit_id": edit.edit_id, "kind": kind, "issue_key": full, "target_key": chosen, "days": days,
             "applied": not later and not failures, "failures": failures, "not_published": unpublished}
        )  # fmt: skip
    else:
        applied = (
            "the next run of the days applies it" if later or failures else f"applied to {counted(len(days), 'day')}"
        )
        named = f" → {chosen[:SHOWN_KEY]}" if chosen else ""
        say(f"noted as edit {edit.edit_id}: {kind} {full[:SHOWN_KEY]}{named}; {applied}")
        for problem in unpublished:
            say(f"PocketBase does not have it yet, the next run sends it: {problem}", style="red")
    if failures or unpublished:
        raise typer.Exit(FINDING)


def user_name() -> str:
    """Return the name of this machine's user; UserError where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        raise UserError("this machine does not know who you are; say it with --by") from None


def _run_again(days: list[date], settings: Settings) -> list[str]:
    """Label and publish the days anew from what is clustered already, then what analysts read; return what failed."""
    with err.status("loading the asset graph"):
        from painpoint_platform.partitions import consecutive, daily_partitions

    keys = [day.isoformat() for day in days]
    stretches = consecutive(keys, daily_partitions.get_partition_keys(), most=len(keys) or 1)
    with open_graph(settings) as graph:
        selected = graph.definitions.resolve_job_def("issues").asset_layer.executable_asset_keys
        gold = sorted(key for key in selected if key.path[0] == "gold")
        outcomes = [graph.run("issues", stretch[0], stretch[-1], assets=gold) for stretch in stretches]
        outcomes.append(graph.run("snapshot"))
    return [str(outcome.failure) for outcome in outcomes if not outcome.succeeded]


def _gone(key: str) -> str:
    """Say what became of an issue that no post has any more."""
    from painpoint_platform.issues.identity.edit_log import read_edits
    from painpoint_platform.issues.identity.edits import decided

    with reading(load_settings()) as connection:
        now = decided(read_edits(connection)).key_now(key)
    if now != key:
        return f"issue {key[:SHOWN_KEY]} was merged into {now}; `painpoint issue show {now[:SHOWN_KEY]}` shows that one"
    asked = f"`painpoint issue history {key[:SHOWN_KEY]}` says what was decided about it"
    return f"issue {key[:SHOWN_KEY]} has no posts any more; {asked}"


def _pocketbase(settings: Settings) -> "PocketBaseResource":
    from painpoint_platform.resources.pocketbase import PocketBaseResource
    from painpoint_platform.resources.secrets import in_hand

    return in_hand(PocketBaseResource.of(settings))


def _full(key: str) -> str:
    from painpoint_platform.issues.identity.edit_log import full_key

    with reading(load_settings()) as connection:
        return full_key(connection, key)


def _fetched(query: str, **values: Any) -> "pl.DataFrame":
    from painpoint_platform.warehouse.queries import fetch

    with reading(load_settings()) as connection:
        return fetch(connection, query, **values)


def _warehouse(settings: Settings) -> "Warehouse":
    from painpoint_platform.resources.warehouse import WarehouseResource

    return WarehouseResource.of(settings)


def _print(title: str, frame: "pl.DataFrame", right: Sequence[str] = ()) -> None:
    rows = [tuple("" if value is None else value for value in row) for row in frame.iter_rows()]
    out.print(table(title, frame.columns, rows, right=right))
