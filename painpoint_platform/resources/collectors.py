"""The collectors as a Dagster resource.

Belongs here: turning settings into collectors and running one from synchronous code.
Does not belong here: calling an API (``issues.collectors``), writing what was collected (``issues.assets``).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dagster import ConfigurableResource, EnvVar
from pydantic import Field, SecretStr, create_model

from painpoint_platform.errors import UserError
from painpoint_platform.issues.items import Collection, Source
from painpoint_platform.issues.sources import APIS
from painpoint_platform.paths import bundled
from painpoint_platform.resources.secrets import address, secret
from painpoint_platform.settings import Settings

# The collectors, and httpx under them, are imported where they are used: definitions load without them.
if TYPE_CHECKING:
    from painpoint_platform.issues.collectors.existence import Existence
    from painpoint_platform.issues.collectors.protocol import Collector
    from painpoint_platform.issues.source_queries import SourceQueries

Answer = TypeVar("Answer")

SOURCE_SETTINGS = tuple(name for api in APIS.values() for name in api.settings)

# One field of configuration for each setting of a source, under its name and with its default.
_SourceSettings: type[ConfigurableResource[Any]] = create_model(
    "_SourceSettings",
    __base__=ConfigurableResource,
    **{
        name: (str | None, Field(Settings.model_fields[name].default, description=f"The setting {name.upper()}"))
        for name in SOURCE_SETTINGS
    },
)  # type: ignore[call-overload]


class CollectorsResource(_SourceSettings):  # type: ignore[misc, valid-type]
    """Reads the sources that have an API. The fields are the settings of the same names, those of each source too."""

    sources_file: str | None = Field(None, description="What to look for in each source; none = the bundled file")
    collect_timeout_s: float = Field(30.0, description="Seconds that a request may take")
    collect_deadline_s: float = Field(900.0, description="Seconds that a day of a source may take, waiting included")
    author_salt: str | None = Field(None, description="Salt of the hashes of authors; none = the one in its file")
    author_salt_path: str = Field("data/author_salt", description="File of the salt, made on first use")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the collectors of the settings."""
        return cls(
            sources_file=str(settings.sources),
            **{name: _as_configuration(settings, name) for name in SOURCE_SETTINGS},
            collect_timeout_s=settings.collect_timeout_s,
            collect_deadline_s=settings.collect_deadline_s,
            author_salt=secret(settings, "author_salt"),
            author_salt_path=str(settings.data_dir / "author_salt"),
        )

    def salt(self) -> str:
        """Return the salt of author hashes: the setting, or what is kept in its file, made on first use.

        Raises:
            UserError: the file cannot be read or made.
        """
        from painpoint_platform.issues.authors import load_author_salt

        return self.author_salt or load_author_salt(Path(self.author_salt_path))

    def queries(self) -> "SourceQueries":
        """Return what to look for.

        Raises:
            UserError: the file is missing or has a mistake.
        """
        from painpoint_platform.issues.query_file import load_queries

        return load_queries(self._file())

    def collector(self, source: Source) -> "Collector":
        """Return the collector of ``source``.

        Raises:
            UserError: the source is not enabled, or the file of queries has a mistake.
        """
        from painpoint_platform.issues.collectors.access import Access, open_collector
        from painpoint_platform.issues.collectors.http import Patience

        section = self.queries().section(source)
        if section is None:
            raise UserError(
                f"{self._file()}: {source} is not read: its section is missing or has enabled: false. Add or enable it "
                f"or leave out partitions of {source}"
            )
        settings = {name: getattr(self, name) for name in APIS[source].settings}
        patience = Patience(timeout_s=self.collect_timeout_s, deadline_s=self.collect_deadline_s)
        return open_collector(source, section, Access(settings, patience))

    def collect(self, source: Source, day: date, progress: Callable[[int], None] | None = None) -> Collection:
        """Collect one day of one source; may be called from any thread, also where an event loop runs.

        Args:
            source: the source.
            day: the day, in UTC.
            progress: called with the number of items so far.

        Raises:
            UserError: credentials, address, query or schema; a person must mend it.
            TransientError: the source did not answer within the deadline.
        """
        from painpoint_platform.issues.collectors.protocol import DayWindow

        reading = self.collector(source).collect(DayWindow(day), progress=progress)
        return _outside_any_loop(reading)

    def existence(self, source: Source, item_ids: Sequence[str]) -> "dict[str, Existence]":
        """Ask a source whether posts are still there; may be called like ``collect``, and raises what it raises.

        Args:
            source: the source.
            item_ids: its own ids.

        Raises:
            UserError: also when nobody can ask this source yet.
        """
        from painpoint_platform.issues.collectors.existence import ExistenceProbe

        collector = self.collector(source)
        if not isinstance(collector, ExistenceProbe):
            raise UserError(f"{source}: its collector cannot ask whether a post is still there")
        return _outside_any_loop(collector.existence(item_ids))

    def _file(self) -> Path:
        return Path(self.sources_file) if self.sources_file else bundled("sources.yaml")


def _as_configuration(settings: Settings, field: str) -> str | EnvVar | None:
    """Return a setting as Dagster may show it: of a secret the name alone."""
    value: str | SecretStr | None = getattr(settings, field)
    if isinstance(value, SecretStr):
        return secret(settings, field)
    return address(settings, field) if field.endswith("_url") else value


def _outside_any_loop(reading: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end, in a thread of its own where this one runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(reading)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, reading).result()
