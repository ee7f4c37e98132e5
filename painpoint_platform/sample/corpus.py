"""The sample corpus: what four sources were full of on three days, with the truth about every post.

Belongs here: how many posts of which problem a day has, copies and cross-posts, and their assembly into items.
Does not belong here: the wording (``corpus_data``, ``corpus_posts``), the manners of a source (``corpus_voices``), the
servers that serve it (``servers``).

Everything was written for this project. Products, repositories, authors, secrets and addresses are invented; whatever
looks like a credential is made at run time and opens nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from painpoint_platform.sample.corpus_identities import MOST_ITEMS_A_DAY, AddressBook, author_name
from painpoint_platform.sample.corpus_noise import NoisePost, noise_posts
from painpoint_platform.sample.corpus_posts import VOICES, Draft, compose, lengthen, shorten
from painpoint_platform.sample.corpus_problems import Problem, Trend, load_problems
from painpoint_platform.sample.corpus_secrets import confide, inject
from painpoint_platform.sample.corpus_voices import write_plainly, write_post
from painpoint_platform.sample.items import SampleItem

DAYS = (date(2025, 1, 6), date(2025, 1, 7), date(2025, 1, 8))
DAILY_ITEMS = 1_100
SEED = 20250106

_SOURCES = ("github", "stackoverflow", "reddit", "hackernews")
_NOISE_SHARE = 0.22
_SMALLEST_PROBLEM = 6  # one more than the smallest cluster that the platform looks for
_FEWEST_SHARE = 0.6  # of a problem's usual number of posts; below, problems are left out
_LARGEST_PROBLEM = 60  # beyond, reports of different products are counted as problems of their own
_TRENDS: dict[Trend, tuple[float, float, float]] = {
    "steady": (1.0, 1.0, 1.0),
    "growing": (0.6, 1.0, 1.7),
    "fading": (1.5, 0.9, 0.5),
    "new": (0.0, 1.0, 1.5),
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Items of several days with their ground truth. Items are sorted by day, then by time."""

    days: tuple[date, ...]
    items: tuple[SampleItem, ...]
    problems: Mapping[str, Problem]

    def channels(self, source: str) -> tuple[str, ...]:
        """Return the distinct channels of ``source``, sorted: repositories, tag lists or subreddits."""
        return tuple(sorted({item.channel for item in self.items if item.source == source}))


@cache
def load_corpus() -> Corpus:
    """Return the bundled corpus of three days; made once a process, the same in every process."""
    items = tuple(item for day in DAYS for item in generate_items(day, DAILY_ITEMS, SEED))
    return Corpus(days=DAYS, items=items, problems=load_problems())


def generate_items(day: date, n: int, seed: int) -> list[SampleItem]:
    """Return ``n`` items created on ``day`` (UTC), sorted by time; the same arguments give the same items.

    A fifth is noise. A small ``n`` holds fewer problems rather than fewer posts of each; a large one holds more posts
    of each, and a problem with more than 60 posts is reported for each of its products apart, under the id
    ``<problem>/<product>``.

    Args:
        day: on or after 2025-01-01. Problems grow, fade or appear over `DAYS`; any other day is like the nearest.
        n: up to 20,000.
        seed: another seed gives other posts about the same problems.

    Raises:
        ValueError: ``n`` is negative or over 20,000, or ``day`` is before 2025.
    """
    if not 0 <= n <= MOST_ITEMS_A_DAY:
        raise ValueError(f"a sample day has between 0 and {MOST_ITEMS_A_DAY} items, not {n}")
    voices = _voices(day, round(n * (1 - _NOISE_SHARE)), seed)
    posts = [post for voice in voices for post in _posts_about(voice, day, Random(f"{seed}/{day}/{voice.problem_id}"))]
    rng = Random(f"{seed}/{day}/{n}")
    merged = n // 500
    posts += [_noise(post, rng) for post in noise_posts(day, n - merged - len(posts), seed)]
    items = _published(day, [_with_leaks(post, rng) for post in posts], rng)
    return sorted(items + _merged_questions(items, merged, rng), key=lambda item: item.created_at)


@dataclass(frozen=True, slots=True)
class _Voice:
    """What is said about one problem on one day: by how many, and about which product if about one alone."""

    problem: Problem
    count: int
    product: str | None = None

    @property
    def problem_id(self) -> str:
        if self.product is None:
            return self.problem.problem_id
        return f"{self.problem.problem_id}/{self.product.lower().replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class _Post:
    """A written post that has no address and no time yet."""

    source: str
    channel: str
    title: str
    body: str
    author: str
    problem_id: str | None


def _voices(day: date, budget: int, seed: int) -> list[_Voice]:
    """Share ``budget`` posts out among the problems that are talked of on ``day``."""
    nearest = min(max((day - DAYS[0]).days, 0), len(DAYS) - 1)
    wanted = {p.problem_id: p.daily_size * _TRENDS[p.trend][nearest] for p in load_problems().values()}
    problems = [p for p in load_problems().values() if wanted[p.problem_id]]
    scale = budget / sum(wanted.values())
    while scale > _FEWEST_SHARE and sum(_count(wanted[p.problem_id] * scale) for p in problems) > budget:
        scale *= 0.98
    if scale <= _FEWEST_SHARE:  # too few posts for all problems to be seen: some are not talked of
        Random(f"{seed}/order").shuffle(problems)
        scale = _FEWEST_SHARE
    voices: list[_Voice] = []
    for problem in problems:
        count = min(_count(wanted[problem.problem_id] * scale), budget - sum(voice.count for voice in voices))
        if count > _LARGEST_PROBLEM and len(problem.products) > 1:
            share = count // len(problem.products)
            voices += [_Voice(problem, share, product) for product in problem.products]
        elif count >= _SMALLEST_PROBLEM:
            voices.append(_Voice(problem, count))
    return voices


def _count(wanted: float) -> int:
    return max(_SMALLEST_PROBLEM, round(wanted))


def _posts_about(voice: _Voice, day: date, rng: Random) -> Iterator[_Post]:
    """Write the posts of one problem and day: mostly new ones, some copies, cross-posts and translations."""
    problem = voice.problem
    drafts: list[tuple[Draft, str, str]] = []  # with source and author
    constant_author = author_name("reddit", Random(problem.problem_id)) if problem.single_author else None
    for number in range(voice.count):
        product = voice.product or problem.products[0 if rng.random() < 0.65 else -1]
        source = rng.choices(_SOURCES, problem.mix)[0]
        author = constant_author or author_name(source, rng)
        kind = rng.random() if number >= 5 and constant_author is None else 1.0  # the first five are five people
        if problem.abroad and number % 25 == 5:
            foreign = problem.abroad[(day.toordinal() + number // 25) % len(problem.abroad)]
            yield _post(voice, source, product, author, write_plainly(source, foreign.title, foreign.body))
            continue
        draft = _draft(problem, product, rng, insist_on_product=voice.product is not None)
        if kind < 0.04:  # the same person asks again
            earlier, source, author = rng.choice(drafts)
            draft = replace(earlier, tangent=rng.choice(VOICES["bumps"]))
        elif kind < 0.08:  # cross-posted, in the other source's manner
            earlier, origin, _ = rng.choice(drafts)
            draft, source = earlier, _elsewhere(problem, origin, rng)
            author = author_name(source, rng)
        elif kind < 0.10:  # posted word for word at a second source
            title, text = draft.title, "\n\n".join(draft.sentences()[:3])
            yield _post(voice, source, product, author, write_plainly(source, title, text))
            source = _elsewhere(problem, source, rng)
            yield _post(voice, source, product, author_name(source, rng), write_plainly(source, title, text))
            continue
        drafts.append((draft, source, author))
        yield _post(voice, source, product, author, write_post(source, draft, rng))


def _draft(problem: Problem, product: str, rng: Random, *, insist_on_product: bool) -> Draft:
    draft = compose(problem, product, rng, insist_on_product=insist_on_product)
    length = rng.random()
    if length < 0.1:
        return shorten(draft, rng)
    if length > 0.985:
        return lengthen(draft, rng, lines=rng.choice((40, 80, 150, 600)))
    return draft


def _elsewhere(problem: Problem, source: str, rng: Random) -> str:
    others = [s for s, weight in zip(_SOURCES, problem.mix, strict=True) if weight and s != source]
    return rng.choice(others) if others else source


def _post(voice: _Voice, source: str, product: str, author: str, text: tuple[str, str]) -> _Post:
    title, body = text
    problem = voice.problem
    channels = {
        "github": f"{product.lower().replace(' ', '-')}/{problem.component}",
        "stackoverflow": problem.tags,
        "reddit": problem.subreddits[len(title) % len(problem.subreddits)],
        "hackernews": "",
    }
    return _Post(source, channels[source], title, body, author, voice.problem_id)


def _noise(post: NoisePost, rng: Random) -> _Post:
    text = write_plainly(post.source, post.title, post.text)
    return _Post(post.source, post.channel, *text, author_name(post.source, rng), None)


def _with_leaks(post: _Post, rng: Random) -> _Post:
    """Let one post in a hundred give a secret away, and one in two hundred try to give orders to a model."""
    chance = rng.random()
    if chance < 0.01:
        return replace(post, body=f"{post.body}\n\n{confide(rng)}".strip())
    if chance < 0.015:
        return replace(post, body=f"{post.body}\n\n{inject(rng)}".strip())
    return post


def _published(day: date, posts: list[_Post], rng: Random) -> list[SampleItem]:
    """Give every post its time, in whose order the ids go up, its address and its echo."""
    addresses = AddressBook(day)
    moments = sorted(_moment(day, rng) for _ in posts)
    items = []
    for post, moment in zip(rng.sample(posts, len(posts)), moments, strict=True):
        address = addresses.next(post.source, post.channel, post.title)
        items.append(
            SampleItem(
                source=post.source,
                source_item_id=address.source_item_id,
                url=address.url,
                title=post.title,
                body=post.body,
                author="" if post.problem_id is None and rng.random() < 0.03 else post.author,  # a deleted account
                created_at=moment,
                comment_count=_skewed(rng, 1.1),
                vote_count=_skewed(rng, 0.9) - (2 if post.source == "stackoverflow" and rng.random() < 0.1 else 0),
                channel=post.channel,
                problem_id=post.problem_id,
            )
        )
    return items


def _merged_questions(items: list[SampleItem], count: int, rng: Random) -> list[SampleItem]:
    """Return questions that were merged into others: they have ids of their own and the link of the one that stays."""
    questions = [item for item in items if item.source == "stackoverflow" and item.problem_id]
    return [
        replace(item, source_item_id=str(int(item.source_item_id) + 50_000_000), url=f"{item.url}?utm_source=merge")
        for item in rng.sample(questions, min(count, len(questions)))
    ]


def _moment(day: date, rng: Random) -> datetime:
    """Return a time of ``day``: half of the posts come between 12 and 20 UTC, some in the very first or last second."""
    chance = rng.random()
    if chance < 0.002:
        seconds = rng.choice((0, 86_399))
    else:
        seconds = rng.randrange(43_200, 72_000) if chance < 0.5 else rng.randrange(86_400)
    return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)


def _skewed(rng: Random, shape: float) -> int:
    """Return a count of which most are small and a few are in the hundreds."""
    return min(int(rng.paretovariate(shape)) - 1, 2_500)
