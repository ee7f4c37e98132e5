"""Fifteen numbers about the words of a text, for many texts at once.

Belongs here: finding terms in texts and scoring them, on a frame of one row a token. Does not belong here: the words
and their grades (``lexicon``), embeddings (``anchors``, ``text_features``).

The rules of context are VADER's (Hutto and Gilbert, 2014): an intensifier within the three words before adds to a word,
a negation there turns it over by -0.74, capitals stress. Unlike there, the end of a clause ends a word's reach, "but"
weighs nothing (on two real corpora it made the score worse), and a sum is related to the number of words: one bad word
says more in a text of five words than in one of fifty.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.features.lexicon import EMOJI_MODIFIERS, EMOTIONS, lexicon
from painpoint_platform.text.cleaning import MAX_INPUT_CHARS

LEXICAL_NAMES = (
    "lexical_valence",
    "lexical_arousal",
    "word_count",
    "intensifier_count",
    "diminisher_count",
    "negation_count",
    "profanity_count",
    "emoji_count",
    "exclamation_count",
    "question_count",
    "capitals_ratio",
    "joy_count",
    "sadness_count",
    "anger_count",
    "fear_count",
)
NEUTRAL = 0.5
"""The valence and the arousal of a text in which no term is known."""

_CAPITALS_STRESS = 0.733  # the next three: VADER's constants
_NEGATION = -0.74
_REACH = {1: 1.0, 2: 0.95, 3: 0.9}  # words back -> what an intensifier still weighs there
_NEGATED_AROUSAL = 0.5  # "not excited" is neither excited nor asleep
_STRESS_BOUNDS = (0.3, 2.0)
_WORDS_PER_HIT = 0.1  # ten words without a known term weigh as much as one neutral term
_HALF_VALENCE = 2.0  # a mean valence of 2 (VADER's "good" is 1.9) scores 0.85

_PICTOGRAPH = "[\\p{Extended_Pictographic}--[©®™‼⁉\u2139\u2194-\u21aa]]"
_EMOJI = f"{_PICTOGRAPH}{EMOJI_MODIFIERS}*(?:\u200d{_PICTOGRAPH}{EMOJI_MODIFIERS}*)*|[\U0001f1e6-\U0001f1ff]{{2}}"
_URL = r"\w+://\S+"
_MASKED_WORD = r"\p{L}+(?:[*@$#]+\p{L}+)+|[FfSs]\*{2,3}"
_NUMBER = r"\p{N}+(?:[.,:]\p{N}+)+"
_WORD = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:'\p{L}+)*|n't"
_CLAUSE_END = r"[.!?;,\n]+"
_STRETCHED = "|".join(f"{letter}{{3,}}" for letter in "abcdefghijklmnopqrstuvwxyz")


def lexical_features(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the lexical features of texts, shape (len(texts), 15), columns as in ``LEXICAL_NAMES``.

    Any string has them. The first 20,000 characters of a text are read. Valence and arousal are in 0..1 and ``NEUTRAL``
    where no term is known; counts are of terms (emoji with emoticons; an emotion's words unless negated);
    ``capitals_ratio`` is the share of capitals among the letters.

    Raises:
        UserError: vaderSentiment is not installed.
    """
    frame = pl.DataFrame({"text": _readable(texts)}).with_row_index("row")
    tokens = _in_context(_looked_up(_respelled(_tokens(frame))))
    summed = frame.select(_marks()).join(
        tokens.group_by("row").agg(_sums()), on="row", how="left", maintain_order="left"
    )
    return summed.fill_null(0).select(_scores()).to_numpy()


@cache  # here and below: making expressions costs a single text more than evaluating them
def _marks() -> tuple[pl.Expr, ...]:
    text = pl.col("text").str
    capitals = text.count_matches(r"\p{Lu}") / text.count_matches(r"\p{L}")
    return (
        pl.col("row"),
        text.count_matches("!", literal=True).alias("exclamation_count"),
        text.count_matches("?", literal=True).alias("question_count"),
        capitals.fill_nan(0.0).alias("capitals_ratio"),
    )


def _readable(texts: Sequence[str]) -> pl.Series:
    try:
        column = pl.Series("text", list(texts), dtype=pl.String)
    except UnicodeEncodeError:  # lone surrogates are no text
        column = pl.Series("text", [text.encode("utf-8", "ignore").decode("utf-8") for text in texts], dtype=pl.String)
    return column.str.slice(0, MAX_INPUT_CHARS)


def _tokens(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a token, in order: row, token, key (as the lexicon writes it), and four Booleans of its kind."""
    pieces = frame.select("row", _pieces()).explode("token", empty_as_null=False)
    return pieces.with_columns(pl.col("token").str.strip_chars(" \t")).with_columns(_kinds())


@cache
def _pieces() -> pl.Expr:
    return _straightened(pl.col("text")).str.extract_all(_token_pattern()).alias("token")


@cache
def _kinds() -> tuple[pl.Expr, ...]:
    token = pl.col("token")
    is_word = token.str.contains(r"^[\p{L}\p{N}]")
    is_end = token.str.contains(f"^{_CLAUSE_END}$")
    key = token.str.to_lowercase().str.replace("'s$", "").str.replace_all(EMOJI_MODIFIERS, "")
    return (
        key.alias("key"),
        is_word.alias("is_word"),
        is_end.alias("is_end"),
        (~is_word & ~is_end).alias("is_emoji"),
        token.str.contains(r"^[\p{Lu}']{2,}$").alias("capitals"),
    )


def _straightened(text: pl.Expr) -> pl.Expr:
    """Write apostrophes one way, and contractions in one piece: some corpora hold "don ' t"."""
    return text.str.replace_all("[’‘`´]", "'").str.replace_all(r"(\p{L}) ?' (t|s|m|d|re|ve|ll)\b", "$1'$2")


@cache
def _token_pattern() -> str:
    faces = "|".join(re.escape(face) + (r"\b" if face[-1].isalnum() else "") for face in lexicon().emoticons)
    return "|".join((_URL, rf"(?:^|\s)(?i:{faces})", _MASKED_WORD, _NUMBER, _WORD, _EMOJI, _CLAUSE_END))


def _respelled(tokens: pl.DataFrame) -> pl.DataFrame:
    """Bring stretched words ("sooo", "coool") and masked profanity ("f*ck") to a spelling that the lexicon knows."""
    odd = (
        tokens.select("key")
        .filter(pl.col("key").str.contains(_STRETCHED) | pl.col("key").str.contains(r"\w[*@$#]"))
        .unique()
        .get_column("key")
        .to_list()
    )
    if not odd:
        return tokens
    return tokens.with_columns(pl.col("key").replace(odd, [_known_spelling(key) for key in odd]))


def _known_spelling(key: str) -> str:
    """Return the likeliest plain spelling of one odd key; the key itself where there is none."""
    if re.search(r"[*@$#]", key):
        pattern = re.compile("".join(r"\w+" if part[0] in "*@$#" else part for part in re.findall(r"[*@$#]+|\w+", key)))
        length = len(key)
        return next((word for word in lexicon().profanity if len(word) == length and pattern.fullmatch(word)), key)
    twice, once = (re.sub(r"([a-z])\1{2,}", run, key) for run in (r"\1\1", r"\1"))
    return twice if twice in lexicon().places else once


def _looked_up(tokens: pl.DataFrame) -> pl.DataFrame:
    """Join the terms to the tokens; a known pair of words stands in the place of the first, and empties the second."""
    is_head = pl.col("key").is_in(lexicon().phrase_heads) & (pl.col("row") == pl.col("row").shift(-1))
    pair = pl.when(is_head).then(pl.concat_str("key", pl.lit(" "), pl.col("key").shift(-1)))
    tokens = tokens.with_columns(pair=pair)
    known_pairs = _known_terms(tokens["pair"])["term"].implode()
    tokens = tokens.with_columns(pair=pl.when(pl.col("pair").is_in(known_pairs)).then("pair"))
    tokens = tokens.with_columns(term=pl.when(pl.col("pair").shift(1).is_null()).then(pl.coalesce("pair", "key")))
    return tokens.join(_known_terms(tokens["term"]), on="term", how="left", maintain_order="left").with_columns(
        pl.col("boost").fill_null(0.0), pl.col("negates", "profane", *EMOTIONS).fill_null(False)
    )


def _known_terms(terms: pl.Series) -> pl.DataFrame:
    """Return the lexicon's rows of those terms that it knows."""
    places = lexicon().places
    return lexicon().terms[[places[term] for term in terms.unique() if term in places]]


def _in_context(tokens: pl.DataFrame) -> pl.DataFrame:
    """Apply intensifiers, diminishers, negations and capitals to the words that they reach.

    Added: negated, valence (in VADER's unit) and stirring (arousal beyond the neutral), null where nothing is known.
    """
    return tokens.with_columns(_CLAUSE).with_columns(_reaching()).with_columns(_modified())


_CLAUSE = ((pl.col("row") != pl.col("row").shift(1)).fill_null(True) | pl.col("is_end")).cum_sum().alias("clause")


@cache
def _reaching() -> tuple[pl.Expr, ...]:
    def back(column: str, words: int, otherwise: float | bool) -> pl.Expr:
        same_clause = pl.col("clause") == pl.col("clause").shift(words)
        return pl.when(same_clause).then(pl.col(column).shift(words)).otherwise(otherwise)

    boosted = pl.sum_horizontal(back("boost", words, 0.0) * weight for words, weight in _REACH.items())
    # "don't fuck it up" is no praise, and a face after "I don't know" is not turned over.
    can_turn = ~pl.col("profane") & ~pl.col("is_emoji")
    negated = can_turn & pl.any_horizontal(back("negates", words, False) for words in _REACH)
    # "terribly good": what serves another word says nothing of its own.
    before_valued = pl.col("valence").is_not_null().shift(-1) & (pl.col("clause") == pl.col("clause").shift(-1))
    serves = ((pl.col("boost") != 0) & before_valued).fill_null(False) | pl.col("negates")
    return boosted.alias("boosted"), negated.alias("negated"), pl.when(~serves).then("valence").alias("valence")


@cache
def _modified() -> tuple[pl.Expr, ...]:
    stress = pl.col("boosted") + _CAPITALS_STRESS * pl.col("capitals")
    stressed = pl.col("valence") + pl.col("valence").sign() * stress
    valence = pl.when("negated").then(stressed * _NEGATION).otherwise(stressed)
    share = pl.when("negated").then(_NEGATED_AROUSAL).otherwise((1 + pl.col("boosted")).clip(*_STRESS_BOUNDS))
    return valence.alias("valence"), ((pl.col("arousal") - NEUTRAL) * share).alias("stirring")


@cache
def _sums() -> tuple[pl.Expr, ...]:
    """Return what is summed and counted over the tokens of a text."""
    counted = {
        "word_count": pl.col("is_word"),
        "intensifier_count": pl.col("boost") > 0,
        "diminisher_count": pl.col("boost") < 0,
        "negation_count": pl.col("negates"),
        "profanity_count": pl.col("profane"),
        "emoji_count": pl.col("is_emoji"),
        **{f"{emotion}_count": pl.col(emotion) & ~pl.col("negated") for emotion in EMOTIONS},
    }
    scored = ("valence", "stirring")
    return (
        *(pl.col(name).sum() for name in scored),
        *(pl.col(name).count().alias(f"{name}_hits") for name in scored),
        *(flag.sum().alias(name) for name, flag in counted.items()),
    )


@cache
def _scores() -> tuple[pl.Expr, ...]:
    """Return the features, in their order, of the sums of a text (zeros where it has no token)."""

    def density(column: str) -> pl.Expr:
        return pl.col(column) / (pl.col(f"{column}_hits") + 1 + _WORDS_PER_HIT * pl.col("word_count"))

    pleasant = density("valence") / _HALF_VALENCE
    scores = {
        "lexical_valence": NEUTRAL + 0.5 * pleasant / (1 + pleasant**2).sqrt(),
        "lexical_arousal": (NEUTRAL + density("stirring")).clip(0.0, 1.0),
    }
    return tuple(scores.get(name, pl.col(name)).cast(pl.Float32).alias(name) for name in LEXICAL_NAMES)
