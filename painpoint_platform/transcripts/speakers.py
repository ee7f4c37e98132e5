"""The speaker field: who it names, with which title and firm, and whether two of them are the same person.

Belongs here: what one field says by itself. Does not belong here: what the rest of the call says about a speaker
(``roles``).

Printed transcripts write "Name, Title, Firm", "Name, Firm - Title", "Name -- Firm -- Title", "Name (Title, Firm)",
"Name, -" or a bare name, and stand-ins such as "Operator", "Unidentified Analyst", "Speaker 2" or "Q" where the name is
not known.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["person", "operator", "unidentified_analyst", "unidentified_executive", "unidentified"]

OPERATOR = re.compile(
    r"(?:unidentified |the )?(?:(?:conference|call|event|webcast|teleconference) )*"
    r"(?:operator|moderator|coordinator|facilitator|(?:conference|call|event) host)(?: \w{1,2})?"
)
OPERATOR_TITLES = frozenset({"operator", "conference operator", "moderator", "conference moderator", "conference host"})
UNIDENTIFIED = re.compile(r"\b(?:unidentified|unknown|unnamed|unverified)\b")
# A part in the call instead of a name: "Analyst", "Q", "Company Representative 2", "SPEAKER_01".
STAND_IN = re.compile(
    r"(?:the )?(?:(?:company|corporate|conference|call|audience|management|research|equity|male|female) )*"
    r"(?:analyst|audience|member|participant|caller|shareholder|investor|attendee|questioner|question|q|answer|a"
    r"|executive|company|management|representative|speaker|voice)s?(?:[ _#]*\d{1,3})?"
)
NUMBERED = re.compile(r"\d$")
ANALYST = re.compile(r"\banalysts?\b")
ANSWERS = re.compile(r"\b(?:company|corporate|executive|management|answers?|a)\b")
ASKS = re.compile(r"\b(?:audience|participant|caller|shareholder|investor|attendee|questioner|question|q)s?\b")

# Ranks that banks and companies share (director, vice president, associate) say nothing.
ANALYST_TITLE = re.compile(r"\b(?:analyst|strategist|(?:equity|internet) research|research associate)\b")
EXECUTIVE_TITLE = re.compile(
    r"\b(?:chief\b.{0,60}\bofficer|c[a-z]{1,2}o|chair(?:man|woman|person)?|(?:co-?)?founder|treasurer|controller"
    r"|general counsel|investor relations|ir|(?<!vice )president|secretary|general manager)\b"
)
RESEARCH_FIRM = re.compile(r"\b(?:research|securities|equities|capital markets|bank|asset management)\b")

HONORIFICS = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "madam"})
# After a comma these belong to the name or firm before it.
NAME_SUFFIX = re.compile(r"(?:jr|sr|i{2,3}|iv|cfa|cpa|ph\.? ?d|m\.? ?d|mba|esq)\.?", re.IGNORECASE)
FIRM_SUFFIX = re.compile(
    r"(?:inc|incorporated|llc|l\.l\.c|llp|lllp|l\.?p|ltd|limited|plc|corp|co|n\.?v|s\.?a|ag|gmbh|se)\.?"
    r"|research division",
    re.IGNORECASE,
)
LONGEST_FIELD = 500
SOMETHING = re.compile(r"\w")
WORDS = re.compile(r"[^\W_]+")
# Signs that some sources set where others set a comma or " - ", and what they add to a name.
LONG_DASH = re.compile(r"\s*(?:—|--+)\s*|\s–\s")
IN_BRACKETS = re.compile(r"([^()]+?)\s*\(([^()]*)\)(?:\s*[,:-]\s*(.*))?")
NOT_SURE = re.compile(r"\s*[\[(](?:ph|phonetic|sp|inaudible|indiscernible)[.?]?[\])]", re.IGNORECASE)
PART_BEFORE_NAME = re.compile(r"(?:q|a|question|answer)(?: - |\s*:\s*)(?=\S)", re.IGNORECASE)
SEPARATOR = re.compile(r",| - ")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker field, taken apart. ``title`` and ``firm`` are None where the field has none.

    ``words`` are the words of the name in small letters without accents, initials and suffixes; empty for a stand-in.
    """

    name: str
    title: str | None
    firm: str | None
    kind: Kind
    words: tuple[str, ...]

    @property
    def key(self) -> str:
        """One text for all ways in which this name is printed in a call."""
        return " ".join(self.words) or folded(self.name)

    @property
    def is_anybody(self) -> bool:
        """Whether the field does not even say which part its speaker has: two such blocks may be of two people."""
        return self.kind == "unidentified"

    @property
    def is_operator(self) -> bool:
        """Whether the field says that this is the call's operator, moderator or conference host."""
        return self.kind == "operator"


@lru_cache(maxsize=65_536)
def parse_speaker(field: str) -> Speaker:
    """Take a speaker field apart. Never fails: what cannot be told is None, and what is too long for a name is cut."""
    name, *rest = SEPARATOR.split(_plain(field[:LONGEST_FIELD]), maxsplit=1)
    name, parts = _without_suffixes(name.strip(), "".join(rest))
    firm, title = _firm_and_title(parts)
    kind = _kind(folded(name), folded(title or ""))
    return Speaker(name, title, firm, kind, _words(name) if kind == "person" else ())


def same_person(one: Speaker, other: Speaker) -> bool:
    """Return whether two fields name the same person, as far as names can say.

    A surname alone is the person of that surname; "J. Smith" may be John, but Jane Smith is not John Smith. Stand-ins
    are the same where their fields are; whether it is still the same voice, only the call can say.
    """
    if not one.words or not other.words:
        return one.kind == other.kind and one.key == other.key
    if one.words == other.words:
        return True
    shorter, longer = sorted((one.words, other.words), key=len)
    if len(shorter) == 1:
        return shorter[0] in (longer[0], longer[-1])
    # "Chuck" is Charles (Chuck) Robbins, too.
    return shorter[-1] == longer[-1] and (_same_first(shorter[0], longer[0]) or shorter[0] in longer[1:-1])


def says_analyst(speaker: Speaker) -> bool:
    """Return whether title or firm say that the speaker is an analyst."""
    firm = folded(speaker.firm or "")
    return bool(
        speaker.kind == "unidentified_analyst"
        or firm.endswith("research division")
        or ANALYST_TITLE.search(folded(speaker.title or ""))
    )


def says_executive(speaker: Speaker) -> bool:
    """Return whether the title says that the speaker holds an office of the company."""
    if speaker.kind == "unidentified_executive":
        return True
    return not says_analyst(speaker) and bool(EXECUTIVE_TITLE.search(folded(speaker.title or "")))


def folded(text: str) -> str:
    """Return the text in small letters, without accents, runs of space as one."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.lower().split())


def _plain(field: str) -> str:
    """Return the field as "Name, rest" or "Name - rest", whatever signs the source sets between its parts."""
    field = LONG_DASH.sub(" - ", NOT_SURE.sub("", field.replace(";", ",", 1))).strip(" :<>[]")
    if parts := IN_BRACKETS.fullmatch(field):
        field = ", ".join(part for part in parts.groups() if part)
    found = PART_BEFORE_NAME.match(field)
    return field[found.end() :] if found else field


def _without_suffixes(name: str, rest: str) -> tuple[str, str]:
    """Give "Jr." and "CFA" after the first comma back to the name."""
    while True:
        first, _, others = rest.partition(",")
        if not NAME_SUFFIX.fullmatch(first.strip()):
            return name, rest.strip()
        name, rest = f"{name}, {first.strip()}", others


def _firm_and_title(rest: str) -> tuple[str | None, str | None]:
    """Tell "Firm - Title" from "Title, Firm"; one part alone is a title if it reads like one."""
    rest = rest.removesuffix("-").rstrip(", ")
    if " - " in rest:
        firm, _, title = rest.partition(" - ")
        return _text(firm), _text(title)
    parts: list[str] = []
    for part in (part.strip() for part in rest.split(",")):
        if parts and FIRM_SUFFIX.fullmatch(part):
            parts[-1] = f"{parts[-1]}, {part}"
        else:
            parts.append(part)
    if len(parts) > 1:
        return _text(parts[-1]), _text(", ".join(parts[:-1]))
    only = folded(parts[0])
    is_title = ANALYST_TITLE.search(only) if not RESEARCH_FIRM.search(only) else None
    if is_title or EXECUTIVE_TITLE.search(only) or only in OPERATOR_TITLES:
        return None, _text(parts[0])
    return _text(parts[0]), None


def _text(part: str) -> str | None:
    return part.strip() if SOMETHING.search(part) else None


def _kind(name: str, title: str) -> Kind:
    if OPERATOR.fullmatch(name) or title in OPERATOR_TITLES:
        return "operator"
    if not SOMETHING.search(name):
        return "unidentified"
    return _part(name, title) if UNIDENTIFIED.search(name) or STAND_IN.fullmatch(name) else "person"


def _part(name: str, title: str) -> Kind:
    """Return what a stand-in says of the part that its speaker has in the call."""
    if ANALYST.search(name) or ANALYST.search(title):
        return "unidentified_analyst"
    if ANSWERS.search(name):
        return "unidentified_executive"
    if ASKS.search(name) or ASKS.search(title):
        return "unidentified_analyst"
    # A source that counts its unknown speakers tells them apart.
    return "person" if NUMBERED.search(name) else "unidentified"


def _words(name: str) -> tuple[str, ...]:
    words = WORDS.findall(folded(name.partition(",")[0]))
    while len(words) > 1 and words[0] in HONORIFICS:
        del words[0]
    whole = [word for place, word in enumerate(words) if place == 0 or not _is_initial(word)]
    while len(whole) > 1 and NAME_SUFFIX.fullmatch(whole[-1]):
        whole.pop()
    return tuple(whole)


def _is_initial(word: str) -> bool:
    # Where letters have no capitals, one of them is a whole name.
    return len(word) == 1 and word != word.upper()


def _same_first(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
