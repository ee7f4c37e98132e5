"""Values of a corpus: text turned into numbers, times and paths, and everything that is wrong about them, said at once.

Belongs here: ranges, missing labels, times that cannot be, empty texts, languages, ids. Does not belong here: the names
of columns (``adapters``), malformed files (``corpus_files``).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.adapters import Scale
from painpoint_platform.perception.corpora.corpus_files import LIST_SEPARATOR, ROW, place_word
from painpoint_platform.perception.emotions import LEVELS
from painpoint_platform.perception.variables import PATH_SEPARATOR, PATH_VARIABLES, RANGES
from painpoint_platform.wording import listed, shown

# A first text of an author has no past to compare it with; every other label must stand in every row.
MAY_BE_MISSING = frozenset({"comparator"})
HIGH_RISK_TAGS = frozenset({"suicide", "self_harm", "threat"})
SPLIT_NAMES = {
    "train": "train", "dev": "tune", "val": "tune", "valid": "tune", "validation": "tune", "tune": "tune",
    "test": "test",
}  # fmt: skip
HINGLISH = "hi-Latn"  # BCP 47: Hindi in Latin letters

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
# ISO 639-1, the two-letter codes.
_LANGUAGE_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_UNDETERMINED = "und"  # ISO 639-2: a language that is not known

Wrong = dict[tuple[str, str, str], pl.Series]  # (column, kind, what was expected) -> mask over the rows


def typed_rows(rows: pl.DataFrame, path: Path, *, scales: Mapping[str, Scale], now: datetime) -> pl.DataFrame:
    """Turn the rows of an adapter into the columns of ``corpus.CORPUS_SCHEMA`` and the labels that it has.

    Args:
        rows: ``row`` and columns of text under their names of our own shape.
        path: the file, for messages.
        scales: of labels that are not on the platform's range yet.
        now: with a time zone; what lies after it is refused.

    Returns:
        One row a text in the order of the file, with ``official_split`` (train, tune, test) where the corpus has one.

    Raises:
        UserError: names every kind of wrong value with row, value and what was expected, all findings at once.
    """
    have = set(rows.columns)
    labels = [name for name in RANGES if name in have]
    paths = [name for name in PATH_VARIABLES if name in have]
    filled = _with_defaults(rows)
    typed = filled.select(
        "item_id",
        "user_id",
        _time("timestamp").alias("timestamp"),
        "text",
        _language().alias("language"),
        "category",
        _members("risk_tags").alias("risk_tags"),
        _needs_review().alias("needs_review"),
        "tier",
        *[_number(name, scales.get(name)).alias(name) for name in labels],
        *[_path(name).alias(name) for name in paths],
        _lower("official_split").replace_strict(SPLIT_NAMES, default=None).alias("official_split"),
    )
    wrong = _wrong_identities(filled, typed, now) | _wrong_labels(filled, typed, labels, paths, scales)
    messages = list(_messages(filled, path, wrong))
    if messages:
        raise UserError("\n".join(messages))
    return typed.drop("official_split") if typed["official_split"].null_count() == typed.height else typed


def _with_defaults(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that a file may lack; without ids or authors every row is its own."""
    optional = ("timestamp", "language", "category", "risk_tags", "needs_review", "tier", "official_split")
    numbered = pl.format("row-{}", pl.col(ROW))
    have = rows.columns
    rows = rows.with_columns(*[pl.lit(None, pl.String).alias(name) for name in optional if name not in have])
    if "item_id" not in have:
        rows = rows.with_columns(item_id=numbered)
    return rows if "user_id" in have else rows.with_columns(user_id="item_id")


def _wrong_identities(raw: pl.DataFrame, typed: pl.DataFrame, now: datetime) -> Wrong:
    missing = {name: raw[name].is_null() for name in raw.columns}
    unread = {name: typed[name].is_null() & ~missing[name] for name in ("timestamp", "language", "needs_review")}
    unspecified = raw.select(_lower("language").eq_missing(pl.lit(_UNDETERMINED))).to_series()
    again = ~typed["item_id"].is_first_distinct() & ~missing["item_id"]
    future = (typed["timestamp"] > now).fill_null(value=False)
    in_parts = not missing["official_split"].all()
    unsplit = typed["official_split"].is_null() & pl.repeat(in_parts, raw.height, eager=True)
    language = "a code of ISO 639-1 such as en, with a script such as hi-Latn or without, or und"
    return {
        ("item_id", "missing ids", "the id of a text"): missing["item_id"],
        ("item_id", "ids that stand there twice", "every id once"): again,
        ("user_id", "missing authors", "the author (leave the column out where nobody knows)"): missing["user_id"],
        ("text", "empty texts", "a text"): missing["text"],
        ("timestamp", "times", "a time such as 2025-01-31T12:00:00Z"): unread["timestamp"],
        ("timestamp", "future times", f"a time before now ({now:%Y-%m-%d %H:%M} UTC)"): future,
        ("language", "languages", language): unread["language"] & ~unspecified,
        ("needs_review", "flags", "true or false"): unread["needs_review"],
        ("official_split", "splits", f"one of {', '.join(SPLIT_NAMES)}, in every row or in none"): unsplit,
    }


def _wrong_labels(
    raw: pl.DataFrame, typed: pl.DataFrame, labels: list[str], paths: list[str], scales: Mapping[str, Scale]
) -> Wrong:
    wrong: Wrong = {}
    for name in labels:
        low, high = (scales[name].low, scales[name].high) if name in scales else RANGES[name]
        expected = f"a number from {low:g} to {high:g}"
        missing = raw[name].is_null()
        if name not in MAY_BE_MISSING:
            wrong[name, "missing labels", f"{expected} (leave the column out, or rows without a label)"] = missing
        inside = typed[name].is_between(*RANGES[name])  # NaN is not between anything
        wrong[name, "labels", expected] = ~missing & ~inside.fill_null(value=False)
    for name in paths:
        missing = raw[name].is_null()
        expected = f"{LEVELS} levels such as negative{PATH_SEPARATOR}anger{PATH_SEPARATOR}annoyance"
        wrong[name, "missing labels", f"{expected} (leave the column out, or rows without a label)"] = missing
        wrong[name, "labels", expected] = ~missing & typed[name].is_null()
    return wrong


def _messages(raw: pl.DataFrame, path: Path, wrong: Wrong) -> Iterator[str]:
    for (column, kind, expected), mask in wrong.items():
        hits = raw.filter(mask).select(ROW, column).rows()
        findings = [(row, f"{column}: found {shown(value)}, expected {expected}") for row, value in hits]
        yield from listed(path, findings, f"{column}: {kind}", place=place_word(path))


def _lower(name: str) -> pl.Expr:
    return pl.col(name).str.to_lowercase()


def _number(name: str, scale: Scale | None) -> pl.Expr:
    number = pl.col(name).cast(pl.Float64, strict=False)
    return scale.to_unit(number) if scale else number


def _path(name: str) -> pl.Expr:
    levels = pl.col(name).str.replace_all(LIST_SEPARATOR, PATH_SEPARATOR, literal=True).str.split(PATH_SEPARATOR)
    levels = levels.list.eval(pl.element().str.strip_chars())
    whole = (levels.list.len() == LEVELS) & levels.list.eval(pl.element() != "").list.all()
    return pl.when(whole).then(levels)


def _members(name: str) -> pl.Expr:
    members = pl.col(name).str.split(LIST_SEPARATOR).list.eval(pl.element().str.strip_chars())
    return members.list.eval(pl.element().filter(pl.element() != "")).fill_null([])


def _needs_review() -> pl.Expr:
    """Where nobody said, a text with a tag of high risk waits for a person."""
    said = _lower("needs_review").replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    risky = _members("risk_tags").list.set_intersection(sorted(HIGH_RISK_TAGS)).list.len() > 0
    return pl.when(pl.col("needs_review").is_null()).then(risky).otherwise(said)


def _language() -> pl.Expr:
    """The tag in its usual case; null where none is known or given."""
    tag = pl.col("language").str.replace_all("_", "-", literal=True)
    first = tag.str.extract(r"^([A-Za-z]{2})(?:-[A-Za-z0-9]{2,8})*$").str.to_lowercase()
    rest = tag.str.slice(2)
    known = pl.when(first.is_in(_LANGUAGE_CODES.split())).then(first + rest)
    return pl.when(_lower("language") == "hinglish").then(pl.lit(HINGLISH)).otherwise(known)


def _time(name: str) -> pl.Expr:
    """ISO 8601 with or without a zone (then UTC), a date alone, or seconds since 1970."""
    text = pl.col(name)
    date_only = text.str.contains(r"^\d{4}-\d{2}-\d{2}$")
    text = pl.when(date_only).then(text + "T00:00:00").otherwise(text)
    text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})([Z+-]|$)", "${1}T${2}:00${3}")
    text = text.str.replace(" ", "T", literal=True).str.replace(r"\s*(Z|UTC)$", "+00:00")
    text = text.str.replace(r"([+-]\d{2}):?(\d{2})$", "$1:$2")
    zoned = text.str.contains(r"T.*[+-]\d{2}:\d{2}$")
    text = pl.when(zoned).then(text).otherwise(text + "+00:00")
    stamp = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="us", time_zone="UTC")
    seconds = pl.col(name).str.extract(r"^(\d{8,11}(?:\.\d+)?)$").cast(pl.Float64)
    since_1970 = (seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    return pl.coalesce(since_1970, stamp)
