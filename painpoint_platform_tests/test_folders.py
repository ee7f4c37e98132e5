"""A folder is replaced whole, by one writer at a time, whatever happens on the way."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from painpoint_platform import folders
from painpoint_platform.errors import UserError
from painpoint_platform.folders import clear_leftovers, replacing_folder

DYING = """
import os, signal, sys
from pathlib import Path
from painpoint_platform.folders import replacing_folder

with replacing_folder(Path(sys.argv[1])) as empty:
    (empty / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(target: Path, name: str) -> None:
    with replacing_folder(target) as empty:
        (empty / name).write_text(name)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("in_one_step", [True, False])
def test_the_new_folder_takes_the_place_of_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(folders, "_exchanged", lambda one, other: False)
    target = tmp_path / "around" / "target"
    write(target, "first")
    write(target, "second")
    assert names_in(target) == ["second"]
    assert names_in(target.parent) == ["target"]


def test_an_error_on_the_way_leaves_the_older_folder(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write(target, "first")
    with pytest.raises(UserError, match=r"target: could not be written \(No such file"):
        write(target, "no folder/second")
    with pytest.raises(ValueError, match="null byte"):
        write(target, "second\0")
    assert (names_in(target), names_in(tmp_path)) == (["first"], ["target"])


def test_where_the_last_step_fails_the_older_folder_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    write(target, "first")
    monkeypatch.setattr(folders, "_exchanged", lambda one, other: False)
    as_ever = Path.rename

    def refusing(path: Path, to: Path) -> Path:
        if path.name.endswith(".new"):
            raise PermissionError(13, "Permission denied")
        return as_ever(path, to)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(UserError, match="an older one is unchanged"):
        write(target, "second")
    assert (names_in(target), names_in(tmp_path)) == (["first"], ["target"])


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write(target, "first")
    for clear in (lambda: clear_leftovers(target), lambda: write(target, "first")):
        died = subprocess.run([sys.executable, "-c", DYING, str(target)], check=False)
        assert died.returncode == -signal.SIGKILL
        assert (names_in(target), names_in(tmp_path)) == (["first"], [".target.new", "target"])
        clear()
        assert (names_in(target), names_in(tmp_path)) == (["first"], ["target"])


def test_a_writer_at_work_is_not_disturbed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    with replacing_folder(target) as empty:
        (empty / "first").write_text("first")
        with pytest.raises(UserError, match="another process is writing it"):
            write(target, "second")
        clear_leftovers(target)
    assert (names_in(target), names_in(tmp_path)) == (["first"], ["target"])


def test_a_writer_at_work_is_waited_for_by_who_asks_for_that(tmp_path: Path) -> None:
    target = tmp_path / "target"
    done: list[object] = []

    def writing() -> None:
        with replacing_folder(target, wait_s=20) as empty:
            (empty / "second").write_text("second")
        done.append("written")

    def clearing() -> None:
        done.append(clear_leftovers(target, wait_s=20))

    with replacing_folder(target) as empty:
        (empty / "first").write_text("first")
        assert not clear_leftovers(target, wait_s=0.01)
        with pytest.raises(UserError, match="another process is writing it"), replacing_folder(target, wait_s=0.01):
            pytest.fail("two write at once")
        threads = [threading.Thread(target=task) for task in (writing, clearing)]
        for thread in threads:
            thread.start()
        assert done == []
    for thread in threads:
        thread.join(20)
    assert sorted(map(str, done)) == ["True", "written"]
    assert (names_in(target), names_in(tmp_path)) == (["second"], ["target"])
