"""The analysts' cookbook: every query runs on a small gold as it stands on the page, and answers what is asked."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from painpoint_platform_tests.docs.small_gold import DAYS, LAST, write_small_gold

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
TEXT = PAGE.read_text(encoding="utf-8")
OPENING = TEXT[: TEXT.index("\n## Issues")]


@dataclass(frozen=True)
class Recipe:
    """A question of the page: its number and heading, the whole section, the query."""

    number: int
    question: str
    section: str
    query: str


def recipes() -> Iterator[Recipe]:
    for section in re.split(r"^### ", TEXT, flags=re.M)[1:]:
        heading = section.splitlines()[0]
        (query,) = re.findall(r"```sql\n(.*?)```", section, re.S)
        number, question = heading.split(". ", 1)
        yield Recipe(int(number), question, section, query)


RECIPES = list(recipes())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_gold(tmp_path_factory.mktemp("gold"))


@pytest.fixture(scope="module")
def gold(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


def answer(gold: duckdb.DuckDBPyConnection, number: int) -> pl.DataFrame:
    (recipe,) = (recipe for recipe in RECIPES if recipe.number == number)
    return gold.sql(recipe.query.rstrip().removesuffix(";")).pl()


def descending(column: pl.Series) -> bool:
    return column.is_sorted(descending=True, nulls_last=True)


# What has to hold of each answer, given what small_gold plants.
PLAUSIBLE: dict[int, Callable[[pl.DataFrame], bool]] = {
    1: lambda rows: descending(rows["impact"]) and rows["title"].is_not_null().all()
    and (rows["author_count"] <= rows["item_count"]).all(),
    2: lambda rows: (rows["growth_low"] <= rows["growth"]).all() and (rows["growth"] <= rows["growth_high"]).all()
    and rows.row(0, named=True)["state"] == "growing",
    3: lambda rows: rows.filter("is_emerging")["cluster_date"].to_list() == [LAST],
    4: lambda rows: rows.height == DAYS and rows["title"].n_unique() > 0
    and rows["posts"][rows["item_count"].arg_max()] == "█" * 20,
    5: lambda rows: descending(rows["authors"]) and (rows["authors"] <= rows["posts"]).all()
    and (rows["first_post"] < rows["last_post"]).any() and rows["issue_key"].is_unique().all(),
    6: lambda rows: rows["url"].str.starts_with("https://").all() and rows["title"].n_unique() > 1,
    7: lambda rows: (rows["ratio"] - rows["posts_a_day"] / rows["posts_a_day_before"]).abs().max() < 0.02
    and "unlabelled" in rows["category"],
    8: lambda rows: rows["days_with_the_signal"].is_between(1, rows["days"]).all(),
    9: lambda rows: ((rows["used_for_impact"] - 0.64).abs() < 1e-9).all() and (rows["negativity"] == 0.7).all(),
    10: lambda rows: set(rows["relation"]) == {"continues"}
    and (rows["previous"].list.first().str.len_chars() == 8).all(),
    11: lambda rows: rows.height == 4 and (rows["noise_share"] + rows["issue_share"] <= 1.01).all()
    and rows.filter(source="reddit")["partial_day_count"].to_list() == [1],
    12: lambda rows: rows.filter(pl.col("partial_sources").is_not_null())["partial_sources"].to_list() == [["reddit"]]
    and rows.height == DAYS and (rows["failed_labels"] == 1).all(),
    13: lambda rows: rows["theme_rank"].to_list() == [1, 2] and descending(rows["distinct_posts"]),
    14: lambda rows: rows.rows() == [("C1", 2, 2), ("C2", 1, 0)],
    15: lambda rows: rows["theme"].unique().to_list() == ["things break"] and rows.height == 3,
    16: lambda rows: rows["transcript"].to_list() == ["a", "b", "quiet"] and rows["low_confidence_exchanges"][0] == 1,
    17: lambda rows: rows["firm"].to_list() == ["Big Bank", ""] and set(rows["latest_question"]) == {"Why?"},
    18: lambda rows: set(rows["kind"]) == {"issue", "course_theme", "call_question"}
    and rows.group_by("kind").len()["len"].max() <= 5,
    19: lambda rows: rows["value"].is_between(rows["low"], rows["high"]).all(),
    20: lambda rows: rows["model"].to_list() == ["big", "own"]
    and rows["known_cost_usd"].round(6).to_list() == [0.04, None]
    and rows["calls"].to_list() == [20, 16] and rows["calls_of_unknown_price"].to_list() == [0, 16],
}  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.question)
def test_the_answer_is_there_and_plausible(gold: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    rows = answer(gold, recipe.number)
    assert not rows.is_empty()
    assert [name for name in rows.columns if rows[name].null_count() == rows.height] == [], "a column says nothing"
    assert PLAUSIBLE[recipe.number](rows), rows
    assert rows.equals(answer(gold, recipe.number)), "the order of the rows is left to chance"


def tiny(**tables: str) -> duckdb.DuckDBPyConnection:
    """Return a gold of these tables."""
    gold = duckdb.connect()
    gold.execute("create schema gold")
    for name, rows in tables.items():
        gold.execute(f"create table gold.{name} as {rows}")
    return gold


def test_a_category_that_is_rare_is_not_told_by_its_own_days_only() -> None:
    gold = tiny(
        category_daily="""
            select day::date as cluster_date, category, posts as item_count, 1 as new_issue_count, 50 as impact_score
            from (values ('2025-01-20', 'ai', 8), ('2025-01-19', 'ai', 4), ('2025-01-19', 'rare', 10),
                ('2025-01-10', 'ai', 6), ('2025-01-09', 'rare', 2), ('2025-01-01', 'ai', 99))
                as days(day, category, posts)"""
    )
    rows = answer(gold, 7).select("category", "posts_a_day", "posts_a_day_before", "ratio").rows()
    assert rows == [("ai", 6.0, 3.0, 2.0), ("rare", 5.0, 1.0, 5.0)]


def test_a_sentence_that_many_posts_share_is_quoted_once() -> None:
    gold = tiny(
        issue_overview="select date '2025-01-01' as cluster_date, 'k' as issue_key, 'It hangs' as title, "
        "9 as impact_score, true as publishable",
        issue_quotes="select date '2025-01-01' as cluster_date, 'k' as issue_key, 'u' || n as url_hash, "
        "if(n < 3, 'It hangs.', 'Still.') as quote from range(5) as posts(n)",
        issue_evidence="select date '2025-01-01' as cluster_date, 'u' || n as url_hash, 'reddit' as source, "
        "n::int as vote_count, 'https://x/' || n as url from range(5) as posts(n)",
    )
    assert answer(gold, 6).select("quote", "url").rows() == [("Still.", "https://x/4"), ("It hangs.", "https://x/2")]


def test_a_split_of_an_earlier_day_is_not_hidden_behind_what_goes_on() -> None:
    gold = tiny(
        issue_lineage="select date '2025-01-01' + n::int as cluster_date, 0 as cluster_id, 'key' || n as issue_key, "
        "if(n = 3, 'splits', 'continues') as relation, 0.9 as similarity, ['key0'] as previous_keys "
        "from range(30) r(n)",
        issues="select date '2025-01-01' + n::int as cluster_date, 0 as cluster_id, 'It hangs' as canonical_title "
        "from range(30) r(n)",
    )
    assert answer(gold, 10).select("issue", "relation").rows()[:2] == [("key3", "splits"), ("key29", "continues")]


def test_a_call_whose_name_says_no_day_is_not_the_latest() -> None:
    gold = tiny(
        qa_groups="""
            select transcript, day::date as call_date, 1 as qa_group_id, 'Ann' as analyst, 'Bank' as firm,
                transcript as ticker, transcript || '?' as question_text, 0.9 as confidence
            from (values ('old', '2024-01-01'), ('new', '2025-01-01'), ('undated', null)) as calls(transcript, day)""",
        analyst_activity="select 'Ann' as analyst, 'Bank' as firm, 3 as calls, 3 as questions, 3 as companies",
    )
    assert answer(gold, 17).select("latest_ticker", "latest_question").rows() == [("new", "new?")]


def test_people_of_an_issue_are_counted_once_over_all_its_days(gold: duckdb.DuckDBPyConnection) -> None:
    """The pitfall that the page warns of is real here: adding up days gives more."""
    first = answer(gold, 5).row(0, named=True)
    query = "select sum(author_count) as summed from gold.issue_overview where issue_key = $key"
    row = gold.execute(query, {"key": first["issue_key"]}).fetchone()
    assert row is not None
    assert row[0] >= first["authors"] > 1


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.question)
def test_every_recipe_asks_a_question_and_says_how_to_read_the_answer(recipe: Recipe) -> None:
    assert recipe.question.endswith("?")
    assert "*Reading it:*" in recipe.section
    assert "*Pitfall:*" in recipe.section


def test_the_recipes_are_numbered_and_every_link_leads_somewhere() -> None:
    assert [recipe.number for recipe in RECIPES] == list(range(1, 21))
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)", TEXT, re.M)
    }
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT):
        page, _, anchor = target.partition("#")
        assert (PAGE.parent / page).exists(), target
        assert page or anchor in anchors, target


def test_the_ways_to_open_the_copy_work(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "analytics.duckdb").symlink_to(copy)
    monkeypatch.chdir(tmp_path)
    (python,) = re.findall(r"```python\n(.*?)```", OPENING, re.S)
    found: dict[str, pl.DataFrame] = {}
    exec(python, found)
    assert found["issues"].height > 20
    meanings, csv, parquet = re.findall(r"```sql\n(.*?)```", OPENING, re.S)
    with duckdb.connect("data/analytics.duckdb", read_only=True) as gold:
        assert gold.sql(meanings.rstrip().removesuffix(";")).pl()["comment"].is_not_null().all()
        gold.execute(csv)
        gold.execute(parquet)
    assert pl.read_csv("issues.csv", separator=";")["sources"].str.contains("github").any()
    assert pl.read_parquet("issue_overview.parquet").height >= found["issues"].height


def test_the_readmes_query_answers_too(gold: duckdb.DuckDBPyConnection) -> None:
    readme = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    (query,) = re.findall(r'data/analytics\.duckdb "(.*?)"\n', readme, re.S)
    assert not gold.sql(query).pl().is_empty()
