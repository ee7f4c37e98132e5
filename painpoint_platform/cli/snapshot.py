"""``painpoint snapshot``: the analysts' copy, now.

Belongs here: the command. Does not belong here: how the copy is written (``painpoint_platform.warehouse.snapshot``).
"""

from painpoint_platform.cli.console import AsJson, out, print_json, table
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.settings import load_settings


def snapshot(as_json: AsJson = False) -> None:
    """Write the analysts' compact copy of gold; readers of the old one keep it."""
    from painpoint_platform.warehouse.snapshot import write_snapshot

    settings = load_settings()
    with reading(settings) as connection:
        written = write_snapshot(connection, settings.analytics, lock_timeout_s=settings.warehouse_lock_timeout_s)
    if as_json:
        print_json({"path": written.path, "size_bytes": written.size_bytes, "row_counts": written.row_counts})
        return
    rows = sorted(written.row_counts.items())
    out.print(table(f"{written.path} ({written.size_bytes / 1e6:.1f} MB)", ["table", "rows"], rows, right=["rows"]))
