"""Days as ``traced_days`` has them, in memory: for tests that label many of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from painpoint_platform.llm.client import ModelClient
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.migrations import load_migrations, migrate
from painpoint_platform_tests.issues.traced_days import TracedDays


class DaysInMemory(TracedDays):
    """A warehouse that is opened once, with one client that keeps its answers."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        super().__init__(folder / "painpoint.duckdb", embedder)
        self.connection = duckdb.connect()
        migrate(self.connection, load_migrations())
        self._client = super().client()

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:  # type: ignore[override]
        yield self.connection

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:  # type: ignore[override]
        self.connection.begin()
        try:
            yield self.connection
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def client(self) -> ModelClient:
        return self._client
