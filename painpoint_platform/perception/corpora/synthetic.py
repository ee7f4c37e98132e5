"""The synthetic corpus of edge cases: what ordinary corpora hardly contain, labelled by construction.

Belongs here: categories with their counts and ranges of labels, authors with habits and histories, risk tags. Does not
belong here: words (``synthetic_text``, ``synthetic_templates.toml``).

Labels come first and the text is written to say them, so a model can learn them from the text. What a figure on this
corpus says is that a model and its training work; it says nothing about how people write.

Authors have histories: one writes mostly in one category, and what is told goes down, up, up and down, or nowhere. What
is felt is hidden or not, or more and more openly shown, or less and less, or openly every other time. So congruence and
comparator, which follow from the other labels, can be foreseen in part: most of the rest is chance that no model hears.
"""

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import (
    CORPUS_SCHEMA,
    Corpus,
    corpus_of,
    with_derived_labels,
)
from painpoint_platform.perception.corpora.corpus_values import HIGH_RISK_TAGS, HINGLISH
from painpoint_platform.perception.corpora.synthetic_text import (
    Labels,
    Length,
    emotions_of,
    voice_of,
    write_text,
)
from painpoint_platform.perception.emotions import EMOTION_PATHS, agreement

START = datetime(2025, 1, 1, tzinfo=UTC)
LENGTHS: tuple[Length, ...] = get_args(Length)
LENGTH_WEIGHTS = (0.3, 0.45, 0.25)
# Of an author's texts, those that are written in another's category.
SHARE_OFF_CATEGORY = 0.1
ARCS = ("down", "up", "seesaw", "seesaw", "level")
OPENINGS = ("steady", "steady", "opens", "closes", "alternates")
# How an author shows what is felt (openly, by a feeling near it, by none or another), unless a category hides more.
HABIT_WEIGHTS = (0.6, 0.25, 0.15)
SHARE_BY_HABIT = 0.9  # of an author's texts; the others are shown as by somebody else
MOST_TRIES = 200  # at a text that nobody has written yet


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of edge case: its share of the corpus and the ranges that its labels lie in."""

    name: str
    language: str
    items: int
    valence: tuple[float, float]
    arousal: tuple[float, float]
    willingness: tuple[float, float]
    habit_weights: tuple[float, float, float] = HABIT_WEIGHTS


# Counts for 5,200 items; other sizes keep the proportions.
CATEGORIES = (
    Category("sarcasm", "en", 1_200, (0.2, 0.4), (0.4, 0.6), (0.3, 0.5), (0.1, 0.15, 0.75)),
    Category("suicidal_ideation", "en", 600, (0.0, 0.15), (0.6, 0.9), (0.1, 0.3)),
    Category("self_harm", "en", 400, (0.05, 0.25), (0.5, 0.8), (0.2, 0.4)),
    Category("abuse", "en", 800, (0.1, 0.3), (0.6, 0.85), (0.15, 0.35)),
    Category("profanity", "en", 600, (0.25, 0.45), (0.55, 0.75), (0.4, 0.6)),
    Category("profanity", HINGLISH, 600, (0.25, 0.45), (0.55, 0.75), (0.4, 0.6)),
    Category("sociopathic_cues", "en", 400, (0.15, 0.35), (0.3, 0.5), (0.2, 0.4), (0.15, 0.2, 0.65)),
    Category("financial_coercion", "en", 600, (0.1, 0.3), (0.6, 0.85), (0.15, 0.35)),
)
# All edge cases are unpleasant. A model that is to score ordinary texts has to have seen some.
EVERYDAY = Category("everyday", "en", 0, (0.35, 1.0), (0.2, 0.8), (0.2, 0.9))


@dataclass(frozen=True, slots=True)
class Author:
    """Habits of one who writes, each from 0 to 1: how much is hidden, and where in a category's range labels lie."""

    user_id: str
    arc: str
    opening: str
    hiding: float
    mood: float
    stirred: float
    willing: float
    times: tuple[datetime, ...]


def generate(
    seed: int = 137, items: int = 5_200, users: int = 800, days: int = 90, *, everyday_items: int = 0
) -> Corpus:
    """Make the corpus; the same arguments give the same bytes.

    Texts of high risk (tags suicide, self_harm, threat) carry ``needs_review``: ``trainable`` leaves them out until a
    person has reviewed them. ``tier`` is plain where the expressed path is the invoked one, else masked. No two texts
    are the same (``normalised_text``).

    Args:
        seed: of everything that is left to chance.
        items: edge cases, in the proportions of ``CATEGORIES``.
        users: authors; at most as many as items.
        days: that the histories lie in, from 2025-01-01 on.
        everyday_items: further texts that are neither edge cases nor only unpleasant.

    Raises:
        UserError: numbers that are not positive, or so many items that the templates repeat themselves.
    """
    if min(items, users, days) < 1 or everyday_items < 0:
        raise UserError(
            f"items {items}, users {users}, days {days}, everyday_items {everyday_items}: expected positive"
        )
    choices = random.Random(seed)
    queue = _queue(choices, _sizes([category.items for category in CATEGORIES], items), everyday_items)
    authors = _authors(choices, len(queue), min(users, len(queue)), days)
    taken: set[str] = set()
    rows = [
        _row(choices, author, place, queue.pop(), taken) for author in authors for place in range(len(author.times))
    ]
    frame = pl.DataFrame(rows, schema=CORPUS_SCHEMA | _LABEL_SCHEMA, orient="row").sort("timestamp", "user_id")
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(6)
    frame = frame.with_columns(item_id=pl.format("syn-{}", number))
    source = f"synthetic (seed {seed}, {items} items, {everyday_items} everyday, {users} users, {days} days)"
    made = with_derived_labels(corpus_of(frame, source))
    return replace(corpus_of(made.frame, source), derived=made.derived)


_LABEL_SCHEMA: dict[str, pl.DataType] = {
    "valence": pl.Float64(),
    "arousal": pl.Float64(),
    "willingness": pl.Float64(),
    "invoked": pl.List(pl.String),
    "expressed": pl.List(pl.String),
}


def _sizes(weights: Sequence[float], total: int) -> list[int]:
    """Return whole numbers in the proportions of the weights that add up to the total (largest remainders)."""
    exact = [weight / sum(weights) * total for weight in weights]
    sizes = [math.floor(size) for size in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (sizes[place] - exact[place], place))
    for place in by_remainder[: total - sum(sizes)]:
        sizes[place] += 1
    return sizes


def _queue(choices: random.Random, sizes: Sequence[int], everyday_items: int) -> list[Category]:
    """Return the categories of all texts, so that neighbours, who are one author's, are mostly of one category."""
    categories = (*CATEGORIES, EVERYDAY)
    queue = [category for category, size in zip(categories, (*sizes, everyday_items), strict=True) for _ in range(size)]
    moved = [place for place in range(len(queue)) if choices.random() < SHARE_OFF_CATEGORY]
    targets = moved.copy()
    choices.shuffle(targets)
    swapped = {place: queue[target] for place, target in zip(moved, targets, strict=True)}
    return [swapped.get(place, category) for place, category in enumerate(queue)]


def _authors(choices: random.Random, items: int, users: int, days: int) -> list[Author]:
    """Return authors, each with at least one text; some write far more than others, for five days to four weeks."""
    more = _sizes([0.3 + choices.expovariate(1.0) for _ in range(users)], items - users)
    return [_author(choices, number, 1 + extra, days) for number, extra in enumerate(more)]


def _author(choices: random.Random, number: int, texts: int, days: int) -> Author:
    active = min(float(days), choices.uniform(5, 28))
    begin = choices.uniform(0, days - active)
    seconds = {round((begin + choices.random() * active) * 86_400) for _ in range(texts)}
    while len(seconds) < texts:
        seconds.add(round((begin + choices.random() * active) * 86_400))
    return Author(
        user_id=f"user-{number:04d}",
        arc=choices.choice(ARCS),
        opening=choices.choice(OPENINGS),
        hiding=choices.random(),
        mood=choices.random(),
        stirred=choices.random(),
        willing=choices.random(),
        times=tuple(START + timedelta(seconds=second) for second in sorted(seconds)),
    )


def _row(choices: random.Random, author: Author, place: int, category: Category, taken: set[str]) -> tuple[object, ...]:
    """Return the values of one text, in the order of the schema; its id follows when all are in order."""
    valence = _position(choices, author, place)
    # What is worse stirs more; authors differ in how much, and in how ready they are to act.
    arousal = _spread(0.5 * author.stirred + 0.3 * (1 - valence) + 0.2 * choices.random())
    willingness = _spread(0.5 * author.willing + 0.2 * valence + 0.3 * choices.random())
    invoked = choices.choice(voice_of(category.name, category.language)["invoked"])
    labels = Labels(
        valence=_within(category.valence, valence),
        arousal=_within(category.arousal, arousal),
        willingness=_within(category.willingness, willingness),
        invoked=invoked,
        expressed=_expressed(choices, _hiding(author, place), category, invoked),
    )
    paths = EMOTION_PATHS[labels.invoked], EMOTION_PATHS[labels.expressed]
    tags = _tags(category, invoked)
    return (
        "", author.user_id, author.times[place], _unwritten(choices, category, labels, taken), category.language,
        category.name, tags, not HIGH_RISK_TAGS.isdisjoint(tags), "plain" if agreement(*paths) == 1 else "masked",
        labels.valence, labels.arousal, labels.willingness, list(paths[0]), list(paths[1]),
    )  # fmt: skip


def _position(choices: random.Random, author: Author, place: int) -> float:
    """Return where in its range a valence lies: the author's arc, with some chance."""
    through = _through(author, place)
    arcs = {"down": 0.85 - 0.7 * through, "up": 0.15 + 0.7 * through, "seesaw": (0.12, 0.88)[place % 2]}
    return min(1.0, max(0.0, arcs.get(author.arc, author.mood) + 0.12 * (choices.random() - 0.5)))


def _hiding(author: Author, place: int) -> float:
    """Return how much is hidden at this place of the author's history."""
    through = _through(author, place)
    turns = {"opens": 0.95 - 0.9 * through, "closes": 0.05 + 0.9 * through}
    if author.opening == "alternates" and place % 2:
        return 1 - author.hiding
    return turns.get(author.opening, author.hiding)


def _through(author: Author, place: int) -> float:
    return place / max(1, len(author.times) - 1)


def _spread(position: float) -> float:
    """Return a mean of several positions, which crowds in the middle, spread over the range again."""
    return min(1.0, max(0.0, 0.5 + 1.6 * (position - 0.5)))


def _within(limits: tuple[float, float], position: float) -> float:
    low, high = limits
    return round(low + (high - low) * position, 4)


def _expressed(choices: random.Random, hiding: float, category: Category, invoked: str) -> str:
    """Return the emotion on the surface: the invoked one, one near it in the tree, or one that masks it."""
    hiding = hiding if choices.random() < SHARE_BY_HABIT else choices.random()
    openly, muted, _ = category.habit_weights
    voice = voice_of(category.name, category.language)
    if hiding < openly:
        return invoked
    if hiding >= openly + muted:
        masks: Sequence[str] = voice["masks"]
        return choices.choice(masks)
    sentiment, basic, _ = EMOTION_PATHS[invoked]
    near = [name for name in emotions_of(category.language) if EMOTION_PATHS[name][1] == basic and name != invoked]
    alike = [name for name in voice["invoked"] if EMOTION_PATHS[name][0] == sentiment and name != invoked]
    chosen: str = choices.choice(near or alike or [invoked])
    return chosen


def _tags(category: Category, invoked: str) -> list[str]:
    """Return the category's risk tags; abuse that is to be feared is a threat."""
    tags: list[str] = list(voice_of(category.name, category.language)["tags"])
    return [*tags, "threat"] if "abuse" in tags and invoked == "fear" else tags


def _unwritten(choices: random.Random, category: Category, labels: Labels, taken: set[str]) -> str:
    """Return a text that nobody has written yet, and note it in ``taken``."""
    length = choices.choices(LENGTHS, LENGTH_WEIGHTS)[0]
    for _ in range(MOST_TRIES):
        text = write_text(choices, category.name, category.language, length, labels)
        plain = " ".join(re.findall(r"\w+", text.lower()))
        if plain not in taken:
            taken.add(plain)
            return text
    raise UserError(
        f"the templates of {category.name} have no more {length} texts of these labels; ask for fewer items"
    )
