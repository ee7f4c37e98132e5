"""How many calls a course takes: pain points that fit a model's context together, and the bound of the reply.

Belongs here: counting tokens, and cutting a course into the fewest parts, evenly filled. Does not belong here: asking
and merging (``stage2``), what is asked (``course_clusters``).

All counts are upper bounds: a part that is a little small costs a call more, one that is too large costs its answer.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import accumulate

from painpoint_platform.courses.course_clusters import COURSE_CLUSTERS, Painpoint
from painpoint_platform.llm.tasks import ModelRequest, user_json
from painpoint_platform.llm.tokens import FRAMING_TOKENS, LONG_WORD, MARGIN

# What a reply takes for its frame, and for a cluster beside its ids: field names, and a summary of 20 words or more.
FRAME_TOKENS = 80
CLUSTER_TOKENS = 120
# What the findings about a rejected reply take.
FINDINGS_TOKENS = 600
# Models that think before they write count their thoughts as part of the reply; where there is room they get this.
ROOM_TO_THINK = 1024
# Models with room for whole books refuse a request for a longer reply than they can write; many write this much.
MOST_REPLY_TOKENS = 16_384


@dataclass(frozen=True)
class Part:
    """Pain points that are asked about together, and the request."""

    painpoints: Sequence[Painpoint]
    request: ModelRequest


def parts(
    course_code: str, course_title: str, painpoints: Sequence[Painpoint], context_tokens: int | None
) -> list[Part]:
    """Cut a course's pain points, in their order, into the fewest parts that fit the context, evenly filled.

    A pain point that does not fit on its own is in no part. Each request carries the bound of its own reply, at most
    ``MOST_REPLY_TOKENS``; where the context has no bound a course is one part.

    Args:
        course_code: code of the course.
        course_title: its title.
        painpoints: of the course, or clusters that stand for them.
        context_tokens: what prompt and reply together may have; None = any number.
    """
    course = {"course_code": course_code, "course_title": course_title}
    base = _fixed_tokens() + sum(_token_bounds([course_code, course_title]))
    prompts = _token_bounds([json.dumps(dict(post), ensure_ascii=False) for post in painpoints])
    (in_code, *in_ids) = _token_bounds([course_code, *(post["post_id"] for post in painpoints)])
    replies = [in_code + in_id + CLUSTER_TOKENS for in_id in in_ids]
    everything = _Load.of(base, prompts, replies)
    limit = everything.need(0, len(painpoints)) + ROOM_TO_THINK if context_tokens is None else context_tokens
    most_reply = limit if context_tokens is None else MOST_REPLY_TOKENS
    fitting = [at for at in range(len(painpoints)) if everything.need(at, at + 1) <= limit]
    load = _Load.of(base, [prompts[at] for at in fitting], [replies[at] for at in fitting])
    made = []
    for start, end in _even_cuts(load, limit, most_reply):
        together = [dict(painpoints[at]) for at in fitting[start:end]]
        bound = load.reply(start, end) + min(limit - load.need(start, end), ROOM_TO_THINK)
        request = ModelRequest({**course, "painpoints": together}, max_completion_tokens=min(bound, most_reply))
        made.append(Part(together, request))
    return made


@dataclass(frozen=True)
class _Load:
    """Tokens of a conversation: what every request has, and running totals over pain points, prompts and replies."""

    base: int
    prompts: Sequence[int]
    replies: Sequence[int]

    @classmethod
    def of(cls, base: int, prompts: Sequence[int], replies: Sequence[int]) -> "_Load":
        return cls(base, list(accumulate(prompts, initial=0)), list(accumulate(replies, initial=0)))

    def reply(self, start: int, end: int) -> int:
        """Tokens of a reply about pain points ``start`` to ``end``."""
        return FRAME_TOKENS + self.replies[end] - self.replies[start]

    def need(self, start: int, end: int) -> int:
        """Tokens of the whole conversation about them: a rejected reply is sent back, so there are two."""
        return self.base + self.prompts[end] - self.prompts[start] + 2 * self.reply(start, end)


def _even_cuts(load: _Load, limit: int, most_reply: int) -> list[tuple[int, int]]:
    """Return (start, end) of the fewest parts within both limits, of all such those whose fullest part is emptiest."""
    fewest = len(_greedy_cuts(load, limit, most_reply))
    low, high = load.base, limit
    while low < high:
        middle = (low + high) // 2
        cuts = _greedy_cuts(load, middle, most_reply)
        low, high = (low, middle) if cuts and len(cuts) <= fewest else (middle + 1, high)
    return _greedy_cuts(load, low, most_reply)


def _greedy_cuts(load: _Load, limit: int, most_reply: int) -> list[tuple[int, int]]:
    """Fill part after part; empty when a pain point does not fit on its own."""
    cuts, start, count = [], 0, len(load.prompts) - 1
    while start < count:
        ends = range(start + 1, count + 1)
        by_need = bisect_right(ends, limit, key=partial(load.need, start))
        by_reply = bisect_right(ends, most_reply, key=partial(load.reply, start))
        end = start + min(by_need, by_reply)
        if end == start:
            return []
        cuts.append((start, end))
        start = end
    return cuts


@cache
def _fixed_tokens() -> int:
    task = COURSE_CLUSTERS
    texts = [task.prompt.text, json.dumps(task.reply_format.schema), user_json(task.name, {"painpoints": []})]
    return sum(_token_bounds(texts)) + FINDINGS_TOKENS + FRAMING_TOKENS * (len(texts) + 2)


def _token_bounds(texts: Sequence[str]) -> list[int]:
    """At most how many tokens each text is, whatever the model's tokenizer; see ``llm.tokens`` for the reasons."""
    from painpoint_platform.text.embeddings import count_tokens

    counts = count_tokens([LONG_WORD.sub(r"\1 ", text) for text in texts])
    beyond_ascii = [len(text.encode("utf-8", "replace")) - sum(map(str.isascii, text)) for text in texts]
    return [math.ceil(MARGIN * count) + beyond for count, beyond in zip(counts, beyond_ascii, strict=True)]
