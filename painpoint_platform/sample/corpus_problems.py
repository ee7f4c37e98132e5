"""The recurring problems of the sample corpus: what each is, how often it comes up and in which words.

Belongs here: the typed form of ``corpus_data/problems/*.toml`` and ``corpus_data/abroad.toml``, one file a category.
Does not belong here: how a post is composed from the wording (``corpus_posts``), how many a day has (``corpus``).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from painpoint_platform.sample.corpus_phrases import Phrase, parse_phrases

Category = Literal["ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"]
Impact = Literal["low", "medium", "high"]
Trend = Literal["steady", "growing", "fading", "new"]

DATA = Path(__file__).parent / "corpus_data"


@dataclass(frozen=True, slots=True)
class ForeignPost:
    """The same problem in another language (ISO 639-1), as one title and one body."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one problem, by what they do in a post."""

    titles: tuple[Phrase, ...]
    symptoms: tuple[Phrase, ...]
    contexts: tuple[Phrase, ...]
    attempts: tuple[Phrase, ...]
    consequences: tuple[Phrase, ...]
    asks: tuple[Phrase, ...]
    would_pay: tuple[Phrase, ...]
    errors: tuple[str, ...]
    snippets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem that several people report, with everything that a labeller is expected to find out.

    Args:
        problem_id: the ground truth that items carry.
        name: the problem in one sentence.
        daily_size: posts about it on its usual day in a corpus of about 900 items.
        products: invented products in which it occurs, the most reported one first.
        component: the repository's name at each product's GitHub organisation.
        tags: comma-separated Stack Overflow tags.
        subreddits: where it is discussed, without ``r/``.
        mix: how often it comes up on github, stackoverflow, reddit and hackernews, as weights.
        single_author: one person reports it again and again, so that it must not be published.
    """

    problem_id: str
    name: str
    category: Category
    impact: Impact
    daily_size: int
    trend: Trend
    products: tuple[str, ...]
    component: str
    tags: str
    subreddits: tuple[str, ...]
    mix: tuple[int, int, int, int]
    single_author: bool
    wording: Wording
    abroad: tuple[ForeignPost, ...]


def _wording(spec: Mapping[str, Any]) -> Wording:
    return Wording(
        titles=parse_phrases(spec["titles"]),
        symptoms=parse_phrases(spec["symptoms"]),
        contexts=parse_phrases(spec["contexts"]),
        attempts=parse_phrases(spec["attempts"]),
        consequences=parse_phrases(spec["consequences"]),
        asks=parse_phrases(spec["asks"]),
        would_pay=parse_phrases(spec.get("would_pay", ())),
        errors=tuple(spec.get("errors", ())),
        snippets=tuple(spec.get("snippets", ())),
    )


def _problem(problem_id: str, category: Category, spec: Mapping[str, Any], abroad: list[dict[str, str]]) -> Problem:
    github, stackoverflow, reddit, hackernews = spec["mix"]
    return Problem(
        problem_id=problem_id,
        name=spec["name"],
        category=category,
        impact=spec["impact"],
        daily_size=spec["daily_size"],
        trend=spec.get("trend", "steady"),
        products=tuple(spec["products"]),
        component=spec["component"],
        tags=spec["tags"],
        subreddits=tuple(spec["subreddits"]),
        mix=(github, stackoverflow, reddit, hackernews),
        single_author=spec.get("single_author", False),
        wording=_wording(spec),
        abroad=tuple(ForeignPost(**post) for post in abroad),
    )


@cache
def read_data(name: str) -> dict[str, Any]:
    """Return one of the TOML files below ``corpus_data`` by its relative name. Read once; not to be changed."""
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def load_problems() -> Mapping[str, Problem]:
    """Return all problems by their id, in a fixed order. Read once a process."""
    abroad = read_data("abroad.toml")
    return {
        problem_id: _problem(problem_id, path.stem, spec, abroad.get(problem_id, []))  # type: ignore[arg-type]
        for path in sorted((DATA / "problems").glob("*.toml"))
        for problem_id, spec in read_data(f"problems/{path.name}").items()
    }
