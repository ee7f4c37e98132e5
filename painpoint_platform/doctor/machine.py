"""What lies on this machine: disk, warehouse, what analysts open, the encoder, and who hears of failures.

Belongs here: files and installed parts that all domains share. Does not belong here: servers and credentials
(``services``), a domain's own files (``domains``).
"""

import shutil
from collections.abc import Iterator

from painpoint_platform.doctor.finding import REACH_TIMEOUT_S, Finding, State, tried
from painpoint_platform.settings import Settings

ENOUGH_DISK_GB = 2.0


def files(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at the disk, the warehouse, the analysts' copy and the report."""
    data_dir = settings.data_dir.absolute()
    folder = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 1e9
    state: State = "ok" if free >= ENOUGH_DISK_GB else "missing"
    yield Finding("files", "disk", state, f"{free:.1f} GB free at {folder} (DATA_DIR)")
    yield _warehouse(settings)
    for what, path in (("analysts' copy", settings.analytics), ("report", settings.report / "index.html")):
        if path.exists():
            yield Finding("files", what, "ok", str(path))
        else:
            yield Finding("files", what, "off", f"{path} is written by the first run")


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
            f"{settings.warehouse}: {row['item_count']:,} items of {row['day_count']} days{until}, "
            f"{row['issue_count']:,} issues, {row['course_theme_count']:,} course themes, "
            f"{row['call_count']:,} calls, schema version {row['schema_version']}"
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
    yield Finding("operations", "Dagster", "ok", f"DAGSTER_HOME defaults to {settings.data_dir / 'dagster'}")
