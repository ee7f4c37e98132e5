"""Growth, states and emergence of issues, on planted counts."""

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

from painpoint_platform.sql_models.model import load_models
from painpoint_platform.sql_models.run import Window, materialize
from painpoint_platform.warehouse.connection import open_write

FIRST = date(2025, 1, 1)
DAYS, BURST = 40, 30
MODEL = next(model for model in load_models() if model.table == "gold.issue_trends")


def counts() -> dict[tuple[str, int], int]:
    """Return posts by issue and day: ordinary issues, one that bursts, one that comes up as a burst, one that fades."""
    rng = Random(4)
    found = {}
    for issue in range(15):
        usual = rng.randint(8, 20)
        for day in range(DAYS):
            found[f"ordinary {issue}", day] = max(5, round(rng.gauss(usual, usual**0.5)))
    for day in range(DAYS):
        found["bursts", day] = 60 if BURST <= day < BURST + 3 else 8
        found["fades", day] = max(1, 30 - day)
    found["comes up", BURST] = 90
    return found


@pytest.fixture
def trends(warehouse):
    rows = [
        (FIRST + timedelta(days=day), 0, issue, f"{issue} {day} {post}", ("github", "reddit")[post % 2], f"a{post}")
        for (issue, day), count in counts().items()
        for post in range(count)
    ]  # fmt: skip
    columns = ["cluster_date", "cluster_id", "issue_key", "url_hash", "source", "author_hash"]
    evidence = pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.col("cluster_id").cast(pl.Int32))
    with open_write(warehouse) as connection:
        connection.register("evidence", evidence)
        connection.execute(
            "insert into gold.issue_evidence by name select *, 'u' as url, 't' as title, '' as snippet, "
            "cluster_date::timestamp as created_at, 0 as vote_count, 0 as comment_count, 'core' as membership, "
            "false as is_representative from evidence"
        )
        connection.unregister("evidence")
        materialize(connection, MODEL, window=Window(FIRST, FIRST + timedelta(days=DAYS)))
        return connection.sql("from gold.issue_trends").pl()


def test_a_planted_burst_stands_out_once_and_ordinary_days_do_not(trends):
    emerging = trends.filter("is_emerging").select("issue_key", "cluster_date").rows()
    day = FIRST + timedelta(days=BURST)
    assert sorted(emerging) == [("bursts", day), ("comes up", day)]


def test_states_and_their_uncertainty(trends):
    states = {(key, day): state for key, day, state in trends.select("issue_key", "cluster_date", "state").rows()}
    assert {states["fades", FIRST + timedelta(days=day)] for day in range(16, DAYS)} == {"fading"}
    assert states["bursts", FIRST + timedelta(days=BURST)] == "growing"
    assert [states["bursts", FIRST + timedelta(days=day)] for day in range(4)] == ["new", "new", "new", "steady"]
    ordinary = trends.filter(pl.col("issue_key").str.starts_with("ordinary"), pl.col("state") != "new")
    assert (ordinary["state"] == "steady").mean() > 0.8
    inside = ordinary.filter(pl.col("growth_low") <= 1, pl.col("growth_high") >= 1).height / ordinary.height
    assert inside > 0.85


def test_history_counts_days_on_which_the_issue_was_not_seen(trends):
    row = trends.filter(issue_key="bursts", cluster_date=FIRST + timedelta(days=10)).row(0, named=True)
    assert (row["history_days"], row["history_items"], row["days_seen"]) == (10, 80, 10)
    assert row["last_seen"] == FIRST + timedelta(days=9)
    assert row["items_by_source"] == {"github": 4, "reddit": 4}
    late = trends.filter(issue_key="bursts", cluster_date=FIRST + timedelta(days=39)).row(0, named=True)
    assert late["history_days"] == 30
    new = trends.filter(issue_key="comes up").row(0, named=True)
    assert (new["growth"], new["history_days"], new["state"], new["last_seen"]) == (None, 0, "new", None)


def test_on_the_first_day_nothing_stands_out(trends):
    assert not trends.filter(cluster_date=FIRST)["is_emerging"].any()
    assert (trends.filter(cluster_date=FIRST)["surprise"] == 0).all()
