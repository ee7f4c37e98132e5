"""What an author's past adds to the score of a text: people rate themselves on their own scale, and moods last.

Belongs here: what is known of an author from earlier labels, by how much it moves a score, how sure that is. Does not
belong here: the 13 features of the past (``temporal_features``), scores of texts, intervals (``conformal``).

The residuals of an author (label minus score of the text) are taken for the sum of a level that lasts, a mood that
fades (an Ornstein-Uhlenbeck process) and noise. What earlier residuals say of level and mood is the best linear
unbiased prediction, by a Kalman filter (Kalman 1960; a lasting level alone is Robinson's random intercept, Statistical
Science 1991). Texts of one instant count as their mean. A text never sees its own label or one of the same instant; an
author without earlier labels has the level 0, so the score is the text's.

How sure a score is depends on the author too: the filter says what variance is left, and some people's labels follow
their texts more closely than others'. The spread of a row is the square root of both, relative to a stranger's: of the
predicted variance, and of the author's squared earlier errors relative to what was predicted, believed like those of
``STEADINESS`` texts of an average author. On folds of SemEval-2026's authors that narrowed how far coverage varies from
author to author from a standard deviation of 10 to 6 points (valence) and 9 to 6 (arousal), at narrower intervals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from painpoint_platform.perception.measuring.metrics import Floats

LASTING = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
MOOD = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
DAYS = (1.0, 3.0, 7.0, 20.0, 60.0)
STEADINESS = 10.0
_ROUNDS = 2  # over the three parameters; a third changes nothing on corpora seen


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is known of rows from their authors' earlier labels, each (rows,).

    Attributes:
        level: to add to the score of the text; 0 for a stranger.
        spread: of the error that is left, relative to a stranger's 1.
    """

    level: Floats
    spread: Floats


@dataclass(frozen=True, slots=True)
class AuthorLevel:
    """A fitted rule.

    Attributes:
        lasting: variance of the authors' levels, in units of the noise's.
        mood: variance of their moods, likewise.
        days: in which a mood fades to 1/e.
        noise: variance of a label around its author's level and mood.
    """

    lasting: float
    mood: float
    days: float
    noise: float

    def past(self, items: pl.DataFrame, text_scores: Floats, observed: Floats | None) -> Past:
        """Return what earlier labels say of each row.

        Args:
            items: user_id, timestamp; null: no past.
            text_scores: (rows,).
            observed: (rows,) labels as far as they are known, else NaN; None: none is.
        """
        if observed is None:
            return Past(np.zeros(len(text_scores)), np.ones(len(text_scores)))
        return filtered(self, items, observed - text_scores)


@dataclass(frozen=True, slots=True, eq=False)
class _Instants:
    """Instants of writing, those that are first of their author first, then the second ones, and so on.

    Attributes:
        author: number of the author, (instants,).
        days: since the author's last instant, 0 for a first one.
        residual: mean of the observed ones; 0 where there is none.
        count: of the observed ones.
        ends: of the first ones, the second ones and so on, in this order.
        of_row: (rows,) the row's instant; -1: the row has no author or time.
    """

    author: np.ndarray[tuple[int], np.dtype[np.int64]]
    days: Floats
    residual: Floats
    count: Floats
    ends: list[int]
    of_row: np.ndarray[tuple[int], np.dtype[np.int64]]

    def turns(self) -> Iterator[slice]:
        """Yield the first instants of all authors, then the second ones, and so on."""
        start = 0
        for end in self.ends:
            yield slice(start, end)
            start = end


def filtered(rule: AuthorLevel, items: pl.DataFrame, residuals: Floats) -> Past:
    """Return what each row's author's earlier residuals say of it.

    Args:
        rule: the variances.
        items: user_id, timestamp; null: no past.
        residuals: (rows,), NaN where nothing was observed.
    """
    instants = _instants(items, residuals)
    level, spread, _ = _filter(rule, instants)
    return Past(_of_rows(level, instants, 0.0), _of_rows(spread, instants, 1.0))


def fit_author_level(items: pl.DataFrame, labels: Floats, text_scores: Floats) -> AuthorLevel:
    """Return the rule that foresees the residuals best, by least squares, parameter by parameter.

    Args:
        items: user_id, timestamp.
        labels: (rows,).
        text_scores: (rows,) by models that have not seen these authors.
    """
    instants = _instants(items, labels - text_scores)
    rule = AuthorLevel(lasting=0.1, mood=0.1, days=7.0, noise=1.0)

    def error(candidate: AuthorLevel) -> float:
        level, _, _ = _filter(candidate, instants)
        return float(((instants.residual - level) ** 2 * instants.count).sum())

    for _ in range(_ROUNDS):
        rule = min((replace(rule, lasting=value) for value in LASTING), key=error)
        rule = min((replace(rule, mood=value) for value in MOOD), key=error)
        rule = min((replace(rule, days=value) for value in DAYS), key=error)
    _, _, surprise = _filter(rule, instants)
    seen = instants.count > 0
    return replace(rule, noise=max(float(surprise[seen].mean()), 1e-12) if seen.any() else 1.0)


def _instants(items: pl.DataFrame, residuals: Floats) -> _Instants:
    own = items.select("user_id", "timestamp").with_columns(
        residual=pl.Series(residuals, dtype=pl.Float64).fill_nan(None)
    )
    days = pl.col("timestamp").diff().over("user_id").dt.total_seconds(fractional=True) / 86_400
    instants = (
        own.drop_nulls(["user_id", "timestamp"])
        .group_by("user_id", "timestamp")
        .agg(pl.col("residual").mean(), pl.col("residual").count().alias("count"))
        .sort("user_id", "timestamp")
        .with_columns(
            author=pl.col("user_id").rle_id(),
            days=days.fill_null(0.0),
            turn=pl.int_range(pl.len()).over("user_id"),
        )
        .sort("turn", "author")
        .with_row_index("instant")
    )
    placed = own.join(instants, on=["user_id", "timestamp"], how="left", maintain_order="left")["instant"]
    return _Instants(
        instants["author"].cast(pl.Int64).to_numpy(),
        instants["days"].to_numpy(),
        instants["residual"].fill_null(0.0).to_numpy(),
        instants["count"].cast(pl.Float64).to_numpy(),
        instants.group_by("turn").len().sort("turn")["len"].cum_sum().to_list(),
        placed.cast(pl.Int64).fill_null(-1).to_numpy(),
    )


def _filter(rule: AuthorLevel, instants: _Instants) -> tuple[Floats, Floats, Floats]:
    """Return level, spread, and squared error in units of the predicted variance (with noise of 1), by instant."""
    authors = int(instants.author.max(initial=-1)) + 1
    mean = np.zeros((2, authors))  # of level and mood
    lasting, both, mood = np.full(authors, rule.lasting), np.zeros(authors), np.full(authors, rule.mood)
    seen, missed = np.zeros(authors), np.zeros(authors)
    level, spread, surprise = (np.zeros(len(instants.author)) for _ in range(3))
    stranger = rule.lasting + rule.mood + 1
    for turn in instants.turns():
        who, count = instants.author[turn], instants.count[turn]
        kept = np.exp(-instants.days[turn] / rule.days)
        mean[1, who] *= kept
        both[who] *= kept
        mood[who] = rule.mood + kept**2 * (mood[who] - rule.mood)
        # What is known before these texts.
        level[turn] = mean[:, who].sum(axis=0)
        of_level, of_mood = lasting[who] + both[who], both[who] + mood[who]
        left = of_level + of_mood
        spread[turn] = np.sqrt((left + 1) / stranger * (STEADINESS + missed[who]) / (STEADINESS + seen[who]))
        # What these texts add; of instants without a label nothing (count 0).
        error, weight = instants.residual[turn] - level[turn], count / (count * left + 1)
        surprise[turn] = error**2 * weight
        missed[who] += surprise[turn] / rule.noise
        seen[who] += count > 0
        mean[:, who] += np.stack([of_level, of_mood]) * (error * weight)
        lasting[who] -= of_level**2 * weight
        both[who] -= of_level * of_mood * weight
        mood[who] -= of_mood**2 * weight
    return level, spread, surprise


def _of_rows(values: Floats, instants: _Instants, stranger: float) -> Floats:
    return np.append(values, stranger)[instants.of_row]
