"""``painpoint doctor``: what is configured, reachable and missing, in plain words.

Belongs here: the command and how findings are shown. Does not belong here: looking (``painpoint_platform.doctor``).
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv

from painpoint_platform.cli.console import FINDING, AsJson, out, print_json, table
from painpoint_platform.doctor import domains, machine, services
from painpoint_platform.settings import load_settings
from painpoint_platform.wording import counted

AREAS = (
    machine.files,
    machine.encoder,
    services.models,
    services.access,
    services.sources,
    domains.courses,
    domains.transcripts,
    domains.perception,
    services.publishing,
    machine.operations,
)
MARKS = {"ok": "✓", "missing": "✗", "off": "–"}


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Contact no server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is configured, what can be reached and what is missing. Exit code 1 when something is missing."""
    settings = load_settings()
    load_dotenv(Path(".env"))  # the providers' own key variables, as the asset graph does it
    findings = [finding for look in AREAS for finding in look(settings, not offline)]
    missing = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        print_json({"healthy": not missing, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(MARKS[finding.state], finding.area, finding.what, finding.detail) for finding in findings]
        out.print(table("painpoint doctor", ["", "area", "what", "found"], rows))
        out.print(
            "Everything that is switched on works." if not missing else f"{counted(len(missing), 'thing')} to mend (✗)."
        )
    if missing:
        raise typer.Exit(FINDING)
