"""Which rows of a corpus are trained on, tuned on and judged on, so that nothing judged has been seen.

Belongs here: dealing authors to train, tune, test and folds, and what is purged so that they stay apart. Does not
belong here: strata, the dealing itself, where boundaries lie (``grouping``), proof that nothing leaks (``leak_audit``).

Three ways, and ``Splits.kind`` says which was taken:

- ``official``: the corpus was published in parts. They are kept; the part for tuning is taken from train where it is
  missing, and test is empty where it is missing.
- ``by_time``: the authors whose median time is before the first boundary are trained on, those after the second judged
  on. Rows outside the period of their author's part are purged, and so are the rows of any author within the embargo on
  either side of a boundary.
- ``by_user``: authors at random, stratified. There is no boundary in time, so the embargo has nothing to purge.

In all three a text that stands in several parts or folds is kept in one: in test before tune before train, so that what
is judged stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import Corpus, normalised_text
from painpoint_platform.perception.corpora.grouping import boundaries_in_time, deal_folds, deal_users, stratum

PARTS = ("train", "tune", "test")
SEED = 137
FEWEST_USERS = 4  # two to train on, so that there are two folds, one to tune on, one to judge on
FEW_ROWS = 30  # a figure from fewer rows says little; the split is made and says so
LARGEST_DEVIATION = 0.05  # of a part's share of the rows from the share asked for, before a note says so

Kind = Literal["official", "by_time", "by_user"]
# Why a row is in no part, in the order in which a reason is looked for.
REASONS = ("awaiting_review", "embargo", "outside_period", "duplicate_text")


@dataclass(frozen=True, slots=True)
class Splits:
    """Where each row of a corpus goes.

    Attributes:
        frame: item_id, split (train, tune, test, purged), fold (Int32: 0 to 4 in train, else null), purged_because (one
            of ``REASONS``, null unless purged); one row an item, in the order of the corpus.
        kind: how the parts came about; see the module.
        seed: of the random choices.
        folds: how many there are; fewer than asked for where train has fewer authors.
        embargo: purged on both sides of a boundary.
        boundaries: the times between train, tune and test; empty unless by time.
        notes: what a reader of any figure should know about the split, in sentences.
    """

    frame: pl.DataFrame
    kind: Kind
    seed: int
    folds: int
    embargo: timedelta
    boundaries: tuple[datetime, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows of train, tune, test and purged, and of each reason to purge as ``purged_<reason>``."""
        parts = dict(self.frame["split"].value_counts().iter_rows())
        reasons = dict(self.frame["purged_because"].drop_nulls().value_counts().iter_rows())
        return {
            **{part: parts.get(part, 0) for part in (*PARTS, "purged")},
            **{f"purged_{reason}": reasons.get(reason, 0) for reason in REASONS},
        }

    def rows(self, corpus: Corpus, part: str) -> pl.DataFrame:
        """Return the corpus's rows of a part with their ``fold``, in the order of the corpus."""
        wanted = self.frame.filter(pl.col("split") == part).select("item_id", "fold")
        return corpus.frame.join(wanted, on="item_id", how="inner", maintain_order="left")


def split_corpus(
    corpus: Corpus,
    *,
    seed: int = SEED,
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15),
    embargo_days: int = 7,
    folds: int = 5,
    ordered_by_time: bool = False,
) -> Splits:
    """Deal the rows of a corpus; see the module for how.

    An author with more rows than a part for judging should have is always trained on. The same corpus and arguments
    give the same split.

    Args:
        corpus: rows that wait for review are purged.
        seed: of the random choices.
        fractions: of the rows for train, tune and test.
        embargo_days: purged on both sides of a boundary in time.
        folds: inside train, grouped by author and stratified.
        ordered_by_time: judge on later authors than trained on; the parts of a published corpus are then not heeded.

    Raises:
        UserError: fewer than four authors, times that are missing or all the same where rows are to be ordered by them,
            an embargo that leaves a part empty, a published corpus without train, fractions that are no parts of 1.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9 or folds < 2 or embargo_days < 0:
        raise UserError(
            f"fractions {fractions}, {folds} folds, embargo of {embargo_days} days: expected three positive fractions "
            "that sum to 1, at least 2 folds and no negative embargo"
        )
    rows = corpus.frame.with_columns(stratum=stratum(corpus))
    ready = rows.filter(~pl.col("needs_review"))
    if ready.is_empty():
        raise UserError(f"{corpus.source}: all {rows.height} rows wait for review (needs_review); review some first")
    embargo = timedelta(days=embargo_days)
    boundaries: tuple[datetime, ...] = ()
    kind: Kind = "by_time" if ordered_by_time else "official" if "official_split" in rows.columns else "by_user"
    if kind == "by_time":
        boundaries = _boundaries(ready, corpus.source, fractions, embargo)
        dealt = _dealt_by_time(ready, boundaries, embargo)
    elif kind == "official":
        dealt = _official(ready, corpus.source, fractions, seed)
    else:
        _require_users(ready, corpus.source)
        dealt = ready.with_columns(split=deal_users(ready, fractions, seed), purged_because=pl.lit(None, pl.String))
    _refuse_empty(dealt, kind, corpus.source, embargo)
    dealt, made = _with_folds(dealt, corpus.source, folds, seed)
    dealt = _without_copies(dealt)
    _refuse_empty(dealt, kind, corpus.source, embargo)
    splits = Splits(_of_all_rows(rows, dealt), kind, seed, made, embargo, boundaries)
    return replace(splits, notes=_notes(splits, rows, fractions, asked_folds=folds))


def _of_all_rows(rows: pl.DataFrame, dealt: pl.DataFrame) -> pl.DataFrame:
    """Return ``Splits.frame``: the rows that were dealt, and those that wait for review as purged."""
    told = dealt.select("item_id", "split", "fold", "purged_because")
    return (
        rows.select("item_id", "needs_review")
        .join(told, on="item_id", how="left", maintain_order="left")
        .select(
            "item_id",
            split=pl.when("needs_review").then(pl.lit("purged")).otherwise("split"),
            fold="fold",
            purged_because=pl.when("needs_review").then(pl.lit("awaiting_review")).otherwise("purged_because"),
        )
    )


def _require_users(rows: pl.DataFrame, source: str) -> None:
    users = rows["user_id"].n_unique()
    if users >= FEWEST_USERS:
        return
    found = f"all {rows.height} rows are by one author" if users == 1 else f"found {users} authors"
    raise UserError(
        f"{source}: {found}, expected at least {FEWEST_USERS}: whoever is trained on is never judged on; add authors, "
        "or leave user_id out where it does not name authors"
    )


def _boundaries(
    rows: pl.DataFrame, source: str, fractions: tuple[float, float, float], embargo: timedelta
) -> tuple[datetime, ...]:
    timeless = rows["timestamp"].null_count()
    if timeless:
        raise UserError(f"{source}: {timeless} of {rows.height} rows have no time, which ordering by time needs")
    _require_users(rows, source)
    if rows["timestamp"].n_unique() == 1:
        raise UserError(
            f"{source}: all {rows.height} times are {rows['timestamp'][0]:%Y-%m-%d %H:%M:%S} UTC, so nothing orders "
            "them; split by author instead"
        )
    return boundaries_in_time(rows["timestamp"], _medians(rows), fractions, embargo)


def _medians(rows: pl.DataFrame) -> pl.Series:
    return rows.select(pl.col("timestamp").median().over("user_id")).to_series()


def _dealt_by_time(rows: pl.DataFrame, boundaries: tuple[datetime, ...], embargo: timedelta) -> pl.DataFrame:
    first, second = boundaries
    time, median = pl.col("timestamp"), pl.col("median")
    near = (time - first).abs().le(embargo) | (time - second).abs().le(embargo)
    due, part = (
        pl.when(when < first).then(pl.lit("train")).when(when < second).then(pl.lit("tune")).otherwise(pl.lit("test"))
        for when in (time, median)
    )
    reason = pl.when(near).then(pl.lit("embargo")).when(due != part).then(pl.lit("outside_period"))
    return rows.with_columns(median=_medians(rows)).with_columns(split=part, purged_because=reason)


def _official(rows: pl.DataFrame, source: str, fractions: tuple[float, float, float], seed: int) -> pl.DataFrame:
    parts = set(rows["official_split"])
    if "train" not in parts:
        raise UserError(
            f"{source}: its split column has {', '.join(sorted(parts))} but no train; add those rows, or leave the "
            "column out"
        )
    rows = rows.with_columns(split="official_split", purged_because=pl.lit(None, pl.String))
    if "tune" in parts:
        return rows
    train = rows.filter(pl.col("split") == "train")
    _require_users(train, source)
    # What would be dealt to test stays in train: the published test is the one that is judged on.
    both = fractions[0] + fractions[2]
    dealt = train.select("item_id", dealt=deal_users(train, (both / 2, fractions[1], both / 2), seed))
    taken = dealt.filter(pl.col("dealt") == "tune")["item_id"].implode()
    return rows.with_columns(split=pl.when(pl.col("item_id").is_in(taken)).then(pl.lit("tune")).otherwise("split"))


def _with_folds(rows: pl.DataFrame, source: str, folds: int, seed: int) -> tuple[pl.DataFrame, int]:
    """Add ``fold`` to the rows that are trained on; return also how many folds there are."""
    kept = rows.filter((pl.col("split") == "train") & pl.col("purged_because").is_null())
    users = kept["user_id"].n_unique()
    if users < 2:
        raise UserError(
            f"{source}: the {kept.height} rows of train have {users} author{'' if users == 1 else 's'}, expected at "
            "least 2, so that a fold can be judged by what others wrote"
        )
    made = min(folds, users)
    dealt = kept.select("item_id", fold=deal_folds(kept, made, seed))
    return rows.join(dealt, on="item_id", how="left", maintain_order="left"), made


def _without_copies(rows: pl.DataFrame) -> pl.DataFrame:
    """Purge the copies of a text outside the part or fold that keeps it."""
    kept = pl.col("purged_because").is_null()
    place = pl.col("split").replace_strict({"test": 0, "tune": 1, "train": 2}, return_dtype=pl.Int32)
    place = pl.when(kept).then(place + pl.col("fold").fill_null(0))
    rows = rows.with_columns(copy_of=normalised_text(pl.col("text")), place=place)
    elsewhere = kept & (pl.col("place") > pl.col("place").min().over("copy_of"))
    rows = rows.with_columns(
        purged_because=pl.when(elsewhere).then(pl.lit("duplicate_text")).otherwise("purged_because")
    )
    kept = pl.col("purged_because").is_null()
    return rows.with_columns(
        split=pl.when(kept).then("split").otherwise(pl.lit("purged")), fold=pl.when(kept).then("fold")
    )


def _refuse_empty(rows: pl.DataFrame, kind: Kind, source: str, embargo: timedelta) -> None:
    """Refuse a split that leaves a part without rows; one that was published may have no test."""
    left = set(rows.filter(pl.col("purged_because").is_null())["split"])
    needed = PARTS[:2] if kind == "official" else PARTS
    empty = [part for part in needed if part not in left]
    if empty:
        counts = rows["purged_because"].drop_nulls().value_counts(sort=True).iter_rows()
        purged = ", ".join(f"{reason} {count}" for reason, count in counts) or "nothing"
        raise UserError(
            f"{source}: nothing is left for {' and '.join(empty)} (purged: {purged}); add rows, shorten the embargo of "
            f"{embargo.days} days, or split by author instead of by time"
        )


def _notes(splits: Splits, rows: pl.DataFrame, fractions: tuple[float, ...], *, asked_folds: int) -> tuple[str, ...]:
    counts, notes = splits.counts, []
    total = sum(counts[part] for part in PARTS)
    shares = [counts[part] / total for part in PARTS]
    largest = rows["user_id"].value_counts(sort=True).row(0)
    if largest[1] / rows.height > fractions[2]:
        notes.append(
            f"Author {largest[0]} has {largest[1] / rows.height:.0%} of the rows and, where authors are dealt at "
            "random, is always trained on; the other parts judge how well others are understood."
        )
    if (
        splits.kind != "official"
        and max(abs(x - y) for x, y in zip(shares, fractions, strict=True)) > LARGEST_DEVIATION
    ):
        asked = "/".join(f"{fraction:.0%}" for fraction in fractions)
        notes.append(f"The parts hold {'/'.join(f'{share:.0%}' for share in shares)} of the rows, not {asked}.")
    notes += [
        f"{part} has {counts[part]} rows: a figure from so few says little."
        for part in PARTS
        if 0 < counts[part] < FEW_ROWS
    ]
    if not counts["test"]:
        notes.append("The corpus was published without its test rows: tune is both tuned on and reported.")
    if splits.folds < asked_folds:
        notes.append(f"Train has {splits.folds} authors, so there are {splits.folds} folds instead of {asked_folds}.")
    if splits.kind == "official":
        notes.append("The parts are those that the corpus was published in; it may have put one author into several.")
    return tuple(notes)
