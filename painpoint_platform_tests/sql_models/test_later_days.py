"""Models that look back: days filled in, made again or emptied in any order leave what a rebuild would give."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.errors import DataContractError
from painpoint_platform.sql_models.later_days import LaterDays, remake_later_days
from painpoint_platform.sql_models.model import SqlModel, load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.schema import migrated_database

MODELS = [model for model in load_models() if model.header.materialized == "incremental"]
FIRST = date(2025, 1, 1)

SCHEMA = ["create schema silver", "create table silver.sales (day date, shop varchar, amount integer)"]
TOTALS = """\
-- description: What a shop has sold up to a day.
-- depends_on: silver.sales
-- materialized: incremental day
-- looks_back: to the first sale
-- check: unique shop
-- check: assert total < 100

select day, shop, sum(sum(amount)) over (partition by shop order by day)::integer as total
from silver.sales
group by day, shop
"""
READS_TOTALS = """\
-- description: The best shop of a day.
-- depends_on: silver.totals
-- materialized: {materialized}

select day, max(total) as best from silver.totals group by day
"""


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., list[SqlModel]]:
    """Write {name: text} as models of silver and load them."""

    def load(**files: str) -> list[SqlModel]:
        for name, text in files.items():
            path = tmp_path / "silver" / f"{name}.sql"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return load_models(tmp_path, schema=SCHEMA)

    return load


class Shops:
    """Sales that come in, and the model that sums them up."""

    def __init__(self, model: SqlModel) -> None:
        self.model = model
        self.connection = duckdb.connect(config={"threads": 1})
        for statement in SCHEMA:
            self.connection.execute(statement)

    def sell(self, number: int, amount: int | None, shop: str = "a") -> LaterDays:
        """Replace what a shop sold on a day, make that day, and look at those after it."""
        self.connection.execute("delete from silver.sales where day = ? and shop = ?", [day(number), shop])
        if amount is not None:
            self.connection.execute("insert into silver.sales values (?, ?, ?)", [day(number), shop, amount])
        window = Window(day(number), day(number + 1))
        materialize(self.connection, self.model, window=window)
        return remake_later_days(self.connection, self.model, window.end)

    def totals(self, query: str = "from silver.totals order by all") -> list[tuple[int, str, int]]:
        rows = self.connection.execute(query).fetchall()
        return [((when - FIRST).days + 1, shop, total) for when, shop, total in rows]


@pytest.fixture
def shops(load: Callable[..., list[SqlModel]]) -> Shops:
    return Shops(load(totals=TOTALS)[0])


def test_an_earlier_day_that_is_filled_in_changes_the_later_ones(shops: Shops) -> None:
    shops.sell(3, 5)
    shops.sell(4, 1)
    assert shops.sell(2, 10) == LaterDays((day(3), day(4)))
    assert shops.totals() == [(2, "a", 10), (3, "a", 15), (4, "a", 16)]


def test_what_is_the_same_is_not_written_again(shops: Shops) -> None:
    for number, amount, shop in ((1, 5, "a"), (2, 1, "a"), (3, 7, "b"), (4, 9, "a")):
        shops.sell(number, amount, shop)
    rows = "select rowid, * from silver.totals order by day"
    before = shops.connection.execute(rows).fetchall()
    assert shops.sell(1, 5) == LaterDays()
    assert shops.connection.execute(rows).fetchall()[1:] == before[1:]
    assert shops.sell(1, 6) == LaterDays((day(2), day(4))), "shop b has the same as before"


def test_the_latest_day_asks_the_query_nothing_more(shops: Shops) -> None:
    shops.sell(1, 1)
    shops.connection.execute("drop table silver.sales")
    assert remake_later_days(shops.connection, shops.model, day(2)) == LaterDays()


def test_a_later_day_that_has_nothing_any_more_loses_its_rows(shops: Shops) -> None:
    shops.sell(1, 1)
    shops.sell(2, 1)
    shops.connection.execute("delete from silver.sales where day = ?", [day(2)])
    assert shops.sell(1, 1) == LaterDays((day(2),))
    assert shops.totals() == [(1, "a", 1)]


def test_a_later_day_that_was_never_made_is_left_to_its_own_run(shops: Shops) -> None:
    shops.sell(3, 1)
    shops.connection.execute("insert into silver.sales values (?, 'a', 5)", [day(2)])
    assert shops.sell(1, 1) == LaterDays((day(3),))
    assert shops.totals() == [(1, "a", 1), (3, "a", 7)]


def test_a_later_day_whose_new_rows_break_a_check_stands_and_the_others_follow(shops: Shops) -> None:
    shops.sell(2, 1)
    shops.sell(3, 60, "b")
    shops.sell(4, 1)
    shops.connection.execute("insert into silver.sales values (?, 'b', 60)", [day(1)])
    later = shops.sell(1, 2)
    assert later.remade == (day(2), day(4))
    assert [(when, error.check_name) for when, error in later.refused.items()] == [(day(3), "assert_total_below_100")]
    assert "'total': 120" in str(later.refused[day(3)])
    assert shops.totals() == [(1, "a", 2), (1, "b", 60), (2, "a", 3), (3, "b", 60), (4, "a", 4)]


def test_a_day_that_fails_itself_leaves_the_later_ones_to_its_transaction(shops: Shops) -> None:
    shops.sell(2, 1)
    shops.connection.begin()
    with pytest.raises(DataContractError):
        shops.sell(1, 100)
    shops.connection.rollback()
    assert shops.totals() == [(2, "a", 1)]


def test_a_model_that_does_not_look_back_is_left_alone(load: Callable[..., list[SqlModel]]) -> None:
    shops = Shops(load(totals=TOTALS.replace("-- looks_back: to the first sale\n", ""))[0])
    shops.sell(2, 1)
    assert shops.sell(1, 1) == LaterDays()
    assert shops.totals() == [(1, "a", 1), (2, "a", 1)]


def test_whatever_reads_a_model_that_looks_back_looks_back(load: Callable[..., list[SqlModel]]) -> None:
    models = load(
        totals=TOTALS,
        best=READS_TOTALS.format(materialized="view"),
        best_daily=READS_TOTALS.format(materialized="incremental day")
        .replace("totals", "best")
        .replace("total", "best"),
    )
    assert {model.name: model.looks_back for model in models} == {"totals": True, "best": True, "best_daily": True}
    assert {model.table for model in MODELS if model.looks_back} == {"gold.issue_trends", "gold.category_daily"}


@settings(max_examples=15)
@given(
    sales=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from("ab"), st.none() | st.integers(1, 9)), min_size=1, max_size=8
    )
)
def test_days_in_any_order_filled_corrected_and_emptied_are_what_the_query_gives(
    sales: list[tuple[int, str, int | None]], model: SqlModel
) -> None:
    shops = Shops(model)
    for number, shop, amount in sales:
        shops.sell(number, amount, shop)
    assert shops.totals() == shops.totals(f"from ({model.sql}\n) order by all")
    of_a = [(number, amount) for number in range(1, 7) if (amount := _last(sales, number, "a"))]
    sums = accumulate(amount for _, amount in of_a)
    assert [row for row in shops.totals() if row[1] == "a"] == [
        (number, "a", total) for (number, _), total in zip(of_a, sums, strict=True)
    ]


def _last(sales: Sequence[tuple[int, str, int | None]], number: int, shop: str) -> int | None:
    return next((amount for when, who, amount in reversed(sales) if (when, who) == (number, shop)), None)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SqlModel:
    folder = tmp_path_factory.mktemp("models")
    (folder / "silver").mkdir()
    (folder / "silver" / "totals.sql").write_text(TOTALS)
    return load_models(folder, schema=SCHEMA)[0]


# Posts of an issue by day; the third day was not collected, the sixth has nothing about "grows".
POSTS = {
    "grows": {1: 3, 2: 4, 4: 12, 5: 20, 7: 30},
    "fades": {1: 30, 2: 20, 4: 12, 5: 8, 6: 2, 7: 1},
    "late": {5: 40, 6: 41},
    "steady": dict.fromkeys((1, 2, 4, 5, 6, 7), 9),
    **{f"rest {number}": {number % 7 + 1: 6, 7: 6} for number in (0, 2, 4, 5, 6)},
}
EVIDENCE = """
insert into gold.issue_evidence by name
select $day as cluster_date, $cluster as cluster_id, $issue as issue_key, $issue || $day::varchar || post as url_hash,
    if(post % 2 = 0, 'github', 'reddit') as source, 'u' as url, 't' as title, '' as snippet,
    $day::timestamp as created_at, 0 as vote_count, 0 as comment_count, 'a' || (post % 5) as author_hash,
    'core' as membership, false as is_representative
from range($count) as posts(post)
"""
ISSUES = """
insert into gold.issues by name
select $day as cluster_date, $cluster as cluster_id, $issue as issue_key,
    'f' as cluster_fingerprint, $count as cluster_size, $issue as canonical_title, left($issue, 1) as category,
    false as label_failed, 'v1' as prompt_version, 10 + $count as impact_score, $day::timestamp as created_at
"""


@pytest.fixture
def gold() -> Iterator[duckdb.DuckDBPyConnection]:
    with migrated_database().cursor() as connection:
        connection.begin()
        yield connection
        connection.rollback()


def make(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """What the job ``issues`` leaves of a day: its evidence, then every daily model."""
    when = day(number)
    for table in ("gold.issue_evidence", "gold.issues"):
        connection.execute(f"delete from {table} where cluster_date = ?", [when])
    for cluster, (issue, counts) in enumerate(POSTS.items()):
        if count := counts.get(number):
            values = {"day": when, "cluster": cluster, "issue": issue, "count": count}
            for statement in (EVIDENCE, ISSUES):
                connection.execute(statement, values)
    for model in MODELS:
        materialize(connection, model, window=Window(when, when + timedelta(days=1)))
        remake_later_days(connection, model, when + timedelta(days=1))


def test_every_table_of_gold_is_the_same_in_whatever_order_days_were_made(gold: duckdb.DuckDBPyConnection) -> None:
    for number in (5, 7, 1, 6, 2, 4, 5):
        make(gold, number)
    for model in MODELS:
        stored, rebuilt = f"from {model.table}", f"from ({model.sql}\n)"
        assert (
            gold.execute(f"({stored} except all {rebuilt}) union all ({rebuilt} except all {stored})").fetchall() == []
        )
    states = gold.sql("select distinct state from gold.issue_trends order by all").fetchall()
    assert states == [("fading",), ("growing",), ("new",), ("steady",)], "the days differ in what they say"
