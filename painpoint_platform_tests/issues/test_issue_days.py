"""Issues over days of a real warehouse: keys, relations, labels, whatever order the days come in."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from painpoint_platform.errors import DataContractError
from painpoint_platform.issues.identity.known_issues import replace_lineage
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform.warehouse.snapshot import export_hash
from painpoint_platform_tests.issues.traced_days import (
    GOLD,
    TOPICS,
    RememberingEmbedder,
    TracedDays,
    both,
    on,
    posts,
    shuffled,
)

A, B, C, D = TOPICS[:40:10]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("issue_days") / "painpoint.duckdb"
    with open_write(path):
        pass
    return path


@pytest.fixture(scope="module")
def remembering(embedder: Embedder) -> Embedder:
    return RememberingEmbedder(embedder)


@pytest.fixture
def days(template: Path, tmp_path: Path, remembering: Embedder) -> TracedDays:
    path = tmp_path / "painpoint.duckdb"
    shutil.copy(template, path)
    return TracedDays(path, remembering)


def run_days(days: TracedDays, numbers: range) -> None:
    for number in numbers:
        days.run(on(number), *(posts(topic, on(number)) for topic in (A, B, C)))


def everything(days: TracedDays) -> str:
    with open_read(days.path) as connection:
        return export_hash(connection, GOLD)


def test_a_problem_keeps_its_key_and_its_label_from_day_to_day(days: TracedDays) -> None:
    run_days(days, range(4))
    first = days.keys(on(0))
    assert len(set(first)) == 3
    assert [days.keys(on(number)) for number in range(1, 4)] == [first] * 3
    assert days.relations(on(0)) == ["new"] * 3
    assert days.relations(on(3)) == ["continues"] * 3
    assert [labelled.asked for labelled in days.labelled] == [3, 0, 0, 0]
    titles = days.ask("select distinct issue_key, canonical_title from gold.issues")
    assert len(titles) == 3
    assert days.ask("select distinct reused_from from gold.issues where cluster_date > $day", day=on(0)) == [(on(0),)]
    evidence = days.ask(
        "select count(*) from gold.issue_evidence join gold.issues using (cluster_date, cluster_id, issue_key)"
    )
    assert evidence == days.ask("select count(*) from gold.issue_evidence")


def test_the_key_is_made_of_the_first_clusters_content(days: TracedDays) -> None:
    run_days(days, range(2))
    keys = days.ask("select issue_key, cluster_fingerprint from gold.issues where cluster_date = $day", day=on(0))
    assert all(key == fingerprint for key, fingerprint in keys)


def test_births_splits_and_merges_are_told_apart(days: TracedDays) -> None:
    days.run(on(0), posts(A, on(0)), posts(B, on(0)))
    days.run(on(1), both(A, B, on(1)), posts(C, on(1)))
    assert days.relations(on(1)) == ["merges", "new"]
    ((previous,),) = days.ask("select previous_keys from gold.issue_lineage where relation = 'merges'")
    assert sorted(previous) == sorted(days.keys(on(0)))
    days.run(on(2), both(A, B, on(2)), posts(C, on(2)))
    assert days.relations(on(2)) == ["continues", "continues"]
    days.run(on(3), posts(A, on(3)), posts(B, on(3)), posts(C, on(3)))
    assert sorted(days.relations(on(3))[:2]) == ["continues", "splits"]
    assert set(days.keys(on(3))[:2]) == set(days.keys(on(0)))
    assert days.keys(on(3))[2] == days.keys(on(1))[1]
    similarity = days.ask("select relation, min(similarity), max(similarity) from gold.issue_lineage group by all")
    assert all(low is None or 0 <= low <= high <= 1 for _, low, high in similarity)


def test_a_label_is_made_anew_once_the_content_has_moved(days: TracedDays) -> None:
    """The posts go over from one problem to another in steps each of which is the same issue."""
    for number in range(7):
        day = on(number)
        moved = round(8 * number / 6)
        days.run(day, posts(A, day)[moved:] + posts(D, day)[:moved], posts(B, day))
    keys = {days.keys(on(number))[0] for number in range(7)}
    assert len(keys) == 1
    sources = days.ask(
        "select cluster_date, reused_from from gold.issues where issue_key = $key order by cluster_date", key=keys.pop()
    )
    paid = [day for day, reused_from in sources if reused_from is None]
    assert paid[0] == on(0)
    assert 2 <= len(paid) <= 3
    assert sources[-1][1] in (None, paid[-1])


def test_failed_labels_are_not_kept(days: TracedDays) -> None:
    run_days(days, range(1))
    with days.write() as connection:
        connection.execute("update gold.issues set label_failed = true, canonical_title = null where cluster_id = 1")
    days.run(on(1), *(posts(topic, on(1)) for topic in (A, B, C)))
    assert days.labelled[-1].asked == 1


def test_replays_in_any_order_change_nothing(days: TracedDays) -> None:
    run_days(days, range(3))
    before = everything(days)
    for seed in range(2):
        for number in shuffled(range(3), seed):
            days.delete(on(number))
            days.label(on(number))
    assert everything(days) == before


def test_a_day_deleted_and_run_again_gets_its_keys_back(days: TracedDays) -> None:
    run_days(days, range(3))
    before = everything(days)
    for number in (1, 0):
        days.delete(on(number), *GOLD)
        days.label(on(number))
    assert everything(days) == before
    days.delete(on(0), *GOLD, "ops.issue_anchors")
    days.label(on(0))
    assert [days.keys(on(number)) for number in range(2)] == [days.keys(on(2))] * 2


def test_gold_that_was_emptied_gets_its_keys_back_in_another_order(days: TracedDays) -> None:
    run_days(days, range(3))
    keys = [days.keys(on(number)) for number in range(3)]
    for number in range(3):
        days.delete(on(number), *GOLD)
    for number in (2, 0, 1):
        days.label(on(number))
    assert [days.keys(on(number)) for number in range(3)] == keys


def test_an_earlier_day_that_is_filled_in_takes_over_the_keys_of_later_ones(days: TracedDays) -> None:
    run_days(days, range(2, 4))
    later = days.keys(on(2))
    run_days(days, range(2))
    assert days.keys(on(0)) == days.keys(on(1)) == later == days.keys(on(3))
    assert days.relations(on(0)) == ["new"] * 3
    assert days.labelled[-1].asked == 0


def test_relations_are_made_anew_by_the_next_run_once_an_earlier_day_is_there(days: TracedDays) -> None:
    run_days(days, range(1, 3))
    assert days.relations(on(1)) == ["new"] * 3
    run_days(days, range(1))
    again = days.label(on(1))
    assert days.relations(on(1)) == ["continues"] * 3
    assert (again.unchanged, again.asked) == (False, 0)
    assert days.label(on(1)).unchanged
    # What comes after a day says nothing about its relations.
    assert days.label(on(0)).unchanged


def test_empty_days_between_are_no_end(days: TracedDays) -> None:
    run_days(days, range(1))
    days.run(on(1))
    assert days.keys(on(1)) == []
    days.run(on(3), *(posts(topic, on(3)) for topic in (A, B, C)))
    assert days.keys(on(3)) == days.keys(on(0))
    assert days.relations(on(3)) == ["continues"] * 3


def test_what_was_not_seen_within_the_lineage_days_is_new(days: TracedDays) -> None:
    run_days(days, range(1))
    later = on(0) + timedelta(days=31)
    days.run(later, *(posts(topic, later) for topic in (A, B, C)))
    assert days.relations(later) == ["new"] * 3
    assert not set(days.keys(later)) & set(days.keys(on(0)))
    assert days.labelled[-1].asked == 3


def test_how_many_days_a_problem_may_be_away_is_a_setting(days: TracedDays) -> None:
    days.lineage_days = 2
    for number in (0, 2, 5):
        days.run(on(number), posts(A, on(number)), posts(B, on(number)))
    assert days.keys(on(2)) == days.keys(on(0))
    assert days.relations(on(5)) == ["new", "new"]
    assert not set(days.keys(on(5))) & set(days.keys(on(2)))


def test_the_order_of_rows_the_threads_and_the_number_of_runs_do_not_show(days: TracedDays, tmp_path: Path) -> None:
    """Day by day as the posts come, or all days clustered first, posts shuffled, with another number of threads."""
    from threadpoolctl import threadpool_limits

    other = TracedDays(tmp_path / "other.duckdb", days.embedder)
    shutil.copy(days.path, other.path)
    clusters = {number: [posts(topic, on(number)) for topic in (A, B)] for number in range(2)}
    for number, given in clusters.items():
        other.cluster(on(number), given)
        with other.write() as connection:
            for table in ("bronze.raw_items", "silver.cluster_assignments"):
                connection.execute(f"create temp table rows as from {table} order by hash(url_hash)")
                connection.execute(f"delete from {table}; insert into {table} from rows; drop table rows")
    for number, given in clusters.items():
        with threadpool_limits(1):
            days.run(on(number), *given)
        with threadpool_limits(2):
            other.label(on(number))
    assert everything(days) == everything(other)


def test_an_issue_that_was_not_traced_is_not_written(days: TracedDays, monkeypatch: pytest.MonkeyPatch) -> None:
    from painpoint_platform.issues import days as module

    monkeypatch.setattr(module, "replace_lineage", lambda connection, day, lineage, members: replace_lineage(
        connection, day, lineage.head(1), members))  # fmt: skip
    with pytest.raises(DataContractError, match="every_issue_has_a_lineage"):
        days.run(on(0), posts(A, on(0)), posts(B, on(0)))
    assert days.keys(on(0)) == []


def test_a_little_change_of_the_clustering_keeps_keys(days: TracedDays) -> None:
    run_days(days, range(2))
    keys = days.keys(on(1))
    clusters = [posts(topic, on(1)) for topic in (C, A, B)]
    days.run(on(1), *([*members[2:], clusters[(place + 1) % 3][0]] for place, members in enumerate(clusters)))
    assert days.keys(on(1)) == [keys[2], keys[0], keys[1]]


def test_an_issue_whose_evidence_was_removed_is_not_continued_and_breaks_nothing(days: TracedDays) -> None:
    run_days(days, range(2))
    forgotten = days.keys(on(0))[1]
    with days.write() as connection:
        connection.execute("delete from gold.issue_evidence where issue_key = $key", {"key": forgotten})
    days.run(on(2), *(posts(topic, on(2)) for topic in (A, B, C)))
    assert forgotten not in days.keys(on(2))
    assert days.relations(on(2)) == ["continues", "new", "continues"]
    assert days.labelled[-1].asked == 1


def test_a_run_beside_that_wrote_keys_meanwhile_is_taken_into_account(
    days: TracedDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs label neighbouring days at once: the one that comes second must not give the problem another key."""
    from painpoint_platform.issues import days as module

    for number in range(2):
        days.cluster(on(number), [posts(topic, on(number)) for topic in (A, B, C)])
    asked = module.ask_for_labels

    def while_another_run_finishes(*values: object, **options: object) -> object:
        monkeypatch.setattr(module, "ask_for_labels", asked)
        days.label(on(0))
        return asked(*values, **options)

    monkeypatch.setattr(module, "ask_for_labels", while_another_run_finishes)
    days.label(on(1))
    assert days.keys(on(1)) == days.keys(on(0))


def test_warehouses_from_before_keep_their_fingerprint_keys(days: TracedDays) -> None:
    from painpoint_platform.warehouse.migrations import load_migrations

    run_days(days, range(1))
    before = days.keys(on(0))
    with days.write() as connection:
        connection.execute("delete from gold.issue_lineage; delete from ops.issue_anchors")
        connection.execute(next(step.sql for step in load_migrations() if step.name == "lineage"))
    assert days.relations(on(0)) == ["new"] * 3
    days.delete(on(0))
    days.label(on(0))
    assert days.keys(on(0)) == before
