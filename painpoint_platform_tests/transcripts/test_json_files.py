"""JSON files that appear whole or not at all."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.transcripts.json_files import write_json, write_json_list

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


# Each example waits for the disk, for how long is not ours to say.
@settings(max_examples=50)
@given(st.lists(VALUES, max_size=4), st.dictionaries(st.text(), VALUES, max_size=2))
def test_whatever_json_can_hold_comes_back_equal(tmp_path_factory, entries, head):
    path = tmp_path_factory.getbasetemp() / "list.json"
    head.pop("records", None)
    write_json_list(path, head, "records", iter(entries))
    assert json.loads(path.read_bytes()) == head | {"records": entries}


def test_text_of_any_language_is_readable_in_the_file(tmp_path):
    write_json(tmp_path / "a.json", {"speaker": "Société 東京"})
    assert "Société 東京" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_half_a_surrogate_pair_comes_back_as_it_was(tmp_path):
    write_json_list(tmp_path / "a.json", {}, "records", [{"text": "cut \ud83d"}, {"text": "whole 😀"}])
    assert json.loads((tmp_path / "a.json").read_bytes())["records"] == [{"text": "cut \ud83d"}, {"text": "whole 😀"}]


def test_a_failure_on_the_way_leaves_the_older_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json_list(path, {}, "records", [1, float("inf")])
    assert json.loads(path.read_bytes()) == {"old": True}
    assert [found.name for found in tmp_path.iterdir()] == ["a.json"]


def test_who_has_the_older_file_open_keeps_it(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with path.open("rb") as reader:
        write_json(path, {"new": True})
        assert json.load(reader) == {"old": True}
    assert json.loads(path.read_bytes()) == {"new": True}


def test_a_killed_writer_leaves_the_older_file_and_the_next_one_succeeds(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from painpoint_platform.transcripts.json_files import write_json_list\n"
        "def entries():\n"
        "    yield from range(100_000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_json_list(Path(sys.argv[1]), {}, 'records', entries())\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert json.loads(path.read_bytes()) == {"old": True}
    write_json(path, {"new": True})
    assert [found.name for found in tmp_path.iterdir()] == ["a.json"]


def test_folders_are_made_and_a_place_that_cannot_be_written_to_is_named(tmp_path):
    write_json(tmp_path / "new" / "folder" / "a.json", {})
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file.a\.json: cannot be written \(File exists\)"):
        write_json(tmp_path / "file" / "a.json", {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="folder: cannot be written"), replacing(tmp_path / "folder") as file:
        file.write(b"{}")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "folder", "new"]
