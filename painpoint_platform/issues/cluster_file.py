"""The platform's embedding and clustering on anyone's file of texts.

Belongs here: clustering the rows, day by day where there are days, and scoring against labels.
Does not belong here: reading the file (``table_files``), following issues over its days (``identity.file_lineage``),
collected items (``silver``), how a result is shown (``cli.cluster``).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.issues.clustering.clusters import SMALLEST_CLUSTER, cluster
from painpoint_platform.issues.identity.file_lineage import are_only_names, continuity, days_of, follow
from painpoint_platform.issues.labelling.issue_label import SENTENCE_END
from painpoint_platform.issues.labelling.representatives import representatives_of_clusters
from painpoint_platform.issues.labelling.voices import FEWEST_WORDS, with_voices
from painpoint_platform.progress import Progress
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.wording import counted

ADDED_COLUMNS = ("day", "cluster_id", "issue_key", "membership", "probability")
# What opens a text is its title: its first sentence, and those after it while they fit.
TITLE_LENGTH = 120
# A sentence may be longer; as long as the longest title of any source (Reddit's).
LONGEST_TITLE = 300
SNIPPET_LENGTH = 200

# (titles, snippets) of each cluster's representatives -> one title a cluster.
Titler = Callable[[Sequence[Sequence[tuple[str, str]]], Sequence[int]], list[str]]


@dataclass(frozen=True)
class ClusteredFile:
    """What became of a file.

    Attributes:
        rows: the input's rows in their order, with ``day`` (null without ``--day``), ``cluster_id`` (-1 = noise),
            ``issue_key`` (the same from day to day while the problem is; null for noise), ``membership`` and
            ``probability``. An input column of such a name is kept as ``<name>_input``, with as many ``_input`` as
            make it a new one.
        clusters: a row a cluster: day, cluster_id, size, title, issue_key, relation to the days before,
            representatives.
        scores: n_items, n_clusters, coverage, and with labels nmi and ari, noise counted as one class; with days
            n_issues, n_splits and n_merges, and with both continuity (see ``identity.file_lineage.continuity``; null
            where no topic goes on).
        notes: what a person should know of the input, in sentences: texts that are missing or too few, days that are
            no dates.
    """

    rows: pl.DataFrame
    clusters: pl.DataFrame
    scores: dict[str, int | float | None]
    notes: tuple[str, ...] = ()


def cluster_table(
    table: pl.DataFrame,
    *,
    text: str,
    label: str | None,
    day: str | None,
    embedder: Embedder,
    reducer: str,
    titler: Titler,
    progress: Progress | None = None,
) -> ClusteredFile:
    """Cluster the rows of a table by what their texts mean.

    Texts are embedded as they are but for white space at the ends; what speaks for a cluster is their prose, without
    markup (``title_and_snippet``). Rows without text are noise. Rows of identical text are
    clustered once and share a cluster. Each day is clustered on its own, and its clusters are traced to the issues of
    the days before it; see ``identity.file_lineage.days_of`` for what may be a day.

    Args:
        table: any columns.
        text: column of texts.
        label: column of true classes, or None.
        day: column of days, or None for one clustering of all rows.
        embedder: the encoder.
        reducer: see ``clusters.cluster``.
        titler: gives each cluster a title.
        progress: called with (texts embedded, texts in all).

    Raises:
        UserError: a value of ``day`` is no day.
    """
    texts = table[text].cast(pl.String).fill_null("").str.strip_chars()
    days = days_of(table[day]) if day else pl.Series([None] * table.height, dtype=pl.String)
    indexed = pl.DataFrame({"row": range(table.height), "text": texts, "day": days})
    originals = indexed.filter(pl.col("text") != "").unique(["day", "text"], keep="first", maintain_order=True)
    vectors = embedder.embed(originals["text"].to_list(), progress=progress)
    parts = []
    originals = originals.with_row_index("vector")
    for (key,), part in originals.group_by("day", maintain_order=True):
        # Ids by content, so that the order of the file does not matter.
        ids = part["text"].to_list()
        found = cluster(vectors[part["vector"].to_numpy()], ids=ids, reducer=reducer)
        parts.append(
            part.select("text").with_columns(
                day=pl.lit(key, pl.String),
                cluster_id=pl.Series(found.labels, dtype=pl.Int32),
                membership=pl.Series(found.membership.tolist(), dtype=pl.String),
                centroid_distance=pl.Series(found.centroid_distance, dtype=pl.Float64, nan_to_null=True),
                probability=pl.Series(found.probability, dtype=pl.Float64),
            )
        )
    assigned = _join_back(indexed, parts)
    members = assigned.join(originals.select("row", "vector"), on="row").filter(pl.col("cluster_id") >= 0)
    clusters = _clusters(assigned, members.with_columns(pl.col("day").fill_null("")), vectors, titler)
    rows = _with_added_columns(table, assigned, clusters)
    labels = table[label] if label else None
    told: dict[str, int | float | None] = dict(scores(rows["cluster_id"], days, labels))
    if day:
        told |= {
            "n_issues": clusters["issue_key"].n_unique(),
            "n_splits": int((clusters["relation"] == "splits").sum()),
            "n_merges": int((clusters["relation"] == "merges").sum()),
        }
        if labels is not None:
            told["continuity"] = continuity(days, labels, rows["issue_key"])
    return ClusteredFile(rows, clusters, told, tuple(_notes(indexed, originals, text=text, day=day)))


def _notes(indexed: pl.DataFrame, originals: pl.DataFrame, *, text: str, day: str | None) -> Iterator[str]:
    if empty := int((indexed["text"] == "").sum()):
        yield f"{counted(empty, 'row')} without a text in {text!r}: noise"
    if day and are_only_names(indexed["day"]):
        names = counted(indexed["day"].drop_nulls().n_unique(), "value")
        yield f"{day!r} says no dates: its {names} are days in the order of their text"
    most = max(originals.group_by("day").len()["len"], default=0)
    if most < SMALLEST_CLUSTER:
        what, mend = ("a day", "leave --day out, or give weeks or months") if day else ("the file", "give more rows")
        yield f"a cluster takes {SMALLEST_CLUSTER} different texts and {what} has {most} at most: no clusters; {mend}"


def scores(cluster_ids: pl.Series, days: pl.Series, labels: pl.Series | None) -> dict[str, int | float]:
    """Return counts, coverage and, with labels, NMI and ARI over all rows; noise counts as one class.

    Clusters of different days are different clusters. NMI is normalised by the arithmetic mean, scikit-learn's default.
    """
    frame = pl.DataFrame({"day": days.fill_null(""), "cluster": cluster_ids})
    clustered = frame.filter(pl.col("cluster") >= 0)
    found: dict[str, int | float] = {
        "n_items": frame.height,
        "n_clusters": clustered.unique().height,
        "coverage": clustered.height / frame.height if frame.height else 0.0,
    }
    if labels is not None:
        from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

        predicted = frame.select(
            pl.when(pl.col("cluster") < 0).then(-1).otherwise(pl.struct("day", "cluster").rank("dense").cast(pl.Int64))
        ).to_series()
        truth = labels.cast(pl.String).fill_null("").rank("dense")
        found["nmi"] = float(normalized_mutual_info_score(truth, predicted))
        found["ari"] = float(adjusted_rand_score(truth, predicted))
    return found


def title_and_snippet(text: str) -> tuple[str, str]:
    """Return what a text opens with and what comes next, as whole sentences of its prose; see ``text.cleaning``.

    A text that is nothing but markup, such as code, is taken as it is. A sentence over ``LONGEST_TITLE`` is cut after a
    word.
    """
    paragraphs = (clean_body(text, "file") or " ".join(text.split())).split("\n\n")
    # "Hi all," and a lone "Bug" open nothing.
    opens = next((place for place, words in enumerate(paragraphs) if len(words.split()) >= FEWEST_WORDS), 0)
    opening, *rest = paragraphs[opens:]
    title = _whole_sentences(opening, TITLE_LENGTH)
    if len(title) > LONGEST_TITLE:
        title = title[: LONGEST_TITLE + 1].rpartition(" ")[0] or title[:LONGEST_TITLE]
    after = " ".join([opening[len(title) :].strip(), *rest]).strip()
    return title, _whole_sentences(after, SNIPPET_LENGTH)[:SNIPPET_LENGTH]


def _whole_sentences(text: str, most: int) -> str:
    """Return the sentences that a text begins with, as many as fit into ``most`` characters, the first in any case."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)] + [len(text)]
    return text[: max((end for end in ends if end <= most), default=ends[0])].strip()


def _join_back(indexed: pl.DataFrame, parts: list[pl.DataFrame]) -> pl.DataFrame:
    columns = {
        "text": pl.String, "day": pl.String, "cluster_id": pl.Int32, "membership": pl.String,
        "centroid_distance": pl.Float64, "probability": pl.Float64,
    }  # fmt: skip
    assignments = pl.concat(parts) if parts else pl.DataFrame(schema=columns)
    return (
        indexed.join(assignments, on=["text", "day"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            pl.col("cluster_id").fill_null(-1),
            pl.col("membership").fill_null("noise"),
            pl.col("probability").fill_null(0.0),
        )
        .sort("row")
    )


def _clusters(
    assigned: pl.DataFrame, members: pl.DataFrame, vectors: NDArray[np.float32], titler: Titler
) -> pl.DataFrame:
    said = [title_and_snippet(text) for text in members["text"].to_list()]
    wording = pl.DataFrame(said, schema={"title": pl.String, "snippet": pl.String}, orient="row")
    posts = pl.concat([members, wording], how="horizontal").with_columns(url_hash=pl.col("text"))
    sizes = assigned.filter(pl.col("cluster_id") >= 0).group_by(pl.col("day").fill_null(""), "cluster_id").len("size")
    parts = [
        representatives_of_clusters(with_voices(of_day)).with_columns(day=pl.lit(day, pl.String))
        for (day,), of_day in posts.group_by("day", maintain_order=True)
    ]
    if not parts:
        return pl.DataFrame(schema=_CLUSTER_SCHEMA)
    chosen = pl.concat(parts)
    clusters = (
        chosen.group_by("day", "cluster_id", maintain_order=True)
        .agg(pl.col("cluster_fingerprint").first(), representatives=pl.col("title"), snippets=pl.col("snippet"))
        .join(sizes, on=["day", "cluster_id"])
        .sort("day", "size", "cluster_id", descending=[False, True, False])
    )
    marked = members.join(
        chosen.select("day", text="url_hash", is_representative=True), on=["day", "text"], how="left"
    ).with_columns(pl.col("is_representative").fill_null(value=False))
    lineage = follow(marked, clusters.select("day", "cluster_id", "cluster_fingerprint"), vectors)
    clusters = clusters.join(lineage, on=["day", "cluster_id"], maintain_order="left")
    pairs = [list(zip(*row, strict=True)) for row in clusters.select("representatives", "snippets").iter_rows()]
    titles = titler(pairs, clusters["size"].to_list())
    return clusters.with_columns(title=pl.Series(titles, dtype=pl.String)).select(*_CLUSTER_SCHEMA)


def _with_added_columns(table: pl.DataFrame, assigned: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    keyed = assigned.join(
        clusters.select(pl.col("day").replace("", None), "cluster_id", "issue_key"),
        on=["day", "cluster_id"], how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    return pl.concat([table.rename(_kept_names(table.columns)), keyed.select(*ADDED_COLUMNS)], how="horizontal")


def _kept_names(columns: Sequence[str]) -> dict[str, str]:
    """Return new names for columns that bear ours; the file may be one that was written here before."""
    taken = set(columns)
    names: dict[str, str] = {}
    for name in ADDED_COLUMNS:
        if name in columns:
            kept = f"{name}_input"
            while kept in taken:
                kept += "_input"
            taken.add(kept)
            names[name] = kept
    return names


_CLUSTER_SCHEMA: dict[str, Any] = {
    "day": pl.String,
    "cluster_id": pl.Int32,
    "size": pl.UInt32,
    "title": pl.String,
    "issue_key": pl.String,
    "relation": pl.String,
    "representatives": pl.List(pl.String),
}
