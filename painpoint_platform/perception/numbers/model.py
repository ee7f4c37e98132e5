"""A variable's final model: from features to a score with an interval.

Belongs here: putting fitted parts together for scoring. Does not belong here: fitting them (``training``), files
(``bundle``), texts (``text_scores``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.learning.calibration import Calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.out_of_fold import Member
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.numbers.author_level import AuthorLevel
from painpoint_platform.perception.numbers.blender import Blender

BLEND = "blend"


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model says of rows: the score, and the interval that holds the label with the promised probability."""

    score: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class PerceptionModel:
    """A fitted model.

    Attributes:
        variable: what it scores.
        members: the models of the text that ``final`` needs.
        level: what authors' earlier labels add to the final score, where the corpus has authors and times.
        blender: the weights of the members; None where one model is the final one.
        final: ``blend`` or a member's name.
        calibrator: of the final score with the author's level.
        intervals: around the calibrated score.
    """

    variable: str
    members: tuple[Member, ...]
    level: AuthorLevel | None
    blender: Blender | None
    final: str
    calibrator: Calibrator
    intervals: Intervals

    def score(self, features: Features, items: pl.DataFrame, observed: Floats | None = None) -> Scores:
        """Score rows.

        Args:
            features: with every column that a member reads.
            items: user_id, timestamp, language, length_bucket of the rows.
            observed: (rows,) labels of these rows as far as they are known, else NaN. Each row is told only those of
                its author's earlier rows. None: nothing is known.
        """
        raw, spread = final_scores(self, member_scores(self.members, features), features, items, observed)
        score = self.calibrator.apply(raw)
        low, high = self.intervals.around(score, items["length_bucket"].to_numpy().astype(np.str_), spread)
        return Scores(score, low, high)

    @property
    def columns(self) -> tuple[str, ...]:
        """The features that the members read, each once, in order."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.columns))

    @property
    def reads_the_past(self) -> bool:
        """Whether what is known of an author changes the score."""
        return self.level is not None or not set(self.columns).isdisjoint(TEMPORAL_NAMES)


def member_scores(members: tuple[Member, ...], features: Features) -> dict[str, Floats]:
    """Return the scores of each member by name, (rows,) each."""
    return {member.name: member.predict(features) for member in members}


def final_scores(
    model: PerceptionModel,
    scores: Mapping[str, Floats],
    features: Features,
    items: pl.DataFrame,
    observed: Floats | None,
) -> tuple[Floats, Floats | None]:
    """Return the uncalibrated final score, (rows,), and the spread of its error, (rows,); None: 1 of every row.

    Args:
        model: whose members scored.
        scores: of the members, by name.
        features: of the rows.
        items: of the rows, as of ``PerceptionModel.score``.
        observed: likewise.
    """
    if model.blender is None:
        text = scores[model.final]
    else:
        columns = np.stack([scores[name] for name in model.blender.members], axis=1)
        text = model.blender.blend(columns, features, items)
    if model.level is None:
        return text, None
    past = model.level.past(items, text, observed)
    return text + past.level, past.spread
