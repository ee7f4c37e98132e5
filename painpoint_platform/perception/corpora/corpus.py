"""A corpus of labelled texts: one shape whatever file it came from.

Belongs here: the shape, reading and writing it, labels that follow from others, which rows may be trained on. Does not
belong here: what public corpora call their columns (``adapters``), which rows go where (``splits``).
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.perception.corpora.adapters import Scale, choose_adapter
from painpoint_platform.perception.corpora.corpus_files import LIST_SEPARATOR, ROW, read_rows
from painpoint_platform.perception.corpora.corpus_values import typed_rows
from painpoint_platform.perception.emotions import agreement_of
from painpoint_platform.perception.variables import PATH_SEPARATOR, PATH_VARIABLES, VARIABLES

# Beside these there is a Float64 column per regression variable and a List[String] column of three levels per path
# variable that the corpus has, and ``official_split`` (train, tune, test) where it was published in parts.
CORPUS_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "user_id": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
    "text": pl.String(),
    "language": pl.String(),
    "category": pl.String(),
    "risk_tags": pl.List(pl.String),
    "needs_review": pl.Boolean(),
    "tier": pl.String(),
}
LENGTH_BUCKETS = ("SHORT", "MEDIUM", "LONG")
SHORT_WORDS, MEDIUM_WORDS = 12, 40  # the most words of a bucket; LONG is what has more
# The author's expectation follows the slower of the two averages that the temporal features use.
EXPECTATION_SMOOTHING = 0.3


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled texts.

    Attributes:
        frame: ``CORPUS_SCHEMA`` and the labels, one row a text, in the order of the file.
        variables: labels that it has, regression variables first.
        source: the file, or what made the rows.
        sha256: of the file's bytes.
        adapter: what understood it.
        derived: those of ``variables`` that no annotator gave: they follow from other labels.
        scales: on which the labels were given, where that is not the platform's range; ``Scale.from_unit`` leads back.
    """

    frame: pl.DataFrame
    variables: tuple[str, ...]
    source: str
    sha256: str
    adapter: str = "own"
    derived: tuple[str, ...] = ()
    scales: Mapping[str, Scale] = field(default_factory=dict)


def read_corpus(path: Path, *, adapter: str = "auto", now: datetime | None = None) -> Corpus:
    """Read a labelled corpus; no row is dropped and none is mended.

    Our own shape has ``text`` and at least one label: as members of ``labels`` on a line of JSON, as columns in CSV and
    Parquet (paths as ``negative/anger/annoyance``, tags joined with ``;``). ``item_id``, ``user_id``, ``timestamp``
    (UTC where it names no zone), ``language``, ``category``, ``risk_tags``, ``needs_review``, ``tier`` and ``split``
    are optional: without authors every row is its own, and a row with a tag of high risk waits for review unless the
    file says that it does not. A label stands in every row or in none; comparator alone may be missing.

    Where paths invoked and expressed are there but not their congruence, or valence, authors and times but not the
    comparator, those are derived (see ``congruence`` and ``comparator``).

    Args:
        path: JSON Lines, CSV, tab-separated or Parquet.
        adapter: ``auto`` by the columns, or own, emobank, semeval2026, goemotions, goemotions_raters.
        now: later times are refused; default the clock.

    Raises:
        UserError: the file cannot be read, its columns are not understood, or values are wrong (out of range, missing,
            NaN, future times, empty texts, unknown languages, ids twice): all findings, with row and value.
    """
    rows, sha256 = read_rows(path)
    chosen = choose_adapter(adapter, [name for name in rows.columns if name != ROW], str(path))
    typed = typed_rows(chosen.reshape(rows), path, scales=chosen.scales, now=now or datetime.now(UTC))
    corpus = Corpus(typed, _variables(typed), str(path), sha256, chosen.name, scales=chosen.scales)
    return with_derived_labels(corpus)


def write_corpus(corpus: Corpus, path: Path) -> None:
    """Write a corpus in our own shape: JSON Lines, CSV or Parquet by the file's ending, whole or not at all.

    Reading it back gives the same rows. The same corpus gives the same bytes.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    writers = {".jsonl": _json_lines, ".csv": _csv, ".parquet": _parquet}
    if path.suffix not in writers:
        raise UserError(f"{path}: found the ending {path.suffix!r}, expected {', '.join(writers)}")
    with replacing(path) as file:
        file.write(writers[path.suffix](corpus))


def corpus_of(frame: pl.DataFrame, source: str) -> Corpus:
    """Return a corpus of rows that were made and not read; its sha256 is that of its JSON Lines."""
    corpus = Corpus(frame, _variables(frame), source, "")
    return replace(corpus, sha256=hashlib.sha256(_json_lines(corpus)).hexdigest())


def trainable(corpus: Corpus) -> Corpus:
    """Return the corpus without the rows that a person has to review first.

    A person who has reviewed a row sets its ``needs_review`` to false; its risk tags stay.
    """
    return replace(corpus, frame=corpus.frame.filter(~pl.col("needs_review")))


def with_derived_labels(corpus: Corpus) -> Corpus:
    """Add congruence and comparator where the corpus lacks them and has what they follow from."""
    frame, have = corpus.frame, set(corpus.variables)
    if "congruence" not in have and have.issuperset(PATH_VARIABLES):
        frame = frame.with_columns(congruence=agreement_of(*PATH_VARIABLES))
    if "comparator" not in have and "valence" in have:
        compared = frame.with_columns(comparator=comparator(frame))
        frame = compared if compared["comparator"].count() else frame
    frame = frame.select(*[name for name in frame.columns if name not in VARIABLES], *_variables(frame))
    added = tuple(name for name in _variables(frame) if name not in have)
    return replace(corpus, frame=frame, variables=_variables(frame), derived=corpus.derived + added)


def comparator(frame: pl.DataFrame) -> pl.Series:
    """Return observed valence minus what its author's past let expect, -1 to 1.

    The expectation is the exponential average (weight 0.3 of the newest) of the author's valence at earlier times.
    Texts of one author at one time count as their mean, and none of them is another's past. Null where there is no past
    or no time.

    Args:
        frame: user_id, timestamp, valence.
    """
    expectation = pl.col("valence").ewm_mean(alpha=EXPECTATION_SMOOTHING, adjust=False).shift(1)
    past = (
        frame.filter(pl.col("timestamp").is_not_null())
        .group_by("user_id", "timestamp")
        .agg(pl.col("valence").mean())
        .sort("user_id", "timestamp")
        .select("user_id", "timestamp", expected=expectation.over("user_id", order_by="timestamp"))
    )
    joined = frame.join(past, on=["user_id", "timestamp"], how="left", maintain_order="left")
    return joined.select((pl.col("valence") - pl.col("expected")).clip(-1, 1).round(6).alias("comparator")).to_series()


def word_count(text: pl.Expr) -> pl.Expr:
    """Return the words of a text: what white space separates."""
    return text.str.count_matches(r"\S+")


def length_bucket(text: pl.Expr) -> pl.Expr:
    """Return SHORT (at most 12 words), MEDIUM (13 to 40) or LONG."""
    words = word_count(text)
    short, medium, long = (pl.lit(name) for name in LENGTH_BUCKETS)
    return pl.when(words <= SHORT_WORDS).then(short).when(words <= MEDIUM_WORDS).then(medium).otherwise(long)


def length_buckets(texts: Sequence[str]) -> pl.Series:
    """Return the length bucket of each text, (texts,) String. Any text has one, also with halves of surrogate pairs."""
    readable = [text.encode("utf-8", errors="replace").decode("utf-8") for text in texts]
    frame = pl.DataFrame({"text": readable}, schema={"text": pl.String})
    return frame.select(length_bucket(pl.col("text"))).to_series()


def normalised_text(text: pl.Expr) -> pl.Expr:
    """Return what two copies of a text have in common: its letters and digits in lower case, one space between words.

    A text without letters or digits ("!", emoji) stays as it is.
    """
    words = text.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.when(words != "").then(words).otherwise(text.str.strip_chars())


def _variables(frame: pl.DataFrame) -> tuple[str, ...]:
    return tuple(name for name in VARIABLES if name in frame.columns)


def _json_lines(corpus: Corpus) -> bytes:
    frame = corpus.frame.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
    lines = (json.dumps(_record(row, corpus.variables), ensure_ascii=False) for row in frame.iter_rows(named=True))
    return "".join(f"{line}\n" for line in lines).encode()


def _record(row: dict[str, Any], variables: tuple[str, ...]) -> dict[str, Any]:
    labels = {name: row[name] for name in variables if row[name] is not None}
    return {
        **{name: value for name, value in row.items() if name not in variables and value is not None},
        "labels": labels,
    }


def _csv(corpus: Corpus) -> bytes:
    paths = [name for name in PATH_VARIABLES if name in corpus.variables]
    flat = corpus.frame.with_columns(
        pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
        pl.col("risk_tags").list.join(LIST_SEPARATOR),
        *[pl.col(name).list.join(PATH_SEPARATOR) for name in paths],
    )
    return flat.write_csv(line_terminator="\n").encode()


def _parquet(corpus: Corpus) -> bytes:
    buffer = io.BytesIO()
    corpus.frame.write_parquet(buffer)
    return buffer.getvalue()
