"""What people decide about issues, and its replay."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.cli.issue import user_name
from painpoint_platform.errors import UserError
from painpoint_platform.issues.identity.edit_log import append_edit, full_key, hashes_of, read_edits
from painpoint_platform.issues.identity.edits import IssueEdit, decided, require_possible, split_key, split_off
from painpoint_platform.resources.warehouse import WarehouseResource

MEMBERS = pl.DataFrame(
    {"url_hash": ["u1", "u2", "u3", "u4"], "cluster_id": [0, 0, 1, 2]}, schema_overrides={"cluster_id": pl.Int32}
)
TRACED = {0: "a", 1: "b", 2: "c"}
KNOWN = {"a": ["u1", "u2"], "b": ["u3"], "c": ["u4"]}


def edit(kind: str, key: str, target: str | None = None, **more: object) -> IssueEdit:
    return IssueEdit(kind, key, "ann", target, **more)  # type: ignore[arg-type]


def keys(*edits: IssueEdit) -> list[str]:
    """Return the issue of each item after a log, as a day's gold gets it."""
    off, now = split_off(MEMBERS, edits), decided(edits)
    return [now.key_now((TRACED | dict(off.keys))[number]) for number in off.members["cluster_id"]]


def test_a_merged_issue_is_the_other_one() -> None:
    assert keys(edit("merge", "a", "b")) == ["b", "b", "b", "c"]


def test_merges_are_followed_to_their_end() -> None:
    assert keys(edit("merge", "a", "b"), edit("merge", "b", "c")) == ["c"] * 4


def test_what_was_split_off_has_a_key_of_its_own_and_can_be_merged_again() -> None:
    new = split_key("a", ["u2"])
    log = [edit("split", "a", new, url_hashes=("u2",), title="Own")]
    assert keys(*log) == ["a", new, "b", "c"]
    assert decided(log).titles == {new: "Own"}
    assert keys(*log, edit("merge", new, "b")) == ["a", "b", "b", "c"]


def test_what_was_split_off_stays_so_in_whatever_cluster_it_is_found() -> None:
    log = [edit("split", "a", "new", url_hashes=("u2", "u3"))]
    found = split_off(MEMBERS, log)
    assert found.members["cluster_id"].to_list() == [0, 3, 1, 2], "a whole cluster keeps its number"
    assert found.keys == {3: "new", 1: "new"}
    alone = split_off(MEMBERS.filter(pl.col("url_hash") == "u4"), log)
    assert (alone.keys, alone.members["cluster_id"].to_list()) == ({}, [2])


def test_of_two_splits_that_name_an_item_the_last_counts() -> None:
    log = [edit("split", "a", "one", url_hashes=("u1",)), edit("split", "one", "two", url_hashes=("u1",))]
    assert keys(*log) == ["two", "a", "b", "c"]


def test_the_last_title_counts_and_a_mute_can_be_taken_back() -> None:
    log = [edit("rename", "a", title="One"), edit("rename", "a", title="Two"), edit("mute", "a"), edit("mute", "b")]
    assert decided(log).titles == {"a": "Two"}
    assert decided([*log, edit("unmute", "a")]).muted == {"b"}


def test_an_edit_that_names_what_is_gone_changes_nothing() -> None:
    assert keys(edit("merge", "gone", "b"), edit("split", "gone", "new", url_hashes=("u9",))) == ["a", "a", "b", "c"]


def test_a_day_without_clusters_has_nothing_to_split_off() -> None:
    assert split_off(MEMBERS.clear(), [edit("split", "a", "new", url_hashes=("u1",))]).members.is_empty()


@pytest.mark.parametrize(
    ("wrong", "log", "message"),
    [
        (edit("merge", "a", "a"), [], "into itself"),
        (edit("merge", "a", "gone"), [], "no issue gone"),
        (edit("rename", "gone", title="x"), [], "no issue gone"),
        (edit("merge", "b", "a"), [edit("merge", "a", "b")], "was merged into b"),
        (edit("rename", "a", title="x"), [edit("merge", "a", "b")], "was merged into b"),
        (edit("rename", "a", title="  "), [], "empty"),
        (edit("rename", "a", title="x" * 121), [], "121 characters"),
        (edit("mute", "a"), [edit("mute", "a")], "muted already"),
        (edit("unmute", "a"), [], "not muted"),
        (edit("split", "a", "n", url_hashes=()), [], "nothing to split off"),
        (edit("split", "a", "n", url_hashes=("u3",)), [], "not evidence"),
        (edit("split", "a", "n", url_hashes=("u1", "u2")), [], "all posts"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: IssueEdit, log: list[IssueEdit], message: str) -> None:
    with pytest.raises(UserError, match=message):
        require_possible(wrong, log, KNOWN)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["merge", "split"]), st.sampled_from("abc"), st.sampled_from("abc"), st.integers(1, 4)
        )
    )
)
def test_no_log_loses_an_item_and_merges_never_go_round(made: list[tuple[str, str, str, int]]) -> None:
    log: list[IssueEdit] = []
    for kind, key, target, item in made:
        url = f"u{item}"
        one = (
            edit("merge", key, target)
            if kind == "merge"
            else edit("split", key, split_key(key, [url]), url_hashes=(url,))
        )
        try:
            require_possible(one, log, KNOWN)
        except UserError:
            continue
        log.append(one)
    off = split_off(MEMBERS, log)
    assert off.members["url_hash"].to_list() == MEMBERS["url_hash"].to_list()
    assert split_off(off.members, log).members["cluster_id"].to_list() == off.members["cluster_id"].to_list()
    assert all(decided(log).key_now(key) == key for key in keys(*log))


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    made = WarehouseResource(database=str(tmp_path / "w.duckdb"))
    with made.write() as connection:
        for key, urls in KNOWN.items():
            connection.execute(
                "insert into gold.issues by name select date '2025-01-06' as cluster_date, 0 as cluster_id, $key as "
                "issue_key, '' as cluster_fingerprint, 1 as cluster_size, false as label_failed, 'v1' as "
                "prompt_version, 0.0 as impact_score, timestamp '2025-01-06' as created_at",
                {"key": key * 64},
            )
            connection.execute(
                "insert into gold.issue_evidence by name select date '2025-01-06' as cluster_date, 0 as cluster_id, "
                "$key as issue_key, unnest($urls) as url_hash, 'github' as source, '' as url, '' as title, '' as "
                "snippet, timestamp '2025-01-06' as created_at, 0 as vote_count, 0 as comment_count, 'core' as "
                "membership, true as is_representative",
                {"key": key * 64, "urls": urls},
            )
    return made


def test_the_log_counts_up_and_names_the_days_to_run_again(warehouse: WarehouseResource) -> None:
    first, days = append_edit(warehouse, edit("rename", "a" * 64, title="Crash on start"))
    second, _ = append_edit(warehouse, edit("split", "a" * 64, "d" * 64, url_hashes=("u1",)))
    assert (first.edit_id, second.edit_id) == (1, 2)
    assert [str(day) for day in days] == ["2025-01-06"]
    with warehouse.read() as connection:
        assert read_edits(connection) == [first, second]


def test_a_refused_edit_leaves_no_trace(warehouse: WarehouseResource) -> None:
    with pytest.raises(UserError):
        append_edit(warehouse, edit("merge", "a" * 64, "a" * 64))
    with warehouse.read() as connection:
        assert read_edits(connection) == []


def test_a_key_may_be_given_by_its_beginning(warehouse: WarehouseResource) -> None:
    with warehouse.read() as connection:
        assert full_key(connection, "aaaa") == "a" * 64
        for beginning, message in (("aa", "at least 4"), ("zzzz", "no issue")):
            with pytest.raises(UserError, match=message):
                full_key(connection, beginning)


def test_posts_to_split_off_are_named_by_address_or_hash() -> None:
    from painpoint_platform.text.urls import url_hash

    url = "https://news.ycombinator.com/item?id=1"
    # A post is evidence once a day that it was found in.
    evidence = pl.DataFrame({"url_hash": [url_hash(url), url_hash(url), "abcdef1", "abcdef2"]})
    assert hashes_of(evidence, [url, "abcdef1"]) == tuple(sorted((url_hash(url), "abcdef1")))
    for named, message in (
        ("https://example.com/", r"not among the issue's posts: https://example\.com/"),
        ("abcd", "2 posts of the issue begin with abcd; give more characters"),
        ("abc", "'abc': give a post's address, or at least 4 characters"),
        ("", "'': give a post's address"),
        ("http://", "names no valid host: 'http://'; give the address of the post"),
    ):
        with pytest.raises(UserError, match=message):
            hashes_of(evidence, [url, named])


def test_what_a_person_writes_is_kept_on_one_line(warehouse: WarehouseResource) -> None:
    written, _ = append_edit(warehouse, edit("rename", "a" * 64, title="  Crash\non\tstart ", reason=" "))
    assert (written.title, written.reason) == ("Crash on start", None)
    with pytest.raises(UserError, match="the new title is empty"):
        append_edit(warehouse, edit("rename", "a" * 64, title=" \n"))


def test_a_user_without_a_name_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(UserError, match="say it with --by"):
        user_name()
