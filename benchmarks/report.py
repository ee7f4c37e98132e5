"""The report of a day of 5,000 issues: seconds to write, size of the folder, seconds until table and charts are seen.

Run ``python -m benchmarks.report``. The warehouse is synthetic, with the words of the project's own sample posts; how
it is filled stands in ``report_warehouse.sql``.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.table import Row, machine, print_rows
from painpoint_platform.report.writing import Report, write_report
from painpoint_platform.sample.corpus import load_corpus
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_read, open_write

DAYS = 30
FIRST = date(2025, 3, 1)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--enable-logging=stderr",
)  # fmt: skip
LONGEST_LOAD_S = 60.0
SHOWN = re.compile(r"shown (?P<what>table|all) after (?P<ms>[\d.]+) ms")
# Says when the browser has painted the first table, and when also all charts, in milliseconds since the page was asked
# for.
SAYS_WHEN_SHOWN = """
for (const [what, selector] of [["table", "#table tbody tr"], ["all", "main[data-ready]"]]) {
  new MutationObserver((_, observer) => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    const tell = () => console.log(`shown ${what} after ${performance.now()} ms`);
    requestAnimationFrame(() => requestAnimationFrame(tell));
  }).observe(document.documentElement, { attributes: true, childList: true, subtree: true });
}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=5_000)
    parser.add_argument("--opened", type=int, default=5, help="how often the report is opened; the median counts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), issues=options.issues, opened=options.opened)
    print_rows(f"The report of {options.issues:,} issues", rows, as_json=options.json, note=machine())


def measure(folder: Path, *, issues: int, opened: int) -> list[Row]:
    """Fill a warehouse, write the report twice (the charts' runtime is made by the first), open it."""
    warehouse = folder / "painpoint.duckdb"
    fill(warehouse, issues)
    write(warehouse, folder)
    report, held, seconds = write(warehouse, folder)
    return [
        Row("the warehouse is held for", held, "s"),
        Row("write the report", seconds, "s"),
        Row("size of the folder", report.size_bytes / 1e6, "MB", limit=10.0),
        Row("issues with a page", report.counts["issue_pages"], ""),
        *seen(report, opened),
    ]


def fill(warehouse: Path, issues: int) -> None:
    """Make the warehouse and its SQL models."""
    texts = pl.DataFrame(
        [(item.title, item.body) for item in load_corpus().items], schema=["title", "body"], orient="row"
    )
    statements = Path(__file__).with_suffix(".sql").with_stem("report_warehouse").read_text(encoding="utf-8")
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    with open_write(warehouse) as connection:
        connection.register("texts", texts.with_row_index("number"))
        connection.register("days", pl.DataFrame({"day": days}))
        for name, count in {"$issues": issues, "$texts": texts.height}.items():
            statements = statements.replace(name, str(count))
        for statement in statements.split(";\n"):
            connection.execute(statement)
        for model in load_models():
            window = Window(days[0], days[-1] + timedelta(days=1))
            materialize(connection, model, window=window if model.header.materialized == "incremental" else None)


def write(warehouse: Path, folder: Path) -> tuple[Report, float, float]:
    """Write the report; return it with the seconds for which the warehouse was held, and all seconds."""
    held = 0.0

    @contextmanager
    def reading() -> Iterator[duckdb.DuckDBPyConnection]:
        nonlocal held
        opened = time.monotonic()
        with open_read(warehouse) as connection:
            yield connection
        held = time.monotonic() - opened

    started = time.monotonic()
    report = write_report(reading, folder / "report", cache_dir=folder / "cache")
    return report, held, time.monotonic() - started


def seen(report: Report, opened: int) -> list[Row]:
    """Open the report in a browser some times; without one there is no such row."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"not opened: none of {', '.join(BROWSERS)} is installed", file=sys.stderr)
        return []
    page = report.index.read_text(encoding="utf-8")
    (report.folder / "assets" / "says_when_shown.js").write_text(SAYS_WHEN_SHOWN, encoding="utf-8")
    listening = page.replace("</head>", '<script src="assets/says_when_shown.js"></script></head>')
    (report.folder / "listening.html").write_text(listening, encoding="utf-8")
    times = [_seconds_until_shown(browser, report.folder / "listening.html") for _ in range(opened)]
    table, charts = (sorted(each) for each in zip(*times, strict=True))
    return [
        Row("its first table is seen in Chromium after, median", table[len(table) // 2], "s", limit=2.0),
        Row("at worst", table[-1], "s"),
        Row("with all charts, median", charts[len(charts) // 2], "s", limit=2.0),
        Row("with all charts, at worst", charts[-1], "s"),
    ]


def _seconds_until_shown(browser: str, page: Path) -> tuple[float, float]:
    """Return after how many seconds the first table was seen, and after how many all of the page."""
    seen: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        _running([browser, *SWITCHES, f"--user-data-dir={profile}", page.as_uri()]) as process,
    ):
        assert process.stderr
        for line in process.stderr:
            if found := SHOWN.search(line):
                seen[found["what"]] = float(found["ms"]) / 1000
            if len(seen) == 2:
                return seen["table"], seen["all"]
    raise RuntimeError(f"{page} was not drawn within {LONGEST_LOAD_S} s")


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    # A session of its own, so that all of the browser's processes end with it.
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    watchdog = threading.Timer(LONGEST_LOAD_S, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    main()
