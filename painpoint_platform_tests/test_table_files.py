"""Anyone's tables: read and written by their suffix, with mistakes named."""

from pathlib import Path

import polars as pl
import pytest

from painpoint_platform.errors import UserError
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
        ("latin.csv", "a\nSchlüssel\n".encode("latin-1"), "UTF-8"),
        ("broken.csv", b'a,b\n1,2\n3,4,5,6\n"7', r"broken\.csv"),
        ("broken.jsonl", b'{"a": 1}\n{"a": \n', r"broken\.jsonl"),
        ("broken.parquet", b"PAR1 nonsense", r"broken\.parquet"),
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
    with pytest.raises(pl.exceptions.ComputeError):
        write_table(TABLE.with_columns(pl.Series("lists", [[1]] * 4)), path)
    assert read_table(path).to_dicts() == TABLE.to_dicts()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "found"), [("table.xlsx", r"\.xlsx"), ("table", "a file without suffix")])
def test_a_kind_that_is_not_written_is_refused_with_those_that_are(name: str, found: str) -> None:
    with pytest.raises(UserError, match=rf"--out {name}: cannot write {found}; use \.csv, \.jsonl"):
        require_writable(Path(name), "--out")
