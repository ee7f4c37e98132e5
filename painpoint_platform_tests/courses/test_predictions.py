"""What Stage 1 hands over is read as it stands, or refused with file, row and value."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from painpoint_platform.courses.painpoints import DROP_REASONS, drop_counts, split_painpoints, told_faults
from painpoint_platform.courses.predictions import (
    PREDICTION_COLUMNS,
    read_course_list,
    read_predictions,
    read_provenance,
)
from painpoint_platform.errors import UserError

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "courses"
HEADER = (
    "post_id,course_code,pred_contains_painpoint,root_cause_summary_pred,pain_point_snippet_pred,confidence_pred,"
    "parse_error,schema_error,used_fallback,llm_failure"
)
GOOD = 'p1,D1,y,"Lab, broken","He said ""no""\nand left",0.9,False,False,False,False'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gpt_s1" / "predictions_FULL.csv"


def write(path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join([header, *rows]) + end).encode(encoding))
    return path


def refusal(path: Path) -> list[str]:
    with pytest.raises(UserError) as raised:
        read_predictions(path)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_a_row_is_read_as_it_stands(path: Path) -> None:
    rows = read_predictions(write(path, GOOD))
    assert tuple(rows.columns) == PREDICTION_COLUMNS
    assert rows.row(0) == (1, "p1", "D1", "y", "Lab, broken", 'He said "no"\nand left', 0.9, False, False, False, False)


@pytest.mark.parametrize(("encoding", "end"), [("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n")])
def test_byte_order_mark_and_line_ends_make_no_difference(path: Path, encoding: str, end: str) -> None:
    rows = ["p1,D1,y,Größe,😡,0.9,False,False,False,False", "", "p2,D1,n,,,,false,FALSE,0,1"]
    plain, other = (
        read_predictions(write(path, *rows)),
        read_predictions(write(path, *rows, encoding=encoding, end=end)),
    )
    assert plain.equals(other)
    assert plain["row_number"].to_list() == [1, 2]
    assert plain["llm_failure"].to_list() == [False, True]
    assert plain["confidence"].to_list() == [0.9, None]


def test_quoted_line_breaks_do_not_shift_row_numbers(path: Path) -> None:
    assert refusal(write(path, GOOD, GOOD.replace("p1", "p2"), "p3,D1,maybe,,,,False,False,False,False")) == [
        "row 3: pred_contains_painpoint: found 'maybe', expected y, n or u"
    ]


def test_names_without_the_suffix_and_other_columns_are_taken(path: Path) -> None:
    header = HEADER.replace("summary_pred", "summary").replace("snippet_pred", "snippet").replace("ence_pred", "ence")
    assert read_predictions(write(path, f"{GOOD},x", header=f"{header},subreddit")).equals(
        read_predictions(write(path, GOOD))
    )


def test_a_renamed_column_is_named_with_its_likeness(path: Path) -> None:
    assert refusal(
        write(path, GOOD, header=HEADER.replace("llm_failure", "llm_failed").replace("course_code", "x"))
    ) == [
        "header: column course_code is missing",
        "header: column llm_failure is missing; rename 'llm_failed'",
        f"header: found {HEADER.replace('llm_failure', 'llm_failed').replace('course_code', 'x').replace(',', ', ')}",
    ]


def test_a_column_that_stands_there_twice_is_refused(path: Path) -> None:
    assert refusal(write(path, f"{GOOD},y", header=f"{HEADER},post_id"))[0] == (
        "header: column post_id stands there 2 times; keep one"
    )


def test_all_findings_of_a_kind_are_counted_and_the_first_ten_listed(path: Path) -> None:
    bad = ["p,D1,maybe,,,,no,False,False,False"] * 14
    lines = refusal(write(path, GOOD, *bad, ",D1,n,,,,False,False,False,False"))
    assert lines[0] == "row 16: post_id: found '', expected the id of a post"
    assert lines[1] == "row 2: pred_contains_painpoint: found 'maybe', expected y, n or u"
    assert lines[11] == "pred_contains_painpoint: 4 more, 14 in all"
    assert lines[12] == "row 2: parse_error: found 'no', expected True or False"
    assert len(lines) == 23


def test_a_long_value_is_shown_cut(path: Path) -> None:
    (line,) = refusal(write(path, f"p1,D1,{'x' * 500},,,,False,False,False,False"))
    assert len(line) < 150


def test_a_failed_row_need_not_say_whether_it_is_a_pain_point(path: Path) -> None:
    rows = read_predictions(write(path, "p1,D1,,,,,False,False,True,True"))
    assert rows["contains_painpoint"].to_list() == ["u"]
    assert refusal(write(path, "p1,D1,,,,,False,False,True,False"))[0].startswith("row 1: pred_contains_painpoint")


@pytest.mark.parametrize("confidence", ["", "high", "nan", "inf"])
def test_confidence_that_is_no_number_is_unknown(path: Path, confidence: str) -> None:
    rows = read_predictions(write(path, f"p1,D1,n,,,{confidence},False,False,False,False"))
    assert rows["confidence"].to_list() == [None]


def test_a_ragged_row_is_refused(path: Path) -> None:
    assert refusal(write(path, GOOD, "p2,D1,n")) == ["row 2: found 3 values, expected 10 as in the header"]


def test_a_quote_that_is_not_closed_is_refused(path: Path) -> None:
    assert "malformed CSV" in refusal(write(path, GOOD, 'p2,D1,n,"open'))[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEADER.encode() + b"\np1,D1,y,caf\xe9,", f"line 2, byte {len(HEADER) + 12}: found 0xe9, which is not UTF-8"),
        (b"\xef\xbb\xbfa,\xff", "line 1, byte 5: found 0xff"),
        (HEADER.encode("utf-16"), "line 1, byte 0: found 0xff"),
        (b"", "the file is empty"),
        (b"\n\r\n", "the file is empty"),
    ],
)
def test_what_is_no_csv_in_utf8_is_refused(path: Path, raw: bytes, expected: str) -> None:
    path.parent.mkdir()
    path.write_bytes(raw)
    assert refusal(path)[0].startswith(expected)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        assert refusal(path)[0].startswith("cannot be read")
        with pytest.raises(UserError, match="cannot be read"):
            read_provenance(path)


def test_a_header_alone_is_a_run_without_rows(path: Path) -> None:
    rows = read_predictions(write(path))
    assert (rows.height, tuple(rows.columns)) == (0, PREDICTION_COLUMNS)


def test_provenance_is_the_manifests_or_the_folders(path: Path) -> None:
    write(path, GOOD)
    folder = read_provenance(path)
    assert (folder.run_slug, folder.model, folder.prompt) == ("gpt_s1", None, None)
    assert len(folder.input_sha256) == 64
    manifest = path.with_name("manifest.json")
    manifest.write_text(json.dumps({"run_slug": "s", "model_name": "m", "prompt_template_path": "p.txt", "n": 1}))
    found = read_provenance(path)
    assert (found.run_slug, found.model, found.prompt) == ("s", "m", "p.txt")


@pytest.mark.parametrize("text", ["{", "[]", '{"run_slug": 5}', '{"model_name": ["m"]}', "\ufffe"])
def test_a_malformed_stage1_manifest_is_refused(path: Path, text: str) -> None:
    write(path, GOOD)
    path.with_name("manifest.json").write_text(text, encoding="utf-16" if text == "\ufffe" else "utf-8")
    with pytest.raises(UserError, match=r"manifest\.json: "):
        read_provenance(path)


def courses(tmp_path: Path, *rows: str) -> pl.DataFrame:
    return read_course_list(write(tmp_path / "courses.csv", *rows, header="CourseCode,Title,Colleges"))


def test_the_list_of_courses_has_titles_and_colleges(tmp_path: Path) -> None:
    rows = courses(tmp_path, 'D1,"Law, Basics",School of Business; School of Health ;', "D2,,", "D2,,")
    assert rows.rows() == [("D1", "Law, Basics", ["School of Business", "School of Health"]), ("D2", "D2", [])]


def test_a_code_without_agreement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"row 3: CourseCode: found 'D1', expected one title and one list of colleges"):
        courses(tmp_path, "D1,Law,A", "D1,Law,A", "D1,Lore,A")
    with pytest.raises(UserError, match="row 1: CourseCode: found ''"):
        courses(tmp_path, ",Law,A")


def split(path: Path, *rows: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    catalogue = pl.DataFrame({"course_code": ["D1", "D2"], "course_title": ["Law", "Art"]})
    return split_painpoints(read_predictions(write(path, *rows)), catalogue)


def test_every_row_is_a_pain_point_or_has_the_first_reason_that_applies(path: Path) -> None:
    flags = "False,False,False,False"
    painpoints, dropped = split(
        path,
        f"p1,D1,y,cause,words,0.5,{flags}",
        f"p1,D2,y,cause,words,,{flags}",
        f"p1,D1,n,,,,{flags}",
        f"p2,X9,n,,,,{flags}",
        f"p3,D1,n,,,,{flags}",
        f"p4,D1,u,,,,{flags}",
        "p5,D1,y,,,,True,True,False,True",
        "p6,D1,y,cause,words,,True,True,True,False",
        "p7,D1,y,cause,words,,False,True,True,False",
        f"p8,D1,y, ,,,{flags}",
        f"p9,D1,y,cause,\u200b,,{flags}",
    )
    assert painpoints.rows() == [
        (1, "p1", "D1", "Law", "cause", "words", 0.5),
        (2, "p1", "D2", "Art", "cause", "words", None),
    ]
    assert dropped.rows() == [
        (3, "p1", "D1", "duplicate", "p1"),
        (4, "p2", "X9", "unknown_course", "X9"),
        (5, "p3", "D1", "not_a_painpoint", "n"),
        (6, "p4", "D1", "undecided", "u"),
        (7, "p5", "D1", "llm_failure", "true"),
        (8, "p6", "D1", "parse_error", "true"),
        (9, "p7", "D1", "schema_error", "true"),
        (10, "p8", "D1", "empty_summary", " "),
        (11, "p9", "D1", "empty_snippet", "\u200b"),
    ]
    assert drop_counts(dropped) == dict.fromkeys(DROP_REASONS, 1)
    assert list(told_faults(dropped, path)) == [
        f"{path}: row 3: post_id: found 'p1'; an earlier row is about the same post and course, the row was left out",
        f"{path}: row 4: course_code: found 'X9'; the list of courses lacks it, the row was left out",
    ]


def test_of_many_faulty_rows_the_first_are_told_and_the_others_counted(path: Path) -> None:
    _, dropped = split(path, *(f"p{number},X9,n,,,,False,False,False,False" for number in range(25)))
    told = list(told_faults(dropped, path))
    assert (len(told), told[-1]) == (11, f"{path}: unknown_course: 15 more, 25 in all")


def test_a_run_without_pain_points_has_none(path: Path) -> None:
    painpoints, dropped = split(path)
    assert (painpoints.height, dropped.height, sum(drop_counts(dropped).values())) == (0, 0, 0)


@pytest.mark.skipif(not DATA.is_dir(), reason="the data to measure with is not part of the project")
def test_the_real_run_is_split_as_it_was() -> None:
    predictions = read_predictions(DATA / "predictions_FULL.csv")
    painpoints, dropped = split_painpoints(predictions, read_course_list(DATA / "course_list_with_college.csv"))
    assert (predictions.height, painpoints.height, painpoints["course_code"].n_unique()) == (1103, 390, 170)
    assert painpoints.height + dropped.height == predictions.height


def test_a_text_may_be_longer_than_the_csv_module_takes_by_itself(path: Path) -> None:
    before = csv.field_size_limit(1_000)
    snippet = "x" * 100_000
    rows = read_predictions(write(path, f"p1,D1,y,cause,{snippet},,False,False,False,False"))
    csv.field_size_limit(before)
    assert rows["pain_point_snippet"].to_list() == [snippet]
