"""What anybody has without training a model, on the same rows as the model: the figures that it has to beat.

Belongs here: three baselines and the comparison with them. Does not belong here: figures (``metrics``, ``bootstrap``),
the base models that a final model is made of (``base_models``).

``constant`` says the mean label of the training rows. ``vader`` is the compound score of vaderSentiment (Hutto and
Gilbert, 2014) on the line that fits the training labels best. ``ridge`` is ridge regression on the 384 numbers of
MiniLM, its penalty chosen on the training rows. None of them knows authors.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.text_features import EMBEDDING_NAMES
from painpoint_platform.perception.learning.regressors import fit_ridge
from painpoint_platform.perception.learning.training_rows import LabelledRows
from painpoint_platform.perception.measuring.bootstrap import bootstrap_intervals
from painpoint_platform.perception.measuring.metrics import Floats, regression_metrics
from painpoint_platform.perception.numbers.evaluation import JudgedRows, within_author
from painpoint_platform.perception.settings_file import PerceptionSettings

BASELINES = ("constant", "vader", "ridge")
MODEL, WITHOUT_PAST = "model", "without_past"
FIGURES = ("rmse", "mae", "pearson", "spearman", "ece", "within_author")


def baseline_scores(
    train: LabelledRows, judged: LabelledRows, texts: pl.DataFrame, *, limits: tuple[float, float]
) -> dict[str, Floats]:
    """Return the scores, (rows,), of each of ``BASELINES`` for the judged rows, within the range of the variable.

    Args:
        train: what they are fitted on.
        judged: rows to score.
        texts: item_id, text; every item of both.
        limits: the variable's range.

    Raises:
        UserError: vaderSentiment is not installed, or an item has no text.
    """
    columns = (
        np.full(len(judged), train.labels.mean()),
        _on_a_line(_compound(train, texts), train.labels, _compound(judged, texts)),
        fit_ridge(train.features.block(EMBEDDING_NAMES), train.labels).predict(judged.features.block(EMBEDDING_NAMES)),
    )
    return {name: np.clip(scores, *limits) for name, scores in zip(BASELINES, columns, strict=True)}


def comparison(
    judged: JudgedRows,
    baselines: Mapping[str, Floats],
    settings: PerceptionSettings,
    *,
    without_past: Floats | None = None,
) -> pl.DataFrame:
    """Return the figures of the model and of each baseline on the same rows and the same resamples of their authors.

    Args:
        judged: rows with the model's scores.
        baselines: (rows,) scores by name.
        settings: rounds and seed of the bootstrap.
        without_past: (rows,) scores of a model that is told of authors' pasts, where nothing is known of the author.

    Returns:
        A row for ``model``, for ``without_past`` where it is given, and for each baseline: ``model``, ``rows``,
        ``skill`` and for each of ``FIGURES`` its value, ``<figure>_low`` and ``<figure>_high`` (95 % bootstrap); null
        where there is no such figure, such as the correlation of a constant.
    """
    alone = {} if without_past is None else {WITHOUT_PAST: without_past}
    scored = {MODEL: judged.score, **alone, **baselines}
    rows = [_figures(name, judged, scores, settings) for name, scores in scored.items()]
    numbers = [f"{figure}{end}" for figure in FIGURES for end in ("", "_low", "_high")]
    return pl.DataFrame(
        rows, schema={"model": pl.String, "rows": pl.Int64, "skill": pl.Float64} | dict.fromkeys(numbers, pl.Float64)
    )


def _figures(
    name: str, judged: JudgedRows, scores: Floats, settings: PerceptionSettings
) -> dict[str, str | float | None]:
    metrics = regression_metrics(judged.labels, scores, constant=judged.constant, limits=judged.limits)
    intervals = bootstrap_intervals(
        judged.labels,
        scores,
        groups=judged.users,
        limits=judged.limits,
        rounds=settings.bootstrap_rounds,
        seed=settings.seed,
    )
    within = within_author(judged.labels, scores, judged.users)
    row: dict[str, str | float | None] = {"model": name, "rows": metrics.rows, "skill": metrics.skill}
    for figure in FIGURES:
        interval = intervals.get(figure)
        row[figure] = within if figure == "within_author" else getattr(metrics, figure)
        row[f"{figure}_low"] = interval.low if interval else None
        row[f"{figure}_high"] = interval.high if interval else None
    return row


def _compound(rows: LabelledRows, texts: pl.DataFrame) -> Floats:
    joined = rows.items.select("item_id").join(
        texts.select("item_id", "text"), on="item_id", how="left", maintain_order="left"
    )["text"]
    if joined.null_count():
        missing = rows.items.filter(joined.is_null())["item_id"].head(5).to_list()
        raise UserError(
            f"{joined.null_count()} items have no text, such as {', '.join(missing)}; give the texts of all rows"
        )
    return np.array(_vader(joined.to_list()))


def _vader(texts: Sequence[str]) -> list[float]:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]
    except ImportError:
        raise UserError("the baseline VADER needs the package vaderSentiment; `pip install vaderSentiment`") from None
    analyzer = SentimentIntensityAnalyzer()
    # The library takes one text at a time; a text that stands twice is read once.
    found = {text: float(analyzer.polarity_scores(text)["compound"]) for text in dict.fromkeys(texts)}
    return [found[text] for text in texts]


def _on_a_line(inputs: Floats, labels: Floats, asked: Floats) -> Floats:
    """Return the labels that the least-squares line through (inputs, labels) gives ``asked``."""
    variance = float(inputs.var())
    slope = float(np.mean((inputs - inputs.mean()) * (labels - labels.mean()))) / variance if variance else 0.0
    return np.asarray(labels.mean() + slope * (asked - inputs.mean()))
