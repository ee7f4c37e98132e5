"""What people decided about issues, and what follows from it for a day's items. Pure: frames and rows in, frames out.

Belongs here: the kinds of edits, which of them are refused, and their replay. Does not belong here: the log's table
and the command line (``edit_log``, ``cli.issue``), which cluster is which issue (``lineage``).

Edits are replayed in the order in which they were made, over the keys that lineage gave:

- ``rename``: the issue's title is the person's; the last one counts;
- ``merge``: whatever lineage traces to the one issue is the other one from now on, also what comes tomorrow;
- ``split``: the named items are an issue of their own, and so is what lineage finds to be like them;
- ``mute``: the issue is neither published nor shown among the open ones; ``unmute`` takes it back.

An edit that names a key that no item has any more changes nothing and stays in the log: the key may come back when
older days are run again.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.issues.labelling.issue_label import LONGEST_TITLE

EditKind = Literal["rename", "merge", "split", "mute", "unmute"]


@dataclass(frozen=True, slots=True)
class IssueEdit:
    """One decision.

    Attributes:
        kind: what was done.
        issue_key: to which issue.
        edited_by: who made it.
        target_key: merge: into which; split: the key of what was split off.
        title: rename: the title; split: the title of what was split off, where one was given.
        url_hashes: split: the items.
        reason: why, in a person's words.
        edit_id: place in the log, counting up from 1; 0 as long as it is not in there.
        edited_at: UTC without a zone; None likewise.
    """

    kind: EditKind
    issue_key: str
    edited_by: str
    target_key: str | None = None
    title: str | None = None
    url_hashes: tuple[str, ...] = ()
    reason: str | None = None
    edit_id: int = 0
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the whole log comes to, beside the keys of items.

    Attributes:
        titles: by issue, what a person called it.
        titled_by: by issue, who that was.
        muted: issues that shall not be seen.
        merged: by issue that is no more, the one that it became part of.
    """

    titles: Mapping[str, str]
    titled_by: Mapping[str, str]
    muted: frozenset[str]
    merged: Mapping[str, str]

    def key_now(self, key: str) -> str:
        """Return the issue that a key leads to after all merges."""
        while key in self.merged:
            key = self.merged[key]
        return key


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A day's items after what people split off.

    Attributes:
        members: as before, but what was taken out of a cluster has a cluster_id of its own, above the day's.
        keys: by cluster_id of what was split off, its issue.
    """

    members: pl.DataFrame
    keys: Mapping[int, str]


def decided(edits: Iterable[IssueEdit]) -> Decided:
    """Replay a log for what concerns whole issues."""
    titles: dict[str, str] = {}
    titled_by: dict[str, str] = {}
    muted: set[str] = set()
    merged: dict[str, str] = {}
    for edit in edits:
        if edit.kind == "merge" and edit.target_key:
            merged[edit.issue_key] = edit.target_key
        elif edit.kind == "split" and edit.target_key:
            # What was split off, merged back and is split off again is an issue of its own: the last decision counts.
            merged.pop(edit.target_key, None)
        elif edit.kind == "mute":
            muted.add(edit.issue_key)
        elif edit.kind == "unmute":
            muted.discard(edit.issue_key)
        named = edit.target_key if edit.kind == "split" else edit.issue_key
        if edit.title and named:
            titles[named], titled_by[named] = edit.title, edit.edited_by
    return Decided(titles, titled_by, frozenset(muted), merged)


def split_off(members: pl.DataFrame, edits: Iterable[IssueEdit]) -> SplitOff:
    """Take out of a day's clusters what people split off.

    The named items are an issue of their own whatever cluster they are in, and also where clustering has come to see
    noise in them; the last split that names an item counts. A cluster of which everything was split off to one issue
    keeps its number.

    Args:
        members: cluster_id and url_hash, a row an item of a cluster; cluster_id -1 for noise that a split names.
        edits: the log, in its order.
    """
    targets = {url: edit.target_key for edit in edits if edit.kind == "split" for url in edit.url_hashes}
    parts = members.with_columns(part=pl.col("url_hash").replace_strict(targets, default=None, return_dtype=pl.String))
    whole = (
        parts.group_by("cluster_id")
        .agg(pl.col("part").n_unique().alias("parts"), pl.col("part").first())
        .filter((pl.col("parts") == 1) & pl.col("part").is_not_null() & (pl.col("cluster_id") >= 0))
    )
    carved = parts.join(whole, on="cluster_id", how="anti").filter(pl.col("part").is_not_null())
    first_free = 1 + max((-1, *members["cluster_id"].unique()))
    numbers = {part: first_free + number for number, part in enumerate(carved["part"].unique().sort())}
    renumbered = parts.with_columns(
        cluster_id=pl.when(pl.col("url_hash").is_in(carved["url_hash"].implode()))
        .then(pl.col("part").replace_strict(numbers, default=None, return_dtype=pl.Int32))
        .otherwise("cluster_id")
        .cast(members.schema["cluster_id"])
    )
    keys = {number: part for part, number in numbers.items()} | dict(whole.select("cluster_id", "part").iter_rows())
    return SplitOff(renumbered.drop("part"), keys)


def split_key(issue_key: str, url_hashes: Sequence[str]) -> str:
    """Return the key of what is split off: the same items of the same issue always have the same one."""
    return hashlib.sha256("\0".join((issue_key, *sorted(url_hashes))).encode()).hexdigest()


def require_possible(edit: IssueEdit, log: Sequence[IssueEdit], known: Mapping[str, Sequence[str]]) -> None:
    """Refuse an edit that makes no sense beside what is known and what was decided before.

    Args:
        edit: to be made.
        log: what was decided.
        known: by issue that is there now, its items' url_hash.

    Raises:
        UserError: says what is wrong and what to do.
    """
    before = decided(log)
    for key in filter(None, (edit.issue_key, edit.target_key if edit.kind == "merge" else None)):
        if key in before.merged:
            raise UserError(f"issue {key} was merged into {before.key_now(key)}; name that one")
        if key not in known:
            raise UserError(f"there is no issue {key}; `painpoint issue list` shows those there are")
    if edit.kind == "merge" and edit.issue_key == edit.target_key:
        raise UserError(f"issue {edit.issue_key} cannot be merged into itself; name two issues")
    if edit.kind == "rename" and not (edit.title or "").strip():
        raise UserError("the new title is empty; give a title")
    if len(edit.title or "") > LONGEST_TITLE:
        raise UserError(f"the title has {len(edit.title or '')} characters; give one of at most {LONGEST_TITLE}")
    if edit.kind == "mute" and edit.issue_key in before.muted:
        raise UserError(f"issue {edit.issue_key} is muted already")
    if edit.kind == "unmute" and edit.issue_key not in before.muted:
        raise UserError(f"issue {edit.issue_key} is not muted")
    if edit.kind == "split":
        _require_parts(edit, known[edit.issue_key])


def _require_parts(edit: IssueEdit, items: Sequence[str]) -> None:
    foreign = sorted(set(edit.url_hashes) - set(items))
    if not edit.url_hashes:
        raise UserError("nothing to split off; name posts of the issue with --url")
    if foreign:
        raise UserError(
            f"{len(foreign)} of the posts are not evidence of issue {edit.issue_key}; "
            f"`painpoint issue show {edit.issue_key}` lists its posts"
        )
    if not set(items) - set(edit.url_hashes):
        raise UserError(f"these are all posts of issue {edit.issue_key}; rename it instead")
