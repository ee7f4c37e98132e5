"""The embedded model's answer to ``issue_label``.

Belongs here: putting title, category, description, would-pay signal and impact together from the payload alone.
Does not belong here: the rules of each; see the neighbouring modules.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from painpoint_platform.llm.embedded import categories
from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.phrases import Shared, shared_by
from painpoint_platform.llm.embedded.posts import Post, read_posts
from painpoint_platform.llm.embedded.signals import impact_level, symptoms, would_pay
from painpoint_platform.llm.embedded.titles import Title, decapitalised, ranked_titles
from painpoint_platform.llm.embedded.words import stem, tokens
from painpoint_platform.llm.output_rules import forbidden_content

# Enough for the topic; the encoder's time grows with the length.
LONGEST_EMBEDDED = 160
MOST_DETAILS = 3
# A post this much farther from the others than usual among them is about something else: it has no vote.
STRAY = 0.45
SOURCE_NAMES = {
    "github": "GitHub", "stackoverflow": "Stack Overflow", "reddit": "Reddit", "hackernews": "Hacker News",
    "earnings_calls": "earnings calls",
}  # fmt: skip
INTRODUCTIONS = {
    "statement": "report that",
    "cannot": "report that they cannot",
    "unclear": "do not know",
    "wish": "ask for a change:",
    "topic": "describe the same problem:",
    "theme": "report recurring",
}


async def label_issue(payload: Mapping[str, Any], *, attempt: int, embedder: BatchedEmbedder) -> dict[str, Any]:
    """Label a cluster. The same payload and attempt give the same label, whatever else is asked at the time.

    Args:
        payload: see ``prompts/issue_label``.
        attempt: how many labels of this cluster were rejected; the next best title is taken.
    """
    posts = read_posts(payload["representatives"])
    evidence = [post for post in posts if post.sentences] or posts
    texts = [post.text[:LONGEST_EMBEDDED] for post in evidence]
    own, prototypes = await asyncio.gather(embedder.embed(texts), embedder.embed_fixed(categories.prototype_texts()))
    shared = shared_by(evidence)
    centrality = _centrality(own)
    voting = [index for index, closeness in enumerate(centrality) if closeness >= STRAY * float(np.median(centrality))]
    titles = ranked_titles(evidence, shared, centrality)
    title = titles[min(attempt, len(titles) - 1)]
    return {
        "canonical_title": title.text,
        "category": categories.choose_category(
            [evidence[index] for index in voting], own[voting], prototypes, payload.get("categories", ())
        ),
        "description": _description(title, payload, evidence, shared),
        # Of all representatives, so that posts without evidence count as voices against.
        "would_pay_signal": would_pay(posts),
        "impact_level": impact_level(
            posts, cluster_size=payload["cluster_size"], source_count=len(payload.get("sources", {}))
        ),
    }


def _centrality(vectors: np.ndarray) -> list[float]:
    """Cosine of each post to the mean of the others, 0 to 1; a single post is central."""
    if len(vectors) < 2:
        return [1.0] * len(vectors)
    others = vectors.sum(axis=0) - vectors
    lengths = np.linalg.norm(others, axis=1)
    return [float(value) for value in np.clip((vectors * others).sum(axis=1) / np.maximum(lengths, 1e-9), 0.0, 1.0)]


def _description(title: Title, payload: Mapping[str, Any], posts: Sequence[Post], shared: Shared) -> str:
    statement = title.statement
    said = statement.text.removeprefix("Cannot ") if statement.form == "cannot" else statement.text
    said = said.removeprefix("Unclear ") if statement.form == "unclear" else said
    said = decapitalised(said, [post.text for post in posts])
    opening = f"Users on {_named_sources(payload)} {INTRODUCTIONS[statement.form]} {said}."
    known = {stem(word) for word in tokens(title.text)}
    details = [f'"{phrase}"' for phrase in shared.phrases if not known & set(map(stem, tokens(phrase)))][:MOST_DETAILS]
    parts = [
        *([f"several posts mention {_listed(symptoms(posts)[:2])}"] if symptoms(posts) else []),
        *([f"recurring terms are {_listed(details)}"] if len(details) > 1 else []),
    ]
    second = "; ".join(parts)
    description = f"{opening} {second[0].upper()}{second[1:]}." if second else opening
    return opening if forbidden_content("", description, [post.text for post in posts]) else description


def _named_sources(payload: Mapping[str, Any]) -> str:
    sources: Mapping[str, int] = payload.get("sources", {})
    ordered = sorted(sources, key=lambda name: (-sources[name], name))
    return _listed([SOURCE_NAMES.get(name, name) for name in ordered]) or "several sites"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
