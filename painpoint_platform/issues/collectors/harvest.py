"""What a collector gathers while it pages: kept, set aside, counted.

Belongs here: validating a record, the window, minimum votes, repeated records, the cap of a run, the verdict.
Does not belong here: fetching (``http``), paging (the collectors, ``windows``).
"""

import json
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from painpoint_platform.issues.collectors.http import explain
from painpoint_platform.issues.collectors.protocol import DayWindow, Progress, utc
from painpoint_platform.issues.items import Collection, RawItem, RejectedItem, Source
from painpoint_platform.issues.storable import storable

Text = Annotated[str, BeforeValidator(lambda value: storable(value) if isinstance(value, str) else value)]
# The warehouse holds counts as 32-bit integers; epochs end with the year 2099: beyond both a record is malformed.
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Score = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Epoch = Annotated[float, Field(ge=0, lt=4_102_444_800)]


class WithdrawnError(ValueError):
    """A well-formed record whose text was deleted or removed at the source."""


class WireRecord(BaseModel):
    """One record as an API documents it, as far as the platform reads it. Fields that an API adds are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    author_fields: ClassVar[frozenset[str]] = frozenset()
    id_field: ClassVar[str] = "id"

    @abstractmethod
    def to_item(self) -> RawItem:
        """Return the item.

        Raises:
            WithdrawnError: its text is no longer there.
        """

    @classmethod
    def identity(cls, record: Any) -> str:
        """Return what tells a record from the others of its API, also where it is malformed."""
        found = record.get(cls.id_field) if isinstance(record, dict) else None
        return str(found) if found is not None else cls.without_author(record)

    @classmethod
    def without_author(cls, record: Any) -> str:
        """Return the fields of ``record`` that the platform reads, as JSON, without the author: no name is stored."""
        if isinstance(record, dict):
            names = {field.alias or name for name, field in cls.model_fields.items()} - cls.author_fields
            record = {name: record[name] for name in sorted(names & record.keys())}
        return storable(json.dumps(record, ensure_ascii=False, default=str))


class Harvest:
    """The growing collection of one source and day.

    Args:
        source: whose items these are.
        window: items created outside are left to their own day.
        minimum_votes: items with fewer are left out.
        keywords: if any, an item must contain one of them in title or body, whatever the case.
        max_items: after so many the harvest is full, and the collection partial.
        progress: called with the number of items after every page.
    """

    def __init__(
        self,
        source: Source,
        window: DayWindow,
        *,
        minimum_votes: int | None = None,
        keywords: Sequence[str] = (),
        max_items: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.window = window
        self._source = source
        self._minimum_votes = minimum_votes
        self._keywords = tuple(word.casefold() for word in keywords)
        self._max_items = max_items
        self._progress = progress
        self._items: dict[str, RawItem] = {}
        self._rejected: dict[tuple[str | None, str], RejectedItem] = {}
        self._partial_reasons: dict[str, None] = {}
        self._notes: dict[str, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether the cap of the run is reached; a collector then stops asking."""
        return self._max_items is not None and len(self._items) >= self._max_items

    def take(self, records: Iterable[Any], model: type[WireRecord]) -> list[RawItem]:
        """Read one page; return all its well-formed items, also those that are not kept."""
        seen = []
        for record in records:
            item = self._read(record, model)
            if item is not None:
                seen.append(item)
                self._keep(item)
        if self._progress:
            self._progress(len(self._items))
        return seen

    def _read(self, record: Any, model: type[WireRecord]) -> RawItem | None:
        try:
            return model.model_validate(record).to_item()
        except ValidationError as error:
            self._set_aside(record, model, explain(error), model.without_author(record))
        except WithdrawnError as error:
            # Of what was withdrawn nothing is kept but that it was there.
            self._set_aside(record, model, str(error), "{}")
        return None

    def _set_aside(self, record: Any, model: type[WireRecord], reason: str, payload: str) -> None:
        found = record.get(model.id_field) if isinstance(record, dict) else None
        item_id = storable(str(found)) if found is not None else None
        rejected = RejectedItem(self._source, item_id, storable(reason), payload)
        self._rejected.setdefault((item_id, payload), rejected)

    def _keep(self, item: RawItem) -> None:
        if item.created_at not in self.window or self.is_full:
            return
        if self._minimum_votes is not None and item.vote_count < self._minimum_votes:
            return
        if self._keywords:
            text = f"{item.title}\n{item.body}".casefold()
            if not any(word in text for word in self._keywords):
                return
        self._items.setdefault(item.source_item_id, item)

    def partial(self, reason: str) -> None:
        """Record why the source could not be read to the end."""
        self._partial_reasons.setdefault(reason)

    def note(self, text: str) -> None:
        """Record something that a person may want to know; the collection is complete all the same."""
        self._notes.setdefault(text)

    def finish(self, *, request_count: int, now: float) -> Collection:
        """Return the collection; it is partial if a reason was recorded, the cap was hit or the day is not over."""
        if self.is_full:
            self.partial(f"stopped at max_items={self._max_items}; raise it in sources.yaml to read on")
        if utc(now) < self.window.end:
            self.partial(f"the day was not over when it was collected, at {utc(now):%Y-%m-%d %H:%M} UTC")
        return Collection(
            source=self._source,
            items=tuple(self._items.values()),
            rejected=tuple(self._rejected.values()),
            partial_reason="; ".join(self._partial_reasons) or None,
            request_count=request_count,
            notes=tuple(self._notes),
        )
