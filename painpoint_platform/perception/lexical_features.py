"""Fifteen numbers about the words of a text, for many texts at once.

Belongs here: finding terms in texts and scoring them, on a frame of one row a token. Does not belong here: the words
and their grades (``lexicon``), embeddings (``anchors``, ``features``).

The rules of context are VADER's (Hutto and Gilbert, 2014): an intensifier within the three words before adds to a word,
a negation there turns it over by -0.74, capitals stress. Unlike there, the end of a sentence ends a word's reach, "but"
weighs nothing (on two real corpora it made the score worse), and a sum is related to the number of words: one bad word
says more in a text of five words than in one of fifty.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.perception.lexicon import EMOJI_MODIFIERS, EMOTIONS, lexicon
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
_SENTENCE_END = r"[.!?;\n]+"
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
    marks = frame.select(
        "row",
        exclamation_count=pl.col("text").str.count_matches("!", literal=True),
        question_count=pl.col("text").str.count_matches("?", literal=True),
        capitals_ratio=(
            pl.col("text").str.count_matches(r"\p{Lu}") / pl.col("text").str.count_matches(r"\p{L}")
        ).fill_nan(0.0),
    )
    scored = marks.join(_sums(_tokens(frame)), on="row", how="left", maintain_order="left").fill_null(0)
    return scored.select(_scores()).to_numpy().astype(np.float32)


def _readable(texts: Sequence[str]) -> pl.Series:
    try:
        column = pl.Series("text", list(texts), dtype=pl.String)
    except UnicodeEncodeError:  # lone surrogates are no text
        column = pl.Series("text", [text.encode("utf-8", "ignore").decode("utf-8") for text in texts], dtype=pl.String)
    return column.str.slice(0, MAX_INPUT_CHARS)


def _tokens(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a token, in order, with what the lexicon knows of it and what the words around make of that.

    Columns: row, is_word, is_emoji, boost, negates, negated, profane, one Boolean an emotion, valence (in VADER's unit)
    and stirring (arousal beyond the neutral 0.5), both in context and null where unknown.
    """
    tokens = (
        frame.select("row", token=_straightened(pl.col("text")).str.extract_all(_token_pattern()))
        .explode("token", empty_as_null=False)
        .with_columns(pl.col("token").str.strip_chars(" \t"))
        .with_columns(
            key=pl.col("token").str.to_lowercase().str.replace("'s$", "").str.replace_all(EMOJI_MODIFIERS, ""),
            is_word=pl.col("token").str.contains(r"^[\p{L}\p{N}]"),
            is_end=pl.col("token").str.contains(f"^{_SENTENCE_END}$"),
            capitals=pl.col("token").str.contains(r"^[\p{Lu}']{2,}$"),
        )
        .with_columns(is_emoji=~pl.col("is_word") & ~pl.col("is_end"))
    )
    return _in_context(_looked_up(_respelled(tokens)))


def _straightened(text: pl.Expr) -> pl.Expr:
    """Write apostrophes one way, and contractions in one piece: some corpora hold "don ' t"."""
    return text.str.replace_all("[’‘`´]", "'").str.replace_all(r"(\p{L}) ?' (t|s|m|d|re|ve|ll)\b", "$1'$2")


@cache
def _token_pattern() -> str:
    faces = "|".join(re.escape(face) + (r"\b" if face[-1].isalnum() else "") for face in lexicon().emoticons)
    return "|".join((_URL, rf"(?:^|\s)(?i:{faces})", _MASKED_WORD, _NUMBER, _WORD, _EMOJI, _SENTENCE_END))


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
    return twice if twice in _known_terms() else once


@cache
def _known_terms() -> frozenset[str]:
    return frozenset(lexicon().terms.get_column("term"))


def _looked_up(tokens: pl.DataFrame) -> pl.DataFrame:
    """Join the terms to the tokens; a known pair of words stands in the place of the first, and empties the second."""
    terms = lexicon().terms
    same_text = pl.col("row") == pl.col("row").shift(-1)
    pair = pl.when(pl.col("key").is_in(lexicon().phrase_heads) & same_text).then(
        pl.concat_str("key", pl.lit(" "), pl.col("key").shift(-1))
    )
    paired = tokens.with_columns(pair=pair).with_columns(
        pair=pl.when(pl.col("pair").is_in(_known_terms())).then("pair")
    )
    looked_up = pl.when(pl.col("pair").shift(1).is_null()).then(pl.coalesce("pair", "key"))
    return (
        paired.with_columns(looked_up=looked_up)
        .join(terms, left_on="looked_up", right_on="term", how="left", maintain_order="left")
        .with_columns(pl.col("boost").fill_null(0.0), pl.col("negates", "profane", *EMOTIONS).fill_null(False))
    )


def _in_context(tokens: pl.DataFrame) -> pl.DataFrame:
    """Apply intensifiers, diminishers, negations and capitals to the words that they reach."""
    valued = pl.col("valence").is_not_null()
    tokens = tokens.with_columns(
        sentence=((pl.col("row") != pl.col("row").shift(1)).fill_null(True) | pl.col("is_end")).cum_sum()
    )

    def reaching(column: str, back: int, otherwise: float | bool) -> pl.Expr:
        same_sentence = pl.col("sentence") == pl.col("sentence").shift(back)
        return pl.when(same_sentence).then(pl.col(column).shift(back)).otherwise(otherwise)

    # "terribly good": what serves another word says nothing of its own.
    serves = (pl.col("boost") != 0) & valued.shift(-1) & (pl.col("sentence") == pl.col("sentence").shift(-1))
    boost = pl.sum_horizontal(reaching("boost", back, 0.0) * weight for back, weight in _REACH.items())
    # "don't fuck it up" is no praise, and a face after "I don't know" is not turned over.
    can_turn = ~pl.col("profane") & ~pl.col("is_emoji")
    negated = can_turn & pl.any_horizontal(reaching("negates", back, False) for back in _REACH)
    tokens = tokens.with_columns(
        valence=pl.when(~serves.fill_null(False) & ~pl.col("negates")).then("valence"), boosted=boost, negated=negated
    )
    stressed = pl.col("valence") + pl.col("valence").sign() * (
        pl.col("boosted") + _CAPITALS_STRESS * pl.col("capitals")
    )
    stirring = (pl.col("arousal") - NEUTRAL) * pl.when("negated").then(_NEGATED_AROUSAL).otherwise(
        (1 + pl.col("boosted")).clip(*_STRESS_BOUNDS)
    )
    return tokens.with_columns(
        valence=pl.when("negated").then(stressed * _NEGATION).otherwise(stressed), stirring=stirring
    )


def _sums(tokens: pl.DataFrame) -> pl.DataFrame:
    """Return one row a text that has tokens: sums and counts of what its tokens say."""
    return tokens.group_by("row").agg(
        pl.col("valence").sum().alias("valence"),
        pl.col("valence").count().alias("valence_hits"),
        pl.col("stirring").sum().alias("stirring"),
        pl.col("stirring").count().alias("stirring_hits"),
        word_count=pl.col("is_word").sum(),
        intensifier_count=(pl.col("boost") > 0).sum(),
        diminisher_count=(pl.col("boost") < 0).sum(),
        negation_count=pl.col("negates").sum(),
        profanity_count=pl.col("profane").sum(),
        emoji_count=pl.col("is_emoji").sum(),
        **{f"{emotion}_count": (pl.col(emotion) & ~pl.col("negated")).sum() for emotion in EMOTIONS},
    )


def _scores() -> list[pl.Expr]:
    """Return the features, in their order, of the sums of a text (zeros where it has no token)."""

    def density(column: str) -> pl.Expr:
        return pl.col(column) / (pl.col(f"{column}_hits") + 1 + _WORDS_PER_HIT * pl.col("word_count"))

    pleasant = density("valence") / _HALF_VALENCE
    scores = {
        "lexical_valence": NEUTRAL + 0.5 * pleasant / (1 + pleasant**2).sqrt(),
        "lexical_arousal": (NEUTRAL + density("stirring")).clip(0.0, 1.0),
    }
    return [scores.get(name, pl.col(name)).cast(pl.Float64).alias(name) for name in LEXICAL_NAMES]
