"""Who asks and who answers: what a whole call says about each of its speakers.

Belongs here: the evidence on a speaker's role, each kind of it named and weighed. Does not belong here: what one
speaker field says by itself (``speakers``), where exchanges begin (``boundaries``).

A call is sessions between operator turns. An analyst is introduced, speaks first, and is gone after one session; an
executive spoke in the prepared remarks or answers several analysts. Titles, firms and flags say it outright where the
source has them. Weights are log-odds for "analyst" (negative: "executive"): 2 is "about 9 in 10", 4 "about 98 in 100".
They were set from that description of a call, not fitted; no single one outweighs all the others, because every field
of a source can be wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from painpoint_platform.transcripts.operators import named_in
from painpoint_platform.transcripts.people import people_of
from painpoint_platform.transcripts.records import Transcript, is_qa
from painpoint_platform.transcripts.speakers import Speaker, folded, parse_speaker, says_analyst, says_executive
from painpoint_platform.transcripts.voices import Voice

TITLE_ANALYST, TITLE_EXECUTIVE = 4.0, -4.0
COMPANY_FIRM, OTHER_FIRM = -3.0, 2.0
FLAGGED = 4.0
PREPARED_REMARKS = -6.0
INTRODUCED, INTRODUCED_BY_SURNAME = 3.5, 2.5
SPEAKS_FIRST = 1.5
ANSWERS_SEVERAL, MOST_ANSWERED = -1.5, 4
SPANS_OTHERS, MOST_SPANNED = -0.75, 4
ASKS, ASKS_NOTHING = 1.0, -0.5
SAYS_QUESTIONER, SAYS_ANSWERER = 1.5, -1.5

QUESTIONER_PHRASES = re.compile(
    r"\b(?:taking|take) (?:my|our|the) questions?\b"
    r"|\bmy (?:first |second |other |next |last )?(?:question|follow-?up)\b"
    r"|\bi (?:had|have) (?:a|one|two|just|another)\b|\bi(?: just)? want(?:ed)? to ask\b|\bi was (?:wondering|hoping)\b"
    r"|\bcongrat|\b(?:could|can|would) you\b|\bon behalf of\b|\b(?:filling|calling|dialing|sitting) in for\b"
)
ANSWERER_PHRASES = re.compile(
    r"\bthank(?:s| you) for (?:the|your) questions?\b|\b(?:good|great|fair) question\b|\bnext question,? please\b"
    r"|\b(?:take|have|go to|move to) (?:the|our|your) (?:next|last|final) question\b"
)
# A shorter block is a turn of courtesy: it neither asks nor answers.
COURTESY_WORDS = 12


@dataclass(frozen=True, slots=True)
class Role:
    """How likely a speaker is an analyst: log-odds, and the features that they are the sum of."""

    score: float
    features: tuple[tuple[str, float], ...]

    @property
    def is_analyst(self) -> bool:
        """Whether analyst is the likelier role; a speaker of whom nothing is known answers."""
        return self.score > 0


@dataclass(slots=True)
class _Appearances:
    """Where one speaker speaks, gathered over the call."""

    speaker: Speaker
    voices: list[Voice] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.voices[0].block.index

    @property
    def last(self) -> int:
        return self.voices[-1].block.index


def judge_roles(transcript: Transcript, voices: Sequence[Voice]) -> list[Role | None]:
    """Return the role of the speaker of each block; None for the operator's."""
    appearances: dict[str | int, _Appearances] = {}
    for voice in voices:
        if voice.turn is None:
            appearances.setdefault(_who(voice), _Appearances(voice.speaker)).voices.append(voice)
    everyone = list(appearances.values())
    prepared = _prepared_keys(transcript, everyone)
    company = _company_firms(everyone)
    sessions = _Sessions.of(voices)
    spanned = _spanned(everyone)
    roles: dict[str | int, Role] = {}
    for who, one in appearances.items():
        features = [
            *_of_field(one, company, prepared),
            *_of_flags(one),
            *_of_sessions(one, sessions),
            *_of_texts(one),
            ("others come and go while they stay", SPANS_OTHERS * spanned[one.first]),
        ]
        said = tuple((name, weight) for name, weight in features if weight)
        roles[who] = Role(sum(weight for _, weight in said), said)
    return [None if voice.turn else roles[_who(voice)] for voice in voices]


def _who(voice: Voice) -> str | int:
    """Return what all blocks of a speaker have in common: the person, or the block where that can be anybody."""
    return voice.block.index if voice.speaker.is_anybody else voice.person


def _prepared_keys(transcript: Transcript, everyone: Sequence[_Appearances]) -> set[str]:
    """Return the keys of all speakers of the section who speak outside of it, too, under whatever spelling."""
    fields = dict.fromkeys(
        record["speaker"] for record in transcript.records if record["speaker"] and not is_qa(record)
    )
    elsewhere = [parse_speaker(field) for field in fields]
    people = people_of([*elsewhere, *(voice.speaker for one in everyone for voice in one.voices)])
    spoke = {people[speaker.key] for speaker in elsewhere}
    return {key for key, person in people.items() if person in spoke}


def _company_firms(everyone: Sequence[_Appearances]) -> frozenset[str]:
    """Return the firms of those whose title is an executive's."""
    firms = (folded(one.speaker.firm) for one in everyone if one.speaker.firm and says_executive(one.speaker))
    return frozenset(firms)


def _of_field(one: _Appearances, company: frozenset[str], prepared: set[str]) -> Iterator[tuple[str, float]]:
    fields = {voice.speaker for voice in one.voices}
    if any(map(says_analyst, fields)):
        yield "title of an analyst", TITLE_ANALYST
    elif any(map(says_executive, fields)):
        yield "title of an executive", TITLE_EXECUTIVE
    if firm := next((speaker.firm for speaker in fields if speaker.firm), None):
        if folded(firm) in company:
            yield "firm is the company", COMPANY_FIRM
        elif company:
            yield "firm is another than the company", OTHER_FIRM
    if one.speaker.words and not prepared.isdisjoint(speaker.key for speaker in fields):
        yield "spoke in the prepared remarks", PREPARED_REMARKS


def _of_flags(one: _Appearances) -> Iterator[tuple[str, float]]:
    flags = [flag for voice in one.voices for flag in voice.block.flags if flag]
    if flags:
        yield "flags", FLAGGED * (2 * flags.count("question") / len(flags) - 1)


def _of_sessions(one: _Appearances, sessions: "_Sessions") -> Iterator[tuple[str, float]]:
    """An introduction counts for a caller; each further session without one counts for who answers."""
    spoke = {voice.session for voice in one.voices}
    fields = {voice.speaker for voice in one.voices}
    introduced = [max(sessions.introduces(number, field) for field in fields) for number in spoke]
    if any(introduced):
        yield "introduced by the operator", max(introduced)
    if any(sessions.opener.get(number) == _who(one.voices[0]) for number in spoke) and len(spoke) == 1:
        yield "speaks first after an introduction", SPEAKS_FIRST
    several = sum(not weight for weight in introduced) - 1
    if several > 0:
        yield "speaks to several callers", ANSWERS_SEVERAL * min(several, MOST_ANSWERED)


def _of_texts(one: _Appearances) -> Iterator[tuple[str, float]]:
    if any(ANSWERER_PHRASES.search(voice.small) for voice in one.voices):
        yield "says what answerers say", SAYS_ANSWERER
    long = [voice for voice in one.voices if voice.block.word_count > COURTESY_WORDS]
    if long:
        if any(QUESTIONER_PHRASES.search(voice.small) for voice in long):
            yield "says what callers say", SAYS_QUESTIONER
        asking = sum(any("?" in paragraph for paragraph in voice.block.paragraphs) for voice in long)
        yield "question marks", ASKS if 2 * asking >= len(long) else ASKS_NOTHING


@dataclass(frozen=True, slots=True)
class _Sessions:
    """Who opens each session that an operator introduced, and the words of that introduction."""

    opener: Mapping[int, str | int]
    words: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, voices: Sequence[Voice]) -> "_Sessions":
        opener: dict[int, str | int] = {}
        words: dict[int, frozenset[str]] = {}
        for voice in voices:
            if voice.turn is not None:
                if voice.turn.kind in {"introduces", "invites"}:
                    words[voice.session] = words.get(voice.session, frozenset()) | voice.turn.words
            elif voice.session in words:
                opener.setdefault(voice.session, _who(voice))
        return cls(opener, words)

    def introduces(self, session: int, speaker: Speaker) -> float:
        """Return how much the words before a session speak for this speaker being the caller."""
        words = self.words.get(session, frozenset())
        if not named_in(words, speaker):
            return 0.0
        return INTRODUCED if speaker.words[0] in words else INTRODUCED_BY_SURNAME


def _spanned(everyone: Sequence[_Appearances]) -> Mapping[int, int]:
    """Count the others who came and went between a speaker's first block, by whose index it is returned, and the last.

    At most a few are counted. Of somebody who can be anybody nobody knows whether they went.
    """
    counts = dict.fromkeys((one.first for one in everyone), 0)
    known = [one for one in everyone if not one.speaker.is_anybody]
    for place, one in enumerate(known):
        # They are in the order of first appearance, so those who came later stand behind.
        for other in islice(known, place + 1, None):
            if other.first > one.last or counts[one.first] == MOST_SPANNED:
                break
            counts[one.first] += other.last < one.last
    return counts
