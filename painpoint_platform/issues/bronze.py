"""From a collection to the rows of the bronze tables.

Belongs here: keys, titles, language, and making every text storable.
Does not belong here: collecting (``collectors``), hashing authors (``authors``), writing (``days``), cleaning for the
encoder (``text.cleaning``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from painpoint_platform.issues.authors import author_hash
from painpoint_platform.issues.items import Collection, RawItem, RejectedItem
from painpoint_platform.issues.storable import storable
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.language import detect_languages
from painpoint_platform.text.urls import url_hash

NO_TITLE = "(no title)"
_TITLE_WORDS = 12
_TITLE_CHARACTERS = 120

_RAW_ITEMS = {
    "source": pl.String,
    "source_item_id": pl.String,
    "url_hash": pl.String,
    "url": pl.String,
    "collection_date": pl.Date,
    "title": pl.String,
    "body": pl.String,
    "created_at": pl.Datetime("us"),
    "comment_count": pl.Int32,
    "vote_count": pl.Int32,
    "author_hash": pl.String,
    "language": pl.String,
    "collected_at": pl.Datetime("us"),
}
_REJECTED_ITEMS = {
    "source": pl.String,
    "collection_date": pl.Date,
    "source_item_id": pl.String,
    "reason": pl.String,
    "payload": pl.String,
    "rejected_at": pl.Datetime("us"),
}
_COLLECTIONS = {
    "source": pl.String,
    "collection_date": pl.Date,
    "item_count": pl.Int32,
    "rejected_count": pl.Int32,
    "request_count": pl.Int32,
    "partial_reason": pl.String,
    "collected_at": pl.Datetime("us"),
}


@dataclass(frozen=True)
class BronzeFrames:
    """The rows of one partition, columns named as in the tables ``bronze.<field>``; times are naive UTC."""

    raw_items: pl.DataFrame
    rejected_items: pl.DataFrame
    collections: pl.DataFrame


def bronze_frames(
    collection: Collection, day: date, *, salt: str, collected_at: datetime, stored: pl.DataFrame | None = None
) -> BronzeFrames:
    """Turn a collection into rows.

    An item without a title, which clustering and readers need, is given the first words of its cleaned body, or
    ``(no title)`` where that is empty too: so it is neither lost nor nameless. An item whose URL has no key is set
    aside. Of several items with one key the first stays.

    Args:
        collection: of one source and day.
        day: the partition.
        salt: of ``author_hash``; see ``authors.load_author_salt``.
        collected_at: aware.
        stored: url_hash, title, body and language of the partition as it is; a text that is the same keeps its language
            without being looked at again.
    """
    kept, unkeyed = _keyed(collection.items)
    rejected = (*collection.rejected, *unkeyed)
    moment = _naive_utc(collected_at)
    set_aside = [
        (item.source, day, item.source_item_id, storable(item.reason), storable(item.payload), moment)
        for item in rejected
    ]
    counts = (len(kept), len(rejected), collection.request_count)
    return BronzeFrames(
        raw_items=_rows(_RAW_ITEMS, _item_rows(kept, day, salt, moment, _known_languages(stored))),
        rejected_items=_rows(_REJECTED_ITEMS, set_aside),
        collections=_rows(_COLLECTIONS, [(collection.source, day, *counts, collection.partial_reason, moment)]),
    )


def keep_first_seen(items: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return ``items`` with the earlier ``collected_at`` where an item comes again unchanged.

    So a repeated collection leaves the same rows, and the column says since when the platform knows this version.

    Args:
        items: rows of ``bronze.raw_items``.
        earlier: url_hash, title, body, comment_count, vote_count and collected_at of the stored partition.
    """
    version = ["url_hash", "title", "body", "comment_count", "vote_count"]
    return (
        items.join(
            earlier.select(*version, "collected_at"), on=version, how="left", suffix="_earlier", maintain_order="left"
        )
        .with_columns(collected_at=pl.coalesce("collected_at_earlier", "collected_at"))
        .drop("collected_at_earlier")
    )


def _keyed(items: Sequence[RawItem]) -> tuple[list[tuple[str, RawItem]], list[RejectedItem]]:
    kept: dict[str, RawItem] = {}
    unkeyed = []
    for item in items:
        try:
            kept.setdefault(url_hash(storable(item.url)), item)
        except ValueError as error:
            payload = storable(f"{item.title}\n\n{item.body}")
            unkeyed.append(RejectedItem(item.source, item.source_item_id, f"url {item.url!r}: {error}", payload))
    return list(kept.items()), unkeyed


def _known_languages(stored: pl.DataFrame | None) -> Mapping[tuple[str, str, str], str | None]:
    if stored is None:
        return {}
    rows = stored.select("url_hash", "title", "body", "language").iter_rows()
    return {(key, title, body): language for key, title, body, language in rows}


def _item_rows(
    kept: Sequence[tuple[str, RawItem]],
    day: date,
    salt: str,
    moment: datetime,
    known: Mapping[tuple[str, str, str], str | None],
) -> list[tuple[Any, ...]]:
    titles = [_title(item) for _, item in kept]
    bodies = [storable(item.body) for _, item in kept]
    texts = [(key, title, body) for (key, _), title, body in zip(kept, titles, bodies, strict=True)]
    sources = {key: item.source for key, item in kept}
    unknown = [text for text in texts if text not in known]
    found = detect_languages([f"{title}\n{clean_body(body, sources[key])}" for key, title, body in unknown])
    language_of = dict(known) | dict(zip(unknown, found, strict=True))
    languages = [language_of[text] for text in texts]
    return [
        (
            item.source,
            storable(item.source_item_id),
            key,
            storable(item.url),
            day,
            title,
            body,
            _naive_utc(item.created_at),
            item.comment_count,
            item.vote_count,
            author_hash(item.author, source=item.source, salt=salt),
            language,
            moment,
        )
        for (key, item), title, body, language in zip(kept, titles, bodies, languages, strict=True)
    ]


def _title(item: RawItem) -> str:
    title = " ".join(storable(item.title).split())
    if title:
        return title
    words = clean_body(storable(item.body), item.source).split(maxsplit=_TITLE_WORDS)[:_TITLE_WORDS]
    return " ".join(words)[:_TITLE_CHARACTERS] or NO_TITLE


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _rows(schema: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
