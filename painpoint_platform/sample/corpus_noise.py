"""Posts of the sample corpus that belong to no recurring problem.

Belongs here: the hand-written one-off posts and the frames that fill up a large day.
Does not belong here: posts about problems (``corpus_posts``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from random import Random
from string import Template

from painpoint_platform.sample.corpus_phrases import Phrase, parse_phrase, speak
from painpoint_platform.sample.corpus_problems import read_data

_EPOCH = date(2025, 1, 1)
_FRAME_CHANNELS = ("CasualConversation", "history", "crafts", "DIY")


@dataclass(frozen=True, slots=True)
class NoisePost:
    """One post about nothing that others post about."""

    source: str
    channel: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Topic:
    source: str
    channel: str
    title: Phrase
    text: Phrase


@cache
def _topics() -> tuple[_Topic, ...]:
    return tuple(
        _Topic(source, channel, parse_phrase(title), parse_phrase(text))
        for source, channels in read_data("noise.toml").items()
        if source != "frames"
        for channel, posts in channels.items()
        for title, text in posts
    )


def noise_posts(day: date, count: int, seed: int) -> list[NoisePost]:
    """Return ``count`` posts for ``day``: hand-written ones first, each once, then framed ones.

    Neighbouring days start at other places of the shuffled topics, so that a topic comes back as late as possible.
    """
    topics = list(_topics())
    Random(f"{seed}/topics").shuffle(topics)
    start = (day - _EPOCH).days * count % len(topics)
    today = (topics[start:] + topics[:start])[:count]
    rng = Random(f"{seed}/{day}/noise")
    written = [NoisePost(t.source, t.channel, speak(t.title, rng), speak(t.text, rng)) for t in today]
    return written + list(islice(_framed(rng), count - len(written)))


def _framed(rng: Random) -> Iterator[NoisePost]:
    """Yield posts without end, each of a frame, two things and a place; every thing comes up equally often."""
    stock = read_data("noise.toml")["frames"]
    frames = [(parse_phrase(title), parse_phrase(text)) for title, text in stock["posts"]]
    things: list[str] = []
    while True:
        things = things or rng.sample(stock["things"], len(stock["things"]))
        slots = {"thing": things.pop(), "other": rng.choice(stock["things"]), "place": rng.choice(stock["places"])}
        title, text = (Template(speak(phrase, rng)).substitute(slots) for phrase in rng.choice(frames))
        source = "hackernews" if title.startswith("Show HN") or rng.random() < 0.3 else "reddit"
        yield NoisePost(source, "" if source == "hackernews" else rng.choice(_FRAME_CHANNELS), title, text)
