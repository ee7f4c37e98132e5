"""What is to be forgotten: the items, every text of theirs, and where they were published.

Belongs here: finding it in the warehouse, and keeping it until the takedown has ended. Does not belong here: removing
it.

The texts have to outlive their removal, because the proof looks for them, also after a takedown that was killed
half-way. So they are kept in a file of their own (the journal), written before anything is removed and deleted when
nothing of them was found anywhere any more.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
        items: (url_hash, source) of each post; the source is None where it was never collected.
        authors: (author_hash, source) of those whose posts are all to go.
        days: partitions that have one of the items.
        texts: addresses, titles, bodies and snippets of the items.
        labels: (title, description) of labels that say what only these items said.
        labelled_days: partitions that have one of the labels.
        errors: reasons of failed model calls that quote them.
        published: (issue_key, url_hash, record id) of published evidence.
    """

    items: tuple[tuple[str, str | None], ...] = ()
    authors: tuple[tuple[str, str], ...] = ()
    days: tuple[date, ...] = ()
    texts: tuple[str, ...] = ()
    labels: tuple[tuple[str, str | None], ...] = ()
    labelled_days: tuple[date, ...] = ()
    errors: tuple[str, ...] = ()
    published: tuple[tuple[str, str, str], ...] = ()

    @property
    def url_hashes(self) -> list[str]:
        """Keys of the posts."""
        return [page for page, _ in self.items]

    @property
    def stale_days(self) -> tuple[date, ...]:
        """Days that are to be run again."""
        return tuple(sorted({*self.days, *self.labelled_days}))

    @property
    def partitions(self) -> frozenset[str]:
        """Keys of the partitions that have something of it, as Dagster writes them."""
        collected = {f"{day}|{source}" for day in self.days for _, source in self.items}
        return frozenset({*map(str, self.stale_days), *collected})

    @property
    def prose(self) -> tuple[str, ...]:
        """What the items say, without their addresses."""
        return tuple(text for text in self.texts if not text.startswith(("http://", "https://")))

    @property
    def wordings(self) -> tuple[str, ...]:
        """Everything that the proof looks for: the items' own texts and those of labels made from them."""
        labels = (text for label in self.labels for text in label if text)
        return tuple(dict.fromkeys((*self.texts, *labels)))

    def joined_with(self, other: "Target") -> "Target":
        """Return both as one."""
        sources = dict(other.items) | {page: source for page, source in self.items if source}
        return Target(
            items=tuple((page, sources.get(page)) for page in _union(self.url_hashes, other.url_hashes)),
            authors=_union(self.authors, other.authors),
            days=_union(self.days, other.days),
            texts=_union(self.texts, other.texts),
            labels=_union(self.labels, other.labels),
            labelled_days=_union(self.labelled_days, other.labelled_days),
            errors=_union(self.errors, other.errors),
            published=_union(self.published, other.published),
        )


@dataclass(frozen=True)
class Journal:
    """The file in which the targets of takedowns are kept that are under way; readable by its owner only.

    There is one, so that a takedown always finishes those before it, and one takedown at a time.
    """

    path: Path

    def read(self) -> Target:
        """Return what unfinished takedowns left; an empty target where there are none.

        Raises:
            UserError: somebody changed the file; what it held cannot be proven gone any more.
        """
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            fields = {name: tuple(_from_json(name, entry) for entry in entries) for name, entries in kept.items()}
            return Target(**fields)
        except FileNotFoundError:
            return Target()
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(
                f"{self.path}: not the journal of a takedown any more ({error}); it says what an unfinished takedown "
                "was about. Restore it, or delete it and forget those posts again"
            ) from None

    def write(self, target: Target) -> None:
        """Keep the target, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as file:
            Path(file.name).chmod(0o600)
            file.write(json.dumps(asdict(target), default=str).encode())

    def remove(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)


def page_hash(url: str) -> str:
    """Return the ``url_hash`` of a URL that a person gave.

    Raises:
        UserError: it is no URL.
    """
    try:
        return url_hash(url)
    except ValueError as error:
        raise UserError(f"{url}: {error}; give the address of the post, as https://…") from None


def find_target(
    connection: "DuckDBPyConnection", urls: Sequence[str], *, author: bool = False, unfinished: Target | None = None
) -> Target:
    """Find everything that is to be forgotten.

    Args:
        connection: the warehouse, open for reading.
        urls: addresses of posts.
        author: everything of their authors instead of the posts alone.
        unfinished: what takedowns before this one left; their texts may be in no table any more.

    Raises:
        UserError: a URL is none, or no author of a post is known.
    """
    unfinished = unfinished or Target()
    pages = {page_hash(url): url for url in urls}
    authors = [_author(connection, page, url) for page, url in pages.items()] if author else []
    wanted = sorted(
        {*pages, *unfinished.url_hashes, *(page for who, _ in authors for page in _pages_of(connection, who))}
    )
    rows = fetch(connection, "takedown/texts_of_items", url_hashes=wanted)
    aside = set_aside(connection, wanted)
    sources = dict(rows.drop_nulls("source").select("url_hash", "source").iter_rows())
    sources |= {page: row["source"] for row in aside for page in pages_named(row["payload"])}
    found = Target(
        items=tuple((page, sources.get(page)) for page in wanted),
        authors=tuple(authors),
        days=tuple(sorted({*rows["day"].to_list(), *(row["collection_date"] for row in aside)})),
        texts=_texts(urls, [*rows["texts"].to_list(), *(_strings(row["payload"]) for row in aside)]),
        published=tuple(fetch(connection, "takedown/published", url_hashes=wanted).iter_rows()),
    ).joined_with(unfinished)
    return replace(found, **_derived(connection, found)).joined_with(unfinished)


def set_aside(connection: "DuckDBPyConnection", pages: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of ``bronze.rejected_items`` that name one of the pages."""
    wanted = set(pages)
    rows = fetch(connection, "takedown/rejected_items").iter_rows(named=True)
    return [row for row in rows if not wanted.isdisjoint(pages_named(row["payload"]))]


def _author(connection: "DuckDBPyConnection", page: str, url: str) -> tuple[str, str]:
    known = fetch(connection, "takedown/author_of", url_hash=page)
    if known.is_empty():
        raise UserError(
            f"--author: nobody is known to have written {url}: it was never collected, is forgotten already, or its "
            "account was gone when it was collected. Give another post of the author, or leave --author out"
        )
    return str(known["author_hash"][0]), str(known["source"][0])


def _pages_of(connection: "DuckDBPyConnection", author_hash: str) -> list[str]:
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


def _union(these: Sequence[EntryT], others: Sequence[EntryT]) -> tuple[EntryT, ...]:
    return tuple(dict.fromkeys((*these, *others)))


def _texts(urls: Iterable[str], groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    addresses = (form for url in urls for form in (url, normalize_url(url)))
    return tuple(dict.fromkeys((*addresses, *(text for group in groups for text in group if text))))


def _strings(payload: str) -> list[str]:
    """The texts in a record that was set aside."""
    fields = json.loads(payload)
    return [value for value in fields.values() if isinstance(value, str)]


def _from_json(name: str, entry: Any) -> Any:
    if name in ("days", "labelled_days"):
        return date.fromisoformat(entry)
    return tuple(entry) if isinstance(entry, list) else entry
