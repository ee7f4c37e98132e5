"""How feedback on a course is written: its abbreviations, hedges and consequences, and the cause inside a summary.

Belongs here: one text to compare and one short sentence to show for each summary. Does not belong here: what kind of
problem it is (``course_themes``).
"""

import re
from collections.abc import Sequence

from painpoint_platform.llm.embedded.grammar import expand, third_person
from painpoint_platform.llm.embedded.posts import DIRECTIVE, LINK, MASKED, WHITE_SPACE
from painpoint_platform.llm.embedded.rewriting import DANGLING, has_verb
from painpoint_platform.llm.embedded.titles import decapitalised
from painpoint_platform.llm.embedded.words import GENRE_WORDS, any_of, is_content, tokens, word_set

LONGEST_CAUSE = 140
LONGEST_READ = 1_000
MOST_KIND_WORDS = 4  # of a first clause that only names the kind: "Platform malfunction"
MOST_ANNOUNCING_WORDS = 6  # of one with a colon after it, which says that more is to come
KINDS = word_set("issue issues problem problems error errors failure failures malfunction malfunctions")
# That must be left when a consequence is cut off. Without a comma it may belong to the cause: "error blocking access".
LEAST_CAUSE_WORDS = {True: 4, False: 6}
UNKNOWN = "Problem that is not described"

# The encoder has never read these as words.
ABBREVIATIONS = {
    r"OAs?": "objective assessment",
    r"(?:C\.?I\.?|CIs)": "course instructor",
    r"PBQs?": "performance-based question",
    r"VMs?": "virtual machine",
}
PRACTICE = re.compile(r"\bPAs?\b")  # "practice" or "pre-" beside a final exam, "performance assessment" by itself
COURSE_CODE = re.compile(r"(?:\b[Tt]he )?\b[A-Z]{1,4}\d{2,4}[A-Z]?\b(?: course)?")
ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")

HEDGES = any_of(
    r"""
    (?:most )?likely causes?:
    possible or
    possibl[ey]
    potentially|potential
    likely|apparently|apparent|perhaps|probably|presumably|seemingly|reportedly|allegedly|perceived as|perceived
    """
)
SEEMS = re.compile(
    r"(?i)\b(?:(appears|seems)|(appear|seem)) (?:(not to)\b|(to be)|(to have) (?=\w+ed\b)|to (\w+)|(?=\w))"
)
# What follows is what the cause leads to, or what somebody makes of it.
CONSEQUENCE = re.compile(
    r"(?i)(?<! is)(?<! are)(?<! was)(?<! were)(?<! be),? (?:and |thereby |thus |therefore )?"
    r"(?:causing|leading|leaving|resulting in|making|forcing|creating|preventing|blocking|impeding|hindering|suggesting"
    r"|indicating|implying|raising|losing|risking|requiring|impairing|negatively affecting|meaning|despite|even though"
    r"|although|compounded by|and is an? fixable|so (?:that|the|students?|they|studying|passing|changes)) "
    r"|, (?:which|while|an? (?:\S+ ){0,5}(?:issue|problem|materials?|limitation|barrier|obstacle|defect)) "
)
SENTENCE_END = re.compile(r"(?<=[\w\"'”’%])(?:[.!?](?=\s+[\"'“]?[A-Z]|\s*$)|;\s|\s+[—–-]+\s+|—)|\s*[\r\n]+\s*")
COLON = re.compile(r"(?<=\w):\s+(?=\w)")
PAIR = re.compile(r"\b([A-Za-z][a-z]{2,})/([a-z]{3,})\b")
# Of two words for the same, one will do: "Unclear/vague instructions".
SAME = tuple(
    map(
        word_set,
        (
            "unclear vague ambiguous", "platform system technical technology", "instructor professor teacher",
            "evaluator assessor grader",
        ),
    )
)  # fmt: skip
# Where a text that is too long may end.
JOINT = re.compile(
    r",?\s(?=(?:because|when|but|so|which|that|and|or|where|whose|whether|without|before|after|during|if|unless|with|while|about"
    r"|for|to|by|in|on|from|as)\b)|,\s"
)
DANGLING_AFTER_CUT = DANGLING | word_set(
    "before after during while than about into without how whether which who what where multiple such their its no"
    " based due according depending related"
)
# A clause that begins so has a verb of its own, or its end was cut off.
CLAUSE = re.compile(r",?\s(?:because|but|which|that|where|while|when|whether|if|unless|so)\s")
SHORTEST_ITEM = 3  # words after the last comma of a cut text; fewer are what is left of a list
STUDENT = re.compile(
    r"\b(?:(?:[Tt]he|[Aa]|some) )?([Ss])tudents?\b(?=(?: (?:is|was|has|does|cannot|can|could|did|must|will|would|may"
    r"|should|had|to|from|who|with|unable|unsure|uncertain|and|or|not|already|still|into|for|in|at|on)\b| *[,.;]| *$))"
    r"( (?:is|was|has|does)\b)?"
)
PLURAL_VERBS = {" is": " are", " was": " were", " has": " have", " does": " do"}

FEELINGS = word_set(
    """
    angry anger anxiety anxious annoyed annoying annoyance awful bad bored boring burnout challenging concern concerned
    confuse confused confusing confusion demotivated demotivating despair difficult difficulty disappointed
    disappointing disappointment discouraged discouraging dislike disliked dislikes dissatisfaction dissatisfied
    distressed easy emotional enjoy enjoyed exhausted exhausting exhaustion expressed expresses expressing fear feel
    feeling feelings feels felt frustrate frustrated frustrating frustration general hard hate hated hates helpless
    horrible lost love loved mad miserable mood motivated motivation nervous nightmare overwhelm overwhelmed
    overwhelming panic sad scared staying stress stressed stressful struggle struggled struggles struggling stuck
    terrible tired tough unhappy unmotivated unspecified upset upsetting venting vague worried worries worry
    worrying
    """
)
SCENE = word_set(
    """
    anyone class classes college course courses degree exam exams experience experiences life lot people person program
    programme school semester student students studies study studying subject task tasks teacher term test tests time
    university week weeks work year years someone everyone
    """
)


def comparable(summary: str) -> str:
    """Return a summary as one reads it who does not know the course: no asides, no codes, abbreviations in words."""
    text = COURSE_CODE.sub("the course", _without_asides(summary))
    for abbreviation, words in ABBREVIATIONS.items():
        text = re.sub(rf"\b{abbreviation}\b", words, text)
    beside_exam = re.search(r"(?i)objective assessment|final exam|\bexam\b", text)
    return " ".join(PRACTICE.sub("pre-assessment" if beside_exam else "performance assessment", text).split())


def is_vague(text: str) -> bool:
    """Whether a text holds only feelings and the scene, and so nothing that a course could mend."""
    saying = [word.lower().removesuffix("'s") for word in tokens(text) if is_content(word)]
    return all(word in FEELINGS or word in SCENE or word in GENRE_WORDS for word in saying)


def short_cause(summary: str) -> str:
    """Return the cause that a summary names: its first clause, unhedged, at most ``LONGEST_CAUSE`` characters.

    Never empty and never cut inside a word; what leads the reader (links, orders to a model) is left out.
    """
    text = _plural_students(_unhedged(_without_asides(summary)))
    clauses = [_trimmed(part) for part in SENTENCE_END.split(text)]
    clauses = [clause for clause in clauses if clause and not DIRECTIVE.search(clause)] or [UNKNOWN]
    cause = shortened(PAIR.sub(_either, _cause_clause(clauses)), LONGEST_CAUSE)
    return cause[0].upper() + cause[1:] if cause[:2].islower() or cause[1:2] == " " else cause


def _without_asides(text: str) -> str:
    text = MASKED.sub(" ", LINK.sub(" ", text[:LONGEST_READ].replace("’", "'")))
    text = "".join(character if character.isprintable() else " " for character in text)
    while (shorter := ASIDE.sub("", text)) != text:
        text = shorter
    return " ".join(text.replace("`", "").replace("*", "").replace(" / ", " or ").split())


def _unhedged(text: str) -> str:
    text = re.sub(
        r"(?i)(?:,|\s+[—–-])?\s+(?:i\.e\.|e\.g\.|such as|for example|for instance|including),?\s.*?(?=$|;|\. )",
        "",
        text,
    )
    text = SEEMS.sub(_said_plainly, text)
    return " ".join(HEDGES.sub("", expand(text)).split())


def _said_plainly(match: re.Match[str]) -> str:
    one, _, not_to, to_be, to_have, verb = match.groups()
    if not_to:
        return "does not" if one else "do not"
    if verb:
        return third_person(verb) if one else verb
    if to_have:
        return ""
    return "is" + ("" if to_be else " ") if one else "are" + ("" if to_be else " ")


def _plural_students(text: str) -> str:
    def plural(match: re.Match[str]) -> str:
        return f"{match.group(1)}tudents{PLURAL_VERBS.get(match.group(2) or '', '')}"

    return STUDENT.sub(plural, text).replace("the student's", "students'").replace("The student's", "Students'")


def _cause_clause(clauses: Sequence[str]) -> str:
    """The first clause; where that only names a kind ("Platform malfunction"), with what follows it."""
    kind, *said = [part for part in COLON.split(clauses[0], maxsplit=1) if part]
    most = MOST_ANNOUNCING_WORDS if said else MOST_KIND_WORDS
    said = said or list(clauses[1:2])
    words = tokens(kind)
    if not said or len(words) > most or (has_verb(kind) and words[-1].lower() not in KINDS):
        return kind
    detail = _without_consequence(said[0])
    told = f"{kind}: {decapitalised(detail)}"
    # A longer kind tells something by itself: rather that than a detail of which the end is missing.
    is_told = len(words) <= MOST_KIND_WORDS or (len(told) <= LONGEST_CAUSE and has_verb(detail))
    return told if is_told and detail[0].isalpha() else kind


def _either(pair: re.Match[str]) -> str:
    one, other = pair.groups()
    return one if any({one.lower(), other} <= words for words in SAME) else f"{one} or {other}"


def _without_consequence(text: str) -> str:
    for match in CONSEQUENCE.finditer(text):
        if len(tokens(text[: match.start()])) >= LEAST_CAUSE_WORDS[match.group().startswith(",")]:
            return text[: match.start()]
    return text


def shortened(text: str, longest: int) -> str:
    """Cut consequences off, and then what is too long, where a clause or at least a word ends."""
    text = _trimmed(_without_consequence(text))
    if len(text) <= longest:
        return text
    for boundary in (JOINT, WHITE_SPACE):
        cuts = [match.start() for match in boundary.finditer(text, longest // 2, longest + 1)]
        heads = [_without_loose_end(text[:cut]) for cut in reversed(cuts)]
        if heads:
            return next(filter(_is_whole, heads), heads[0])
    return _trimmed(text[:longest])


def _without_loose_end(head: str) -> str:
    words = head.split()
    while len(words) > 1 and words[-1].lower().strip(",;:") in DANGLING_AFTER_CUT:
        words.pop()
    return _trimmed(" ".join(words))


def _is_whole(head: str) -> bool:
    """Whether a text that was cut off seems to end where a clause or an item does."""
    *before, clause = CLAUSE.split(head)
    *items, last = head.split(",")
    return (not before or has_verb(clause)) and (not items or len(tokens(last)) >= SHORTEST_ITEM)


def _trimmed(text: str) -> str:
    return text.strip(" \t,;:.!?-–—/").strip()
