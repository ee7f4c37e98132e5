"""Anyone's tables: read and written by their suffix, with mistakes named."""

from pathlib import Path

import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.table_files import read_table, require_column, require_writable, write_table

TABLE = pl.DataFrame(
    {"question": ["one, with comma", "two\nlines", 'with "quotes"', "naïve 🙂"], "n": ["1", "2", "3", "4"]}
)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_is_read_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"questions{suffix}"
    {
        ".csv": TABLE.write_csv,
        ".tsv": lambda target: TABLE.write_csv(target, separator="\t"),
        ".jsonl": TABLE.write_ndjson,
        ".parquet": TABLE.write_parquet,
    }[suffix](path)
    assert read_table(path).to_dicts() == TABLE.to_dicts()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.csv", None, "no such file"),
        ("table.xlsx", b"x", r"cannot read a \.xlsx; use \.csv"),
        ("plain", b"x", "file without suffix"),
        ("empty.csv", b"", "empty"),
        ("empty.jsonl", b"", "empty"),
        ("header.csv", b"a,b\n", "no rows"),
        ("latin.csv", "a\nSchlüssel\n".encode("latin-1"), r"line 2, byte 6: found 0xfc, which is not UTF-8"),
        ("wide.tsv", "a\tb\n".encode("utf-16"), r"line 1, byte 0: found 0xff, which is not UTF-8"),
        ("long.csv", b"a,b\n1,2\n3,4,5,6\n", r"long\.csv: row 2: found 4 values, expected 2"),
        ("open.csv", b'a,b\n1,2\n"3,4\n', r"open\.csv: line \d: malformed CSV"),
        (
            "broken.jsonl",
            b'{"a": 1}\n\n{"a": \n',
            r"broken\.jsonl: line 3: Expecting value at character 7 in '\{\"a\": '",
        ),
        ("array.jsonl", b'[{"a": 1}]', r"array\.jsonl: line 1: found a list"),
        ("nan.jsonl", b'{"a": 1}\n{"a": NaN}\n', r"nan\.jsonl: line 2: NaN is no JSON"),
        ("broken.parquet", b"PAR1 nonsense", r"broken\.parquet: not a readable PARQUET file: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_table(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "year.csv").mkdir()
    with pytest.raises(UserError, match=r"year\.csv: a folder, no file"):
        read_table(tmp_path / "year.csv")


def test_a_field_that_comes_up_late_is_read(tmp_path: Path) -> None:
    path = tmp_path / "late.jsonl"
    lines = ['{"id": 1, "text": null}'] * 150 + ['{"id": "2b", "text": "said at last", "label": "x"}']
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    assert read_table(path).row(-1) == ("2b", "said at last", "x")


@pytest.mark.parametrize(
    "values", [[["a"]], [{"a": 1}], pl.Series([b"\xff\xfe"]), pl.Series([object()], dtype=pl.Object)]
)
def test_a_column_without_text_is_refused(tmp_path: Path, values: list[object]) -> None:
    with pytest.raises(UserError, match=r"--text names column 'body', which holds \w+.*; one text a row is expected"):
        require_column(pl.DataFrame({"body": values}), tmp_path / "x.parquet", "--text", "body")


def test_numbers_dates_and_bytes_of_utf8_can_be_texts(tmp_path: Path) -> None:
    for values in ([1, None], [b"abc", None], pl.Series(["x"], dtype=pl.Categorical)):
        require_column(pl.DataFrame({"body": values}), tmp_path / "x.parquet", "--text", "body")


def test_a_missing_column_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--text names column 'body', but the file has question, n"):
        require_column(TABLE, tmp_path / "x.csv", "--text", "body")


@pytest.mark.parametrize("suffix", [".csv", ".JSONL", ".ndjson", ".parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"questions{suffix}"
    write_table(TABLE.head(1), path)
    write_table(TABLE, path)
    assert read_table(path).to_dicts() == TABLE.to_dicts()
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_that_cannot_be_written_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    write_table(TABLE, path)
    with pytest.raises(UserError, match="an older file is unchanged"):
        write_table(TABLE.with_columns(pl.Series("lists", [[1]] * 4)), path)
    assert read_table(path).to_dicts() == TABLE.to_dicts()
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_also_where_the_writer_has_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\)"), replacing(path):
        raise OSError("No space left on device")  # so Polars says it, without a number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "found"), [("table.xlsx", r"\.xlsx"), ("table", "a file without suffix")])
def test_a_kind_that_is_not_written_is_refused_with_those_that_are(name: str, found: str) -> None:
    with pytest.raises(UserError, match=rf"--out {name}: cannot write {found}; use \.csv, \.jsonl"):
        require_writable(Path(name), "--out")


def test_what_stands_in_the_way_of_a_file_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "there.csv").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--out .*there\.csv: is a folder; name a file"):
        require_writable(tmp_path / "there.csv", "--out")
    with pytest.raises(UserError, match=r"file is a file, no folder; choose another folder"):
        require_writable(tmp_path / "file" / "out.csv", "--out")
    nested = pl.DataFrame({"tags": [["a"]], "of": [{"a": 1}]})
    with pytest.raises(UserError, match=r"no place for the lists and objects of tags, of; use \.jsonl or \.parquet"):
        require_writable(tmp_path / "out.csv", "--out", nested)
    require_writable(tmp_path / "not" / "there yet" / "out.jsonl", "--out", nested)
    assert not (tmp_path / "not").exists()
