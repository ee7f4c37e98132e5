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


@dataclass(frozen=True, slots=True)
class Shown:
    """What events must no longer show: previews and pictures of these partitions, and the traces anywhere."""

    partitions: Collection[str]
    traces: Traces

    def without(self, event: str) -> str:
        """Return the event without it; the same text where there was nothing to take out."""
        if not (self._names_a_partition(event) or self.traces.first(event.encode("utf-8", "replace"))):
            return event
        document = json.loads(event)
        changed = self._cleaned(document, concerned=False)
        return event if changed == document else json.dumps(changed)

    def _names_a_partition(self, event: str) -> bool:
        return any(f'"{partition}"' in event for partition in self.partitions)

    def _cleaned(self, value: Any, *, concerned: bool) -> Any:
        if isinstance(value, str):
            return FORGOTTEN if self.traces.first(value.encode("utf-8", "replace")) else value
        if isinstance(value, list):
            return [self._cleaned(entry, concerned=concerned) for entry in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("__class__")
        if kind == "AssetMaterialization":
            concerned = value.get("partition") in self.partitions
        if concerned and kind == "TableMetadataEntryData":
            return value | {"records": []}
        if concerned and kind == "MarkdownMetadataEntryData":
            return value | {"md_str": FORGOTTEN}
        return {name: self._cleaned(entry, concerned=concerned) for name, entry in value.items()}


def clean_event_log(path: Path, shown: Shown) -> int:
    """Take what must not be shown out of one SQLite file of Dagster's, and return how many events were changed.

    Raises:
        TransientError: another process kept the file busy.
    """
    changed = 0
    try:
        with closing(sqlite3.connect(path, timeout=SQLITE_TIMEOUT_S, isolation_level=None)) as connection:
            for table, column in _event_columns(connection):
                rows = connection.execute(f"select rowid, {column} from {table} where {column} is not null")
                found = [(clean, row) for row, event in rows if (clean := shown.without(event)) != event]
                connection.execute("begin immediate")
                connection.executemany(f"update {table} set {column} = ? where rowid = ?", found)
                connection.execute("commit")
                changed += len(found)
    except sqlite3.OperationalError as error:
        raise TransientError(f"{path}: {error}; end Dagster's processes and run the command again") from None
    return changed


def _event_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    return (place for place in EVENT_COLUMNS if place[0] in tables)
