"""A run's folder appears whole or not at all, and no older run is lost for it."""

import errno
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.courses.run_folder import (
    file_stem,
    fingerprint,
    new_run_id,
    publish_folder,
    published_run_id,
    read_manifest,
    recover,
    replace_file,
    safe_slug,
    stage2_run_slug,
    stage3_run_slug,
    write_json,
)
from painpoint_platform.courses.run_records import recorded_path
from painpoint_platform.errors import UserError

NOW = datetime(2025, 11, 30, 8, 0, 0, tzinfo=UTC)


def publish(target: Path, run_id: str | None) -> None:
    publish_folder(
        target, lambda folder: write_json(folder / "manifest.json", {"run_id": run_id}), published_run_id(target)
    )


def runs(target: Path) -> dict[str, str | None]:
    return {path.name: read_manifest(path)["run_id"] for path in target.parent.iterdir()}


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("gpt-5-mini", "gpt-5-mini"),
        ("embedded/v1", "embedded-v1"),
        ("ollama/llama3.1:8b", "ollama-llama3.1-8b"),
        (" my run ", "my-run"),
    ],
)
def test_a_slug_stays_readable(text: str, slug: str) -> None:
    assert safe_slug(text) == slug


def test_runs_are_called_by_model_and_corpus() -> None:
    assert stage2_run_slug("embedded/v1", "gpt_full") == "embedded-v1_s2_cluster_gpt_full"
    assert stage3_run_slug("embedded/v1", "gpt_full") == "embedded-v1_s3_global_gpt_full"


@pytest.mark.parametrize("text", ["", ".", "..", "../../etc", ".hidden", "日本", "-rf", "a\x00b", "x" * 500, "a\nb"])
def test_no_text_makes_an_unsafe_name(text: str) -> None:
    for name in (safe_slug(text), file_stem(text)):
        assert name[0].isalnum()
        assert len(f".{name}_20251130T080000Z.complete".encode()) < 255
        assert "/" not in name
        assert name.isprintable()


@given(st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=5, unique=True))
def test_courses_never_share_a_file(codes: list[str]) -> None:
    assert len(set(map(file_stem, codes))) == len(codes)


def test_a_plain_course_code_is_its_files_name() -> None:
    assert [file_stem(code) for code in ("C949", "D-1.2_b")] == ["C949", "D-1.2_b"]
    assert file_stem("D/1").startswith("D-1-")


def test_a_run_id_has_the_stamp_and_is_nobody_elses(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    assert new_run_id(target, NOW) == "slug_20251130T080000Z"
    publish(target, "slug_20251130T080000Z")
    assert new_run_id(target, NOW) == "slug_20251130T080001Z"
    publish(target, "slug_20251130T080001Z")
    assert new_run_id(target, NOW) == "slug_20251130T080002Z"


def test_a_fingerprint_tells_rows_and_settings_apart() -> None:
    rows = pl.DataFrame({"a": ["x", "y"]})
    prints = {fingerprint(rows), fingerprint(rows.reverse()), fingerprint(rows, "m"), fingerprint(rows, "m", "n")}
    assert len(prints) == 4
    assert fingerprint(rows, "m") == fingerprint(rows.clone(), "m")


def test_paths_are_recorded_from_the_artefacts_folder_on(tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    run_dir = artifacts / "stage2" / "runs" / "slug"
    run_dir.mkdir(parents=True)
    assert recorded_path(run_dir, artifacts) == "artifacts/stage2/runs/slug"
    moved = artifacts.rename(tmp_path / "elsewhere")
    assert recorded_path(moved / "stage2", moved) == "elsewhere/stage2"


def test_an_older_run_is_kept_under_its_run_id(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "slug"
    for run_id in ("slug_1", "slug_2", "slug_3"):
        publish(target, run_id)
    assert runs(target) == {"slug": "slug_3", "slug_1": "slug_1", "slug_2": "slug_2"}


def test_a_run_without_an_id_or_with_one_that_is_taken_is_kept_as_well(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    publish(target, None)
    publish(target, "../slug")
    publish(target, "same")
    publish(target, "same")
    publish(target, "last")
    kept = runs(target)
    assert sorted(map(str, kept.values())) == ["../slug", "None", "last", "same", "same"]
    assert kept["slug"] == "last"
    assert {"same", "same-2"} < set(kept)


def test_a_run_whose_manifest_cannot_be_read_is_kept_too(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    publish(target, "one")
    (target / "manifest.json").write_text("{")
    publish(target, "two")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_writer_that_fails_leaves_the_older_run_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    publish(target, "old")

    def full_disk(folder: Path) -> None:
        (folder / "half").write_text("…")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="No space left"):
        publish_folder(target, full_disk, "old")
    assert runs(target) == {"slug": "old"}


def test_a_folder_that_cannot_be_made_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UserError, match="could not be written"):
        publish(tmp_path / "runs" / "slug", "one")


def test_a_crash_between_the_renames_is_healed(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    publish(target, "new")
    target.rename(tmp_path / ".slug.complete")
    recover(target)
    assert runs(target) == {"slug": "new"}


def test_leftovers_go_and_a_complete_folder_does_not_replace_the_run_that_stands(tmp_path: Path) -> None:
    target = tmp_path / "slug"
    publish(target, "old")
    for name in (".slug.complete", ".slug.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    recover(target)
    assert runs(target) == {"slug": "old"}


def test_recovering_where_nothing_is_does_nothing(tmp_path: Path) -> None:
    recover(tmp_path / "no" / "slug")
    assert list(tmp_path.iterdir()) == []


def test_writers_of_one_name_take_turns(tmp_path: Path) -> None:
    target, numbers = tmp_path / "slug", range(8)
    writers = [threading.Thread(target=publish, args=(target, f"run{number}")) for number in numbers]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(runs(target)) == len(numbers)
    assert sorted(map(str, runs(target).values())) == [f"run{number}" for number in numbers]


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    folder = tmp_path / "taken"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(UserError, match="taken: cannot be written"):
        replace_file(folder, b"new")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["f.csv", "taken"]


def test_a_file_whose_folder_cannot_be_made_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a file")
    with pytest.raises(UserError, match="could not be written"):
        replace_file(tmp_path / "f" / "g.csv", b"new")


@pytest.mark.parametrize("text", ["{", "[1]", "\udcff", "[" * 100_000])
def test_a_malformed_manifest_is_a_users_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"manifest\.json: "):
        read_manifest(tmp_path)
    with pytest.raises(UserError, match="there is no manifest"):
        read_manifest(tmp_path / "gone")


def test_whatever_step_a_writer_is_killed_at_a_whole_run_stands(tmp_path: Path) -> None:
    script = [sys.executable, "-m", "painpoint_platform_tests.courses.killed_writer", str(tmp_path)]
    outcomes = json.loads(subprocess.run(script, capture_output=True, check=True, text=True).stdout)
    assert [outcome["killed"] for outcome in outcomes] == [True] * (len(outcomes) - 1) + [False]
    assert len(outcomes) > 30
    for outcome in outcomes:
        assert outcome["found"] in (["old"], ["new"])
        assert outcome["hidden"] == []
        assert outcome["kept"]["slug"] == ["next"]
        assert outcome["kept"]["old"] == ["old"]
        was_published = outcome["found"] == ["new"]
        assert outcome["kept"].get("new") == (["new"] if was_published else None)
    assert [outcome["found"] for outcome in outcomes] == sorted((o["found"] for o in outcomes), reverse=True)
    assert outcomes[0]["found"] == ["old"]
    assert outcomes[-1]["found"] == ["new"]
