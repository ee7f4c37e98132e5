"""What a collector is made with beside its queries.

Belongs here: settings by name, patience, the paces of the process, and finding a source's collector. Does not belong
here: where settings come from (``resources.collectors``), what a source needs (``issues.sources``).

The module of a source's name in this package has a function ``collector(queries, access)``: from its section of
``sources.yaml`` and an ``Access`` to its ``Collector``.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from painpoint_platform.issues.collectors.http import Patience
from painpoint_platform.issues.collectors.pace import Pace
from painpoint_platform.issues.collectors.protocol import Collector
from painpoint_platform.issues.items import Source
from painpoint_platform.issues.source_queries import Section


@dataclass(frozen=True)
class Access:
    """How sources are reached.

    Attributes:
        settings: by name, as in ``Settings``; None where one is not set.
        patience: time-out and deadline of a request.
    """

    settings: Mapping[str, str | None]
    patience: Patience

    def text(self, setting: str) -> str:
        """Return the setting as it stands; empty where it is not set: whoever uses it says so."""
        return self.settings[setting] or ""

    def secret(self, setting: str) -> str | None:
        """Return the setting without white space around it; None where nothing is left."""
        return (self.settings[setting] or "").strip() or None

    def pace(self, address: str, per_minute: float) -> Pace:
        """Return the process's one pace for an API, so that a range run as a whole keeps to its limit."""
        return _pace(address, per_minute)


def open_collector(source: Source, queries: Section, access: Access) -> Collector:
    """Return the collector of a source."""
    module = import_module(f"{__package__}.{source}")
    collector: Collector = module.collector(queries, access)
    return collector


@functools.cache
def _pace(_address: str, per_minute: float) -> Pace:
    return Pace(per_minute)
