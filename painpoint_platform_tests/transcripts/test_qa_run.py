"""A run from a file to the output folder, by rules alone."""

import json
from pathlib import Path

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts import qa_run
from painpoint_platform.transcripts.evaluation import evaluate, read_groups
from painpoint_platform.transcripts.outputs import claimed
from painpoint_platform.transcripts.qa_run import run_file
from painpoint_platform_tests.transcripts.made_calls import call, exchange, records_of, write_calls

ADDED = {"qa_group_id", "qa_group_confidence", "qa_group_method"}
FILES = {
    "qa_pairings.json",
    "qa_paired_transcript_sections.json",
    "execution_summary.json",
    "stage_5_boundary_errors.json",
    "stage_5_authentication_errors.json",
    "stage_5_validation_errors.json",
    "stage_5_processing_errors.json",
}
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "transcripts"


def run(path: Path, out: Path, **options):
    return run_file(path, out, **({"client": None, "mode": "never", "margin": 0.5} | options))


def output(out: Path):
    return json.loads((out / "qa_paired_transcript_sections.json").read_bytes())


def errors(out: Path, kind: str):
    return json.loads((out / f"stage_5_{kind}_errors.json").read_bytes())


def visible(out: Path) -> set[str]:
    return {path.name for path in out.iterdir() if not path.name.startswith(".")}


def test_every_record_comes_out_as_it_went_in_with_three_more_fields(tmp_path):
    records = call("one") + records_of("two", exchange("Cy Orr"), unknown={"nested": ["é", 1.5, None]})
    report = run(write_calls(tmp_path / "in.json", records), tmp_path / "out")
    written = output(tmp_path / "out")["records"]
    assert [{name: value for name, value in record.items() if name not in ADDED} for record in written] == records
    assert [record["qa_group_id"] for record in written] == [None, None, 1, 1, None, 2, 2, None, None, 1, 1]
    assert {record["qa_group_method"] for record in written} == {None, "rule_detection"}
    assert visible(tmp_path / "out") == FILES
    assert not report.has_findings
    assert report.output == tmp_path / "out" / "qa_paired_transcript_sections.json"


def test_records_of_alternating_transcripts_keep_their_order(tmp_path):
    records = [record for both in zip(call("one"), call("two"), strict=True) for record in both]
    run(write_calls(tmp_path / "in.json", records), tmp_path / "out")
    written = output(tmp_path / "out")["records"]
    assert [record["filename"] for record in written] == [record["filename"] for record in records]
    assert [record["qa_group_id"] for record in written[::2]] == [None, None, 1, 1, None, 2, 2]


def test_the_envelope_carries_version_time_totals_and_summary(tmp_path):
    run(write_calls(tmp_path / "in.json", call("one")), tmp_path / "out")
    found = output(tmp_path / "out")
    assert list(found) == ["schema_version", "created_at", "totals", "summary", "records"]
    assert found["totals"] == {
        "records": 7, "records_in_groups": 4, "transcripts": 1, "transcripts_unpaired": 0, "transcripts_left_out": 0,
        "blocks": 6, "groups": 2,
    }  # fmt: skip
    assert found["summary"]["groups_by_method"] == {"rule_detection": 2}
    assert (found["summary"]["mode"], found["summary"]["cost_usd"]) == ("never", 0)


def test_an_output_can_be_the_input_of_another_run(tmp_path):
    first = run(write_calls(tmp_path / "in.json", call("one")), tmp_path / "out")
    run(first.output, tmp_path / "again")
    assert output(tmp_path / "again")["records"] == output(tmp_path / "out")["records"]
    assert evaluate(read_groups(first.output), read_groups(first.output)).overall.exact_groups == 1


def test_a_transcript_with_faulty_records_gets_nulls_and_an_error_and_the_others_go_on(tmp_path):
    faulty = call("faulty")
    faulty[3]["paragraph_id"] = faulty[2]["paragraph_id"]
    del faulty[4]["paragraph_content"]
    report = run(write_calls(tmp_path / "in.json", faulty, call("sound")), tmp_path / "out")
    written = output(tmp_path / "out")["records"]
    assert len(written) == 14
    assert {record["qa_group_id"] for record in written if record["filename"] == "faulty"} == {None}
    assert {record["qa_group_id"] for record in written if record["filename"] == "sound"} == {None, 1, 2}
    (found,) = errors(tmp_path / "out", "processing")
    assert (found["transcript"], found["where"]) == ("faulty", "record [4] of the file")
    assert "paragraph_content is nothing" in found["what_happened"]
    assert report.has_findings
    assert (report.summary.unpaired, len(report.summary.transcripts)) == (1, 1)


def test_a_call_without_questions_is_no_failure_but_is_pointed_at(tmp_path):
    report = run(write_calls(tmp_path / "in.json", records_of("talk only", [])), tmp_path / "out")
    assert "nothing to pair" in errors(tmp_path / "out", "validation")[0]["what_happened"]
    assert not report.has_findings


def test_the_development_limit_leaves_out_the_other_transcripts(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"), call("two"), call("three"))
    report = run(path, tmp_path / "out", dev_max_transcripts=2)
    assert [record["filename"] for record in output(tmp_path / "out")["records"][::7]] == ["one", "two"]
    assert (len(report.calls), report.summary.left_out) == (2, 1)
    assert len(run(path, tmp_path / "out").calls) == 3


def test_the_development_limit_keeps_the_order_of_records(tmp_path):
    records = [record for some in zip(call("one"), call("two"), call("three"), strict=True) for record in some]
    run(write_calls(tmp_path / "in.json", records), tmp_path / "out", dev_max_transcripts=2)
    written = [record["filename"] for record in output(tmp_path / "out")["records"]]
    assert written == [record["filename"] for record in records if record["filename"] != "three"]


def test_progress_counts_transcripts(tmp_path):
    seen = []
    path = write_calls(tmp_path / "in.json", call("one"), call("two"))
    run(path, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_the_summary_has_every_transcript_the_total_and_the_average(tmp_path):
    run(write_calls(tmp_path / "in.json", call("one"), call("two", ("Cy Orr",))), tmp_path / "out")
    found = json.loads((tmp_path / "out" / "execution_summary.json").read_bytes())
    assert [(one["transcript"], one["groups"], one["blocks"]) for one in found["transcripts"]] == [
        ("one", 2, 6),
        ("two", 1, 3),
    ]
    assert (found["total"]["groups"], found["total"]["blocks"]) == (3, 9)
    assert (found["average"]["groups"], found["average"]["blocks"]) == (1.5, 4.5)
    assert (found["total"]["model_calls"], found["total"]["cost_usd"]) == (0, 0)
    assert found["total"]["seconds"] >= 0
    assert found["errors"] == {"boundary": 0, "authentication": 0, "validation": 0, "processing": 0}


def test_a_finished_transcript_is_not_done_again(tmp_path, monkeypatch):
    path = write_calls(tmp_path / "in.json", call("one"), call("two"))
    run(path, tmp_path / "out")
    first = output(tmp_path / "out")["records"]
    monkeypatch.setattr(qa_run.Pairer, "pair", lambda *_: pytest.fail("paired again"))
    report = run(path, tmp_path / "out")
    assert report.summary.reused == 2
    assert output(tmp_path / "out")["records"] == first


@pytest.mark.parametrize("change", ["records", "mode"])
def test_other_records_or_settings_are_done_again(tmp_path, change, monkeypatch):
    path = write_calls(tmp_path / "in.json", call("one"), call("two"))
    run(path, tmp_path / "out")
    if change == "records":
        write_calls(path, call("one"), call("two", ("Ann Lee", "Bob Ray", "Cy Orr")))
        assert run(path, tmp_path / "out").summary.reused == 1
        assert output(tmp_path / "out")["totals"]["groups"] == 5
    else:
        monkeypatch.setattr(qa_run.Pairer, "identity", property(lambda _: ("another mode",)))
        assert run(path, tmp_path / "out").summary.reused == 0


def test_what_the_input_no_longer_has_is_forgotten(tmp_path):
    run(write_calls(tmp_path / "in.json", call("one"), call("two")), tmp_path / "out")
    run(write_calls(tmp_path / "in.json", call("two")), tmp_path / "out")
    assert len(list((tmp_path / "out" / ".finished").iterdir())) == 1


def test_a_torn_file_of_a_finished_transcript_costs_only_doing_it_again(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"))
    run(path, tmp_path / "out")
    (kept,) = (tmp_path / "out" / ".finished").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert run(path, tmp_path / "out").summary.reused == 0
    assert run(path, tmp_path / "out").summary.reused == 1


@pytest.mark.parametrize("names", [("a/b", "a b", "a-b"), ("../x", ".."), ("é" * 200, "e" * 300)])
def test_any_name_of_a_transcript_is_kept_apart_from_others(tmp_path, names):
    path = write_calls(tmp_path / "in.json", *(call(name) for name in names))
    run(path, tmp_path / "out")
    assert run(path, tmp_path / "out").summary.reused == len(names)
    assert {found.parent for found in tmp_path.rglob("*.json")} <= {
        tmp_path, tmp_path / "out", tmp_path / "out" / ".finished"
    }  # fmt: skip


def test_a_broken_property_throws_the_pairing_away_and_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(qa_run, "broken_properties", lambda transcript, *_: ["x"] if transcript.key == "one" else [])
    report = run(write_calls(tmp_path / "in.json", call("one"), call("two")), tmp_path / "out")
    written = output(tmp_path / "out")["records"]
    assert {record["qa_group_id"] for record in written if record["filename"] == "one"} == {None}
    assert {record["qa_group_id"] for record in written if record["filename"] == "two"} == {None, 1, 2}
    (found,) = errors(tmp_path / "out", "validation")
    assert "defect of the program" in found["what_to_do"]
    assert report.has_findings
    assert report.summary.unpaired == 1
    assert len(list((tmp_path / "out" / ".finished").iterdir())) == 1


def test_a_mode_that_asks_needs_a_model(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"))
    with pytest.raises(UserError, match="mode 'auto' asks a model, but there is none"):
        run(path, tmp_path / "out", mode="auto")
    assert not (tmp_path / "out").exists()


def test_a_file_without_records_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match=r"in\.json: holds no record"):
        run(write_calls(tmp_path / "in.json"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_stands_in_the_way_of_finished_calls_is_named_or_left_alone(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"))
    (tmp_path / "out" / ".finished" / "somebody's").mkdir(parents=True)
    assert run(path, tmp_path / "out").calls
    kept = tmp_path / "out" / ".finished" / "one.json"
    kept.unlink()
    kept.mkdir()
    with pytest.raises(UserError, match=r"one\.json: cannot be read"):
        run(path, tmp_path / "out")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".finished").touch()
    with pytest.raises(UserError, match=r"\.finished: cannot be made"):
        run(path, tmp_path / "other")


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"))
    with pytest.raises(UserError, match=r"in\.json: cannot be used for output"):
        run(path, path)


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    path = write_calls(tmp_path / "in.json", call("one"))
    with claimed(tmp_path / "out"), pytest.raises(UserError, match="another run writes to it"):
        run(path, tmp_path / "out")
    assert run(path, tmp_path / "out").calls


def test_a_defect_in_one_transcript_is_raised_and_keeps_what_was_finished(tmp_path, monkeypatch):
    whole = qa_run.Pairer.pair

    def fails_at_the_third(self, transcript):
        if transcript.key == "three":
            raise RuntimeError("a defect")
        return whole(self, transcript)

    monkeypatch.setattr(qa_run.Pairer, "pair", fails_at_the_third)
    path = write_calls(tmp_path / "in.json", *(call(name) for name in ("one", "two", "three", "four")))
    with pytest.raises(RuntimeError, match="a defect"):
        run(path, tmp_path / "out")
    assert visible(tmp_path / "out") == set()
    monkeypatch.undo()
    assert run(path, tmp_path / "out").summary.reused >= 2


def test_interrupted_talk_inside_an_exchange_keeps_the_operator_out(tmp_path):
    turns = exchange("Ann Lee")
    turns.insert(2, ("Operator", None, "Please stand by, we have lost the line for a moment."))
    run(write_calls(tmp_path / "in.json", records_of("one", turns)), tmp_path / "out")
    written = output(tmp_path / "out")["records"]
    assert [record["qa_group_id"] for record in written if record["speaker"] == "Operator"] == [None, None]


@pytest.mark.skipif(not DATA.is_dir(), reason="the data to measure with is not part of the project")
def test_real_calls_are_grouped_as_well_as_asked(tmp_path):
    report = run(DATA / "classified_transcript_sections.json", tmp_path / "out")
    scores = evaluate(read_groups(report.output), read_groups(DATA / "qa_groups_reference.json")).overall
    assert scores.pairwise_f1 >= 0.99
    assert scores.exact_groups >= 0.98
