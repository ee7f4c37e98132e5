"""Where the platform writes: the files that a takedown cleans and its proof reads.

Belongs here: which files there are and of what kind. Does not belong here: what is done with them.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["duckdb", "sqlite", "plain"]

_SQLITE_MAGIC = b"SQLite format 3\0"
_DUCKDB_MAGIC, _DUCKDB_MAGIC_AT = b"DUCK", 8


@dataclass(frozen=True, slots=True)
class Places:
    """Every place that the platform writes to on this machine.

    Attributes:
        warehouse: the DuckDB file.
        analytics: the analysts' copy of gold.
        llm_state: the SQLite file of model answers.
        dagster_home: Dagster's instance: event logs, captured output.
        data_dir: everything else of the platform.
        artifacts_dir: run artefacts and reports of courses and calls.
        report: folder of the report.
        model_cache: what is made once a machine, the runtime of the report's charts among it.
        lock_timeout_s: longest wait for the warehouse, in seconds.
    """

    warehouse: Path
    analytics: Path
    llm_state: Path
    dagster_home: Path
    data_dir: Path
    artifacts_dir: Path
    report: Path
    model_cache: Path
    lock_timeout_s: float = 300

    @property
    def journal(self) -> Path:
        """File of takedowns that are under way."""
        return self.data_dir / "takedown.json"

    def files(self) -> Iterator[Path]:
        """Yield every file but the journal once, in order; what a symbolic link points to is somebody else's."""
        seen = {self.journal.resolve()}
        roots = (self.data_dir, self.artifacts_dir, self.dagster_home, self.report)
        single = (self.warehouse, self.analytics, self.llm_state)
        for path in (*(path for root in roots for path in _walk(root)), *single):
            if path.is_file() and (key := path.resolve()) not in seen:
                seen.add(key)
                yield path


def kind_of(path: Path) -> Kind:
    """Tell a database by its first bytes, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(len(_SQLITE_MAGIC))
    if head == _SQLITE_MAGIC:
        return "sqlite"
    if head[_DUCKDB_MAGIC_AT : _DUCKDB_MAGIC_AT + len(_DUCKDB_MAGIC)] == _DUCKDB_MAGIC:
        return "duckdb"
    return "plain"


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        # Notes of who holds a lock name the running command, and with it the address; they go when it ends.
        folders[:] = sorted(name for name in folders if not name.endswith(".locks"))
        yield from (Path(folder, name) for name in sorted(names) if not Path(folder, name).is_symlink())
