"""Where exchanges begin and end, by rules: each block scored from named features, with a margin.

Belongs here: the features of a block, their weights, and the plan that follows for a call. Does not belong here: a
speaker's role over the whole call (``roles``), what a model says and how states are kept (``pairing``).

The score of a block is the log-odds that a new exchange starts with it: the sum of its features' weights. Its margin is
how far the resulting probability is from a coin toss, 0 to 1. An operator's turn is never scored: it stands alone.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from painpoint_platform.transcripts.operators import TurnKind
from painpoint_platform.transcripts.records import Transcript
from painpoint_platform.transcripts.roles import COURTESY_WORDS, Role, judge_roles
from painpoint_platform.transcripts.speakers import Speaker, same_person
from painpoint_platform.transcripts.voices import Voice, read_voices

# A role is the sum of much evidence; beyond this it would silence everything that the block itself says.
ROLE_LIMIT = 4.0
OPENS_SECTION = ("opens the section", 2.0)
STILL_AWAITED = ("after an introduction that nobody took up", 1.0)
WITHIN_SESSION = ("no operator before", -2.0)
# Where nobody manages the call, that says little.
NO_OPERATOR = ("no operator in the call", -0.5)
AFTER_TURN: Mapping[TurnKind, tuple[str, float]] = {
    "introduces": ("after an introduction", 3.0),
    "invites": ("after an invitation to speak", 3.0),
    "concludes": ("after a conclusion", -3.0),
    "other": ("after an operator", 1.0),
}
SAME_ANALYST, OTHER_ANALYST = -8.0, 2.0
FLAG_QUESTION, FLAG_ANSWER = 1.0, -1.0
COURTESY = -1.5

THANKS = re.compile(r"\b(?:thanks?|thank you|great|okay|ok|got it|appreciate|perfect|helpful|all right|sounds good)\b")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of one block.

    Attributes:
        operator: it is an operator's turn.
        closes: an operator's turn that ends the open exchange.
        starts: it begins an exchange, whatever is open.
        member: it belongs to an exchange.
        ends: it is the last block of its exchange.
        asks: its speaker is the exchange's analyst, or one at all.
        courtesy: it is only thanks.
        margin: how sure that is, 0 to 1.
        reasons: the features that spoke, the weightiest first.
    """

    operator: bool = False
    closes: bool = False
    starts: bool = False
    member: bool = False
    ends: bool = False
    asks: bool = False
    courtesy: bool = False
    margin: float = 1.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The rulings of a call, one a block, and who speaks in each."""

    voices: tuple[Voice, ...]
    rulings: tuple[Ruling, ...]


def plan_exchanges(transcript: Transcript) -> Plan:
    """Rule on every block of a call, in one pass over them."""
    voices = read_voices(transcript.blocks)
    return Plan(voices, _with_ends(_Planner(voices, judge_roles(transcript, voices)).rule()))


class _Planner:
    """Walks through a call, remembering the analyst of the exchange that is open."""

    def __init__(self, voices: Sequence[Voice], roles: Sequence[Role | None]) -> None:
        self.voices = voices
        self.roles = roles
        self.first_analysts = _first_analysts(voices, roles)
        self.session_kinds = _session_kinds(voices)
        self.open = False
        self.analyst: Voice | None = None

    def rule(self) -> list[Ruling]:
        return [
            self._operator(voice) if voice.turn else self._speaker(place, voice)
            for place, voice in enumerate(self.voices)
        ]

    def _operator(self, voice: Voice) -> Ruling:
        """An interruption that neither introduces nor concludes leaves open what is open, and so does an introduction
        after which the same analyst speaks on, or an invitation after which no analyst speaks."""
        assert voice.turn is not None
        kind, next_analyst = voice.turn.kind, self.first_analysts.get(voice.session)
        if kind == "other":
            return Ruling(operator=True, reasons=("operator",))
        if kind != "concludes" and self._is_own(next_analyst):
            return Ruling(operator=True, reasons=("operator", "the same analyst speaks on"))
        if kind == "invites" and self.open and next_analyst is None:
            return Ruling(operator=True, reasons=("operator", "no analyst speaks after the invitation"))
        self.open = False
        return Ruling(operator=True, closes=True, reasons=("operator", kind))

    def _speaker(self, place: int, voice: Voice) -> Ruling:
        role = self.roles[place]
        assert role is not None
        features = self._features(place, voice, role)
        score = sum(weight for _, weight in features)
        starts = score > 0
        if starts:
            self.open = True
            self.analyst = voice
        weighty = sorted(features, key=lambda feature: -abs(feature[1]))
        return Ruling(
            starts=starts,
            member=self.open,
            # Of two blocks without a name either may be the answer to the other.
            asks=starts or role.is_analyst or (self._is_own(voice) and not voice.speaker.is_anybody),
            courtesy=_is_courtesy(voice),
            margin=math.tanh(abs(score) / 2),
            reasons=tuple(f"{name} {weight:+.1f}" for name, weight in weighty if weight),
        )

    def _features(self, place: int, voice: Voice, role: Role) -> list[tuple[str, float]]:
        features = [
            ("asks in this call" if role.is_analyst else "answers in this call", _limited(role.score)),
            self._position(place),
        ]
        if self.open and self._is_own(voice):
            features.append(("the exchange's own analyst", SAME_ANALYST))
        elif self.open and role.is_analyst:
            features.append(("another analyst", OTHER_ANALYST))
        if voice.block.flag:
            question = voice.block.flag == "question"
            features.append((f"flag {voice.block.flag}", FLAG_QUESTION if question else FLAG_ANSWER))
        if _is_courtesy(voice):
            features.append(("thanks", COURTESY))
        return features

    def _position(self, place: int) -> tuple[str, float]:
        if place == 0:
            return OPENS_SECTION
        before = self.voices[place - 1]
        kind = self.session_kinds.get(before.session)
        if before.turn:
            # A turn that left the exchange open only interrupted it.
            return AFTER_TURN["other" if self.open or kind is None else kind]
        if not self.open and kind in {"introduces", "invites"}:
            return STILL_AWAITED
        return WITHIN_SESSION if self.session_kinds else NO_OPERATOR

    def _is_own(self, voice: Voice | None) -> bool:
        """Return whether this is the voice of the open exchange's analyst.

        A stand-in is the same voice only while no operator came between.
        """
        if voice is None or self.analyst is None or not self.open:
            return False
        if not _is_named(voice.speaker) and voice.session != self.analyst.session:
            return False
        return voice.person == self.analyst.person or same_person(voice.speaker, self.analyst.speaker)


def _is_named(speaker: Speaker) -> bool:
    return bool(speaker.words)


def _limited(score: float) -> float:
    return max(-ROLE_LIMIT, min(ROLE_LIMIT, score))


def _is_courtesy(voice: Voice) -> bool:
    return voice.block.word_count <= COURTESY_WORDS and "?" not in voice.small and bool(THANKS.search(voice.small))


def _first_analysts(voices: Sequence[Voice], roles: Sequence[Role | None]) -> dict[int, Voice]:
    """Return the first analyst of each session."""
    found: dict[int, Voice] = {}
    for voice, role in zip(voices, roles, strict=True):
        if role is not None and role.is_analyst:
            found.setdefault(voice.session, voice)
    return found


def _session_kinds(voices: Sequence[Voice]) -> dict[int, TurnKind]:
    """Return what the operator's turns before each session do together: the last that does anything."""
    kinds: dict[int, TurnKind] = {}
    for voice in voices:
        if voice.turn and (voice.turn.kind != "other" or voice.session not in kinds):
            kinds[voice.session] = voice.turn.kind
    return kinds


def _with_ends(rulings: list[Ruling]) -> tuple[Ruling, ...]:
    """Mark the last block of each exchange."""
    last: int | None = None
    ended: set[int] = set()
    for place, ruling in enumerate(rulings):
        if (ruling.starts or ruling.closes) and last is not None:
            ended.add(last)
            last = None
        if ruling.member and not ruling.operator:
            last = place
    if last is not None:
        ended.add(last)
    return tuple(replace(ruling, ends=True) if place in ended else ruling for place, ruling in enumerate(rulings))
