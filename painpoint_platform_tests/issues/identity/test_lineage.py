"""Which issue a cluster is: resemblance, keys and relations, without a warehouse."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.issues.identity.file_lineage import continuity, dates_of, days_of, follow
from painpoint_platform.issues.identity.lineage import LINEAGE, trace
from painpoint_platform.issues.identity.resemblance import by_words, left_open
from painpoint_platform.issues.labelling.representatives import cluster_fingerprint
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform_tests.issues.traced_days import TOPICS, CountingEmbedder, both, posts

DAY = date(2025, 3, 1)
ANCHORS = pl.DataFrame(schema={"cluster_id": pl.Int32, "issue_key": pl.String, "share": pl.Float64})


def texts(topic: str, day: date = DAY) -> list[str]:
    return [f"{title}\n{body}" for title, body in posts(topic, day)]


def portraits(groups: Sequence[Sequence[str]], *, day: date | None = None, keys: Sequence[str] = ()) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "cluster_id": pl.Series(range(len(groups)), dtype=pl.Int32),
            "cluster_fingerprint": [cluster_fingerprint(group) for group in groups],
            "texts": pl.Series(list(groups), dtype=pl.List(pl.String)),
        }
    )
    if day is None:
        return frame
    return frame.with_columns(issue_key=pl.Series(keys, dtype=pl.String), cluster_date=pl.lit(day))


def refuse(_: Sequence[str]) -> NDArray[np.float32]:
    raise AssertionError("nothing is to be embedded here")


def traced(clusters: pl.DataFrame, earlier: pl.DataFrame, **options: object) -> pl.DataFrame:
    given = {"later": earlier.clear(), "anchors": ANCHORS, "embed": refuse, "budget": 0, **options}
    return trace(DAY, clusters, earlier=earlier, **given)  # type: ignore[arg-type]


def test_resemblance_is_1_for_one_problem_and_0_for_two() -> None:
    groups = [texts(topic, day) for day in (DAY, DAY + timedelta(days=1)) for topic in TOPICS[:20]]
    found = by_words(groups, today=20).resemblance(np.arange(20), np.arange(20, 40))
    assert 0.8 < found.diagonal().mean() < 1.2
    assert found.diagonal().min() > 0.4
    assert found[~np.eye(20, dtype=bool)].max() < 0.3


def test_a_whole_is_made_of_its_parts_and_of_nothing_else() -> None:
    one, other, third = TOPICS[0], TOPICS[12], TOPICS[24]
    pairs = both(one, other, DAY)
    groups = [[f"{title}\n{body}" for title, body in pairs], texts(one), texts(other), texts(third)]
    words = by_words(groups, today=4)
    assert min(words.shares(0, 1, 2)) > 0.25
    assert words.shares(0, 1, 3)[1] < 0.1
    assert words.shares(1, 1, 2)[1] < 0.1


def test_words_settle_a_pair_only_if_nothing_else_comes_near() -> None:
    found = np.array([[0.9, 0.1, 0.1], [0.2, 0.7, 0.6], [0.1, 0.0, 0.3]])
    rows, columns = left_open(found, np.array([0, 1, 2]))
    assert (rows.tolist(), columns.tolist()) == ([1, 2], [1, 2])
    rows, columns = left_open(found, np.array([0, 1, 1]))
    assert (rows.tolist(), columns.tolist()) == ([2], [])


def test_the_order_of_clusters_and_issues_does_not_show() -> None:
    yesterday = DAY - timedelta(days=1)
    known = portraits(
        [texts(topic, yesterday) for topic in TOPICS[:9]], day=yesterday, keys=[f"k{n}" for n in range(9)]
    )
    today = portraits([texts(topic) for topic in TOPICS[3:12]])
    one = traced(today, known)
    other = traced(today.sample(fraction=1, shuffle=True, seed=2), known.sample(fraction=1, shuffle=True, seed=4))
    assert one.equals(other)
    assert one.schema == LINEAGE
    assert one["issue_key"].to_list()[:6] == [f"k{n}" for n in range(3, 9)]
    assert one["relation"].to_list() == ["continues"] * 6 + ["new"] * 3


def test_what_words_leave_open_is_settled_by_meaning(embedder: Embedder) -> None:
    """The same complaints in other words: only the encoder sees that they are the same."""
    yesterday = DAY - timedelta(days=1)
    before = [
        ["My parcel never arrived", "Delivery is a week late", "Package got lost in the mail", "Where is my shipment?"],
        ["The app crashes at startup", "Program closes when opened", "It quits right after launch", "Crash on start"],
    ]
    after = [
        ["Software terminates immediately", "Application dies on boot", "Shuts down once I open it", "Fails to run"],
        [
            "The courier has not brought the order",
            "Still waiting for the postman",
            "Goods did not come",
            "Mail missing",
        ],
    ]
    counting = CountingEmbedder(embedder)
    known = portraits(before, day=yesterday, keys=["parcel", "crash"])
    found = traced(portraits(after), known, embed=counting.embed, budget=None)
    assert found["issue_key"].to_list() == ["crash", "parcel"]
    assert counting.count == 16
    assert traced(portraits(after), known)["relation"].to_list() == ["new", "new"]


def test_clusters_of_one_problem_on_one_day_are_one_issue() -> None:
    torn = [texts(TOPICS[0]), texts(TOPICS[0], DAY + timedelta(days=9)), texts(TOPICS[30])]
    keys = traced(portraits(torn), portraits([], day=DAY, keys=[]))["issue_key"].to_list()
    assert keys[0] == keys[1] != keys[2]
    # Two that are known as issues of their own stay so.
    known = portraits(torn, day=DAY - timedelta(days=1), keys=["a", "b", "c"])
    assert traced(portraits(torn), known)["issue_key"].to_list() == ["a", "b", "c"]


def test_a_heap_of_two_problems_is_no_merger_and_what_leaves_it_no_split() -> None:
    """Two problems that the clustering puts into one cluster for a day, and posts that speak of both."""
    one, other = TOPICS[0], TOPICS[12]
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    known = portraits([texts(one, before), texts(other, before)], day=before, keys=["a", "b"])
    heap = portraits([[*texts(one), *texts(other)]])
    told = portraits([[f"{title}\n{body}" for title, body in both(one, other, DAY)]])
    assert traced(heap, known)["relation"].to_list() == ["continues"]
    assert traced(told, known)["relation"].to_list() == ["merges"]
    for groups, relation in ((heap, "continues"), (told, "splits")):
        yesterday = groups.with_columns(issue_key=pl.lit("a"), cluster_date=pl.lit(DAY))
        of_old = portraits([texts(other, before)], day=before, keys=["b"])
        apart = portraits([texts(one, after), texts(other, after)])
        earlier = pl.concat([yesterday, of_old])
        found = trace(after, apart, earlier=earlier, later=earlier.clear(), anchors=ANCHORS, embed=refuse, budget=0)
        assert found["issue_key"].to_list() == ["a", "b"]
        assert found["relation"].to_list() == ["continues", relation]


def test_a_key_in_use_is_not_given_twice() -> None:
    today = portraits([texts(TOPICS[0]), texts(TOPICS[20])])
    theirs = today["cluster_fingerprint"][1]
    known = portraits([texts(TOPICS[0], DAY - timedelta(days=1))], day=DAY - timedelta(days=1), keys=[theirs])
    first, second = traced(today, known)["issue_key"]
    assert first == theirs != second
    assert len(second) == 64


@pytest.mark.parametrize("text", ["🙂", "", "\x00", "??? !!!"])
def test_posts_without_a_word_break_nothing(text: str) -> None:
    known = portraits([[text] * 6], day=DAY - timedelta(days=1), keys=["k"])
    assert traced(portraits([[text] * 5, texts(TOPICS[0])]), known).height == 2


def test_ten_thousand_open_issues_take_seconds() -> None:
    rng = Random(5)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(30_000)]

    def group(number: int) -> list[str]:
        own = words[3 * number % 29_000 : 3 * number % 29_000 + 6]
        return [" ".join(rng.sample(own, 4) + rng.choices(words[:400], k=6)) for _ in range(4)]

    known = portraits(
        [group(number) for number in range(10_000)], day=DAY - timedelta(days=1), keys=[f"k{n}" for n in range(10_000)]
    )
    today = portraits([group(number) for number in range(0, 10_000, 100)])
    started = time.process_time()
    found = traced(today, known)
    assert time.process_time() - started < 10
    kept = [key == f"k{number}" for key, number in zip(found["issue_key"], range(0, 10_000, 100), strict=True)]
    assert sum(kept) >= 95


def test_days_of_a_file_may_be_dates_times_numbers_or_anything() -> None:
    assert days_of(pl.Series(["2025-03-01 10:00:00", "2025-03-01T23:59"])).to_list() == ["2025-03-01"] * 2
    assert dates_of(pl.Series(["2025-03-05", "2025-03-01"])) == {"2025-03-01": DAY, "2025-03-05": date(2025, 3, 5)}
    assert list(dates_of(pl.Series(["10", "9", "-1"]))) == ["-1", "9", "10"]
    assert list(dates_of(pl.Series(["Tue", "Mon", None]))) == ["Mon", "Tue"]


@pytest.mark.parametrize(
    ("values", "days"),
    [
        (["20250301", " 2025-03-01 ", "", None], ["2025-03-01", "2025-03-01", None, None]),
        ([1_740_787_200, 1_740_873_599], ["2025-03-01", "2025-03-01"]),
        (["1740787200000"], ["2025-03-01"]),
        ([1_740_787_200_000_000, None], ["2025-03-01", None]),
        ([datetime(2025, 3, 1, 23, 59, tzinfo=UTC)], ["2025-03-01"]),
        ([2.0, float("nan"), 10.0], ["2", None, "10"]),
        (["nan", "inf"], ["nan", "inf"]),
        (["Mon ", " "], ["Mon", None]),
        ([None, None], [None, None]),
    ],
)
def test_a_day_is_what_the_column_says(values: list[object], days: list[str | None]) -> None:
    assert days_of(pl.Series("when", values)).to_list() == days


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2025-03-01", "n/a", "2025-03-02", "?"], r"'when', row 2: 'n/a' is no date, .*, and 1 more row like it"),
        (["2025-02-28", "2025-02-31"], r"column 'when', row 2: '2025-02-31' is no date, though others are; give"),
        ([3, 1_740_787_200], r"column 'when', row 2: '1740787200' is no number of a day"),
    ],
)
def test_a_value_that_is_no_day_is_named(values: list[object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        days_of(pl.Series("when", values))


def test_the_ends_of_the_calendar_are_days() -> None:
    ends = pl.DataFrame({"day": ["0001-01-01", "9999-12-31"], "cluster_id": pl.Series([0, 0], dtype=pl.Int32)})
    members = ends.with_columns(text=pl.Series(["a b", "c d"]), vector=pl.Series([0, 1]), is_representative=True)
    clusters = ends.with_columns(cluster_fingerprint=pl.Series(["f", "g"]))
    assert follow(members, clusters, np.eye(2, 384, dtype=np.float32))["relation"].to_list() == ["new", "new"]


def test_continuity_is_the_share_of_topics_that_keep_their_key() -> None:
    rows = [
        ("1", "a", "k"), ("1", "a", "k"), ("1", "a", "x"), ("1", "b", "l"), ("1", "c", "m"), ("1", None, "n"),
        ("2", "a", "k"), ("2", "b", "z"), ("2", "d", "o"),
        ("3", "a", None), ("3", "d", "o"), ("3", "", "k"),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["day", "label", "key"], orient="row")
    assert continuity(frame["day"], frame["label"], frame["key"]) == pytest.approx(2 / 4)
    assert continuity(frame["day"][:6], frame["label"][:6], frame["key"][:6]) is None
