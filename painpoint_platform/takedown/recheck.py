"""Asking sources whether published evidence is still there, on a budget, and taking down what is not.

Belongs here: which evidence is asked about next, and what follows from the answers. Does not belong here: how a source
is asked (``issues.collectors.existence``), when (Dagster's wiring), the takedown (``forgetting``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from painpoint_platform.errors import PainpointError
from painpoint_platform.issues.collectors.existence import Existence
from painpoint_platform.issues.items import Source
from painpoint_platform.takedown.forgetting import Takedown
from painpoint_platform.warehouse.access import Warehouse
from painpoint_platform.warehouse.queries import fetch, query_text

REASON = "gone at its source"

# From a source's own ids to what it says of each; an id that it says nothing about is asked again next time.
Ask = Callable[[Sequence[str]], Mapping[str, Existence]]

CHECKS = pl.Schema(
    {"url_hash": pl.String(), "source": pl.String(), "checked_at": pl.Datetime("us"), "outcome": pl.String()}
)


@dataclass(frozen=True)
class Recheck:
    """What a re-check did.

    Attributes:
        asked: items that a source was asked about and answered.
        gone: those that are no longer there.
        takedown: of those that are gone; None when all are there.
        problems: sources that could not be asked, in sentences; their items are asked about next time.
    """

    asked: int
    gone: int
    takedown: Takedown | None
    problems: tuple[str, ...] = ()


def recheck_evidence(
    warehouse: Warehouse,
    *,
    ask: Mapping[Source, Ask],
    budget: int,
    take_down: Callable[[Sequence[str]], Takedown],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Recheck:
    """Ask about the published evidence that was looked up longest ago; forget what its source no longer has.

    A re-check that is killed before the takedown ended finds the same items gone the next time, before all others.

    Args:
        warehouse: read and written for a moment each; no lock is held while a source is asked.
        ask: for each source that can be asked, how.
        budget: items at most, of all sources together.
        take_down: ``forgetting.forget`` with everything but the addresses given.
        now: the clock.
    """
    with warehouse.read() as connection:
        due = fetch(connection, "takedown/evidence_to_check", sources=list(ask), budget=budget)
    found: list[pl.DataFrame] = []
    problems: list[str] = []
    for (source,), items in due.partition_by("source", as_dict=True).items():
        try:
            found.append(_outcomes(items, ask[source]))
        except PainpointError as error:
            problems.append(f"{source}: {error}")
    if not found:
        return Recheck(0, 0, None, tuple(problems))
    answered = pl.concat(found)
    moment = pl.lit(now().astimezone(UTC).replace(tzinfo=None), pl.Datetime("us"))
    with warehouse.write() as connection:
        connection.register("new_checks", answered.with_columns(checked_at=moment).select(CHECKS.names()))
        connection.execute(query_text("takedown/write_evidence_checks"))
        connection.unregister("new_checks")
    gone = answered.filter(pl.col("outcome") == "gone")["url"].to_list()
    return Recheck(answered.height, len(gone), take_down(gone) if gone else None, tuple(problems))


def _outcomes(items: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    outcomes = ask(items["source_item_id"].to_list())
    said = pl.DataFrame(
        {"source_item_id": list(outcomes), "outcome": list(outcomes.values())},
        schema={"source_item_id": pl.String, "outcome": pl.String},
    )
    return items.drop("outcome").join(said, on="source_item_id")
