"""The folder appears whole or not at all, replaces nothing but a report, and is the same for the same rows."""

import hashlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform import folders
from painpoint_platform.errors import UserError
from painpoint_platform.report import writing
from painpoint_platform.report.folder import MANIFEST, read_manifest
from painpoint_platform.report.writing import Report, write_report
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform_tests.report.known_days import AUTHOR, FIRST, HOSTILE, REST_OF_BODY, SECOND

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _plain_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "site_files", plain_site)


def plain_site(_: Path, **about: str | None) -> dict[str, str]:
    return {"index.html": f"<!doctype html><title>{about['day']}, made {about['generated_at']}</title>"}


def write(warehouse: Path, folder: Path, *, now: datetime = NOON, **options: Any) -> Report:
    options = {"lock_timeout_s": 5} | options
    return write_report(partial(open_read, warehouse), folder, cache_dir=folder.parent, now=lambda: now, **options)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.parent.iterdir() if path.name.startswith(".")]


def test_the_manifest_names_every_file_by_its_hash(known_warehouse: Path, tmp_path: Path) -> None:
    report = write(known_warehouse, tmp_path / "report")
    files = files_of(report.folder)
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    assert manifest["day"] == "2025-01-08"
    assert manifest["generated_at"] == "2025-02-01T12:00:00Z"
    assert manifest["counts"] == report.counts
    assert report.counts == {
        "days": 3, "issues": 2, "issue_pages": 3, "map_items": 8, "course_corpora": 1, "calls": 1, "painpoints": 5,
    }  # fmt: skip
    assert report.file_count == len(files) + 1
    assert report.index.exists()
    assert {"data/issues/index.js", "data/issues/aa.js", "data/calls/0.js"} <= set(files)


def test_data_files_are_json_that_hands_itself_over(known_warehouse: Path, tmp_path: Path) -> None:
    report = write(known_warehouse, tmp_path / "report")
    for path, content in files_of(report.folder / "data").items():
        name, _, payload = content.decode().removeprefix("painpoint.load(").removesuffix(");\n").partition(", ")
        assert json.loads(name) == path.removesuffix(".js")
        json.loads(payload)
    assert HOSTILE in (report.folder / "data" / "issues" / "bb.js").read_text()


def test_the_same_rows_give_the_same_bytes_but_for_the_time(known_warehouse: Path, tmp_path: Path) -> None:
    one = files_of(write(known_warehouse, tmp_path / "one").folder)
    other = files_of(write(known_warehouse, tmp_path / "other", now=NOON.replace(hour=13)).folder)
    del one["manifest.json"], other["manifest.json"]
    assert {path: text.replace(b"T13:00", b"T12:00") for path, text in other.items()} == one


def test_no_body_author_or_place_on_this_machine_is_in_the_folder(known_warehouse: Path, tmp_path: Path) -> None:
    report = write(known_warehouse, tmp_path / "report")
    everything = b"".join(files_of(report.folder).values())
    assert REST_OF_BODY.encode() not in everything
    assert AUTHOR.encode() not in everything
    assert str(tmp_path).encode() not in everything


def test_a_folder_that_is_no_report_is_left_alone(known_warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(UserError, match="has files in it and is no report, so it is not replaced"):
        write(known_warehouse, folder)
    assert files_of(folder) == {"cat.jpg": b"cat"}


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_report_is_replaced_whole(
    known_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(folders, "_exchanged", lambda one, other: False)
    report = write(known_warehouse, tmp_path / "report")
    earlier = set(files_of(report.folder))
    write(known_warehouse, tmp_path / "report", day=FIRST)
    manifest = read_manifest(report.folder)
    assert manifest
    assert manifest["day"] == "2025-01-06"
    assert files_of(report.folder).keys() == {MANIFEST, *manifest["files"]}
    assert earlier - files_of(report.folder).keys() == {"data/issues/bb.js"}
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_what_somebody_put_into_a_report_is_kept(known_warehouse: Path, tmp_path: Path) -> None:
    report = write(known_warehouse, tmp_path / "report")
    own = {"notes.txt": b"ask Dana", "data/mine/table.csv": b"a,b"}
    for name, content in own.items():
        (report.folder / name).parent.mkdir(exist_ok=True)
        (report.folder / name).write_bytes(content)
    (report.folder / "link").symlink_to("nowhere")
    write(known_warehouse, report.folder, day=SECOND)
    write(known_warehouse, report.folder)
    assert {name: files_of(report.folder)[name] for name in own} == own
    assert (report.folder / "link").readlink() == Path("nowhere")
    assert own.keys().isdisjoint((read_manifest(report.folder) or {})["files"])


def test_what_fails_leaves_the_old_report(known_warehouse: Path, tmp_path: Path) -> None:
    before = files_of(write(known_warehouse, tmp_path / "report").folder)
    with pytest.raises(UserError, match="has no issues"):
        write(known_warehouse, tmp_path / "report", day=SECOND.replace(month=3))
    (tmp_path / "broken.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match=r"broken\.duckdb"):
        write(tmp_path / "broken.duckdb", tmp_path / "report")
    assert files_of(tmp_path / "report") == before
    assert hidden(tmp_path / "report") == []


KILLED = """
import os, signal, sys
from functools import partial
from pathlib import Path
from painpoint_platform.report import writing
from painpoint_platform.warehouse.connection import open_read

warehouse, folder, after = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
written = 0
as_ever = Path.write_bytes

def dying(path, content):
    global written
    written += 1
    if written == after:
        os.kill(os.getpid(), signal.SIGKILL)
    return as_ever(path, content)

Path.write_bytes = dying
writing.site_files = lambda *_, **about: {"index.html": "new"}
writing.write_report(partial(open_read, warehouse), folder, cache_dir=folder)
"""


def test_a_killed_writer_leaves_the_old_report_and_the_next_one_clears_up(own_warehouse: Path, tmp_path: Path) -> None:
    report = write(own_warehouse, tmp_path / "report")
    before = files_of(report.folder)
    died = subprocess.run([sys.executable, "-c", KILLED, str(own_warehouse), str(report.folder), "4"], check=False)
    assert died.returncode == -signal.SIGKILL
    assert files_of(report.folder) == before
    assert hidden(report.folder) == [".report.new"]
    write(own_warehouse, report.folder)
    assert files_of(report.folder) == before
    assert hidden(report.folder) == []


def test_two_writers_take_turns_and_the_one_that_read_later_wins(known_warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    order: list[str] = []
    first_reads, may_go_on = threading.Event(), threading.Event()

    @contextmanager
    def reading(who: str) -> Iterator[Any]:
        order.append(who)
        first_reads.set()
        assert may_go_on.wait(10)
        with open_read(known_warehouse) as connection:
            yield connection

    def writer(who: str) -> threading.Thread:
        task = partial(write_report, partial(reading, who), folder, cache_dir=tmp_path, lock_timeout_s=20)
        thread = threading.Thread(target=task)
        thread.start()
        return thread

    one = writer("one")
    assert first_reads.wait(10)
    other = writer("other")
    other.join(0.2)
    assert order == ["one"], "the second reads while the first still has old rows to write"
    may_go_on.set()
    one.join(20)
    other.join(20)
    assert order == ["one", "other"]
    assert read_manifest(folder)
    assert hidden(folder) == []


def test_a_full_disk_is_told_in_a_sentence(
    known_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match=r"could not be written \(No space left on device\); an older one is unchanged"):
        write(known_warehouse, tmp_path / "report")
    assert not (tmp_path / "report").exists()
    assert list(tmp_path.iterdir()) == []
