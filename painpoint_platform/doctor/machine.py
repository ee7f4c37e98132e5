"""What lies on this machine: disk, warehouse, what analysts open, the encoder, and who hears of failures.

Belongs here: files and installed parts that all domains share. Does not belong here: servers and credentials
(``services``), a domain's own files (``domains``).
"""

import importlib.util
import shutil
from collections.abc import Iterator

from painpoint_platform.doctor.finding import REACH_TIMEOUT_S, Finding, State, tried
from painpoint_platform.settings import Settings

ENOUGH_DISK_GB = 2.0


def files(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at the disk, the warehouse and the analysts' copy."""
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free / 1e9
    state: State = "ok" if free >= ENOUGH_DISK_GB else "missing"
    yield Finding("files", "disk", state, f"{free:.1f} GB free at {folder} (DATA_DIR)")
    yield _warehouse(settings)
    copy = settings.analytics
    if copy.exists():
        yield Finding("files", "analysts' copy", "ok", f"{copy}, {copy.stat().st_size / 1e6:.1f} MB")
    else:
        yield Finding("files", "analysts' copy", "off", f"{copy} is written by the first run")


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
    backend = settings.embedding_backend
    has_openvino = importlib.util.find_spec("openvino") is not None
    chosen = ("openvino" if has_openvino else "torch") if backend == "auto" else backend
    module = {"openvino": "openvino", "torch": "torch", "onnx": "onnxruntime"}[chosen]
    if importlib.util.find_spec(module) is None:
        extra = {"openvino": "fast", "onnx": "onnx"}.get(chosen, "")
        yield Finding("encoder", chosen, "missing", f"pip install 'painpoint-platform[{extra}]'")
        return
    precision = f", {settings.embedding_precision}" if chosen == "openvino" else ""
    yield Finding("encoder", chosen, "ok", f"all-MiniLM-L6-v2{precision}; reducer {settings.clustering_reducer}")


def operations(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at who hears of failures, and where Dagster keeps its runs."""
    alerts = settings.alert_webhook_url is not None
    yield Finding(
        "operations", "alerts", "ok" if alerts else "off", "ALERT_WEBHOOK_URL " + ("set" if alerts else "not set")
    )
    yield Finding("operations", "Dagster", "ok", f"DAGSTER_HOME defaults to {settings.data_dir / 'dagster'}")
