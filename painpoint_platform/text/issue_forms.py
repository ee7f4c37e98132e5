"""Boilerplate that GitHub issue forms and templates put around what a reporter wrote.

Belongs here: form headings, empty answers and the sentences of a template, and removing them from paragraphs.
Does not belong here: parsing Markdown (``markup``), rules that hold for every source (``cleaning``).

The headings are recognised by vocabulary and not by a list of whole labels: a heading made only of words that forms are
made of ("Steps to reproduce", "What did you expect to happen?") says nothing about the problem.
"""

import re

from painpoint_platform.text.markup import Paragraph


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FORM_WORDS = _words(
    """
    a about actual additional affected after all alternatives an and any anything app applicable application are as
    attachments automated available been before behavior behaviors behaviour behaviours below browser browsers bug
    bugs build by call can category checklist checks clear code command comments compiler component concise config
    configuration considered console context could current custom demo describe described descripe description
    desired detail detailed details device devices did distribution do docs documentation does else encounter
    encountered env environment error errors exact example examples existing expect expected explain explanation
    extensions feature files following for framework frequency from full general github gpu happen happened
    happening happens hardware have help here how i idea if impact in include info information input install
    installation installed is issue issues it kind language latest library like link links log logs machine mcve
    memory message method minimal minimum mobile model modes motivation my name node notes number observed obtain
    obtained occur occurs of often on operating optional or os other output outputs package packages paste performed
    platform platforms please possible pre prerequisites priority problem problems project proposal proposed provide
    pull python query question questions readiness reason regression related relevant repo report repository repro
    reproduce reproduced reproducer reproducible reproducing reproduction request requested required response result
    results run running sample scenario screen screenshot screenshots search see severity share short should snippet
    software solution source specifications stack stacktrace standalone step steps string submission suggested
    suggestion summary support system tasks tell template test that the there this through time title to trace tried
    type url us use used using version versions video want was we website what when where which will with workaround
    would write you your
    """
)
# A section that asks for the surroundings gets values ("Linux Ubuntu 22.04", "Every time"), not a description.
_SURROUNDINGS = _words(
    """
    app application browser browsers category compiler component configuration custom device devices distribution
    env environment framework frequency gpu hardware install installation installed language link machine modes node
    obtain often os package packages platform platforms priority python regression severity source specifications
    system type url version versions website
    """
)
_QUESTION_OPENERS = _words("are can describe did do does have how if is please what which")
_EMPTY_ANSWERS = frozenset(
    (
        "", "no response", "n/a", "na", "n.a", "none", "nil", "null", "nothing", "not applicable", "not relevant",
        "not available", "see above", "same as above", "as above", "tbd", "todo", "see title",
    )
)  # fmt: skip
_TEMPLATE_SENTENCES = re.compile(
    r"a clear and concise description of"
    r"|add any other context or screenshots? about"
    r"|add any other context about"
    r"|if applicable, add screenshots"
    r"|steps to reproduce the behaviou?r:?$"
    r"|(?:go to|click on|scroll down to) ['\"‘“]?\.{2,5}['\"’”]?$"
    r"|see error$"
    r"|please make sure (?:that )?(?:this is|you have|you've|to (?:fill|read|search|check))"
    r"|please (?:fill|describe|search|read)\b.{0,80}\b(?:issues|template|below|form)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FORM_MARK = re.compile(r"\((?:automated|manual|optional|required|version)\)\s*:?$", re.IGNORECASE)
_KEY_VALUE = re.compile(r"([A-Za-z][\w ./()-]{0,40}):(.*)$")
_ANSWERED_QUESTION = re.compile(r"(.{4,120}\?)\s*:?\s*(?:yes|no|y|n)[.!]?$", re.IGNORECASE)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+\S*|[0-9a-f]{7,40}|\d{4}-\d\d-\d\d\S*")
_LONGEST_LABEL = 80  # words; the longest questions of templates explain how to answer them
_LONGEST_VALUE = 8  # words of an answer that is a value and not a description


def is_form_heading(heading: str) -> bool:
    """Tell whether a heading was put there by a form: only form words, or a question with at most a quarter others."""
    words = [word.removesuffix("'s").removesuffix("'d") for word in _WORD.findall(heading.lower().replace("’", "'"))]
    if not words or _FORM_MARK.search(heading):
        return True
    if len(words) > _LONGEST_LABEL:
        return False
    unknown = sum(word not in _FORM_WORDS for word in words)
    if unknown == 0 or (words[-1] in ("version", "versions") and len(words) <= 4):
        return True
    return words[0] in _QUESTION_OPENERS and unknown * 4 <= len(words)


def without_form_boilerplate(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs without form headings, empty answers, sentences of the template itself and tick boxes.

    Ticked boxes go with the empty ones: forms use them for consent ("I have searched the existing issues").
    """
    kept: list[Paragraph] = []
    asks_for_values = asks = False
    for paragraph in paragraphs:
        if paragraph.kind == "heading":
            heading = " ".join(paragraph.lines)
            asks = is_form_heading(heading)
            asks_for_values = asks and not _SURROUNDINGS.isdisjoint(_WORD.findall(heading.lower()))
            if asks:
                continue
        lines = [line for line in paragraph.lines if not _is_boilerplate(line, asks, asks_for_values)]
        if lines:
            kept.append(paragraph._replace(lines=lines))
    return kept


def _is_boilerplate(line: str, asks: bool, asks_for_values: bool) -> bool:
    text = line.strip()
    if text[:3] in ("[ ]", "[x]", "[X]", "[]"):
        return True
    bare = text.strip(" .-_*:").lower()
    if bare in _EMPTY_ANSWERS or (asks and bare in ("yes", "no")):
        return True
    if asks_for_values and text.count(" ") < _LONGEST_VALUE:
        return True
    return _TEMPLATE_SENTENCES.match(text) is not None or _states_surroundings(text)


def _states_surroundings(text: str) -> bool:
    """Tell whether a line is like "OS version: Windows_NT x64 10.0.22621", "Type: Bug" or "Steps to reproduce:"."""
    question = _ANSWERED_QUESTION.match(text)
    if question:
        return is_form_heading(question[1])
    match = _KEY_VALUE.match(text)
    if match is None:
        return False
    key, value = _WORD.findall(match[1].lower()), match[2].split()
    if not value:
        return is_form_heading(match[1])
    if not key or len(key) > 5:
        return False
    if key[-1] in ("version", "versions"):
        return len(value) <= 2 * _LONGEST_VALUE
    is_form_key = all(word in _FORM_WORDS for word in key) and not _SURROUNDINGS.isdisjoint(key)
    is_version = len(value) == 1 and _VERSION.fullmatch(value[0]) is not None
    return is_version or (is_form_key and len(value) <= _LONGEST_VALUE)
