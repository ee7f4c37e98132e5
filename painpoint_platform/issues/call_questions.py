"""Analysts' questions in earnings calls as a source: read from ``gold.qa_groups``, not from an API.

Belongs here: a day of that table as a collection, and which days were read too early for a call. Does not belong here:
which blocks of a call are an exchange and when the call took place (the domain of transcripts), collecting from APIs
(``collectors``).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from painpoint_platform.issues.items import Collection, RawItem
from painpoint_platform.issues.sources import EARNINGS_CALLS
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.queries import fetch


def collect_call_questions(warehouse: Warehouse, day: date) -> Collection:
    """Return what was asked in the calls of ``day``: one item an exchange, written by its analyst.

    The table is the whole truth about a day, so the collection is always complete, also when there was no call. A call
    whose day is not known belongs to none. Items are dated midnight UTC: a call's name says no time of day.
    """
    with warehouse.read() as connection:
        exchanges = fetch(connection, "issues/call_questions_of_day", day=day)
    midnight = datetime.combine(day, time.min, UTC)
    return Collection(
        source=EARNINGS_CALLS,
        items=tuple(
            RawItem(source=EARNINGS_CALLS, created_at=midnight, **exchange)
            for exchange in exchanges.iter_rows(named=True)
        ),
    )


def days_read_before(warehouse: Warehouse, paired_at: Mapping[str, datetime]) -> list[date]:
    """Return the days that were read before a call of theirs was paired: what was asked is missing there.

    A day is read when it is collected from calls, or clustered without that.

    Args:
        warehouse: where calls and collections are.
        paired_at: transcript -> when its exchanges were written last, with a time zone.
    """
    moments = [moment.astimezone(UTC).replace(tzinfo=None) for moment in paired_at.values()]
    with warehouse.read() as connection:
        found = fetch(connection, "issues/days_of_calls", transcripts=list(paired_at), paired_at=moments)
    days: list[date] = found["call_date"].to_list()
    return days
