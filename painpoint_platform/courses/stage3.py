"""Stage 3: from the clusters of all courses to the themes that recur across them.

Belongs here: asking a model about every batch at once and telling what became of each. Does not belong here: what a
batch and a reply come to (``theme_batches``), what is asked (``global_themes``), files (``stage3_folder``).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from painpoint_platform.courses.global_themes import GLOBAL_THEMES, GlobalThemes, nothing_assigned, theme_payload
from painpoint_platform.courses.outages import refuse_outage
from painpoint_platform.courses.taxonomy import ThemeLabel
from painpoint_platform.courses.theme_batches import SettledBatch, batches, by_impact, merge, new_labels, settle
from painpoint_platform.errors import UserError
from painpoint_platform.llm.chat import ChatRequest, Message, ReplyFormat
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.tasks import Answer, ModelRequest, user_json
from painpoint_platform.llm.tokens import prompt_token_bound
from painpoint_platform.progress import Progress
from painpoint_platform.wording import first_few

BATCH_SIZE = 60
# A reply has an id for each cluster (some 8 tokens), and labels and a sentence for each group (some 85). This is room
# for two groups in three clusters; of 60 real clusters a model makes about 12, so that a rejected reply that is sent
# back fits in as well.
REPLY_TOKENS, REPLY_TOKENS_A_CLUSTER = 512, 64
NO_FORMAT = ReplyFormat("json", "", "", {})
# Repeated ids that a message lists.
MOST_NAMED = 10

# A cluster of a Stage-2 run: the columns of ``stage2_folder.CLUSTERS_SCHEMA``.
ClusterRow = Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """One batch and what became of it.

    Attributes:
        number: place of the batch, from 1.
        clusters: the rows that it was made of.
        made_smaller: it has fewer clusters than it might, because more would not fit the model's context.
        payload: what the model was sent.
        answer: what it answered.
        settled: where its clusters are.
    """

    number: int
    clusters: Sequence[ClusterRow]
    made_smaller: bool
    payload: Mapping[str, Any]
    answer: Answer[GlobalThemes]
    settled: SettledBatch

    @property
    def status(self) -> Literal["ok", "failed"]:
        """``failed`` when no reply could be used; all its clusters are unassigned then."""
        return "failed" if self.answer.mended or self.answer.reply is None else "ok"

    @property
    def reason(self) -> str | None:
        """Why the batch failed."""
        if self.status == "ok":
            return None
        return self.answer.failure_reason or "; ".join(self.answer.findings)


@dataclass(frozen=True)
class Themes:
    """What Stage 3 found.

    Attributes:
        themes: a row a theme, by ``theme_batches.THEME_SCHEMA``, largest first.
        assignments: a row a cluster, by ``theme_batches.ASSIGNMENT_SCHEMA``.
        batches: every batch, in order.
        new_labels: labels of themes that the taxonomy lacks.
        wallclock_s: seconds that it took.
    """

    themes: pl.DataFrame
    assignments: pl.DataFrame
    batches: tuple[Batch, ...]
    new_labels: tuple[str, ...]
    wallclock_s: float

    @cached_property
    def failed(self) -> tuple[Batch, ...]:
        """The batches without a usable reply."""
        return tuple(batch for batch in self.batches if batch.status == "failed")

    def forget_failures(self, client: ModelClient) -> None:
        """Let the next run ask about failed batches anew; to be called once this run is committed."""
        client.forget(GLOBAL_THEMES, [batch.payload for batch in self.failed])


def find_themes(
    clusters: pl.DataFrame,
    cluster_posts: pl.DataFrame,
    *,
    client: ModelClient,
    taxonomy: Sequence[ThemeLabel],
    batch_size: int = BATCH_SIZE,
    progress: Progress | None = None,
) -> Themes:
    """Group the clusters of all courses by shared root cause; all batches are asked about at once.

    A batch whose replies cannot be used, or that no model answered, leaves its clusters unassigned.

    Args:
        clusters: a row a cluster of a Stage-2 run: cluster_id, course_code, course_title, issue_summary, num_posts.
        cluster_posts: a row a post of a cluster: cluster_id, post_id.
        client: the models.
        taxonomy: the labels to reuse.
        batch_size: most clusters of a call; fewer where the model's context has no room for as many.
        progress: called with (batches done, batches).

    Raises:
        UserError: a cluster_id occurs twice.
        TransientError: no model answered anything; what earlier runs made stands.
        UserError: likewise, for a reason that a person must mend first, such as a wrong key.
    """
    began = time.monotonic()
    _prove_unique(clusters)
    rows = by_impact(clusters).to_dicts()
    cut = list(batches(rows, size=batch_size, fits=_fitting(rows, taxonomy, client.context_tokens)))
    answers = client.ask_many(GLOBAL_THEMES, [_request(taxonomy, batch) for batch in cut], progress=progress)
    refuse_outage(answers, asked_about="batch of clusters")
    asked, done = [], 0
    for number, (batch, answer) in enumerate(zip(cut, answers, strict=True), 1):
        might_take = min(batch_size, len(rows) - done)
        done += len(batch)
        asked.append(_batch(number, batch, answer, taxonomy, made_smaller=len(batch) < might_take))
    themes, assignments = merge([batch.settled for batch in asked], clusters, cluster_posts, taxonomy)
    return Themes(themes, assignments, tuple(asked), new_labels(themes, taxonomy), time.monotonic() - began)


def _prove_unique(clusters: pl.DataFrame) -> None:
    repeated = sorted(clusters.filter(pl.col("cluster_id").is_duplicated())["cluster_id"].unique())
    if repeated:
        raise UserError(
            f"the Stage-2 run has several clusters of one cluster_id: {first_few(repeated, most=MOST_NAMED)}; "
            "`painpoint stage2 validate` says where they stand"
        )


def _batch(
    number: int,
    clusters: Sequence[ClusterRow],
    answer: Answer[GlobalThemes],
    taxonomy: Sequence[ThemeLabel],
    *,
    made_smaller: bool,
) -> Batch:
    payload = theme_payload(taxonomy, clusters)
    reply = answer.reply or nothing_assigned(payload, {})
    summaries = {cluster["cluster_id"]: cluster["issue_summary"] for cluster in clusters}
    return Batch(number, clusters, made_smaller, payload, answer, settle(summaries, reply, taxonomy))


def _request(taxonomy: Sequence[ThemeLabel], clusters: Sequence[ClusterRow]) -> ModelRequest:
    return ModelRequest(theme_payload(taxonomy, clusters), max_completion_tokens=_reply_tokens(clusters))


def _reply_tokens(clusters: Sequence[ClusterRow]) -> int:
    return REPLY_TOKENS + REPLY_TOKENS_A_CLUSTER * len(clusters)


def _fitting(
    rows: Sequence[ClusterRow], taxonomy: Sequence[ThemeLabel], context_tokens: int | None
) -> Callable[[Sequence[ClusterRow]], bool]:
    """Return whether the question about some of ``rows`` and its reply fit the context of a model together."""
    if context_tokens is None:
        return lambda _: True
    fixed = _prompt_tokens(
        user_json(GLOBAL_THEMES.name, theme_payload(taxonomy, ())),
        GLOBAL_THEMES.prompt.text,
        GLOBAL_THEMES.reply_format,
    )
    framing = _prompt_tokens("")
    own = {
        row["cluster_id"]: _prompt_tokens(json.dumps(theme_payload((), [row])["clusters"], ensure_ascii=False))
        - framing
        for row in rows
    }
    return lambda clusters: (
        fixed + sum(own[cluster["cluster_id"]] for cluster in clusters) + _reply_tokens(clusters) <= context_tokens
    )


def _prompt_tokens(content: str, system: str = "", reply_format: ReplyFormat = NO_FORMAT) -> int:
    message = Message("user", content)
    return prompt_token_bound(ChatRequest(GLOBAL_THEMES.name, system, (message,), reply_format, {}, 0, 0.0))
