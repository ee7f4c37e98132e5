"""Analysts' questions as items that may be collected like posts, and the day on which a call took place.

Belongs here: what an item says about an exchange. Does not belong here: which exchanges are offered, and collecting
them (the domain of issues meets this one in tables).
"""

import re
from datetime import date
from typing import Final
from urllib.parse import quote

import polars as pl

SOURCE: Final = "earnings_calls"
# A call's exchange has no page that everyone can open. ``.invalid`` is never anybody's (RFC 2606), so a link that is
# followed by mistake leads nowhere rather than to a stranger.
BASE_URL: Final = "https://earnings-calls.invalid"
LONGEST_TITLE: Final = 120
# Shorter questions are courtesies and checks: "Hi, can you hear me?", "Right?".
WORDS_OF_A_QUESTION: Final = 6

_SENTENCE_END: Final = r"([.!?…])\s+|([。！？])\s*|\s*\n\s*"
_SEPARATOR: Final = "\x1e"

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_NAME: Final = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY: Final = r"(?P<day>\d{1,2})"
_GAP: Final = r"[-_./, ]+"
_DATES: Final = tuple(
    re.compile(rf"(?<!\d){pattern}(?!\d)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}{_GAP}{_NAME}{_GAP}{_DAY}",
        rf"{_YEAR}(?P<gap>[-_./ ])(?P<number>\d{{1,2}})(?P=gap){_DAY}",
        rf"{_YEAR}(?P<number>\d\d)(?P<day>\d\d)",
        rf"{_DAY}{_GAP}{_NAME}{_GAP}{_YEAR}",
        rf"{_NAME}{_GAP}{_DAY}{_GAP}{_YEAR}",
    )
)


def call_date(*names: str | None) -> date | None:
    """Return the first day that a file name or event id names, such as ``2016-Apr-21-AMD`` or ``AMD_20160421``.

    Read are year first (with a month's name, or digits with one separator or none), and day, month's name, year in
    either order. A quarter or a year alone is no day; digits in an order that countries read differently are none.
    """
    for name in names:
        for pattern in _DATES:
            for found in pattern.finditer(name or ""):
                if day := _valid(found.groupdict()):
                    return day
    return None


def _valid(parts: dict[str, str | None]) -> date | None:
    name = parts.get("name")
    month = _MONTHS.index(name.lower()) + 1 if name else int(parts["number"] or 0)
    try:
        return date(int(parts["year"] or 0), month, int(parts["day"] or 0))
    except ValueError:
        return None


def questions_as_items(qa_groups: pl.DataFrame, *, base_url: str = BASE_URL) -> pl.DataFrame:
    """Return one item an exchange in which something was asked; the exchange is the item's thread.

    Args:
        qa_groups: rows of ``gold.qa_groups``: transcript, call_date, qa_group_id, analyst, firm, question_text,
            block_count are read.
        base_url: where the pages of exchanges lie.

    Returns:
        source, source_item_id (``<transcript>/<group>``), url, title (the first real question, at most
        ``LONGEST_TITLE`` characters), body (all that was asked), author (analyst and firm; null where nobody is named),
        created_at (UTC, midnight of the call; null where its day is unknown), comment_count (turns after the first),
        vote_count (0). Rows keep their order.
    """
    transcripts = qa_groups["transcript"].unique().to_list()
    path = {transcript: quote(transcript, safe="") for transcript in transcripts}
    group = pl.col("qa_group_id").cast(pl.String)
    body = pl.col("question_text").str.strip_chars()
    return qa_groups.filter(body.str.len_chars() > 0).select(
        source=pl.lit(SOURCE),
        source_item_id=pl.concat_str("transcript", pl.lit("/"), group),
        url=pl.concat_str(
            pl.lit(f"{base_url.rstrip('/')}/"),
            pl.col("transcript").replace_strict(path, return_dtype=pl.String),
            pl.lit("/exchanges/"),
            group,
        ),
        title=_title(body),
        body=body,
        author=pl.when(_named("analyst")).then(
            pl.concat_str("analyst", pl.when(_named("firm")).then("firm"), separator=", ", ignore_nulls=True)
        ),
        created_at=pl.col("call_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        comment_count=(pl.col("block_count") - 1).cast(pl.Int32),
        vote_count=pl.lit(0, pl.Int32),
    )


def _named(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.len_chars() > 0


def _title(text: pl.Expr) -> pl.Expr:
    """Return the first question of some length, else the first question, else the first sentence; cut at a word."""
    parts = text.str.replace_all(_SENTENCE_END, f"$1$2{_SEPARATOR}").str.split(_SEPARATOR)
    sentences = parts.list.filter(pl.element() != "")
    questions = sentences.list.filter(pl.element().str.contains(r"[?？]"))
    long_enough = questions.list.filter(pl.element().str.count_matches(r"\S+") >= WORDS_OF_A_QUESTION)
    firsts = [candidates.list.first() for candidates in (long_enough, questions, sentences)]
    title = pl.coalesce(*firsts, text).str.replace_all(r"\s+", " ")
    cut = title.str.slice(0, LONGEST_TITLE - 1).str.replace(r"\s+\S*$", "") + "…"
    return pl.when(title.str.len_chars() > LONGEST_TITLE).then(cut).otherwise(title)
