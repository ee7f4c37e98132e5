"""The representatives of a cluster as the embedded model reads them.

Belongs here: taking a title apart into tags and clauses, dropping what addresses the reader instead of describing a
problem, and templates that several posts share. Does not belong here: choosing among the clauses (``titles``).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from painpoint_platform.llm.embedded.words import stem, tokens

LONGEST_TITLE = 300
LONGEST_SNIPPET = 400

# Text that talks to whoever labels it. It is not evidence, whatever it says; a report about prompts loses a sentence.
DIRECTIVE = re.compile(
    r"""(?ix)
      \b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,60}\b(?:instruction|rule|prompt|previous|above|guideline|task)
    | \b(?:system|developer|hidden)\s+(?:prompt|message|instruction)
    | \b(?:system|assistant|user)\s*:
    | \byou\s+are\s+(?:now|an?\s+(?:ai|assistant|model|language|label)|a\s+helpful)
    | \bas\s+an?\s+(?:ai|language\s+model)\b
    | \b(?:note|message|instruction)s?\s+(?:to|for)\s+(?:the\s+)?(?:ai|model|llm|labell?er|classifier|assistant)
    | \b(?:set|label|mark|classify|categori[sz]e|rate|output|return|answer|respond|reply|write|use)\b.{0,50}
      \b(?:categor(?:y|ies)|canonical|impact|would[_\s]pay|json|verbatim|as\s+(?:finance|ai|compliance|logistics
      |healthtech|devtools|ecommerce|other|high|low))\b
    | \b(?:canonical_title|would_pay_signal|impact_level|cluster_size)\b
    | "\s*(?:category|description|title)"\s*:
    | </?\s*(?:system|instructions?|prompt|assistant)\b
    | \[/?INST\] | <\|.{1,20}\|> | \#{2,}\s*(?:system|instruction)
    """
)

TAG = re.compile(r"^\s*(?:\[([^\]\n]{1,50})\]|([A-Za-z][\w.+/-]{1,30}(?:\s[\w.+/-]{1,20})?)(?=:\s))\s*:?\s*")
GENRE_TAG = re.compile(
    r"(?i)\b(?:bugs?|issues?|features?|requests?|feat|questions?|help|wip|rfc|error|regression|proposal|suggestion|solved"
    r"|urgent|important|discussion|docs?|ask hn|show hn|tell hn|update)\b"
)
# A full stop after these ends no sentence.
ABBREVIATED = r"(?<!\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec|e\.g|i\.e)\.)(?<!\b(?:vs|Mr|Ms|Dr|cf)\.)"
SENTENCE = re.compile(rf"(?<=[.!?;]){ABBREVIATED}\s+|\s*\n+\s*|\s+[-–—|]\s+")
LINK = re.compile(r"(?i)\bhttps?://\S+|\bwww\.\S+|\]\([^)]*\)")
ASIDE = re.compile(r"\s*\([^()]{0,200}\)")
MASKED = re.compile(r"\[(?:private key|credentials|secret|email|ip|phone)\]")
WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Post:
    """One representative: topic tags of its title, the title's sentences, and those of its snippet."""

    tags: tuple[str, ...]
    title: tuple[str, ...]
    snippet: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Title and snippet together."""
        return (*self.title, *self.snippet)

    @property
    def text(self) -> str:
        """Everything that counts as evidence, as one text."""
        return " ".join((*self.tags, *self.sentences))


def read_posts(representatives: Sequence[Mapping[str, Any]]) -> list[Post]:
    """Read the representatives of a request; each counts the same, however long it is or often it repeats itself."""
    snippets = [_sentences(str(post.get("snippet") or "")[:LONGEST_SNIPPET]) for post in representatives]
    repeated = Counter(_key(sentence) for snippet in snippets for sentence in set(map(_plain, snippet)))
    posts = []
    for post, snippet in zip(representatives, snippets, strict=True):
        tags, title = _split_tags(_plain(str(post.get("title") or "")[:LONGEST_TITLE]))
        # A whole sentence that two posts share word for word is a form's, not theirs.
        own = [part for part in map(_plain, snippet) if repeated[_key(part)] < 2 or len(tokens(part)) < 4]
        posts.append(Post(tags, tuple(_sentences(title)), tuple(own)))
    return posts


def _plain(text: str) -> str:
    """Drop links, asides, masks and emphasis."""
    text = MASKED.sub(" ", ASIDE.sub("", LINK.sub(" ", text.replace("’", "'"))))
    return WHITE_SPACE.sub(" ", text.replace("`", "").replace("*", "")).strip()


def _sentences(text: str) -> list[str]:
    parts = (part.strip(" \t,;:-–—") for part in SENTENCE.split(text))
    return [part for part in parts if part and not DIRECTIVE.search(part)]


def _split_tags(title: str) -> tuple[tuple[str, ...], str]:
    tags: list[str] = []
    while match := TAG.match(title):
        tags.append(match.group(1) or match.group(2))
        title = title[match.end() :]
    topics = (WHITE_SPACE.sub(" ", GENRE_TAG.sub("", tag)).strip(" :-") for tag in tags)
    return tuple(topic for topic in topics if topic and not DIRECTIVE.search(topic)), title


def _key(sentence: str) -> tuple[str, ...]:
    return tuple(map(stem, tokens(sentence)))
