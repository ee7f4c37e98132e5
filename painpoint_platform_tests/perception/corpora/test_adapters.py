"""Public corpora as they were published: recognised by their columns, brought to one scale, and back."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.adapters import Scale
from painpoint_platform.perception.corpora.corpus import read_corpus
from painpoint_platform.perception.emotions import EMOTION_PATHS, GOEMOTIONS, agreement

EMOBANK = """id,split,V,A,D,text
doc_a_1_20,train,1.0,5.0,3.2,"Remember ""this""?"
doc_a_21_40,dev,3.0,3.0,3,Plain.
SemEval_540,test,4.6,2.2,3,A headline
"""
SEMEVAL = """user_id,text_id,text,timestamp,collection_phase,is_words,valence,arousal
3,251,I feel fine .,2021-06-08 12:26:16,1,False,1.0,1.0
3,252,"Calm , Happy",2021-06-09 13:41:40,1,True,-2.0,0.0
8,253,Tired,2021-06-09 13:41:40,1,True,2.0,2.0
"""


def read(tmp_path: Path, name: str, content: str, adapter: str = "auto"):
    (tmp_path / name).write_text(content, encoding="utf-8")
    return read_corpus(tmp_path / name, adapter=adapter)


def test_emobank_keeps_its_parts_and_its_documents_stay_together(tmp_path):
    corpus = read(tmp_path, "emobank.csv", EMOBANK)
    assert (corpus.adapter, corpus.variables) == ("emobank", ("valence", "arousal"))
    assert corpus.frame["valence"].to_list() == pytest.approx([0, 0.5, 0.9])
    assert corpus.frame["arousal"].to_list() == pytest.approx([1, 0.5, 0.3])
    assert corpus.frame["official_split"].to_list() == ["train", "tune", "test"]
    assert corpus.frame["user_id"].to_list() == ["doc_a", "doc_a", "SemEval_540"]
    assert corpus.scales["valence"].from_unit(corpus.frame["valence"].to_numpy()) == pytest.approx([1, 3, 4.6])


def test_semeval_has_authors_times_and_scales_of_its_own(tmp_path):
    corpus = read(tmp_path, "train_subtask1.csv", SEMEVAL)
    assert (corpus.adapter, corpus.derived) == ("semeval2026", ("comparator",))
    assert corpus.frame["valence"].to_list() == [0.75, 0, 1]
    assert corpus.frame["arousal"].to_list() == [0.5, 0, 1]
    assert corpus.frame["comparator"].to_list() == [None, -0.75, None]
    assert corpus.frame["timestamp"][0] == datetime(2021, 6, 8, 12, 26, 16, tzinfo=UTC)


def test_a_label_outside_a_corpus_own_scale_is_refused_in_its_own_numbers(tmp_path):
    with pytest.raises(UserError, match=r"row 2: valence: found '-2\.5', expected a number from -2 to 2"):
        read(tmp_path, "c.csv", SEMEVAL.replace("True,-2.0", "True,-2.5"))


def test_goemotions_filtered_files_have_no_header(tmp_path):
    rows = 'He said "wow"\t27\teda\nSo sad and sorry\t24,25\teeb\nWell\t27,6\tef9\n'
    corpus = read(tmp_path, "train.tsv", rows)
    assert (corpus.adapter, corpus.variables) == ("goemotions", ("expressed",))
    assert corpus.frame["text"][0] == 'He said "wow"'
    assert corpus.frame["expressed"].to_list() == [
        ["neutral", "neutral", "neutral"],
        ["negative", "sadness", "remorse"],
        ["ambiguous", "surprise", "confusion"],
    ]


def test_goemotions_may_come_as_lists_of_numbers(tmp_path):
    path = tmp_path / "simplified.parquet"
    pl.DataFrame({"text": ["a", "b"], "labels": [[0, 17], [27]], "id": ["x", "y"]}).write_parquet(path)
    assert read_corpus(path).frame["expressed"].list.get(2).to_list() == ["admiration", "neutral"]


def test_a_number_that_is_no_emotion_is_refused(tmp_path):
    with pytest.raises(UserError, match="row 2: expressed: found '31', expected 3 levels"):
        read(tmp_path, "train.tsv", "fine\t1\ta\nodd\t31\tb\n")


def test_raters_of_goemotions_vote(tmp_path):
    def row(text: str, number: str, author: str, *chosen: str) -> dict:
        return {"text": text, "id": number, "author": author, "created_utc": 1_548_381_039.0} | {
            name: int(name in chosen) for name in GOEMOTIONS
        }

    path = tmp_path / "goemotions_1.csv"
    pl.DataFrame(
        [
            row("Hm", "a", "ann", "joy"), row("So what", "b", "bob"), row("Hm", "a", "ann", "anger", "neutral"),
            row("Hm", "a", "ann", "anger"), row("Oh", "c", "cid", "neutral", "fear"),
        ]
    ).write_csv(path)  # fmt: skip
    corpus = read_corpus(path)
    assert corpus.adapter == "goemotions_raters"
    assert corpus.frame.select("item_id", "user_id").rows() == [("a", "ann"), ("c", "cid")]
    assert corpus.frame["expressed"].list.get(2).to_list() == ["anger", "fear"]
    assert corpus.frame["timestamp"][0].year == 2019


def test_a_named_adapter_says_which_columns_it_lacks(tmp_path):
    with pytest.raises(UserError, match="adapter emobank lacks A, V, id"):
        read(tmp_path, "c.csv", "text,valence\na,0.5\n", adapter="emobank")
    with pytest.raises(UserError, match="adapter 'emo' is unknown; choose auto, "):
        read(tmp_path, "c.csv", "text,valence\na,0.5\n", adapter="emo")


def test_the_tree_has_28_leaves_and_each_basic_emotion_lies_under_one_sentiment():
    assert len(EMOTION_PATHS) == len(GOEMOTIONS) == 28
    assert (GOEMOTIONS[0], GOEMOTIONS[26], GOEMOTIONS[27]) == ("admiration", "surprise", "neutral")
    assert len({path[:2] for path in EMOTION_PATHS.values()}) == len({path[1] for path in EMOTION_PATHS.values()}) == 7


def test_paths_agree_down_to_the_level_at_which_they_part():
    joy, love, fear, grief = (EMOTION_PATHS[name] for name in ("joy", "love", "fear", "grief"))
    assert [agreement(joy, joy), agreement(joy, love), agreement(fear, grief), agreement(joy, fear)] == [
        1, 2 / 3, 1 / 3, 0,
    ]  # fmt: skip


@given(st.floats(-5, 5), st.floats(0.5, 9), st.lists(st.floats(0, 1), min_size=1))
def test_a_scale_leads_back_to_the_labels(low, width, shares):
    scale = Scale(low, low + width)
    labels = scale.from_unit(np.array(shares))
    assert ((labels >= low - 1e-9) & (labels <= low + width + 1e-9)).all()
    assert scale.to_unit(labels) == pytest.approx(shares, abs=1e-9)
