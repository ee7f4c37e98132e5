"""The embedded model's answer to ``global_themes``.

Belongs here: which theme a cluster belongs to, what a theme is called that the catalogue does not know, and what stays
unassigned. Does not belong here: the catalogue and the scores (``course_themes``).

Batches are answered apart and merged by name, so a theme's name must not depend on the batch: a cluster joins the
theme that it speaks of most, and only what speaks of none is grouped with its like and named after them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.course_language import UNKNOWN, comparable, is_vague, short_cause, shortened
from painpoint_platform.llm.embedded.course_themes import OTHER, Theme, theme_scores, themes_of, word_shares
from painpoint_platform.llm.embedded.grouping import groups_by_average_linkage
from painpoint_platform.llm.output_rules import forbidden_content

# Problems that are none of a course's ("parking is too expensive") score 0.4 in the median, those that the catalogue
# knows 1.15, and 98 in 100 of them more than this.
LEAST_SCORE = 0.55
LEAST_WORDS = 0.6  # of a theme's telling words; who has so much speaks of it, whatever else the text is about
LEAST_SIMILARITY = 0.55  # of clusters that make a theme of their own
LONGEST_NAME = 100
NONE = -1

Group = tuple[str, str, str, list[str]]  # label, name, description, cluster ids


async def find_global_themes(payload: Mapping[str, Any], *, attempt: int, embedder: BatchedEmbedder) -> dict[str, Any]:
    """Put each cluster of a batch into one theme or leave it unassigned.

    Args:
        payload: see ``prompts/global_themes``. The order of its clusters and labels does not matter.
        attempt: not used; there is one answer.
    """
    sent = {str(cluster["cluster_id"]): str(cluster["issue_summary"]) for cluster in payload["clusters"]}
    vague = sorted(cluster_id for cluster_id, summary in sent.items() if is_vague(summary))
    ids = sorted(sent.keys() - set(vague))
    themes = themes_of(sorted(payload["taxonomy"], key=lambda entry: str(entry["label"])))
    if not ids or not themes:
        return {"global_clusters": [], "unassigned_clusters": sorted(sent)}
    meaning_of = {str(entry["label"]): str(entry["meaning"]) for entry in payload["taxonomy"]}
    texts = [comparable(sent[cluster_id]) for cluster_id in ids]
    vectors, sentences, meanings = await asyncio.gather(
        embedder.embed(texts),
        embedder.embed_fixed([sentence for theme in themes for sentence in theme.sentences]),
        embedder.embed_fixed([meaning_of[theme.label] for theme in themes]),
    )
    scores = theme_scores(texts, vectors, themes, sentences, meanings)
    nearest, shares = scores.argmax(axis=1), word_shares(texts, themes)
    is_known = (scores.max(axis=1) >= LEAST_SCORE) | (shares[np.arange(len(ids)), nearest] >= LEAST_WORDS)
    nearest = np.where(is_known, nearest, NONE)
    groups = [*_known(themes, nearest, ids), *_unknown(vectors, np.flatnonzero(nearest == NONE).tolist(), ids, sent)]
    posts = {str(cluster["cluster_id"]): int(cluster["num_posts"]) for cluster in payload["clusters"]}
    groups.sort(key=lambda group: (-sum(posts[member] for member in group[3]), group[:2], group[3]))
    names = ("normalized_issue_label", "provisional_label", "short_description", "member_cluster_ids")
    return {
        "global_clusters": [dict(zip(names, group, strict=True)) for group in groups],
        "unassigned_clusters": vague,
    }


def _known(themes: Sequence[Theme], nearest: NDArray[np.int64], ids: Sequence[str]) -> list[Group]:
    members = [[ids[row] for row in np.flatnonzero(nearest == number).tolist()] for number in range(len(themes))]
    return [
        (theme.label, theme.name, theme.mechanism, found) for theme, found in zip(themes, members, strict=True) if found
    ]


def _unknown(
    vectors: NDArray[np.float32], rows: Sequence[int], ids: Sequence[str], sent: Mapping[str, str]
) -> list[Group]:
    own = vectors[rows].astype(np.float64)
    similarity = own @ own.T
    groups = []
    for group in groups_by_average_linkage(similarity, LEAST_SIMILARITY):
        medoid = group[int(similarity[np.ix_(group, group)].sum(axis=1).round(9).argmax())]
        cause = short_cause(comparable(sent[ids[rows[medoid]]]))
        if forbidden_content("", cause, []):
            cause = UNKNOWN
        name = shortened(cause, LONGEST_NAME).lower()
        groups.append((OTHER, name, f"{cause}.", [ids[rows[row]] for row in group]))
    return groups
