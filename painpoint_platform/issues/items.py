"""What a collector hands over: items, rejected records and the verdict on completeness.

Belongs here: the types shared by collectors, the sample servers' tests and the bronze asset.
Does not belong here: which sources there are (``sources``), how an API is called (``collectors``), how text is
cleaned (``text.cleaning``).
"""

from dataclasses import dataclass, field
from datetime import datetime

# The name of a source, one of those in ``issues.sources``.
Source = str


@dataclass(frozen=True, slots=True)
class RawItem:
    """One post as a source returned it, before anything is derived from it.

    ``author`` is the source's user name; it lives in memory only and is stored as a salted hash. ``created_at`` is
    aware and in UTC. ``body`` is what the source sent (Markdown or HTML), unclean.
    """

    source: Source
    source_item_id: str
    url: str
    title: str
    body: str
    author: str | None
    created_at: datetime
    comment_count: int
    vote_count: int


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """A record that does not have the shape its API documents; set aside, so that the rest of the day goes on."""

    source: Source
    source_item_id: str | None
    reason: str
    payload: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Everything one source gave for one day.

    ``partial_reason`` is None when the source was read to the end of the window, else why it could not be.
    """

    source: Source
    items: tuple[RawItem, ...]
    rejected: tuple[RejectedItem, ...] = ()
    partial_reason: str | None = None
    request_count: int = 0
    notes: tuple[str, ...] = field(default=())
