"""Forgetting a target in Dagster's event logs: previews, pictures and messages of runs that are long over.

Belongs here: what an event shows of collected rows, and taking that out of the SQLite files that Dagster keeps. Does
not belong here: Dagster itself; the files are read as what they are, tables with JSON in them.

An event keeps its numbers. Its preview and its pictures go where its partition had the target, for a picture cannot be
searched; elsewhere only the strings that hold a trace.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from painpoint_platform.errors import TransientError
from painpoint_platform.takedown.rewriting import SQLITE_TIMEOUT_S
from painpoint_platform.takedown.traces import Traces

FORGOTTEN = "(forgotten)"

# The columns in which Dagster keeps events, as JSON.
EVENT_COLUMNS = (
    ("event_logs", "event"),
    ("asset_keys", "last_materialization"),
    ("asset_check_executions", "evaluation_event"),
)
_SHOWN_BY_RUN = frozenset({"StepOutputData"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What events must no longer show: previews and pictures of these partitions, and the traces anywhere."""

    partitions: Collection[str]
    traces: Traces

    def without(self, event: str, *, of_its_run: bool = False) -> str:
        """Return the event without it; the same text where there was nothing to take out.

        Args:
            event: as JSON.
            of_its_run: whether the run made one of the partitions. What a step hands over repeats the preview of a
                partition and does not say which.
        """
        names_a_partition = any(f'"{partition}"' in event for partition in self.partitions)
        if not (of_its_run or names_a_partition or self.traces.first(event.encode("utf-8", "replace"))):
            return event
        document = json.loads(event)
        shown_by = _SHOWN_BY_RUN if of_its_run else frozenset()
        changed = self._cleaned(document, shown_by, concerned=False)
        return event if changed == document else json.dumps(changed)

    def _cleaned(self, value: Any, shown_by: frozenset[str], *, concerned: bool) -> Any:
        if isinstance(value, str):
            return FORGOTTEN if self.traces.first(value.encode("utf-8", "replace")) else value
        if isinstance(value, list):
            return [self._cleaned(entry, shown_by, concerned=concerned) for entry in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("__class__")
        if kind == "AssetMaterialization":
            concerned = value.get("partition") in self.partitions
        elif kind in shown_by:
            concerned = True
        if concerned and kind == "TableMetadataEntryData":
            return value | {"records": []}
        if concerned and kind == "MarkdownMetadataEntryData":
            return value | {"md_str": FORGOTTEN}
        return {name: self._cleaned(entry, shown_by, concerned=concerned) for name, entry in value.items()}


def clean_event_log(path: Path, shown: Shown) -> int:
    """Take what must not be shown out of one SQLite file of Dagster's, and return how many events were changed.

    Raises:
        TransientError: another process kept the file busy.
    """
    changed = 0
    try:
        with closing(sqlite3.connect(path, timeout=SQLITE_TIMEOUT_S, isolation_level=None)) as connection:
            for table, column in _event_columns(connection):
                runs = _runs_of(connection, shown.partitions) if table == "event_logs" else frozenset()
                run = "run_id" if table == "event_logs" else "null"
                rows = connection.execute(f"select rowid, {run}, {column} from {table} where {column} is not null")
                found = [
                    (clean, row)
                    for row, run_id, event in rows
                    if (clean := shown.without(event, of_its_run=run_id in runs)) != event
                ]
                connection.execute("begin immediate")
                connection.executemany(f"update {table} set {column} = ? where rowid = ?", found)
                connection.execute("commit")
                changed += len(found)
    except sqlite3.OperationalError as error:
        raise TransientError(f"{path}: {error}; end Dagster's processes and run the command again") from None
    return changed


def _runs_of(connection: sqlite3.Connection, partitions: Collection[str]) -> frozenset[str]:
    """Runs that materialised one of the partitions."""
    rows = connection.execute("select distinct run_id, partition from event_logs where partition is not null")
    return frozenset(run_id for run_id, partition in rows if partition in partitions)


def _event_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    return (place for place in EVENT_COLUMNS if place[0] in tables)
