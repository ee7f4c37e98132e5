"""From what one person wrote to an impersonal statement of the problem.

Belongs here: English questions, first-person reports and pleas turned into statements. A sentence that no rule knows
(another language, too) passes through as it is. Does not belong here: choosing the best sentence (``titles``).
"""

import re
from dataclasses import dataclass
from typing import Literal

from painpoint_platform.llm.embedded.grammar import (
    BE,
    DETERMINERS,
    DO,
    HAVE,
    MODAL,
    PARTICIPLES,
    VERBS,
    expand,
    is_predicate_start,
    participle,
    past,
    third_person,
)  # fmt: skip
from painpoint_platform.llm.embedded.words import word_set

Form = Literal["statement", "cannot", "unclear", "wish", "topic", "theme"]
LONGEST_SENTENCE = 160

# Texts have single spaces here (``posts``), so patterns do too.
OPENER = re.compile(
    "(?i)^(?:"
    + "|".join(
        (
            r"(?:hi|hello|hey|so|and|but|or|also|well|ok|okay|today|recently|currently|sometimes|please|help"
            r"|urgent|note"
            r"|anyway|however|moreover|therefore|unfortunately|apparently)"
            r"(?: (?:me|there|all|everyone|guys|team|please))* ?[,!:.]*",
            r"(?:after |since )?(?:update|upgrade|updating|upgrading)(?: to)?(?=,)",
            r"for some (?:weird |strange |odd )?reason,?",
            r"it (?:seems|looks|appears)(?: (?:like|that|as if))?",
            r"(?:i|we) (?:also |just |really )?(?:have )?(?:think|believe|noticed?|found(?: out)?|guess|feel"
            r"|reali[sz]ed"
            r"|suspect|am afraid|am sure|can see|see|discovered)(?: that)?"
            r"(?= (?:the|my|that|it|there|this|when|a|an|i|we|some|all|our)\b)",
            r"(?:can|could|would) (?:you|someone|anyone|anybody) (?:please )?(?:tell|explain|help|clarify"
            r"|provide|give|say)"
            r"(?: (?:to )?(?:me|us))?(?: (?:with|understand|a reason|as to|know|about))*",
            r"(?:do|does) (?:you|anyone|anybody|someone) know(?: of)?",
            r"(?:please )?(?:tell|explain to|let) me(?: know)?",
            r"(?:i|we) (?:want|need|would like) to (?:know|understand|ask)(?: about)?",
            r"(?:i|we) (?:was|am|were|are) (?:just )?(?:wondering|curious|confused|not sure|unsure)(?: (?:about"
            r"|as to))?",
            r"any ideas?|is there a reason|not sure|wondering|questions? about",
        )
    )
    + r")(?=[ ,])[ ,]*"
)
CLOSER = re.compile(
    r"(?i)(?:[,.;]? ?(?:please(?: help)?|help(?: me)?|thanks.*|thank you.*|any (?:ideas?|help|advice).*|anyone else)"
    r"|,? (?:and|so)? ?(?:what|how|where|why) (?:can|could|should|do|to|is|would|has)\b.*)[ ?!.]*$"
)
LITERAL = re.compile(
    "(?i)"
    + "|".join(
        (
            r""" (?:with|of|for) (?:id|key|name|number|code) ["'“]?[\w#-]*\d[\w-]*["'”]?""",
            r""" ?["'“]#?\d+["'”]""",
            r" ?(?<!\w)#\d+\b",
            r" (?:(?:in|on|since|from|at|with|after|to|of"
            r"|for) )?(?:(?:the )?version )?v?\d+\.\d+(?:\.\d+)*[\w.-]*(?!\S*\w)",
        )
    )
)
# What "I have not received my card" says of the card, for one and for several.
UNSEEN = {
    "receive": ("has not been received", "have not been received"),
    "see": ("is not visible", "are not visible"),
    "find": ("cannot be found", "cannot be found"),
}
WISH = re.compile(
    r"(?i)^(?:allow|support|add|provide|enable|introduce|implement|make|let|consider|expose|improve|offer)\b"
)
ASKING = r"(?:what|which|who|where|when|how(?: (?:much|many|long|often|old|soon|far))?)"
AUXILIARIES = "|".join(sorted(BE | HAVE | DO | MODAL))
WH_PERSON = re.compile(
    r"(?i)((?:(?:at|in|on|for|to|with) )?(?:what|which|how (?:many|much|long|often|soon)|where"
    r"|when)\b(?: [\w-]+){0,4}?) "
    r"(do|does|can|could|should|may|must|will) (i|we|you|one) (\w+)(.*)"
)
INABILITY = re.compile(
    r"(?i)(?:(?:i|we|users?|it is) )?(?:(?:still|also|just) )?(?:cannot(?: seem to)?|could not"
    r"|(?:am |are |was |were )?(?:unable|not able|impossible|not possible) to|failed to) (.+)"
)
NOT_RECEIVED = re.compile(
    r"(?i)(?:i|we) (?:still )?(?:have not|have yet to|did not|never|do not) (?:yet |still |even )*"
    r"(receive|get|got|see|find)(?:d|ten|n)? ([^,.;]+)"
)
PRONOUN = re.compile(r"(?i)\b(?:i|me|we|us|you|mine|myself|he|she)\b")


DANGLING = word_set("a an the and or but of to in on at by for from with is are was were this that it not when if as")
# Not those that may as well belong to a noun: "set" and "cost", and "found" in "file not found".
INFLECTED = frozenset(form for verb in VERBS for form in (third_person(verb), past(verb))) - VERBS - PARTICIPLES
# What is asked for is what something is done to, so that the question has no other object: not "how often".
OBJECT = re.compile(r"(?i)(?:\w+ )?(?:what|which|how (?:many|much))\b")
NO_BEGINNING = (BE | HAVE | MODAL | word_set("to of and or but that with from")) - {"cannot"}
LONGEST_WORD = 14
VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True, slots=True)
class Statement:
    """An impersonal wording and what kind of sentence it is.

    ``statement`` has subject and verb, ``cannot`` starts with that word, ``unclear`` with that word before a question,
    ``wish`` with an imperative; ``topic`` is a fragment, ``theme`` only names what problems are about.
    ``personal``: first or second person remains.
    """

    text: str
    form: Form
    personal: bool


def rewrite(sentence: str) -> Statement | None:
    """Return the statement that a sentence amounts to, or None when nothing is left of it."""
    is_question = sentence.rstrip().endswith("?")
    if len(sentence) > LONGEST_SENTENCE or sentence.count("(") != sentence.count(")"):
        return None
    text = LITERAL.sub("", expand(" ".join(sentence.split()).strip(" \"'“”")))
    text = CLOSER.sub("", _repeatedly(OPENER, text)).strip(" ,.;:!?-")
    if not text:
        return None
    text, form = _form(text, is_question)
    text = _impersonal(text)
    if len(text) < 3 or text.split(maxsplit=1)[0].lower() in NO_BEGINNING:
        return None
    if form != "unclear" and text.split()[-1].lower() in DANGLING:
        return None
    return Statement(_capitalised(text), form, bool(PRONOUN.search(text)))


def _form(text: str, is_question: bool) -> tuple[str, Form]:
    for rule in (_why, _how_to, _what_is, _wh_one, _wh_inverted, _existence, _possibility, _indirect):
        if rewritten := rule(text):
            text, form = rewritten
            if form == "statement":
                is_question = False
                break
            return rewritten
    if is_question and (asked := _yes_no(text)):
        return asked
    for personal_rule in (_inability, _not_received, _acted):
        if rewritten := personal_rule(text):
            return rewritten
    if WISH.match(text):
        return text, "wish"
    # A question that no rule could turn states nothing.
    return text, "statement" if has_verb(text) and not is_question else "topic"


def _why(text: str) -> tuple[str, Form] | None:
    match = re.match(r"(?i)(?:why|how come) (.+)", text)
    if not match:
        return None
    rest = match.group(1)
    is_indirect = rest.split()[0].lower() not in BE | HAVE | DO | MODAL
    stated = rest if is_indirect else _inverted(rest)
    return (stated, "statement") if stated else None


def _inverted(rest: str) -> str | None:
    """``is my top up still pending`` → ``my top up is still pending``; None where the subject's end is not found."""
    words = rest.split()
    auxiliary, negated = words[0].lower(), len(words) > 1 and words[1].lower() == "not"
    if auxiliary not in BE | HAVE | DO | MODAL:
        return None
    subject_and_rest = words[2 if negated else 1 :]
    start = 2 if subject_and_rest and subject_and_rest[0].lower() in DETERMINERS else 1
    for at in range(start, len(subject_and_rest)):
        if is_predicate_start(subject_and_rest[at], auxiliary, is_last=at == len(subject_and_rest) - 1):
            subject, predicate = subject_and_rest[:at], subject_and_rest[at:]
            return " ".join((*subject, *_predicate(auxiliary, negated, predicate)))
    return None


def _predicate(auxiliary: str, negated: bool, predicate: list[str]) -> list[str]:
    if auxiliary in DO and not negated and predicate[0].lower() in VERBS:
        inflected = past(predicate[0]) if auxiliary == "did" else third_person(predicate[0])
        return [inflected if auxiliary != "do" else predicate[0], *predicate[1:]]
    return [auxiliary, *(["not"] if negated else []), *predicate]


def _how_to(text: str) -> tuple[str, Form] | None:
    match = re.match(r"(?i)how (?:(?:do|can|could|should|would|may|might) (?:i|we|you|one)|to) (.+)", text)
    return (f"Unclear how to {match.group(1)}", "unclear") if match else None


def _what_is(text: str) -> tuple[str, Form] | None:
    match = re.match(r"(?i)(what|where|who|which|when) (is|are|was|were) (.+)", text)
    if not match:
        return None
    word, verb, subject = match.groups()
    if word.lower() in {"what", "which"} and re.search(r"\b(?:can|do|does|did|is|are|happen\w*)\b", subject):
        return None
    return f"Unclear {word.lower()} {subject} {verb}", "unclear"


def _wh_one(text: str) -> tuple[str, Form] | None:
    match = WH_PERSON.match(text)
    if not match:
        return None
    asked, auxiliary, who, verb, rest = match.groups()
    if auxiliary.lower() in DO:
        if who.lower() == "you":
            if not OBJECT.match(asked):
                return None
            is_are = "is" if asked.lower() == "what" else "are"
            return f"Unclear {asked.lower()} {is_are} {participle(verb)}{rest}", "unclear"
        return f"Unclear {asked.lower()} users {verb}{rest}", "unclear"
    return f"Unclear {asked.lower()} users {auxiliary.lower()} {verb}{rest}", "unclear"


def _wh_inverted(text: str) -> tuple[str, Form] | None:
    """``how long will the transfer take`` → ``Unclear how long the transfer will take``."""
    match = re.match(rf"(?i)((?:for )?{ASKING}(?: \w+)??) (?=(?:{AUXILIARIES})[ ])(.+)", text)
    stated = _inverted(match.group(2)) if match else None
    return (f"Unclear {match.group(1).lower()} {stated}", "unclear") if match and stated else None


def _indirect(text: str) -> tuple[str, Form] | None:
    """A question whose order is that of a statement, or that was quoted: ``which machines accept this card``."""
    match = re.match(r"(?i)(?:if (?=it|there|the[ ])|whether )(?P<said>.+)", text)
    if match:
        return f"Unclear whether {match.group('said')}", "unclear"
    is_question = re.match(
        rf"(?i)(?:{ASKING} (?:to|i|we)\s|(?:for )?(?:what|which|how \w+) (?!(?:{AUXILIARIES})[ ]))", text
    )
    return (f"Unclear {text[0].lower()}{text[1:]}", "unclear") if is_question else None


def _existence(text: str) -> tuple[str, Form] | None:
    match = re.match(r"(?i)(is|are) there (.+)", text)
    return (f"Unclear whether there {match.group(1).lower()} {match.group(2)}", "unclear") if match else None


def _possibility(text: str) -> tuple[str, Form] | None:
    match = re.match(r"(?i)(?:(?:can|could|may) (?:i|we|you|one|it)|is it possible to|am i able to) (.+)", text)
    return (f"Unclear whether it is possible to {match.group(1)}", "unclear") if match else None


def _yes_no(text: str) -> tuple[str, Form] | None:
    asked = _inverted(text) if len(text.split()) > 2 else None
    return (f"Unclear whether {asked}", "unclear") if asked else None


def _inability(text: str) -> tuple[str, Form] | None:
    match = INABILITY.match(text)
    return (f"Cannot {match.group(1)}", "cannot") if match else None


def _not_received(text: str) -> tuple[str, Form] | None:
    match = NOT_RECEIVED.match(text)
    if not match:
        return None
    thing = re.split(r"(?i) (?:and|but|so|even|yet|since|because)\s", match.group(2))[0]
    is_plural = thing.lower().endswith("s") and not thing.lower().endswith("ss")
    return f"{thing} {UNSEEN.get(match.group(1).lower(), UNSEEN['receive'])[is_plural]}", "statement"


def _acted(text: str) -> tuple[str, Form] | None:
    """Drop the person from a report: ``I was charged twice`` → ``Charged twice``, ``I lost it`` → ``Lost it``."""
    if match := re.match(r"(?i)(?:i|we) (?:really |just )?(?:would like|want|need|wish) (.+)", text):
        return f"Need {match.group(1)}", "topic"
    if match := re.match(r"(?i)(?:i|we) ((?:still )?(?:(?:do|did|have|had|will|would) not|never) .+)", text):
        return f"Users {match.group(1)}", "statement"
    match = re.match(
        r"(?i)(?:i|we) (?:(?:have|had|am|was|were|are|got|just|been|being|recently|also|keep) )*(.+)", text
    )
    return (match.group(1), "topic") if match else None


def _capitalised(text: str) -> str:
    """Capitalise a word; an identifier or an abbreviation keeps its spelling (``useEffect``, ``npm``)."""
    first = text.split(maxsplit=1)[0]
    is_word = first.isalpha() and first.islower() and len(first) <= LONGEST_WORD and bool(VOWEL.search(first))
    return text[0].upper() + text[1:] if is_word else text


def has_verb(text: str) -> bool:
    """Whether an English text seems to have a verb after its first word, as a statement does."""
    words = [word.lower().strip(",;:") for word in text.split()]
    if any(word in BE | HAVE | DO | MODAL for word in words[1:]):
        return True
    # A base form that stands last is a noun: "CUDA support".
    return any(word in INFLECTED for word in words[1:]) or any(word in VERBS for word in words[1:-1])


def _impersonal(text: str) -> str:
    text = re.sub(r"(?i)^(?:my|our|your|the|a|an|this|these) (?=\w)", "", text)
    text = re.sub(r"(?i)\b(?:my|our|your)\b", "the", text)
    text = re.sub(r"(?i)\b(allow|let|give|tell|ask|show|charge)(s|ed)? (?:me|us)\b", r"\1\2 users", text)
    text = re.sub(r"(?i) ?\b(?:for|to|with|at) (?:me|us)\b", "", text)
    text = re.sub(r"(?<=[ ])(?:I|i|we) (?:am|was)\b", "users are", text)
    text = re.sub(r"(?<=[ ])(?:I|i|we)(?= \w)", "users", text)
    return " ".join(text.split()).strip(" ,.;:!?-\"'")


def _repeatedly(pattern: re.Pattern[str], text: str) -> str:
    while (shorter := pattern.sub("", text, count=1)) != text:
        text = shorter
    return text
