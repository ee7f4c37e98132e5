"""The log of what people decided about issues: reading it, adding to it, and which days it makes stale.

Belongs here: ``ops.issue_edits`` and looking issues up for it. Does not belong here: what an edit means (``edits``),
running days again (``cli.issue``).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime

import duckdb
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.issues.identity.edits import IssueEdit, require_possible
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.queries import fetch, query_text

# A key is 64 characters long; a person types its beginning, as with commits.
SHORTEST_KEY = 4


def read_edits(connection: duckdb.DuckDBPyConnection) -> list[IssueEdit]:
    """Return the log in the order of replay."""
    rows = fetch(connection, "edits/log").iter_rows(named=True)
    return [IssueEdit(**(row | {"url_hashes": tuple(row["url_hashes"] or ())})) for row in rows]


def append_edit(warehouse: Warehouse, edit: IssueEdit, *, now: datetime | None = None) -> tuple[IssueEdit, list[date]]:
    """Add an edit to the log, if it makes sense beside what is there; in one transaction.

    Args:
        warehouse: where the log is.
        edit: ``edit_id`` and ``edited_at`` are given here; title and reason are put on one line.
        now: default the clock.

    Returns:
        The edit as it was written, and the days of the issues that it concerns.

    Raises:
        UserError: the edit is refused; says why and what to do.
    """
    edit = replace(edit, title=_one_line(edit.title), reason=_one_line(edit.reason))
    keys = [key for key in (edit.issue_key, edit.target_key) if key]
    with warehouse.write() as connection:
        log = read_edits(connection)
        items = fetch(connection, "edits/items_of_issues", keys=keys)
        require_possible(edit, log, dict(items.iter_rows()))
        moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
        written = replace(edit, edit_id=max((one.edit_id for one in log), default=0) + 1, edited_at=moment)
        values = asdict(written) | {"url_hashes": list(written.url_hashes) or None}
        values.pop("edit_id")
        connection.execute(query_text("edits/append"), values)
        days = fetch(connection, "edits/days_of_issues", keys=keys)["cluster_date"].to_list()
    return written, days


def _one_line(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


def full_key(connection: duckdb.DuckDBPyConnection, beginning: str) -> str:
    """Return the one key that begins so.

    Raises:
        UserError: no key does, or several do, or the beginning is too short to mean one.
    """
    if len(beginning) < SHORTEST_KEY:
        raise UserError(f"{beginning!r}: give at least {SHORTEST_KEY} characters of the issue's key")
    found = fetch(connection, "edits/keys_like", beginning=beginning)["issue_key"].to_list()
    if not found:
        raise UserError(f"there is no issue {beginning}; `painpoint issue list` shows those there are")
    if len(found) > 1 and beginning not in found:
        shown = ", ".join(key[: len(beginning) + 4] for key in found[:5])
        raise UserError(f"{len(found)} issues begin with {beginning}: {shown}; give more characters")
    return beginning if beginning in found else str(found[0])


def hashes_of(evidence: pl.DataFrame, urls: Sequence[str]) -> tuple[str, ...]:
    """Return the url_hash of posts that a person named by address or by the beginning of their hash.

    Raises:
        UserError: something is no address, names no post of the evidence, or several.
    """
    known = evidence["url_hash"].unique().to_list()
    named = {url: [one for one in known if one.startswith(_beginning(url))] for url in urls}
    unknown = [url for url, found in named.items() if not found]
    if unknown:
        raise UserError(f"not among the issue's posts: {', '.join(unknown)}; `painpoint issue show` lists them")
    for url, found in named.items():
        if len(found) > 1:
            raise UserError(f"{len(found)} posts of the issue begin with {url}; give more characters of the hash")
    return tuple(sorted({found[0] for found in named.values()}))


def _beginning(post: str) -> str:
    """Return how the hash of a named post begins, or all of it."""
    from painpoint_platform.text.urls import url_hash

    if "://" not in post:
        if len(post) < SHORTEST_KEY:
            raise UserError(f"{post!r}: give a post's address, or at least {SHORTEST_KEY} characters of its hash")
        return post
    try:
        return url_hash(post)
    except ValueError as error:
        raise UserError(f"{error}; give the address of the post, as https://…") from None
