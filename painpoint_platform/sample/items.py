"""The record that the sample corpus is made of and that the sample API servers serve.

Belongs here: the one type on which the corpus and the servers agree.
Does not belong here: what the posts say (``corpus``), how an API presents them (``servers``).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One invented post, together with the problem that it is truly about.

    Args:
        source: ``github``, ``stackoverflow``, ``reddit`` or ``hackernews``.
        source_item_id: the id at the source: ``owner/repository#number`` for github, the decimal question id for
            stackoverflow, the base-36 id without ``t3_`` for reddit, the decimal item id for hackernews.
        url: the post's address at the real site, as its API would give it.
        title: plain text, as a reader sees it (the servers encode it as their API does).
        body: Markdown for github and reddit, HTML for stackoverflow and hackernews.
        author: the user name at the source; empty for a deleted account.
        created_at: aware, in UTC, whole seconds.
        comment_count: comments or answers.
        vote_count: score, points, or the sum of GitHub's reactions.
        channel: ``owner/repository`` for github, comma-separated tags for stackoverflow, the subreddit's name without
            ``r/`` for reddit, empty for hackernews.
        problem_id: the ground truth, None for noise. It is never served.
    """

    source: str
    source_item_id: str
    url: str
    title: str
    body: str
    author: str
    created_at: datetime
    comment_count: int
    vote_count: int
    channel: str
    problem_id: str | None
