"""How a benchmark prints: one row a figure, beside its limit, with the machine and the day."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Row:
    """A measured figure. ``limit`` is what it must reach: at most, or at least where ``better`` is ``more``."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def verdict(self) -> str:
        """``reached`` or ``missed``; empty where nothing is asked."""
        if self.limit is None:
            return ""
        reached = self.value <= self.limit if self.better == "less" else self.value >= self.limit
        return "reached" if reached else "missed"


def machine() -> str:
    """Return processor, cores and date: a figure without them says nothing."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}"


def print_rows(title: str, rows: Sequence[Row], *, as_json: bool, note: str) -> None:
    """Print a Markdown table, or one JSON object."""
    if as_json:
        print(
            json.dumps(
                {"title": title, "machine": note, "rows": [asdict(row) | {"verdict": row.verdict} for row in rows]}
            )
        )
        return
    print(f"### {title}\n\n{note}\n")
    print("| what | measured | asked | |\n| --- | ---: | ---: | --- |")
    for row in rows:
        sign = "≤" if row.better == "less" else "≥"
        asked = "" if row.limit is None else f"{sign} {row.limit:g} {row.unit}".strip()
        print(f"| {row.what} | {row.value:,.3f} {row.unit} | {asked} | {row.verdict} |")
    print()
