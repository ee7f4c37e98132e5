"""What the manifests of both stages record in one form: paths, times, costs, the commit.

Belongs here: how such a value is written. Does not belong here: which fields a manifest has (``stage2_manifest``,
``stage3_manifest``), where a run's folder lies (``run_folder``).
"""

import subprocess
from datetime import datetime
from functools import cache
from pathlib import Path

from painpoint_platform.paths import bundled

SCHEMA_VERSION = "1.0"


def recorded_path(path: Path, artifacts: Path) -> str:
    """Return how a manifest names a path below the artefacts' folder: ``artifacts/stage2/runs/…``, wherever that is."""
    root = artifacts.resolve()
    return (Path(root.name) / path.resolve().relative_to(root)).as_posix()


def recorded_time(when: datetime) -> str:
    """Return a time in UTC such as ``2025-11-30T08:00:00Z``."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def recorded_cost(usd: float | None) -> float | None:
    """Return US dollars to a millionth; None where the price is unknown."""
    return None if usd is None else round(usd, 6)


def recorded_seconds(seconds: float) -> float:
    """Return seconds to a thousandth."""
    return round(seconds, 3)


@cache
def git_commit() -> str | None:
    """Return the commit of the checkout that this code runs from; None when it is installed or git does not say."""
    checkout = bundled("prompts").parent
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
