"""A title for a cluster: the statement of one post that says most of what all of them share.

Belongs here: candidates, their score, and what makes a candidate fit to be shown.
Does not belong here: how a sentence becomes impersonal (``rewriting``), what is shared (``phrases``).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from painpoint_platform.llm.embedded.phrases import Shared
from painpoint_platform.llm.embedded.posts import Post
from painpoint_platform.llm.embedded.rewriting import Form, Statement, has_verb, rewrite
from painpoint_platform.llm.embedded.words import is_content, rarity, stem, tokens
from painpoint_platform.llm.output_rules import forbidden_content

LONGEST_TITLE = 120
MOST_TITLES = 2  # one to answer with, one for when that is rejected
MOST_WORDS = 14
# Half of what a candidate says of the shared matter, half how central its post is; below this the posts have so little
# in common that naming the topic is more honest than quoting one of them.
LEAST_SCORE = 0.2
FORM_WEIGHTS: dict[Form, float] = {
    "statement": 1.0,
    "cannot": 1.0,
    "wish": 0.9,
    "unclear": 0.8,
    "topic": 0.75,
    "theme": 0.5,
}
COMMON = 0.75  # rarity under which a capitalised first word is taken for an ordinary one and not for a name
SNIPPET_WEIGHT = 0.55
PERSONAL_WEIGHT = 0.5
# Where a tail that no other post shares may be cut off without hurting what stands before it.
TAIL = re.compile(
    r"(?i),?\s+(?=(?:when|while|after|before|if|since|because|but|and|so|in|on|at|for|with|from|during|using|by)\b)|,\s+"
)


@dataclass(frozen=True, slots=True)
class Title:
    """A title, the statement inside it, and the words of the statement for use in a sentence."""

    text: str
    statement: Statement


def ranked_titles(posts: Sequence[Post], shared: Shared, centrality: Sequence[float]) -> list[Title]:
    """Titles that break no output rule, best first; never empty.

    Args:
        centrality: per post, how close it is to what the posts have in common, 0 to 1.
    """
    texts = [post.text for post in posts]
    candidates = [
        ((_saying(statement, shared) + closeness) / 2 * weight, statement)
        for post, closeness in zip(posts, centrality, strict=True)
        for statement, weight in _statements(post, shared)
    ]
    candidates.sort(key=lambda scored: (-scored[0], len(scored[1].text), scored[1].text))
    topic = _common_tag(posts)
    good = [_titled(statement, topic) for score, statement in candidates if score >= LEAST_SCORE]
    rest = [_titled(statement, topic) for score, statement in candidates if score < LEAST_SCORE]
    ordered = [*good, *_topic_titles(shared, topic), *rest, _last_resort(topic)]
    fitting = (title for title in dict.fromkeys(ordered) if not forbidden_content("", title.text, texts))
    return list(islice(fitting, MOST_TITLES)) or [_last_resort(None)]


def _statements(post: Post, shared: Shared) -> Iterable[tuple[Statement, float]]:
    for sentences, place_weight in ((post.title, 1.0), (post.snippet[:2], SNIPPET_WEIGHT)):
        for sentence in sentences:
            statement = rewrite(sentence)
            if statement is None:
                continue
            for variant in dict.fromkeys((statement, _without_tail(statement, shared))):
                if len(tokens(variant.text)) >= 2 and len(variant.text) <= LONGEST_TITLE:
                    personal = PERSONAL_WEIGHT if variant.personal else 1.0
                    yield variant, place_weight * FORM_WEIGHTS[variant.form] * personal


def _without_tail(statement: Statement, shared: Shared) -> Statement:
    """Cut what follows the last shared word, where a clause or an adjunct begins there."""
    cuts = [match.start() for match in TAIL.finditer(statement.text)]
    for cut in cuts:
        head, tail = statement.text[:cut], statement.text[cut:]
        if len(tokens(head)) >= 4 and not shared.weight(tokens(tail)):
            lost_its_verb = statement.form == "statement" and not has_verb(head)
            return Statement(head.rstrip(" ,;:"), "topic" if lost_its_verb else statement.form, statement.personal)
    return statement


def _saying(statement: Statement, shared: Shared) -> float:
    """Harmonic mean of how much of the shared matter it says and how little else it says; long ones lose."""
    words = [word for word in tokens(statement.text) if is_content(word)]
    if not words or not shared.total:
        return 0.0
    said = shared.weight(words)
    distinct = {stem(word): rarity(word) for word in words}
    precision = said / sum(distinct.values()) if any(distinct.values()) else 0.0
    recall = said / _sayable(shared)
    if not said:
        return 0.0
    length = len(tokens(statement.text))
    brevity = 1.0 if length <= MOST_WORDS else MOST_WORDS / length
    fullness = 1.0 if length >= 4 else 0.75
    return 2 * min(precision, 1.0) * min(recall, 1.0) / (min(precision, 1.0) + min(recall, 1.0)) * brevity * fullness


def _sayable(shared: Shared) -> float:
    """What a title can say at most: the weight of the six heaviest shared terms."""
    return sum(sorted(shared.weights.values(), reverse=True)[:6]) or 1.0


def _titled(statement: Statement, topic: str | None) -> Title:
    if topic and stem(topic.split()[0]) not in {stem(word) for word in tokens(statement.text)}:
        text = f"{topic}: {decapitalised(statement.text)}"
        if len(text) <= LONGEST_TITLE:
            return Title(text, statement)
    return Title(statement.text, statement)


def decapitalised(text: str, posts: Sequence[str] = ()) -> str:
    """Take a capital back that is there only because the word comes first; names and acronyms keep theirs.

    A word is no name if it is an ordinary one, or if ``posts`` write it small more often than large within a sentence.
    """
    first = text.split(maxsplit=1)[0]
    if not (first.isalpha() and first[1:] == first[1:].lower()):
        return text
    is_plain = rarity(first) < COMMON or _written(first.lower(), posts) > _written(first, posts)
    return text[0].lower() + text[1:] if is_plain else text


def _written(word: str, posts: Sequence[str]) -> int:
    """Count how often posts write a word exactly so behind another word."""
    return sum(len(re.findall(rf"(?<=[\w,] ){re.escape(word)}\b", post)) for post in posts)


def _common_tag(posts: Sequence[Post]) -> str | None:
    """The topic that at least half of the titles are tagged with."""
    owners: dict[str, list[str]] = {}
    for post in posts:
        for tag in dict.fromkeys(tag.lower() for tag in post.tags):
            owners.setdefault(tag, []).append(next(own for own in post.tags if own.lower() == tag))
    common = sorted((-len(found), tag) for tag, found in owners.items() if len(found) >= max(2, len(posts) / 2))
    return owners[common[0][1]][0] if common else None


def _topic_titles(shared: Shared, topic: str | None) -> list[Title]:
    phrases = [phrase for phrase in shared.phrases if phrase.lower() != (topic or "").lower()]
    named = [*([topic] if topic else []), *phrases]
    return [_problems_with(" and ".join(named[:count])) for count in (2, 1) if len(named) >= count]


def _problems_with(subject: str) -> Title:
    text = f"Problems with {subject}"[:LONGEST_TITLE]
    return Title(text, Statement(text, "theme", personal=False))


def _last_resort(topic: str | None) -> Title:
    return _problems_with(topic or "several unrelated things")
