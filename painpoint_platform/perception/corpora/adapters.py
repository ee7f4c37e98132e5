"""The public corpora that are understood as they were published, each turned into the columns of our own shape.

Belongs here: how a corpus is recognised by its columns, what they are called, and on which scale it was labelled. Does
not belong here: reading files (``corpus_files``), judging values (``corpus_values``).

Scales: every label becomes a share of its scale, ``(label - low) / (high - low)``, so that 0 and 1 are the ends that an
annotator could choose, not the ends that occur. ``Scale.from_unit`` is the inverse. Z-scores and ranks are not used:
they would make a score depend on the other texts of its corpus.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus_files import LIST_SEPARATOR, ROW
from painpoint_platform.perception.emotions import EMOTION_PATHS, GOEMOTIONS
from painpoint_platform.perception.variables import PATH_SEPARATOR, VARIABLES

Number = TypeVar("Number", bound=Any)  # float, a NumPy array, a Polars expression


@dataclass(frozen=True, slots=True)
class Scale:
    """The numbers that annotators chose from."""

    low: float
    high: float

    def to_unit(self, label: Number) -> Number:
        """Return labels of this scale as shares of it, 0 to 1."""
        share: Number = (label - self.low) / (self.high - self.low)
        return share

    def from_unit(self, share: Number) -> Number:
        """Return shares of this scale as labels; the inverse of ``to_unit``."""
        label: Number = share * (self.high - self.low) + self.low
        return label


@dataclass(frozen=True, slots=True)
class Adapter:
    """One corpus.

    Attributes:
        name: as ``read_corpus(adapter=...)`` takes it.
        columns: the columns by which it is recognised, all of them.
        one_of: and of these at least one, where there are any.
        reshape: its rows as text -> the same rows under the names of our own shape.
        scales: of the labels that are not on the platform's range yet, by variable.
    """

    name: str
    columns: frozenset[str]
    reshape: Callable[[pl.DataFrame], pl.DataFrame]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    one_of: frozenset[str] = frozenset()

    def fits(self, columns: Collection[str]) -> bool:
        """Whether a file with these columns is this corpus."""
        return self.columns <= set(columns) and (not self.one_of or not self.one_of.isdisjoint(columns))


def choose_adapter(name: str, columns: Collection[str], source: str) -> Adapter:
    """Return the adapter of this name, or with ``auto`` the first whose columns are all there.

    Raises:
        UserError: an unknown name, columns that the named one needs are missing, or nothing recognises the columns.
    """
    if name == "auto":
        fitting = next((adapter for adapter in ADAPTERS if adapter.fits(columns)), None)
        if fitting is None:
            raise UserError(
                f"{source}: found the columns {', '.join(columns)}, expected text and one of {', '.join(VARIABLES)} "
                "(on a line of JSON: members of labels), or those of EmoBank, SemEval-2026 Task 2 or GoEmotions; "
                "rename the columns"
            )
        return fitting
    named = next((adapter for adapter in ADAPTERS if adapter.name == name), None)
    if named is None:
        known = ", ".join(adapter.name for adapter in ADAPTERS)
        raise UserError(f"adapter {name!r} is unknown; choose auto, {known}")
    if not named.fits(columns):
        missing = [*sorted(named.columns - set(columns)), *([f"one of {', '.join(VARIABLES)}"] if named.one_of else [])]
        raise UserError(f"{source}: adapter {name} lacks {', '.join(missing)}; found {', '.join(columns)}")
    return named


def _own(rows: pl.DataFrame) -> pl.DataFrame:
    names = {"id": "item_id", "text_id": "item_id", "split": "official_split"}
    return rows.rename({old: new for old, new in names.items() if old in rows.columns and new not in rows.columns})


def _emobank(rows: pl.DataFrame) -> pl.DataFrame:
    """EmoBank (Buechel and Hahn, EACL 2017): mean ratings 1 to 5 of valence (V) and arousal (A); D is not used.

    It knows no authors. Sentences of one document, as the id names it, are kept together as those of one would be.
    """
    return rows.select(
        ROW,
        item_id="id",
        user_id=pl.col("id").str.replace(r"_\d+_\d+$", ""),
        text="text",
        language=pl.lit("en"),
        official_split=pl.col("split") if "split" in rows.columns else pl.lit(None, pl.String),
        valence="V",
        arousal="A",
    )


def _semeval(rows: pl.DataFrame) -> pl.DataFrame:
    """SemEval-2026 Task 2: texts of people over years, who rated their own valence -2 to 2 and arousal 0 to 2."""
    return rows.select(
        ROW, "user_id", "text", "timestamp", "valence", "arousal", item_id="text_id", language=pl.lit("en")
    )


def _goemotions(rows: pl.DataFrame) -> pl.DataFrame:
    """GoEmotions, filtered files: a text's emotions by number or name, of which ``_path_of`` takes one."""
    labels = rows["labels"].fill_null("").str.split(LIST_SEPARATOR).list.join(",").str.split(",").to_list()
    passed = [name for name in ("split", "official_split") if name in rows.columns][:1]
    return rows.select(
        ROW,
        "text",
        item_id="id",
        user_id=_first_of(rows, "author", "id"),
        timestamp=_first_of(rows, "created_utc"),
        language=pl.lit("en"),
        official_split=pl.col(passed[0]) if passed else pl.lit(None, pl.String),
        expressed=pl.Series([_path_of(chosen) for chosen in labels], dtype=pl.String),
    )


def _goemotions_raters(rows: pl.DataFrame) -> pl.DataFrame:
    """GoEmotions, raw files: a row a rater, a column an emotion. A text's emotion is the one most raters chose.

    Of emotions chosen equally often neutral comes last, the others in their order. Raters who found a text unclear
    chose none; a text that all of them found unclear has no emotion and is left out.
    """
    votes = rows.group_by("id", maintain_order=True).agg(
        pl.col(ROW, "text").first(),
        _first_of(rows, "author", "id").first().alias("user_id"),
        _first_of(rows, "created_utc").first().alias("timestamp"),
        *[pl.col(name).str.to_lowercase().is_in(["1", "true", "1.0"]).sum() for name in GOEMOTIONS],
    )
    most = pl.max_horizontal(GOEMOTIONS)
    winner = pl.coalesce(
        pl.when(pl.col(name) == most).then(pl.lit(PATH_SEPARATOR.join(EMOTION_PATHS[name]))) for name in GOEMOTIONS
    )
    return votes.filter(most > 0).select(
        ROW, "text", "user_id", "timestamp", item_id="id", language=pl.lit("en"), expressed=winner
    )


def _first_of(rows: pl.DataFrame, *names: str) -> pl.Expr:
    return next((pl.col(name) for name in names if name in rows.columns), pl.lit(None, pl.String))


def _path_of(labels: list[str]) -> str | None:
    """Return the path of the first emotion, by number or name; neutral only where it is the only one.

    A label that is none stays as it is: the check of values then names its row.
    """
    names = [
        GOEMOTIONS[int(label)] if label.isdecimal() and int(label) < len(GOEMOTIONS) else label for label in labels
    ]
    unknown = [name for name in names if name and name not in EMOTION_PATHS]
    if unknown:
        return unknown[0]
    found = [name for name in names if name]
    chosen = next((name for name in found if name != "neutral"), found[0] if found else None)
    return PATH_SEPARATOR.join(EMOTION_PATHS[chosen]) if chosen else None


# The first that fits is taken: those with columns that nobody else has come first.
ADAPTERS = (
    Adapter("goemotions_raters", frozenset({"text", "id", *GOEMOTIONS}), _goemotions_raters),
    Adapter(
        "emobank",
        frozenset({"id", "text", "V", "A"}),
        _emobank,
        {"valence": Scale(1, 5), "arousal": Scale(1, 5)},
    ),
    Adapter(
        "semeval2026",
        frozenset({"user_id", "text_id", "text", "timestamp", "valence", "arousal"}),
        _semeval,
        {"valence": Scale(-2, 2), "arousal": Scale(0, 2)},
    ),
    Adapter("own", frozenset({"text"}), _own, one_of=frozenset(VARIABLES)),
    Adapter("goemotions", frozenset({"text", "labels", "id"}), _goemotions),
)
