"""The embedded model's answer to ``course_clusters``.

Belongs here: which pain points of a course share a root cause. Does not belong here: the words of a cause
(``course_language``), the kinds of causes (``course_themes``).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.course_language import comparable, short_cause
from painpoint_platform.llm.embedded.course_themes import known_themes, theme_scores
from painpoint_platform.llm.embedded.grouping import groups_by_average_linkage

# Two summaries are as similar as their vectors, and as likely to speak of the same kind of problem: of a course that
# has one problem they say it in words of their own, and share little but the kind.
KIND_WEIGHT = 0.3
SHARPNESS = 20.0  # of a summary's shares in the themes: a lead of 0.1 counts seven times as much
# On labelled courses the agreement with readers is level from 0.48 to 0.52 and falls off on both sides.
LEAST_SIMILARITY = 0.5


async def cluster_course(payload: Mapping[str, Any], *, attempt: int, embedder: BatchedEmbedder) -> dict[str, Any]:
    """Group a course's pain points by root cause; every post is in exactly one cluster.

    A post that names two causes stays with the one it speaks of most: a second place would be a guess.

    Args:
        payload: see ``prompts/course_clusters``. The order of its pain points does not matter.
        attempt: not used; there is one answer.
    """
    posts = _distinct(payload["painpoints"])
    texts = [comparable(summary) for _, summary in posts]
    themes = known_themes()
    vectors, sentences = await asyncio.gather(
        embedder.embed(texts), embedder.embed_fixed([sentence for theme in themes for sentence in theme.sentences])
    )
    similarity = await asyncio.to_thread(_similarity, texts, vectors, sentences)
    groups = groups_by_average_linkage(similarity, LEAST_SIMILARITY)
    code = payload["course_code"]
    clusters = [
        {
            "cluster_id": f"{code}_{number}",
            "issue_summary": short_cause(posts[_medoid(similarity, group)][1]),
            "num_posts": len(group),
            "post_ids": sorted(posts[row][0] for row in group),
        }
        for number, group in enumerate(groups, 1)
    ]
    course = {"course_code": code, "course_title": payload.get("course_title", ""), "total_posts": len(posts)}
    return {"courses": [{**course, "clusters": clusters}]}


def _distinct(painpoints: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(post_id, summary) of each post once, in an order of their own; without a summary the snippet speaks."""
    said = sorted(
        (str(post["post_id"]), str(post["root_cause_summary"] or post.get("pain_point_snippet") or ""))
        for post in painpoints
    )
    return list(dict(reversed(said)).items())[::-1]


def _similarity(
    texts: Sequence[str], vectors: NDArray[np.float32], sentences: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(n, n): cosine, and how far two texts agree in label and in theme."""
    themes = known_themes()
    exponent = SHARPNESS * theme_scores(texts, vectors, themes, sentences)
    shares = np.exp(exponent - exponent.max(axis=1, keepdims=True, initial=-np.inf))
    shares /= shares.sum(axis=1, keepdims=True)
    labels = sorted({theme.label for theme in themes})
    member = np.array([[theme.label == label for label in labels] for theme in themes], dtype=np.float64)
    kind = (_overlap(shares) + _overlap(shares @ member)) / 2
    cosine = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    return (1 - KIND_WEIGHT) * cosine + KIND_WEIGHT * kind


def _overlap(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bhattacharyya's coefficient of every two rows, 0 to 1."""
    roots = np.sqrt(shares)
    return roots @ roots.T


def _medoid(similarity: NDArray[np.float64], group: Sequence[int]) -> int:
    """The member that is most like all of them."""
    return group[int(similarity[np.ix_(group, group)].sum(axis=1).round(9).argmax())]
