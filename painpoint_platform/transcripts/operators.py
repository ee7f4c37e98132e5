"""Operator turns: who manages the call, and what a turn does to the exchange before it.

Belongs here: telling an operator's block from a speaker's, and an introduction from a conclusion. Does not belong here:
whether the exchange really ends (``boundaries`` looks at who speaks next).
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from painpoint_platform.transcripts.records import Block
from painpoint_platform.transcripts.speakers import Speaker, folded, parse_speaker, says_analyst, says_executive

# "invites" gives the floor without saying to whom: to the next caller, or to whoever was interrupted.
TurnKind = Literal["introduces", "invites", "concludes", "other"]

# Longer, and a phrase is something that a speaker mentions in passing.
MOST_WORDS = 60
# Of a long paragraph only the ends are read: turns of speech stand there, and time stays linear.
READ_CHARACTERS = 240

# The content patterns of the source document.
CONTENT_PATTERNS = (
    "next question",
    "question comes from",
    "question is from",
    "please hold",
    "concludes our question",
    "end of q&a",
)
NAMES_CALLER = re.compile(
    r"\b(?:next|first|last|final|following|another|our) (?:\w+ )?questions?\b(?:\W+\w+){0,4}?"
    r"\W+(?:comes?|coming|from)\b"
    r"|\bquestions? (?:is|comes?|coming|will come|will be) (?:coming )?from\b|\bline of\b"
)
INTRODUCES = re.compile(
    r"\bnext (?:question|caller|up)\b|\bhear (?:next |first )?from\b"
    r"|\b(?:go|move|turn) (?:ahead |next |now )*to\b.{0,40}\b(?:with|from|at|of)\b"
)
INVITES = re.compile(r"\bline is (?:now )?(?:open|live)\b|\bgo ahead\b|\bplease (?:proceed|continue)\b")
CONCLUDES = re.compile(
    r"\bconclud(?:e|es|ed|ing)\b|\bno (?:further|more|other|additional) questions\b"
    r"|\bend (?:of )?(?:the |our |this |today's )?(?:question|q ?& ?a|session)"
    r"|\b(?:turn|hand|pass)\b.{0,40}\b(?:back|over) (?:over )?to\b|\bclosing (?:remarks|comments)\b|\bdisconnect\b"
)
# What operators say and hardly anybody else: enough where a block has no name.
OPERATOR_SAYS = re.compile(
    r"\boperator instructions\b|\bline is (?:now )?(?:open|live)\b|\bmay (?:all )?(?:now )?disconnect\b"
    r"|\bquestion-and-answer session\b|\bconcludes (?:today's|the|our|this|your) (?:\w+ )*(?:call|program|conference)"
    r"|\bplease (?:proceed|stand ?by)\b|\bno (?:further|more|other|additional) questions\b"
)
# A turn may be nothing but the caller: "Joe Moore, Morgan Stanley." Words are kept apart by space alone, so that there
# is one way to read them and no text takes long.
_NAME = r"[A-Z][\w.'’\-]*"
_FIRM_WORD = r"(?:[\[(]?[A-Z0-9][\w.&'’\-]*[\])]?|of|and|&)"
BARE_CALLER = re.compile(
    rf"{_NAME}(?:\s+{_NAME}){{1,3}}(?:,| from| with| of| at)\s+{_FIRM_WORD}(?:\s+{_FIRM_WORD}){{0,5}}"
)
ASIDE = re.compile(r"\([^()]{0,80}\)")
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Turn:
    """What an operator's block does. ``words`` are its words in small letters, to find a caller's name among them."""

    kind: TurnKind
    words: frozenset[str]

    def names(self, speaker: Speaker) -> bool:
        """Return whether the speaker's surname is among the words."""
        return named_in(self.words, speaker)


def named_in(words: Collection[str], speaker: Speaker) -> bool:
    """Return whether a speaker's surname is among words in small letters."""
    return bool(speaker.words) and speaker.words[-1] in words


@dataclass(frozen=True, slots=True)
class Utterance:
    """A block, its parsed speaker, and the first and last words of its text: as they are, and in small letters."""

    block: Block
    speaker: Speaker
    ends: str
    small: str

    @classmethod
    def of(cls, block: Block) -> "Utterance":
        """Read a block."""
        first, last = block.paragraphs[0], block.paragraphs[-1]
        if len(block.paragraphs) == 1:
            ends = (
                first if len(first) <= 2 * READ_CHARACTERS else f"{first[:READ_CHARACTERS]} {last[-READ_CHARACTERS:]}"
            )
        else:
            ends = f"{first[:READ_CHARACTERS]} {last[-READ_CHARACTERS:]}"
        return cls(block, parse_speaker(block.speaker), ends, folded(ends))

    @property
    def is_short(self) -> bool:
        """Whether the whole block is no longer than what operators say."""
        return self.block.word_count <= MOST_WORDS

    @property
    def is_known(self) -> bool:
        """Whether title or flag say that this is an analyst or an executive."""
        return self.block.flag is not None or says_analyst(self.speaker) or says_executive(self.speaker)

    @property
    def names_caller(self) -> bool:
        """Whether it says whose question is next."""
        return bool(NAMES_CALLER.search(self.small) or BARE_CALLER.fullmatch(ASIDE.sub("", self.ends).strip(" .\n")))


def find_operators(utterances: Sequence[Utterance]) -> list[Turn | None]:
    """Return the operator's turn that each block is; None for everybody else's blocks.

    The speaker field decides where it can: who is named operator is one, and whose title or flag makes them analyst or
    executive is none. Of the others,

    - who mostly introduces callers is the operator, where nobody is named so;
    - a block that introduces a caller is the operator's, as with a second operator under their own name;
    - where there is no operator at all, or a block has no name, any short block that reads like an operator's is one,
      and without a name also one that is nothing but the caller, or closes the call.
    """
    unknown = [utterance for utterance in utterances if not (utterance.speaker.is_operator or utterance.is_known)]
    operators = {one.speaker.key for one in utterances if one.speaker.is_operator} or _elected(unknown)
    turns = {one.block.index for one in unknown if one.is_short and _reads_like_operator(one, operators)}
    return [_turn(one) if one.speaker.key in operators or one.block.index in turns else None for one in utterances]


def _elected(unknown: Sequence[Utterance]) -> set[str]:
    """Return the speakers of whose blocks at least two, and more than half, introduce a caller."""
    spoken = Counter(one.speaker.key for one in unknown if one.speaker.words)
    introducing = Counter(one.speaker.key for one in unknown if one.speaker.words and one.is_short and one.names_caller)
    return {key for key, count in introducing.items() if count >= 2 and 2 * count > spoken[key]}


def _reads_like_operator(one: Utterance, operators: Collection[str]) -> bool:
    if not one.speaker.words:
        return one.names_caller or bool(OPERATOR_SAYS.search(one.small)) or _has_content_pattern(one)
    # To an operator who is there, "next question, please" is what somebody else says.
    return bool(NAMES_CALLER.search(one.small)) if operators else _has_content_pattern(one)


def _has_content_pattern(one: Utterance) -> bool:
    return any(pattern in one.small for pattern in CONTENT_PATTERNS)


def _turn(one: Utterance) -> Turn:
    words = frozenset(WORD.findall(one.small))
    # "That concludes his question. Our next question comes from Ann Lee" goes on.
    if one.names_caller:
        return Turn("introduces", words)
    if CONCLUDES.search(one.small):
        return Turn("concludes", words)
    if INTRODUCES.search(one.small):
        return Turn("introduces", words)
    return Turn("invites" if INVITES.search(one.small) else "other", words)
