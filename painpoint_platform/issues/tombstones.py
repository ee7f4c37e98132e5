"""What was taken down stays away: a collection without the items and authors that tombstones name.

Belongs here: telling which collected rows a tombstone means. Does not belong here: taking something down
(``painpoint_platform.takedown``).
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from painpoint_platform.issues.bronze import BronzeFrames
from painpoint_platform.text.urls import url_hash

# Fields by which a set-aside record names its page without an address: a path at Reddit, a number at Hacker News.
_PATH_SITE = "https://www.reddit.com"
_NUMBER_FIELD, _NUMBER_SITE = "objectID", "https://news.ycombinator.com/item?id="


def without_forgotten(frames: BronzeFrames, tombstones: pl.DataFrame) -> BronzeFrames:
    """Return the rows of a partition that no tombstone means; the counts of the collection follow.

    To be called inside the transaction that writes the partition: a takedown that was made while the source was read
    then counts as well.

    Args:
        frames: as ``bronze_frames`` makes them.
        tombstones: the rows of ``queries/takedown/tombstones.sql``.
    """
    if tombstones.is_empty():
        return frames
    items = frames.raw_items.join(tombstones, on="url_hash", how="anti", maintain_order="left")
    items = items.join(tombstones, on="author_hash", how="anti", maintain_order="left")
    forgotten = set(tombstones["url_hash"].drop_nulls())
    payloads = frames.rejected_items["payload"]
    kept = [forgotten.isdisjoint(pages_named(payload)) for payload in payloads]
    rejected = frames.rejected_items.filter(pl.Series(kept, dtype=pl.Boolean))
    counts = {"item_count": items.height, "rejected_count": rejected.height}
    collections = frames.collections.with_columns(pl.lit(count, pl.Int32).alias(name) for name, count in counts.items())
    return replace(frames, raw_items=items, rejected_items=rejected, collections=collections)


def pages_named(payload: str) -> Iterator[str]:
    """Yield the ``url_hash`` of every page that the fields of a set-aside record name."""
    try:
        record = json.loads(payload)
    except ValueError:
        return  # the text of an item without an address
    for name, value in record.items() if isinstance(record, dict) else ():
        for address in _addresses(name, value):
            try:
                yield url_hash(address)
            except ValueError:
                continue  # looks like an address and is none


def _addresses(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        yield value
    elif isinstance(value, str) and value.startswith("/"):
        yield _PATH_SITE + value
    elif name == _NUMBER_FIELD:
        yield f"{_NUMBER_SITE}{value}"
