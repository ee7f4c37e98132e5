"""Reading Stage-4 records: what is accepted, and what is said about the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.records import MISSING, build_transcripts, read_transcripts, transcript_key
from painpoint_platform_tests.transcripts.made_calls import call, exchange, records_of, write_calls


def problems_of(*calls: list[dict[str, Any]]) -> list[str]:
    return [problem.message for problem in build_transcripts([record for one in calls for record in one])[1]]


def changed(index: int, **fields: Any) -> list[dict[str, Any]]:
    """A call whose record at ``index`` has these fields instead; MISSING takes one away."""
    records = call("one")
    records[index] |= fields
    for name in [name for name, value in fields.items() if value is MISSING]:
        del records[index][name]
    return records


def test_a_block_is_what_one_speaker_says_in_a_row_in_the_question_and_answer_section() -> None:
    records = call("one")
    again = {**records[2], "paragraph_id": 2.5, "paragraph_content": "And the next year?", "question_answer_flag": "q"}
    later = [{**record, "paragraph_id": place} for place, record in enumerate([*records[:3], again, *records[3:]])]
    (transcript,) = build_transcripts(later)[0]
    assert [block.speaker_block_id for block in transcript.blocks] == [1, 2, 3, 4, 5, 6]
    assert [block.index for block in transcript.blocks] == [0, 1, 2, 3, 4, 5]
    block = transcript.blocks[1]
    assert block.paragraphs == ("What about the margins of product 0?", "And the next year?")
    assert block.flags == ("question", "question")
    assert block.word_count == 11
    assert len(transcript.records) == 8


def test_a_flag_may_be_missing_null_or_unknown() -> None:
    for flag in (MISSING, None, "remark", 3):
        (transcript,) = build_transcripts(changed(2, question_answer_flag=flag))[0]
        assert transcript.blocks[1].flag is None


def test_a_speaker_may_be_null() -> None:
    (transcript,) = build_transcripts(changed(2, speaker=None))[0]
    assert not transcript.blocks[1].speaker


def test_the_key_is_the_file_name_else_ticker_and_event() -> None:
    assert transcript_key({"filename": "a.xml", "ticker": "A", "event_id": "1"}) == "a.xml"
    assert transcript_key({"filename": None, "ticker": "A", "event_id": "1"}) == "A_1"
    assert not transcript_key({"ticker": "A"})


def test_a_list_an_envelope_and_any_single_list_of_objects_are_accepted(tmp_path: Path) -> None:
    for number, found in enumerate(
        (call("one"), {"schema_version": "1.0", "records": call("one")}, {"made_at": "today", "rows": call("one")})
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(found))
        assert [transcript.key for transcript in read_transcripts(path).transcripts] == ["one"]
    assert read_transcripts(path).envelope == {"made_at": "today"}


def test_an_empty_list_has_no_transcript(tmp_path: Path) -> None:
    assert not read_transcripts(write_calls(tmp_path / "calls.json")).transcripts


def test_numbers_and_unknown_fields_come_back_as_they_were(tmp_path: Path) -> None:
    extra = '{"z": 0.95, "a": 1.0, "big": 123456789012345678901234567890, "small": 1e-07, "deep": {"b": [true, null]}}'
    records = [record | {"extra": json.loads(extra)} for record in call("one")]
    reading = read_transcripts(write_calls(tmp_path / "calls.json", records))
    assert json.dumps(reading.records[0]["extra"]) == extra
    assert [list(record) for record in reading.records] == [list(record) for record in records]


def test_transcripts_may_alternate_in_a_file(tmp_path: Path) -> None:
    both = [record for pair in zip(call("one"), call("two"), strict=True) for record in pair]
    reading = read_transcripts(write_calls(tmp_path / "calls.json", both))
    assert [transcript.key for transcript in reading.transcripts] == ["one", "two"]
    assert not reading.problems
    assert list(reading.records) == both
    for transcript in reading.transcripts:
        assert [both[position] for position in transcript.positions] == list(transcript.records)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b"  \n ", "the file is empty"),
        (b'[\n{"filename": "a",\n"ticker"', "line 3, byte 28: the JSON is cut off"),
        (b'[\n{"filename": "\xc3\xa4", "ticker": "AM', "line 2, byte 31: the JSON is cut off"),
        (b'[\n{"a": tru', "line 2, byte 8: the JSON is cut off"),
        (b"\xef\xbb\xbf[1,\n2,,3]", "line 2, byte 9: not JSON"),
        (b'[\n"\xff"]', "line 2, byte 3: found 0xff, which is not UTF-8"),
        (b'[{"a": NaN}]', "holds NaN, which is not JSON"),
        (b'[{"a": 1e400}]', "holds the number 1e400, which is too large"),
        (b"[" * 200_000, "nested too deeply"),
        (b'"text"', "expected a list of records"),
        (b"{}", "expected the records under 'records'"),
        (b'{"one": [{}], "two": [{}]}', "2 fields that are a list of objects"),
        (b'{"paragraph_content": "x"}', "one bare record"),
    ],
)
def test_a_file_that_holds_no_records_is_refused_with_its_place(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "calls.json"
    path.write_bytes(raw)
    with pytest.raises(UserError) as error:
        read_transcripts(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_transcripts(tmp_path / "calls.json")


@pytest.mark.parametrize(
    ("index", "field", "value", "said"),
    [
        (2, "section_type", MISSING, "section_type: found nothing; expected text"),
        (2, "speaker", MISSING, "speaker: found nothing; expected text or null"),
        (2, "speaker_block_id", "2", 'speaker_block_id: found "2"; expected a whole number'),
        (2, "speaker_block_id", True, "speaker_block_id: found true; expected a whole number"),
        (2, "paragraph_id", 2.0, "paragraph_id: found 2.0; expected a whole number"),
        (2, "paragraph_id", 10**30, "too large for an id"),
        (2, "speaker_block_id", -(2**63), "too large for an id"),
        (2, "paragraph_content", None, "paragraph_content: found null; expected text"),
        (2, "paragraph_content", "\ud800", "half of a surrogate pair"),
        (2, "section_name", "\ud800", 'section_name: found "\\ud800"; half of a surrogate pair'),
        (2, "paragraph_id", 1, "paragraph_id: found 1; it stands twice"),
        (4, "paragraph_id", -2, "paragraph_id: found -2; smaller than the one before"),
        (4, "speaker_block_id", 1, "speaker_block_id: found 1; this block was over already"),
        (4, "speaker_block_id", -1, "speaker_block_id: found -1; smaller than the one before"),
        (2, "filename", MISSING, "filename: found nothing; other records of this call have a filename"),
    ],
)
def test_a_faulty_record_keeps_its_transcript_out_and_the_others_go_on(
    index: int, field: str, value: Any, said: str
) -> None:
    faulty = changed(index, **{field: value})
    transcripts, problems = build_transcripts([*faulty, *call("two")])
    assert [transcript.key for transcript in transcripts] == ["two"]
    assert [(problem.transcript, problem.record_index) for problem in problems][:1] == [("one", index)]
    assert said in problems[0].message


def test_a_record_that_belongs_to_nobody_is_reported_and_the_call_goes_on() -> None:
    records = changed(2, filename=None, ticker=None)
    transcripts, problems = build_transcripts(records)
    assert [transcript.key for transcript in transcripts] == ["one"]
    assert "every record needs a filename" in problems[0].message
    assert problems[0].transcript is None


def test_something_that_is_no_object_is_reported_and_the_calls_go_on(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    path.write_text(json.dumps(["text", *call("one")]))
    reading = read_transcripts(path)
    assert 'record [0], record: found "text"' in reading.problems[0].message
    assert [transcript.positions[0] for transcript in reading.transcripts] == [0]
    assert len(reading.records) == 7


def test_a_fault_in_every_record_is_said_once() -> None:
    records = [{**record, "speaker": 7} for record in call("one")]
    assert problems_of(records) == ["transcript one, record [0] (and 6 more), speaker: found 7; expected text or null"]


def test_a_transcript_without_a_question_and_answer_section_has_no_blocks() -> None:
    (transcript,) = build_transcripts(call("one")[:1])[0]
    assert not transcript.blocks


def test_two_thousand_blocks_are_read() -> None:
    turns = exchange("Ann Lee", follow_ups=999)
    (transcript,) = build_transcripts(records_of("long", turns))[0]
    assert len(transcript.blocks) == 2001
