"""The folder of a Stage-3 run: what is in it, when it is made anew, and reading it again."""

import csv
import json
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from painpoint_platform.courses.stage3_folder import read_stage3_run
from painpoint_platform.courses.stage3_run import run_stage3
from painpoint_platform.courses.taxonomy import load_taxonomy
from painpoint_platform.errors import TransientError, UserError
from painpoint_platform_tests.courses.theme_model import by_first_word, client_of, stage2_run
from painpoint_platform_tests.llm.model_server import HANG, ModelServer, content, status

COURSES = (
    ("C1", [("exam is harder", 3), ("mood is bad", 1)]),
    ("C2", [("exam differs", 2), ("captions, \"poor\"\nones", 1)]),
    ("D3", [("pace is too fast", 4)]),
)  # fmt: skip
RUN = ["schema_version", "stage3_run_id", "stage3_run_slug", "stage3_run_dir"]
SLUG = "openai-small_s3_global_corpus"


@pytest.fixture
def server():
    with ModelServer(answer=by_first_word) as running:
        yield running


@pytest.fixture
def artifacts(tmp_path):
    return tmp_path / "artifacts"


def made(artifacts, server, stage2=None, **options):
    stage2 = stage2 or stage2_run(artifacts, *COURSES)
    with client_of(server, artifacts.parent / "llm.sqlite") as client:
        result = run_stage3(stage2, client=client, artifacts=artifacts, **({"batch_size": 3} | options))
        result.forget_failures(client)
    return result


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def json_of(path):
    return json.loads(path.read_text(encoding="utf-8"))


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_global_clusters_are_sorted_by_posts_and_list_the_unassigned(artifacts, server):
    folder = made(artifacts, server).run.run_dir
    assert folder == artifacts / "stage3" / "runs" / SLUG
    found = json_of(folder / "global_clusters.json")
    assert list(found) == ["global_clusters", "unassigned_clusters"]
    assert found["global_clusters"][0] == {
        "provisional_label": "exam trouble",
        "normalized_issue_label": "assessment_material_misalignment",
        "short_description": "The exam does not fit, says a batch of 3.",
        "member_cluster_ids": ["C1_1", "C2_1"],
    }
    assert [group["provisional_label"].split()[0] for group in found["global_clusters"]] == ["exam", "pace"]
    assert found["unassigned_clusters"] == ["C1_2", "C2_2"]


def test_the_index_of_clusters_has_a_row_a_cluster(artifacts, server):
    result = made(artifacts, server)
    rows = rows_of(result.run.run_dir / "cluster_global_index.csv")
    assert list(rows[0]) == [
        *RUN, "cluster_id", "global_cluster_id", "normalized_issue_label", "provisional_label", "total_num_posts",
        "num_courses",
    ]  # fmt: skip
    assert [tuple(row.values())[4:] for row in rows] == [
        ("C1_1", "G001", "assessment_material_misalignment", "exam trouble", "5", "2"),
        ("C2_1", "G001", "assessment_material_misalignment", "exam trouble", "5", "2"),
        ("D3_1", "G002", "course_pacing_or_workload", "pace trouble", "4", "1"),
        ("C1_2", "UNASSIGNED", "", "", "1", "1"),
        ("C2_2", "UNASSIGNED", "", "", "1", "1"),
    ]
    assert {tuple(row.values())[:4] for row in rows} == {
        ("1.0", result.run.run_id, SLUG, f"artifacts/stage3/runs/{SLUG}")
    }


def test_the_index_of_posts_has_a_row_a_post_and_cluster_also_of_unassigned_ones(artifacts, server):
    stage2 = stage2_run(artifacts, *COURSES)
    rows = rows_of(made(artifacts, server, stage2).run.run_dir / "post_global_index.csv")
    assert list(rows[0]) == [
        *RUN,
        "post_id",
        "course_code",
        "cluster_id",
        "global_cluster_id",
        "normalized_issue_label",
    ]
    assert sorted((row["cluster_id"], row["course_code"], row["post_id"]) for row in rows) == sorted(
        stage2.cluster_posts.rows()
    )
    unassigned = [row for row in rows if row["global_cluster_id"] == "UNASSIGNED"]
    assert {(row["cluster_id"], row["normalized_issue_label"]) for row in unassigned} == {("C1_2", ""), ("C2_2", "")}


def test_the_clusters_are_flattened_in_the_order_of_batches(artifacts, server):
    made(artifacts, server)
    rows = rows_of(artifacts / "stage3" / "preprocessed" / "model_s2_cluster_corpus" / "clusters_llm.csv")
    assert list(rows[0]) == ["cluster_id", "issue_summary", "course_code", "course_title", "num_posts"]
    assert [row["cluster_id"] for row in rows] == ["D3_1", "C1_1", "C2_1", "C1_2", "C2_2"]
    assert rows[4]["issue_summary"] == 'captions, "poor"\nones'


def test_the_manifest_tells_where_the_run_comes_from_and_what_it_came_to(artifacts, server):
    result = made(artifacts, server)
    folder = result.run.run_dir
    manifest = json_of(folder / "manifest.json")
    expected = {
        "schema_version": "1.0", "stage3_run_slug": SLUG, "stage3_run_dir": f"artifacts/stage3/runs/{SLUG}",
        "corpus_tag": "corpus", "model_name": "openai/small", "num_input_clusters": 5, "num_global_clusters": 2,
        "num_unassigned_clusters": 2, "total_input_posts": 11, "num_batches": 2, "num_failed_batches": 0,
        "total_calls": 2, "batch_size": 3, "new_labels": [], "unassigned_clusters": ["C1_2", "C2_2"],
    }  # fmt: skip
    assert {name: manifest[name] for name in expected} == expected
    assert manifest["run_id"].startswith(f"{SLUG}_20")
    assert manifest["source_stage2_run"] == {
        "run_id": "run-2",
        "stage2_run_dir": "artifacts/stage2/runs/model_s2_cluster_corpus",
        "stage2_run_slug": "model_s2_cluster_corpus",
        "manifest_path": "artifacts/stage2/runs/model_s2_cluster_corpus/manifest.json",
    }
    assert manifest["prompt_sha256"] == sha256((folder / "stage3_prompt.txt").read_bytes()).hexdigest()
    assert [batch["num_clusters"] for batch in manifest["batches"]] == [3, 2]
    assert manifest["total_prompt_tokens"] == sum(seen.prompt_tokens for seen in server.seen)


def test_every_dropped_and_omitted_id_is_in_the_manifest(artifacts, server):
    def careless(seen):
        first, *_ = [cluster["cluster_id"] for cluster in seen.user_json["clusters"]]
        member = {"provisional_label": "a", "normalized_issue_label": "new one", "short_description": "b."}
        return {
            "global_clusters": [member | {"member_cluster_ids": [first, first, "C9_9"]}],
            "unassigned_clusters": [first],
        }

    server.answer = careless
    manifest = made(artifacts, server, batch_size=5).run.manifest
    (batch,) = manifest["batches"]
    assert batch["omitted_cluster_ids"] == ["C1_1", "C2_1", "C1_2", "C2_2"] == manifest["unassigned_clusters"]
    assert batch["unknown_ids_dropped"] == ["C9_9"]
    assert batch["repeated_ids_dropped"] == ["D3_1", "D3_1"]
    assert manifest["new_labels"] == ["new_one"]
    assert (batch["status"], batch["calls"]) == ("ok", 1)


def test_the_log_of_batches_has_what_was_asked_and_answered(artifacts, server):
    folder = made(artifacts, server).run.run_dir
    lines = [json.loads(line) for line in (folder / "llm_batches.jsonl").read_text("utf-8").splitlines()]
    assert [line["request"] for line in lines] == [
        seen.user_json for seen in sorted(server.seen, key=_first_id, reverse=True)
    ]
    assert lines[0]["reply"]["global_clusters"][0]["member_cluster_ids"]
    assert lines[0]["usage"]["calls"] == 1


def _first_id(seen):
    return seen.user_json["clusters"][0]["cluster_id"]


def test_a_finished_run_is_the_result_and_nothing_is_asked_or_written(artifacts, server):
    first = made(artifacts, server)
    before, mtimes = files_of(first.run.run_dir), {path: path.stat().st_mtime_ns for path in artifacts.rglob("*")}
    server.seen.clear()
    again = made(artifacts, server)
    assert (first.reused, again.reused, server.seen) == (False, True, [])
    assert files_of(again.run.run_dir) == before
    assert {path: path.stat().st_mtime_ns for path in artifacts.rglob("*")} == mtimes
    for name in ("themes", "assignments", "posts"):
        assert_frame_equal(getattr(again.run, name), getattr(first.run, name))
    assert (again.run.name, again.run.manifest) == (first.run.name, first.run.manifest)


@pytest.mark.parametrize("change", ["clusters", "source", "taxonomy", "batch_size"])
def test_a_run_of_other_input_is_made_anew_and_the_older_one_is_kept(artifacts, server, tmp_path, change):
    first = made(artifacts, server).run
    taxonomy = tmp_path / "taxonomy.csv"
    taxonomy.write_text("label,family,meaning\npace,pace,Too fast.\n")
    stage2 = {
        "clusters": lambda: stage2_run(artifacts, *COURSES, ("E4", [("exam again", 1)])),
        "source": lambda: stage2_run(artifacts, *COURSES, run_id="run-3"),
    }.get(change, lambda: stage2_run(artifacts, *COURSES))()
    options = {"taxonomy": {"taxonomy_file": taxonomy}, "batch_size": {"batch_size": 2}}.get(change, {})
    second = made(artifacts, server, stage2, **options)
    assert not second.reused
    kept = first.run_dir.with_name(first.run_id)
    assert json_of(kept / "manifest.json")["run_id"] == first.run_id != second.run.run_id
    assert json_of(second.run.run_dir / "manifest.json")["run_id"] == second.run.run_id


@pytest.mark.parametrize("name", ["manifest.json", "post_global_index.csv"])
def test_a_folder_that_was_damaged_is_no_result_and_is_kept(artifacts, server, name):
    first = made(artifacts, server).run
    (first.run_dir / name).write_text("{")
    again = made(artifacts, server)
    assert not again.reused
    assert_frame_equal(read_stage3_run(again.run.run_dir).posts, first.posts)
    (kept,) = (folder for folder in first.run_dir.parent.iterdir() if folder != first.run_dir)
    assert (kept / name).read_text() == "{"


def test_a_run_with_a_failed_batch_is_not_finished(artifacts, server):
    server.fault_for = lambda seen: content("no") if len(seen.user_json["clusters"]) == 2 else None
    first = made(artifacts, server)
    assert first.failed_batches[0][0] == 2
    assert first.run.manifest["num_failed_batches"] == 1
    assert first.run.manifest["batches"][1]["reason"]
    server.fault_for, server.seen[:] = (lambda _: None), []
    second = made(artifacts, server)
    assert (len(server.seen), second.failed_batches) == (1, [])
    assert made(artifacts, server).reused


def test_an_outage_leaves_what_was_there(artifacts, server):
    first = made(artifacts, server).run
    before = files_of(first.run_dir)
    server.fault_for = lambda _: status(503, retry_after=0)
    with pytest.raises(TransientError):
        made(artifacts, server, stage2_run(artifacts, *COURSES, ("E4", [("exam again", 1)])), batch_size=2)
    assert files_of(first.run_dir) == before
    assert [path.name for path in first.run_dir.parent.iterdir()] == [SLUG]


def test_a_run_without_clusters_is_a_run(artifacts, server):
    run = made(artifacts, server, stage2_run(artifacts)).run
    assert json_of(run.run_dir / "global_clusters.json") == {"global_clusters": [], "unassigned_clusters": []}
    assert rows_of(run.run_dir / "post_global_index.csv") == []
    assert made(artifacts, server, stage2_run(artifacts)).reused


def test_a_legacy_stage_2_run_has_no_run_id(artifacts, server):
    run = made(artifacts, server, stage2_run(artifacts, *COURSES, run_id=None)).run
    assert run.manifest["source_stage2_run"]["run_id"] is None


def test_families_are_read_with_the_taxonomy_and_null_without(artifacts, server):
    run_dir = made(artifacts, server).run.run_dir
    assert read_stage3_run(run_dir, load_taxonomy()).themes["family"].null_count() == 0
    assert read_stage3_run(run_dir).themes["family"].null_count() == 2


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("manifest.json", None, "there is no manifest"),
        ("manifest.json", "[]", "expected an object"),
        ("global_clusters.json", None, "no such file"),
        ("global_clusters.json", "{", "not readable"),
        ("global_clusters.json", '{"global_clusters": [3]}', "not readable"),
        ("cluster_global_index.csv", "cluster_id\nC1_1\n", "global_cluster_id is missing"),
        (
            "cluster_global_index.csv",
            "cluster_id,global_cluster_id,normalized_issue_label,provisional_label,total_num_posts,num_courses\n"
            "C1_1,G001,a,b,many,1\n",
            "row 1: total_num_posts is 'many'",
        ),
        ("post_global_index.csv", "post_id,course_code\n1\n", "cluster_id is missing"),
    ],
)
def test_a_folder_that_cannot_be_read_says_where(artifacts, server, file, text, message):
    path = made(artifacts, server).run.run_dir / file
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(UserError, match=message) as raised:
        read_stage3_run(path.parent)
    assert file in str(raised.value)


KILLED = """
    import sys
    from pathlib import Path
    from painpoint_platform.courses.stage3_run import run_stage3
    from painpoint_platform_tests.courses.test_stage3_run import COURSES
    from painpoint_platform_tests.courses.theme_model import client_of, stage2_run
    from painpoint_platform_tests.llm.model_server import ModelServer

    artifacts = Path(sys.argv[1])
    server = ModelServer(port=int(sys.argv[2]))
    with client_of(server, artifacts.parent / "llm.sqlite") as client:
        run_stage3(stage2_run(artifacts, *COURSES), client=client, artifacts=artifacts, batch_size=1)
"""


def test_a_killed_run_is_finished_without_paying_twice(artifacts, server):
    server.fault_for = lambda seen: HANG if _first_id(seen) == "D3_1" else None
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(artifacts), str(server.port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        wait_for(lambda: answers_in(artifacts.parent / "llm.sqlite") == 4)
    finally:
        process.kill()
        process.wait(10)
    assert not (artifacts / "stage3" / "runs" / SLUG).exists()
    server.fault_for, server.seen[:] = (lambda _: None), []
    assert made(artifacts, server, batch_size=1).run.assignments.height == 5
    assert [_first_id(seen) for seen in server.seen] == ["D3_1"]


def wait_for(happened):
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers_in(state):
    if not state.exists():
        return 0
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as connection, suppress(sqlite3.OperationalError):
        return connection.execute("select count(*) from answers").fetchone()[0]
    return 0
