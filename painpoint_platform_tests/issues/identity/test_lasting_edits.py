"""What people decided outlives every re-clustering, and silver and gold themselves."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.identity.edit_log import append_edit
from painpoint_platform.issues.identity.edits import EditKind, IssueEdit, split_key
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.issues.days_in_memory import DaysInMemory
from painpoint_platform_tests.issues.traced_days import GOLD, TOPICS, TracedDays, on, posts, shuffled

A, B, C, D, E = TOPICS[:50:10]
DAYS = range(2)


@pytest.fixture
def days(tmp_path: Path, embedder: Embedder) -> Iterator[TracedDays]:
    made = DaysInMemory(tmp_path, embedder)
    for number in DAYS:
        made.run(on(number), *topics(on(number)))
    yield made
    made.connection.close()


def topics(day: date) -> list[list[tuple[str, str]]]:
    return [posts(topic, day) for topic in (A, B, C, D, E)]


def decide(days: TracedDays, kind: EditKind, key: str, target: str | None = None, **more: object) -> None:
    """Note an edit and run the days again that it concerns, as the command does."""
    _, stale = append_edit(days, IssueEdit(kind, key, "ann", target, **more))  # type: ignore[arg-type]
    for day in stale:
        days.label(day)


def urls_of(days: TracedDays, key: str, day: date) -> list[str]:
    sql = "select url_hash from gold.issue_evidence where issue_key = $key and cluster_date = $day order by url_hash"
    return [url for (url,) in days.ask(sql, key=key, day=day)]


def whole_gold(days: TracedDays) -> str:
    with days.read() as connection:
        return export_hash(connection, GOLD)


def decide_everything(days: TracedDays) -> tuple[dict[str, str], list[str]]:
    """Merge, split, rename and mute; return the issues by what became of them, and the posts that were split off."""
    a, b, c, d, e = days.keys(on(0))
    parts = urls_of(days, c, on(1))[:3]
    split = split_key(c, parts)
    decide(days, "merge", b, a)
    decide(days, "split", c, split, title="Split off", url_hashes=tuple(parts))
    decide(days, "rename", d, title="Renamed")
    decide(days, "mute", e)
    return {"merged": b, "into": a, "whole": c, "split": split, "renamed": d, "muted": e}, parts


def assert_decided(days: TracedDays, of: dict[str, str], parts: list[str], day: date) -> None:
    keys = set(days.keys(day))
    # What looks like the part that was split off belongs to it on other days as well.
    assert keys - {of["split"]} == {of["into"], of["whole"], of["renamed"], of["muted"]}
    rows = days.ask(
        "select distinct issue_key, canonical_title, muted from gold.issues where cluster_date = $day", day=day
    )
    assert {title for key, title, _ in rows if key == of["renamed"]} == {"Renamed"}
    assert [key for key, _, muted in rows if muted] == [of["muted"]]
    if day == on(1):
        assert urls_of(days, of["split"], day) == parts
        assert {title for key, title, _ in rows if key == of["split"]} == {"Split off"}


def test_edits_survive_30_reclusterings_and_a_rebuild_of_silver_and_gold(days: TracedDays) -> None:
    of, parts = decide_everything(days)
    for number in DAYS:
        assert_decided(days, of, parts, on(number))
    for seed in range(30):
        rng, day = Random(seed), on(seed % len(DAYS))
        clusters = [list(cluster) for cluster in rng.sample(topics(day), 5)]
        # Membership varies a little: a post or two change places, also those that were split off.
        for _ in range(rng.randrange(3)):
            one, other = rng.sample(clusters, 2)
            other.append(one.pop(rng.randrange(len(one))))
        days.run(day, *clusters)
        assert_decided(days, of, parts, day)

    for number in DAYS:
        days.run(on(number), *topics(on(number)))
    before = whole_gold(days)
    with days.write() as connection:
        for table in (*GOLD, "silver.clusters", "silver.cluster_assignments"):
            connection.execute(f"delete from {table}")
    for number in DAYS:
        days.run(on(number), *topics(on(number)))
        assert_decided(days, of, parts, on(number))
    rebuilt = whole_gold(days)
    for number in shuffled(DAYS, 1):
        days.delete(on(number))
        days.label(on(number))
    assert whole_gold(days) == rebuilt == before


def test_a_merged_pair_that_clustering_keeps_apart_is_one_issue_on_every_later_day(days: TracedDays) -> None:
    a, b, *_ = days.keys(on(0))
    decide(days, "merge", b, a)
    for number in (2, 3):
        days.run(on(number), *topics(on(number)))
        assert days.keys(on(number))[:2] == [a, a]
    traced = "select distinct issue_key from gold.issue_lineage where cluster_id < 2"
    assert {key for (key,) in days.ask(traced)} == {a, b}, "what was traced is kept beside what was decided"


def test_posts_that_were_split_off_are_an_issue_also_where_clustering_sees_noise(days: TracedDays) -> None:
    key = days.keys(on(0))[2]
    parts = urls_of(days, key, on(0))[:3]
    split = split_key(key, parts)
    decide(days, "split", key, split, title="Own", url_hashes=tuple(parts))
    with days.write() as connection:
        connection.execute(
            "update silver.cluster_assignments set cluster_id = -1, membership = 'noise', centroid_distance = null "
            "where url_hash in (select unnest($parts))",
            {"parts": parts},
        )
    days.label(on(0))
    assert urls_of(days, split, on(0)) == parts
    assert len(urls_of(days, key, on(0))) == 5


def test_what_was_split_off_and_merged_back_can_be_split_off_again(days: TracedDays) -> None:
    key = days.keys(on(0))[2]
    parts = tuple(urls_of(days, key, on(0))[:3])
    split = split_key(key, parts)
    for kind, one, other in (("split", key, split), ("merge", split, key), ("split", key, split)):
        decide(days, kind, one, other, url_hashes=parts if kind == "split" else ())  # type: ignore[arg-type]
        assert urls_of(days, split, on(0)) == (list(parts) if kind == "split" else [])
    with pytest.raises(UserError, match="not evidence"):
        decide(days, "split", key, split, url_hashes=parts)


def test_of_two_edits_that_conflict_the_second_is_refused_or_counts(days: TracedDays) -> None:
    a, b, c, *_ = days.keys(on(0))
    decide(days, "rename", a, title="First")
    decide(days, "rename", a, title="Second")
    decide(days, "merge", b, a)
    for kind, one, other in (("merge", b, c), ("merge", a, b), ("rename", b, None), ("merge", a, a)):
        with pytest.raises(UserError, match="merged"):
            decide(days, kind, one, other, title="x")  # type: ignore[arg-type]
    decide(days, "merge", a, c)
    assert days.keys(on(0))[:3] == [c, c, c]
    assert "Second" not in {title for (title,) in days.ask("select canonical_title from gold.issues")}


def test_an_edit_of_an_issue_that_is_gone_changes_nothing_until_it_is_back(days: TracedDays) -> None:
    e = days.keys(on(0))[4]
    decide(days, "mute", e)
    decide(days, "rename", e, title="Old friend")
    for number in DAYS:
        days.run(on(number), *topics(on(number))[:4])
    assert e not in {key for number in DAYS for key in days.keys(on(number))}
    with pytest.raises(UserError, match="no issue"):
        decide(days, "unmute", e)
    days.run(on(1), *topics(on(1)))
    assert days.ask("select issue_key, canonical_title from gold.issues where muted") == [(e, "Old friend")]


def test_edits_of_an_issue_whose_posts_were_all_forgotten_do_no_harm(days: TracedDays) -> None:
    a, b, c, *_ = days.keys(on(0))
    decide(days, "merge", b, a)
    decide(days, "split", c, "f" * 64, url_hashes=tuple(urls_of(days, c, on(0))[:3]))
    with days.write() as connection:
        forgotten = "select url_hash from gold.issue_evidence where issue_key in ($a, $c, $f)"
        for table in ("bronze.raw_items", "silver.cluster_assignments", "gold.issue_quotes", "gold.issue_evidence"):
            connection.execute(f"delete from {table} where url_hash in ({forgotten})", {"a": a, "c": c, "f": "f" * 64})
        connection.execute(
            "delete from silver.clusters where (cluster_date, cluster_id) not in "
            "(select (cluster_date, cluster_id) from silver.cluster_assignments)"
        )
    for number in DAYS:
        days.label(on(number))
        assert len(days.keys(on(number))) == 2
    days.run(on(3), *topics(on(3)))
    assert len(set(days.keys(on(3)))) == 5
