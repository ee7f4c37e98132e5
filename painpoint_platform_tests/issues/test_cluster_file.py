"""Anyone's rows: clustered day by day, scored, with mistakes named."""

from collections.abc import Sequence

import polars as pl
import pytest

from painpoint_platform.issues.cluster_file import ClusteredFile, cluster_table, scores, title_and_snippet
from painpoint_platform.issues.clustering.clusters import DEFAULT_REDUCER
from painpoint_platform.text.embeddings import Embedder

QUESTIONS = {
    "refund": ["Where is my refund?", "My refund has not arrived", "When do I get my refund back?", "Still no refund",
               "I am waiting for my refund", "The refund never came", "No refund after two weeks"],
    "pin": ["How do I change my PIN?", "I forgot my PIN code", "Reset my card PIN please", "PIN change does not work",
            "Where can I change the PIN of my card?", "My PIN is blocked", "I need a new PIN"],
    "boot": ["Laptop will not boot after the update", "Computer stuck on boot screen", "PC does not start since update",
             "Boot loop after system update", "My laptop does not boot any more", "Black screen on boot", "Boot fails"],
}  # fmt: skip


def table() -> pl.DataFrame:
    rows = [(text, label) for label, texts in QUESTIONS.items() for text in texts]
    return pl.DataFrame(rows, schema=["question", "topic"], orient="row")


def first_titles(representatives: Sequence[Sequence[tuple[str, str]]], sizes: Sequence[int]) -> list[str]:
    assert len(representatives) == len(sizes)
    return [posts[0][0] for posts in representatives]


def clustered(frame: pl.DataFrame, embedder: Embedder, **options: str | None) -> ClusteredFile:
    columns = {"text": "question", "label": None, "day": None, **options}
    return cluster_table(frame, **columns, embedder=embedder, reducer=DEFAULT_REDUCER, titler=first_titles)


def test_rows_keep_their_order_and_get_a_cluster(embedder: Embedder) -> None:
    result = clustered(table(), embedder, label="topic")
    assert result.rows["question"].to_list() == table()["question"].to_list()
    assert result.rows.columns == ["question", "topic", "day", "cluster_id", "issue_key", "membership", "probability"]
    assert set(result.scores) == {"n_items", "n_clusters", "coverage", "nmi", "ari"}
    assert result.scores["n_items"] == 21
    assert result.scores["n_clusters"] == result.clusters.height >= 2
    assert result.scores["nmi"] > 0.6


def test_rows_without_text_are_noise_and_stay_in_place(embedder: Embedder) -> None:
    frame = pl.concat([pl.DataFrame({"question": [None, "", "  \n "], "topic": ["x"] * 3}), table()])
    result = clustered(frame, embedder)
    assert result.rows.height == 24
    assert result.rows["cluster_id"][:3].to_list() == [-1, -1, -1]
    assert result.rows["membership"][:3].to_list() == ["noise"] * 3
    assert result.rows["issue_key"][:3].null_count() == 3


def test_identical_texts_share_a_cluster(embedder: Embedder) -> None:
    result = clustered(pl.concat([table(), table(), table()]), embedder)
    per_text = result.rows.group_by("question").agg(pl.col("cluster_id").n_unique())
    assert (per_text["cluster_id"] == 1).all()
    assert result.clusters["size"].sum() == (result.rows["cluster_id"] >= 0).sum()


def test_the_order_of_the_rows_does_not_show(embedder: Embedder) -> None:
    one = clustered(table(), embedder).rows.sort("question")
    other = clustered(table().sample(fraction=1, shuffle=True, seed=3), embedder).rows.sort("question")
    assert one["issue_key"].to_list() == other["issue_key"].to_list()
    assert one["cluster_id"].to_list() == other["cluster_id"].to_list()


def test_every_day_is_clustered_on_its_own(embedder: Embedder) -> None:
    frame = pl.concat([table().with_columns(date=pl.lit(day)) for day in ("2025-01-01", "2025-01-02")])
    result = clustered(frame, embedder, day="date", label="topic")
    alone = clustered(table(), embedder)
    assert result.rows["day"].to_list() == frame["date"].to_list()
    assert result.rows["cluster_id"].to_list() == alone.rows["cluster_id"].to_list() * 2
    assert result.scores["n_clusters"] == 2 * alone.scores["n_clusters"]


def test_issues_are_followed_over_the_days_of_a_file(embedder: Embedder) -> None:
    days = {"2025-01-03": table(), "2025-01-01": table().head(-1), "2025-01-05": table().tail(-1)}
    frame = pl.concat([part.with_columns(date=pl.lit(f"{day} 10:00:00")) for day, part in days.items()])
    result = clustered(frame, embedder, day="date", label="topic")
    assert result.rows["day"].unique().sort().to_list() == ["2025-01-01", "2025-01-03", "2025-01-05"]
    assert result.scores["continuity"] == 1
    assert (result.scores["n_splits"], result.scores["n_merges"]) == (0, 0)
    assert result.scores["n_issues"] == result.clusters.filter(pl.col("day") == "2025-01-01").height
    relations = result.clusters.group_by("day").agg(pl.col("relation").unique()).sort("day")
    assert relations["relation"].to_list() == [["new"], ["continues"], ["continues"]]
    shuffled = clustered(frame.sample(fraction=1, shuffle=True, seed=5), embedder, day="date", label="topic")
    columns = ["day", "question", "issue_key"]
    assert shuffled.rows.select(columns).sort(columns).equals(result.rows.select(columns).sort(columns))


def test_columns_of_the_input_that_bear_our_names_are_kept(embedder: Embedder) -> None:
    frame = table().with_columns(cluster_id=pl.lit("theirs"), day=pl.lit("also theirs"))
    rows = clustered(frame, embedder).rows
    assert rows["cluster_id_input"].unique().to_list() == ["theirs"]
    assert rows["cluster_id"].dtype == pl.Int32


def test_a_file_that_was_written_here_can_be_clustered_again(embedder: Embedder) -> None:
    once = clustered(table(), embedder).rows
    twice = clustered(once, embedder).rows
    thrice = clustered(twice, embedder).rows
    assert thrice.columns[-10:-5] == [f"{name}_input_input" for name in once.columns[-5:]]
    assert thrice["cluster_id_input"].to_list() == once["cluster_id"].to_list()
    assert thrice["cluster_id"].to_list() == once["cluster_id"].to_list()


def test_rows_without_a_day_are_a_day_of_their_own(embedder: Embedder) -> None:
    empty = table().with_columns(date=pl.lit(""))
    result = clustered(pl.concat([table().with_columns(date=pl.lit("2025-01-01")), empty]), embedder, day="date")
    assert result.rows["day"].unique().to_list() in (["2025-01-01", None], [None, "2025-01-01"])
    assert result.rows.filter(pl.col("cluster_id") >= 0)["issue_key"].null_count() == 0
    alone = clustered(empty, embedder, day="date", label="topic")
    assert alone.scores["continuity"] is None
    assert alone.scores["n_clusters"] == alone.scores["n_issues"]


@pytest.mark.parametrize(
    ("text", "title", "snippet"),
    [
        ("My card is lost", "My card is lost", ""),
        ("Hi all,\n\nThe `parse` call **fails** on Mondays.\r\nSince the update.",
         "The parse call fails on Mondays. Since the update.", ""),
        ("### Website or app\n\nhttps://example.org\n\n### Repro steps\n\nOpen the panel twice",
         "Open the panel twice", ""),
        ("<p>Why does it crash now?</p><pre>x = 1</pre>", "Why does it crash now?", ""),
        ("```\nwhile (true) {}\n```", "``` while (true) {} ```", ""),
    ],
)  # fmt: skip
def test_a_text_speaks_in_prose(text: str, title: str, snippet: str) -> None:
    assert title_and_snippet(text) == (title, snippet)


def test_no_word_of_a_title_is_cut() -> None:
    sentence = "Guidance about the acceptable formats of all submissions is missing from the course " * 3
    text = f"{sentence.strip()}. Nobody answers questions about it. {'More of it. ' * 30}"
    title, snippet = title_and_snippet(text)
    assert title == f"{sentence.strip()}."
    assert snippet.startswith("Nobody answers questions about it. More of it.")
    assert snippet.endswith("More of it.")
    endless, _ = title_and_snippet("guidance " * 100)
    assert len(endless) <= 300
    assert set(endless.split()) == {"guidance"}


def test_few_rows_have_no_clusters(embedder: Embedder) -> None:
    result = clustered(table().head(3), embedder, label="topic")
    assert result.scores["n_clusters"] == 0
    assert result.scores["coverage"] == 0
    assert result.clusters.is_empty()


def test_what_a_person_should_know_of_the_input_is_said(embedder: Embedder) -> None:
    assert clustered(table(), embedder).notes == ()
    few = pl.concat([table().head(4), table().head(4), pl.DataFrame({"question": [" "], "topic": ["x"]})])
    assert clustered(few, embedder).notes == (
        "1 row without a text in 'question': noise",
        "a cluster takes 5 different texts and the file has 4 at most: no clusters; give more rows",
    )
    spread = table().with_columns(when=pl.Series([f"sprint {number}" for number in range(table().height)]))
    assert clustered(spread, embedder, day="when").notes == (
        "'when' says no dates: its 21 values are days in the order of their text",
        "a cluster takes 5 different texts and a day has 1 at most: no clusters; leave --day out, or give weeks or "
        "months",
    )


def test_noise_counts_as_one_class_and_days_as_different() -> None:
    ids, days = pl.Series([0, 0, 1, -1, 0, -1]), pl.Series(["a", "a", "a", "a", "b", "b"])
    perfect = scores(ids, days, pl.Series(["x", "x", "y", "-", "z", "-"]))
    assert perfect["nmi"] == pytest.approx(1)
    assert perfect["n_clusters"] == 3
    assert perfect["coverage"] == pytest.approx(4 / 6)
    assert scores(ids, days, pl.Series(["x", "x", "y", "-", "x", "-"]))["nmi"] < 1
