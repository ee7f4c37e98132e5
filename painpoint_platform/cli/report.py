"""``painpoint report``: the report, now.

Belongs here: options, and what the person sees. Does not belong here: how it is made (``painpoint_platform.report``).
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from painpoint_platform.cli.console import AsJson, err, out, print_json
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.settings import load_settings


def report(
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="UTC day; default the latest with issues.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Its folder; default REPORT_DIR.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the report: a folder that opens from disk in a browser, without server or network."""
    from painpoint_platform.cli.runs import parse_day

    settings = load_settings()
    chosen = parse_day(day, "--date") if day else None
    with err.status("writing the report"):
        from painpoint_platform.report.writing import write_report

        written = write_report(
            partial(reading, settings),
            to or settings.report,
            day=chosen,
            cache_dir=settings.model_cache,
            lock_timeout_s=settings.warehouse_lock_timeout_s,
        )
    if as_json:
        print_json(
            {
                "index": written.index, "day": written.day, "counts": written.counts, "files": written.file_count,
                "size_bytes": written.size_bytes,
            }
        )  # fmt: skip
        return
    told = f"{written.counts['issues']:,} issues of {written.day}" if written.day else "no day has issues yet"
    out.print(f"{written.index} ({told}; {written.file_count:,} files, {written.size_bytes / 1e6:.1f} MB)")
    if written.day is None:
        out.print("Run `painpoint demo` or `painpoint run`, then `painpoint report` again.")
