"""Authors dealt to parts and folds: at random, so that each has about the same kinds of rows, or in the order of time.

Belongs here: strata, scikit-learn's grouping, where boundaries in time lie. Does not belong here: what is purged
(``splits``).
"""

import warnings
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.corpora.corpus import Corpus, length_bucket

# Parts are dealt in twentieths: 14, 3 and 3 of them are 70, 15 and 15 %.
PIECES = 20
FEWEST_TO_STRATIFY = 2 * PIECES
# StratifiedGroupKFold weighs every group against every piece in Python; beyond this many, authors are bundled first.
MOST_GROUPS = 1_000
SHUFFLES = 100  # of which the one with the fairest shares is taken where authors are few
LABEL_BUCKETS = 5
MOST_BOUNDARIES = 60


def stratum(corpus: Corpus) -> pl.Series:
    """Return what is to be alike in all parts: primary label, length bucket, language and tier, from coarse to fine.

    The primary label is the fifth of the corpus's rows that the first regression variable lies in, or the top level of
    the first path variable.
    """
    primary = corpus.variables[0]
    column = pl.col(primary)
    if isinstance(corpus.frame.schema[primary], pl.List):
        label = column.list.first()
    else:
        # Equal labels have equal ranks, so they are never told apart.
        label = ((column.rank() - 0.5) / column.count() * LABEL_BUCKETS).floor().cast(pl.Int8).cast(pl.String)
    language, tier = pl.col("language").fill_null("und"), pl.col("tier").fill_null("")
    parts = [label.fill_null(""), length_bucket(pl.col("text")), language, tier]
    return corpus.frame.select(stratum=pl.concat_list(parts)).to_series()


def deal_users(rows: pl.DataFrame, fractions: tuple[float, float, float], seed: int) -> pl.Series:
    """Deal authors to train, tune and test.

    Authors with more rows than a part for judging should have go to train. From 40 others on, StratifiedGroupKFold
    makes twenty pieces, which are dealt whole; fewer are shuffled a hundred times by GroupShuffleSplit, and the shuffle
    whose shares of rows come nearest to the wanted ones is taken.

    Args:
        rows: user_id, stratum; at least four authors.
        fractions: of the rows.
        seed: of the shuffles.

    Returns:
        train, tune or test for each row.
    """
    large = pl.len().over("user_id") > fractions[2] * pl.len()
    counted = rows.select("user_id", "stratum", large=large & _among_largest(rows)).with_row_index("at")
    others = counted.filter(~pl.col("large"))
    # What the large authors leave is shared out so that tune and test come near to their share of all rows.
    judged = [min(fraction * rows.height / others.height, 1 / 3) for fraction in fractions[1:]]
    shares = (1 - sum(judged), *judged)
    few = others["user_id"].n_unique() < FEWEST_TO_STRATIFY
    dealt = _shuffled(others, shares, seed) if few else _in_pieces(others, shares, seed)
    parts = counted.join(others.select("at", split=dealt), on="at", how="left", maintain_order="left")
    return parts["split"].fill_null("train")


def deal_folds(rows: pl.DataFrame, folds: int, seed: int) -> pl.Series:
    """Deal authors to folds: the number of the fold for each row (Int32).

    Args:
        rows: user_id, stratum; at least as many authors as folds.
        folds: how many; none is empty.
        seed: of the shuffle.
    """
    dealt = _stratified(rows, folds, seed)
    if len(set(dealt.tolist())) < folds:
        # Authors of very different sizes can leave a fold without any; then each gets the same number of authors.
        dealt = _permutation(_numbered(rows["user_id"]), seed) % folds
    return pl.Series(dealt, dtype=pl.Int32)


def boundaries_in_time(
    times: pl.Series, medians: pl.Series, fractions: tuple[float, float, float], embargo: timedelta
) -> tuple[datetime, datetime]:
    """Return the two boundaries that leave most rows in the part that is worst off, relative to its fraction.

    Authors go where their median lies; of their rows those are left that lie in the same period, further from its
    boundaries than the embargo. Boundaries are sought halfway between successive medians, at most 60 of these places.

    Args:
        times: of the rows, not all the same.
        medians: of each row's author.
        fractions: of the rows for train, tune and test.
        embargo: on both sides of a boundary.
    """
    at, median = (series.dt.epoch("us").to_numpy() for series in (times, medians))
    gap = int(embargo / timedelta(microseconds=1))
    known = np.unique(median)
    places = (known[:-1] + known[1:]) // 2 if len(known) > 1 else known
    places = places[np.unique(np.linspace(0, len(places) - 1, MOST_BOUNDARIES).round().astype(int))]
    train = [np.count_nonzero((median < place) & (at < place - gap)) for place in places]
    test = [np.count_nonzero((median >= place) & (at > place + gap)) for place in places]
    best, fullest = (0, len(places) - 1), -1.0
    for first, second in combinations(range(len(places)), 2):
        begin, end = places[first], places[second]
        between = (median >= begin) & (median < end) & (at > begin + gap) & (at < end - gap)
        left = (train[first], np.count_nonzero(between), test[second])
        fullness = min(rows / fraction for rows, fraction in zip(left, fractions, strict=True))
        if fullness > fullest:
            best, fullest = (first, second), fullness
    first_boundary, second_boundary = pl.Series(places[list(best)]).cast(times.dtype)
    return first_boundary, second_boundary


def _among_largest(rows: pl.DataFrame) -> pl.Expr:
    """All but the three smallest authors may be pinned to train: tune, test and the folds need authors too."""
    sizes = rows["user_id"].value_counts().sort("count", "user_id")
    return ~pl.col("user_id").is_in(sizes["user_id"].head(3).implode())


def _shuffled(rows: pl.DataFrame, shares: tuple[float, ...], seed: int) -> pl.Series:
    from sklearn.model_selection import GroupShuffleSplit

    users = rows["user_id"].value_counts().sort("user_id")
    sizes = users["count"].to_numpy()
    count = len(sizes)
    tune, test = (max(1, round(share * count)) for share in shares[1:])
    names = np.array(["train"] * count, dtype="<U5")
    best, fairest = names, np.inf
    shuffles = GroupShuffleSplit(SHUFFLES, test_size=tune + test, random_state=seed)
    for _, judged in shuffles.split(sizes, groups=np.arange(count)):
        parts = names.copy()
        parts[judged[:tune]], parts[judged[tune:]] = "tune", "test"
        unfair = sum(
            abs(sizes[parts == part].sum() / sizes.sum() - share)
            for part, share in zip(("train", "tune", "test"), shares, strict=True)
        )
        if unfair < fairest:
            best, fairest = parts, unfair
    dealt = users.select("user_id", split=pl.Series(best))
    return rows.join(dealt, on="user_id", how="left", maintain_order="left")["split"]


def _in_pieces(rows: pl.DataFrame, shares: tuple[float, ...], seed: int) -> pl.Series:
    pieces = _stratified(rows, PIECES, seed)
    sizes = np.bincount(pieces, minlength=PIECES)
    lacking = np.array(shares) * rows.height
    part = np.zeros(PIECES, np.int64)
    for piece in np.argsort(-sizes, kind="stable"):
        part[piece] = lacking.argmax()
        lacking[part[piece]] -= sizes[piece]
    return pl.Series(np.array(["train", "tune", "test"])[part[pieces]])


def _stratified(rows: pl.DataFrame, pieces: int, seed: int) -> NDArray[np.int64]:
    """Return the piece of each row; pieces are alike in their strata as far as whole authors allow."""
    from sklearn.model_selection import StratifiedGroupKFold

    classes, groups = _classes(rows, pieces), _groups(rows, seed)
    dealt = np.zeros(rows.height, np.int64)
    with warnings.catch_warnings():
        # Strata that are rarer than there are pieces were merged already; what is left of them may still be too few.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = StratifiedGroupKFold(pieces, shuffle=True, random_state=seed).split(classes, classes, groups)
        for piece, (_, rows_of_piece) in enumerate(parts):
            dealt[rows_of_piece] = piece
    return dealt


def _classes(rows: pl.DataFrame, pieces: int) -> NDArray[np.int64]:
    """Return a number a stratum; one with fewer rows than pieces loses its finest criterion until it has enough."""
    classes = rows.select(pl.col("stratum").list.join("|"), whole="stratum")
    for kept in (3, 2, 1, 0):
        rare = pl.len().over("stratum") < pieces
        coarser = pl.col("whole").list.head(kept).list.join("|")
        classes = classes.with_columns(stratum=pl.when(rare).then(coarser).otherwise("stratum"))
    numbers = _numbered(classes["stratum"])
    return numbers if np.bincount(numbers).max() >= pieces else np.zeros_like(numbers)


def _groups(rows: pl.DataFrame, seed: int) -> NDArray[np.int64]:
    place = _numbered(rows["user_id"])
    if place.max() < MOST_GROUPS:
        return place
    return _permutation(place, seed) % MOST_GROUPS


def _permutation(numbers: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(int(numbers.max()) + 1)[numbers]


def _numbered(names: pl.Series) -> NDArray[np.int64]:
    """Return each name's place among the distinct ones, from 0, by the alphabet."""
    return names.rank("dense").to_numpy().astype(np.int64) - 1
