"""The little English that rewriting needs: contractions, auxiliaries, common verbs and their endings.

Belongs here: word lists and inflection. Does not belong here: the rewriting itself (``rewriting``).
"""

import re

from painpoint_platform.llm.embedded.words import word_set

CONTRACTIONS = {
    "can't": "cannot", "cant": "cannot", "can not": "cannot", "won't": "will not", "wont": "will not",
    "isn't": "is not", "isnt": "is not", "aren't": "are not", "wasn't": "was not", "weren't": "were not",
    "doesn't": "does not", "doesnt": "does not", "doesnt'": "does not", "don't": "do not", "dont": "do not",
    "didn't": "did not", "didnt": "did not", "didint": "did not", "haven't": "have not", "havent": "have not",
    "hasn't": "has not", "hasnt": "has not", "hadn't": "had not", "couldn't": "could not", "wouldn't": "would not",
    "shouldn't": "should not", "i'm": "I am", "im": "I am", "i've": "I have", "i'd": "I would", "we're": "we are",
    "we've": "we have", "it's": "it is", "that's": "that is", "there's": "there is", "what's": "what is",
    "where's": "where is", "you're": "you are",
}  # fmt: skip
_CONTRACTION = re.compile(
    r"(?i)(?<![\w-])(" + "|".join(map(re.escape, sorted(CONTRACTIONS, key=len, reverse=True))) + r")(?![\w-])"
)

BE = word_set("is are was were")
HAVE = word_set("has have had")
DO = word_set("do does did")
MODAL = word_set("can cannot could will would should must may might")
DETERMINERS = word_set("the a an my our your this that these those his her their its any some every each")

# Small words that are a predicate only at the very end: "why is it down" but not "why is top up pending".
PARTICLES = word_set("out in on off up down")
# Words that begin the predicate of an inverted question, where the subject ends.
ADVERBS = word_set("not still always never only already now being so constantly suddenly no even also too yet")
STATES = word_set(
    """
    wrong pending down slow broken missing incorrect different higher lower empty blank unavailable invalid stuck
    frozen gone lost stolen shown unable available ready late low high large big small unresponsive useless
    inconsistent inaccurate unclear undefined null unsafe insecure bad too
    """
)
PARTICIPLES = word_set(
    """
    been gone come done made sent got gotten taken given seen found lost stolen paid held put set cut run kept left
    built broken frozen shown shut chosen written
    """
)
VERBS = word_set(
    """
    accept activate add allow answer appear apply arrive be become block break build cancel cause change charge
    clear click close come compile complete connect contain convert copy cost crash create cut decline delete
    deliver deploy detect disappear display download drain drop edit enable ends exchange exist expire fail find
    finish fit fix flicker freeze get give go hang happen have ignore import include increase install keep last leak
    let link list load lock log lose make match miss mount move need offer open overheat overwrite parse pass pay
    persist play print process produce provide push reach read receive recognize refresh refuse reject reload remain
    remove render replace reply report require reset resolve respond restart restore return run save say scroll see
    send serialize set ship show shut sign skip slow sort spin start stay stop submit support sync take throw time
    trigger try turn type update upgrade upload use validate verify wait wake warn work write
    """
)

# Past and participle of the verbs above, and of others that a question may have, that do not end in "ed".
IRREGULAR = {
    verb: (past, participle)
    for verb, past, participle in (
        line.split()
        for line in """
        be was been|become became become|begin began begun|break broke broken|bring brought brought|build built built
        buy bought bought|choose chose chosen|come came come|cost cost cost|cut cut cut|do did done|draw drew drawn
        find found found|fit fit fit|freeze froze frozen|get got got|give gave given|go went gone|hang hung hung
        have had had|hold held held|keep kept kept|know knew known|leave left left|let let let|lose lost lost
        make made made|mean meant meant|overwrite overwrote overwritten|pay paid paid|put put put|read read read
        reset reset reset|run ran run|say said said|see saw seen|sell sold sold|send sent sent|set set set
        show showed shown|shut shut shut|speak spoke spoken|spend spent spent|spin spun spun
        submit submitted submitted|take took taken|tell told told|think thought thought|throw threw thrown
        wake woke woken|write wrote written
        """.strip().replace("\n", "|").split("|")
    )
}  # fmt: skip
# One syllable that ends in a short vowel and a consonant.
DOUBLING = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")


def expand(text: str) -> str:
    """Write contractions in full."""

    def full(match: re.Match[str]) -> str:
        words = CONTRACTIONS[match.group(1).lower()]
        return words[0].upper() + words[1:] if match.group(1)[0].isupper() else words

    return _CONTRACTION.sub(full, text)


def is_predicate_start(word: str, auxiliary: str, *, is_last: bool) -> bool:
    """Whether ``word`` can open the predicate after a subject, in a question with this auxiliary."""
    lower = word.lower()
    if lower in PARTICLES:
        return is_last and auxiliary in BE
    if lower in ADVERBS:
        return True
    if auxiliary in BE:
        return lower in STATES | PARTICIPLES or lower.endswith(("ing", "ed"))
    if auxiliary in HAVE:
        return lower in PARTICIPLES or lower.endswith("ed")
    return lower in VERBS


def third_person(verb: str) -> str:
    """``fail`` → ``fails``, ``crash`` → ``crashes``, ``reply`` → ``replies``."""
    if verb.lower() == "have":
        return "has"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def past(verb: str) -> str:
    """``fail`` → ``failed``, ``ship`` → ``shipped``, ``break`` → ``broke``."""
    if forms := IRREGULAR.get(verb.lower()):
        return forms[0]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if DOUBLING.fullmatch(verb) else "") + "ed"


def participle(verb: str) -> str:
    """``fail`` → ``failed``, ``do`` → ``done``: what follows ``is`` and ``are``."""
    forms = IRREGULAR.get(verb.lower())
    return forms[1] if forms else past(verb)
