"""What lies on this machine: disk, warehouse, what analysts open, the encoder, and who hears of failures.

Belongs here: files and installed parts that all domains share. Does not belong here: servers and credentials
(``services``), a domain's own files (``domains``).
"""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from painpoint_platform.doctor.finding import REACH_TIMEOUT_S, Finding, State, tried
from painpoint_platform.errors import UserError
from painpoint_platform.settings import Settings
from painpoint_platform.wording import counted

ENOUGH_DISK_GB = 2.0


def files(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at the disk, the warehouse, the analysts' copy and the report."""
    data_dir = settings.data_dir.absolute()
    folder = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 1e9
    state: State = "ok" if free >= ENOUGH_DISK_GB else "missing"
    yield Finding("files", "disk", state, f"{free:.1f} GB free at {folder} (DATA_DIR)")
    if not os.access(folder, os.W_OK):
        yield Finding("files", "data folder", "missing", f"{folder} cannot be written to (DATA_DIR)")
    yield _warehouse(settings)
    kept_answers = settings.data_dir / "llm.sqlite"
    if kept_answers.exists():
        yield tried("files", "models' answers", partial(_kept_answers, kept_answers))
    salt = settings.data_dir / "author_salt"
    if settings.author_salt is None and salt.exists():
        yield tried("files", "author salt", partial(_salt, salt))
    written_first = "{} is written by the first run"
    if settings.analytics.exists():
        yield tried("files", "analysts' copy", partial(_copy, settings.analytics))
    else:
        yield Finding("files", "analysts' copy", "off", written_first.format(settings.analytics))
    index = settings.report / "index.html"
    there = index.exists()
    yield Finding("files", "report", "ok" if there else "off", str(index) if there else written_first.format(index))


def _kept_answers(path: Path) -> str:
    from painpoint_platform.llm.state import StateFile

    state = StateFile(path)
    try:
        with state.read() as connection:
            count = connection.execute("select count(*) from answers").fetchone()[0]
    finally:
        state.close()
    return f"{path}: {count:,} are kept and not paid for again"


def _salt(path: Path) -> str:
    from painpoint_platform.issues.authors import load_author_salt

    load_author_salt(path)
    return f"{path}: goes into every backup"


def _copy(path: Path) -> str:
    import duckdb

    try:
        with duckdb.connect(path, read_only=True) as copy:
            row = copy.execute("select count(*) from duckdb_tables()").fetchone()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            return f"{path}: somebody has it open for writing"
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read ({reason}); `painpoint snapshot` makes it anew") from None
    return f"{path}: {row[0] if row else 0} tables"


def _warehouse(settings: Settings) -> Finding:
    from painpoint_platform.warehouse.connection import open_read
    from painpoint_platform.warehouse.queries import fetch

    if not settings.warehouse.exists():
        return Finding("files", "warehouse", "off", f"{settings.warehouse} is made by the first run")

    def look() -> str:
        with open_read(settings.warehouse, lock_timeout_s=REACH_TIMEOUT_S) as connection:
            row = fetch(connection, "views/warehouse_summary").row(0, named=True)
        until = f" up to {row['last_day']}" if row["last_day"] else ""
        return (
            f"{settings.warehouse}: {counted(row['item_count'], 'item')} of {counted(row['day_count'], 'day')}{until}, "
            f"{counted(row['issue_count'], 'issue')}, {counted(row['course_theme_count'], 'course theme')}, "
            f"{counted(row['call_count'], 'call')}, schema version {row['schema_version']}"
        )

    return tried("files", "warehouse", look)


def encoder(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look whether the chosen encoder is installed."""
    from painpoint_platform.text.embeddings import installed_backend
    from painpoint_platform.text.minilm import MODEL_NAME

    def look() -> str:
        chosen = installed_backend(settings.embedding_backend)
        precision = f" {settings.embedding_precision}" if chosen == "openvino" else ""
        return f"{MODEL_NAME} on {chosen}{precision}; reducer {settings.clustering_reducer}"

    yield tried("encoder", settings.embedding_backend, look)


def operations(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at who hears of failures, and where Dagster keeps its runs."""
    alerts = settings.alert_webhook_url is not None
    yield Finding(
        "operations", "alerts", "ok" if alerts else "off", "ALERT_WEBHOOK_URL " + ("set" if alerts else "not set")
    )
    yield tried("operations", "Dagster", partial(_dagster_home, settings))


def _dagster_home(settings: Settings) -> str:
    home = os.environ.get("DAGSTER_HOME")
    if home is None:
        return f"DAGSTER_HOME defaults to {settings.data_dir / 'dagster'}"
    if not Path(home).is_absolute():
        raise UserError(f"DAGSTER_HOME: found {home!r}, expected an absolute path")
    return f"keeps its runs in {home}"
