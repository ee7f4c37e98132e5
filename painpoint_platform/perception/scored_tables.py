"""A day's collected items, from their texts to their scores.

Belongs here: what is read, when there is nothing to do, and the rows of ``silver.item_perception``. Does not belong
here: the models (``scoring_models``), cleaning and embedding (``text``).
"""

import hashlib
from collections.abc import Sequence
from datetime import date

import polars as pl

from painpoint_platform import progress
from painpoint_platform.perception.scoring import score_texts
from painpoint_platform.perception.scoring_models import ScoringModel, identities
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.warehouse.access import Warehouse, made_from, remember_input
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch

TABLE = "silver.item_perception"
# Raised when the same texts and models would give other rows.
SCORES_VERSION = "1"


def score_day(warehouse: Warehouse, day: date, *, models: Sequence[ScoringModel], embedder: Embedder) -> bool:
    """Score a day's items and replace its partition of ``silver.item_perception``.

    Returns:
        False when the partition was already made from the same texts by the same models, and nothing was done.

    Raises:
        UserError: a model understands another encoder.
    """
    with warehouse.read() as connection:
        items = fetch(connection, "perception/texts_of_day", day=day)
        found = made_from(connection, TABLE, day.isoformat())
    wanted = _input_hash(items, [embedder.version, *identities(models)])
    if found == wanted:
        return False
    rows = item_rows(day, items, models=models, embedder=embedder)
    with warehouse.write() as connection:
        replace_partition(connection, TABLE, where={"collection_date": day}, rows=rows, key=["url_hash"])
        remember_input(connection, TABLE, day.isoformat(), wanted)
    return True


def item_rows(day: date, items: pl.DataFrame, *, models: Sequence[ScoringModel], embedder: Embedder) -> pl.DataFrame:
    """Return the day's rows: for each variable score, interval and the model's name.

    The text of an item is what clustering embeds, title and cleaned body, so that where both run in one process its
    vector is there already. Scores are rounded to four digits: far below what they are worth, and the same however
    many threads the linear algebra used.

    Args:
        day: the partition.
        items: rows of ``queries/perception/texts_of_day.sql``.
        models: one a variable.
        embedder: the encoder.
    """
    cleaned = [clean_body(body, source) for body, source in items.select("body", "source").iter_rows()]
    texts = [f"{title}\n{body}".strip() for title, body in zip(items["title"], cleaned, strict=True)]
    encoded = embedder.encode(texts, progress=progress.reporter(f"embedding {day}"))
    bundles = [model.bundle for model in models]
    scores = score_texts(texts, bundles, embedder, encoded=encoded, languages=items["language"].to_list())
    numbers = [pl.col(f"{model.bundle.variable}{end}").round(4) for model in models for end in ("", "_low", "_high")]
    names = [pl.lit(model.name).alias(f"{model.bundle.variable}_model") for model in models]
    return scores.select(*numbers, *names).with_columns(collection_date=pl.lit(day), url_hash=items["url_hash"])


def _input_hash(items: pl.DataFrame, settings: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join((SCORES_VERSION, *settings)).encode())
    digest.update(items.write_ndjson().encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
