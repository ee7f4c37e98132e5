"""The four error files: always there, and useful to somebody who has nothing else."""

import json
from datetime import UTC, datetime

from painpoint_platform.transcripts.error_files import (
    ERROR_FILES,
    LONGEST_TEXT,
    RunError,
    broken_pairing,
    error_counts,
    errors_of_call,
    faulty_records,
    write_error_files,
)
from painpoint_platform.transcripts.groups import DecisionProblem, Pairing
from painpoint_platform.transcripts.paired_calls import PairedCall
from painpoint_platform.transcripts.records import RecordProblem
from painpoint_platform_tests.transcripts.made_pairings import decision, group

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def paired(*, no_access: str | None = None, problems=(), groups=None, decisions=None) -> PairedCall:
    pairing = Pairing(
        "call",
        (decision(1, "group_start", 1), decision(2, "group_end", 1)) if decisions is None else decisions,
        (group(1, 1, 2),) if groups is None else groups,
        problems,
        2,
    )
    return PairedCall(pairing, 0.5, NOW, no_access)


def test_all_four_files_are_written_even_when_nothing_went_wrong(tmp_path):
    write_error_files(tmp_path, [])
    assert {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()} == {
        "stage_5_boundary_errors.json": [],
        "stage_5_authentication_errors.json": [],
        "stage_5_validation_errors.json": [],
        "stage_5_processing_errors.json": [],
    }


def test_files_of_an_earlier_run_are_replaced(tmp_path):
    write_error_files(tmp_path, [broken_pairing("call", ["broken"], NOW)])
    write_error_files(tmp_path, [])
    assert json.loads((tmp_path / ERROR_FILES["validation"]).read_text()) == []


def test_an_entry_says_when_where_what_and_what_to_do(tmp_path):
    problem = RecordProblem("call", 17, "paragraph_id", '"x"', "expected a whole number", others=3)
    write_error_files(tmp_path, [faulty_records(problem, NOW)])
    assert json.loads((tmp_path / ERROR_FILES["processing"]).read_text()) == [
        {
            "when": "2026-01-02T03:04:05+00:00",
            "transcript": "call",
            "where": "record [17] of the file, and 3 more records",
            "speaker_block_id": None,
            "what_happened": 'paragraph_id is "x"; no record of this transcript was put into a group',
            "what_to_do": "expected a whole number; then run again",
        }
    ]


def test_a_failed_decision_goes_to_the_file_of_its_kind_with_its_block():
    problems = tuple(
        DecisionProblem(kind, block, f"reason {block}")
        for block, kind in enumerate(("boundary", "validation", "authentication"), start=1)
    )
    errors = errors_of_call(paired(problems=problems))
    assert [(error.kind, error.speaker_block_id, error.what_happened) for error in errors] == [
        ("boundary", 1, "reason 1"),
        ("validation", 2, "reason 2"),
        ("authentication", 3, "reason 3"),
    ]
    assert all("The rules decided this block" in error.what_to_do for error in errors)


def test_a_call_without_access_is_one_error_not_one_a_block():
    problems = tuple(DecisionProblem("authentication", block, "no token") for block in (1, 2))
    (error,) = errors_of_call(paired(no_access="the token server says 401", problems=problems))
    assert (error.kind, error.transcript) == ("authentication", "call")
    assert "the token server says 401" in error.what_happened
    assert "LLM_CLIENT_SECRET" in error.what_to_do


def test_groups_without_a_question_or_an_answer_are_pointed_at():
    (error,) = errors_of_call(paired(groups=(group(1, 1, 2, question_text="", answer_text=""),)))
    assert (error.kind, error.where) == ("validation", "block 1")
    assert error.what_happened == "group 1 has no question and no answer"


def test_a_call_without_a_question_and_answer_section_is_pointed_at():
    (error,) = errors_of_call(paired(groups=(), decisions=()))
    assert (error.kind, error.transcript) == ("validation", "call")
    assert "Investor Q&A" in error.what_happened


def test_entries_hold_no_secret_and_no_paragraph():
    text = "the server says: api_key=sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD, " + "word " * 2000
    entry = RunError("boundary", NOW, "call", "block 1", text, "mail jane.doe@example.com").entry()
    assert "sk-proj" not in str(entry)
    assert "jane.doe" not in str(entry)
    assert len(entry["what_happened"]) <= LONGEST_TEXT


def test_errors_are_counted_by_kind():
    errors = [broken_pairing("call", ["one", "two"], NOW)] * 2
    assert error_counts(errors) == {"boundary": 0, "authentication": 0, "validation": 2, "processing": 0}
    assert "one (and 1 more)" in errors[0].what_happened
