"""Themes from a real server on loopback that misbehaves on demand."""

import pytest

from painpoint_platform.courses.stage3 import find_themes
from painpoint_platform.courses.taxonomy import load_taxonomy
from painpoint_platform.courses.theme_batches import UNASSIGNED
from painpoint_platform.errors import TransientError, UserError
from painpoint_platform_tests.courses.theme_model import by_first_word, client_of, stage2_run
from painpoint_platform_tests.llm.model_server import CUT_OFF, ModelServer, content, status

TAXONOMY = load_taxonomy()
WORDS = ("exam", "pace", "captions", "mood")


@pytest.fixture
def server():
    with ModelServer(answer=by_first_word) as running:
        yield running


def run_of(tmp_path, clusters=12):
    courses = [(f"C{number}", [(f"{WORDS[number % 4]} in {number}", 1 + number % 3)]) for number in range(clusters)]
    return stage2_run(tmp_path, *courses)


def themes_of(run, client, **options):
    return find_themes(run.clusters, run.cluster_posts, client=client, taxonomy=TAXONOMY, **options)


def in_batches_with(word):
    """Whether a request is about a cluster whose summary begins with the word."""
    return lambda seen: any(cluster["issue_summary"].startswith(word) for cluster in seen.user_json["clusters"])


def assert_every_cluster_is_somewhere_once(run, found):
    assert sorted(found.assignments["cluster_id"]) == sorted(run.clusters["cluster_id"])


def test_batches_are_asked_at_once_and_their_groups_become_numbered_themes(tmp_path, server):
    run = run_of(tmp_path)
    server.is_held = lambda _seen: server.max_in_flight < 3
    with client_of(server, tmp_path / "llm.sqlite") as client:
        found = themes_of(run, client, batch_size=5)
    assert server.max_in_flight == len(server.seen) == 3
    assert sorted(len(seen.user_json["clusters"]) for seen in server.seen) == [2, 5, 5]
    assert found.themes.select("global_cluster_id", "normalized_issue_label", "total_num_posts").rows() == [
        ("G001", "assessment_material_misalignment", 6),
        ("G002", "course_pacing_or_workload", 6),
        ("G003", "poor_captions", 6),
    ]
    assert found.themes["family"].to_list() == ["assessment_material_misalignment", "course_pacing_or_workload", None]
    assert found.new_labels == ("poor_captions",)
    assert found.assignments.filter(found.assignments["global_cluster_id"] == UNASSIGNED).height == 3
    assert_every_cluster_is_somewhere_once(run, found)
    assert [batch.status for batch in found.batches] == ["ok"] * 3
    assert not any(batch.made_smaller for batch in found.batches)


def test_the_first_batch_has_the_clusters_with_most_posts(tmp_path, server):
    run = run_of(tmp_path)
    with client_of(server, tmp_path / "llm.sqlite") as client:
        found = themes_of(run, client, batch_size=4)
    assert [cluster["cluster_id"] for cluster in found.batches[0].clusters] == ["C11_1", "C2_1", "C5_1", "C8_1"]
    assert found.batches[0].payload["clusters"][0] == {
        "cluster_id": "C11_1", "issue_summary": "mood in 11", "course_code": "C11", "course_title": "Course C11",
        "num_posts": 3,
    }  # fmt: skip


def test_a_batch_that_stays_broken_is_unassigned_and_asked_anew_by_the_next_run(tmp_path, server):
    run = run_of(tmp_path)
    is_about_pace = in_batches_with("pace in 1")
    server.fault_for = lambda seen: CUT_OFF if is_about_pace(seen) else None
    state = tmp_path / "llm.sqlite"
    with client_of(server, state) as client:
        found = themes_of(run, client, batch_size=1)
        (failed,) = found.failed
        assert failed.clusters[0]["cluster_id"] == "C1_1"
        assert "cut off" in failed.reason
        assert failed.answer.usage.calls == 2
        assert_every_cluster_is_somewhere_once(run, found)
        assert found.assignments.filter(cluster_id="C1_1")["global_cluster_id"].to_list() == [UNASSIGNED]
        server.fault_for = lambda _: None
        server.seen.clear()
        again = themes_of(run, client, batch_size=1)
        assert (len(server.seen), len(again.failed)) == (0, 1)
        again.forget_failures(client)
        mended = themes_of(run, client, batch_size=1)
    assert (len(server.seen), mended.failed) == (1, ())


def test_a_batch_that_no_model_answered_is_unassigned_and_says_why(tmp_path, server):
    run = run_of(tmp_path)
    is_about_pace = in_batches_with("pace in 1")
    server.fault_for = lambda seen: status(400, text="too long") if is_about_pace(seen) else None
    with client_of(server, tmp_path / "llm.sqlite") as client:
        found = themes_of(run, client, batch_size=1)
    assert [batch.clusters[0]["cluster_id"] for batch in found.failed] == ["C1_1"]
    assert found.failed[0].reason
    assert_every_cluster_is_somewhere_once(run, found)


def test_when_nothing_is_answered_the_run_stops_and_says_why(tmp_path, server):
    server.fault_for = lambda _: status(500, retry_after=0)
    with (
        client_of(server, tmp_path / "llm.sqlite") as client,
        pytest.raises(TransientError, match=r"3 of 3 requests.*500"),
    ):
        themes_of(run_of(tmp_path), client, batch_size=4)


def test_a_refused_key_is_for_a_person_to_mend(tmp_path, server):
    server.fault_for = lambda _: status(401)
    with client_of(server, tmp_path / "llm.sqlite") as client, pytest.raises(UserError, match="no model answered"):
        themes_of(run_of(tmp_path), client)


def test_when_every_reply_is_unusable_everything_is_unassigned(tmp_path, server):
    run = run_of(tmp_path)
    server.fault_for = lambda _: content("I would rather not.")
    with client_of(server, tmp_path / "llm.sqlite") as client:
        found = themes_of(run, client)
    assert found.themes.is_empty()
    assert set(found.assignments["global_cluster_id"]) == {UNASSIGNED}
    assert_every_cluster_is_somewhere_once(run, found)


def test_a_batch_is_made_smaller_where_the_context_has_no_room_and_nothing_is_cut(tmp_path, server):
    long = "exam " + "does not match the practice test at all " * 20
    run = stage2_run(tmp_path, *((f"C{number}", [(long, 1)]) for number in range(20)))
    with client_of(server, tmp_path / "llm.sqlite", context_tokens=9_000) as client:
        found = themes_of(run, client, batch_size=15)
    lengths = [len(batch.clusters) for batch in found.batches]
    assert max(lengths) < 15
    assert [batch.made_smaller for batch in found.batches] == [True] * (len(lengths) - 1) + [False]
    assert sorted(name for batch in found.batches for name in (c["cluster_id"] for c in batch.clusters)) == sorted(
        run.clusters["cluster_id"]
    )
    assert all(cluster["issue_summary"] == long for seen in server.seen for cluster in seen.user_json["clusters"])
    assert all(seen.prompt_tokens + seen.body["max_tokens"] <= 9_000 for seen in server.seen)
    assert found.themes["num_clusters"].to_list() == [20]


def test_the_bound_of_a_reply_grows_with_its_batch(tmp_path, server):
    with client_of(server, tmp_path / "llm.sqlite") as client:
        themes_of(run_of(tmp_path), client, batch_size=10)
    bounds = {len(seen.user_json["clusters"]): seen.body["max_tokens"] for seen in server.seen}
    assert bounds[2] < bounds[10]


def test_without_clusters_nothing_is_asked(tmp_path, server):
    with client_of(server, tmp_path / "llm.sqlite") as client:
        found = themes_of(stage2_run(tmp_path), client)
    assert (found.themes.height, found.assignments.height, found.batches, server.seen) == (0, 0, (), [])


def test_a_cluster_id_that_occurs_twice_is_an_error(tmp_path, server):
    run = stage2_run(tmp_path, ("C1", [("exam", 1)]), ("C1", [("pace", 1)]))
    with client_of(server, tmp_path / "llm.sqlite") as client, pytest.raises(UserError, match=r"C1_1; .*validate"):
        themes_of(run, client)


def test_progress_is_told_in_batches(tmp_path, server):
    told = []
    with client_of(server, tmp_path / "llm.sqlite") as client:
        themes_of(run_of(tmp_path), client, batch_size=5, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)


def test_six_batches_are_asked_at_once(tmp_path, server):
    server.is_held = lambda _seen: server.max_in_flight < 6
    with client_of(server, tmp_path / "llm.sqlite") as client:
        themes_of(run_of(tmp_path, clusters=18), client, batch_size=3)
    assert server.max_in_flight == len(server.seen) == 6
