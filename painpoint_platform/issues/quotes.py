"""What a post says in its own words: the most telling sentence, and where it stands in the text as collected.

Belongs here: which sentences can be quoted, which of them says most, their offsets. Does not belong here: which posts
are quoted (``representatives``), the proof that a quote is verbatim (``queries/checks/quotes_are_verbatim.sql``).
"""

import re
from collections.abc import Iterator
from datetime import date

import polars as pl

from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.directives import directive
from painpoint_platform.text.disguises import legible
from painpoint_platform.text.redaction import redact

# In words. Shorter ones are greetings, longer ones no quotation any more; a title is a fair quote at any length.
SHORTEST, LONGEST = 4, 40
# How far into a cleaned body is read: who has not said what is wrong by then says it in the title.
FARTHEST = 4_000
MOST_SENTENCES = 30
MOST_TRIED = 5  # of a post's sentences, best first

QUOTES = {
    "cluster_date": pl.Date,
    "cluster_id": pl.Int32,
    "issue_key": pl.String,
    "url_hash": pl.String,
    "field": pl.String,
    "quote_start": pl.Int32,
    "quote_end": pl.Int32,
    "quote": pl.String,
}

_SENTENCE = re.compile(r"[^\s].*?(?:[.!?。！？]+[\"'”’)]*(?=\s|$)|(?<=[。！？])|(?=\n)|$)", re.DOTALL)
_LINK = re.compile(r"(?i)https?:|www\.|\]\(|<[a-z/!]|@")
# Words that tell of trouble or of what it costs; the same in any sentence, so they weigh like one shared word each.
_TELLING = (
    r"\b(?:fail\w*|error\w*|crash\w*|broke\w*|cannot|can't|won't|doesn't|never|wrong\w*|lost|los(?:e|es|ing)|missing|stuck"
    r"|slow\w*|blocked|duplicat\w*|twice|pay\w*|cost\w*|hours?|days?|customers?|money|refund\w*|impossible|unable|every)\b"
)
_WORD = r"[\p{L}\p{N}]{4,}"


def quote_rows(day: date, evidence: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Return the day's rows of ``gold.issue_quotes``: one quote a representative, its most telling sentence.

    A sentence says most that has the words which other representatives of its cluster use too, and words of trouble.
    Quoted is only what stands in the collected text letter for letter, without a link, markup, secret, address or
    hidden character, and what gives no orders. A post that has no such sentence is not quoted.

    Args:
        day: the partition.
        evidence: rows of ``gold.issue_evidence``: cluster_id, issue_key, url_hash, is_representative.
        texts: of the representatives, the rows of ``queries/issues/texts_to_quote.sql``: url_hash, source, title, body.
    """
    speaking = evidence.filter("is_representative").select("cluster_id", "issue_key", "url_hash")
    sentences = speaking.join(_sentences(texts), on="url_hash")
    ranked = _scored(sentences).sort(
        "cluster_id", "url_hash", pl.col("score").round(6), "place", descending=[False, False, True, False]
    )
    candidates = ranked.group_by("url_hash", maintain_order=True).head(MOST_TRIED)
    best = candidates.filter(_fit_to_show(candidates["quote"])).unique("url_hash", keep="first", maintain_order=True)
    return best.with_columns(cluster_date=pl.lit(day)).select(
        pl.col(name).cast(dtype) for name, dtype in QUOTES.items()
    )


def _sentences(texts: pl.DataFrame) -> pl.DataFrame:
    """Every sentence that stands in the collected text, by item, with its offsets; ``place`` counts from the title."""
    rows = [
        {"url_hash": row["url_hash"], "place": place, "field": field, "quote_start": start, "quote": sentence}
        for row in texts.iter_rows(named=True)
        for place, (field, start, sentence) in enumerate(_verbatim(row["title"], row["body"], row["source"]))
    ]
    schema = {"url_hash": pl.String, "place": pl.Int32, "field": pl.String, "quote_start": pl.Int32, "quote": pl.String}
    return pl.DataFrame(rows, schema=schema).with_columns(
        quote_end=pl.col("quote_start") + pl.col("quote").str.len_chars().cast(pl.Int32)
    )


def _verbatim(title: str, body: str, source: str) -> Iterator[tuple[str, int, str]]:
    """Yield (field, start, sentence) of the title and of the cleaned body's sentences that the body has as they are."""
    bare = title.strip()
    if bare:
        yield "title", title.index(bare), bare
    position = 0
    prose = clean_body(body, source)[:FARTHEST]
    for count, match in enumerate(_SENTENCE.finditer(prose)):
        if count == MOST_SENTENCES:
            return
        sentence = match[0].strip()
        start = body.find(sentence, position)
        if start >= 0 and SHORTEST <= len(sentence.split()) <= LONGEST:
            position = start + len(sentence)
            yield "body", start, sentence


def _scored(sentences: pl.DataFrame) -> pl.DataFrame:
    """Add ``score``: shared words, each by the share of its cluster's other posts, over the root of the length."""
    numbered = sentences.with_row_index("sentence")
    words = (
        numbered.select("sentence", "cluster_id", "url_hash", word=_distinct_words())
        .explode("word")
        .with_columns(
            posts=pl.col("url_hash").n_unique().over("cluster_id", "word"),
            of=pl.col("url_hash").n_unique().over("cluster_id"),
        )
    )
    shared = words.group_by("sentence").agg(
        shared=((pl.col("posts") - 1) / (pl.col("of") - 1).clip(lower_bound=1)).sum()
    )
    telling = pl.col("quote").str.to_lowercase().str.count_matches(_TELLING).clip(upper_bound=3)
    length = pl.col("quote").str.count_matches(r"\S+").clip(lower_bound=SHORTEST).cast(pl.Float64)
    return (
        numbered.join(shared, on="sentence", how="left", maintain_order="left")
        .with_columns(score=(pl.col("shared").fill_null(0.0) + telling) / length.sqrt())
        .drop("sentence", "shared")
    )


def _distinct_words() -> pl.Expr:
    return pl.col("quote").str.to_lowercase().str.extract_all(_WORD).list.unique(maintain_order=True)


def _fit_to_show(quotes: pl.Series) -> pl.Series:
    return pl.Series(
        [
            not _LINK.search(text) and legible(text) == text and not redact(text).counts and directive(text) is None
            for text in quotes.to_list()
        ],
        dtype=pl.Boolean,
    )
