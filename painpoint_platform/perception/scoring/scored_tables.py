"""The tables of scores: collected items, pain points of courses, questions of calls, from their texts to their rows.

Belongs here: which texts a table is about, when there is nothing to do, its rows and what holds for them. Does not
belong here: the models (``scoring_models``), cleaning and embedding (``text``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from painpoint_platform import progress
from painpoint_platform.perception.scoring.scoring_models import ScoringModel, identities
from painpoint_platform.perception.scoring.text_scores import score_texts
from painpoint_platform.perception.variables import SCORED
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.text.language import detect_languages
from painpoint_platform.warehouse.access import Warehouse, made_from, remember_input
from painpoint_platform.warehouse.checks import Check
from painpoint_platform.warehouse.names import quoted, quoted_list
from painpoint_platform.warehouse.partitions import replace_partition
from painpoint_platform.warehouse.queries import fetch, query_text

# Raised when the same texts and models would give other rows.
SCORES_VERSION = "1"
EVERY_TEXT_IS_SCORED = "every_text_is_scored"
SCORES_LIE_IN_THEIR_INTERVALS = "scores_lie_in_their_intervals"


@dataclass(frozen=True, slots=True)
class ScoredTable:
    """A table of scores, one row a text.

    Attributes:
        name: ``schema.name``.
        partition: the column that it is replaced by.
        key: the other columns that tell its rows apart.
        what: its texts are ``queries/perception/texts_of_<what>.sql`` (the columns of ``key``, source, title, body
            and, where it was stored, language); what a person is shown is ``scores_of_<what>.sql``. Both ask for
            ``$partition``.
    """

    name: str
    partition: str
    key: tuple[str, ...]
    what: str

    @property
    def texts_query(self) -> str:
        """Name of the query of a partition's texts."""
        return f"perception/texts_of_{self.what}"

    @property
    def scores_query(self) -> str:
        """Name of the query of a partition's scores with their texts."""
        return f"perception/scores_of_{self.what}"


ITEMS = ScoredTable("silver.item_perception", "collection_date", ("url_hash",), "items")
PAINPOINTS = ScoredTable("silver.course_perception", "corpus", ("course_code", "post_id"), "painpoints")
QUESTIONS = ScoredTable("silver.call_perception", "transcript", ("qa_group_id",), "questions")
TABLES = {table.name: table for table in (ITEMS, PAINPOINTS, QUESTIONS)}


def score_partition(
    warehouse: Warehouse,
    table: ScoredTable,
    partition: date | str,
    *,
    models: Sequence[ScoringModel],
    embedder: Embedder,
) -> bool:
    """Score the texts of a partition and replace it.

    Args:
        warehouse: has the texts, gets the scores.
        table: one of ``ITEMS``, ``PAINPOINTS``, ``QUESTIONS``.
        partition: value of its partition column.
        models: one a variable.
        embedder: the encoder that the models understand.

    Returns:
        False when the partition was already made from the same texts by the same models, and nothing was done.

    Raises:
        UserError: a model understands another encoder.
        DataContractError: the rows break a fact that holds for every table of scores.
    """
    with warehouse.read() as connection:
        texts = fetch(connection, table.texts_query, partition=partition)
        found = made_from(connection, table.name, str(partition))
    wanted = _input_hash(texts, [embedder.version, *identities(models)])
    if found == wanted:
        return False
    rows = _scores(texts, models=models, embedder=embedder, name=f"embedding {partition}")
    rows = rows.with_columns(texts.select(table.key)).with_columns(pl.lit(partition).alias(table.partition))
    with warehouse.write() as connection:
        replace_partition(
            connection, table.name, where={table.partition: partition}, rows=rows, key=table.key,
            checks=_checks(table, partition),
        )  # fmt: skip
        remember_input(connection, table.name, str(partition), wanted)
    return True


def _scores(texts: pl.DataFrame, *, models: Sequence[ScoringModel], embedder: Embedder, name: str) -> pl.DataFrame:
    """Return a row a text: for each variable score, interval and the model's name.

    The text of an item is what clustering embeds, title and cleaned body, so that where both run in one process its
    vector is there already. Scores are rounded to four digits: far below what they are worth, and the same however
    many threads the linear algebra used.
    """
    cleaned = [clean_body(body, source) for body, source in texts.select("body", "source").iter_rows()]
    read = [f"{title}\n{body}".strip() for title, body in zip(texts["title"], cleaned, strict=True)]
    encoded = embedder.encode(read, progress=progress.reporter(name))
    bundles = [model.bundle for model in models]
    languages = texts["language"].to_list() if "language" in texts.columns else detect_languages(read)
    scores = score_texts(read, bundles, embedder, encoded=encoded, languages=languages)
    numbers = [pl.col(f"{model.bundle.variable}{end}").round(4) for model in models for end in ("", "_low", "_high")]
    names = [pl.lit(model.name).alias(f"{model.bundle.variable}_model") for model in models]
    return scores.select(*numbers, *names)


def _checks(table: ScoredTable, partition: date | str) -> list[Check]:
    name, keys, column = quoted(table.name), quoted_list(table.key), quoted(table.partition)
    inside = " and ".join(
        f"0 <= {variable}_low and {variable}_low <= {variable} and {variable} <= {variable}_high "
        f"and {variable}_high <= 1"
        for variable in SCORED
    )
    here = {"partition": partition}
    return [
        Check(
            EVERY_TEXT_IS_SCORED,
            f"select {keys} from ({query_text(table.texts_query)}) as text "
            f"anti join (select {keys} from {name} where {column} = $partition) as scored using ({keys})",
            here,
        ),
        Check(
            SCORES_LIE_IN_THEIR_INTERVALS,
            f"select {keys} from {name} where {column} = $partition and not ({inside})",
            here,
        ),
    ]


def _input_hash(texts: pl.DataFrame, settings: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join((SCORES_VERSION, *settings)).encode())
    digest.update(texts.write_ndjson().encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
