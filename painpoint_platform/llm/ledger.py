"""The ledger of model calls: written as each call ends, moved into the warehouse when its lock is free.

Belongs here: the row, its spool, the move into ``ops.llm_calls``, and the sums that people ask for.
Does not belong here: keeping answers (``cache``), stopping at a sum (``budget``).
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from painpoint_platform.llm.state import StateFile
from painpoint_platform.llm.tasks import Outcome, Usage
from painpoint_platform.llm.totals import Totals

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Call:
    """One row of ``ops.llm_calls``: a call that was made, or an answer that was kept and needed none.

    ``called_at`` is naive UTC. ``outcome`` says what the row brought: an answer at the first asking (ok), after a
    retry (retried), from the model that stands in (fallback), from the cache (cached), or none (failed). A reply that
    was rejected is a failed call of its own, so the calls of the ledger are the calls that a server counted.
    Tokens and cost are None where the server or the price list does not tell.
    """

    call_id: str
    called_at: datetime
    run_id: str | None
    task: str
    model: str
    prompt_version: str
    input_hash: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    outcome: Outcome = "failed"
    error: str | None = None


COLUMNS = tuple(column.name for column in fields(Call))
INSERT = f"insert into spooled_calls ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"


class Ledger:
    """Writes rows to the spool of a state file and sums up what it wrote."""

    def __init__(self, state: StateFile) -> None:
        self._state = state
        self._totals = Totals()
        self._lock = Lock()

    def write(self, call: Call) -> None:
        """Spool a row; it is safe when this returns (or when the surrounding transaction commits)."""
        with self._state.write() as connection:
            connection.execute(INSERT, _spool_values(call))
        with self._lock:
            self._totals.add(call.outcome, call.prompt_tokens, call.completion_tokens, call.cost_usd)

    def note_refusal(self) -> None:
        """Count a request that the budget stopped; it made no call and so has no row."""
        with self._lock:
            self._totals.refused_by_budget += 1

    def note_mended(self) -> None:
        """Count an answer that was mended; its calls have their own rows."""
        with self._lock:
            self._totals.mended += 1

    def note_redacted(self, counts: Mapping[str, int]) -> None:
        """Count what was masked in a request before it left."""
        with self._lock:
            self._totals.redacted.update(counts)

    def totals(self) -> Totals:
        """The sums so far, as a copy."""
        with self._lock:
            return deepcopy(self._totals)


class Bill:
    """The ledger rows of one conversation, summed up as they are written.

    Attributes:
        usage: the sums so far.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.usage = Usage()

    def write(self, call: Call) -> None:
        """Write a row to the ledger and add it up."""
        self._ledger.write(call)
        self.usage += Usage(
            calls=1,
            prompt_tokens=call.prompt_tokens or 0,
            completion_tokens=call.completion_tokens or 0,
            cost_usd=call.cost_usd,
            latency_s=call.latency_s or 0.0,
        )


def spooled_calls(state: StateFile) -> list[Call]:
    """The rows that no warehouse has yet, oldest first."""
    with state.read() as connection:
        rows = connection.execute(f"select {', '.join(COLUMNS)} from spooled_calls order by called_at, call_id")
        return [Call(row[0], datetime.fromisoformat(row[1]), *row[2:]) for row in rows.fetchall()]


def insert_calls(connection: "DuckDBPyConnection", calls: Sequence[Call]) -> None:
    """Insert rows into ``ops.llm_calls``; those that are there already stay as they are.

    The spool is emptied after the commit (``forget_spooled``): a crash between the two leaves rows in both places, and
    the next move inserts none of them twice, for ``call_id`` is the key.
    """
    import polars as pl

    frame = pl.DataFrame({name: [getattr(call, name) for call in calls] for name in COLUMNS}, schema=_frame_schema())
    connection.register("spooled_calls", frame)
    try:
        connection.execute(
            "insert into ops.llm_calls by name "
            "select * from spooled_calls where call_id not in (select call_id from ops.llm_calls)"
        )
    finally:
        connection.unregister("spooled_calls")


def forget_spooled(state: StateFile, call_ids: Iterable[str]) -> None:
    """Delete rows from the spool; those that were written meanwhile stay."""
    with state.write() as connection:
        connection.executemany("delete from spooled_calls where call_id = ?", [(call_id,) for call_id in call_ids])


def _spool_values(call: Call) -> tuple[Any, ...]:
    shortened = replace(call, error=call.error[:LONGEST_ERROR]) if call.error else call
    return (call.call_id, call.called_at.isoformat(" "), *astuple(shortened)[2:])


def _frame_schema() -> "dict[str, pl.DataType | type[pl.DataType]]":
    import polars as pl

    kinds: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(COLUMNS, pl.String)
    return kinds | {
        "called_at": pl.Datetime("us"),
        "prompt_tokens": pl.Int64,
        "completion_tokens": pl.Int64,
        "cost_usd": pl.Float64,
        "latency_s": pl.Float64,
    }
