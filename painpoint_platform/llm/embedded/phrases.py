"""What the posts of a cluster have in common: weighted terms and recurring phrases.

Belongs here: counting over posts, each with the same weight. Does not belong here: grammar (``rewriting``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from painpoint_platform.llm.embedded.grammar import VERBS, third_person
from painpoint_platform.llm.embedded.posts import Post
from painpoint_platform.llm.embedded.words import GENRE_WORDS, is_content, rarity, stem, tokens

LONGEST_PHRASE = 3
LEAST_WEIGHT = 0.1  # of a term in a phrase; below this it is rare among the posts or common everywhere


@dataclass(frozen=True, slots=True)
class Shared:
    """Terms that at least two posts use.

    Attributes:
        weights: stem → share of the posts that use it times how much the word says; titles count in full, a term that
            only snippets use counts half.
        phrases: recurring wordings, best first, none inside another.
    """

    weights: Mapping[str, float]
    phrases: tuple[str, ...]

    def weight(self, words: Iterable[str]) -> float:
        """Sum of the weights of the distinct stems among ``words``."""
        return sum(self.weights.get(found, 0.0) for found in {stem(word) for word in words})

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return sum(self.weights.values())


def shared_by(posts: Sequence[Post]) -> Shared:
    """Find what at least two posts share; a single post is compared with nothing, and its title stands for itself."""
    least = min(2, len(posts))
    in_titles, anywhere = Counter[str](), Counter[str]()
    surface: dict[str, Counter[str]] = {}
    for post in posts:
        title = [word for part in (*post.tags, *post.title) for word in tokens(part) if is_content(word)]
        body = [word for part in post.snippet for word in tokens(part) if is_content(word)]
        in_titles.update({stem(word) for word in title})
        anywhere.update({stem(word) for word in (*title, *body)})
        for word in (*title, *body):
            surface.setdefault(stem(word), Counter())[word] += 1
    weights = {
        term: (in_titles[term] + count) / (2 * len(posts)) * rarity(_commonest(surface[term]))
        for term, count in anywhere.items()
        if count >= least
    }
    return Shared(weights, _phrases(posts, weights, least))


def _phrases(posts: Sequence[Post], weights: Mapping[str, float], least: int) -> tuple[str, ...]:
    owners: dict[tuple[str, ...], set[int]] = {}
    wording: dict[tuple[str, ...], Counter[str]] = {}
    for index, post in enumerate(posts):
        for part in (*post.tags, *post.sentences):
            for run in _content_runs(part):
                key = tuple(map(stem, run))
                owners.setdefault(key, set()).add(index)
                wording.setdefault(key, Counter())[" ".join(run)] += 1
    weight_of = {key: sum(weights.get(term, 0.0) for term in key) for key in owners}
    scored = {
        key: len(found) * weight_of[key] / len(key) ** 0.5
        for key, found in owners.items()
        if len(found) >= least and weight_of[key] >= LEAST_WEIGHT * len(key) and _names_something(wording[key])
    }
    chosen: list[tuple[str, ...]] = []
    for key in sorted(scored, key=lambda key: (-scored[key], key)):
        if not any(set(key) & set(taken) for taken in chosen):
            chosen.append(key)
    return tuple(_commonest(wording[key]) for key in chosen)


def _content_runs(sentence: str) -> Iterable[list[str]]:
    """Runs of one to three neighbouring content words; punctuation and function words end a run."""
    for part in sentence.replace(",", "|").replace(":", "|").replace('"', "|").split("|"):
        words = tokens(part)
        stretches: list[list[str]] = [[]]
        for word in words:
            if is_content(word):
                stretches[-1].append(word)
            else:
                stretches.append([])
        for stretch in stretches:
            for size in range(1, LONGEST_PHRASE + 1):
                yield from (stretch[at : at + size] for at in range(len(stretch) - size + 1))


def _commonest(counts: Counter[str]) -> str:
    """The commonest spelling; of equally common ones the lower-case and shorter, so that order does not matter."""
    return min(counts, key=lambda word: (-counts[word], word[:1].isupper(), len(word), word))


def _names_something(wordings: Counter[str]) -> bool:
    """Whether the wording can stand for a thing: not a word of the genre, not a bare verb form."""
    words = _commonest(wordings).lower().split()
    if all(word in GENRE_WORDS for word in words) or words[-1] in GENRE_WORDS - {"support", "version"}:
        return False
    last = words[-1]
    return not (last in _VERB_FORMS or last.endswith(("ed", "ing", "ly", "'s")))


_VERB_FORMS = VERBS - {
    "build",
    "cache",
    "import",
    "link",
    "list",
    "load",
    "lock",
    "log",
    "report",
    "upload",
    "update",
} | {third_person(verb) for verb in VERBS - {"build", "link", "list", "lock", "log", "report", "type", "update"}}
