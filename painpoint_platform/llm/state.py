"""The SQLite file that model calls leave their traces in: kept answers, rejected replies, ledger rows on their way,
and money set aside.

Belongs here: the file, its schema and its transactions. It lies beside the warehouse and not in it, because an answer
must be safe the moment it is paid for, and the warehouse's lock is held by whoever loads a partition.
Does not belong here: what the rows mean (``cache``, ``rejected_replies``, ``ledger``, ``budget``).
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tenacity

from painpoint_platform.errors import UserError

BUSY_TIMEOUT_S = 30
VERSION_1 = (
    """
create table answers (
    key            text primary key,
    task           text not null,
    model          text not null,
    prompt_version text not null,
    reply          text not null,
    created_at     text not null
) without rowid
""",
    """
create table spooled_calls (
    call_id           text primary key,
    called_at         text not null,
    run_id            text,
    task              text not null,
    model             text not null,
    prompt_version    text not null,
    input_hash        text not null,
    prompt_tokens     integer,
    completion_tokens integer,
    cost_usd          real,
    latency_s         real,
    outcome           text not null,
    error             text
) without rowid
""",
    """
create table spending (
    call_id text primary key,
    run_id  text not null,
    usd     real not null
) without rowid
""",
    "create index spending_by_run on spending (run_id)",
)
# What an answer cost is unknown for those kept before; findings are there where an answer was mended.
VERSION_2 = (
    "alter table answers add column findings text",
    "alter table answers add column calls integer not null default 0",
    "alter table answers add column prompt_tokens integer not null default 0",
    "alter table answers add column completion_tokens integer not null default 0",
    "alter table answers add column cost_usd real",
    "alter table answers add column latency_s real not null default 0",
    """
create table rejected_replies (
    key               text not null,
    attempt           integer not null,
    content           text not null,
    errors            text not null,
    calls             integer not null,
    prompt_tokens     integer not null,
    completion_tokens integer not null,
    cost_usd          real,
    latency_s         real not null,
    rejected_at       text not null,
    primary key (key, attempt)
) without rowid
""",
)
# Statements that lead from each version to the next, from an empty file on. Only ever appended to.
MIGRATIONS = (VERSION_1, VERSION_2)
SCHEMA_VERSION = len(MIGRATIONS)


class StateFile:
    """An open state file, safe for several threads and processes.

    Args:
        path: the file; made with its folder when missing.

    Raises:
        UserError: the file is no SQLite database, is damaged, cannot be written, or comes from a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
            )
            self._prepare()
        except (sqlite3.DatabaseError, OSError) as error:
            raise UserError(
                f"{path}: cannot be used as the store of model answers ({error}); it needs a writable folder. If the "
                "file is damaged, move it away: a new one is made, and answers kept in the old one are asked again"
            ) from None

    def _prepare(self) -> None:
        found = self._version()
        if found > SCHEMA_VERSION:
            raise UserError(
                f"{self.path}: written by a newer version (schema {found}, this one knows {SCHEMA_VERSION}); update "
                "painpoint-platform, or point DATA_DIR to another folder"
            )
        self._use_wal()
        if found < SCHEMA_VERSION:
            self._migrate()

    def _version(self) -> int:
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    def _migrate(self) -> None:
        with self.write() as connection:
            # Read again under the lock: another process may have been faster.
            for statements in MIGRATIONS[self._version() :]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    def _use_wal(self) -> None:
        """Let readers and one writer work at once. SQLite does not wait for other processes here, so we do."""
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_message(match=".*locked.*"),
            wait=tenacity.wait_random(0.01, 0.1),
            stop=tenacity.stop_after_delay(BUSY_TIMEOUT_S),
            reraise=True,
        )
        waiting(lambda: self._connection.execute("pragma journal_mode = wal"))

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread for reading."""
        with self._lock:
            yield self._connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction, which takes the write lock at once. A nested block joins it.

        ``durable`` waits for the disk at the commit, so that not even a power cut costs what was paid for. Without it
        the rows survive the end of the process, however sudden, which is enough for what can be computed again.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def close(self) -> None:
        """Close the file; the object cannot be used afterwards."""
        with self._lock:
            self._connection.close()
