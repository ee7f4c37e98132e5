"""What is to be forgotten: the items, every text of theirs, and where they were published.

Belongs here: finding it in the warehouse, and keeping it until the takedown has ended. Does not belong here: removing
it.

The texts have to outlive their removal, because the proof looks for them, also after a takedown that was killed half-
way. So they are kept in a file of their own (the journal), written before anything is removed and deleted when nothing
of them was found anywhere any more.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.issues.tombstones import pages_named
from painpoint_platform.takedown.wording import own_wordings
from painpoint_platform.text.urls import normalize_url, url_hash
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


EntryT = TypeVar("EntryT")


@dataclass(frozen=True)
class Target:
    """What is to be forgotten.

    Attributes:
        url: as it was given.
        url_hash: of its canonical form.
        source: where it was collected from; None where it never was.
        author_hash: whose items are all to go; None for one item.
        url_hashes: the items, ``url_hash`` among them.
        days: partitions that have one of them.
        texts: addresses, titles, bodies and snippets of the items.
        labels: (title, description) of labels that say what only these items said.
        labelled_days: partitions that have one of the labels.
        errors: reasons of failed model calls that quote them.
        published: (issue_key, url_hash, record id) of published evidence.
    """

    url: str
    url_hash: str
    source: str | None = None
    author_hash: str | None = None
    url_hashes: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    texts: tuple[str, ...] = ()
    labels: tuple[tuple[str, str | None], ...] = ()
    labelled_days: tuple[date, ...] = ()
    errors: tuple[str, ...] = ()
    published: tuple[tuple[str, str, str], ...] = ()

    @property
    def was_collected(self) -> bool:
        """Whether the platform ever held something of it, as far as is still known."""
        return bool(self.days or self.published)

    @property
    def stale_days(self) -> tuple[date, ...]:
        """Days that are to be run again."""
        return tuple(sorted({*self.days, *self.labelled_days}))

    @property
    def partitions(self) -> frozenset[str]:
        """Keys of the partitions that have something of it, as Dagster writes them."""
        return frozenset({*map(str, self.stale_days), *(f"{day}|{self.source}" for day in self.days)})

    @property
    def prose(self) -> tuple[str, ...]:
        """What the items say, without their addresses."""
        return tuple(text for text in self.texts if not text.startswith(("http://", "https://")))

    @property
    def wordings(self) -> tuple[str, ...]:
        """Everything that the proof looks for: the items' own texts and those of labels made from them."""
        labels = (text for label in self.labels for text in label if text)
        return tuple(dict.fromkeys((*self.texts, *labels)))

    def joined_with(self, other: "Target | None") -> "Target":
        """Add what an earlier, unfinished takedown of the same target knew."""
        if other is None:
            return self
        return Target(
            url=self.url,
            url_hash=self.url_hash,
            source=self.source or other.source,
            author_hash=self.author_hash or other.author_hash,
            url_hashes=_union(self.url_hashes, other.url_hashes),
            days=_union(self.days, other.days),
            texts=_union(self.texts, other.texts),
            labels=_union(self.labels, other.labels),
            labelled_days=_union(self.labelled_days, other.labelled_days),
            errors=_union(self.errors, other.errors),
            published=_union(self.published, other.published),
        )


@dataclass(frozen=True)
class Journal:
    """The file that a target is kept in while its takedown is under way; readable by its owner only."""

    path: Path

    @classmethod
    def of(cls, folder: Path, page: str) -> Self:
        """Return the journal of the page with this ``url_hash``."""
        return cls(folder / f"{page}.json")

    def read(self) -> Target | None:
        """Return what an unfinished takedown left, or None."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Target(**{name: _from_json(name, value) for name, value in kept.items()})

    def write(self, target: Target) -> None:
        """Keep the target, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(self.path) as file:
            Path(file.name).chmod(0o600)
            file.write(json.dumps(asdict(target), default=str).encode())

    def remove(self) -> None:
        """Delete the file, and the folder with the last one."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):  # another takedown is under way, or there never was a folder
            self.path.parent.rmdir()


def page_hash(url: str) -> str:
    """Return the ``url_hash`` of a URL that a person gave.

    Raises:
        UserError: it is no URL.
    """
    try:
        return url_hash(url)
    except ValueError as error:
        raise UserError(f"{url}: {error}; give the address of the post, as https://…") from None


def find_target(connection: "DuckDBPyConnection", url: str, *, author: bool, earlier: Target | None = None) -> Target:
    """Find everything that is to be forgotten.

    Args:
        connection: the warehouse, open for reading.
        url: address of the post.
        author: all items of its author instead of the one.
        earlier: from the journal of a takedown that did not end.

    Raises:
        UserError: the URL is none, or no author of the post is known.
    """
    page = page_hash(url)
    who = _author(connection, url, page, earlier) if author else None
    pages = sorted({page, *_pages_of(connection, who)})
    rows = fetch(connection, "takedown/texts_of_items", url_hashes=pages)
    aside = set_aside(connection, pages)
    found = Target(
        url=url,
        url_hash=page,
        source=next(iter([*rows["source"].drop_nulls().to_list(), *(row["source"] for row in aside)]), None),
        author_hash=who,
        url_hashes=tuple(pages),
        days=tuple(sorted({*rows["day"].to_list(), *(row["collection_date"] for row in aside)})),
        texts=_texts(url, [*rows["texts"].to_list(), *(_strings(row["payload"]) for row in aside)]),
        published=tuple(fetch(connection, "takedown/published", url_hashes=pages).iter_rows()),
    ).joined_with(earlier)
    return replace(found, **_derived(connection, found)).joined_with(earlier)


def set_aside(connection: "DuckDBPyConnection", pages: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of ``bronze.rejected_items`` that name one of the pages."""
    wanted = set(pages)
    rows = fetch(connection, "takedown/rejected_items").iter_rows(named=True)
    return [row for row in rows if not wanted.isdisjoint(pages_named(row["payload"]))]


def _author(connection: "DuckDBPyConnection", url: str, page: str, earlier: Target | None) -> str:
    if earlier and earlier.author_hash:
        return earlier.author_hash
    known = fetch(connection, "takedown/author_of", url_hash=page)
    if known.is_empty():
        raise UserError(
            f"--author: nobody is known to have written {url}: it was never collected, is forgotten already, or its "
            "account was gone when it was collected. Give another post of the author, or leave --author out"
        )
    return str(known["author_hash"][0])


def _pages_of(connection: "DuckDBPyConnection", author_hash: str | None) -> list[str]:
    if author_hash is None:
        return []
    return fetch(connection, "takedown/items_of_author", author_hash=author_hash)["url_hash"].to_list()


def _derived(connection: "DuckDBPyConnection", target: Target) -> dict[str, Any]:
    """Labels and errors that say what only the items said."""
    labels = fetch(connection, "takedown/labels")
    errors = fetch(connection, "takedown/call_errors")
    sentences = [*labels["wording"].to_list(), *errors["error"].to_list()]
    own = pl.Series(own_wordings(connection, target.prose, target.url_hashes, sentences), dtype=pl.Boolean)
    theirs = labels.filter(own[: labels.height])
    return {
        "labels": tuple(theirs.select("canonical_title", "description").iter_rows()),
        "labelled_days": tuple(theirs["days"].explode().unique().sort().to_list()),
        "errors": tuple(errors.filter(own[labels.height :])["error"]),
    }


def _union(these: tuple[EntryT, ...], others: tuple[EntryT, ...]) -> tuple[EntryT, ...]:
    return tuple(dict.fromkeys((*these, *others)))


def _texts(url: str, groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    texts = (text for group in groups for text in group if text)
    return tuple(dict.fromkeys((url, normalize_url(url), *texts)))


def _strings(payload: str) -> list[str]:
    """The texts in a record that was set aside."""
    fields = json.loads(payload)
    return [value for value in fields.values() if isinstance(value, str)]


def _from_json(name: str, value: Any) -> Any:
    if name in ("days", "labelled_days"):
        return tuple(date.fromisoformat(day) for day in value)
    if isinstance(value, list):
        return tuple(tuple(entry) if isinstance(entry, list) else entry for entry in value)
    return value
