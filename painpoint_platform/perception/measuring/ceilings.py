"""The best figures that annotators' disagreement leaves to any model.

Belongs here: what single raters said, how far they agree, and what follows for r, RMSE and skill. Does not belong here:
thresholds (``gates``), labels of a corpus (``corpus``, where an item has one).

A corpus's label is the mean of a few raters. Beside the corpus ``texts.csv`` (or ``.jsonl``, ``.parquet``) the file
``texts.raters.csv`` may tell what each of them said: a row a rater and item, ``item_id`` (or ``id``), optionally
``rater``, and a column a variable; an empty cell is no rating. EmoBank's own files of individual ratings (``id,V,A,D``)
are understood. The scale is free: reliability does not change with it.

With a true value of variance T and ratings that scatter around it with variance E, the mean of k raters has the
reliability T / (T + E / k) (Spearman 1910, Brown 1910), and a model that knows every true value correlates with the
means by its square root (Spearman's correction for attenuation, 1904). T and E are those of the one-way analysis of
variance, ICC(1) of Shrout and Fleiss (1979): raters differ from item to item, so what one always says more than another
is noise too.
"""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.wording import first_few

SUFFIX = ".raters.csv"
FEWEST_ITEMS = 30  # with two raters or more; a ceiling from fewer would itself be noise
_NAMES = {"id": "item_id", "V": "valence", "A": "arousal"}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the raters of one variable leave to a model.

    Attributes:
        items: with two raters or more, that the figures are from.
        ratings: of these items.
        raters: the harmonic mean of the raters of an item.
        single: reliability of one rater, ICC(1), at least 0.
        reliability: of the mean of the item's raters, at least 0.
    """

    items: int
    ratings: int
    raters: float
    single: float
    reliability: float

    @property
    def pearson(self) -> float:
        """The r between the labels and their true values: no model has a higher one but by chance."""
        return sqrt(self.reliability)

    @property
    def skill(self) -> float:
        """The most of 1 - RMSE / RMSE of a constant."""
        return 1 - sqrt(1 - self.reliability)

    def rmse(self, deviation: float) -> float:
        """Return the least RMSE against labels whose standard deviation is ``deviation``."""
        return deviation * sqrt(1 - self.reliability)


def raters_file(corpus: Path) -> Path:
    """Return where the ratings of a corpus are looked for: beside it."""
    return corpus.with_name(corpus.stem + SUFFIX)


def read_raters(path: Path) -> pl.DataFrame:
    """Read what single raters said.

    Returns:
        item_id, rater (String, null where the file names none), variable, value; a row a rating.

    Raises:
        UserError: the file cannot be read, has no items or no ratings, a rating is no number, or one rater rated an
            item twice.
    """
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read ({reason}); it must be CSV in UTF-8 with a header") from None
    rows = rows.rename({old: new for old, new in _NAMES.items() if old in rows.columns and new not in rows.columns})
    variables = [name for name in rows.columns if name not in ("item_id", "rater")]
    if "item_id" not in rows.columns or not variables:
        raise UserError(
            f"{path}: found the columns {', '.join(rows.columns)}, expected item_id, optionally rater, and a column a "
            "variable such as valence"
        )
    if "rater" not in rows.columns:
        rows = rows.with_columns(rater=pl.lit(None, pl.String))
    ratings = (
        rows.with_row_index("row", offset=1)
        .unpivot(variables, index=["row", "item_id", "rater"], value_name="told")
        .with_columns(pl.col("told").str.strip_chars())
        .filter(pl.col("told").is_not_null() & (pl.col("told") != ""))
        .with_columns(value=pl.col("told").cast(pl.Float64, strict=False))
    )
    _refuse_wrong(ratings, path)
    return ratings.select("item_id", "rater", "variable", "value")


def ceiling_of(ratings: pl.DataFrame, variable: str, items: pl.Series) -> Ceiling | None:
    """Return what the raters of these items leave to a model of ``variable``.

    Args:
        ratings: as of ``read_raters``.
        variable: to look for.
        items: item_id of the corpus's rows; ratings of others do not count.

    Returns:
        None where fewer than ``FEWEST_ITEMS`` of the items have two ratings or more.
    """
    own = ratings.filter((pl.col("variable") == variable) & pl.col("item_id").is_in(items.implode()))
    by_item = own.group_by("item_id").agg(
        count=pl.len(), mean=pl.col("value").mean(), squares=(pl.col("value") - pl.col("value").mean()).pow(2).sum()
    )
    several = by_item.filter(pl.col("count") > 1)
    return _ceiling(several) if several.height >= FEWEST_ITEMS else None


def _ceiling(items: pl.DataFrame) -> Ceiling:
    """One-way analysis of variance of items with unequal numbers of raters."""
    counts, means = items["count"].cast(pl.Float64), items["mean"]
    total, groups = float(counts.sum()), items.height
    grand = float((counts * means).sum()) / total
    between = float((counts * (means - grand) ** 2).sum()) / (groups - 1)
    error = float(items["squares"].sum()) / (total - groups)
    typical = (total - float((counts**2).sum()) / total) / (groups - 1)
    true = max((between - error) / typical, 0.0)
    raters = groups / float((1 / counts).sum())
    return Ceiling(
        items=groups,
        ratings=int(total),
        raters=raters,
        single=true / (true + error) if true else 0.0,
        reliability=true / (true + error / raters) if true else 0.0,
    )


def _refuse_wrong(ratings: pl.DataFrame, path: Path) -> None:
    if ratings.is_empty():
        raise UserError(f"{path}: there are no ratings in it; fill it, or take it away where there are none")
    wrong = ratings.filter(pl.col("value").is_null() | ~pl.col("value").is_finite())
    if wrong.height:
        found = [
            f"row {row} {variable} {told!r}" for row, variable, told in wrong.select("row", "variable", "told").rows()
        ]
        raise UserError(f"{path}: ratings that are no numbers: {first_few(found)}; mend or empty them")
    twice = ratings.filter(
        pl.col("rater").is_not_null() & pl.struct("item_id", "rater", "variable").is_duplicated()
    ).unique(["item_id", "rater", "variable"], maintain_order=True)
    if twice.height:
        found = [f"{rater} of {item}" for item, rater in twice.select("item_id", "rater").rows()]
        raise UserError(f"{path}: rated twice by one rater: {first_few(found)}; keep one rating each")
