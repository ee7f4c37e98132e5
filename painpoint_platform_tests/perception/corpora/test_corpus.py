"""Reading labelled corpora: one shape, everything that is wrong said at once, labels that follow from others."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import (
    CORPUS_SCHEMA,
    comparator,
    length_bucket,
    normalised_text,
    read_corpus,
    trainable,
    write_corpus,
)
from painpoint_platform.perception.corpora.synthetic import generate
from painpoint_platform_tests.perception.labelled import START, corpus_by

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = {
    "item_id": "a1", "user_id": "ann", "timestamp": "2025-01-01T10:00:00Z", "text": "It works", "language": "en",
    "labels": {"valence": 0.75, "expressed": ["positive", "joy", "approval"]},
}  # fmt: skip


def write_lines(path: Path, *records: dict) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def refusal(path: Path) -> list[str]:
    with pytest.raises(UserError) as raised:
        read_corpus(path, now=NOW)
    return str(raised.value).splitlines()


def test_a_line_of_json_becomes_a_row_of_the_schema(tmp_path):
    corpus = read_corpus(write_lines(tmp_path / "c.jsonl", GOOD), now=NOW)
    assert corpus.variables == ("valence", "expressed")
    assert {name: corpus.frame.schema[name] for name in CORPUS_SCHEMA} == CORPUS_SCHEMA
    row = corpus.frame.row(0, named=True)
    assert row["timestamp"] == datetime(2025, 1, 1, 10, tzinfo=UTC)
    assert row["expressed"] == ["positive", "joy", "approval"]
    assert (row["valence"], row["needs_review"], row["risk_tags"]) == (0.75, False, [])


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_what_is_written_is_read_back_the_same(tmp_path, ending):
    made = generate(items=60, users=12, everyday_items=8)
    write_corpus(made, tmp_path / f"c{ending}")
    read = read_corpus(tmp_path / f"c{ending}", now=NOW)
    assert read.frame.equals(made.frame)
    assert read.variables == made.variables


def test_writing_leaves_nothing_beside_the_file_and_the_same_bytes_each_time(tmp_path):
    made = generate(items=20, users=5)
    for name in ("one.jsonl", "two.jsonl"):
        write_corpus(made, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl", "two.jsonl"]
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_every_wrong_value_is_named_at_once_with_its_line_and_what_was_expected(tmp_path):
    path = write_lines(
        tmp_path / "c.jsonl",
        GOOD,
        GOOD | {"item_id": "a2", "labels": GOOD["labels"] | {"valence": 1.7}},
        GOOD | {"item_id": "a3", "labels": GOOD["labels"] | {"valence": float("nan")}},
        GOOD | {"item_id": "a4", "labels": {"expressed": ["positive", "joy", "approval"]}},
        GOOD | {"item_id": "a5", "timestamp": "2031-05-01T00:00:00Z"},
        GOOD | {"item_id": "a6", "timestamp": "last week"},
        GOOD | {"item_id": "a7", "text": "  \n"},
        GOOD | {"item_id": "a8", "language": "klingon"},
        GOOD | {"item_id": "a1"},
        GOOD | {"item_id": "a9", "labels": GOOD["labels"] | {"expressed": ["joy", "approval"]}},
        GOOD | {"item_id": "a10", "labels": GOOD["labels"] | {"valence": "high"}},
        GOOD | {"item_id": "", "user_id": None},
    )
    found = "\n".join(refusal(path))
    for line, said in (
        (2, "valence: found '1.7', expected a number from 0 to 1"),
        (3, "valence: found 'nan', expected a number from 0 to 1"),
        (4, "valence: found nothing, expected a number"),
        (5, "timestamp: found '2031-05-01T00:00:00Z', expected a time before now"),
        (6, "timestamp: found 'last week', expected a time such as"),
        (7, "text: found nothing, expected a text"),
        (8, "language: found 'klingon', expected a code of ISO 639-1"),
        (9, "item_id: found 'a1', expected every id once"),
        (10, "expressed: found 'joy;approval', expected 3 levels"),
        (11, "valence: found 'high', expected a number"),
        (12, "item_id: found nothing, expected the id of a text"),
        (12, "user_id: found nothing, expected the author"),
    ):
        assert f"{path}: line {line}: {said}" in found
    assert len(found.splitlines()) == 12


def test_of_very_many_wrong_values_ten_are_listed_and_the_rest_counted(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("text,valence\n" + "".join(f"text {number},7\n" for number in range(25)), encoding="utf-8")
    found = refusal(path)
    assert len(found) == 11
    assert found[0].startswith(f"{path}: row 1: valence: found '7'")
    assert found[-1] == f"{path}: valence: labels: 15 more, 25 in all"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.jsonl", b'{"text": "a", "labels": {"valence": 1}}\n{oops\n[1]\n', "line 2: found malformed JSON"),
        ("c.jsonl", b"", "there are no rows"),
        ("c.csv", b"text,valence\n", "there are no rows"),
        ("c.csv", b"", "the file is empty"),
        ("c.csv", b"text,valence\na,0.5,9\n", "row 1: found 3 values, expected 2"),
        ("c.csv", b'text,valence\n"a,0.5\n', "malformed"),
        ("c.csv", b"text,valence\ncaf\xe9,0.5\n", "line 2, byte 16: found 0xe9, which is not UTF-8"),
        ("c.csv", b"text,text,valence\na,b,0.5\n", "header: text stands there more than once"),
        ("c.csv", b"text,mood\na,0.5\n", "found the columns text, mood, expected text and one of valence"),
        ("c.parquet", b"PAR1", "is no readable Parquet file"),
        ("c.xlsx", b"", "found the ending '.xlsx'"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_place(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in "\n".join(refusal(tmp_path / name))


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "none.csv")[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-01-31", datetime(2025, 1, 31, tzinfo=UTC)),
        ("2025-01-31 09:30", datetime(2025, 1, 31, 9, 30, tzinfo=UTC)),
        ("2025-01-31T09:30:05.250Z", datetime(2025, 1, 31, 9, 30, 5, 250_000, tzinfo=UTC)),
        ("2025-01-31T09:30:05+05:30", datetime(2025, 1, 31, 4, 0, 5, tzinfo=UTC)),
        ("2025-01-31T09:30-0200", datetime(2025, 1, 31, 11, 30, tzinfo=UTC)),
        ("1738315805", datetime(2025, 1, 31, 9, 30, 5, tzinfo=UTC)),
        ("1738315805.0", datetime(2025, 1, 31, 9, 30, 5, tzinfo=UTC)),
    ],
)
def test_times_are_understood_as_people_write_them(tmp_path, written, read):
    path = write_lines(tmp_path / "c.jsonl", GOOD | {"timestamp": written})
    assert read_corpus(path, now=NOW).frame["timestamp"][0] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("EN", "en"), ("pt_BR", "pt-BR"), ("Hinglish", "hi-Latn"), ("hi-Latn", "hi-Latn"), ("und", None), ("", None)],
)
def test_languages_are_understood_as_people_write_them(tmp_path, written, read):
    path = write_lines(tmp_path / "c.jsonl", GOOD | {"language": written})
    assert read_corpus(path, now=NOW).frame["language"][0] == read


def test_without_ids_and_authors_every_row_is_its_own(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('text,valence\n"two\nlines, quoted",0.25\nb,1\n', encoding="utf-8-sig")
    frame = read_corpus(path, now=NOW).frame
    assert frame["user_id"].to_list() == frame["item_id"].to_list() == ["row-1", "row-2"]
    assert frame["text"][0] == "two\nlines, quoted"


def test_a_text_with_a_tag_of_high_risk_waits_for_review_unless_the_file_says_that_it_does_not(tmp_path):
    risky = GOOD | {"risk_tags": ["profanity", "suicide"]}
    path = write_lines(
        tmp_path / "c.jsonl",
        risky,
        risky | {"item_id": "a2", "needs_review": False},
        GOOD | {"item_id": "a3", "risk_tags": ["profanity"]},
    )
    corpus = read_corpus(path, now=NOW)
    assert corpus.frame["needs_review"].to_list() == [True, False, False]
    assert trainable(corpus).frame["item_id"].to_list() == ["a2", "a3"]


def test_congruence_follows_from_invoked_and_expressed_where_nobody_labelled_it(tmp_path):
    anger, annoyance, grief, joy = (
        "negative/anger/anger", "negative/anger/annoyance", "negative/sadness/grief", "positive/joy/joy",
    )  # fmt: skip
    path = tmp_path / "c.csv"
    pairs = [(anger, anger), (anger, annoyance), (anger, grief), (anger, joy)]
    path.write_text("text,invoked,expressed\n" + "".join(f"t,{one},{other}\n" for one, other in pairs))
    corpus = read_corpus(path, now=NOW)
    assert corpus.derived == ("congruence",)
    assert corpus.frame["congruence"].to_list() == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_the_comparator_is_the_distance_from_what_the_authors_own_past_let_expect():
    times = [START + timedelta(hours=hours) for hours in (3, 1, 2, 2, 1)]
    frame = corpus_by(["ann", "ann", "ann", "ann", "bob"], times=times, valence=[1.0, 0.2, 0.4, 0.8, 0.0]).frame
    # ann: 0.2 at first; then 0.4 and 0.8 at one time (mean 0.6) against 0.2; then 1.0 against 0.7 * 0.2 + 0.3 * 0.6.
    assert comparator(frame).to_list() == [pytest.approx(0.68), None, pytest.approx(0.2), pytest.approx(0.6), None]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=12), st.integers(1, 11), st.floats(0, 1))
def test_an_authors_future_changes_no_comparator_of_the_past(values, cut, other):
    cut = min(cut, len(values) - 1)
    before = comparator(corpus_by(["ann"] * len(values), valence=values).frame)
    changed = values[:cut] + [other] * (len(values) - cut)
    after = comparator(corpus_by(["ann"] * len(values), valence=changed).frame)
    assert before.head(cut).to_list() == after.head(cut).to_list()


def test_without_any_past_there_is_no_comparator(tmp_path):
    same = GOOD | {"labels": {"valence": 0.5}}
    path = write_lines(tmp_path / "c.jsonl", same, same | {"item_id": "a2"})
    assert read_corpus(path, now=NOW).variables == ("valence",)


def test_length_buckets_end_at_12_and_40_words():
    texts = pl.DataFrame({"text": [" ".join(["word"] * count) for count in (1, 12, 13, 40, 41)]})
    buckets = texts.select(length_bucket(pl.col("text"))).to_series().to_list()
    assert buckets == ["SHORT", "SHORT", "MEDIUM", "MEDIUM", "LONG"]


def test_copies_of_a_text_are_the_same_whatever_their_case_spacing_and_punctuation():
    texts = pl.DataFrame({"text": ["It’s  GREAT!!", "it's great", "!!", "!!!"]})
    plain = texts.select(normalised_text(pl.col("text"))).to_series().to_list()
    assert plain == ["it s great", "it s great", "!!", "!!!"]
