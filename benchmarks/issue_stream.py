"""A stream of days whose problems are born, die, split, merge and drift by a script, so that lineage can be judged.

Belongs here: the script, the posts written after it, and what is true of them. Does not belong here: judging a lineage
(``lineage_truth``), measuring (``lineage``).

The words are those of the project's own sample problems. Two problems that are *one topic* are told of in the same
posts, as people do who suffer from both; a topic that drifts is told of in the words of one problem first and of
another in the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Literal

import polars as pl

from painpoint_platform.sample.corpus_noise import noise_posts
from painpoint_platform.sample.corpus_posts import Draft, compose
from painpoint_platform.sample.corpus_problems import load_problems

Kind = Literal["new", "ends", "splits", "merges"]

FIRST = date(2025, 3, 1)
NOISE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to topics on a day. ``topics`` are those that take part, sorted."""

    day: date
    kind: Kind
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """What people talk about on the days ``[first, end)``, counted from 0.

    ``words`` are the problems that every post speaks of; with ``drifts_to`` its posts go over to that problem, a larger
    share of them every day.
    """

    name: str
    words: tuple[str, ...]
    size: int
    first: int
    end: int
    drifts_to: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """Posts of several days with what is true of them.

    Attributes:
        posts: day, title, body, topic (null for noise); sorted by day.
        events: in order of day.
        days: how many, from ``FIRST``.
    """

    posts: pl.DataFrame
    events: tuple[Event, ...]
    days: int


def issue_stream(*, days: int = 30, topics: int = 24, seed: int = 1, size: tuple[int, int] = (8, 20)) -> Stream:
    """Write a stream: about ``topics`` at any time, an event every other day, drift all along.

    Args:
        days: how many days.
        topics: talked of on the first day.
        seed: another seed gives another script and other posts.
        size: smallest and largest mean number of posts of a topic a day.
    """
    rng = Random(f"stream/{seed}")
    script, events = _script(days, topics, rng, size)
    rows = [row for day in range(days) for row in _posts_of_day(day, script, Random(f"stream/{seed}/{day}"))]
    posts = pl.DataFrame(rows, schema=["day", "title", "body", "topic"], orient="row")
    return Stream(posts, tuple(sorted(events, key=lambda event: (event.day, event.kind, event.topics))), days)


def _script(days: int, topics: int, rng: Random, size: tuple[int, int]) -> tuple[list[Topic], list[Event]]:
    words = list(load_problems())
    rng.shuffle(words)
    unused = iter(words)

    def topic(first: int, *spoken: str) -> Topic:
        return Topic("+".join(sorted(spoken)), tuple(sorted(spoken)), rng.randint(*size), first, days)

    alive = [topic(0, next(unused)) for _ in range(topics - 2)]
    alive += [topic(0, next(unused), next(unused)) for _ in range(2)]
    alive = [replace(t, drifts_to=next(unused)) if number < topics // 6 else t for number, t in enumerate(alive)]
    over: list[Topic] = []
    events: list[Event] = []

    def end(ended: Topic, day: int) -> None:
        alive.remove(ended)
        over.append(replace(ended, end=day))

    def happens(day: int, kind: Kind, *names: str) -> None:
        events.append(Event(FIRST + timedelta(days=day), kind, tuple(sorted(names))))

    for number, day in enumerate(range(3, days - 2, 2)):
        plain = [t for t in alive if len(t.words) == 1 and t.drifts_to is None and t.first < day - 2]
        double = [t for t in alive if len(t.words) == 2 and t.first < day - 2]
        kind = ("new", "ends", "merges", "splits")[number % 4]
        if kind == "new" and (word := next(unused, None)):
            alive.append(topic(day, word))
            happens(day, "new", word)
        elif kind == "ends" and plain:
            gone = rng.choice(plain)
            end(gone, day)
            happens(day, "ends", gone.name)
        elif kind == "merges" and len(plain) > 1:
            one, other = rng.sample(plain, 2)
            end(one, day)
            end(other, day)
            alive.append(replace(topic(day, *one.words, *other.words), size=one.size + other.size))
            happens(day, "merges", one.name, other.name)
        elif kind == "splits" and double:
            whole = rng.choice(double)
            end(whole, day)
            alive.extend(topic(day, word) for word in whole.words)
            happens(day, "splits", *whole.words)
    return [*over, *alive], events


def _posts_of_day(day: int, script: Sequence[Topic], rng: Random) -> Iterator[tuple[date, str, str, str | None]]:
    when = FIRST + timedelta(days=day)
    count = 0
    for topic in sorted(script, key=lambda topic: (topic.name, topic.first)):
        if topic.first <= day < topic.end:
            size = max(6, round(rng.gauss(topic.size, topic.size**0.5)))
            for _ in range(size):
                draft = _draft(topic, day, rng)
                yield when, draft.title, " ".join(draft.sentences()), topic.name
            count += size
    # Noise of another day than the sample's own, so that every day has its own.
    for post in noise_posts(when, round(count * NOISE_SHARE), seed=rng.randrange(1_000_000)):
        yield when, post.title, post.text, None


def _draft(topic: Topic, day: int, rng: Random) -> Draft:
    problems = load_problems()

    def told(word: str) -> Draft:
        problem = problems[word]
        return compose(problem, rng.choice(problem.products), rng)

    drafts = [told(word) for word in topic.words]
    if topic.drifts_to:
        share = (day - topic.first) / max(topic.end - 1 - topic.first, 1)
        drafts = [_mixed(drafts[0], told(topic.drifts_to), share, rng)]
    if len(drafts) == 1:
        return drafts[0]
    rng.shuffle(drafts)
    one, other = drafts
    return Draft(
        title=f"{one.title}, and {other.title[:1].lower()}{other.title[1:]}",
        symptom=f"{one.symptom} {other.symptom}",
        context=one.context,
        attempts=other.attempts,
        consequence=one.consequence,
        ask=other.ask,
    )


def _mixed(one: Draft, other: Draft, share: float, rng: Random) -> Draft:
    """Say each part in the words of ``other`` with a chance of ``share``: posts in the middle speak of both."""

    def pick(name: str) -> str:
        text: str = getattr(other if rng.random() < share else one, name)
        return text

    return Draft(**{name: pick(name) for name in ("title", "symptom", "context", "attempts", "consequence", "ask")})


def true_topics(stream: Stream) -> Mapping[date, frozenset[str]]:
    """Return the topics that each day has."""
    found = stream.posts.drop_nulls("topic").group_by("day").agg(pl.col("topic").unique())
    return {day: frozenset(names) for day, names in found.iter_rows()}
