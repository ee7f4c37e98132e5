"""Proof that nothing that is judged was seen before: a check that blocks, whoever made the split.

Belongs here: looking for leaks in a split and in what was fitted on it. Does not belong here: making the split
(``splits``), what foresees too much (``temporal_audit``). It shares no code with the making of splits but for what
counts as the same text.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import polars as pl

from painpoint_platform.errors import DataContractError
from painpoint_platform.perception.corpora.corpus import Corpus, normalised_text
from painpoint_platform.perception.corpora.splits import PARTS, Splits

CHECK = "no_leaks"
MOST_EXAMPLES = 5

Kind = Literal[
    "unassigned_rows", "unreviewed_rows", "shared_users", "shared_users_of_folds", "outside_period", "embargo",
    "duplicate_texts", "duplicate_texts_of_folds", "fitted_on_held_out", "fitted_on_purged",
    "input_of_target_step",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FittedOn:
    """Which rows something saw that learns: a scaler, a lexicon with weights, a base model, a calibrator.

    Attributes:
        name: of what was fitted, for messages.
        item_ids: the rows that it was fitted on.
        judged_on: the parts (tune, test) that it, or what is built on it, is judged on.
        fold: the fold that it predicts, for a model of out-of-fold predictions; else None.
    """

    name: str
    item_ids: Sequence[str]
    judged_on: frozenset[str] = frozenset({"tune", "test"})
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class Leak:
    """One kind of leak in one place.

    Attributes:
        kind: what leaks.
        place: between which parts or folds, or in what was fitted.
        count: of the users, texts or rows that leak.
        examples: some of them.
        blocking: False where the corpus was published so, which no split can mend: a figure then says it beside itself.
    """

    kind: Kind
    place: str
    count: int
    examples: tuple[str, ...]
    blocking: bool = True

    def __str__(self) -> str:
        """Return the leak as a sentence."""
        return f"{self.kind.replace('_', ' ')} ({self.place}): {self.count}, such as {', '.join(self.examples)}"


def audit(corpus: Corpus, splits: Splits, *, fitted: Iterable[FittedOn] = ()) -> list[Leak]:
    """Look for every leak that a split of this corpus and what was fitted on it could have.

    - rows in no part, or in train without a fold; rows that wait for review in a part;
    - an author, or a text (``normalised_text``), in two parts or in two folds;
    - by time: rows on the wrong side of a boundary, or within the embargo of one;
    - anything fitted on rows that it is judged on, on its own fold, or on purged rows.

    Returns:
        Leaks in this order; none where there is nothing to report.
    """
    rows = corpus.frame.join(splits.frame, on="item_id", how="full", coalesce=True)
    kept = rows.filter(pl.col("split").is_in(PARTS)).with_columns(normalised=normalised_text(pl.col("text")))
    train = kept.filter(pl.col("split") == "train").with_columns(fold=pl.format("fold {}", "fold"))
    by_author = splits.kind != "official"
    return [
        *_lost(rows, corpus, splits),
        *_shared("shared_users", kept, "user_id", "split", blocking=by_author),
        *_shared("shared_users_of_folds", train, "user_id", "fold"),
        *_near_boundaries(kept, splits),
        *_shared("duplicate_texts", kept, "normalised", "split"),
        *_shared("duplicate_texts_of_folds", train, "normalised", "fold"),
        *(leak for record in fitted for leak in _fitted_on_held_out(record, splits)),
    ]


def require_no_leaks(leaks: Iterable[Leak]) -> None:
    """Raise when a leak blocks.

    Raises:
        DataContractError: names every one; its check is ``no_leaks``.
    """
    blocking = [str(leak) for leak in leaks if leak.blocking]
    if blocking:
        reason = "What is judged was seen before; no figure of this split is honest."
        raise DataContractError("\n".join([reason, *blocking]), check_name=CHECK)


def _lost(rows: pl.DataFrame, corpus: Corpus, splits: Splits) -> Iterator[Leak]:
    known = pl.col("split").is_in((*PARTS, "purged")).fill_null(value=False)
    folded = (pl.col("split") != "train") | pl.col("fold").is_between(0, splits.folds - 1).fill_null(value=False)
    strange = ~pl.col("item_id").is_in(corpus.frame["item_id"].implode()) | pl.col("item_id").is_duplicated()
    lost = rows.filter(~(known & folded) | strange)
    yield from leak_of("unassigned_rows", "rows without a part or fold", lost["item_id"])
    waiting = rows.filter(pl.col("needs_review") & pl.col("split").is_in(PARTS))
    yield from leak_of("unreviewed_rows", "parts", waiting["item_id"])


def _shared(kind: Kind, rows: pl.DataFrame, what: str, place: str, *, blocking: bool = True) -> Iterator[Leak]:
    """Yield a leak a pair of places that have a user or a text in common."""
    pairs = rows.select(what, place).unique().drop_nulls()
    both = pairs.join(pairs, on=what, suffix="_other").filter(pl.col(place) < pl.col(f"{place}_other"))
    for (first, second), shared in sorted(both.group_by(place, f"{place}_other")):
        yield from leak_of(kind, f"{first} and {second}", shared[what].sort(), blocking=blocking)


def _near_boundaries(rows: pl.DataFrame, splits: Splits) -> Iterator[Leak]:
    """Yield what lies on the wrong side of a boundary, and what lies nearer to one than the embargo."""
    if splits.kind != "by_time":
        return
    time = pl.col("timestamp")
    for number, boundary in enumerate(splits.boundaries):
        place = f"the boundary {boundary:%Y-%m-%d %H:%M} between {PARTS[number]} and {PARTS[number + 1]}"
        early, late = (pl.col("split").is_in(parts) for parts in (PARTS[: number + 1], PARTS[number + 1 :]))
        wrong = rows.filter((early & (time > boundary)) | (late & (time < boundary)))
        yield from leak_of("outside_period", place, wrong["item_id"])
        near = rows.filter((time - boundary).abs() <= splits.embargo)
        yield from leak_of("embargo", place, near["item_id"])
    yield from _too_close(rows, splits.embargo)


def _too_close(rows: pl.DataFrame, embargo: timedelta) -> Iterator[Leak]:
    """Yield parts whose nearest rows are closer than an embargo on both sides of any boundary would leave them."""
    ends = rows.group_by("split").agg(pl.col("timestamp").min().alias("first"), pl.col("timestamp").max().alias("last"))
    spans = {part: (first, last) for part, first, last in ends.iter_rows()}
    for before, after in pairwise(part for part in PARTS if part in spans):
        last, first = spans[before][1], spans[after][0]
        if first - last < 2 * embargo:
            times = pl.Series([f"{last:%Y-%m-%d %H:%M}", f"{first:%Y-%m-%d %H:%M}"])
            yield from leak_of("embargo", f"the last of {before} and the first of {after}", times)


def _fitted_on_held_out(record: FittedOn, splits: Splits) -> Iterator[Leak]:
    seen = splits.frame.filter(pl.col("item_id").is_in(list(record.item_ids)))
    for part in sorted(record.judged_on):
        held_out = seen.filter(pl.col("split") == part)
        yield from leak_of("fitted_on_held_out", f"{record.name} saw {part}", held_out["item_id"])
    if record.fold is not None:
        own = seen.filter((pl.col("split") == "train") & (pl.col("fold") == record.fold))
        yield from leak_of("fitted_on_held_out", f"{record.name} saw fold {record.fold}", own["item_id"])
    purged = seen.filter(pl.col("split") == "purged")
    yield from leak_of("fitted_on_purged", f"{record.name} saw purged rows", purged["item_id"])


def leak_of(kind: Kind, place: str, found: pl.Series, *, blocking: bool = True) -> Iterator[Leak]:
    """Yield one leak of the rows, texts or authors ``found``, or none where nothing was."""
    if len(found):
        yield Leak(kind, place, len(found), tuple(map(str, found.head(MOST_EXAMPLES))), blocking)
