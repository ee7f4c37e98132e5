"""Making the report: payloads into files, a manifest, and the folder as a whole.

Belongs here: which files there are, and what happens in which order. Does not belong here: queries (``reading``), what
is in a payload (``overview`` and its neighbours), replacing the folder (``folder``).
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painpoint_platform.report.calls import call_files
from painpoint_platform.report.course_feedback import courses_payload
from painpoint_platform.report.day_map import map_payload
from painpoint_platform.report.folder import KIND, MANIFEST, replacing_report
from painpoint_platform.report.issue_details import issue_files
from painpoint_platform.report.overview import overview_payload
from painpoint_platform.report.reading import Contents, columnar, read_contents
from painpoint_platform.report.site_files import data_file, site_files
from painpoint_platform.report.sizes import FOLDER_BYTES, ISSUE_FILES_BYTES, SITE_BYTES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Attributes:
        folder: where it lies.
        day: what it is about; None when no day has issues yet.
        counts: how many issues of the day, issues with a page, calls, course corpora and so on it tells.
        file_count: its files, the manifest included.
        size_bytes: of all of them.
    """

    folder: Path
    day: date | None
    counts: Mapping[str, int]
    file_count: int
    size_bytes: int

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def write_report(
    read: "Callable[[], AbstractContextManager[DuckDBPyConnection]]",
    folder: Path,
    *,
    cache_dir: Path,
    day: date | None = None,
    lock_timeout_s: float = 300,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Write a report, replacing the one that is there; the same rows give the same bytes but for the time.

    Args:
        read: opens the warehouse for reading; it is held for the queries only.
        folder: of the report, new, empty or an older report.
        cache_dir: where the charts' runtime is kept.
        day: what it is about; None = the latest day that has issues.
        lock_timeout_s: longest wait for another writer of the same folder, in seconds.
        now: the clock.

    Raises:
        UserError: the day has no issues, the folder cannot be written, it is no report but has something in it, or
            another writer did not finish in time; whatever the reason, it is left as it is.
        WarehouseLockedError: the warehouse stayed locked.
    """
    with replacing_report(folder, wait_s=lock_timeout_s) as empty:
        # Read while the folder is held: of two writers the one that read later also writes later. Otherwise a post that
        # was taken down meanwhile could come back.
        with read() as connection:
            contents = read_contents(connection, day)
        files, counts = _files(contents, cache_dir, now().astimezone(UTC), is_latest=day is None)
        for path, content in files.items():
            (empty / path).parent.mkdir(parents=True, exist_ok=True)
            (empty / path).write_bytes(content)
    return Report(folder, contents.day, counts, len(files), sum(map(len, files.values())))


def _files(
    contents: Contents, cache_dir: Path, now: datetime, *, is_latest: bool
) -> tuple[dict[str, bytes], dict[str, int]]:
    """Return every file by its path in the folder, and what the report counts."""
    made_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    version = importlib.metadata.version("painpoint-platform")
    day = str(contents.day) if contents.day else None
    texts = site_files(cache_dir, version=version, day=day, generated_at=made_at)
    payloads = _payloads(contents)
    texts |= {f"data/{name}.js": data_file(name, payload) for name, payload in payloads.items()}
    # A text that was collected may hold half of a surrogate pair, which no file in UTF-8 can.
    files = {path: text.encode("utf-8", "replace") for path, text in texts.items()}
    counts = _counts(contents, payloads)
    manifest = {
        "kind": KIND,
        "format": FORMAT,
        "generated_at": made_at,
        "version": version,
        "day": day,
        "is_latest": is_latest,
        "counts": counts,
        "size_bytes": sum(map(len, files.values())),
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())},
    }
    files[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    return files, counts


def _payloads(contents: Contents) -> dict[str, Any]:
    """Return every data file's payload by its name; issues get the room that the others leave."""
    payloads: dict[str, Any] = {
        "overview": overview_payload(contents),
        "map": map_payload(contents),
        "courses": courses_payload(contents),
        "costs": columnar(contents.rows["costs"]),
        **call_files(contents),
    }
    taken = (
        SITE_BYTES
        + ISSUE_FILES_BYTES
        + sum(len(data_file(name, payload).encode()) for name, payload in payloads.items())
    )
    issues = issue_files(contents, room=FOLDER_BYTES - taken)
    index = {"day": payloads["overview"]["day"], "files": list(issues)}
    return payloads | {"issues/index": index} | {f"issues/{name}": payload for name, payload in issues.items()}


def _counts(contents: Contents, payloads: Mapping[str, Any]) -> dict[str, int]:
    issues = [payload for name, payload in payloads.items() if name.startswith("issues/") and name != "issues/index"]
    return {
        "days": len(contents.days),
        "issues": len(payloads["overview"]["issues"]["key"]),
        "issue_pages": sum(len(payload["rows"]) for payload in issues),
        "map_items": len(payloads["map"]["items"]["x"]),
        "course_corpora": len(payloads["courses"]["corpora"]),
        "calls": len(payloads["calls"]["transcript"]),
        "painpoints": len(payloads["overview"]["painpoints"]["id"]),
    }
