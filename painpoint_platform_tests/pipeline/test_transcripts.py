"""The transcripts graph on two short calls: inbox, tables, artefacts, repeats, bad input."""

import json
import os
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from painpoint_platform.automation import new_transcripts
from painpoint_platform.definitions import build_resources
from painpoint_platform.jobs import RunOutcome, run_in_process
from painpoint_platform.settings import load_settings
from painpoint_platform.transcripts.pairing import pair
from painpoint_platform.transcripts.records import build_transcripts
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pipeline.conftest import definitions_here

CALLS = ("2016-Apr-21-AMD", "2017-May-01-CSCO")
TABLES = ("bronze.transcript_paragraphs", "silver.transcript_qa", "silver.transcript_blocks", "gold.qa_groups")
SPOKEN = [
    ("Prepared Remarks", "Ann Lee, Acme Corp - CEO", None, ["We had a good quarter, and we thank our customers."]),
    ("Investor Q&A", "Operator", None, ["Our first question comes from Mark Lipacis with Jefferies."]),
    ("Investor Q&A", "Mark Lipacis, Jefferies LLC - Analyst", "question",
     ["Thanks for taking my question.", "How do you think about margins next year? And about prices?"]),
    ("Investor Q&A", "Ann Lee, Acme Corp - CEO", "answer", ["We expect them to improve.", "Mostly because of mix."]),
    ("Investor Q&A", "Bo Kent, Acme Corp - CFO", "answer", ["And prices are stable."]),
    ("Investor Q&A", "Mark Lipacis, Jefferies LLC - Analyst", "question", ["Great, thank you."]),
    ("Investor Q&A", "Operator", None, ["The next question is from Vivek Arya of Merrill Lynch."]),
    ("Investor Q&A", "Vivek Arya, Merrill Lynch - Analyst", "question", ["What drove the growth in the data centre?"]),
    ("Investor Q&A", "Ann Lee, Acme Corp - CEO", "answer", ["Demand for our new parts."]),
    ("Investor Q&A", "Operator", None, ["This concludes our question-and-answer session."]),
]  # fmt: skip


def records_of(call: str) -> list[dict[str, Any]]:
    records = []
    for block, (section, speaker, flag, paragraphs) in enumerate(SPOKEN, start=1):
        for text in paragraphs:
            records.append({
                "filename": call, "ticker": call.rsplit("-", 1)[1], "event_id": call, "section_id": 1,
                "section_name": "x", "section_type": section, "section_type_confidence": 0.95,
                "section_type_method": "section_uniform", "speaker_block_id": block, "paragraph_id": len(records) + 1,
                "speaker": speaker, "question_answer_flag": flag, "paragraph_content": text,
                "a_field_of_the_source": {"kept": [1, 2.50, None, "\ud800"]},
            })  # fmt: skip
    return records


class Calls:
    """A platform with a file of calls in its inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "inbox" / "transcripts"
        self.file = self.inbox / "classified_transcript_sections.json"
        self.inbox.mkdir(parents=True)
        (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
        self.write([record for call in CALLS for record in records_of(call)])
        self.instance = dg.DagsterInstance.ephemeral()
        self.definitions = definitions_here()
        self.instance.add_dynamic_partitions("transcripts", list(CALLS))

    def write(self, records: Any) -> None:
        self.file.write_text(json.dumps(records))
        os.utime(self.file, (time.time() - 60, time.time() - 60))

    def run(self, first: str = CALLS[0], last: str | None = None) -> RunOutcome:
        return run_in_process(self.definitions, "transcripts", instance=self.instance, first=first, last=last)

    def query(self, sql: str) -> list[dict[str, Any]]:
        with open_read(self.folder / "painpoint.duckdb") as connection:
            return connection.sql(sql).pl().to_dicts()

    def hash(self) -> str:
        with open_read(self.folder / "painpoint.duckdb") as connection:
            return export_hash(connection, TABLES)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ARTIFACTS_DIR", str(tmp_path / "artifacts"))
    return Calls(tmp_path)


def test_a_call_becomes_exchanges_with_their_words(calls: Calls) -> None:
    outcome = calls.run()
    assert outcome.succeeded, outcome.failure
    first, second = calls.query("from gold.qa_groups order by qa_group_id")
    assert (first["analyst"], first["firm"]) == ("Mark Lipacis", "Jefferies LLC")
    assert first["executives"] == ["Ann Lee", "Bo Kent"]
    assert first["question_text"].startswith("Thanks for taking my question.\n\nHow do you think")
    assert (first["question_count"], first["block_count"]) == (2, 4)
    assert (first["first_block_id"], first["last_block_id"], first["method"]) == (3, 6, "rule_detection")
    assert (second["analyst"], second["answer_text"]) == ("Vivek Arya", "Demand for our new parts.")
    assert str(first["call_date"]) == "2016-04-21"
    (overview,) = calls.query("from gold.call_overview")
    assert (overview["exchanges"], overview["analysts"], overview["operator_blocks"]) == (2, 2, 3)
    assert len(calls.query("from gold.analyst_activity")) == 2
    felt = calls.query("select qa_group_id, valence from silver.call_perception order by qa_group_id")
    assert [row["qa_group_id"] for row in felt] == [1, 2]
    assert all(0 <= row["valence"] <= 1 for row in felt)


def test_every_paragraph_is_kept_as_it_was_with_three_more_fields(calls: Calls) -> None:
    calls.run()
    folder = calls.folder / "artifacts" / "transcripts" / CALLS[0]
    written = json.loads((folder / "qa_paired_transcript_sections.json").read_text())["records"]
    added = ("qa_group_id", "qa_group_confidence", "qa_group_method")
    assert [{key: value for key, value in record.items() if key not in added} for record in written] == records_of(
        CALLS[0]
    )
    stored = calls.query("select qa_group_id from silver.transcript_qa order by position")
    assert [row["qa_group_id"] for row in stored] == [record["qa_group_id"] for record in written]
    assert written[0]["qa_group_id"] is None


def test_what_the_tables_hold_makes_the_same_exchanges_as_pairing_did(calls: Calls) -> None:
    calls.run()
    (transcript,), _ = build_transcripts(records_of(CALLS[0]))
    groups = pair(transcript, mode="never").groups
    stored = calls.query(
        "select question_text, answer_text, confidence, executives from gold.qa_groups order by qa_group_id"
    )
    assert stored == [
        {"question_text": group.question_text, "answer_text": group.answer_text, "confidence": group.confidence,
         "executives": list(group.executives)}
        for group in groups
    ]  # fmt: skip


def test_a_page_to_review_lies_beside_the_output(calls: Calls) -> None:
    calls.run()
    folder = calls.folder / "artifacts" / "transcripts" / CALLS[0]
    page = (folder / f"{CALLS[0]}.html").read_text()
    assert "Mark Lipacis" in page
    event = calls.instance.get_latest_materialization_event(dg.AssetKey(["gold", "qa_groups"]))
    assert event
    assert event.asset_materialization
    assert str(event.asset_materialization.metadata["review_page"].value) == str(folder / f"{CALLS[0]}.html")


def test_a_range_commits_call_by_call_and_a_repeat_changes_nothing(calls: Calls) -> None:
    assert calls.run(*CALLS).succeeded
    before = calls.hash()
    assert len(calls.query("select distinct transcript from gold.qa_groups")) == 2
    assert calls.run(*CALLS).succeeded
    assert calls.hash() == before


def test_a_call_that_is_no_call_any_more_does_not_stop_the_other(calls: Calls) -> None:
    broken = records_of(CALLS[1])
    del broken[3]["paragraph_content"]
    calls.write(records_of(CALLS[0]) + broken)
    outcome = calls.run(*CALLS)
    assert not outcome.succeeded
    assert "1 of 2 partitions failed" in str(outcome.failure)
    assert "paragraph_content: found nothing; expected text" in str(outcome.failure)


def test_a_call_without_questions_has_no_exchange_and_is_no_error(calls: Calls) -> None:
    calls.write([record | {"section_type": "Prepared Remarks"} for record in records_of(CALLS[0])])
    outcome = calls.run()
    assert outcome.succeeded, outcome.failure
    assert calls.query("from gold.qa_groups") == []
    (overview,) = calls.query("from gold.call_overview")
    assert (overview["blocks"], overview["exchanges"]) == (0, 0)


def test_two_files_that_disagree_about_a_call_are_named(calls: Calls) -> None:
    other = records_of(CALLS[0])
    other[2]["paragraph_content"] = "Something else?"
    (calls.inbox / "corrected.json").write_text(json.dumps(other))
    outcome = calls.run()
    assert "corrected.json" in str(outcome.failure)
    assert "hold different records of it; keep one of them" in str(outcome.failure)


class TestSensor:
    """The inbox sensor."""

    def evaluate(self, calls: Calls, cursor: str | None = None) -> dg.SensorResult:
        context = dg.build_sensor_context(instance=calls.instance, cursor=cursor)
        result = new_transcripts(context, transcript_files=build_resources(load_settings(None))["transcript_files"])
        assert isinstance(result, dg.SensorResult)
        return result

    def keys(self, result: dg.SensorResult) -> list[str]:
        """The partitions of the runs that are asked for."""
        found = []
        for request in result.run_requests or ():
            whole = request.partition_key_range
            found += [str(request.partition_key)] if whole is None else [whole.start, whole.end]
        return found

    def test_the_calls_of_a_new_file_are_one_run_and_only_once(self, calls: Calls) -> None:
        result = self.evaluate(calls)
        assert len(result.run_requests or ()) == 1
        assert self.keys(result) == list(CALLS)
        assert [list(request.partition_keys) for request in result.dynamic_partitions_requests or ()] == [list(CALLS)]
        assert self.keys(self.evaluate(calls, result.cursor)) == []

    def test_a_file_with_a_changed_call_is_run_again(self, calls: Calls) -> None:
        first = self.evaluate(calls)
        changed = records_of(CALLS[1])
        changed[0]["paragraph_content"] = "Corrected."
        calls.write(records_of(CALLS[0]) + changed)
        second = self.evaluate(calls, first.cursor)
        assert first.run_requests
        assert second.run_requests
        assert [request.run_key for request in first.run_requests] != [r.run_key for r in second.run_requests]

    def test_a_file_that_is_changed_back_is_run_again(self, calls: Calls) -> None:
        was = calls.file.read_bytes()
        first = self.evaluate(calls)
        calls.write([*records_of(CALLS[0]), *records_of(CALLS[1])[:-1]])
        changed = self.evaluate(calls, first.cursor)
        calls.file.write_bytes(was)
        os.utime(calls.file, (time.time() - 30, time.time() - 30))
        back = self.evaluate(calls, changed.cursor)
        runs = [request.run_key for result in (first, changed, back) for request in result.run_requests or ()]
        # Dagster starts no second run with a key that it has seen.
        assert len(set(runs)) == 3

    def test_a_link_to_nowhere_and_a_hidden_file_hold_up_no_other(self, calls: Calls) -> None:
        (calls.inbox / "gone.json").symlink_to(calls.inbox / "nowhere.json")
        (calls.inbox / "._calls.json").write_bytes(b"\x00\x05")
        os.utime(calls.inbox / "._calls.json", (1, 1))
        result = self.evaluate(calls)
        assert self.keys(result) == list(CALLS)
        assert json.loads(result.cursor or "").keys() == {calls.file.name}

    def test_a_file_that_is_cut_off_holds_up_no_other(self, calls: Calls) -> None:
        broken = calls.inbox / "broken.json"
        broken.write_text('[{"filename": "x"')
        os.utime(broken, (time.time() - 60, time.time() - 60))
        assert self.keys(self.evaluate(calls)) == list(CALLS)

    def test_a_file_that_is_still_being_copied_comes_later(self, calls: Calls) -> None:
        calls.file.touch()
        early = self.evaluate(calls)
        assert self.keys(early) == []
        os.utime(calls.file, (time.time() - 60, time.time() - 60))
        assert self.keys(self.evaluate(calls, early.cursor)) == list(CALLS)
