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
from painpoint_platform.transcripts.speakers import Speaker, folded, says_analyst, says_executive

TurnKind = Literal["introduces", "concludes", "other"]

# Longer, and a phrase is something that a speaker mentions in passing.
MOST_WORDS = 60
# Of a long paragraph only the ends are read: turns of speech stand there, and time stays linear.
READ_CHARACTERS = 400

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
    r"\bline is (?:now )?(?:open|live)\b|\bnext (?:question|caller|up)\b|\bhear (?:next |first )?from\b|\bgo ahead\b"
    r"|\bplease proceed\b|\b(?:go|move|turn) (?:ahead |next |now )*to\b.{0,40}\b(?:with|from|at|of)\b"
)
CONCLUDES = re.compile(
    r"\bconclud(?:e|es|ed|ing)\b|\bno (?:further|more|other|additional) questions\b"
    r"|\bend (?:of )?(?:the |our |this |today's )?(?:question|q ?& ?a|session)"
    r"|\b(?:turn|hand|pass)\b.{0,40}\b(?:back|over) (?:over )?to\b|\bclosing (?:remarks|comments)\b|\bdisconnect\b"
)
# A turn may be nothing but the caller: "Joe Moore, Morgan Stanley."
BARE_CALLER = re.compile(
    r"(?:[A-Z][\w.'’\-]*\s+){1,3}[A-Z][\w.'’\-]*(?:,| from| with| of| at) (?:[\[(]?[A-Z][\w.&'’\-]*[\])]?[\s.]*){1,6}"
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


def find_operators(blocks: Sequence[Block], speakers: Sequence[Speaker]) -> tuple[Turn | None, ...]:
    """Return the operator's turn that each block is; None for everybody else's blocks.

    The speaker field decides where it can: who is named operator is one, and whose title or flag makes them analyst or
    executive is none. Of the others,

    - who mostly introduces callers is the operator, where nobody is named so;
    - a block that introduces a caller is the operator's, as with a second operator under their own name;
    - where there is no operator at all, any short block that reads like one is.
    """
    texts = [_ends(block) for block in blocks]
    known = [
        block.flag is not None or says_analyst(speaker) or says_executive(speaker)
        for block, speaker in zip(blocks, speakers, strict=True)
    ]
    named = {speaker.key for speaker in speakers if speaker.is_operator}
    operators = named or _elected(blocks, speakers, texts, known)
    return tuple(
        _turn(text)
        if speaker.key in operators or (not sure and _reads_like_operator(block, text, strictly=bool(operators)))
        else None
        for block, speaker, text, sure in zip(blocks, speakers, texts, known, strict=True)
    )


def _elected(
    blocks: Sequence[Block], speakers: Sequence[Speaker], texts: Sequence[str], known: Sequence[bool]
) -> set[str]:
    """Return the speakers of whose blocks at least two, and more than half, introduce a caller."""
    spoken: Counter[str] = Counter()
    introducing: Counter[str] = Counter()
    for block, speaker, text, sure in zip(blocks, speakers, texts, known, strict=True):
        if speaker.words and not sure:
            spoken[speaker.key] += 1
            introducing[speaker.key] += block.word_count <= MOST_WORDS and _names_caller(text)
    return {key for key, count in introducing.items() if count >= 2 and 2 * count > spoken[key]}


def _reads_like_operator(block: Block, text: str, *, strictly: bool) -> bool:
    if block.word_count > MOST_WORDS:
        return False
    # To an operator who is there, "next question, please" is what an executive says.
    small = folded(text)
    return bool(NAMES_CALLER.search(small)) if strictly else any(pattern in small for pattern in CONTENT_PATTERNS)


def _names_caller(text: str) -> bool:
    return bool(NAMES_CALLER.search(folded(text)) or BARE_CALLER.fullmatch(ASIDE.sub("", text).strip()))


def _ends(block: Block) -> str:
    whole = block.text
    if len(whole) <= 2 * READ_CHARACTERS:
        return whole
    return f"{whole[:READ_CHARACTERS]} {whole[-READ_CHARACTERS:]}"


def _turn(text: str) -> Turn:
    small = folded(text)
    words = frozenset(WORD.findall(small))
    if CONCLUDES.search(small):
        return Turn("concludes", words)
    return Turn("introduces" if INTRODUCES.search(small) or _names_caller(text) else "other", words)
