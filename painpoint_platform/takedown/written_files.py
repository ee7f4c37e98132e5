"""Forgetting a target in files that are no databases: captured output of runs, reports and exports.

Belongs here: what becomes of such a file. Does not belong here: databases (``removal``, ``answers``, ``event_logs``).

A log loses the lines that hold a trace. A table or page that names the post's address was made from the warehouse and
can be made again, so it is deleted. Anything else that holds the text came from somewhere else: it is left, and the
proof names it.
"""

from pathlib import Path

from painpoint_platform.files import replacing
from painpoint_platform.takedown.places import Places
from painpoint_platform.takedown.proof import holds
from painpoint_platform.takedown.traces import Traces

LOG_SUFFIXES = frozenset({".log", ".out", ".err"})
MADE_SUFFIXES = frozenset({".csv", ".html", ".json", ".jsonl", ".md", ".ndjson", ".parquet", ".txt"})


def clean_files(places: Places, traces: Traces, addresses: Traces) -> dict[str, int]:
    """Clean or delete what holds a trace; return the number of files by what was done.

    Args:
        places: where to look; what people put into an inbox is theirs and stays.
        traces: of the target.
        addresses: of the target's pages alone.
    """
    inboxes = (places.data_dir / "inbox", places.artifacts_dir / "stage1")
    done = {"logs": 0, "reports and exports": 0}
    for path in places.files():
        if any(path.is_relative_to(inbox) for inbox in inboxes):
            continue
        if path.suffix in LOG_SUFFIXES and holds(path, traces):
            _drop_lines(path, traces)
            done["logs"] += 1
        elif path.suffix in MADE_SUFFIXES and holds(path, addresses):
            path.unlink()
            done["reports and exports"] += 1
    return {what: count for what, count in done.items() if count}


def _drop_lines(path: Path, traces: Traces) -> None:
    content = path.read_bytes()
    kept = bytearray()
    position = 0
    for found in sorted(traces.find(content), key=lambda found: found.start):
        line_start = content.rfind(b"\n", 0, found.start) + 1
        line_end = content.find(b"\n", found.end) + 1 or len(content)
        kept += content[position : max(position, line_start)]
        position = max(position, line_end)
    with replacing(path) as file:
        file.write(kept + content[position:])
