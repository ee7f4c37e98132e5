"""Which columns a column is made of, on queries of a few lines."""

import pytest

from painpoint_platform.sql_models.lineage import column_lineage
from painpoint_platform.sql_models.lineage_table import lineage_table

POSTS = {"s.posts": {"day": "date", "source": "varchar", "url": "varchar", "votes": "int", "tags": "varchar[]"}}


def lineage(sql: str) -> dict[str, str]:
    """Columns of the result -> names of the columns of s.posts, joined by blanks."""
    found = column_lineage(sql, POSTS)
    assert {table for sources in found.values() for table, _ in sources} <= {"s.posts"}
    return {column: " ".join(name for _, name in sources) for column, sources in found.items()}


@pytest.mark.parametrize(
    ("counted", "made_of"),
    [
        ("select day, source, count(*) as n from s.posts group by day, source", "day source"),
        ("select day, source, count(*) as n from s.posts group by all", "day source"),
        ("select day as d, count(*) as n from s.posts group by d", "day"),
        ("select date_trunc('month', day) as d, 2 * count(*) / max(votes) as n from s.posts group by d", "day votes"),
        ("select day, count(*) filter (votes > 1) as n from s.posts group by day", "votes"),
        ("select count(*) over (partition by source) as n from s.posts", "source"),
        ("select source, count(*) as n from (select source, url from s.posts group by all) group by source",
         "source url"),
        ("with days as (select day, source, count(*) as rows from s.posts group by day, source) "
         "select day, count(*) as n from days group by day", "day source"),
        ("with days as (select day, sum(votes) as votes from s.posts group by day) select count(*) as n from days",
         "day"),
        ("select sum(n) as n from (select day, count(*) as n from s.posts group by day)", "day"),
        ("select count(*) as n from s.posts", ""),
    ],
)  # fmt: skip
def test_a_count_of_rows_is_made_of_what_tells_them_apart(counted: str, made_of: str) -> None:
    assert lineage(counted)["n"] == made_of


def test_windows_maps_structs_and_lists_are_made_of_all_that_is_in_them() -> None:
    found = lineage(
        """
        with by_source as (select day, source, count(*) as n from s.posts group by day, source)
        select
            day,
            row_number() over (partition by day order by min(n) desc) as place,
            lag(sum(n)) over (order by day) as before,
            map_from_entries(list((source, n) order by source)) as by_source,
            {'top': max(source), 'rows': sum(n)} as facts,
            list_transform(range(1, 3), lambda place: place * sum(n)) as multiples
        from by_source
        group by day
        """
    )
    assert found == {
        "day": "day", "place": "day source", "before": "day source", "by_source": "day source",
        "facts": "day source", "multiples": "day source",
    }  # fmt: skip


def test_a_column_is_traced_through_subqueries_unions_and_unnested_lists() -> None:
    found = lineage(
        """
        select source as label, (select max(votes) from s.posts) as most, 1 as one from s.posts
        union all
        select tag, votes, 2 from s.posts cross join unnest(tags) as tagged(tag)
        """
    )
    assert found == {"label": "source tags", "most": "votes", "one": ""}


CHAIN = {
    "gold.sums": {"n": (("gold.counts", "n"), ("s.posts", "votes")), "kind": ()},
    "gold.counts": {"n": (("s.posts", "day"), ("s.posts", "source"))},
}


def test_people_see_what_a_column_is_made_of_and_where_that_begins() -> None:
    assert lineage_table("gold.sums", CHAIN) == [
        {"column": "n", "made of": "gold.counts: n; s.posts: votes", "which begins as": "s.posts: day, source, votes"},
        {"column": "kind", "made of": "nothing stored: written out in the query", "which begins as": ""},
    ]


def test_a_model_that_reads_no_other_begins_with_what_it_is_made_of() -> None:
    assert lineage_table("gold.counts", CHAIN) == [{"column": "n", "made of": "s.posts: day, source"}]
