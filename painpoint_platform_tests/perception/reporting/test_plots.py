"""Pictures say what they show, in their title and in words."""

import io
from dataclasses import replace

import numpy as np
import pytest

from painpoint_platform.perception.learning.conformal import covered
from painpoint_platform.perception.reporting.plots import (
    Picture,
    plot_calibration,
    plot_comparison,
    plot_coverage,
    plot_importance,
    plot_languages,
    plot_predicted,
    plot_residuals,
    plot_search,
    wilson,
)
from painpoint_platform_tests.perception.judged_rows import judged_rows
from painpoint_platform_tests.perception.planted_report import IMPORTANCE, planted_comparison, planted_report

ROWS = judged_rows(300)
REPORT = planted_report()


@pytest.fixture(scope="module")
def pictures() -> dict[str, Picture]:
    found = [
        plot_calibration(ROWS),
        plot_residuals(ROWS),
        plot_predicted(ROWS),
        plot_languages(ROWS),
        plot_coverage(covered(ROWS.labels, ROWS.low, ROWS.high, ROWS.lengths), 0.9),
        plot_search(REPORT.search),
        plot_importance(IMPORTANCE),
        plot_comparison(planted_comparison(REPORT)),
    ]
    return {picture.name: picture for picture in found}


def test_every_picture_is_a_small_png_with_ink_on_it(pictures: dict[str, Picture]) -> None:
    from PIL import Image

    assert len(pictures) == 8
    for picture in pictures.values():
        assert len(picture.png) < 40_000
        drawn = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L"))
        assert 200 < drawn.shape[0] < 800
        assert drawn.min() < 60
        assert drawn.max() > 250
        assert picture.alt.endswith(".")


@pytest.mark.parametrize(
    ("name", "title", "alt"),
    [
        ("calibration", "Calibration lowers the mean gap: from 0.098", "from 0.098 to 0.0"),
        ("residuals", "at worst", "residuals"),
        ("predicted", "Scores follow labels with r 0.9", "300 labels"),
        ("languages", "is calibrated worst", "en 0.0"),
        ("coverage", "is furthest from the promised 90%", "of 100"),
        ("search", "Best RMSE 0.0840 at trial 7, trees; 5 more brought less", "12 trials of kernel and trees"),
        ("importance", "Without embedding RMSE rises by 0.031", "lexical valence 0.0120"),
        ("comparison", "below ridge, the best baseline", "vader"),
    ],
)
def test_titles_say_the_finding_and_words_say_what_is_drawn(
    pictures: dict[str, Picture], name: str, title: str, alt: str
) -> None:
    assert title in pictures[name].title
    assert alt in pictures[name].alt


def test_a_model_that_beats_no_baseline_says_so() -> None:
    import polars as pl

    frame = planted_comparison(REPORT).with_columns(
        rmse=pl.when(pl.col("model") == "model").then(0.4).otherwise(pl.col("rmse"))
    )
    assert plot_comparison(frame).title.startswith("The model does not beat ridge: RMSE 0.4000")


def test_scores_that_are_all_the_same_are_drawn_and_said() -> None:
    same = replace(ROWS, labels=np.zeros(300), score=np.zeros(300), before=np.zeros(300))
    assert plot_predicted(same).title == "Scores or labels are all the same, so there is no correlation"
    assert "from 0.000 to 0.000" in plot_calibration(same).title


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    from scipy.stats import binomtest

    expected = binomtest(45, 50).proportion_ci(method="wilson")
    assert wilson(0.9, 50) == pytest.approx((expected.low, expected.high))


def test_an_empty_length_is_left_out_of_the_picture_and_too_few_rows_of_a_language_have_no_curve() -> None:
    rows = judged_rows(20)
    lengths = np.full(20, "SHORT")
    picture = plot_coverage(covered(rows.labels, rows.low, rows.high, lengths), 0.9)
    assert "LONG" not in picture.alt
    assert plot_languages(rows).title == "No language has 30 rows"
