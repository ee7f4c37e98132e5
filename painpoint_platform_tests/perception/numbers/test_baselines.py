"""A model stands beside what anybody has without one, on the same rows."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.numbers.baselines import BASELINES, FIGURES, baseline_scores, comparison
from painpoint_platform.perception.settings_file import load_settings
from painpoint_platform_tests.perception.judged_rows import judged_rows
from painpoint_platform_tests.perception.planted_rows import planted_rows

SETTINGS = load_settings().model_copy(update={"bootstrap_rounds": 200})
GOOD, BAD = "I love this, it is wonderful", "I hate this, it is horrible"


def test_baselines_are_fitted_to_the_training_rows_and_score_the_others() -> None:
    train, judged = planted_rows(300), planted_rows(80, seed=2)
    texts = pl.concat(
        rows.items.select("item_id", text=pl.Series(np.where(rows.labels > 0.5, GOOD, BAD))) for rows in (train, judged)
    )
    found = baseline_scores(train, judged, texts, limits=(0, 1))
    assert tuple(found) == BASELINES
    assert found["constant"] == pytest.approx(train.labels.mean())
    high = judged.labels > 0.5
    assert found["vader"][high] == pytest.approx(train.labels[train.labels > 0.5].mean())
    assert found["vader"][~high] == pytest.approx(train.labels[train.labels <= 0.5].mean())
    assert found["ridge"].min() >= 0
    assert np.corrcoef(found["ridge"], judged.labels)[0, 1] > 0.2  # one of its columns is one of the label's two


def test_texts_that_all_read_alike_leave_vader_the_mean() -> None:
    train = planted_rows(60)
    texts = train.items.select("item_id", text=pl.lit("the report"))
    assert baseline_scores(train, train, texts, limits=(0, 1))["vader"] == pytest.approx(train.labels.mean())


def test_an_item_without_text_is_named() -> None:
    train = planted_rows(30)
    with pytest.raises(UserError, match="1 items have no text, such as 0-29"):
        baseline_scores(train, train, train.items.head(29).select("item_id", text=pl.lit("a")), limits=(0, 1))


def test_the_comparison_has_figures_and_intervals_of_every_model() -> None:
    judged = judged_rows(400)
    constant = np.full(400, judged.constant)
    worse = np.clip(judged.score + np.random.default_rng(0).normal(0, 0.2, 400), 0, 1)
    frame = comparison(judged, {"constant": constant, "ridge": worse}, SETTINGS)
    assert frame["model"].to_list() == ["model", "constant", "ridge"]
    assert frame["rows"].to_list() == [400] * 3
    rows = {row["model"]: row for row in frame.to_dicts()}
    assert rows["model"]["rmse"] == pytest.approx(np.sqrt(np.mean((judged.labels - judged.score) ** 2)))
    assert rows["model"]["skill"] > rows["ridge"]["skill"]
    assert rows["constant"]["skill"] == pytest.approx(0, abs=0.01)
    assert all(rows["constant"][name] is None for name in ("pearson", "spearman", "within_author", "pearson_low"))
    for name in FIGURES:
        assert rows["ridge"][f"{name}_low"] < rows["ridge"][f"{name}_high"]
    assert rows["model"]["pearson_low"] > rows["ridge"]["pearson_high"]


def test_authors_of_one_text_have_no_r_within_authors() -> None:
    judged = judged_rows(50)
    alone = replace(judged, users=np.arange(50).astype(np.str_))
    frame = comparison(alone, {}, SETTINGS)
    assert frame["within_author"].to_list() == [None]
    assert frame["within_author_low"].to_list() == [None]
