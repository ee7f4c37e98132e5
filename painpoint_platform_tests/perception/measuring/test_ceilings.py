"""Raters who disagree set a limit to every model."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.measuring.ceilings import FEWEST_ITEMS, ceiling_of, raters_file, read_raters

# Shrout and Fleiss (1979), table 2: six targets, four judges. Their ICC(1,1) is .17 and ICC(1,4) is .44.
SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def ratings_of(values: list[list[float]], variable: str = "valence") -> pl.DataFrame:
    rows = [
        (f"i{item}", f"r{place}", variable, float(told))
        for item, row in enumerate(values)
        for place, told in enumerate(row)
    ]
    return pl.DataFrame(rows, schema=["item_id", "rater", "variable", "value"], orient="row")


def test_reliability_is_that_of_the_published_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("painpoint_platform.perception.measuring.ceilings.FEWEST_ITEMS", 6)
    ratings = ratings_of(SHROUT_AND_FLEISS)
    found = ceiling_of(ratings, "valence", ratings["item_id"].unique())
    assert found is not None
    assert (found.items, found.ratings, found.raters) == (6, 24, 4)
    assert found.single == pytest.approx(0.1657, abs=1e-4)
    assert found.reliability == pytest.approx(0.4428, abs=1e-4)
    assert found.reliability == pytest.approx(4 * found.single / (1 + 3 * found.single))  # Spearman and Brown
    assert found.pearson == pytest.approx(0.4428**0.5, abs=1e-4)
    assert found.skill == pytest.approx(1 - (1 - 0.4428) ** 0.5, abs=1e-4)


def test_a_perfect_model_of_the_true_values_reaches_the_ceiling_and_no_more() -> None:
    choices = np.random.default_rng(1)
    true = choices.normal(0, 1, 4000)
    values = [[value + noise for noise in choices.normal(0, 1.5, choices.integers(2, 7))] for value in true.tolist()]
    ratings = ratings_of(values)
    found = ceiling_of(ratings, "valence", ratings["item_id"].unique())
    means = np.array([np.mean(row) for row in values])
    assert found is not None
    assert found.pearson == pytest.approx(np.corrcoef(true, means)[0, 1], abs=0.01)
    errors = means - true
    assert found.rmse(float(means.std())) == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.03)


def test_raters_who_only_guess_leave_nothing() -> None:
    guessed = [row.tolist() for row in np.tile([1.0, 5.0], (60, 1))]
    ratings = ratings_of(guessed)
    found = ceiling_of(ratings, "valence", ratings["item_id"].unique())
    assert found is not None
    assert (found.reliability, found.pearson, found.skill) == (0, 0, 0)


def test_too_few_items_with_two_raters_have_no_ceiling() -> None:
    ratings = ratings_of([[1.0, 2.0]] * (FEWEST_ITEMS - 1) + [[3.0]] * 100)
    items = ratings["item_id"].unique()
    assert ceiling_of(ratings, "valence", items) is None
    assert ceiling_of(ratings, "arousal", items) is None
    more = ratings_of([[1.0, 2.0]] * FEWEST_ITEMS)
    assert ceiling_of(more, "valence", pl.Series(["someone else's"])) is None


def test_the_file_beside_a_corpus_is_read_as_it_is_published(tmp_path: Path) -> None:
    path = raters_file(tmp_path / "texts.jsonl")
    assert path == tmp_path / "texts.raters.csv"
    path.write_text("id,V,A\na,3,\na,4,2\n", encoding="utf-8")
    assert read_raters(path).sort("variable", "value").rows() == [
        ("a", None, "arousal", 2.0), ("a", None, "valence", 3.0), ("a", None, "valence", 4.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,valence\na,3\n", "expected item_id"),
        ("item_id,rater\na,b\n", "a column a variable"),
        ("item_id,valence\na,\n", "no ratings"),
        ("item_id,valence\na,3\nb,low\nc,nan\n", "row 2 valence 'low', row 3 valence 'nan'"),
        ("item_id,rater,valence\na,x,3\na,x,4\n", "rated twice by one rater: x of a"),
    ],
)
def test_a_wrong_file_of_ratings_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "texts.raters.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        read_raters(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_raters(tmp_path / "nowhere.raters.csv")
